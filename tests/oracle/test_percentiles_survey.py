"""Percentiles against R survey 4.1-1: the value, Woodruff's limits made of R's standard error, and how R's own limits differ."""

from __future__ import annotations

import polars as pl
import pytest

from assets.methods.estimate import area_estimates
from assets.methods.percentiles import MEASURES
from tests.oracle.rasch_reference import DATA

FOLDER = DATA / "percentiles"
SCORES = {"fine": "risk", "coarse": "risk"}
CELL = ["area_code", "wave", "grade", "sex", "index_key", "measure"]
TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def persons() -> pl.DataFrame:
    frame = pl.read_csv(FOLDER / "persons.csv", schema_overrides={"municipality_code": pl.String, "wave": pl.Int32})
    bands = (pl.when(pl.col(key).is_not_null()).then(2).cast(pl.Int8).alias(f"{key}_band") for key in SCORES)
    return frame.with_columns(*bands, district_code=pl.lit(None, pl.String))


@pytest.fixture(scope="module")
def expected() -> pl.DataFrame:
    table = pl.read_csv(FOLDER / "expected.csv", schema_overrides={"area_code": pl.String, "wave": pl.Int32})
    return table.rename({"score": "index_key"})


@pytest.mark.parametrize("weighted", [False, True])
def test_every_row_of_r(persons: pl.DataFrame, expected: pl.DataFrame, weighted: bool) -> None:
    levels = ["county", "municipality"]
    got = area_estimates(persons, SCORES, levels, weight="weight" if weighted else None, quantiles=True)
    got = got.filter(pl.col("measure").is_in(MEASURES), pl.col("n") > 0)
    truth = expected.filter(pl.col("weighted") == int(weighted))
    both = got.join(truth, on=CELL, how="inner", suffix="_r")
    assert both.height == got.height == truth.height == 480
    below_the_lowest = 0
    for row in both.iter_rows(named=True):
        share = int(row["measure"][1:]) / 100
        assert row["df"] == row["df_r"]
        if share < row["lowest_share"]:  # there R takes the second lowest score, and the standard error of its share
            assert row["estimate"] == pytest.approx(row["lowest"], abs=TOLERANCE)
            below_the_lowest += 1
            continue
        assert row["estimate"] == pytest.approx(row["quantile"], abs=TOLERANCE)
        low = row["lowest"] if row["half"] and 0 < share - row["half"] < row["lowest_share"] else row["low_r"]
        told = None not in (low, row["high_r"]) and low < row["high_r"]
        assert (row["reason"] == "ok") == told, row
        if told:
            assert [row["low"], row["high"]] == pytest.approx([low, row["high_r"]], abs=TOLERANCE), row
    assert below_the_lowest < 60


def test_r_puts_its_own_interval_around_another_share(expected: pl.DataFrame) -> None:
    """Why the limits are asked for by Woodruff's share: with equal scores R's own limits leave out plausible scores below."""
    shares = pl.col("measure").str.slice(1).cast(pl.Float64) / 100
    known = expected.with_columns(off=pl.col("share_at") - shares).drop_nulls(["low", "high", "r_low", "r_high"])
    alike = (pl.col("low") == pl.col("r_low")) & (pl.col("high") == pl.col("r_high"))
    rates = known.group_by("index_key").agg(alike=alike.mean(), off=pl.col("off").mean()).sort("index_key")
    fine, coarse = rates.row(1, named=True), rates.row(0, named=True)
    assert fine["off"] < 0.03 < coarse["off"], "many equal scores move the share at the percentile"
    assert fine["alike"] > coarse["alike"], rates
    apart = known.filter(~alike)
    assert apart.filter((pl.col("low") > pl.col("r_low")) | (pl.col("high") > pl.col("r_high"))).is_empty(), (
        "R's lie higher, never lower"
    )
