"""Survey regressions, tests and share intervals against R survey, with the school census and with California's API samples."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from assets.methods import design_estimates as de
from assets.methods.design import Sample, Stage, Statistic, SurveyDesign, draw_up
from assets.methods.design_intervals import survey_share_interval
from assets.methods.design_models import Model, fit, rao_scott, t_test, wald
from tests.oracle.rasch_reference import DATA
from tests.oracle.test_design_survey import DESIGNS, SURVEY, micro, relative

API = DATA / "survey_api"
API_DESIGNS = {
    "strat": ("apistrat", SurveyDesign((Stage(None, "stype", "fpc"),), "pw")),
    "clus1": ("apiclus1", SurveyDesign((Stage("dnum", None, "fpc"),), "pw")),
    "clus1_wr": ("apiclus1", SurveyDesign((Stage("dnum"),), "pw")),
    "clus2": ("apiclus2", SurveyDesign((Stage("dnum", None, "fpc1"), Stage("snum", None, "fpc2")))),
}
MODELS = {
    "gaussian_score": ("score", ["girl", "g11", "y24"], "gaussian"),
    "logit_drunk": ("drunk", ["s10", "girl", "g11"], "binomial"),
    "poisson_drunk": ("drunk", ["risk", "girl", "g11"], "poisson"),
    "logit_drunk_risk": ("drunk", ["risk"], "binomial"),
    "linear_prob_drunk": ("drunk", ["risk"], "gaussian"),
}


@pytest.fixture(scope="module")
def sample() -> Sample:
    persons = micro().with_columns(
        girl=(pl.col("sex") == 2).cast(pl.Int8),
        g11=(pl.col("grade") == 11).cast(pl.Int8),
        y24=(pl.col("year") == 2024).cast(pl.Int8),
        s10=pl.col("score") / 10,
    )
    return draw_up(persons, SurveyDesign(DESIGNS["strat_cluster_fpc"], "w"))


@pytest.mark.parametrize("name", list(MODELS))
def test_models(sample: Sample, name: str) -> None:
    truth = pl.read_csv(SURVEY / "expected_svyglm.csv").filter(pl.col("model") == name)
    model = fit(sample, *MODELS[name])
    got = model.table().join(truth, on="term", suffix="_truth")
    assert got.height == truth.height == len(model.terms)
    for row in got.iter_rows(named=True):
        assert (row["df"], row["n"]) == (row["df_resid"], row["n_truth"])
        for column in ("estimate", "se", "statistic"):
            assert relative(row[column], row[f"{column}_truth"]) < 1e-6, (row["term"], column)
        assert relative(row["p_value"], row["p"]) < 1e-6
    one = model.terms[-1]
    assert wald(model, [one])["F"] == pytest.approx(got.filter(pl.col("term") == one)["statistic"][0] ** 2, rel=1e-9)


def test_independence_and_means_of_two_groups(sample: Sample) -> None:
    table = pl.read_csv(SURVEY / "expected_tests.csv")
    truth = {(test, quantity): value for test, quantity, value in table.iter_rows()}
    chi = rao_scott(sample, "risk", "sex")
    for ours, theirs in (("F", "F"), ("ndf", "ndf"), ("ddf", "ddf"), ("p_value", "p")):
        assert chi[ours] == pytest.approx(truth["svychisq_F", theirs], rel=1e-6)
    means = t_test(sample, "score", "girl", pl.col("sex").is_not_null())
    for ours, theirs in (("t", "t"), ("df", "df"), ("p_value", "p")):
        assert means[ours] == pytest.approx(truth["svyttest", theirs], rel=1e-6)


def test_shares_without_spread_have_an_estimate_only(sample: Sample) -> None:
    table = pl.read_csv(SURVEY / "expected_svyciprop.csv").filter(pl.col("note").is_not_null())
    assert table.height > 0
    for row in table.iter_rows(named=True):
        where = pl.all_horizontal(pl.col(key) == row[key] for key in ("mun", "sex") if row[key] is not None)
        got = de.described(sample, de.mean(sample, "risk", where), "share", kind="logit")
        assert got["estimate"] == pytest.approx(row["p"], rel=1e-9)
        assert (got["se"], got["low"], got["reason"]) == (0.0, None, "no_spread")


def test_intervals_of_a_share() -> None:
    """Likelihood: R interpolates linearly in a coarse profile, which is off by up to 3e-6; ours solves the equation."""
    table = pl.read_csv(SURVEY / "expected_svyciprop.csv").filter(pl.col("note").is_null())
    tolerance = {"logit": 1e-6, "likelihood": 3e-6}
    for row in table.iter_rows(named=True):
        method = row["method"].removeprefix("x")
        low, high = survey_share_interval(row["p"], row["se"] ** 2, row["df"], row["n"], method)
        assert abs(low - row["lo"]) < tolerance.get(method, 1e-9), row["method"]
        assert abs(high - row["hi"]) < tolerance.get(method, 1e-9), row["method"]
    assert table.height == 18 * 7


def api(name: str) -> Sample:
    file, design = API_DESIGNS[name]
    persons = pl.read_csv(API / f"{file}.csv").rename({"sch.wide": "sch", "comp.imp": "comp"})
    return draw_up(persons.with_columns((pl.col(c) == "Yes").cast(pl.Int8) for c in ("sch", "comp")), design)


def api_truth(name: str) -> dict[tuple[str, str, str], float]:
    table = pl.read_csv(API / "expected.csv").filter(pl.col("design") == name).fill_null("")
    return {(s, d, q): v for _, s, d, q, v in table.iter_rows()}


@pytest.mark.parametrize("name", list(API_DESIGNS))
def test_california(name: str) -> None:
    sample, truth = api(name), api_truth(name)
    got: dict[tuple[str, str, str], float] = {("degf", "", "df"): sample.degrees_of_freedom(sample.where())}

    def put(stat: str, domain: str, found: de.Statistic) -> None:
        got[stat, domain, "estimate"] = found.value
        got[stat, domain, "se"] = math.sqrt(sample.variance(found))

    mean = de.mean(sample, "api00")
    put("mean api00", "", mean)
    got["mean api00", "", "deff"] = de.design_effect(sample, "api00", mean, with_replacement=False)
    put("mean enroll na.rm", "", de.mean(sample, "enroll"))
    put("total enroll na.rm", "", de.total(sample, "enroll"))
    for kind in "EHM":
        put("mean api00 by stype", f"stype={kind}", de.mean(sample, "api00", pl.col("stype") == kind))
    share = de.mean(sample, "comp")
    put("share comp.imp", "", share)
    for method in ("logit", "likelihood", "asin", "beta", "mean", "xlogit"):
        df = got["degf", "", "df"]
        limits = survey_share_interval(share.value, sample.variance(share), df, sample.frame.height, method.removeprefix("x"))
        got |= {(f"svyciprop comp.imp {method}", "", q): x for q, x in zip(("lo", "hi"), limits, strict=True)}
    put("ratio api00/api99", "", de.ratio(sample, "api00", "api99"))
    terms = ["ell", "meals", "mobility"]
    for stat, outcome, family in (("api00~ell+meals+mobility", "api00", "gaussian"), ("sch.wide logit", "sch", "binomial")):
        model: Model = fit(sample, outcome, terms, family)
        for row in model.table().iter_rows(named=True):
            got |= {(f"svyglm {stat}", row["term"], q): row[q] for q in ("estimate", "se")}
    assert got.keys() == truth.keys()
    for key, value in truth.items():
        assert relative(got[key], value) < _bound(*key), key


def _bound(stat: str, _: str, quantity: str) -> float:
    """R's logit se is checked below; its likelihood limits are a linear interpolation (see above)."""
    if stat.endswith("likelihood"):
        return 2e-4
    if stat == "svyglm sch.wide logit" and quantity == "se":
        return 1e-4
    return 1e-6 if stat.startswith("svyglm") or stat.endswith("logit") else 1e-9


@pytest.mark.parametrize("name", list(API_DESIGNS))
def test_logit_se_is_r_s_but_for_the_last_step(name: str) -> None:
    """R's `glm` stops when the deviance has settled to 1e-8 and keeps the working weights of the step before. With that rule the
    same influences give R's standard errors exactly; ours go on to the end."""
    sample, truth = api(name), api_truth(name)
    terms = ["ell", "meals", "mobility"]
    x = np.column_stack([np.ones(sample.frame.height), *(sample.column(term) for term in terms)])
    y, w = sample.column("sch"), sample.weight / sample.weight.mean()
    mean, deviance, settled = (w * y + 0.5) / (w + 1), math.inf, False
    eta = np.log(mean / (1 - mean))
    while not settled:
        slope = mean * (1 - mean)
        information = (x * (w * slope)[:, None]).T @ x
        eta = x @ np.linalg.solve(information, x.T @ (w * slope * (eta + (y - mean) / slope)))
        mean = 1 / (1 + np.exp(-eta))
        before, deviance = deviance, float(2 * np.sum(w * (np.logaddexp(0, eta) - y * eta)))
        settled = abs(deviance - before) / (abs(deviance) + 0.1) < 1e-8
    residual = slope * (y - mean) / (mean * (1 - mean))
    influence = (x * residual[:, None]) @ np.linalg.inv(information) / sample.weight.mean()
    everyone = sample.where()
    for column, term in enumerate(("(Intercept)", *terms)):
        se = math.sqrt(sample.variance(Statistic(0.0, influence[:, column], everyone)))
        assert relative(se, truth["svyglm sch.wide logit", term, "se"]) < 1e-8
