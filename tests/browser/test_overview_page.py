"""The Lägesöversikt in a browser: from disk, all municipalities readable, states by mark and word, on screens and on paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assets.catalogue.load import load_catalogue
from assets.overview.table import status_overview
from assets.overview.texts import overview_texts
from assets.overview.write import write_overview
from tests.support.axe import violations
from tests.support.contrast import CONTRAST
from tests.support.overview_sample import mixed_facts

pytestmark = pytest.mark.browser
TEXTS = overview_texts()


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """The page of municipalities in every state, and of a wave without deliveries."""
    overview = status_overview(mixed_facts(), load_catalogue(), TEXTS, lambda *_: "En regel som inte håller. Rätta svaren.")
    two = tuple(row for row in overview.rows if row.wave in overview.waves[:2])
    return write_overview(tmp_path_factory.mktemp("kvalitet"), replace(overview, rows=two), TEXTS)


def test_the_page_asks_for_nothing_is_clean_and_readable(page, visitor):
    visit = visitor.open(page)
    assert visit.requests == [page.as_uri()]
    assert visit.complaints == []
    assert violations(visit.page) == []
    assert visit.page.evaluate(CONTRAST)[0] >= 1
    rows = visit.page.locator("#m2024-tabell tbody tr")
    assert rows.count() == len(load_catalogue().municipalities)
    shown = set(visit.page.locator(".state").all_inner_texts())
    words = {text.split("\n")[0].lstrip("✓◐↻✗○–").strip() for text in shown}
    assert words == {one["word"] for one in TEXTS["states"].values()}, "every state is there, each in words"


@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_never_scrolls_sideways_and_its_tables_do_by_keyboard(page, visitor, width):
    shown = visitor.open(page, width=width).page
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    regions = shown.evaluate("[...document.querySelectorAll('.scroll')].map(e => [e.tabIndex, e.getAttribute('role')])")
    assert regions
    assert all(region == [0, "region"] for region in regions)


def test_a_print_has_every_municipality_and_the_mark_on_every_page(page, visitor, tmp_path):
    from pypdf import PdfReader

    paper = tmp_path / "lage.pdf"
    visitor.open(page).page.pdf(path=str(paper), prefer_css_page_size=True)
    texts = [one.extract_text() for one in PdfReader(paper).pages]
    together = "".join(texts)
    assert all(place.name in together for place in load_catalogue().municipalities)
    assert all("SYNTETISKA DATA" in text for text in texts)
    assert len(texts) < 10
