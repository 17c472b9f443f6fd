"""The steward's quality pages in a browser: from disk, without network or scripts, on a wide screen and on a telephone."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from assets.quality.html import render_delivery, render_index
from assets.quality.writer import write_index, write_pages
from tests.support.axe import violations
from tests.support.contrast import CONTRAST
from tests.support.sample_quality import GOOD, OLD, STOPPED, sample_pages, sample_phrases

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> dict[str, Path]:
    """Delivery id (`index` for the list) -> page on disk."""
    folder, phrases = tmp_path_factory.mktemp("kvalitet"), sample_phrases()
    pages, index = sample_pages()
    written = write_pages(folder, {page.path: render_delivery(page, phrases) for page in pages}, [])
    places = {page.delivery_id: folder / page.path for page in pages}
    return places | {"index": write_index(folder, render_index(index, phrases, written))}


def test_pages_ask_for_nothing_and_complain_of_nothing(site, visitor):
    for path in site.values():
        visit = visitor.open(path)
        assert visit.requests == [path.as_uri()]
        assert visit.complaints == []


def test_axe_finds_nothing_on_a_deliverys_page_or_on_the_list(site, visitor):
    for name in (GOOD, "index"):
        page = visitor.open(site[name]).page
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert violations(page) == [], name


@pytest.mark.parametrize("width", [400, 1280])
def test_pages_never_scroll_sideways_and_nothing_sticks_out(site, visitor, width):
    for name, path in site.items():
        page = visitor.open(path, width=width).page
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        outside = page.evaluate(
            """width => [...document.querySelectorAll('h1,h2,h3,p,li,dt,dd,caption span')]
                .filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest('.skip')).map(e => e.textContent)""",
            width,
        )
        assert outside == [], name


def test_wide_tables_scroll_by_keyboard_in_a_named_region(site, visitor):
    page = visitor.open(site[GOOD], width=400).page
    regions = page.evaluate(
        """() => [...document.querySelectorAll('.scroll')].map(e => ({tab: e.tabIndex, role: e.getAttribute('role'),
            name: document.getElementById(e.getAttribute('aria-labelledby')).textContent.trim()}))"""
    )
    assert len(regions) > 5
    assert all(r["tab"] == 0 and r["role"] == "region" and r["name"] for r in regions)
    assert len({r["name"] for r in regions}) == len(regions), "every region has a name of its own"


def test_every_line_is_a_picture_with_words_and_is_drawn(site, visitor):
    page = visitor.open(site[GOOD]).page
    lines = page.evaluate(
        """() => [...document.querySelectorAll('svg')].map(s => ({role: s.getAttribute('role'),
            wide: s.getBoundingClientRect().width, marks: [...s.querySelectorAll('path,circle')].length}))"""
    )
    assert len(lines) > 100
    assert all(s["role"] == "img" and s["wide"] >= 130 and s["marks"] >= 2 for s in lines)
    assert page.get_by_role("img", name="Andel utan svar: 2016 uppgift saknas").count() > 0
    assert page.get_by_role("img", name="2022 5\u00a0%, 2024 39\u00a0%.").count() == 2, "in the list to look at and in its arena"


def test_the_page_is_whole_without_scripts_and_leads_on(site, visitor):
    page = visitor.open(site[OLD], scripts=False).page
    assert page.get_by_role("heading", level=1).inner_text() == "Täby gammal.sav, 2024"
    page.get_by_role("link", name="Till den nyare filens sida").click()
    assert page.url == site[GOOD].as_uri()
    page.get_by_role("navigation").get_by_role("link", name="Alla leveranser").click()
    assert page.url == site["index"].as_uri()
    page.get_by_role("link", name="Täby 2022.sav").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Täby 2022.sav, 2022"


def test_the_keyboard_reaches_the_way_past_and_every_section(site, visitor):
    page = visitor.open(site[STOPPED]).page
    seen = []
    for _ in range(11):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.getAttribute('href')"))
    sections = page.evaluate("[...document.querySelectorAll('main > section')].map(s => '#' + s.id)")
    assert seen[0] == "#innehall"
    assert seen[1 : len(sections) + 1] == sections


def test_headings_and_landmarks_are_in_order(site, visitor):
    for name, path in site.items():
        page = visitor.open(path).page
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]))")
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), name
        for role in ("banner", "navigation", "main", "contentinfo"):
            assert page.get_by_role(role).count() == 1, (name, role)


def test_text_has_enough_contrast(site, visitor):
    """Every visible text against its nearest filled background: 4.5 to 1, or 3 to 1 for large text (WCAG 2.1 AA)."""
    for name, path in site.items():
        worst = visitor.open(path).page.evaluate(CONTRAST)
        assert worst[0] >= 1, (name, worst)


def test_a_print_carries_the_mark_on_every_page_and_all_problems(site, visitor, tmp_path):
    from pypdf import PdfReader

    page = visitor.open(site[STOPPED]).page
    page.pdf(path=tmp_path / "sida.pdf", format="A4", prefer_css_page_size=True)
    sheets = [sheet.extract_text() for sheet in PdfReader(tmp_path / "sida.pdf").pages]
    assert all("SYNTETISKA DATA" in sheet for sheet in sheets)
    assert "Alla svar finns i kodboken." in " ".join("".join(sheets).split())
