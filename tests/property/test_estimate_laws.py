"""Laws of counts and estimates."""

from __future__ import annotations

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assets.methods.estimate import area_counts, area_estimates
from tests.support.estimate_sample import KINDS, sample_persons

SEEDS = st.integers(0, 10_000)
CELL = ["area_level", "area_code", "wave", "grade", "index_key"]


@settings(max_examples=12, deadline=None)
@given(SEEDS, SEEDS)
def test_row_order_changes_no_bit(seed: int, shuffle: int) -> None:
    persons = sample_persons(seed, classes=16)
    turned = persons.sample(fraction=1.0, shuffle=True, seed=shuffle)
    assert area_estimates(turned, KINDS).equals(area_estimates(persons, KINDS), null_equal=True)
    assert area_counts(turned, list(KINDS)).equals(area_counts(persons, list(KINDS)))


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.integers(2, 50))
@example(seed=1534, times=2)
def test_multiplying_all_weights_changes_nothing(seed: int, times: int) -> None:
    persons = sample_persons(seed, classes=16)
    plain = area_estimates(persons, KINDS)
    weighted = area_estimates(persons.with_columns(weight=pl.lit(times)), KINDS, weight="weight")
    for column in ("estimate", "se", "low", "high", "df", "n", "n_psu", "p_value"):
        one, other = (_squared_sd(frame, column) for frame in (weighted, plain))
        difference = (one - other).abs()
        assert weighted[column].is_null().equals(plain[column].is_null())
        # a spread of 0 in exact numbers is 0 up to rounding in both
        assert difference.fill_null(0).max() < 1e-9, column


def _squared_sd(frame: pl.DataFrame, column: str) -> pl.Series:
    """The column, but of a standard deviation its square: what is summed. Of pupils almost alike the root magnifies rounding."""
    squared = (pl.col("measure") == "sd") & pl.lit(column == "estimate")
    return frame.select(pl.when(squared).then(pl.col(column).cast(pl.Float64) ** 2).otherwise(column)).to_series()


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_shares_lie_inside_their_interval_and_sum_to_one(seed: int) -> None:
    got = area_estimates(sample_persons(seed, classes=20), KINDS)
    shares = got.filter(pl.col("measure").str.starts_with("share"), pl.col("n") > 0)
    assert shares["estimate"].is_between(0, 1).all()
    drawn = shares.filter(pl.col("low").is_not_null())
    assert drawn.height > 0
    assert (drawn["low"] <= drawn["estimate"]).all()
    assert (drawn["estimate"] <= drawn["high"]).all()
    assert (drawn["low"] >= 0).all()
    assert (drawn["high"] <= 1).all()
    assert (drawn["high"] > drawn["low"]).all()
    totals = shares.group_by(*CELL, "sex").agg(pl.col("estimate").sum())
    assert (totals["estimate"] - 1).abs().max() < 1e-12


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_all_is_girls_and_boys_and_areas_add_to_the_county(seed: int) -> None:
    counts = area_counts(sample_persons(seed, classes=20), list(KINDS))
    numbers = ["n_respondents", "n_scored", "n_unscored", "band1", "band2", "band3"]
    both = counts.filter(pl.col("sex") != "all").group_by(CELL).agg(pl.col(numbers).sum()).sort(CELL)
    assert both.equals(counts.filter(pl.col("sex") == "all").select(*CELL, *numbers).sort(CELL))
    by_level = counts.group_by("area_level", "wave", "grade", "sex", "index_key").agg(pl.col(numbers).sum())
    keys = ["wave", "grade", "sex", "index_key"]
    level = {
        name: by_level.filter(pl.col("area_level") == name).drop("area_level").sort(keys) for name in ("county", "municipality")
    }
    assert level["county"].equals(level["municipality"])


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_exchanging_the_sexes_turns_the_gap(seed: int) -> None:
    persons = sample_persons(seed, classes=20)
    exchanged = persons.with_columns(pl.col("sex").replace({"girl": "boy", "boy": "girl"}))
    gap, turned = (
        area_estimates(table, KINDS).filter(pl.col("measure").str.starts_with("sex_gap")) for table in (persons, exchanged)
    )
    assert (gap["estimate"] + turned["estimate"]).abs().max() < 1e-12
    assert (gap["low"] + turned["high"]).abs().fill_null(0).max() < 1e-9
    assert gap["se"].is_null().equals(turned["se"].is_null())
    assert (gap["p_value"] - turned["p_value"]).abs().fill_null(0).max() < 1e-9


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_waves_can_be_estimated_one_at_a_time(seed: int) -> None:
    persons = sample_persons(seed, classes=20)
    together = area_estimates(persons, KINDS)
    for wave in (2022, 2024):
        alone = area_estimates(persons.filter(pl.col("wave") == wave), KINDS)
        assert alone.equals(together.filter(pl.col("wave") == wave), null_equal=True)
