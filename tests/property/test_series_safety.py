"""Single questions: what is published never narrows a hidden number of yes down, linked questions, sexes and areas included."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.disclosure import load_policy, protect
from assets.methods.estimate import WEIGHTED_METHOD, area_counts, area_estimates
from assets.methods.protect_series import SeriesRelease, protect_series
from tests.support.estimate_sample import KINDS, sample_persons
from tests.support.series_world import (
    APART,
    CATALOGUE,
    FILE,
    INSIDE,
    NOBODY,
    POLICY,
    SURVEY,
    attack,
    publish,
    sensitive_ids,
    tables,
    world,
)

SMALL = [40, 120, 150, 300]
MIXED = [12, 25, 40, 90, 120, 150, 200, 300, 600, 1500]
BARE = [0, 3, 9, 45, 60, 200]
CELL = ["area_level", "area_code", "sex", "indicator"]


def narrow(attacked: pl.DataFrame) -> pl.DataFrame:
    width = pl.when(pl.col("indicator").is_in(sorted(sensitive_ids()))).then(9).otherwise(4)
    return attacked.filter(pl.col("hi") - pl.col("lo") <= width)


def release(answers: pl.DataFrame) -> tuple[SeriesRelease, pl.DataFrame]:
    found = tables(answers)
    return protect_series(*found, FILE, SURVEY, POLICY, "intern", NOBODY), found[0]


@pytest.mark.parametrize(("sizes", "districts"), [(SMALL, ()), (MIXED, ()), ([60, 90, 200, 400], (60, 160, 250)), (BARE, ())])
def test_every_hidden_number_keeps_a_wide_interval(sizes: list[int], districts: tuple[int, ...]) -> None:
    safe, counts = release(world(11, sizes, districts))
    attacked = attack(safe.results, counts)
    assert attacked.height > 150
    assert narrow(attacked).rows() == []


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 250), min_size=1, max_size=4), st.booleans())
def test_small_random_counties_withstand_the_attack(seed: int, sizes: list[int], design: bool) -> None:
    """Weighted surveys too: their own shares are held to the same rules, so the pupils' shares would have been safe to show."""
    answers = world(seed, sizes, design=design)
    if answers.is_empty():
        return
    safe, counts = release(answers)
    results = safe.results
    if design:
        shares = counts.select(*CELL, _share=(100 * pl.col("n_yes") / pl.col("n_valid") + 0.5).floor())
        results = results.join(shares, on=CELL, how="left").with_columns(
            value=pl.when((pl.col("reason") == "ok") & (pl.col("measure") == "share")).then("_share").otherwise("value")
        )
    assert narrow(attack(results, counts)).rows() == []


def test_the_truth_lies_in_every_interval() -> None:
    safe, counts = release(world(3, SMALL))
    attacked = attack(safe.results, counts, enough=float("inf")).join(counts, on=CELL, how="left")
    assert attacked.height > 0
    assert attacked.filter(~pl.col("n_yes").is_between(pl.col("lo") - 1e-6, pl.col("hi") + 1e-6)).rows() == []


def shown_after_all(results: pl.DataFrame, counts: pl.DataFrame, cells: pl.Expr) -> pl.DataFrame:
    shares = counts.select(*CELL, _size="n_valid", _share=(100 * pl.col("n_yes") / pl.col("n_valid") + 0.5).floor())
    joined = results.join(shares, on=CELL, how="left")
    naive = cells & (pl.col("reason") != "ok") & (pl.col("measure") == "share") & (pl.col("_size") >= 20)
    return joined.with_columns(
        value=pl.when(naive).then("_share").otherwise("value"),
        reason=pl.when(naive).then(pl.lit("ok")).otherwise("reason"),
    )


def test_the_attack_finds_a_number_left_between_its_linked_neighbours() -> None:
    """Show daily smokers and all users of either kind again: those who smoke cigarettes at all are then pinned in between."""
    found = 0
    for seed in range(6):
        safe, counts = release(world(seed, SMALL))
        gone = (pl.col("indicator") != "dik14a") & (pl.col("indicator").is_in(["roker_dagligen", "dik14", "dik15"]))
        naive = shown_after_all(safe.results, counts, gone)
        found += narrow(attack(naive, counts).filter(pl.col("indicator") == "dik14a")).height
    assert found > 5


def test_the_attack_finds_one_sex_left_beside_the_total() -> None:
    safe, counts = release(world(4, SMALL))
    naive = shown_after_all(safe.results, counts, pl.col("sex").is_in(["girl", "all"]))
    assert narrow(attack(naive, counts).filter(pl.col("sex") == "boy")).height > 5


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 10_000), st.lists(st.integers(0, 400), min_size=1, max_size=4), st.sampled_from([(), (60, 200)]), st.booleans()
)
def test_floors_hold_for_numbers_and_for_differences_of_linked_numbers(
    seed: int, sizes: list[int], districts: tuple[int, ...], design: bool
) -> None:
    answers = world(seed, sizes, districts, design)
    if answers.is_empty():
        return
    safe, counts = release(answers)
    shown = safe.results.filter((pl.col("measure") == "share") & (pl.col("reason") == "ok")).join(counts, on=CELL, how="inner")
    secret = pl.col("indicator").is_in(sorted(sensitive_ids()))
    cell, group = pl.when(secret).then(10).otherwise(5), pl.when(secret).then(20).otherwise(10)
    assert shown.filter((pl.col("n_yes") < cell) | (pl.col("n_valid") - pl.col("n_yes") < cell)).rows() == []
    assert shown.filter(pl.col("n_valid") < group).rows() == []
    assert shown.filter(secret & (pl.col("area_level") != "county") & (pl.col("sex") != "all")).rows() == []
    numbers = {tuple(row[:4]): (row[4], row[5]) for row in shown.select(*CELL, "n_yes", "n_valid").iter_rows()}
    for area, code, sex, key in list(numbers):
        for inner, outer in INSIDE:
            if key == inner and (area, code, sex, outer) in numbers:
                assert numbers[area, code, sex, outer][0] - numbers[area, code, sex, inner][0] >= 5, (inner, outer)
        for first, second in APART:
            if key == first and (area, code, sex, second) in numbers:
                yes, valid = numbers[area, code, sex, second]
                assert valid - yes - numbers[area, code, sex, first][0] >= 5, (first, second)
    hidden = safe.results.filter(pl.col("reason") != "ok")
    for column in ("value", "low", "high", "n", "method", "interval_method", "confidence_level", "verdict"):
        assert hidden[column].null_count() == hidden.height
    assert safe.results.filter(pl.col("n").is_not_null() & (pl.col("n") % 5 != 0)).height == 0
    logged = hidden.filter(pl.col("reason").is_in(["suppressed", "too_few"]))
    assert safe.log.height == logged.height


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 1000))
def test_the_pattern_does_not_depend_on_row_order(seed: int, shuffle: int) -> None:
    found = tables(world(seed, [60, 150, 200]))
    mixed = [table.sample(fraction=1.0, shuffle=True, seed=shuffle) for table in found]
    first, second = (protect_series(*part, FILE, SURVEY, POLICY, "intern", NOBODY) for part in (found, mixed))
    assert first.results.equals(second.results)
    assert first.log.equals(second.log)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1000))
def test_weighted_index_shares_are_hidden_altogether_when_one_is_small(seed: int) -> None:
    """`protect` with a weighted survey: the shares are the weighted ones, and one small band hides the index in the area."""
    persons = sample_persons(seed, classes=40, size=30, waves=(2024,)).with_columns(
        weight=(1.0 + pl.int_range(pl.len()) % 7).cast(pl.Float64)
    )
    counts, estimates = area_counts(persons, list(KINDS)), area_estimates(persons, KINDS, weight="weight")
    safe = protect(counts, estimates.with_columns(is_clear=pl.lit(False)), load_policy(CATALOGUE.disclosure), "intern").results
    keys = ["area_level", "area_code", "wave", "grade", "sex", "index_key"]
    shares = safe.filter(pl.col("measure").str.starts_with("share_band"))
    both = shares.filter(pl.col("reason") == "ok").join(estimates.select(*keys, "measure", "estimate"), on=[*keys, "measure"])
    assert both.filter((pl.col("value") - 100 * pl.col("estimate")).abs() > 0.5001).rows() == []
    assert set(both["method"]) <= {WEIGHTED_METHOD}
    band = pl.col("measure").str.tail(1).cast(pl.Int8)
    pupils = counts.select(*keys, "n_scored", bands=pl.concat_list("band1", "band2", "band3"))
    cells = shares.join(pupils, on=keys).with_columns(pupils=pl.col("bands").list.get(band - 1))
    small = (pl.col("pupils") < 5) | (pl.col("n_scored") - pl.col("pupils") < 5)
    blocks = cells.group_by([*keys[:4], "index_key"]).agg(small=small.any(), shown=(pl.col("reason") == "ok").any())
    assert blocks.filter("small", "shown").rows() == []


def test_a_hidden_number_of_respondents_hides_the_numbers_of_answers() -> None:
    hidden = pl.DataFrame([("municipality", "0123", 2024, "ak9", "girl")], schema=NOBODY.schema, orient="row")
    answers = world(5, [100, 200, 300, 400, 900])
    before, after = publish(answers).results, publish(answers, hidden).results
    here = (pl.col("area_code") == "0123") & (pl.col("sex") == "girl")
    assert before.filter(here)["n"].drop_nulls().len() > 0
    assert after.filter(here & (pl.col("measure") != "sex_gap_share"))["n"].drop_nulls().len() == 0
    assert before.drop("n").equals(after.drop("n"))
