"""The workshop's presentation opened again: nothing to read on guess slides, the card's numbers on the others, the time kept."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from io import BytesIO

import openpyxl
import pytest
from pptx import Presentation

from assets.bundle.slides_pptx import BOTTOM, EMU
from assets.charts import faktorprofil
from assets.charts.types import GRADES, ChartCard
from assets.kit.board_content import board_content, chart_cards
from assets.kit.board_types import BoardContent, EarlierDecision
from assets.kit.slides import FILE, kit_deck, kit_slide_files
from tests.support.prevention_sample import prevention_frames
from tests.support.sample_bundle import hide, sample_bundle_frames, sample_report_meta

META = sample_report_meta()
EARLIER = EarlierDecision("0127-2022-1", "Fler vuxna på fritidsgårdarna", "Kultur och fritid", "Anställ två", "Ej uppföljt")


@lru_cache(maxsize=1)
def cards() -> dict[str, tuple[ChartCard, ...]]:
    return chart_cards(*prevention_frames(), META)


@lru_cache(maxsize=1)
def content() -> BoardContent:
    return board_content(*prevention_frames(), META, earlier=[EARLIER])


@lru_cache(maxsize=1)
def saved() -> bytes:
    return kit_slide_files(content(), META, cards())[FILE]


def slides() -> dict[str, object]:
    """Drawn slides by id; the first has none in the deck."""
    drawn = list(Presentation(BytesIO(saved())).slides)
    return dict(zip(["start", *(one.id for one in kit_deck(content(), META, cards()).slides)], drawn, strict=True))


def texts(slide) -> list[str]:
    found = []
    for shape in slide.shapes:
        if shape.has_text_frame and not shape.is_placeholder:
            found.append(shape.text_frame.text)
        if shape.has_table:
            found += [cell.text for row in shape.table.rows for cell in row.cells]
        if shape.has_chart:
            found += [str(category) for category in shape.chart.plots[0].categories]
    return found


def plain(text: str) -> float | None:
    digits = re.sub(r"[\u00a0%+]", "", text).replace("\u2212", "-").replace(",", ".")
    return float(digits) if re.fullmatch(r"-?\d+(\.\d+)?", digits) else None


def test_guess_slides_hold_no_value_and_stand_before_their_answer():
    ids = list(slides())
    guesses = [key for key in ids if key.startswith("gissa-")]
    assert len(guesses) == 7
    for key in guesses:
        assert ids.index(key) < ids.index(key.replace("gissa-", "svar-"))
        for shape in slides()[key].shapes:
            if shape.has_chart:
                assert all(value is None for series in shape.chart.plots[0].series for value in series.values)
                book = openpyxl.load_workbook(BytesIO(shape.chart.part.chart_workbook.xlsx_part.blob))
                assert not [c.value for row in book.active.iter_rows() for c in row if isinstance(c.value, int | float)]
                assert not shape.chart.plots[0].series[0]._element.xpath("c:errBars")
            if shape.has_table:
                assert not any(cell.text for row in list(shape.table.rows)[1:] for cell in list(row.cells)[1:])
        without_years = not key.startswith("gissa-trend")
        assert not without_years or not re.search(r"\d", " ".join(texts(slides()[key]))), key
        assert not re.search(r"\d+\u00a0%", slides()[key].notes_slide.notes_text_frame.text)


@pytest.mark.parametrize(("kind", "columns"), [("faktorprofil", (3, 6)), ("konsskillnad", (3, 5)), ("prioriteringsfalt", (2,))])
def test_native_charts_hold_the_numbers_of_the_cards_table(kind, columns):
    drawn = slides()
    assert cards()[kind]
    for card in cards()[kind]:
        (frame,) = [shape for shape in drawn[f"svar-{card.chart_id}"].shapes if shape.has_chart]
        values = [list(series.values) for series in frame.chart.plots[0].series]
        assert values == [[plain(text) for text in card.table.to_series(place)] for place in columns]


def test_developments_hold_the_cards_numbers_and_the_clearest_comes_first():
    chosen = [key.removeprefix("svar-") for key in slides() if key.startswith("svar-trend")]
    first = content().cards[1].pictures[:2]
    by_id = {card.chart_id: card for card in cards()["trend"]}
    assert [by_id[key].alt for key in chosen] == [picture.alt for picture in first]
    for key in chosen:
        (frame,) = [shape for shape in slides()[f"svar-{key}"].shapes if shape.has_chart]
        held = {value for series in frame.chart.plots[0].series for value in series.values if value is not None}
        shown = {plain(text) for place in (1, 4) for text in by_id[key].table.to_series(place)} - {None}
        assert held == shown


def test_tables_say_what_the_charts_tables_say():
    found = [row for key, slide in slides().items() if key.startswith("svar-forut") for row in texts(slide)]
    table = cards()["forutsattningar"][0].table
    assert set(table["Mittersta svaret"]) | set(table["Förutsättning"]) <= set(found)
    matrix = [text for key, slide in slides().items() if key.startswith("svar-tackning") for text in texts(slide)]
    cell = cards()["tackningsmatris"][0].table.row(0, named=True)
    assert f"{cell['Finns']} av {cell['Verksamheter i paletten']} finns" in matrix
    assert {*cards()["tackningsmatris"][0].table["Arena"]} <= set(matrix), "no row is left out"
    assert "ej inventerat" in matrix
    assert "ingen känd" in matrix


def test_the_minutes_in_the_notes_are_the_agendas():
    said: dict[str, int] = {}
    for key, slide in slides().items():
        told = re.search(r"Tid: (\d+) av (\d+) minuter i ”(.+)”", slide.notes_slide.notes_text_frame.text)
        assert told or key == "start" or "Tid: mindre än en minut" in slide.notes_slide.notes_text_frame.text
        if told:
            said[told[3]] = said.get(told[3], 0) + int(told[1])
    assert said == {item.title: item.minutes for item in content().agenda}


def test_every_slide_has_words_to_say_a_title_of_its_own_and_the_mark():
    titles = [slide.shapes.title.text_frame.text for slide in slides().values()]
    assert len(set(titles)) == len(titles)
    for slide in slides().values():
        notes = slide.notes_slide.notes_text_frame.text
        assert "Säg:" in notes
        assert "Gör:" in notes
        assert "{" not in notes
        assert "SYNTETISKA DATA" in " ".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


def test_what_is_read_from_the_back_is_at_least_24_points_and_stays_on_the_slide():
    for key, slide in slides().items():
        for shape in slide.shapes:
            if (
                shape.has_text_frame
                and not shape.is_placeholder
                and shape.name not in ("Källa och läsning", "Märken och ändringar")
            ):
                assert min(run.font.size.pt for p in shape.text_frame.paragraphs for run in p.runs) >= 24, key
            if shape.has_table:
                sizes = [
                    run.font.size.pt
                    for row in list(shape.table.rows)[1:]
                    for cell in row.cells
                    for run in cell.text_frame.paragraphs[0].runs
                ]
                assert min(sizes) >= 24
                assert (shape.top + sum(row.height for row in shape.table.rows)) / EMU <= BOTTOM
            if shape.has_chart:
                assert shape.chart.font.size.pt >= 24


def test_alternative_texts_are_written_for_every_chart_and_table():
    for key, slide in slides().items():
        for shape in slide.shapes:
            if shape.has_chart or shape.has_table:
                alt = shape._element._nvXxPr.cNvPr.get("descr")
                start = ("Tomt", "Tom") if key.startswith("gissa-") else ("Stapeldiagram", "Linjediagram", "Tabell")
                assert alt.startswith(start), key


def test_earlier_decisions_are_shown_and_without_any_there_is_no_such_slide():
    assert EARLIER.priority in texts(slides()["tidigare-1"])
    without = kit_deck(replace(content(), earlier=()), META, cards())
    assert not [one for one in without.slides if one.id.startswith("tidigare")]


def test_a_municipality_without_values_gets_the_reason_and_no_empty_chart():
    frames, scope = sample_bundle_frames()
    hidden = hide(frames, "0127", "suppressed")
    made = board_content(hidden, scope, META)
    found = {"faktorprofil": [faktorprofil.build(hidden, scope, META.charts, grade=grade) for grade in GRADES]}
    deck = kit_deck(made, META, found)
    ids = [one.id for one in deck.slides]
    assert not [key for key in ids if key.startswith(("gissa-", "svar-"))]
    assert [key for key in ids if key.startswith("saknas-")] == [f"saknas-{c.id}" for c in _by_agenda(made)]
    said = next(one for one in deck.slides if one.id == "saknas-faktorprofil")
    assert "[c]" in said.parts[0].items[0]


def _by_agenda(made: BoardContent):
    order = ("faktorprofil", "trend", "konsskillnad", "tackningsmatris", "prioriteringsfalt", "forutsattningar")
    return [card for key in order for card in made.cards if card.id == key]


def test_two_runs_give_the_same_bytes():
    assert kit_slide_files(content(), META, cards())[FILE] == saved()
