"""How much the results are used: counted per municipality, alphabetically and unranked, in the county's bundle and overview."""

from __future__ import annotations

import polars as pl

from assets.bundle.county_frames import select_county_frames
from assets.bundle.county_render import county_meta
from assets.bundle.county_use import COUNTED, SHORT, use_rows, use_section, use_table
from assets.bundle.html_county import render_overview
from assets.bundle.tables import csv_bytes
from assets.bundle.types import Table
from assets.bundle.words import Context
from assets.charts.types import ReleaseFrames, Scope
from assets.methods.decisions import USE
from tests.support.decision_sample import decision_rows
from tests.support.sample_bundle import sample_report_meta, whole_release

META = county_meta(sample_report_meta())
SCOPE = Scope("01", "Stockholms län", 2024, "intern")
NONE = dict.fromkeys(COUNTED, 0)
ROWS = (
    {"area_code": "0117", "area_name": "Österåker", **NONE, "workshops": 1, "participants": 1400, "decisions": 3,
     "decisions_due": 2, "decisions_followed_up": 1, "newest_round": "2024"},
    {"area_code": "0127", "area_name": "Botkyrka", **NONE, "forms_readiness": 12},
    {"area_code": "0160", "area_name": "Täby", **NONE},
)  # fmt: skip


def use(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([{"edition": "intern", **row} for row in rows], schema=USE)


def context(rows: pl.DataFrame) -> Context:
    release = ReleaseFrames(**{**vars(whole_release("0127")), "use_of_results": rows, "decisions": decision_rows()})
    return Context(select_county_frames(release, pl.DataFrame(), pl.DataFrame(), SCOPE), SCOPE, META)


def test_every_municipality_has_a_row_in_alphabetical_order_and_the_county_its_sum():
    given = context(use(*ROWS))
    found = use_section(given)
    assert found is not None
    (table,) = [block for block in found.blocks if isinstance(block, Table)]
    assert [row[0] for row in table.rows] == ["Botkyrka", "Täby", "Österåker", "Hela länet"]
    assert table.rows[-1] == ("Hela länet", "1", "1\u00a0400", "0", "12", "3", "2", "1")
    assert "rangordning" in str(found.blocks)
    assert given.frames.decisions.is_empty(), "what a workshop wrote stays in the municipality's own bundle"


def test_where_nothing_is_done_a_sentence_stands_and_where_nothing_is_known_nothing():
    found = use_section(context(use(ROWS[2])))
    assert found is not None
    assert [block.kind for block in found.blocks] == ["text"]
    assert use_section(context(pl.DataFrame())) is None
    assert use_table(pl.DataFrame(), META) == {}


def test_the_table_is_in_the_package_with_swedish_headers():
    (table,) = use_table(use(*ROWS), META).values()
    read = pl.read_csv(csv_bytes(table), infer_schema=False)
    assert read.columns[:3] == ["Område", "Områdeskod", "Workshoppar"]
    assert read["Områdeskod"].to_list() == ["0117", "0127", "0160"]
    assert {"title", "description", "source"} <= META.texts["tables"]["anvandning"].keys()
    assert set(table.columns) <= META.texts["tables"]["fields"].keys()


def test_the_overview_has_a_short_table_below_the_bundles():
    table = use_rows(use(*ROWS), META, SHORT)
    page = render_overview([], [], wave=2024, edition="intern", meta=META, use=table)
    assert page.index('<table id="kommuner">') < page.index('<table id="anvandning-kommuner">')
    assert "Formulären och besluten är påhittade." in page
    assert "anvandning" not in render_overview([], [], wave=2024, edition="intern", meta=META)
