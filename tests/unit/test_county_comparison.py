"""The county's page for comparison: funnel charts that name only what lies outside, and places that are never a single one."""

from __future__ import annotations

import re

import polars as pl
import pytest

from assets.bundle.county import comparison_page, comparison_sections
from assets.bundle.types import Table
from assets.catalogue.load import load_catalogue
from assets.charts import tratt
from assets.charts.types import ChartCard
from assets.methods.compared_areas import published_funnel, published_ranks
from tests.support.released_world import EDITION, FOCUS, codes, released
from tests.support.sample_bundle import sample_report_meta

AREAS = codes(16)
SIZES = {code: 150 + 50 * place for place, code in enumerate(AREAS)}
TRUTH = dict.fromkeys(AREAS, 0.12) | {AREAS[-1]: 0.6}
RESULTS = released(TRUTH, SIZES, hidden=frozenset({("0100", 2024)}))
RULES = load_catalogue().estimates.compared
RANKS = published_ranks(RESULTS, FOCUS, RULES, EDITION)
FUNNEL = published_funnel(RESULTS, FOCUS, RULES, EDITION)
META = sample_report_meta()


def card() -> ChartCard:
    found = tratt.build(FUNNEL, META.charts, wave=2024, grade="ak9", index_key="acting_out")
    assert found is not None
    return found


def drawn(item: ChartCard, shape: str) -> list[dict]:
    layers = item.spec["vconcat"][1]["layer"]
    return [row for one in layers if one["mark"].get("shape") == shape for row in one["data"]["values"]]


def names(item: ChartCard) -> set[str]:
    layers = item.spec["vconcat"][1]["layer"]
    return {row["text"] for one in layers if one["mark"]["type"] == "text" for row in one["data"]["values"]}


def test_every_shown_municipality_is_a_point_and_only_those_outside_are_named():
    item = card()
    shown = FUNNEL.filter(pl.col("position").is_not_null())
    outside = shown.filter(pl.col("position") != "inside")
    assert outside.height >= 1
    assert len(drawn(item, "circle")) + len(drawn(item, "diamond")) == shown.height
    assert len(drawn(item, "diamond")) == outside.height
    assert names(item) & set(FUNNEL["area_name"]) == set(outside["area_name"])


def test_title_and_text_say_how_many_and_which_without_ranking_or_blame():
    item = card()
    words = " ".join([item.title, item.subtitle, item.alt, *item.notes])
    assert f"K {AREAS[-1]}" in item.alt
    assert "skiljer sig mer från länet än slumpen förklarar" in item.title
    assert "En kommun har ingen andel att visa." in item.subtitle
    for word in ("bäst", "sämst", "rank", "ligger i topp", "orsak"):
        assert word not in words.lower()
    assert not re.search(r"\d\.\d", words)


def test_the_table_is_alphabetical_and_gives_the_reason_of_a_hidden_share():
    table = card().table
    assert table["Kommun"].to_list() == sorted(f"K {code}" for code in AREAS)
    assert "[c]" in table.row(0)[1]


def test_names_stay_inside_the_plot_and_off_each_other():
    at = (600.0, 100.0)
    align, (x, _), first = tratt._free_place(at, 60, [])
    assert align == "right"
    assert x < at[0]
    assert first[1] <= tratt.PLOT
    _, _, second = tratt._free_place((600.0, 101.0), 60, [first])
    assert not tratt._meet(first, second)


def test_too_few_municipalities_give_no_chart_and_no_page():
    none = FUNNEL.with_columns(position=pl.lit(None, pl.String))
    assert tratt.build(none, META.charts, wave=2024, grade="ak9", index_key="acting_out") is None
    assert comparison_sections(RANKS, none, META, 2024) == ()
    assert comparison_page(RANKS, none, META, 2024, lambda cards: []) == ""


def test_the_page_gives_sets_of_places_in_alphabetical_order_and_never_one_place():
    sections = comparison_sections(RANKS, FUNNEL, META, 2024)
    assert [section.id for section in sections] == ["las", "index-acting-out"]
    table = next(block for block in sections[1].blocks if isinstance(block, Table))
    assert [row[0] for row in table.rows] == [f"K {code}" for code in AREAS]
    assert table.rows[-1][1] == "plats 1–2 av 15"
    assert all(re.search(r"\d–\d|\[c\]", str(row[1])) for row in table.rows)


def test_the_page_is_whole_and_offline():
    page = comparison_page(RANKS, FUNNEL, META, 2024, lambda cards: ["<svg></svg>" for _ in cards])
    assert page.count("<figure") == 1
    assert 'href="lansoversikt.html"' in page
    assert "SYNTETISKA DATA" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "<script" not in page


@pytest.mark.parametrize("exists", [True, False])
def test_the_overview_links_the_page_only_when_it_is_there(tmp_path, exists):
    from assets.bundle.writer import write_county_overview

    if exists:
        (tmp_path / "2024").mkdir()
        (tmp_path / "2024/lansjamforelse.html").write_text("sida", encoding="utf-8")
    path = write_county_overview([], tmp_path, META, wave=2024, edition=EDITION, comparison="lansjamforelse.html")
    assert ('href="lansjamforelse.html"' in path.read_text(encoding="utf-8")) is exists
