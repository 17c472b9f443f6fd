"""The report as a person meets it: in a browser, from disk, with the network off."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from pypdf import PdfReader

from assets.bundle.types import BundlePaths
from assets.bundle.writer import write_bundle, write_county_overview
from assets.charts import numbers
from tests.support.contrast import CONTRAST
from tests.support.sample_bundle import sample_bundle_meta, sample_report_meta

pytestmark = pytest.mark.browser
AREAS = ("0127", "0180", "0140")


@pytest.fixture(scope="module")
def bundles(tmp_path_factory, drawn_bundles) -> Mapping[str, BundlePaths]:
    """Three real bundles: an ordinary one, Stockholm with districts, and one without gymnasium."""
    root, meta = tmp_path_factory.mktemp("reports"), sample_report_meta()
    paths = {bundle.scope.area_code: write_bundle(bundle, root, sample_bundle_meta()) for bundle in drawn_bundles}
    write_county_overview([bundle.summary for bundle in drawn_bundles], root, meta, wave=2024, edition="intern")
    return paths


def pages(paths: BundlePaths) -> list[Path]:
    return [paths.folder / "LAS_MIG.html", paths.report, paths.folder / "1_rapport/lattlast.html",
            paths.folder / "1_rapport/sammanfattning.html", paths.folder / "5_metod/metod.html",
            paths.folder.parent / "lansoversikt.html"]  # fmt: skip


@pytest.mark.parametrize("area", AREAS)
def test_pages_ask_for_nothing_but_themselves_and_fit_the_screen(bundles, visitor, area):
    """Nothing scrolls sideways; on a wide screen no table does either, not even with its protected cells in words.

    Each page is opened once, which takes the time, and made narrow afterwards.
    """
    for path in pages(bundles[area]):
        visit = visitor.open(path, width=1280)
        assert visit.requests == [path.as_uri()]
        assert visit.complaints == []
        page = visit.page
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280, path.name
        tables = page.evaluate(
            """() => [...document.querySelectorAll('table')].map(t => {
                const box = t.closest('.scroll') ?? t.parentElement;
                return [t.id || t.closest('figure')?.id || t.caption?.textContent, box.scrollWidth - box.clientWidth];
            })"""
        )
        assert [table for table in tables if table[1] > 0] == [], path.name
        page.set_viewport_size({"width": 400, "height": 900})
        assert page.evaluate("window.innerWidth") == 400
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, path.name
        assert visit.requests == [path.as_uri()]


@pytest.mark.parametrize("area", AREAS)
def test_every_figure_has_a_drawn_picture_its_own_words_and_a_table(bundles, visitor, area):
    page = visitor.open(bundles[area].report).page
    figures = page.evaluate(
        """() => [...document.querySelectorAll('figure')].map(f => {
            const svg = f.querySelector('svg'), box = svg.getBoundingClientRect();
            const drawn = [...svg.querySelectorAll('path,line,rect')].filter(e => e.getBBox().width + e.getBBox().height > 0);
            return {id: f.id, marks: drawn.length, texts: svg.querySelectorAll('text').length, width: box.width,
                    role: svg.getAttribute('role'), title: svg.querySelector(':scope > title').textContent,
                    desc: svg.querySelector(':scope > desc').textContent,
                    heading: f.querySelector('h3,h4').textContent, rows: f.querySelectorAll('tbody tr').length};
        })"""
    )
    assert len(figures) >= 10
    for figure in figures:
        assert figure["marks"] > 5, figure["id"]
        assert figure["texts"] > 3, figure["id"]
        assert figure["rows"] > 0, figure["id"]
        assert figure["width"] > 400, figure["id"]
        assert figure["role"] == "img"
        assert figure["title"] == figure["heading"]
        assert len(figure["desc"]) > 60, figure["id"]


def test_tables_on_the_page_equal_the_files_beside_the_charts(bundles, visitor):
    paths = bundles["0127"]
    page = visitor.open(paths.report).page
    tables = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('figure')].map(f => [f.id,
            [...f.querySelectorAll('tr')].map(r => [...r.cells].map(c => c.textContent.replaceAll('\u00ad', '')))]))"""
    )
    files = {path.stem: path for path in (paths.folder / "2_diagram").glob("*.csv")}
    assert set(files) == set(tables)
    for name, path in files.items():
        with path.open(encoding="utf-8", newline="") as file:
            assert list(csv.reader(file)) == tables[name], name


def test_shares_on_the_page_equal_the_result_table(bundles, visitor):
    paths = bundles["0127"]
    page = visitor.open(paths.report).page
    meta = sample_report_meta()
    results = pl.read_csv(paths.folder / "4_tabeller/index_results.csv", schema_overrides={"area_code": pl.String})
    labels = {index.label_sv: index for index in meta.charts.indices.values()}
    words = {"Åk 9": "ak9", "Gy 2": "gy2", "Flickor och pojkar": "all", "Flickor": "girl", "Pojkar": "boy"}
    rows = page.evaluate(
        """() => [...document.querySelectorAll('table[id^=varden] tbody tr')].map(r => [...r.cells].map(c => c.textContent))"""
    )
    assert len(rows) == 7 * 2 * 3
    for factor, grade, sex, share, interval, n, *_ in rows:
        index = labels[factor]
        row = results.row(
            by_predicate=(pl.col("area_code") == "0127") & (pl.col("wave") == 2024) & (pl.col("grade") == words[grade])
            & (pl.col("sex") == words[sex]) & (pl.col("index_key") == index.index_key)
            & (pl.col("measure") == index.focus_measure),
            named=True,
        )  # fmt: skip
        if row["value"] is None:
            assert share.endswith(meta.charts.reasons[row["reason"]].mark)
            assert interval == ""
        else:
            assert share == numbers.percent(row["value"])
            assert interval == numbers.percent_interval(row["low"], row["high"])
            assert n == numbers.thousands(row["n"])


def test_charts_stay_readable_on_a_telephone(bundles, visitor):
    page = visitor.open(bundles["0127"].report, width=400).page
    sizes = page.evaluate(
        """() => [...document.querySelectorAll('figure svg')].map(
            s => s.getBoundingClientRect().width / s.viewBox.baseVal.width * 14)"""
    )
    assert min(sizes) >= 10.5


def test_the_page_is_whole_without_scripts(bundles, visitor):
    visit = visitor.open(bundles["0127"].report, scripts=False)
    page = visit.page
    assert page.get_by_role("heading", level=1).inner_text() == "Hur mår unga i Botkyrka?"
    first = page.locator("figure").first
    first.get_by_text("Visa tabellen bakom diagrammet").click()
    assert first.locator("table").is_visible()
    page.get_by_role("navigation").get_by_role("link", name="Metod").click()
    assert page.url.endswith("#metod")


def test_the_keyboard_reaches_the_way_past_and_every_section(bundles, visitor):
    page = visitor.open(bundles["0127"].report).page
    seen = []
    sections = page.evaluate("[...document.querySelectorAll('main > section')].map(s => '#' + s.id)")
    for _ in range(len(sections) + 3):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.getAttribute('href')"))
    assert seen == ["#innehall", "lattlast.html", "report_en.html", *sections]


def test_headings_and_landmarks_are_in_order(bundles, visitor):
    page = visitor.open(bundles["0180"].report).page
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for role in ("banner", "navigation", "main", "contentinfo"):
        assert page.get_by_role(role).count() == 1, role


def test_text_has_enough_contrast(bundles, visitor):
    """Every visible text against its nearest filled background: 4.5 to 1, or 3 to 1 for large text (WCAG 2.1 AA)."""
    page = visitor.open(bundles["0127"].report).page
    worst = page.evaluate(CONTRAST)
    assert worst[0] >= 1, worst


def test_a_print_carries_the_mark_on_every_page(bundles, visitor, tmp_path):
    from pypdf import PdfReader

    page = visitor.open(bundles["0140"].report).page
    page.pdf(path=tmp_path / "rapport.pdf", format="A4", prefer_css_page_size=True)
    sheets = [sheet.extract_text() for sheet in PdfReader(tmp_path / "rapport.pdf").pages]
    assert len(sheets) > 3
    assert all("SYNTETISKA DATA" in sheet for sheet in sheets)


def test_a_changed_file_no_longer_matches_its_certificate(bundles, visitor):
    """What the instruction in LAS_MIG lets a receiver do with any SHA-256 program."""
    import hashlib

    paths = bundles["0127"]
    certificate = json.loads(paths.manifest.read_text(encoding="utf-8"))["files"]
    content = paths.report.read_bytes()
    assert hashlib.sha256(content).hexdigest() == certificate["1_rapport/rapport.html"]
    assert hashlib.sha256(content.replace(b"a", b"b", 1)).hexdigest() != certificate["1_rapport/rapport.html"]


@pytest.mark.parametrize("area", AREAS)
def test_the_summary_prints_on_two_sheets(bundles, visitor, area, tmp_path):
    page = visitor.open(bundles[area].folder / "1_rapport/sammanfattning.html").page
    page.pdf(path=tmp_path / "two.pdf", prefer_css_page_size=True)
    sheets = PdfReader(tmp_path / "two.pdf").pages
    assert len(sheets) == 2
    assert all("SYNTETISKA DATA" in sheet.extract_text() for sheet in sheets)
