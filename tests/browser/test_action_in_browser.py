"""The pages on action in Chromium: axe's rules, no request, one factor on one sheet of paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.bundle.action_pages import FOLDER, action_files
from assets.bundle.content import municipality_report
from tests.support.axe import judged
from tests.support.prevention_sample import prevention_frames
from tests.support.sample_bundle import outline, sample_report_meta

pytestmark = pytest.mark.browser
PAGES = ("faktorer", "forutsattningar", "prioritering", "verksamheter")
OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true)"
META = sample_report_meta()
PAGE_COUNT = b"/Type /Page\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One municipality's pages, and in `empty` the same where nobody has told anything. Charts have a test of their own."""
    root = tmp_path_factory.mktemp("action")
    for place, known in ((root, True), (root / "empty", False)):
        frames, scope = prevention_frames(inventoried=known, rated=known)
        made = action_files(frames, municipality_report(frames, scope, META), {}, META, outline)
        (place / FOLDER).mkdir(parents=True)
        for name, text in made.items():
            (place / name).write_bytes(text)
    return root


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_is_asked_for(folder, visitor, name):
    narrow = [(folder, 400), (folder / "empty", 1280)] if name in ("faktorer", "verksamheter") else []
    for place, width in ((folder, 1280), *narrow):
        visit = visitor.open(place / FOLDER / f"{name}.html", width=width)
        visit.page.evaluate(OPEN_ALL)
        broken, held = judged(visit.page)
        assert broken == []
        assert held >= 10
        assert visit.complaints == []
        assert len(visit.requests) == 1
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_factor_is_one_sheet_of_paper(folder, visitor):
    page = visitor.open(folder / FOLDER / "faktorer.html").page
    factors = page.locator("section.factor").count()
    sheets = page.pdf(format="A4", prefer_css_page_size=True).count(PAGE_COUNT)
    assert (factors, sheets) == (7, 8), "a cover with the contents, then a sheet per factor"


def test_level_activities_and_readiness_of_a_factor_are_on_one_screen(folder, visitor):
    page = visitor.open(folder / FOLDER / "faktorer.html").page
    for place in range(page.locator("section.factor").count()):
        factor = page.locator("section.factor").nth(place)
        top = factor.bounding_box()["y"]
        for table in ("lage", "verksamheter", "forutsattningar"):
            box = factor.locator(f"table[id^={table}]").bounding_box()
            assert box["y"] + box["height"] - top <= 900, table
