"""Percentiles of scores: the same numbers as the general quantile, laws that hold for all, and every empty corner."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods import design_estimates as de
from assets.methods import disclosure_rows, estimate, percentiles
from assets.methods.design import Stage, SurveyDesign, draw_up
from assets.methods.estimate import METHOD, WEIGHTED_METHOD, area_estimates
from tests.support.estimate_sample import KINDS, sample_persons

AREA_COLUMN = {"county": "county", "municipality": "municipality_code", "district": "district_code"}
NUMBERS = ("estimate", "se", "low", "high", "sum_w")
WHOLE = ("df", "n", "n_psu")
SEEDS = st.integers(0, 10_000)


def asked(persons: pl.DataFrame, **more: object) -> pl.DataFrame:
    found = area_estimates(persons, KINDS, quantiles=True, **more)
    return found.filter(pl.col("measure").is_in(percentiles.MEASURES))


def coarse(persons: pl.DataFrame) -> pl.DataFrame:
    """Few possible scores, as those of a test have: many pupils share one."""
    return persons.with_columns(((pl.col(key) * 2).round() / 2).alias(key) for key in KINDS)


def with_design(persons: pl.DataFrame) -> pl.DataFrame:
    """The columns that the general functions need, and weights; scores in whole millionths."""
    wave = pl.col("wave").cast(pl.String)
    frame = persons.filter(pl.col("sex").is_in(["girl", "boy"])).with_columns(
        ((pl.col(key) * 1e6).round() / 1e6).alias(key) for key in KINDS
    )
    return frame.with_columns(
        h=pl.concat_str(wave, "grade", "municipality_code", separator="-"),
        county=pl.lit("01"),
        weight=pl.when(pl.col("municipality_code") == "0180").then(2.5).otherwise(pl.int_range(pl.len()) % 3 + 1.0),
    ).with_columns(unit=pl.concat_str("h", "school_code", "psu", separator="-"))


@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize("shape", [pl.DataFrame.clone, coarse], ids=["fine", "coarse"])
def test_every_row_is_the_general_quantile(shape, weight: str | None) -> None:
    people = with_design(shape(sample_persons(7, classes=32)))
    rows = asked(people, weight=weight)
    samples = {}
    for wave, part in people.group_by("wave"):
        samples[wave[0]] = draw_up(part, SurveyDesign((Stage("unit", "h"),), weight))
    for row in rows.iter_rows(named=True):
        where = (pl.col(AREA_COLUMN[row["area_level"]]) == row["area_code"]) & (pl.col("grade") == row["grade"])
        where &= pl.lit(True) if row["sex"] == "all" else pl.col("sex") == row["sex"]
        share = percentiles.SHARES[row["measure"]]
        truth = de.quantile_row(samples[row["wave"]], row["index_key"], share, where)
        assert [row[name] for name in WHOLE] == [truth[name] for name in WHOLE], row
        assert [row[name] for name in NUMBERS] == pytest.approx([truth[name] for name in NUMBERS], abs=1e-9), row
        assert row["reason"] == truth["reason"]
        assert row["method"] == (WEIGHTED_METHOD if weight else METHOD)
        assert row["interval_method"] == (percentiles.INTERVAL if row["reason"] == "ok" else None)
    assert set(rows["reason"]) >= {"ok", "no_spread"}
    assert rows.height == area_estimates(people, KINDS).filter(pl.col("measure") == "mean").height * len(percentiles.MEASURES)


@settings(max_examples=15, deadline=None)
@given(SEEDS, SEEDS)
def test_row_order_changes_no_bit_and_percentiles_never_cross(seed: int, shuffle: int) -> None:
    persons = coarse(sample_persons(seed, classes=12))
    found = asked(persons)
    assert asked(persons.sample(fraction=1.0, shuffle=True, seed=shuffle)).equals(found, null_equal=True)
    cell = ["area_level", "area_code", "wave", "grade", "sex", "index_key"]
    for _, part in found.group_by(cell):
        assert part["estimate"].is_sorted(), "p10 to p90 in order"
    inside = found.filter(pl.col("reason") == "ok")
    assert inside.filter(pl.col("low") <= pl.col("estimate"), pl.col("estimate") <= pl.col("high")).height == inside.height
    assert inside.filter((pl.col("high") <= pl.col("low")) | (pl.col("se") <= 0)).is_empty()
    assert found.select("estimate", "se", "low", "high").filter(pl.any_horizontal(pl.all().is_nan())).is_empty()


def test_a_turned_scale_mirrors_the_median_of_an_odd_group() -> None:
    persons = sample_persons(3, classes=16)
    turned = persons.with_columns((-pl.col("acting_out")).alias("acting_out"))
    mine, other = (asked(p).filter(pl.col("index_key") == "acting_out", pl.col("n") % 2 == 1) for p in (persons, turned))
    medians = [part.filter(pl.col("measure") == "p50")["estimate"] for part in (mine, other)]
    assert medians[0].len() > 10
    assert (medians[0] + medians[1]).abs().max() < 1e-9


def test_nobody_one_pupil_and_all_alike_have_reasons_instead_of_numbers() -> None:
    persons = sample_persons(5, classes=16)
    alike = asked(persons.with_columns(pl.when(pl.col(key).is_not_null()).then(1.25).alias(key) for key in KINDS))
    assert set(alike.filter(pl.col("n") > 0)["estimate"]) == {1.25}
    assert set(alike["reason"]) <= {"no_spread", "no_answers", "no_degrees_of_freedom"}
    one = asked(persons.filter(pl.col("acting_out").is_not_null(), pl.col("sex") == "girl").head(1))
    assert set(one.filter(pl.col("n") == 1)["reason"]) == {"no_degrees_of_freedom"}
    assert set(one.filter(pl.col("n") == 0)["reason"]) == {"no_answers"}
    silent = persons.with_columns(pl.lit(None, pl.Float64).alias("acting_out"), pl.lit(None, pl.Int8).alias("acting_out_band"))
    nobody = asked(silent).filter(pl.col("index_key") == "acting_out")
    assert nobody["estimate"].null_count() == nobody.height > 0
    assert asked(persons.head(0)).is_empty()


def test_a_survey_with_strata_of_its_own() -> None:
    people = with_design(coarse(sample_persons(9, classes=24))).with_columns(
        own=pl.when(pl.col("municipality_code") == "0180").then(pl.lit("1")).otherwise(pl.lit("2"))
    )
    people = people.with_columns(psu=pl.col("psu").str.slice(1).cast(pl.Int64) // 2)
    rows = asked(people, levels=["municipality"], weight="weight", stratum="own").filter(
        pl.col("wave") == 2024, pl.col("sex") == "all", pl.col("index_key") == "wellbeing", pl.col("area_code") == "0180"
    )
    part = people.filter(pl.col("wave") == 2024).with_columns(
        unit=pl.concat_str("own", pl.col("psu").cast(pl.String), separator="-")
    )
    sample = draw_up(part, SurveyDesign((Stage("unit", "own"),), "weight"))
    assert rows.height > 0
    for row in rows.iter_rows(named=True):
        where = (pl.col("municipality_code") == "0180") & (pl.col("grade") == row["grade"])
        truth = de.quantile_row(sample, "wellbeing", percentiles.SHARES[row["measure"]], where)
        assert [row[name] for name in NUMBERS] == pytest.approx([truth[name] for name in NUMBERS], abs=1e-9)


def test_no_percentile_is_among_what_may_be_released() -> None:
    """A percentile is a pupil's score (docs/methods/statistics.md): the release reads other measures and refuses unknown ones."""
    assert not set(percentiles.MEASURES) & {*estimate.MEASURES, *disclosure_rows.MEASURES}
