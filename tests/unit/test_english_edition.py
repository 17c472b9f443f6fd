"""The English edition: every text there, the same numbers under the same ids, English notation, no Swedish left on the page."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from html import unescape
from typing import Any

import polars as pl
import pytest
import yaml

from assets.bundle.content import municipality_report
from assets.bundle.english import PAGE, SWEDISH_PAGE, english_content, english_files, to_english
from assets.bundle.english_notation import in_english, spec_in_english
from assets.bundle.english_svg import english_picture, exchanged
from assets.bundle.html import render_report
from assets.bundle.load import load_chart_texts, load_report_texts
from assets.bundle.load_english import (
    LEFT_OUT,
    english_chart_texts,
    english_definitions,
    english_texts,
    has_english,
    notation,
    with_english,
)
from assets.bundle.readme import readme_files
from assets.bundle.types import Bullets, ReportMeta, Section, SubHeading, Table
from assets.bundle.words import date_text
from assets.catalogue.load import catalogue_file, load_catalogue
from assets.charts import numbers
from assets.charts.svg import clean_svg, to_svg
from assets.charts.theme import SYNTHETIC_MARK, text_width
from assets.charts.types import ChartCard, ReleaseFrames, Scope
from tests.support.english_numbers import one_notation, read_english
from tests.support.published_numbers import World, read_html
from tests.support.sample_bundle import DISTRICTS, hide, outline, sample_bundle_frames, sample_report_meta

META = sample_report_meta()
ENGLISH = META.english
NOTATION = notation()
DRAWN = ("svarsfordelning", "faktorprofil", "skillnadsdiagram", "konsskillnad", "trend", "bortfall", "kvalitetsremsa", "samlade")
SWEDISH_ONLY = {
    "action_plan",
    "district_pages", "associations", "readme", "methodpage", "anatomy", "small_areas", "county", "comparison",
    "tables", "screen_table",
    "series_table", "register_only", "county_edition", "method_folder", "workbook", "pdf", "summary",
    "lattlast", "slides", "posters", "verify", "dcat", "decisions", "action", "edition_list",
    "disclosure_report", "utility",
}  # fmt: skip
"""Texts of pages, formats and sections that are in Swedish alone."""
PARTS_SWEDISH_ONLY = {
    "html.easy_link", "html.easy_readme", "html.choose", "questions.comparison.csv", "questions.comparison.kinds",
    "accumulated.group_head", "accumulated.columns", "registers.kolada_groups", "glossary.items.14",
}  # fmt: skip
NAMES = ("Stockholmsenkäten", "Skolenkäten", "På svenska", "[å]")
SWEDISH_WORDS = (
    "och|inte|är|andelen|andel|länet|för|med|av|till|som|årskurs|skolan|kommunen|elever|flickor|pojkar|högre|lägre|kan|eller|från|"
    "mellan|procent|procentenheter|faktor|visas|skäl|antal|svar|frågor|två|tre|fyra|fem|sex|sju"
)


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Dotted path -> text; places in lists are numbers."""
    if isinstance(node, dict):
        for key, part in node.items():
            yield from leaves(part, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for place, part in enumerate(node):
            yield from leaves(part, f"{path}.{place}")
    else:
        yield path, str(node)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def compared(swedish: dict[str, Any], english: dict[str, Any], unused: set[str]) -> list[str]:
    """What is wrong with the English texts beside the Swedish ones."""
    found = dict(leaves(english))
    problems = []
    for path, text in leaves(swedish):
        if any(path == part or path.startswith(f"{part}.") for part in unused) or ".forms." in path:
            continue
        if path not in found:
            problems.append(f"{path}: no English text")
        elif places(found[path]) != places(text) and not path.startswith("konsskillnad.caution"):
            problems.append(f"{path}: other places in braces")
    return problems + [
        f"{path}: no such Swedish text" for path in found.keys() - dict(leaves(swedish)).keys() if ".forms." not in path
    ]


def test_every_swedish_text_has_an_english_one_with_the_same_places():
    swedish, english = dict(load_report_texts()), dict(english_texts())
    own = english.pop("english")
    assert {"part", "only_swedish", "link", "back_link", "readme"} <= own.keys()
    assert swedish.keys() - english.keys() == SWEDISH_ONLY, "translate a new entry, or list it as Swedish only"
    covered = {key: swedish[key] for key in english}
    assert compared(covered, english, PARTS_SWEDISH_ONLY) == []
    charts = english_chart_texts()
    assert set(charts) == {"common", *DRAWN}
    assert compared({key: load_chart_texts()[key] for key in charts}, dict(charts), set()) == []


def test_a_missing_text_or_a_changed_place_is_seen():
    assert compared({"a": {"b": "x {n}"}}, {"a": {"b": "y {m}"}}, set()) == ["a.b: other places in braces"]
    assert compared({"a": {"b": "x"}}, {"a": {"c": "y"}}, set()) == ["a.b: no English text", "a.c: no such Swedish text"]


def test_definitions_have_english_words_with_the_same_places():
    catalogue, told = load_catalogue(), english_definitions()
    assert has_english(catalogue)
    templates = catalogue.findings.templates()
    english = ENGLISH.findings.templates
    assert english.keys() == templates.keys()
    assert [key for key in templates if places(templates[key]) != places(english[key])] == []
    assert places(told["trend"]) == places(catalogue.statistics.trend.text_sv)
    swedish = {one.text_sv for one in catalogue.breaks} | {one.base_sv for one in META.series.values() if one.base_sv}
    assert told["sentences"].keys() == swedish
    measures = [one for group in META.registers for one in group.indicators]
    assert told["registers"]["titles"].keys() == {one.indicator_key for one in measures}
    assert told["registers"]["units"].keys() >= {one.unit_sv for one in measures}
    assert told["registers"]["sources"].keys() == {group.source for group in META.registers}
    groups = META.comparison_groups
    assert told["comparison_groups"]["measures"].keys() == {one.indicator_key for one in groups.similarity.measures}
    assert told["comparison_groups"]["words"].keys() == {groups.source_sv, *(one.reason_sv for one in groups.chosen)}
    assert told["cut_sets"].keys() == META.cut_sets.keys()
    assert told["codebooks"].keys() == META.codebooks.keys()
    assert told["counts"].keys() == {count.key for count in META.counts}
    assert told["sections"].keys() == META.series_sections.keys()
    assert told["groups"].keys() == {group.id for part in META.series_sections.values() for group in part.groups}
    assert {
        key: group.series for part in ENGLISH.series_sections.values() for key, group in [(g.id, g) for g in part.groups]
    } == {g.id: g.series for part in META.series_sections.values() for g in part.groups}
    assert {key: one.measure for key, one in ENGLISH.series.items()} == {key: one.measure for key, one in META.series.items()}


def test_a_definition_without_english_words_stands_in_swedish_and_an_unknown_index_leaves_no_edition():
    catalogue = load_catalogue()
    added = replace(
        META, english=None, codebooks={**META.codebooks, "egen": "Egen kodbok"}, cutoff_id="egen", cutoff_title="Egna"
    )
    english = with_english(added, catalogue).english
    assert english.codebooks["egen"] == "Egen kodbok"
    assert english.cutoff_title == "Egna"
    first, *rest = catalogue.indices
    other = catalogue.index_file.model_copy(update={"indices": (first.model_copy(update={"key": "other"}), *rest)})
    assert with_english(added, replace(catalogue, index_file=other)).english is None


def test_no_english_text_holds_a_word_that_the_notation_replaces():
    reserved = {**NOTATION.words, **NOTATION.phrases}
    word = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, reserved))})(?![\w-])", re.IGNORECASE)
    files = ("report", "more", "charts", "definitions")
    entries = [leaves(yaml.safe_load(catalogue_file(f"texts/en/{name}.yml").read_text("utf-8"))) for name in files]
    texts = [text for entry in entries for path, text in entry if not path.endswith(".id")]
    texts += [one.title_sv for one in ENGLISH.series.values()] + [i.label_sv for i in ENGLISH.charts.indices.values()]
    texts += [question for index in ENGLISH.indices.values() for question in index.questions]
    texts += [reason.text_sv for reason in ENGLISH.charts.reasons.values()]
    assert [text for text in texts if word.search(text) or re.search(r"\d,\d", text)] == []


@pytest.mark.parametrize(
    ("swedish", "english"),
    [
        (numbers.decimal(1234.5, 1), "1,234.5"),
        (numbers.thousands(1234567), "1,234,567"),
        (numbers.percent(12.5, 1), "12.5%"),
        (numbers.percent_interval(9, 16), "9–16%"),
        (numbers.signed_interval(-2, 5), "−2\u00a0to\u00a0+5"),
        (numbers.points(1), "+1 percentage point".replace("1 ", "1\u00a0")),
        (numbers.words(["a", "b", "c"]), "a, b and c"),
        (numbers.years([2016, 2018, 2024]), "2016, 2018 and 2024"),
        (numbers.upper_first(numbers.spelled(2)), "Two"),
        (numbers.spelled(1, neuter=True), "one"),
        ("2024 ändrades", "2024 ändrades"),
    ],
)
def test_numbers_become_english(swedish, english):
    assert NOTATION(swedish) == english


def test_every_number_in_words_and_every_month_becomes_english():
    told = [NOTATION(word) for word in numbers.SMALL_NUMBERS]
    assert told == ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    days = [NOTATION(date_text(date(2026, month, 3))) for month in range(1, len(numbers.MONTHS) + 1)]
    assert days == [f"3\u00a0{date(2026, month, 3):%B}\u00a02026" for month in range(1, 13)]


def test_ids_stay_and_texts_change():
    section = Section("till", "Två", (SubHeading("sex", "tre"), Bullets(("12\u00a0%",), "en")))
    assert in_english(section, NOTATION) == Section("till", "Two", (SubHeading("sex", "three"), Bullets(("12%",), "en")))


def spec(words: str, x: float = 1.0, *, lines: list[str] | None = None) -> dict[str, Any]:
    return {"title": {"text": ["t"]}, "vconcat": [{"layer": [{"data": {"values": [{"x": x, "text": lines or words}]}}]}]}


def test_words_are_exchanged_only_where_the_layout_is_the_same():
    assert exchanged(spec("andel"), spec("share of pupils in the county")) == {"andel": "share of pupils in the county"}
    assert exchanged(spec("andel", 1), spec("share", 2)) == {"andel": "share"}
    assert exchanged(spec("andel", 1), spec("share of pupils in the county", 2)) is None, "its place follows from its width"
    assert exchanged(spec("", lines=["ett", "två"]), spec("", lines=["one"])) == {"ett": "one", "två": ""}
    assert exchanged(spec("", lines=["ett"]), spec("", lines=["one", "two"])) is None
    assert exchanged({**spec("a"), "height": 1}, {**spec("a"), "height": 2}) is None
    assert text_width(NOTATION.stamp[1]) <= text_width(SYNTHETIC_MARK)


def test_a_picture_gets_english_words_title_and_language_or_is_drawn():
    def card(title: str, words: str, x: float) -> ChartCard:
        return ChartCard("c", title, "", f"{title}.", spec(words, x), pl.DataFrame(), "", synthetic=True)

    raw = '<svg viewBox="0 0 9 9"><text>andel &amp; mer</text><text>1,5\u00a0%</text></svg>'
    swedish = card("Rubrik", "andel & mer", 1)
    drawn = clean_svg(raw, "c", "Rubrik", "Rubrik.")
    told = english_picture(card("Title", "share & more", 1), swedish, drawn, NOTATION, outline)
    assert re.findall(r">([^<>]+)<", told) == ["Title", "Title.", "share &amp; more", "1.5%"]
    assert 'lang="en"' in told
    wider = card("Title", "much wider than before", 2)
    assert english_picture(wider, swedish, drawn, NOTATION, outline) == outline(wider)


def test_a_drawn_specification_has_english_axes():
    swedish = {
        "axis": {"title": "En", "labelExpr": "datum.label + '\u00a0%'"},
        "config": {"locale": {"number": {"decimal": ","}}},
    }
    found = spec_in_english(swedish, NOTATION)
    assert found["axis"] == {"title": "One", "labelExpr": "datum.label + '%'"}
    assert found["config"]["locale"]["number"]["decimal"] == "."


def editions(frames: ReleaseFrames, scope: Scope, meta: ReportMeta, draw: Callable[[ChartCard], str]) -> dict[str, bytes]:
    """What `render_bundle` makes of these pages, without the other formats."""
    content = municipality_report(frames, scope, meta)
    svgs = {card.chart_id: draw(card) for card in content.cards}
    other = to_english(meta, register_only=content.register_only)
    report = {SWEDISH_PAGE: render_report(content, svgs, meta, other=other).encode()}
    return report | readme_files(content, meta, english=bool(other)) | english_files(frames, content, svgs, meta, draw)


@pytest.fixture(scope="module", params=["0127", "0140"])
def files(request) -> tuple[str, dict[str, bytes]]:
    """Both editions, with real pictures of the charts that the English one has, and the page that leads to them."""
    frames, scope = sample_bundle_frames(request.param)
    return request.param, editions(
        frames, scope, META, lambda card: (to_svg if card.chart_id.startswith(DRAWN) else outline)(card)
    )


def visible(page: str) -> list[str]:
    """Texts that a reader sees or hears, pictures and descriptions included."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    told = re.findall(r'(?:aria-label|title)="([^"]*)"', bare)
    return [unescape(text).strip() for text in [*re.split(r"<[^>]+>", bare), *told] if text.strip()]


def test_no_swedish_is_left_on_the_page(files):
    _, content = files
    page = content[PAGE].decode()
    names = (*NAMES, *META.area_names.values())
    word = re.compile(rf"(?<![\w-])(?:{SWEDISH_WORDS})(?![\w-])", re.IGNORECASE)
    left = []
    for text in visible(page):
        bare = text
        for name in names:
            bare = bare.replace(name, "")
        bare = bare.replace(SYNTHETIC_MARK, "")
        if (
            re.search("[åäöÅÄÖ]", bare)
            or (word.search(bare) and "six" not in bare)
            or re.search(r"\d\u00a0%|\d,\d(?!\d\d)", bare)
        ):
            left.append(text)
    assert left == []
    assert '<html lang="en">' in page
    assert 'lang="sv" style' not in page
    assert page.count('lang="en"') > 10
    assert f"{SYNTHETIC_MARK} / SYNTHETIC DATA" in page
    assert len(content[PAGE]) < 1_500_000


def test_every_number_of_the_swedish_report_is_in_the_english_one(files):
    area, content = files
    _, scope = sample_bundle_frames(area)
    swedish, english = META.charts.indices, ENGLISH.charts.indices
    world = World(
        area, scope.area_name, META.texts["common"]["county"], scope.wave,
        {index.label_sv: key for key, index in swedish.items()}, {key: index.focus_measure for key, index in swedish.items()},
    )  # fmt: skip
    labels = {english[key].label_sv: swedish[key].label_sv for key in swedish}
    first = {key: one_notation(text) for key, text in read_html(content[SWEDISH_PAGE], world).items()}
    assert read_english(content[PAGE], world, labels) == first
    assert len(first) >= (80 if area == "0127" else 20)
    wrong = content[PAGE].decode().split('id="faktorprofil_ak9-tabell"')
    cell = next(part for part in wrong[1].split("<td") if "%" in part)
    changed = wrong[0] + 'id="faktorprofil_ak9-tabell"' + wrong[1].replace(cell, cell.replace("%", "7%", 1), 1)
    assert read_english(changed.encode(), world, labels) != first


def test_registers_are_a_table_with_the_newest_values_of_the_swedish_charts():
    frames, scope = sample_bundle_frames("0127")
    swedish = [card for card in municipality_report(frames, scope, META).cards if card.chart_id.startswith("kolada")]
    content = english_content(frames, scope, ENGLISH, NOTATION)
    tables = [block for section in content.sections for block in section.blocks if isinstance(block, Table)]
    told = [row for table in tables if table.id.startswith("register-kolada") for row in table.rows]
    newest = [row for card in swedish for row in card.table.iter_rows() if row[4]]
    assert len(told) == len(newest) > 5
    assert [row[1:] for row in told] == [tuple(map(NOTATION, row[2:])) for row in newest]
    assert "Overcrowding in blocks of flats, norm 3 (per cent)" in {row[0] for row in told}
    assert not [card for card in content.cards if card.chart_id.startswith("kolada")]


def test_the_districts_stand_in_english():
    frames, scope = sample_bundle_frames("0180")
    page = editions(frames, scope, META, outline)[PAGE].decode()
    section = page.split('<section id="stadsdelar"')[1].split("</section>")[0]
    assert "City of Stockholm" in section
    assert {name for name in DISTRICTS.values() if name in section} == set(DISTRICTS.values())
    bare = re.sub("|".join([*DISTRICTS.values(), *NAMES]), "", " ".join(visible(section)))
    assert not re.search("[åäöÅÄÖ]", bare)


def test_the_editions_lead_to_each_other_and_the_first_page_to_both(files):
    _, content = files
    swedish, english = content[SWEDISH_PAGE].decode(), content[PAGE].decode()
    assert '<a href="report_en.html" lang="en" hreflang="en">' in swedish
    assert '<a href="rapport.html" lang="sv" hreflang="sv">' in english
    assert f'<a href="{PAGE}">' in content["LAS_MIG.html"].decode()
    assert "The Swedish edition is authoritative" in english
    assert "Only in the Swedish edition" in english
    for section in LEFT_OUT:
        assert f'<section id="{section}"' not in english


def test_without_english_texts_or_answers_there_is_no_english_edition():
    frames, scope = sample_bundle_frames("0127")
    without = editions(frames, scope, replace(META, english=None), outline)
    registers = editions(hide(frames, "0127", "no_delivery"), scope, META, outline)
    for content in (without, registers):
        assert PAGE not in content
        assert b"report_en.html" not in content[SWEDISH_PAGE]
        assert b"report_en.html" not in content["LAS_MIG.html"]
