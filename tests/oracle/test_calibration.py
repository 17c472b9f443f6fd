"""Weights to register margins and standard errors after them, against R survey."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import polars as pl
import pytest

from assets.methods import design_estimates as de
from assets.methods.calibration import Bounds, calibrate, poststratify, rake
from assets.methods.design import Sample, Stage, SurveyDesign, draw_up
from assets.methods.weights import kish_deff, trim
from tests.oracle.rasch_reference import DATA

CALIBRATION = DATA / "calibration"
REGISTER = pl.read_csv(CALIBRATION / "register.csv")


def margin(*keys: str) -> pl.DataFrame:
    return REGISTER.group_by(keys).agg(pl.col("N").sum())


@cache
def base() -> Sample:
    return draw_up(pl.read_csv(CALIBRATION / "micro.csv"), SurveyDesign((Stage("school"),), "base_w"))


def by_totals(distance: str, bounds: Bounds | None = None) -> Sample:
    sample = base()
    dummies = [("mun", code) for code in REGISTER["mun"].unique().sort()[1:]] + [("grade", 11), ("sex", 2)]
    ones = [np.ones(sample.frame.height)]
    columns = ones + [(sample.column(key) == code).astype(float) for key, code in dummies]
    columns += [sample.column("foreign"), sample.column("merit")]
    known = dict(pl.read_csv(CALIBRATION / "totals.csv").iter_rows())
    totals = [known["N"]] + [REGISTER.filter(pl.col(key) == code)["N"].sum() for key, code in dummies]
    totals += [known["foreign"], known["merit_sum"]]
    return calibrate(sample, np.column_stack(columns), np.array(totals, dtype=float), distance, bounds)


def three_margins() -> Sample:
    return rake(base(), [margin("mun"), margin("grade"), margin("sex")])


METHODS = {
    "base": base,
    "rake_mun_gradesex": lambda: rake(base(), [margin("mun"), margin("grade", "sex")]),
    "rake_mun_grade_sex": three_margins,
    "poststrat_mun_sex": lambda: poststratify(base(), margin("mun", "sex")),
    "poststrat_full": lambda: poststratify(base(), margin("mun", "grade", "sex")),
    "cal_linear": lambda: by_totals("linear"),
    "cal_raking": lambda: by_totals("raking"),
    "cal_linear_bounded_0.5_2.5": lambda: by_totals("linear", Bounds(0.5, 2.5)),
    "cal_logit_0.4_3": lambda: by_totals("logit", Bounds(0.4, 3)),
    "trim_rake_max1.8": lambda: trim(three_margins(), upper=1.8),
}


@pytest.mark.parametrize("name", list(METHODS))
def test_weights(name: str) -> None:
    sample = METHODS[name]()
    truth = pl.read_csv(CALIBRATION / "expected_weights.csv").select("id", name)
    got = sample.frame.select("id").with_columns(weight=sample.weight).join(truth, on="id")
    assert got.height == truth.height
    assert (got["weight"] - got[name]).abs().max() < 1e-8
    row = pl.read_csv(CALIBRATION / "expected_weight_summary.csv").filter(pl.col("method") == name).row(0, named=True)
    numbers = (sample.weight.sum(), sample.weight.min(), sample.weight.max(), kish_deff(sample.weight))
    assert numbers == pytest.approx([row[c] for c in ("sum", "min", "max", "kish_deff")], rel=1e-9)


@pytest.mark.parametrize("name", list(METHODS))
def test_estimates_after_weighting(name: str) -> None:
    sample = METHODS[name]()
    truth = pl.read_csv(CALIBRATION / "expected_estimates.csv").filter(pl.col("method") == name)
    found = {"mean": de.mean(sample, "score"), "total": de.total(sample, "score")}
    found |= {f"mean sex={sex}": de.mean(sample, "score", pl.col("sex") == sex) for sex in (1, 2)}
    compared = 0
    for quantity, what, value in truth.select("quantity", "what", "value").iter_rows():
        statistic = found[quantity]
        got = statistic.value if what == "estimate" else math.sqrt(sample.variance(statistic))
        assert got == pytest.approx(value, rel=1e-8), (quantity, what)
        compared += 1
    assert compared == 8


def test_california_after_weighting() -> None:
    api = pl.read_csv(DATA / "survey_api" / "apiclus1.csv")
    sample = draw_up(api, SurveyDesign((Stage("dnum"),), "pw"))
    kinds = pl.DataFrame({"stype": ["E", "H", "M"], "N": [4421, 755, 1018]})
    wide = pl.DataFrame({"sch.wide": ["No", "Yes"], "N": [1072, 5122]})
    stype = sample.frame["stype"].to_numpy()
    x = np.column_stack([np.ones(len(stype)), stype == "H", stype == "M", sample.column("api99")]).astype(float)
    totals = np.array([6194, 755, 1018, 3914069], dtype=float)
    weighted = {
        "postStratify stype": poststratify(sample, kinds),
        "rake stype,sch.wide": rake(sample, [kinds, wide]),
        "calibrate linear stype+api99": calibrate(sample, x, totals),
        "calibrate raking stype+api99": calibrate(sample, x, totals, "raking"),
    }
    truth = pl.read_csv(DATA / "survey_api" / "expected.csv").filter(pl.col("design").str.starts_with("clus1_wr "))
    for design, stat, quantity, value in truth.select("design", "stat", "quantity", "value").iter_rows():
        after = weighted[design.removeprefix("clus1_wr ")]
        statistic = de.mean(after, "api00") if stat == "mean api00" else de.total(after, "enroll")
        got = statistic.value if quantity == "estimate" else math.sqrt(after.variance(statistic))
        assert got == pytest.approx(value, rel=1e-8), (design, stat, quantity)
    assert truth.height == 10
