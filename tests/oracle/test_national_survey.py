"""A national two-level sample (YRBS 2019, part) against R survey's linearisation, through the columns that a delivery has."""

from __future__ import annotations

import polars as pl
import pytest

from assets.methods.estimate import WEIGHTED_METHOD, area_estimates
from assets.methods.indicators import pupil_keys
from assets.methods.series_estimates import series_estimates
from assets.methods.survey_design import nested
from tests.oracle.rasch_reference import DATA

FOLDER = DATA / "yrbs_national"
SHARES = ("sad", "drank")
NAMES = {"share_band3": "share", "diff_share_focus": "diff_share", "sex_gap_share_focus": "sex_gap_share"}
KEYS = ["area", "grade", "sex", "variable", "measure"]


@pytest.fixture(scope="module")
def pupils() -> pl.DataFrame:
    """As the harmonised layer takes a file's design columns: text, nested in the municipality and wave, then as pupil keys."""
    frame = pl.read_csv(FOLDER / "students.csv", infer_schema=False)
    frame = frame.with_columns(
        pl.when(pl.col("stratum").cast(pl.Int64) < 110).then(pl.lit("0101")).otherwise(pl.lit("0102")).alias("municipality_code"),
        pl.lit(2019, pl.Int32).alias("wave"),
        pl.format("p-{}", pl.int_range(pl.len())).alias("respondent_key"),
        *(pl.lit(None, pl.String).alias(name) for name in ("district_code", "school_code", "class_code")),
        *(pl.col(name).cast(pl.Int8) for name in SHARES),
        pl.col("bmi").cast(pl.Float64),
    )
    answers = nested(frame, ["weight", "stratum", "psu"], "students.csv")
    return pl.concat([pupil_keys(answers), answers.select(*SHARES, "bmi")], how="horizontal")


@pytest.fixture(scope="module")
def expected() -> pl.DataFrame:
    return pl.read_csv(FOLDER / "expected.csv", schema_overrides={"area": pl.String, "grade": pl.String})


def relative(got: pl.Series, truth: pl.Series) -> float:
    assert got.null_count() == truth.null_count() == 0
    return ((got - truth).abs() / truth.abs().clip(1e-3)).max()


def compare(got: pl.DataFrame, expected: pl.DataFrame, tolerance: float) -> None:
    both = expected.join(got.rename({"area_code": "area"}), on=KEYS, suffix="_got")
    assert both.height == expected.height > 70
    assert both["df_got"].to_list() == both["df"].to_list()
    own = both.filter(~pl.col("measure").str.starts_with("diff"))
    assert own["n_got"].to_list() == own["n"].to_list()
    for column in ("estimate", "se"):
        assert relative(both[f"{column}_got"], both[column]) < tolerance, column
    for column in ("low", "high"):
        assert relative(both[f"{column}_got"], both[column]) < 1e-6, column
    assert set(got["method"]) == {WEIGHTED_METHOD}


def test_shares_of_questions(pupils: pl.DataFrame, expected: pl.DataFrame) -> None:
    got = series_estimates(pupils, SHARES, "share", levels=["county", "municipality"]).rename({"indicator": "variable"})
    compare(got, expected.filter(pl.col("variable").is_in(SHARES)), 1e-9)


def test_means(pupils: pl.DataFrame, expected: pl.DataFrame) -> None:
    got = series_estimates(pupils, ["bmi"], "mean", levels=["county", "municipality"]).rename({"indicator": "variable"})
    compare(got, expected.filter(pl.col("variable") == "bmi"), 1e-6)


def test_shares_in_the_bands_of_an_index(pupils: pl.DataFrame, expected: pl.DataFrame) -> None:
    bands = pupils.with_columns(
        *(pl.col(key).cast(pl.Float64) for key in SHARES),
        *((1 + 2 * pl.col(key)).cast(pl.Int8).alias(f"{key}_band") for key in SHARES),
    )
    kinds = dict.fromkeys(SHARES, "risk")
    got = area_estimates(bands, kinds, levels=["county", "municipality"], weight="weight", stratum="stratum")
    got = got.filter(pl.col("measure").is_in(list(NAMES))).with_columns(pl.col("measure").replace(NAMES))
    compare(got.rename({"index_key": "variable"}), expected.filter(pl.col("variable").is_in(SHARES)), 1e-9)


def test_a_second_opinion(pupils: pl.DataFrame) -> None:
    """The library svy has the same shares and means, errors, intervals and degrees of freedom."""
    types = {"area": pl.String, "grade": pl.String, "df": pl.Int64}
    second = pl.read_csv(FOLDER / "expected_svy.csv", schema_overrides=types)
    levels = ["county", "municipality"]
    got = pl.concat([series_estimates(pupils, SHARES, "share", levels), series_estimates(pupils, ["bmi"], "mean", levels)])
    both = second.join(got.rename({"area_code": "area", "indicator": "variable"}), on=KEYS, suffix="_got")
    assert both.height == second.height == 3 * 3 * 3 * 4
    assert both["df_got"].to_list() == both["df"].to_list()
    for column, tolerance in {"estimate": 1e-6, "se": 1e-6, "low": 1e-6, "high": 1e-6}.items():
        assert relative(both[f"{column}_got"], both[column]) < tolerance, column
    shares = both.filter(pl.col("measure") == "share")
    assert relative(shares["se_got"], shares["se"]) < 1e-9


def test_the_design_matters(pupils: pl.DataFrame, expected: pl.DataFrame) -> None:
    """Without weights the values are others, without PSUs and strata the errors are: the test above would see it."""
    plain = series_estimates(pupils.drop("weight"), SHARES, "share", levels=["county"]).rename({"indicator": "variable"})
    both = expected.join(plain.rename({"area_code": "area"}), on=KEYS, suffix="_got")
    assert both.filter(pl.col("area") == "01").height > 20
    assert relative(both["estimate_got"], both["estimate"]) > 0.01
    assert relative(both["se_got"], both["se"]) > 0.05
