"""Shares and means of many series: the same numbers as the general functions and as `area_estimates`, in every empty corner."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalogue.load import load_catalogue
from assets.methods.errors import PipelineError
from assets.methods.estimate import METHOD, WEIGHTED_METHOD, area_estimates
from assets.methods.indicators import as_bands, indicator_counts, indicator_values, pupil_keys
from assets.methods.linearise import Design, domain_contrast, domain_ratios
from assets.methods.series_estimates import CHUNK, COLUMNS, MEASURES, series_estimates
from assets.methods.survey_design import design_columns
from tests.support.series_sample import sample_answers

CATALOGUE = load_catalogue()
FILE = CATALOGUE.indicator_file
SOME = [FILE.by_id[key] for key in ("dik14a", "dik36", "dik37", "dik46", "dik53ej")]
KEYS = [i.id for i in SOME]
CELL = ["area_level", "area_code", "wave", "grade", "sex", "indicator", "measure"]
AS_SHARES = {"share_band3": "share", "diff_share_focus": "diff_share", "sex_gap_share_focus": "sex_gap_share"}


@pytest.fixture(scope="module")
def answers() -> pl.DataFrame:
    return sample_answers(5)


@pytest.fixture(scope="module")
def values(answers: pl.DataFrame) -> pl.DataFrame:
    return indicator_values(answers, SOME, CATALOGUE.survey)


@pytest.mark.parametrize("design", [False, True])
def test_the_same_numbers_as_area_estimates(answers: pl.DataFrame, design: bool) -> None:
    values = indicator_values(sample_answers(5, design=design), SOME, CATALOGUE.survey)
    got = series_estimates(values, KEYS, "share")
    own = {"weight": "weight", "stratum": "stratum"} if design else {}
    truth = area_estimates(as_bands(values, SOME), dict.fromkeys(KEYS, "risk"), **own).filter(
        pl.col("measure").is_in(list(AS_SHARES))
    )
    truth = truth.with_columns(pl.col("measure").replace(AS_SHARES)).rename({"index_key": "indicator"})
    both = got.join(truth, on=CELL, suffix="_truth")
    assert both.height == truth.height == got.height > 700
    for column in ("estimate", "se", "low", "high", "df", "n", "n_psu", "sum_w", "p_value"):
        assert both[column].is_null().equals(both[f"{column}_truth"].is_null().alias(column))
        assert (both[column] - both[f"{column}_truth"]).abs().fill_null(0).max() < 1e-9, column
    assert both.filter(pl.col("interval_method").ne_missing(pl.col("interval_method_truth"))).height == 0
    assert both["reason"].equals(both["reason_truth"].alias("reason"))
    assert both["reason"].null_count() == 0
    assert (both.filter(pl.col("low").is_null())["reason"] != "ok").all()
    assert set(got["method"]) == {WEIGHTED_METHOD if design else METHOD}


def test_means_and_differences_equal_the_general_formula() -> None:
    """A survey with strata over grades and decimal weights: against the functions that are held to R."""
    frame = pupil_keys(sample_answers(6, design=True, classes=96)).with_columns(score=pl.int_range(pl.len()) * 37 % 101 / 1.0)
    got = series_estimates(frame, ["score"], "mean")
    people = frame.with_columns(known=pl.when(pl.col("sex").is_in(["girl", "boy"])).then("score"))
    design = Design("weight", "psu", "stratum")
    here = (pl.col("wave") == 2024) & (pl.col("grade") == "ak9")
    known = people.with_columns(known=pl.when(here).then("known"))
    shares = dict(
        domain_ratios(known, "known", ["municipality_code"], design).select("municipality_code", "estimate").iter_rows()
    )
    for code, estimate in shares.items():
        rows = {
            (r["measure"], r["sex"]): r
            for r in got.filter(pl.col("area_code") == code, pl.col("wave") == 2024, pl.col("grade") == "ak9").iter_rows(
                named=True
            )
        }
        assert rows["mean", "all"]["estimate"] == pytest.approx(estimate, rel=1e-9)
        own = pl.col("municipality_code") == code
        difference, se = domain_contrast(known, "known", own, pl.lit(True), design)
        assert rows["diff_mean", "all"]["estimate"] == pytest.approx(difference, rel=1e-7, abs=1e-9)
        assert rows["diff_mean", "all"]["se"] == pytest.approx(se, rel=1e-7)
        gap, se = domain_contrast(known, "known", own & (pl.col("sex") == "girl"), own & (pl.col("sex") == "boy"), design)
        assert rows["sex_gap_mean", "all"]["estimate"] == pytest.approx(gap, rel=1e-7, abs=1e-9)
        assert rows["sex_gap_mean", "all"]["se"] == pytest.approx(se, rel=1e-7)
    assert len(shares) == 3


def test_extreme_shares_respect_the_weights() -> None:
    """Unequal weights leave fewer pupils' worth of information, so the interval of a share of 0 is wider."""
    plain = indicator_values(sample_answers(5), SOME, CATALOGUE.survey).with_columns(dik14a=pl.lit(0, pl.Int8))
    uneven = plain.with_columns(weight=pl.when(pl.int_range(pl.len()) % 10 == 0).then(20.0).otherwise(1.0))
    narrow, wide = (
        series_estimates(v, ["dik14a"], "share").filter(pl.col("area_level") == "county", pl.col("measure") == "share")
        for v in (plain, uneven)
    )
    assert set(narrow["estimate"]) == set(wide["estimate"]) == {0.0}
    assert set(wide["interval_method"]) == {"clopper_pearson_deff"}
    assert (wide["high"] > 2 * narrow["high"]).all()


def test_rows_are_complete_sorted_and_typed(values: pl.DataFrame) -> None:
    got = series_estimates(values, KEYS, "share")
    assert dict(got.schema) == COLUMNS
    counts = indicator_counts(values, SOME)
    shares = got.filter(pl.col("measure") == "share")
    assert shares.select(CELL[:-1]).equals(counts.select(CELL[:-1]))
    assert shares["n"].equals(counts["n_valid"].alias("n"))
    assert (shares["estimate"] - counts["n_yes"] / counts["n_valid"]).abs().max() < 1e-12
    assert got.filter(pl.col("measure") == "diff_share", pl.col("area_level") == "county").is_empty()
    assert set(got.filter(pl.col("measure") == "sex_gap_share")["sex"]) == {"all"}
    assert set(got["measure"]) == set(MEASURES["share"])


def test_nobody_gives_an_empty_table(values: pl.DataFrame) -> None:
    assert dict(series_estimates(values.clear(), KEYS, "share").schema) == COLUMNS
    assert series_estimates(values.clear(), KEYS, "share").is_empty()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.booleans())
def test_row_order_and_chunks_change_no_bit(seed: int, design: bool) -> None:
    values = indicator_values(sample_answers(seed, design=design, classes=6), SOME, CATALOGUE.survey)
    many = values.with_columns(pl.col("dik36").alias(f"copy{n}") for n in range(CHUNK))
    keys = [*KEYS, *(f"copy{n}" for n in range(CHUNK))]
    ordered = series_estimates(many, keys, "share")
    mixed = series_estimates(many.sample(fraction=1.0, shuffle=True, seed=seed), keys, "share")
    assert mixed.equals(ordered)
    last = ordered.filter(pl.col("indicator") == f"copy{CHUNK - 1}").drop("indicator")
    assert last.equals(ordered.filter(pl.col("indicator") == "dik36").drop("indicator"))


def test_the_design_of_a_respondent(answers: pl.DataFrame) -> None:
    assert list(design_columns(answers)) == ["psu", "stratum"]
    own = sample_answers(5, design=True)
    keys = own.with_columns(**design_columns(own))
    assert keys["stratum"].str.starts_with("0127/2024/").any()
    assert keys.filter(pl.col("psu").str.starts_with(pl.col("stratum") + "/").not_()).is_empty()
    # beside a survey without a design of its own
    mixed = pl.concat([own, answers.with_columns(municipality_code=pl.lit("0199"))], how="diagonal")
    keys = mixed.with_columns(**design_columns(mixed)).filter(pl.col("municipality_code") == "0199")
    assert set(keys["weight"]) == {1.0}
    assert keys["stratum"].str.starts_with("0199/").all()
    assert keys["psu"].null_count() == 0


@pytest.mark.parametrize("column", ["weight", "stratum", "psu"])
def test_a_design_for_some_pupils_only_is_refused(column: str) -> None:
    own = sample_answers(5, design=True)
    holed = own.with_columns(pl.when(pl.int_range(pl.len()) > 0).then(column).alias(column))
    with pytest.raises(PipelineError, match="1 leveranser"):
        pupil_keys(holed)


def test_without_a_county_there_is_nothing_to_compare_with(values: pl.DataFrame) -> None:
    """The other numbers are the same, pooled design effects included."""
    whole, alone = series_estimates(values, KEYS, "share"), series_estimates(values, KEYS, "share", ("municipality",))
    assert set(alone["area_level"]) == {"municipality"}
    kept = whole.filter((pl.col("area_level") == "municipality") & (pl.col("measure") != "diff_share"))
    assert alone.equals(kept)
    assert set(indicator_counts(values, SOME, ("municipality",))["area_level"]) == {"municipality"}
