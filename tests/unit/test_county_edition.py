"""The county's edition: municipalities in alphabetical order, hidden values as marks, nothing ranked, the same bytes."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.county_edition import county_report, county_report_path
from assets.bundle.county_frames import CountyFrames, guard_county, select_county_frames
from assets.bundle.county_render import render_county
from assets.bundle.types import Bullets, ReportContent, Section, SubHeading, Table, Text
from assets.bundle.writer import write_bundle, write_county_overview
from assets.catalogue.load import load_catalogue
from assets.charts import numbers
from assets.charts.types import ChartCard, Scope
from assets.methods.compared_areas import published_funnel, published_ranks
from assets.methods.errors import PipelineError
from tests.support.released_world import FOCUS, codes, released
from tests.support.sample_bundle import hide, outline, sample_bundle_meta, sample_report_meta, whole_release

META = sample_report_meta()
SCOPE = Scope("01", "Stockholms län", 2024, "intern")
AREAS = codes(16)
COMPARED = released(dict.fromkeys(AREAS, 0.12) | {AREAS[-1]: 0.6}, {code: 150 + 50 * n for n, code in enumerate(AREAS)})
RULES = load_catalogue().estimates.compared


def frames(*, compared: bool = True) -> CountyFrames:
    """The sample release with a hidden and an absent municipality, and an invented comparison of one index."""
    release = hide(hide(whole_release(), "0140", "suppressed"), "0182", "no_delivery")
    ranks, funnel = (make(COMPARED, FOCUS, RULES, "intern") for make in (published_ranks, published_funnel))
    if not compared:
        ranks, funnel = ranks.head(0), funnel.head(0)
    return select_county_frames(release, ranks, funnel, SCOPE)


@pytest.fixture(scope="module")
def content() -> ReportContent:
    return county_report(frames(), SCOPE, META)


def draw(cards: list[ChartCard]) -> list[str]:
    return [outline(card) for card in cards]


def section(content: ReportContent, name: str) -> Section:
    return next(found for found in content.sections if found.id == name)


def table(content: ReportContent, section_id: str, table_id: str) -> Table:
    return next(b for b in section(content, section_id).blocks if isinstance(b, Table) and b.id == table_id)


def test_municipalities_stand_in_alphabetical_order_with_share_and_interval_or_a_mark(content):
    shares = table(content, "kommuner", "kommuner-ak9")
    names = [str(row[0]) for row in shares.rows[:-1]]
    assert names == sorted(names, key=numbers.swedish)
    rows = {row[0]: row[1:] for row in shares.rows}
    assert set(rows["Nykvarn"]) == {"[c]"}
    assert set(rows["Nacka"]) == {"[l]"}
    assert "skyddat av sekretesskäl" in shares.note
    assert all("%" in str(cell) and "(" in str(cell) for cell in rows["Stockholms län (hela länet)"])


def test_no_table_of_the_edition_gives_a_place_to_a_municipality(content):
    for found in content.sections:
        for block in found.blocks:
            if isinstance(block, Table):
                assert not {"Plats", "Rang", "Placering"} & set(block.columns)
    places = next(b for b in section(content, "platser").blocks if isinstance(b, Table))
    assert all("–" in str(cell) or "kan inte" in str(cell) or "%" not in str(cell) for row in places.rows for cell in row[1:])


def test_every_table_has_rows_and_every_section_something_to_read(content):
    assert [found.id for found in content.sections][:5] == ["oversikt", "kommuner", "kartor", "platser", "trender"]
    for found in content.sections:
        assert found.blocks, found.id
        for block in found.blocks:
            if isinstance(block, Table):
                assert block.rows, block.id
                assert all(len(row) == len(block.columns) for row in block.rows), block.id
    assert len({card.chart_id for card in content.cards}) == len(content.cards)


def test_deliveries_say_once_why_there_is_none(content):
    rows = {row[0]: row[1:] for row in table(content, "kvalitet", "leveranser").rows}
    assert len([cell for cell in rows["Tyresö"] if cell]) == 1
    shown = {row[0]: row[1:] for row in table(content, "kvalitet", "visas").rows}
    assert shown["Nykvarn"][0] == "0"


def test_every_index_has_its_maps_its_rank_intervals_and_the_countys_own_line(content):
    drawn = {card.chart_id for card in content.cards}
    for key in META.charts.indices:
        assert {f"rutkarta_{key}_ak9", f"granskarta_{key}_ak9", f"trend_{key}_ak9"} <= drawn
    assert f"platsintervall_{next(iter(FOCUS))}_ak9" in drawn
    trend = next(card for card in content.cards if card.chart_id.startswith("trend_"))
    assert not [column for column in trend.table.columns if "länet" in column.lower()]
    assert "Stockholms län och Stockholms län" not in trend.alt


def test_the_overview_says_what_is_uncertain_and_what_cannot_be_said(content):
    blocks = section(content, "oversikt").blocks
    found = {b.id: blocks[place + 1] for place, b in enumerate(blocks) if isinstance(b, SubHeading)}
    assert {"oversikt-strengths", "oversikt-attention", "oversikt-unclear", "oversikt-hidden"} <= set(found)
    hidden = found["oversikt-hidden"]
    assert isinstance(hidden, Bullets)
    assert any("ingen leverans" in text.lower() for text in hidden.items)


def test_without_a_comparison_the_edition_says_so():
    told = section(county_report(frames(compared=False), SCOPE, META), "platser").blocks
    assert len(told) == 1
    assert isinstance(told[0], Text)


def test_rows_of_another_edition_or_a_later_wave_are_refused():
    whole = frames()
    other = replace(whole, index_results=whole.index_results.with_columns(edition=pl.lit("publik")))
    with pytest.raises(PipelineError, match="länspaketet 2024"):
        guard_county(other, SCOPE)
    with pytest.raises(PipelineError, match="länspaketet 2022"):
        guard_county(whole, replace(SCOPE, wave=2022))


def test_the_bundle_has_the_same_folders_all_municipalities_tables_and_the_same_bytes_twice():
    first, second = (render_county(frames(), SCOPE, META, draw) for _ in range(2))
    assert first.folder == "01_stockholms_lan_2024_v1.0_intern"
    assert first.files == second.files
    assert {"LAS_MIG.html", "1_rapport/rapport.html", "5_metod/metod.html", "4_tabeller/platser.csv"} <= set(first.files)
    rows = pl.read_csv(first.files["4_tabeller/index_results.csv"], schema_overrides={"area_code": pl.String})
    assert {"0127", "0140", "0180"} <= set(rows["area_code"])
    assert set(rows.filter(pl.col("area_code") != "01")["wave"]) == {2024}
    package = json.loads(first.files["4_tabeller/datapackage.json"])
    paths = {f"4_tabeller/{resource['path']}" for resource in package["resources"]}
    assert paths == {name for name in first.files if name.startswith("4_tabeller/") and name.endswith(".csv")}
    assert "länspaket" in first.files["LAS_MIG.html"].decode().lower()


def test_the_county_page_links_the_edition_when_it_is_there(tmp_path):
    link = county_report_path(2024, "intern", META)

    def page() -> str:
        path = write_county_overview([], tmp_path, META, wave=2024, edition="intern", county=link)
        return path.read_text(encoding="utf-8")

    assert link not in page()
    write_bundle(render_county(frames(), SCOPE, META, draw), tmp_path, sample_bundle_meta())
    assert f'href="{link}"' in page()
