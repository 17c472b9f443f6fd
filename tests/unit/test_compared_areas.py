"""Municipalities beside each other: sets of ranks and never a rank, and a funnel that calls nobody out because of rounding."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.compared_areas import FUNNEL, RANKS, funnel_limits, published_funnel, published_ranks
from assets.methods.intervals import wilson
from tests.support.released_world import EDITION, FOCUS, codes, released

RULES = load_catalogue().estimates.compared
AREAS = codes(16)
SIZES = {code: 150 + 50 * place for place, code in enumerate(AREAS)}
ALIKE = dict.fromkeys(AREAS, 0.12)
APART = ALIKE | {AREAS[-1]: 0.6}
HIDDEN = frozenset({("0100", 2024)})


def ranks(results: pl.DataFrame) -> pl.DataFrame:
    return published_ranks(results, FOCUS, RULES, EDITION)


def limits(results: pl.DataFrame) -> pl.DataFrame:
    return published_funnel(results, FOCUS, RULES, EDITION)


@pytest.mark.parametrize("truth", [ALIKE, APART])
def test_no_municipality_ever_gets_a_single_rank(truth):
    rows = ranks(released(truth, SIZES, hidden=HIDDEN)).filter(pl.col("reason") == "ok")
    assert rows.schema == RANKS
    assert rows.height == len(AREAS) - 1
    assert (rows["best_rank"] < rows["worst_rank"]).all()
    assert rows["best_rank"].min() == 1
    assert rows["worst_rank"].max() == len(AREAS) - 1
    assert "rank" not in rows.columns


def test_a_share_far_above_the_others_is_among_the_first_two():
    row = ranks(released(APART, SIZES)).row(by_predicate=pl.col("area_code") == AREAS[-1], named=True)
    assert (row["best_rank"], row["worst_rank"], row["undecided"]) == (1, 2, False)


def test_alike_municipalities_are_undecided():
    assert ranks(released(ALIKE, SIZES))["undecided"].all()


def test_a_hidden_share_has_no_ranks_and_no_limits_but_its_reason():
    results = released(APART, SIZES, hidden=HIDDEN)
    for table, columns in (
        (ranks(results), ["best_rank", "worst_rank", "ranked"]),
        (limits(results), ["value", "n", "position"]),
    ):
        row = table.row(by_predicate=pl.col("area_code") == "0100", named=True)
        assert row["reason"] == "suppressed"
        assert [row[name] for name in columns] == [None] * len(columns)


def test_fewer_municipalities_than_the_rule_asks_are_not_compared():
    few = codes(RULES.least_areas - 1)
    results = released(dict.fromkeys(few, 0.1), dict.fromkeys(few, 200))
    assert set(ranks(results)["reason"]) == set(limits(results)["reason"]) == {"not_applicable"}


def test_row_order_is_of_no_matter():
    results = released(APART, SIZES, hidden=HIDDEN)
    mixed = results.sample(fraction=1.0, shuffle=True, seed=5)
    assert ranks(mixed).equals(ranks(results))
    assert limits(mixed).equals(limits(results))


def test_the_funnel_names_what_lies_outside_and_widens_with_the_dispersion():
    table = limits(released(APART, SIZES))
    assert table.schema == FUNNEL
    assert table.row(by_predicate=pl.col("area_code") == AREAS[-1], named=True)["position"] == "above998"
    shown = table.filter(pl.col("reason") == "ok")
    assert (shown["dispersion"] >= 1).all()
    assert (shown["limit998_low"] <= shown["limit95_low"]).all()
    assert (shown["limit95_high"] <= shown["limit998_high"]).all()


def test_limits_are_wilsons_at_the_effective_number_of_answers():
    n = np.array([40.0, 400.0])
    found = funnel_limits(0.12, 2.0, n)
    low, high = wilson(0.12 * n / 2, n / 2, 0.95)
    assert found["limit95_low"] == pytest.approx(100 * low)
    assert found["limit95_high"] == pytest.approx(100 * high)


def test_a_share_is_outside_only_when_all_that_rounds_to_it_is():
    table = limits(released(APART, SIZES)).filter(pl.col("reason") == "ok")
    above = table.filter(pl.col("position").str.starts_with("above"))
    assert (above["value"] - 0.5 > above["limit95_high"] - 0.05).all()
    inside = table.filter(pl.col("position") == "inside")
    assert (inside["value"] - 0.5 <= inside["limit95_high"] + 0.05).all()
