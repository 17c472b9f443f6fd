"""The kit for paper: tagged pages of the right size, every number released, no answer on a sheet to guess on, equal bytes."""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from assets.charts.svg import to_svg
from assets.charts.types import ChartCard
from assets.forms.decisions_form import decisions_form
from assets.kit.board_content import board_content, chart_cards
from assets.kit.board_types import BoardContent, EarlierDecision
from assets.kit.print_pictures import LEAST_REACH, empty_field, printed_pictures, reach_of, without_values
from assets.kit.print_sheets import kit_texts
from assets.kit.printed import kit_print_files
from tests.support.prevention_sample import prevention_frames
from tests.support.sample_bundle import hide, outline, sample_bundle_frames, sample_report_meta

META = sample_report_meta()
LONG = "Öster-Åkersberga och Södra Ängsholmens skärgårdskommuns förbund"
A4, A3 = (210, 297), (297, 420)
ALL, CARDS = "2_utskrift/00_allt_att_skriva_ut_a4.pdf", "2_utskrift/03_diagramkort_a3.pdf"
GUESS, DECISIONS = "2_utskrift/02_gissa_sedan_se.pdf", "2_utskrift/12_beslutsformular.pdf"
PERCENT = re.compile(r"(?<![\d,])(\d+(?:,\d+)?)\s?%")


@lru_cache(maxsize=1)
def extra_cards() -> dict[str, tuple[ChartCard, ...]]:
    """The report's cards of the six charts."""
    return chart_cards(*prevention_frames(), META)


def hidden_content(**options) -> BoardContent:
    """A board without any chart."""
    frames, scope = sample_bundle_frames()
    return board_content(hide(frames, scope.area_code, "suppressed"), scope, META, **options)


@pytest.fixture(scope="module")
def botkyrka() -> tuple[BoardContent, dict[str, bytes]]:
    content = board_content(*prevention_frames(), META)
    return content, kit_print_files(content, META, extra_cards(), to_svg)


@cache
def pages(made: bytes) -> tuple[str, ...]:
    """The text of every page with all white space as single spaces; reading is slow, so each file is read once."""
    return tuple(re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(io.BytesIO(made)).pages)


def of_card(made: bytes, place: int) -> list[str]:
    """The text of a chart's pages in the file of cards, front and back in turn; a chart may have a card per picture."""
    return [page for page in pages(made) if f"Diagram {place} av 6" in page]


def count(made: bytes) -> int:
    """Pages of a file."""
    return len(PdfReader(io.BytesIO(made)).pages)


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u00ad]", "", text)


def sizes(made: bytes) -> set[tuple[int, int]]:
    found = (page.mediabox for page in PdfReader(io.BytesIO(made)).pages)
    return {(round(float(box.width) * 25.4 / 72), round(float(box.height) * 25.4 / 72)) for box in found}


def elements(made: bytes) -> Iterator[DictionaryObject]:
    """Every element of the structure tree."""
    return below(PdfReader(io.BytesIO(made)).root_object["/StructTreeRoot"])


def below(root: DictionaryObject) -> Iterator[DictionaryObject]:
    """Every element of the structure tree under one of them."""
    waiting = [root]
    while waiting:
        node = waiting.pop().get_object()
        if isinstance(node, DictionaryObject):
            kids = node.get("/K", [])
            kids = kids.get_object() if hasattr(kids, "get_object") else kids
            waiting += kids if isinstance(kids, list) else [kids]
            if "/S" in node:
                yield node


def test_there_is_a_file_per_sheet_one_of_all_and_the_cards_on_paper_of_their_size(botkyrka):
    _, files = botkyrka
    names = [sheet["name"] for sheet in kit_texts()["sheets"]]
    assert sorted(files) == sorted([ALL, CARDS, *(f"2_utskrift/{name}.pdf" for name in names)])
    assert len(names) == 12
    assert all(sizes(made) == {A3 if name == CARDS else A4} for name, made in files.items())
    assert count(files[ALL]) == sum(count(made) for name, made in files.items() if name not in (ALL, CARDS))


def test_the_sheets_fill_the_pages_they_are_meant_for(botkyrka):
    _, files = botkyrka
    many = {GUESS: 6, DECISIONS: 3, "2_utskrift/05_sa_laser_du_osakerhet.pdf": 2}
    for name, made in files.items():
        if name not in (ALL, CARDS):
            assert count(made) == many.get(name, 1), name


def test_every_file_is_tagged_titled_and_swedish(botkyrka):
    _, files = botkyrka
    for name, made in files.items():
        pdf = PdfReader(io.BytesIO(made))
        root = pdf.root_object
        assert root["/MarkInfo"]["/Marked"] == True, name  # noqa: E712 - a PDF object that is equal to True
        assert root["/Lang"].startswith("sv"), name
        assert re.search(r"pdfuaid:part[^0-9]*1", root["/Metadata"].get_object().get_data().decode()), name
        assert "Botkyrka" in pdf.metadata.title, name


def test_every_table_has_headed_columns(botkyrka):
    """PDF/UA-1 7.5 (Matterhorn 15): what is no table, as a form to fill in, is not tagged as one."""
    _, files = botkyrka
    tables = [element for element in elements(files[ALL]) if element["/S"] == "/Table"]
    assert len(tables) > 5
    assert all("/TH" in {below_it["/S"] for below_it in below(table)} for table in tables)


def test_the_pictures_have_words_and_the_blank_ones_say_that_they_are_blank(botkyrka):
    content, files = botkyrka
    told = {name: [str(e["/Alt"]) for e in elements(files[name]) if e["/S"] == "/Figure"] for name in (GUESS, CARDS)}
    assert all(alt.startswith("Tomma axlar") for alt in told[GUESS])
    assert sum(len(card.pictures[:2]) for card in content.cards[:3]) + 1 == len(told[GUESS])
    assert {card.pictures[0].alt for card in content.cards} <= set(told[CARDS])


def test_every_page_says_which_municipality_wave_and_version_and_that_the_data_are_invented(botkyrka):
    content, files = botkyrka
    for page in pages(files[ALL]) + pages(files[CARDS]):
        assert f"Botkyrka {content.wave}. Data i dialog, version {content.version}" in page
        assert "SYNTETISKA DATA" in page


def test_earlier_decisions_stand_on_the_form_with_the_statuses_to_tick_and_real_data_have_no_mark():
    earlier = (EarlierDecision("0127-2022-1", "Fler vuxna på fritidsgården", "fritidschefen", "Anställ", ""),)
    content = replace(hidden_content(earlier=earlier), synthetic=False)
    text = squeezed(" ".join(pages(kit_print_files(content, META, {}, outline)[DECISIONS])))
    assert "0127-2022-1" in text
    assert squeezed("Fler vuxna på fritidsgården") in text
    assert squeezed("Har lagts ned") in text
    assert "SYNTETISKADATA" not in text


def test_the_cards_hold_what_the_board_says(botkyrka):
    content, files = botkyrka
    assert count(files[CARDS]) >= 2 * len(content.cards)
    for place, card in enumerate(content.cards, start=1):
        held = of_card(files[CARDS], place)
        front, back = squeezed(held[0]), squeezed(held[1])
        assert squeezed(card.pictures[0].finding) in front
        assert [text for text in (*card.reading, card.not_said, *card.questions) if squeezed(text) not in back] == []


def test_every_percentage_on_the_cards_is_one_that_the_board_tells(botkyrka):
    content, files = botkyrka
    for place, card in enumerate(content.cards, start=1):
        told = " ".join(
            [*(text for one in card.pictures for row in one.rows for text in row), *(p.finding for p in card.pictures)]
        )
        known = set(PERCENT.findall(told)) | {str(tick) for tick in range(0, 101, 5)}
        assert set(PERCENT.findall(" ".join(of_card(files[CARDS], place)[::2]))) <= known, card.id


def test_a_sheet_to_guess_on_has_the_charts_axes_and_none_of_its_answers(botkyrka):
    content, files = botkyrka
    held = pages(files[GUESS])
    for card, page in zip(content.cards, held, strict=True):
        assert squeezed(card.guess) in squeezed(page)
        assert [one.finding for one in card.pictures if squeezed(one.finding) in squeezed(page)] == []
        assert all(float(number) % 5 == 0 for number in (n.replace(",", ".") for n in PERCENT.findall(page)))
    assert not re.search(r"\d av \d+ finns|ingen känd", held[3])
    for card in content.cards[:3]:
        for one in card.pictures:
            blank = without_values(one)
            texts, all_texts = re.findall(r">([^<>]+)</text>", blank), re.findall(r">([^<>]+)</text>", one.svg)
            assert "finding" not in blank
            assert "interval" not in blank
            assert texts == all_texts[: len(texts)]
            assert blank.count("<text") < one.svg.count("<text")


def test_the_empty_field_reaches_as_far_as_the_charts_axis(botkyrka):
    content, _ = botkyrka
    picture = content.cards[4].pictures[0]
    reach = reach_of(picture)
    assert f">+{reach}</text>" in picture.svg
    assert f">+{reach}</text>" in empty_field(reach, META.charts.texts["prioriteringsfalt"])
    assert reach_of(None) == LEAST_REACH


def test_the_exercise_has_thirty_cards_of_which_six_say_yes(botkyrka):
    _, files = botkyrka
    cards = pages(files["2_utskrift/05_sa_laser_du_osakerhet.pdf"])[1]
    assert len(re.findall(r"Elev \d+", cards)) == 30
    assert (len(re.findall(r"\bJA\b", cards)), len(re.findall(r"\bNEJ\b", cards))) == (6, 24)


def test_the_paper_form_asks_what_the_form_asks(botkyrka):
    _, files = botkyrka
    text = squeezed(" ".join(pages(files[DECISIONS])))
    form = decisions_form()
    asked = [field.label for field in (*form.head, *form.sections[0].fields)] + [item.label for item in form.sections[2].items]
    assert [label for label in asked if squeezed(label) not in text] == []


def test_the_agenda_is_three_hours(botkyrka):
    content, files = botkyrka
    page = pages(files["2_utskrift/01_tidplan.pdf"])[0]
    assert sum(item.minutes for item in content.agenda) == 180
    assert "–3:00" in page
    assert all(squeezed(item.title) in squeezed(page) for item in content.agenda)


def test_a_chart_that_is_missing_is_replaced_by_its_reason():
    content = hidden_content()
    files = kit_print_files(content, META, {}, outline)
    cards, guess = pages(files[CARDS]), pages(files[GUESS])
    assert (len(cards), len(guess)) == (12, 6)
    for place, card in enumerate(content.cards):
        assert squeezed(card.missing) in squeezed(cards[2 * place])
        assert squeezed(card.missing) in squeezed(guess[place])


def test_a_chart_that_only_the_caller_has_is_drawn():
    content, cards = hidden_content(), {key: extra_cards()[key] for key in ("tackningsmatris", "prioriteringsfalt")}
    pictures = printed_pictures(content, cards, outline, kit_texts()["print"]["pictures"])
    assert [len(pictures[card.id]) for card in content.cards] == [0, 0, 0, 1, len(cards["prioriteringsfalt"]), 0]
    assert pictures["tackningsmatris"][0].picture.finding == cards["tackningsmatris"][0].title


@pytest.mark.parametrize("name", ["Upplands Väsby", LONG])
def test_a_long_name_stays_on_the_pages(botkyrka, name):
    content, files = botkyrka
    made = kit_print_files(replace(content, area_name=name), META, extra_cards(), to_svg)
    for path in files:
        assert count(made[path]) == count(files[path]), path
    assert squeezed(name) in squeezed(pages(made["2_utskrift/01_tidplan.pdf"])[0])


def test_equal_content_gives_equal_bytes_and_everything_can_go_to_a_worker(botkyrka):
    content, files = botkyrka
    again = kit_print_files(*pickle.loads(pickle.dumps((content, META, extra_cards(), to_svg))))
    assert again == files


def test_no_text_of_the_kit_has_an_open_place(botkyrka):
    _, files = botkyrka
    assert not re.search(r"[{}]", " ".join(pages(files[ALL]) + pages(files[CARDS])))
