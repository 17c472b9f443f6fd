"""Weights, design strata and nested PSUs against R survey on three real samples of pupils (YRBS): the functions in use."""

from __future__ import annotations

import polars as pl
import pytest

from assets.methods.estimate import WEIGHTED_METHOD, area_estimates
from assets.methods.linearise import Design, domain_contrast, domain_ratios
from tests.oracle.rasch_reference import DATA

YRBS = DATA / "yrbs"
OUTCOMES = ("drank", "marijuana")
DESIGN = Design(weight="weight", psu="unit", stratum="stratum")


@pytest.fixture(scope="module")
def students() -> pl.DataFrame:
    """Pupils in the columns of `validated.survey_responses`: each site a municipality, yes = band 3."""
    frame = pl.read_csv(YRBS / "students.csv", schema_overrides={"sex": pl.String})
    strata = pl.format("{}/{}", "site", "stratum")
    return frame.with_columns(
        pl.col("year").cast(pl.Int32).alias("wave"),
        pl.col("grade").cast(pl.String),
        pl.col("psu").cast(pl.String),
        *((1 + 2 * pl.col(key)).cast(pl.Int8).alias(f"{key}_band") for key in OUTCOMES),
        *(pl.col(key).cast(pl.Float64) for key in OUTCOMES),
        municipality_code=pl.col("site").replace_strict(
            {"chicago_2005": "0101", "san_bernardino_2001": "0201", "broward_2007": "0301"}
        ),
        district_code=pl.lit(None, pl.String),
        school_code=pl.lit(None, pl.String),
        stratum=strata,
        unit=pl.format("{}/{}", strata, "psu"),
    )


@pytest.fixture(scope="module")
def expected() -> pl.DataFrame:
    numbers = dict.fromkeys(("estimate", "se", "low", "high", "df"), pl.Float64)
    return pl.read_csv(YRBS / "expected.csv", schema_overrides=numbers | {"grade": pl.String})


def relative(got: pl.Series, truth: pl.Series) -> float:
    assert got.null_count() == truth.null_count() == 0
    return ((got - truth).abs() / truth.abs()).max()


def test_shares_intervals_and_sex_gaps_of_the_pipeline(students: pl.DataFrame, expected: pl.DataFrame) -> None:
    kinds = dict.fromkeys(OUTCOMES, "risk")
    estimates = area_estimates(students, kinds, levels=["municipality"], weight="weight", stratum="stratum")
    names = {"share_band3": "share", "sex_gap_share_focus": "sex_gap"}
    got = estimates.filter(pl.col("measure").is_in(list(names))).with_columns(pl.col("measure").replace(names))
    sites = dict(students.select("municipality_code", "site").unique().iter_rows())
    got = got.with_columns(site=pl.col("area_code").replace_strict(sites), outcome="index_key")
    both = expected.join(got, on=["site", "outcome", "sex", "grade", "measure"], suffix="_got")
    assert both.height == 3 * 2 * 4 * (3 + 1)
    assert relative(both["estimate_got"], both["estimate"]) < 1e-9
    assert relative(both["se_got"], both["se"]) < 1e-9
    shares = both.filter(pl.col("measure") == "share")
    assert shares["df_got"].equals(shares["df"].alias("df_got"))
    assert shares["n_got"].equals(shares["n"].alias("n_got"))
    bounded = shares.filter(pl.col("df") > 0)
    assert bounded.height > 60
    for limit in ("low", "high"):
        assert relative(bounded[f"{limit}_got"], bounded[limit]) < 1e-6
    assert set(got["method"]) == {WEIGHTED_METHOD}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_general_functions_and_the_difference_between_two_grades(
    students: pl.DataFrame, expected: pl.DataFrame, outcome: str
) -> None:
    wanted = expected.filter(pl.col("outcome") == outcome)
    for (site,), rows in wanted.group_by("site", maintain_order=True):
        people = students.filter(pl.col("site") == site)
        value = pl.when(pl.col("sex").is_not_null() & pl.col("grade").is_not_null()).then(outcome).alias(outcome)
        shares = domain_ratios(people.with_columns(value), outcome, ["sex", "grade"], DESIGN)
        both = rows.filter(pl.col("measure") == "share").join(shares, on=["sex", "grade"], suffix="_got")
        assert both.height == 8
        assert relative(both["estimate_got"], both["estimate"]) < 1e-9
        assert relative(both["se_got"], both["se"]) < 1e-9
        for row in rows.filter(pl.col("measure") == "grade_gap").iter_rows(named=True):
            sexes = ["girl", "boy"] if row["sex"] == "all" else [row["sex"]]
            inside = pl.col("sex").is_in(sexes)
            estimate, se = domain_contrast(
                people, outcome, inside & (pl.col("grade") == "12"), inside & (pl.col("grade") == "9"), DESIGN
            )
            assert estimate == pytest.approx(row["estimate"], rel=1e-9)
            assert se == pytest.approx(row["se"], rel=1e-9)


def test_a_design_stratum_reaches_over_grades(students: pl.DataFrame) -> None:
    """With strata of its own a survey's grades are domains: the PSUs of the whole stratum count, and the answer differs."""
    kinds = {"drank": "risk"}
    design = area_estimates(students, kinds, levels=["municipality"], weight="weight", stratum="stratum")
    classes = area_estimates(students, kinds, levels=["municipality"], weight="weight")
    assert (design["estimate"] - classes["estimate"]).abs().max() < 1e-12
    assert not design["se"].equals(classes["se"])


def test_row_order_changes_no_bit(students: pl.DataFrame) -> None:
    kinds = dict.fromkeys(OUTCOMES, "risk")
    ordered = area_estimates(students, kinds, weight="weight", stratum="stratum")
    for seed in range(3):
        mixed = students.sample(fraction=1.0, shuffle=True, seed=seed)
        assert area_estimates(mixed, kinds, weight="weight", stratum="stratum").equals(ordered)
