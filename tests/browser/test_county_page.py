"""The county's edition, a register report and the method folder in a browser, from disk, with the network off."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from assets.bundle.county_frames import select_county_frames
from assets.bundle.county_render import render_county
from assets.bundle.render import render_bundle
from assets.bundle.writer import write_bundle
from assets.catalogue.load import load_catalogue
from assets.charts.svg import to_svg
from assets.charts.types import Scope
from assets.methods.compared_areas import published_funnel, published_ranks
from tests.support.axe import violations
from tests.support.keyboard import walk
from tests.support.released_world import FOCUS, codes, released
from tests.support.sample_bundle import hide, sample_bundle_frames, sample_bundle_meta, sample_report_meta, whole_release

pytestmark = pytest.mark.browser
AREAS = codes(16)
COMPARED = released(dict.fromkeys(AREAS, 0.12) | {AREAS[-1]: 0.6}, {code: 150 + 50 * n for n, code in enumerate(AREAS)})


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Mapping[str, Path]:
    """The county's bundle and a municipality's without a delivery."""
    root, meta, rules = tmp_path_factory.mktemp("reports"), sample_report_meta(), load_catalogue().estimates.compared
    scope = Scope("01", "Stockholms län", 2024, "intern")
    ranks, funnel = (make(COMPARED, FOCUS, rules, "intern") for make in (published_ranks, published_funnel))
    county = render_county(
        select_county_frames(whole_release(), ranks, funnel, scope), scope, meta, lambda cards: [to_svg(card) for card in cards]
    )
    frames, own = sample_bundle_frames("0115")
    register = render_bundle(hide(frames, own.area_code, "no_delivery"), own, meta)
    return {
        name: write_bundle(bundle, root, sample_bundle_meta()).folder for name, bundle in (("01", county), ("0115", register))
    }


@pytest.mark.parametrize("area", ["01", "0115"])
def test_every_page_asks_for_nothing_but_itself_and_has_no_broken_link_and_nothing_empty(folders, visitor, area):
    pages = sorted(folders[area].rglob("*.html"))
    assert len(pages) >= 8
    for path in pages:
        visit = visitor.open(path)
        assert visit.requests == [path.as_uri()]
        assert visit.complaints == []
        targets = visit.page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)")
        ids = visit.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids)), f"{path.name}: an id stands twice"
        for target in targets:
            file, _, anchor = target.removeprefix("file://").partition("#")
            assert Path(file).exists(), f"{path.name} -> {Path(file).name}"
            assert not anchor or Path(file) != path or anchor in ids, f"{path.name} -> #{anchor}"
        rows, marks = visit.page.evaluate(
            """() => [[...document.querySelectorAll('table')].map(t => [t.id, t.querySelectorAll('tbody tr').length]),
                [...document.querySelectorAll('figure')].map(f => [f.id, f.querySelectorAll('svg path,svg rect').length])]"""
        )
        assert [name for name, count in rows if not count] == [], path.name
        assert [name for name, count in marks if count < 5] == [], path.name


@pytest.mark.parametrize("name", ["1_rapport/sammanfattning.html", "5_metod/kvalitetsdeklaration.html"])
def test_axe_finds_nothing_on_the_countys_pages(folders, visitor, name):
    page = visitor.open(folders["01"] / name).page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert violations(page) == []


REPORT = "1_rapport/rapport.html"
"""Its colours are measured in a municipality's."""
OF_THEIR_OWN = {
    "01": ("LAS_MIG.html", REPORT, "5_metod/bortfall.html", "5_metod/rojandekontroll.html"),
    "0115": ("LAS_MIG.html", REPORT, "1_rapport/sammanfattning.html", "5_metod/kvalitetsdeklaration.html"),
}
"""Pages that no ordinary municipality has, or that the test of its pages leaves out."""


@pytest.mark.parametrize("area", OF_THEIR_OWN)
def test_axe_finds_nothing_on_the_pages_of_the_county_or_of_a_register_report(folders, visitor, area):
    for name in OF_THEIR_OWN[area]:
        page = visitor.open(folders[area] / name).page
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert violations(page, colours=name != REPORT) == [], name


@pytest.mark.parametrize(
    ("area", "name", "least"),
    [("01", REPORT, 20), ("0115", REPORT, 15), ("01", "5_metod/kodbok.html", 4)],
)
def test_the_keyboard_reaches_everything_and_shows_where_it_is(folders, visitor, area, name, least):
    page = visitor.open(folders[area] / name).page
    stops = walk(page, most=60)
    assert len(stops) >= least
    assert stops[0]["href"] == "#innehall"
    assert [stop for stop in stops if not stop["seen"] or not stop["marked"]] == []
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement !== document.body"), "one can go back"
