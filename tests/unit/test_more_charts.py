"""The county's charts, the quality strip, the anatomy, the spread over groups and the pairs: what is drawn, in which order, and
what happens when nearly nothing can be shown."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import polars as pl
import pytest

from assets.bundle.areas import boundaries, tile_grid
from assets.catalogue.load import load_catalogue
from assets.charts import bortfall, granskarta, indexanatomi, kvalitetsremsa, numbers, parvis, places, platsintervall, rutkarta
from assets.charts import svarsfordelning as spread
from assets.charts.bortfall import passed_screen
from assets.charts.county import county_cards
from assets.charts.key import KeyItem
from assets.charts.kvalitetsremsa import state_of
from assets.charts.places import classes
from assets.charts.svg import to_svg
from assets.charts.theme import text_width
from assets.charts.types import ChartCard, SeriesBreak
from tests.support.gallery_frames import (
    COUNTY_SCOPE,
    HIDDEN,
    PAIRS,
    anatomy,
    county_ranks,
    county_results,
    gallery_release,
    pair_values,
)
from tests.support.sample_release import MUNICIPALITIES, sample_meta, sample_scope
from tests.support.svg_boxes import overlaps, text_lines

META = sample_meta()
SCOPE = sample_scope()
WHERE = {"grade": "ak9", "index_key": "acting_out"}
ALL_HIDDEN = dict.fromkeys(MUNICIPALITIES, "suppressed")


def rows(card: ChartCard, mark: str, **look: object) -> list[dict]:
    """Rows below the key of every layer with the mark and look."""
    layers = [layer for view in card.spec["vconcat"][1:] for layer in view["layer"]]
    chosen = [one for one in layers if one["mark"]["type"] == mark and look.items() <= one["mark"].items()]
    return [row for one in chosen for row in one["data"]["values"]]


def words(card: ChartCard) -> list[str]:
    found: list[str] = []
    for row in rows(card, "text"):
        found += row["text"] if isinstance(row["text"], list) else [row["text"]]
    return found


def tile_map(results: pl.DataFrame) -> ChartCard:
    card = rutkarta.build(results, COUNTY_SCOPE, META, tile_grid(), **WHERE)
    assert card is not None
    return card


def border_map(results: pl.DataFrame, shapes: granskarta.Shapes | None = None) -> ChartCard:
    card = granskarta.build(results, COUNTY_SCOPE, META, boundaries() if shapes is None else shapes, **WHERE)
    assert card is not None
    return card


def test_the_tile_grid_holds_every_municipality_once_in_its_own_place():
    grid = tile_grid()
    assert set(grid) == {area.municipality_code for area in load_catalogue().municipalities}
    assert len(set(grid.values())) == len(grid)
    north, south, west, east = grid["0188"], grid["0192"], grid["0140"], grid["0120"]
    assert north[1] < grid["0180"][1] < south[1]
    assert west[0] < grid["0180"][0] < east[0]


def test_both_maps_show_the_shares_of_the_table_in_the_same_classes():
    results = county_results()
    tiles, borders = tile_map(results), border_map(results)
    assert tiles.table.equals(borders.table)
    values = {row["Kommun"]: row["Andel"] for row in tiles.table.iter_rows(named=True)}
    found = classes([float(text.split("\u00a0")[0]) for text in values.values() if "%" in text and text[0].isdigit()])
    drawn = rows(tiles, "point")
    shown = [text for name, text in values.items() if "%" in text and name != "Stockholms län"]
    assert [numbers.percent(dot["x"]) for dot in drawn] == shown
    assert all(dot["fill"] == found.colour(dot["x"]) for dot in drawn)
    assert len(rows(borders, "geoshape")) == len(MUNICIPALITIES)
    order = [row for row in tiles.table["Kommun"] if row != "Stockholms län"]
    assert order == sorted(order, key=numbers.swedish)


def test_every_share_on_a_map_has_its_interval_in_the_strip():
    card = tile_map(county_results())
    inside = {(dot["y"], dot["x"]) for dot in rows(card, "point")}
    rules = {row["y"]: row for row in rows(card, "rule", strokeWidth=2)}
    assert all(rules[y]["x"] <= x <= rules[y]["x2"] for y, x in inside)
    assert len(inside) == len(MUNICIPALITIES) - len(HIDDEN)


def test_hidden_municipalities_keep_their_tile_and_their_reason():
    card = tile_map(county_results())
    assert len(rows(card, "rect")) == len(MUNICIPALITIES)
    assert words(card).count("skyddat [c]") >= 2
    assert words(card).count("ej med [l]") >= 4
    reasons = dict(zip(card.table["Kommun"], card.table["Andel"], strict=True))
    assert reasons["Nykvarn"].endswith("[c]")
    assert "Utan andel att visa: fyra" in card.alt or "utan andel att visa: fyra" in card.alt


def test_the_title_counts_only_what_the_test_against_the_county_tells():
    results = county_results()
    clear = results.filter((pl.col("measure") == "diff_share_focus") & pl.col("verdict").is_in(["higher", "lower"])).height
    assert f"{numbers.spelled(clear)} av 22 kommuner" in tile_map(results).title
    untested = results.filter(pl.col("measure") != "diff_share_focus")
    assert tile_map(untested).title == "Utagerande, årskurs\u00a09: andelen med förhöjd risk är 5–18\u00a0% i 22 kommuner"


def test_maps_with_every_value_hidden_are_drawn_as_reasons():
    for card in (tile_map(county_results(ALL_HIDDEN)), border_map(county_results(ALL_HIDDEN))):
        assert "inga värden kan visas" in card.title
        assert rows(card, "point") == []
        assert words(card).count("skyddat [c]") >= len(MUNICIPALITIES)
        assert to_svg(card).startswith("<svg")


def test_one_municipality_with_a_long_name_makes_a_map():
    results = county_results().filter(pl.col("area_code").is_in(["0114", "01"]))
    results = results.with_columns(
        area_name=pl.when(pl.col("area_code") == "0114").then(pl.lit("Upplands-Väsby-Bro")).otherwise("area_name")
    )
    card = tile_map(results)
    assert [row["text"] for row in rows(card, "text") if row["text"] in ("Upplands-", "Väsby-Bro", "Upplands-Väsby-")]
    assert len(rows(card, "point")) == 1
    assert overlaps(text_lines(to_svg(card))) == []


def test_no_name_reaches_into_the_dots_beside_it():
    """The city is written out as a municipality, so that it can't be taken for the county."""
    results = county_results().with_columns(area_name=pl.col("area_name").str.replace("^Stockholm$", "Stockholms stad"))
    card = tile_map(results)
    plot = min(row["x"] for row in rows(card, "rule") if row.get("x2") == places.PLOT_RIGHT)
    names = [row for row in rows(card, "text") if row["x"] == places.STRIP]
    assert len(names) == len(MUNICIPALITIES)
    assert all(row["x"] + text_width(row["text"]) <= plot for row in names)


def test_missing_boundaries_are_told_and_none_at_all_gives_no_map():
    some = {code: rings for code, rings in boundaries().items() if code != "0180"}
    card = border_map(county_results(), some)
    assert any("Gränser saknas för Stockholm" in note for note in card.notes)
    assert len(rows(card, "geoshape")) == len(MUNICIPALITIES) - 1
    assert granskarta.build(county_results(), COUNTY_SCOPE, META, {}, **WHERE) is None


def test_the_boundary_map_has_north_up_and_east_to_the_right():
    place = granskarta.fitted(boundaries())
    centre = {code: place.px_of(rings[0][0]) for code, rings in boundaries().items()}
    assert centre["0188"][1] < centre["0180"][1] < centre["0192"][1]
    assert centre["0140"][0] < centre["0180"][0] < centre["0120"][0]


def test_hatching_stays_inside_its_ring():
    strokes = granskarta.hatched_ring([(0, 0), (40, 0), (40, 30), (20, 10), (0, 30)])
    assert strokes
    assert all(0 <= stroke["x"] < stroke["x2"] <= 40 for stroke in strokes)
    assert len([stroke for stroke in strokes if stroke["y"] > 12]) == 2 * len({s["y"] for s in strokes if s["y"] > 12})


def test_classes_cover_all_shares_without_gaps():
    for values in ([7.0], [5.0, 6.0], [4.0, 31.0], [0.0, 100.0]):
        found = classes(values)
        assert len(found.lows) <= 5
        assert all(after - before == found.width for before, after in pairwise(found.lows))
        assert found.of(min(values)) == 0
        assert found.of(max(values)) == len(found.lows) - 1


def test_rank_intervals_are_rules_from_best_to_worst_and_never_a_dot():
    ranks = county_ranks()
    card = platsintervall.build(ranks, COUNTY_SCOPE, META, **WHERE)
    assert card is not None
    assert rows(card, "point") == []
    drawn = rows(card, "rule", strokeWidth=2) + rows(card, "rule", strokeWidth=7)
    told = ranks.filter(pl.col("best_rank").is_not_null())
    assert sorted((row["x"], row["x2"]) for row in drawn) == sorted(told.select("best_rank", "worst_rank").rows())
    assert words(card).count("plats kan inte avgöras") == int(told["undecided"].sum())
    names = [row["Kommun"] for row in card.table.iter_rows(named=True)]
    assert names == sorted(names, key=numbers.swedish)


def test_ranks_that_cannot_be_compared_give_no_chart():
    assert platsintervall.build(county_ranks().clear(), COUNTY_SCOPE, META, **WHERE) is None
    none = county_ranks().with_columns(best_rank=None, worst_rank=None)
    assert platsintervall.build(none, COUNTY_SCOPE, META, **WHERE) is None


def test_the_county_gets_both_maps_and_the_ranks_in_order():
    cards = county_cards(county_results(), county_ranks(), COUNTY_SCOPE, META, tiles=tile_grid(), shapes=boundaries(), **WHERE)
    assert [card.chart_id.split("_")[0] for card in cards] == ["rutkarta", "granskarta", "platsintervall"]
    later = replace(COUNTY_SCOPE, wave=2030)
    assert county_cards(county_results(), county_ranks(), later, META, tiles=tile_grid(), shapes=boundaries(), **WHERE) == ()


@pytest.mark.parametrize(
    ("value", "limits", "state"),
    [
        (70, {"good": 70, "careful": 50}, "good"), (69, {"good": 70, "careful": 50}, "careful"),
        (49, {"good": 70, "careful": 50}, "weak"), (3, {"good": 3, "careful": 6}, "good"),
        (6, {"good": 3, "careful": 6}, "careful"), (7, {"good": 3, "careful": 6}, "weak"),
    ],
)  # fmt: skip
def test_states_follow_limits_in_either_direction(value, limits, state):
    assert state_of(value, limits) == state


def test_the_quality_strip_tells_each_fact_apart_and_never_a_sum():
    card = kvalitetsremsa.build(gallery_release(), SCOPE, META)
    assert card is not None
    facts = kvalitetsremsa.read_facts(gallery_release(), SCOPE, META)
    assert [fact.key for fact in facts] == [*kvalitetsremsa.FACTS] * 2
    assert card.table.height == len(facts) == len(rows(card, "point"))
    hidden = next(fact for fact in facts if fact.grade == "gy2" and fact.key == "screened")
    assert (hidden.state, hidden.value) == ("unknown", "skyddat av sekretesskäl [c]")
    assert all(word in words(card) for word in ("bra underlag", "läs försiktigt", "okänt"))


def test_an_index_that_breaks_the_series_is_seen_in_the_strip():
    broken = {key: replace(index, breaks=(SeriesBreak(SCOPE.wave, "ny fråga", "major"),)) for key, index in META.indices.items()}
    facts = kvalitetsremsa.read_facts(gallery_release(), SCOPE, replace(META, indices=broken))
    assert {(fact.value, fact.state) for fact in facts if fact.key == "comparable"} == {
        ("0 av 7 index, 7 med ändrade frågor", "weak")
    }
    whole = {key: replace(index, breaks=()) for key, index in META.indices.items()}
    facts = kvalitetsremsa.read_facts(gallery_release(), SCOPE, replace(META, indices=whole))
    assert {fact.state for fact in facts if fact.key == "comparable"} == {"good"}


def test_no_delivery_gives_no_strip():
    frames = gallery_release()
    none = frames.response_rates.with_columns(reason=pl.lit("no_delivery"))
    assert kvalitetsremsa.build(replace(frames, response_rates=none), SCOPE, META) is None
    hidden = frames.response_rates.with_columns(respondents=None, response_pct=None, reason=pl.lit("too_few"))
    assert kvalitetsremsa.build(replace(frames, response_rates=hidden), SCOPE, META) is None


def test_the_anatomy_draws_every_step_of_every_question():
    card = indexanatomi.build(gallery_release(), SCOPE, META, index_key="acting_out")
    assert card is not None
    steps = [float(part) for text in anatomy()["thresholds"].drop_nulls() for part in text.split()]
    assert sorted(row["x"] for row in rows(card, "point", size=90)) == sorted(steps)
    told = [cell for text in card.table["Steg (logiter)"] if text for cell in text.split("; ")]
    assert told == [numbers.decimal(step, 2) for step in steps]
    assert card.title == "Utagerande: tre av fem frågor fungerar som de ska i indexet"
    assert "uppgift saknas i källan [m]" in words(card)
    assert indexanatomi.build(gallery_release(), SCOPE, META, index_key="parenting") is None
    assert (
        indexanatomi.build(replace(gallery_release(), index_anatomy=pl.DataFrame()), SCOPE, META, index_key="parenting") is None
    )


@pytest.mark.parametrize(("index_key", "first"), [("wellbeing", "Låg skyddsnivå"), ("acting_out", "Förhöjd risk")])
def test_the_focus_group_comes_first_in_the_bars_and_the_table(index_key, first):
    card = spread.build(gallery_release(), SCOPE, META, index_key=index_key)
    assert card is not None
    assert card.table.columns[2] == first
    starts = rows(card, "rect", fill=spread.COLOURS[0])
    assert {box["x"] for box in starts} == {0}
    shown = [text for text in card.table[first] if text.endswith("%")]
    assert [numbers.percent(box["x2"]) for box in starts] == shown
    assert all(rule["x"] <= box["x2"] <= rule["x2"] for rule, box in zip(rows(card, "rule", strokeWidth=3), starts, strict=True))
    ends = [box["x2"] for box in rows(card, "rect", fill=spread.COLOURS[2])]
    assert all(99 <= end <= 101 for end in ends)


def test_a_hidden_group_has_no_bar_at_all():
    frames = gallery_release("0127")
    band = (pl.col("sex") == "girl") & (pl.col("measure") == "share_band2") & (pl.col("area_code") == "0127")
    gone = [pl.when(band).then(None).otherwise(name).alias(name) for name in ("value", "low", "high", "n")]
    hidden = frames.index_results.with_columns(*gone, reason=pl.when(band).then(pl.lit("suppressed")).otherwise("reason"))
    card = spread.build(replace(frames, index_results=hidden), SCOPE, META, index_key="acting_out")
    assert card is not None
    girls = card.table.filter(pl.col("Elever") == "Flickor")
    assert all("[c]" in text for text in girls.row(0)[2:])
    assert words(card).count("skyddat av sekretesskäl [c]") >= 2


def test_pairs_show_both_groups_and_the_reason_of_a_hidden_one():
    card = parvis.build(pair_values(), SCOPE, META, PAIRS, source="Källa: x", synthetic=True)
    assert card is not None
    assert len(rows(card, "point")) == 7
    assert card.title.endswith("elever svarar lägre än personal på tre av tre lika frågor")
    assert any("personal: dolt av källan" in text for text in words(card))
    assert parvis.build(pair_values("0115"), SCOPE, META, PAIRS, source="Källa: x", synthetic=True) is None
    pupils = pair_values().filter(pl.col("indicator_key").str.starts_with("elev"))
    assert parvis.build(pupils, SCOPE, META, PAIRS, source="Källa: x", synthetic=True) is None


def test_the_screen_is_a_step_of_its_own_where_it_is_in_use():
    steps = bortfall.read_steps(gallery_release(), SCOPE)
    assert [[step.key for step in item.steps] for item in steps] == [list(bortfall.STEPS)] * 2
    told, hidden = (item.steps[2] for item in steps)
    assert told.count is not None
    assert (hidden.count, hidden.reason) == (None, "suppressed")
    assert steps[1].steps[3].loss == (steps[1].steps[1].count or 0) - (steps[1].steps[3].count or 0)
    without = replace(gallery_release(), screen_sensitivity=gallery_release().screen_sensitivity.with_columns(removal=False))
    assert all("screened" not in [step.key for step in item.steps] for item in bortfall.read_steps(without, SCOPE))


@pytest.mark.parametrize(
    ("answers", "removed", "scored", "left"), [(860, 4, 835, 835), (860, 4, 800, 825), (100, 0, 95, 100), (5, 50, None, 5)]
)
def test_what_the_screen_left_is_rounded_and_never_below_those_with_a_value(answers, removed, scored, left):
    assert passed_screen(answers, removed, scored) == left


def test_a_tile_in_the_key_has_an_edge():
    from assets.charts.key import key_view

    light = key_view([KeyItem("5–7 %", "tile", "#f7fbff")], synthetic=False)
    assert light["layer"][0]["mark"]["stroke"] == "#595959"
