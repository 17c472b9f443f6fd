"""The documentation in a browser, from disk: it asks for nothing else, can be searched, read on a phone and printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.build.site import write_site
from tests.support.axe import violations

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    """The first page of the whole site."""
    return write_site(ROOT, tmp_path_factory.mktemp("site"))


def test_a_search_from_disk_leads_to_the_heading(first, visitor):
    visit = visitor.open(first)
    visit.page.get_by_label("Sök").fill("tröskelvärde skalan")
    hit = visit.page.locator("#traffar a").first
    assert hit.inner_text() == "Ordlista"
    hit.click()
    assert visit.page.locator("h1").inner_text() == "Ordlista"
    assert visit.complaints == []
    assert all(request.startswith(first.parent.as_uri()) for request in visit.requests), "nothing but the site's own files"


def test_words_that_are_nowhere_are_told_so_and_no_row_is_markup(first, visitor):
    page = visitor.open(first).page
    page.get_by_label("Sök").fill("<b>xyzzy")
    assert page.locator("#traffar").inner_text().startswith("Inga träffar")
    page.get_by_label("Sök").press("Escape")
    assert page.locator("#traffar").is_hidden()


def test_the_pages_are_accessible_and_never_scroll_sideways(first, visitor):
    for name in ("index.html", "steward/index.html", "development/architecture.html"):
        page = visitor.open(first.parent / name, width=400).page
        assert violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, name


def test_without_scripts_the_menu_is_there_and_the_search_is_not(first, visitor):
    page = visitor.open(first, scripts=False).page
    assert page.locator("form[role=search]").is_hidden()
    assert page.locator("nav summary").count() >= 5


def test_the_page_for_municipalities_is_one_sheet(first, visitor, tmp_path):
    from pypdf import PdfReader

    paper = tmp_path / "kommun.pdf"
    visitor.open(first.parent / "kommun" / "index.html").page.pdf(path=str(paper), prefer_css_page_size=True)
    assert len(PdfReader(paper).pages) == 1
