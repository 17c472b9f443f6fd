"""What must hold of the cube from answer patterns for any answers: order, scale, antisymmetry, totals."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.cube_task.cube import Moments, domain_moments, full_table, measure, moments, plain_table
from benchmarks.cube_task.pattern_sums import class_sums
from tests.support.pattern_answers import DESIGN, INDICES, pupils

SEEDS = st.integers(0, 10_000)


def summed(frame: pl.DataFrame) -> Moments:
    return moments(class_sums(frame.lazy(), INDICES, DESIGN), INDICES)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, weights=st.sampled_from(["class", "pupil"]))
def test_the_order_of_rows_changes_no_bit(seed: int, weights: str) -> None:
    frame = pupils(seed, n=200, weights=weights)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
    assert plain_table(summed(shuffled), INDICES).equals(plain_table(summed(frame), INDICES))
    tables = [full_table(summed(rows), INDICES, "wave", "area", "grade") for rows in (frame, shuffled)]
    assert tables[0].equals(tables[1])


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, scale=st.sampled_from([2, 5, 10]))
def test_the_scale_of_weights_changes_nothing(seed: int, scale: int) -> None:
    frame = pupils(seed, n=200)
    table, scaled = (plain_table(summed(rows), INDICES) for rows in (frame, frame.with_columns(pl.col("weight") * scale)))
    for column in ("mean", "mean_se", "risk", "risk_se"):
        assert np.allclose(scaled[column], table[column], rtol=1e-9, atol=1e-7)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_turning_every_item_turns_the_scores(seed: int) -> None:
    """Answers 5 - x: the mean becomes 100 less it, the difference to the county changes its sign; both errors stay."""
    frame = pupils(seed, n=300)
    tops = {"i1": 4, "i2": 4, "i3": 4, "i4": 5, "i5": 5, "i6": 4, "i7": 4}
    turned = frame.with_columns((top + 1 - pl.col(item)).alias(item) for item, top in tops.items())
    table, other = (full_table(summed(rows), INDICES, "wave", "area", "grade") for rows in (frame, turned))
    assert np.allclose(other["mean"], 100 - table["mean"], rtol=1e-9, atol=1e-9)
    there = table["diff_mean"].is_not_null()
    assert np.allclose(other.filter(there)["diff_mean"], -table.filter(there)["diff_mean"], rtol=1e-9, atol=1e-9)
    assert np.allclose(other.filter(there)["diff_mean_se"], table.filter(there)["diff_mean_se"], rtol=1e-9, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_the_whole_is_the_sum_of_its_parts(seed: int) -> None:
    table = summed(pupils(seed, n=300))
    areas, county = domain_moments(table, ["wave", "area"]), domain_moments(table, ["wave"])
    assert (domain_moments(areas, ["wave"]).exact == county.exact).all()
    assert (county.exact[:, :, 2] == county.exact[:, :, :2].sum(axis=2)).all()
    everybody = measure(domain_moments(county, []), "mean")
    part = measure(county, "mean")
    weights = part.weight / part.weight.sum(axis=0)
    assert np.allclose((weights * part.estimate).sum(axis=0), everybody.estimate[0], rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_a_county_of_one_municipality_differs_from_it_by_nothing(seed: int) -> None:
    frame = pupils(seed, n=200).with_columns(area=pl.lit("0114"))
    rows = full_table(summed(frame), INDICES, "wave", "area", "grade").filter(pl.col("area").is_not_null())
    for column in ("diff_mean", "diff_mean_se", "diff_risk", "diff_risk_se"):
        assert set(rows[column].drop_nulls()) <= {0.0}
