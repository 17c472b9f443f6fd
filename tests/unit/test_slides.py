"""The presentation, opened again from its bytes: what a reader and a screen reader meet; its numbers are the report's."""

from __future__ import annotations

import html
import re
import time
import zipfile
from dataclasses import replace
from datetime import date
from functools import lru_cache
from io import BytesIO

import openpyxl
import pytest
from pptx import Presentation

from assets.bundle.content import municipality_report
from assets.bundle.html import render_report
from assets.bundle.render import with_fallback_fonts
from assets.bundle.slide_charts import ends
from assets.bundle.slide_types import ChartPart, Deck, TextPart
from assets.bundle.slides import TITLE_LENGTH, DeckWriter
from assets.bundle.slides_native import scale
from assets.bundle.slides_package import same_bytes
from assets.bundle.slides_pptx import FILE, draw, slide_files
from assets.bundle.types import ReportContent
from assets.bundle.words import Context
from assets.charts import numbers
from tests.support.sample_bundle import hide, outline, sample_bundle_frames, sample_report_meta

META = sample_report_meta()
AREAS = ["0127", "0140", "0180"]
NUMBERS = re.compile(rf"\d[\d{numbers.NBSP}]*(?:,\d+)?")


@lru_cache(maxsize=4)
def report(area: str) -> ReportContent:
    frames, scope = sample_bundle_frames(area)
    return municipality_report(frames, scope, META)


@lru_cache(maxsize=4)
def saved(area: str) -> bytes:
    frames, _ = sample_bundle_frames(area)
    return slide_files(frames, report(area), META)[FILE]


@lru_cache(maxsize=4)
def deck(area: str) -> Deck:
    frames, scope = sample_bundle_frames(area)
    return DeckWriter(Context(frames, scope, META), report(area)).deck()


def opened(area: str):
    return Presentation(BytesIO(saved(area)))


def hidden_deck(reason: str, *, grade: str | None = None) -> tuple[Deck, ReportContent]:
    frames, scope = sample_bundle_frames("0140")
    frames = hide(frames, "0140", reason, grade=grade)
    content = municipality_report(frames, scope, META)
    return DeckWriter(Context(frames, scope, META), content).deck(), content


def texts_of(slide) -> list[str]:
    """Every text that stands on a slide: shapes, tables, and categories, names and headings of charts."""
    found = []
    for shape in slide.shapes:
        if shape.has_text_frame:
            found.append(shape.text_frame.text)
        if shape.has_table:
            found += [cell.text for row in shape.table.rows for cell in row.cells]
        if shape.has_chart:
            plot = shape.chart.plots[0]
            found += [str(category) for category in plot.categories] + [series.name for series in plot.series]
    return found


@pytest.mark.parametrize("area", AREAS)
def test_slides_are_as_many_as_promised_with_titles_of_their_own(area):
    slides = list(opened(area).slides)
    assert 12 <= len(slides) <= 15
    titles = [slide.shapes.title.text_frame.text for slide in slides]
    assert all(title.strip() for title in titles)
    assert len(set(titles)) == len(titles)
    assert not [title for title in titles if re.search(r"\(\S*\d", title)], "an interval would be broken over two lines"


@pytest.mark.parametrize("area", AREAS)
def test_the_first_slide_names_municipality_year_and_that_the_answers_are_simulated(area):
    first = "\n".join(texts_of(opened(area).slides[0]))
    name = report(area).scope.area_name
    assert f"{name} 2024" in first
    assert "intern utgåva" in first.lower()
    assert "version 1.0" in first


@pytest.mark.parametrize("area", AREAS)
def test_every_slide_carries_number_footer_mark_and_notes(area):
    for place, slide in enumerate(opened(area).slides):
        kinds = [shape._element.ph.get("type") for shape in slide.placeholders]
        assert "ftr" in kinds
        assert "sldNum" in kinds
        assert "SYNTETISKA DATA" in "\n".join(texts_of(slide))
        notes = slide.notes_slide.notes_text_frame.text
        for part in ("Bilden visar:", "Så läser du:", "Bilden säger inte:", "Fråga till rummet:"):
            assert part in notes, place
        ids = [element.get("id") for element in slide.shapes._spTree.iter() if element.tag.endswith("}cNvPr")]
        assert len(set(ids)) == len(ids), "a shape's id is its own"


def test_the_mark_of_simulated_answers_is_gone_when_they_are_real():
    frames, scope = sample_bundle_frames("0127")
    meta = replace(META, charts=replace(META.charts, synthetic=False))
    made = DeckWriter(Context(frames, scope, meta), municipality_report(frames, scope, meta)).deck()
    with zipfile.ZipFile(BytesIO(draw(made, meta.released))) as archive:
        slides = [archive.read(name).decode() for name in archive.namelist() if name.startswith("ppt/slides/slide")]
    assert slides
    assert not any("SYNTETISKA" in text for text in slides)


@pytest.mark.parametrize("area", AREAS)
def test_every_chart_and_table_has_a_text_alternative_in_swedish(area):
    described = []
    for slide in opened(area).slides:
        for shape in slide.shapes:
            if shape.has_chart or shape.has_table or shape.shape_type == 13:
                known = shape._element._nvXxPr.cNvPr
                described.append(known.get("descr"))
                assert known.get("descr"), shape.name
    assert len(described) >= 5
    assert len(set(described)) == len(described)
    assert all(text.startswith(("Stapeldiagram", "Linjediagram", "Tabell")) for text in described)


@pytest.mark.parametrize("area", AREAS)
def test_native_charts_hold_the_numbers_of_the_cards_table(area):
    """Read back from the saved file, against the released texts of the card and never against the deck that was drawn."""
    cards = {card.chart_id: card for card in report(area).cards}
    columns = {"faktorprofil": (3, 6), "skillnadsdiagram": (3,), "konsskillnad": (3, 5), "trend": (1, 4), "samlade": (2, 5)}
    seen = 0
    for slide in opened(area).slides:
        for shape in slide.shapes:
            if not shape.has_chart:
                continue
            card = cards[shape.name.removeprefix("Diagram ")]
            kind = card.chart_id.split("_")[0]
            plot = shape.chart.plots[0]
            drawn = [list(series.values) for series in plot.series]
            if kind == "bortfall":
                expected = [[value for value in map(plain, card.table["Antal elever (avrundat till 5)"]) if value is not None]]
            else:
                expected = [[plain(text) for text in card.table.to_series(place)] for place in columns[kind]]
            if kind == "trend":
                drawn = merged(drawn, plot, card.table.columns[1].removesuffix(", andel"))
            assert drawn == expected, card.chart_id
            seen += 1
    assert seen >= 4


def plain(text: str) -> float | None:
    """A table's text as a number, read in another way than the slides do."""
    digits = text.replace("\u00a0", "").replace("\u2212", "-").replace("%", "").replace(",", ".").lstrip("+")
    return float(digits) if digits.lstrip("-").replace(".", "").isdigit() else None


def merged(drawn: list[list[float | None]], plot, area: str) -> list[list[float | None]]:
    """Lines that are cut at a break put together again: the municipality's first, then the county's."""
    lines: list[list[float | None]] = [[None] * len(drawn[0]), [None] * len(drawn[0])]
    for values, series in zip(drawn, plot.series, strict=True):
        line = lines[0 if series.name == area or series.name.startswith(f"{area} från ") else 1]
        for place, value in enumerate(values):
            line[place] = value if value is not None else line[place]
    return lines


@pytest.mark.parametrize("area", AREAS)
def test_intervals_reach_the_ends_in_the_cards_table(area):
    cards = {card.chart_id: card for card in report(area).cards}
    checked = 0
    for slide in opened(area).slides:
        for shape in slide.shapes:
            name = shape.name.removeprefix("Diagram ")
            if not shape.has_chart or not name.startswith("faktorprofil"):
                continue
            series = shape.chart.plots[0].series[0]
            lengths = {
                side: [float(v.text) for v in series._element.xpath(f"c:errBars/c:{side}/c:numLit/c:pt/c:v")]
                for side in ("plus", "minus")
            }
            for place, text in enumerate(cards[name].table["Osäkerhetsintervall"]):
                value, (low, high) = series.values[place], ends(text)
                if value is not None and low is not None and high is not None:
                    assert value + lengths["plus"][place] == high
                    assert value - lengths["minus"][place] == low
                    checked += 1
    assert checked >= 5


@pytest.mark.parametrize("area", AREAS)
def test_workbooks_hold_only_what_the_chart_shows(area):
    for slide in opened(area).slides:
        for shape in slide.shapes:
            if shape.has_chart:
                chart = shape.chart
                book = openpyxl.load_workbook(BytesIO(chart.part.chart_workbook.xlsx_part.blob))
                assert len(book.sheetnames) == 1
                held = [cell.value for row in book.active.iter_rows() for cell in row if isinstance(cell.value, int | float)]
                shown = [value for series in chart.plots[0].series for value in series.values if value is not None]
                assert sorted(held) == sorted(shown)
                names = {cell.value for row in book.active.iter_rows() for cell in row if isinstance(cell.value, str)}
                assert names <= {*map(str, chart.plots[0].categories), *(series.name for series in chart.plots[0].series)}


@pytest.mark.parametrize("area", AREAS)
def test_all_numbers_on_slides_and_in_notes_stand_in_the_report(area):
    content = report(area)
    page = render_report(content, {card.chart_id: with_fallback_fonts(outline(card)) for card in content.cards}, META)
    known = set(NUMBERS.findall(html.unescape(re.sub(r"<[^>]+>", " ", page))))
    for place, slide in enumerate(opened(area).slides):
        shown = "\n".join([*texts_of(slide), slide.notes_slide.notes_text_frame.text])
        shown = shown.replace("1_rapport", "").replace("5_metod", "").replace("‹#›", "")
        said = set(NUMBERS.findall(shown))
        assert {text.rstrip(numbers.NBSP) for text in said} <= {text.rstrip(numbers.NBSP) for text in known} | {"95"}, place


def test_two_runs_give_the_same_bytes_and_nothing_of_the_moment():
    once = saved("0127")
    time.sleep(2.1)  # zip entries and the workbooks' own times are kept in steps of up to two seconds
    frames, _ = sample_bundle_frames("0127")
    assert slide_files(frames, report("0127"), META)[FILE] == once
    with zipfile.ZipFile(BytesIO(once)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist() == sorted(archive.namelist())
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2026-03-12T00:00:00Z") == 2


def test_other_days_of_release_change_the_properties_only():
    made = deck("0127")
    first, second = draw(made, date(2026, 3, 12)), draw(made, date(2026, 3, 13))
    with zipfile.ZipFile(BytesIO(first)) as one, zipfile.ZipFile(BytesIO(second)) as other:
        changed = {name for name in one.namelist() if one.read(name) != other.read(name)}
    assert "docProps/core.xml" in changed
    assert all(name == "docProps/core.xml" or name.endswith(".xlsx") for name in changed)


def test_nothing_leads_out_of_the_file_and_nobody_is_named_in_it():
    with zipfile.ZipFile(BytesIO(saved("0127"))) as archive:
        names = archive.namelist()
        relations = "".join(archive.read(name).decode() for name in names if name.endswith(".rels"))
        core = archive.read("docProps/core.xml").decode()
        app = archive.read("docProps/app.xml").decode()
        xml = "".join(archive.read(name).decode() for name in names if name.endswith(".xml"))
    assert 'TargetMode="External"' not in relations
    assert not [name for name in names if "thumbnail" in name or "printerSettings" in name or name.endswith((".png", ".bin"))]
    assert re.findall(r"<dc:creator>(.*?)</dc:creator>", core) == ["Data i dialog"]
    assert re.findall(r"<cp:lastModifiedBy>(.*?)</cp:lastModifiedBy>", core) == ["Data i dialog"]
    assert "Manager" not in app
    assert "Company" not in app
    assert 'lang="en-US"' not in xml
    assert "Click to edit" not in xml
    assert 'lang="sv-SE"' in xml


def test_text_is_never_smaller_than_promised():
    """Body text at least 18 points, titles and findings over charts 16; sources, footers and charts' labels may be smaller."""
    findings = {part.heading[:60] for slide in deck("0127").slides for part in slide.parts if isinstance(part, ChartPart)}
    for slide in opened("0127").slides:
        for shape in slide.shapes:
            small = shape.name in ("Källa och läsning", "Märken och ändringar") or shape.is_placeholder
            if shape.has_text_frame and not small:
                sizes = [run.font.size.pt for paragraph in shape.text_frame.paragraphs for run in paragraph.runs]
                least = 16 if shape.name in findings else 18
                assert min(sizes, default=least) >= least, shape.name
        title = slide.shapes.title.text_frame.paragraphs[0].runs[0].font.size.pt
        assert title >= 16


def test_a_municipality_with_one_hidden_grade_gets_no_frame_for_it():
    made, _ = hidden_deck("suppressed", grade="gy2")
    charts = [part for slide in made.slides for part in slide.parts if isinstance(part, ChartPart)]
    assert charts
    assert not [chart.id for chart in charts if chart.id.endswith("gy2")]
    last = next(slide for slide in made.slides if slide.id == "osakert")
    assert any("skyddat av sekretesskäl [c]" in note for note in last.notes)


@pytest.mark.parametrize("reason", ["no_delivery", "too_few", "suppressed"])
def test_a_municipality_with_nothing_to_show_says_why(reason):
    made, content = hidden_deck(reason)
    slides = list(Presentation(BytesIO(draw(made, META.released))).slides)
    assert 6 <= len(slides) <= 15
    every = "\n".join(text for slide in slides for text in texts_of(slide))
    said = "ingen enkätleverans" if content.register_only else META.charts.reasons[reason].mark
    assert said in every
    assert content.register_only == (reason == "no_delivery")
    for slide in slides:
        for shape in slide.shapes:
            if shape.has_chart:
                own = shape.chart.plots[0].series[0]
                assert any(value is not None for value in own.values), "an empty frame"
            if shape.has_table:
                assert len(shape.table.rows) > 1
        assert any(text.strip() for text in texts_of(slide)[1:])
    assert content.scope.area_name in every


def test_a_report_without_survey_sections_has_no_empty_slide():
    """What a municipality outside the survey gets: registers, method, questions, and nothing about answers."""
    frames, scope = sample_bundle_frames("0140")
    whole = report("0140")
    left = [found for found in whole.sections if found.id in ("fritid", "narsamhalle", "metod")]
    survey = [block for found in left for block in found.blocks if block.kind == "figure" and "kolada" not in block.card.chart_id]
    kept = tuple(replace(found, blocks=tuple(block for block in found.blocks if block not in survey)) for found in left)
    content = replace(whole, sections=kept)
    made = DeckWriter(Context(frames, scope, META), content).deck()
    ids = [slide.id for slide in made.slides]
    assert "register" in ids
    assert "metod" in ids
    assert not {"svar", "fynd", "skillnadsdiagram", "osakert"} & set(ids)
    assert all(part.items for slide in made.slides for part in slide.parts if isinstance(part, TextPart))


def test_a_deck_of_registers_compares_them_and_says_nothing_of_the_municipalitys_answers():
    made, content = hidden_deck("no_delivery")
    ids = [slide.id for slide in made.slides]
    compared = [block for found in content.sections for block in found.blocks if getattr(block, "id", "").startswith("jamfort-")]
    assert {"las", "fynd", "skiljer", "register", "osakert", "lanet", "fragor", "metod"} <= set(ids)
    for table in compared:
        part = next(slide.parts[0] for slide in made.slides if slide.id == table.id)
        assert set(part.rows) <= set(table.rows)
        assert part.rows[0][-1] in {"högre än tre av fyra", "lägre än tre av fyra"}
    said = " ".join([*made.first_notes, *(text for slide in made.slides for text in (slide.title, *slide.notes))])
    for about_answers in ("har svarat", "De fynd", "Vilka unga syns inte", "svaren inte räcker"):
        assert about_answers not in said


def test_the_notes_tell_of_the_chart_on_the_slide_and_not_of_the_reports():
    for slide in opened("0127").slides:
        notes = slide.notes_slide.notes_text_frame.text
        assert "Punktdiagram" not in notes
        assert "streckad linje" not in notes
        for shape in slide.shapes:
            if shape.has_chart:
                assert shape._element._nvXxPr.cNvPr.get("descr") in notes


def test_a_very_long_name_stays_inside_the_slide():
    frames, scope = sample_bundle_frames("0127")
    long = replace(scope, area_name="Storstockholms kommunalförbund för ungdomars uppväxtvillkor och Åängsöfjärdsskärgårdens öar")
    content = municipality_report(frames, long, META)
    made = Presentation(BytesIO(slide_files(frames, content, META)[FILE]))
    assert long.area_name in "\n".join(texts_of(made.slides[0]))
    for slide in made.slides:
        for shape in slide.shapes:
            box = (shape.left, shape.top, shape.width, shape.height)
            if None not in box:
                assert min(box) >= 0
                assert shape.left + shape.width <= made.slide_width
                assert shape.top + shape.height <= made.slide_height


def test_the_axis_holds_every_interval_of_both_charts():
    charts = [part for slide in deck("0127").slides for part in slide.parts if isinstance(part, ChartPart)]
    low, high, step = scale(charts[1:3])
    drawn = [v for chart in charts[1:3] for series in chart.series for v in (*series.low, *series.high) if v is not None]
    assert low <= min(drawn)
    assert high >= max(drawn)
    assert (high - low) % step == 0


def test_rewriting_the_file_twice_changes_nothing():
    assert same_bytes(saved("0127"), META.released) == saved("0127")


def test_findings_that_need_more_than_two_lines_stand_over_their_own_charts():
    """A title is never a paragraph, and no finding is lost on the way."""
    made, content = deck("0127"), report("0127")
    charts = [slide for slide in made.slides if any(isinstance(part, ChartPart) for part in slide.parts)]
    assert max(len(slide.title) for slide in charts) <= TITLE_LENGTH
    moved = [slide for slide in made.slides if slide.title.startswith("Flickor och pojkar i")]
    titles = [card.title for card in content.cards if card.chart_id.startswith("konsskillnad_")]
    said = [moved[0].title, *(part.heading for part in moved[0].parts)] if moved else [slide.title for slide in made.slides]
    for title in titles:
        assert any(title.partition(": ")[2] in text for text in said), "a finding is on no slide"
