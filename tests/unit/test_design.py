"""Designs and estimates that are impossible or awkward: a null with its reason, or an error that says what to do."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.catalogue.statistics_models import Designs
from assets.methods import design_estimates as de
from assets.methods.design import Sample, Stage, Statistic, SurveyDesign, draw_up
from assets.methods.design_intervals import share_interval_or_exact, survey_share_interval
from assets.methods.design_models import fit, rao_scott, wald
from assets.methods.design_options import prepared, response_rate
from assets.methods.errors import PipelineError

FRAME = pl.DataFrame(
    {
        "h": ["a"] * 4 + ["b"] * 4,
        "c": ["1", "1", "2", "2", "3", "3", "4", "4"],
        "N": [5] * 8,
        "w": [1.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 2.0],
        "y": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, None],
        "z": [0, 0, 1, 1, 0, 1, 0, 1],
        "x": [1.0, 2.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0],
        "empty": pl.Series([None] * 8, dtype=pl.Float64),
        "same": [4.0] * 8,
    }
)
CLUSTER = SurveyDesign((Stage("c", "h"),), "w")


def with_column(**columns: pl.Expr) -> pl.DataFrame:
    return FRAME.with_columns(**columns)


@pytest.mark.parametrize(
    ("frame", "design", "code"),
    [
        (FRAME.clear(), CLUSTER, "empty_sample"),
        (with_column(h=pl.lit(None, pl.String)), CLUSTER, "design_missing"),
        (with_column(w=pl.lit(-1.0)), CLUSTER, "negative_weight"),
        (with_column(w=pl.lit(float("nan"))), CLUSTER, "negative_weight"),
        (with_column(w=pl.lit(0.0)), CLUSTER, "zero_weight"),
        (with_column(N=pl.int_range(5, 13)), SurveyDesign((Stage("c", "h", "N"),), "w"), "population_varies"),
        (with_column(N=pl.lit(1)), SurveyDesign((Stage("c", "h", "N"),), "w"), "population_too_small"),
    ],
)
def test_impossible_designs_are_refused(frame: pl.DataFrame, design: SurveyDesign, code: str) -> None:
    with pytest.raises(PipelineError) as caught:
        draw_up(frame, design)
    assert caught.value.code == code


def test_absent_values_have_reasons_and_no_table_holds_nan() -> None:
    sample = draw_up(FRAME, CLUSTER)
    alone = pl.col("c") == "1"
    cases = {
        "no_answers": de.mean(sample, "empty"),
        "no_degrees_of_freedom": de.mean(sample, "y", alone),
        "no_spread": de.mean(sample, "same"),
        "not_positive": de.ratio(sample, "y", "z", pl.col("z") == 0),
        "ok": de.mean(sample, "y"),
    }
    for reason, statistic in cases.items():
        row = de.described(sample, statistic, "x")
        assert row["reason"] == reason
        assert not any(isinstance(v, float) and math.isnan(v) for v in row.values())
        assert (row["low"] is None) == (reason != "ok")
    zero = draw_up(FRAME.with_columns(w=pl.when(alone).then(0.0).otherwise("w")), CLUSTER)
    assert de.described(zero, de.mean(zero, "y", alone), "x")["reason"] == "no_weight"
    table = de.domain_table(sample, "y", ["c"])
    assert table["reason"].unique().to_list() == ["no_degrees_of_freedom"]
    assert table.select(pl.col(pl.Float64).is_nan().any()).row(0) == (False,) * len(table.select(pl.col(pl.Float64)).columns)


def test_an_area_that_is_the_whole_county_has_no_rest_to_differ_from() -> None:
    sample = draw_up(FRAME.with_columns(mun=pl.lit("0101")), CLUSTER)
    got = {row["statistic"]: row for row in de.against_whole(sample, "y", "mun").iter_rows(named=True)}
    assert (got["diff"]["estimate"], got["diff"]["reason"]) == (0.0, "no_spread")
    assert (got["rest"]["reason"], got["diff_rest"]["reason"]) == ("no_answers", "no_answers")
    assert got["diff_rest"]["estimate"] is None


def test_average_of_nothing_is_a_null() -> None:
    lonely = draw_up(FRAME.filter(pl.col("c").is_in(["1", "3"])), SurveyDesign((Stage("c", "h"),), "w", "average"))
    row = de.described(lonely, de.mean(lonely, "y"), "x")
    assert (row["reason"], row["se"], row["low"]) == ("lonely_stratum", None, None)


def test_a_fully_taken_stratum_adds_nothing_and_is_not_lonely() -> None:
    whole = draw_up(FRAME.with_columns(N=pl.lit(2)), SurveyDesign((Stage("c", "h", "N"),), "w"))
    assert whole.variance(de.mean(whole, "y")) == 0
    one = draw_up(FRAME.filter(pl.col("c") == "1").with_columns(N=pl.lit(1)), SurveyDesign((Stage("c", "h", "N"),), "w"))
    assert one.variance(de.mean(one, "y")) == 0


def test_shares_of_nobody_and_everybody_fall_back_to_the_exact_interval() -> None:
    low, high, method = share_interval_or_exact(0.0, 0.0, 10, 60, pooled_effect=2.0)
    assert (low, method) == (0.0, "clopper_pearson_deff")
    assert high == pytest.approx(1 - 0.025 ** (1 / 30))
    low, high, _ = share_interval_or_exact(1.0, 0.0, 10, 60)
    assert (high, low) == (1.0, pytest.approx(0.025 ** (1 / 60)))
    assert share_interval_or_exact(0.2, 0.001, 10, 60)[2] == "logit_t"
    for unsure in (share_interval_or_exact(0.2, 0.0, 10, 60), share_interval_or_exact(0.0, 0.0, 0, 60)):
        assert unsure[2] == "none"
        assert math.isnan(unsure[0])
    assert math.isnan(survey_share_interval(0.5, 0.01, 0, 60)[0])
    with pytest.raises(ValueError, match="unknown method"):
        survey_share_interval(0.5, 0.01, 5, 60, "magic")


@pytest.mark.parametrize(
    ("outcome", "terms", "family", "code"),
    [
        ("y", ["empty"], "gaussian", "empty_model"),
        ("y", ["same"], "gaussian", "model_collinear"),
        ("same", ["x"], "poisson", "model_not_estimable"),
        ("z", ["z"], "binomial", "model_not_estimable"),
    ],
)
def test_impossible_models_are_refused(outcome: str, terms: list[str], family: str, code: str) -> None:
    with pytest.raises(PipelineError) as caught:
        fit(draw_up(FRAME, CLUSTER), outcome, terms, family)
    assert caught.value.code == code


def test_a_model_without_degrees_of_freedom_has_no_interval() -> None:
    model = fit(draw_up(FRAME, CLUSTER), "y", ["x", "z"])
    table = model.table()
    assert model.df == 0
    assert table["reason"].unique().to_list() == ["no_degrees_of_freedom"]
    assert table["low"].null_count() == table["p_value"].null_count() == 3
    assert math.isnan(wald(model, ["x"])["p_value"])


def test_a_table_with_an_empty_cell_is_not_tested() -> None:
    sample = draw_up(FRAME.with_columns(same_z=pl.col("z")), CLUSTER)
    with pytest.raises(PipelineError, match="Slå ihop kategorier"):
        rao_scott(sample, "z", "same_z")


def test_logarithms_need_positive_values() -> None:
    sample = draw_up(FRAME, CLUSTER)
    nothing = Statistic(0.0, np.zeros(8), sample.where())
    assert math.isnan(nothing.log().value)
    assert de.described(sample, nothing.log(), "ratio", kind="log")["reason"] == "not_positive"


def test_quantiles_of_nobody_are_absent() -> None:
    sample = draw_up(FRAME, CLUSTER)
    assert all(math.isnan(v) for v in de.quantile(sample, "empty", 0.5))
    assert de.quantile_row(sample, "empty", 0.5)["reason"] == "no_answers"
    alone = de.quantile_row(sample, "y", 0.5, pl.col("c") == "1")
    assert (alone["estimate"], alone["reason"], alone["low"]) == (1.0, "no_degrees_of_freedom", None)
    assert de.quantile_row(sample, "same", 0.5)["reason"] == "no_spread"
    with pytest.raises(ValueError, match="between 0 and 1"):
        de.quantile(sample, "y", 1.0)
    with pytest.raises(ValueError, match="denominator"):
        de.domain_table(sample, "y", kind="ratio")


def test_the_default_design_of_the_catalogue_is_the_class_with_replacement() -> None:
    designs = load_catalogue().statistics.designs
    chosen = designs.get()
    assert (chosen.key, chosen.unit, chosen.stratum, chosen.population) == ("class_cluster", "psu", "stratum", None)
    persons = FRAME.rename({"c": "psu", "h": "stratum"}).with_columns(school_code=pl.when(pl.col("psu") > "1").then("psu"))
    for key in ("class_cluster", "school_cluster"):
        option = designs.get(key).option()
        sample: Sample = draw_up(prepared(persons, option), option.design())
        assert sample.units(sample.where()) == 4
        assert sample.variance(de.mean(sample, "y")) > 0
    option = designs.get("census_class").option()
    with pytest.raises(PipelineError, match=r"utan enrolled\. Designen kräver antalet inskrivna elever i varje klass"):
        prepared(persons, option)
    sample = draw_up(prepared(persons.with_columns(enrolled=pl.lit(3)), option), option.design())
    assert sample.variance(de.mean(sample, "y")) > 0


def test_a_design_that_can_give_no_width_is_refused() -> None:
    good = load_catalogue().statistics.designs.model_dump()
    good["options"][0]["population"] = "N_school"
    with pytest.raises(ValueError, match="intervall utan bredd"):
        Designs.model_validate(good)
    with pytest.raises(ValueError, match="inte finns"):
        Designs.model_validate(good | {"default": "x"})
    good["options"][0]["population"] = None
    with pytest.raises(ValueError, match="måste vara class_cluster"):
        Designs.model_validate(good | {"default": "school_cluster"})
    with pytest.raises(ValueError, match="census_class kräver dessutom antalet inskrivna elever i varje klass"):
        Designs.model_validate(good | {"default": "census_class"})


def test_response_rates_stand_beside_with_their_reason() -> None:
    assert response_rate(80, 100) == (80.0, "ok")
    assert response_rate(110, 100) == (110.0, "more_answers_than_pupils")
    assert response_rate(5, None) == (None, "no_register")
    assert response_rate(5, 0) == (None, "no_population")
