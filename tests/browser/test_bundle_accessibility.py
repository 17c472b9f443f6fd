"""Every page of a bundle against axe's rules, by keyboard, on paper, and the report's own script at work."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest

from assets.bundle.content import municipality_report
from assets.bundle.county import PAGE as COMPARISON
from assets.bundle.county import comparison_page
from assets.bundle.district_pages import PAGE as DISTRICT_PAGE
from assets.bundle.explore import choices
from assets.bundle.html import render_report
from assets.bundle.render import render_bundle, with_fallback_fonts
from assets.bundle.types import BundlePaths
from assets.bundle.words import Context
from assets.bundle.writer import write_bundle, write_county_overview, write_page
from assets.catalogue.load import load_catalogue
from assets.charts import theme
from assets.charts.svg import to_svg
from assets.methods.compared_areas import published_funnel, published_ranks
from assets.methods.editions import PUBLIC
from tests.support.axe import judged, violations
from tests.support.keyboard import walk
from tests.support.released_world import EDITION, FOCUS, codes, released
from tests.support.sample_bundle import outline, sample_bundle_frames, sample_bundle_meta, sample_report_meta

pytestmark = pytest.mark.browser
AREAS = ("0127", "0140", "0180")
PAGES = (
    "LAS_MIG.html", "1_rapport/rapport.html", "1_rapport/lattlast.html", "5_metod/metod.html", "../lansoversikt.html",
    f"../{COMPARISON}",
)  # fmt: skip
ONE_COLUMN = (
    "5_metod/indexanatomi.html", "1_rapport/sammanfattning.html", "5_metod/kodbok.html", "5_metod/indikatorlista.html",
    "5_metod/kvalitetsdeklaration.html", "5_metod/andringar.html",
)  # fmt: skip
"""Pages whose layout is the same at every width: in a narrow window their tables scroll, which is the harder case."""
ALSO_WIDE = ("1_rapport/rapport.html", "1_rapport/lattlast.html")
"""Judged wide in the small and the large municipality, so here only in a narrow window: the report takes longest of all."""
LONG_TABLES = ("5_metod/kodbok.html", "5_metod/indikatorlista.html")
"""Hundreds of rows in the same colours as the other pages' tables."""
NARROW = 400
BESIDE = (
    "LAS_MIG.html", "1_rapport/sammanfattning.html", "1_rapport/lattlast.html", "5_metod/metod.html",
    "5_metod/kvalitetsdeklaration.html", "5_metod/rojandekontroll.html", "../lansoversikt.html", f"../{COMPARISON}",
)  # fmt: skip
LEAST_WORDS = 60
"""Letters on a printed page that isn't empty: its heading and its mark alone have fewer."""
META = sample_report_meta()
LARGEST = 6_000_000
SLOWEST = 2.0
OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true)"


@pytest.fixture(scope="module")
def bundles(tmp_path_factory, drawn_bundles) -> Mapping[str, BundlePaths]:
    """Bundles with every kind of page, and the county's pages beside them."""
    root, meta = tmp_path_factory.mktemp("reports"), sample_report_meta()
    paths = {bundle.scope.area_code: write_bundle(bundle, root, sample_bundle_meta()) for bundle in drawn_bundles}
    towns = codes(16)
    results = released(dict.fromkeys(towns, 0.12) | {towns[-1]: 0.6}, {code: 150 + 50 * n for n, code in enumerate(towns)})
    tables = [make(results, FOCUS, load_catalogue().estimates.compared, EDITION) for make in (published_ranks, published_funnel)]
    page = comparison_page(*tables, meta, 2024, lambda cards: [with_fallback_fonts(to_svg(card)) for card in cards])
    assert page
    write_page(page, root / "2024" / COMPARISON)
    write_county_overview(
        [b.summary for b in drawn_bundles], root, meta, wave=2024, edition="intern", comparison=COMPARISON
    )  # fmt: skip
    return paths


def page_of(paths: BundlePaths, name: str) -> Path:
    return (paths.folder / name).resolve()


@pytest.mark.parametrize(
    ("name", "width"),
    [*((name, 1280) for name in PAGES if name not in ALSO_WIDE), *((name, NARROW) for name in (*PAGES, *ONE_COLUMN))],
)
def test_axe_finds_nothing_on_any_page(bundles, visitor, name, width):
    page = visitor.open(page_of(bundles["0127"], name), width=width).page
    page.evaluate(OPEN_ALL)
    broken, held = judged(page, colours=(width > NARROW or name in ONE_COLUMN) and name not in LONG_TABLES)
    assert broken == []
    assert held >= 12


@pytest.mark.parametrize("area", ["0140", "0180"])
def test_axe_finds_nothing_in_a_small_or_large_municipalitys_report(bundles, visitor, area):
    for name in (*ALSO_WIDE, *([DISTRICT_PAGE] if area == "0180" else [])):
        page = visitor.open(page_of(bundles[area], name)).page
        page.evaluate(OPEN_ALL)
        assert violations(page, colours=area == "0140" or name == DISTRICT_PAGE) == [], name


def test_axe_finds_nothing_in_the_english_report_which_asks_for_nothing(bundles, visitor):
    visit = visitor.open(page_of(bundles["0140"], "1_rapport/report_en.html"))
    visit.page.evaluate(OPEN_ALL)
    assert violations(visit.page, colours=False) == []
    assert visit.page.get_attribute("html", "lang") == "en"
    assert len(visit.requests) == 1
    assert visit.complaints == []


def test_axe_sees_a_fault(bundles, visitor):
    page = visitor.open(page_of(bundles["0127"], "1_rapport/lattlast.html")).page
    page.evaluate("document.querySelector('.easy p').style.color = '#bbb'")
    assert [rule for rule, _ in violations(page)] == ["color-contrast"]


def draw(page) -> None:
    page.get_by_role("button", name="Rita diagrammet").click()
    page.wait_for_selector("#val-diagram svg path")
    page.get_by_text("Talen står i tabellen under diagrammet.").wait_for()


def test_the_readers_own_chart_is_drawn_without_a_request_or_a_complaint(bundles, visitor):
    visit = visitor.open(bundles["0127"].report)
    page = visit.page
    assert page.evaluate("typeof vegaEmbed") == "undefined", "the library waits until it is asked for"
    page.get_by_label("Faktor", exact=True).select_option(label="Välbefinnande")
    draw(page)
    page.get_by_label("Jämför med", exact=True).select_option(label="Flickor mot pojkar")
    page.get_by_role("columnheader", name="Botkyrka, flickor").wait_for()
    assert page.get_by_label("Grupp", exact=True).is_disabled()
    page.get_by_label("Årskurs", exact=True).select_option(label="gymnasiets år 2")
    page.get_by_text("Diagrammet visar Välbefinnande, gymnasiets år 2").wait_for()
    picture = page.get_by_role("img", name="Välbefinnande, gymnasiets år 2: andel med låg skyddsnivå")
    assert picture.locator("svg").count() == 1
    assert violations(page, colours=False) == []
    assert visit.requests == [bundles["0127"].report.as_uri()]
    assert visit.complaints == []


def test_the_chosen_numbers_are_those_of_the_tables(bundles, visitor):
    page = visitor.open(bundles["0127"].report).page
    page.get_by_label("Faktor", exact=True).select_option(label="Brister i föräldraskap")
    draw(page)
    chosen = page.locator("#val-tabell tbody tr").last.locator("td").all_inner_texts()
    page.evaluate(OPEN_ALL)
    rows = page.evaluate(
        "[...document.querySelectorAll('#trend_parenting_ak9 tbody tr')].map(r => [...r.cells].map(c => c.textContent))"
    )
    last = [row for row in rows if row[0] == "2024"]
    told = " ".join(cell for row in last for cell in row)
    assert len(chosen) == 2
    for cell in chosen:
        share, interval = cell.rstrip(")").split(" (")
        assert share in told
        assert interval in told


def test_the_choice_says_where_the_numbers_are_when_scripts_are_blocked(bundles, visitor):
    page = visitor.open(bundles["0127"].report, scripts=False).page
    assert page.get_by_text("Utan skript finns samma tal i diagrammen").is_visible()
    assert not page.get_by_label("Faktor", exact=True).is_visible()
    page.locator("#oversikt a.term").first.click()
    assert "#ord-" in page.url


def test_a_drawing_that_fails_leaves_the_numbers(bundles, visitor):
    page = visitor.open(bundles["0127"].report).page
    page.evaluate("document.getElementById('bibliotek').textContent = 'changed'")
    page.get_by_role("button", name="Rita diagrammet").click()
    page.get_by_text("Diagrammet kunde inte ritas").wait_for()
    assert page.locator("#val-tabell tbody tr").count() >= 3
    assert not page.locator("#val-diagram").is_visible()


def test_a_choice_without_a_single_number_says_why_and_draws_nothing(visitor, tmp_path):
    frames, scope = sample_bundle_frames("0140")
    one_sex = (pl.col("area_code") == scope.area_code) & (pl.col("sex") != "all")
    hidden = [pl.when(one_sex).then(None).otherwise(pl.col(name)).alias(name) for name in ("value", "low", "high", "verdict")]
    results = frames.index_results.with_columns(*hidden, reason=pl.when(one_sex).then(pl.lit("suppressed")).otherwise("reason"))
    content = municipality_report(replace(frames, index_results=results), scope, META)
    chosen = choices(Context(replace(frames, index_results=results), scope, META))
    path = tmp_path / "rapport.html"
    path.write_text(render_report(content, {card.chart_id: outline(card) for card in content.cards}, META, chosen), "utf-8")
    visit = visitor.open(path)
    visit.page.get_by_label("Jämför med", exact=True).select_option(label="Flickor mot pojkar")
    visit.page.get_by_role("button", name="Rita diagrammet").click()
    visit.page.get_by_text("Inget av de valda talen kan visas.").wait_for()
    assert "skyddat av sekretesskäl [c]" in visit.page.locator("#val-tabell").inner_text()
    assert not visit.page.locator("#val-diagram").is_visible()
    assert visit.complaints == []


def test_words_explain_themselves_by_keyboard_and_pointer(bundles, visitor):
    visit = visitor.open(bundles["0127"].report, width=400)
    page = visit.page
    word, tip = page.locator("#oversikt a.term").first, page.locator("#ordruta")
    word.focus()
    assert tip.is_visible()
    assert word.get_attribute("aria-describedby") == "ordruta"
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    word.hover()
    assert len(tip.inner_text()) > 30
    box = tip.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 400
    tip.hover()
    page.wait_for_timeout(400)
    assert tip.is_visible(), "the pointer may rest on the explanation"
    word.click()
    assert "#" not in page.url
    assert visit.complaints == []


def test_the_contents_show_where_the_reader_is(bundles, visitor):
    page = visitor.open(bundles["0127"].report).page
    page.get_by_role("navigation").get_by_role("link", name="Skola").click()
    page.locator(".toc a[aria-current]", has_text="Skola").wait_for()
    assert page.locator(".toc a[aria-current]").count() == 1
    page.locator("#skola .steps").get_by_text("Nästa:").click()
    page.locator(".toc a[aria-current]", has_text="Kamrater och fritid").wait_for()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(bundles, visitor):
    page = visitor.open(bundles["0140"].report).page
    stops = walk(page)
    assert stops[0]["href"] == "#innehall"
    assert [stop for stop in stops if not stop["seen"] or not stop["marked"]] == []
    tags = {stop["tag"] for stop in stops}
    assert {"A", "SUMMARY", "SELECT", "BUTTON", "DIV"} <= tags
    assert any(stop["region"] == "region" for stop in stops), "tables that scroll can be scrolled by keyboard"


@pytest.mark.parametrize("name", BESIDE)
def test_the_pages_beside_the_report_are_walked_by_keyboard_and_printed(bundles, visitor, name):
    from pypdf import PdfReader

    page = visitor.open(page_of(bundles["0140"], name)).page
    stops = walk(page, most=25)
    assert stops
    assert [stop for stop in stops if not stop["seen"] or not stop["marked"]] == []
    sheets = PdfReader(BytesIO(page.pdf(format="A4", prefer_css_page_size=True))).pages
    words = [" ".join(sheet.extract_text().split()) for sheet in sheets]
    assert " ".join(page.locator("h1").inner_text().split()) in words[0]
    assert all(META.texts["common"]["synthetic_short"] in text for text in words), "a page that is copied alone has its mark"
    assert [place for place, text in enumerate(words, 1) if len(text) < LEAST_WORDS] == []


def test_the_public_bundle_has_no_page_of_the_internal_work_and_asks_for_nothing(visitor, tmp_path):
    frames, scope = sample_bundle_frames("0140")
    public = replace(scope, edition=PUBLIC)
    shown = {
        name: table.with_columns(edition=pl.lit(PUBLIC))
        for name in ("index_results", "response_rates", "delivery_quality", "trends")
        if "edition" in (table := getattr(frames, name)).columns
    }
    bundle = render_bundle(replace(frames, **shown), public, META, draw=outline)
    assert not [name for name in bundle.files if name.startswith("6_atgard/")]
    paths = write_bundle(bundle, tmp_path, sample_bundle_meta())
    for name in sorted(name for name in bundle.files if name.endswith(".html")):
        visit = visitor.open(page_of(paths, name), width=400)
        links = visit.page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href').split('#')[0])")
        missing = {link for link in links if link and ":" not in link and not (page_of(paths, name).parent / link).exists()}
        assert missing == set(), name
        assert (len(visit.requests), visit.complaints) == (1, []), name
        if name in BESIDE:
            assert violations(visit.page) == [], name


def test_the_links_of_the_countys_list_are_in_view_on_a_telephone(bundles, visitor):
    page = visitor.open(page_of(bundles["0127"], "../lansoversikt.html"), width=400).page
    boxes = page.evaluate("[...document.querySelectorAll('#kommuner .links a')].map(a => a.getBoundingClientRect().right)")
    assert len(boxes) >= 6
    assert max(boxes) <= 400


def test_the_way_past_the_contents_and_the_folds_work_by_keyboard(bundles, visitor):
    page = visitor.open(bundles["0127"].report).page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "innehall"
    fold = page.locator("figure details").nth(1)
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert fold.locator("table").is_visible()
    assert page.evaluate("document.activeElement.getAttribute('role')") == "region"


def test_the_report_is_small_and_opens_at_once(bundles, visitor):
    for area in AREAS:
        assert bundles[area].report.stat().st_size <= LARGEST
    began = time.perf_counter()
    visitor.open(bundles["0180"].report)
    assert time.perf_counter() - began < SLOWEST


def test_paper_has_the_words_and_no_controls(bundles, visitor, tmp_path):
    from pypdf import PdfReader

    page = visitor.open(bundles["0127"].report).page
    page.pdf(path=tmp_path / "rapport.pdf", format="A4", prefer_css_page_size=True)
    text = " ".join(" ".join(sheet.extract_text().split()) for sheet in PdfReader(tmp_path / "rapport.pdf").pages)
    assert "Ordlista" in text
    assert "Ett år då enkäten gjordes." in text
    assert "Rita diagrammet" not in text
    assert "Till innehållsförteckningen" not in text


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def on_white(colour: str) -> float:
    return 1.05 / (luminance(colour) + 0.05)


@pytest.mark.parametrize("colour", [theme.INK, theme.MUTED, theme.BLUE, theme.ORANGE, theme.COUNTY_GREY])
def test_colours_of_text_have_contrast_on_white(colour):
    assert on_white(colour) >= 4.5


@pytest.mark.parametrize("colour", [theme.BLUE, theme.ORANGE, theme.COUNTY_GREY, theme.OTHER_GREY])
def test_colours_of_marks_have_contrast_on_white(colour):
    assert on_white(colour) >= 3
