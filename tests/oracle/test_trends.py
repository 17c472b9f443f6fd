"""Trends over few waves against R (base, metafor), and the change between two waves against joint linearisation."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from assets.methods import design_estimates as de
from assets.methods import trends
from assets.methods.design import Stage, SurveyDesign, draw_up
from assets.methods.wave_change import change_between_waves
from tests.oracle.rasch_reference import DATA
from tests.oracle.test_design_survey import micro

TREND = DATA / "trend"
SERIES = pl.read_csv(TREND / "series.csv")
EXPECTED = pl.read_csv(TREND / "expected_trend.csv")


def everything(area: int) -> dict[str, float]:
    rows = SERIES.filter(pl.col("area") == area).sort("year")
    year, x, n = (rows[name].to_numpy() for name in ("year", "x", "n"))
    share, variance = x / n, trends.share_variance(x, n)
    line, ranks = trends.weighted_line(year, share, variance), trends.mann_kendall(year, share)
    got: dict[str, float] = {"k": len(year), "sen_slope_per_year": trends.sen_slope(year, share)}
    got["ca_chi2"], got["ca_p"] = trends.cochran_armitage(year, x, n)
    got["logit_slope_per_2y"], got["logit_slope_se"], got["logit_p"] = trends.logit_slope(year, x, n)
    got |= {"wls_slope_per_2y": line.slope, "wls_slope_se": line.se, "wls_Q_resid": line.q, "wls_Q_p": line.q_p}
    got |= {"mk_S": ranks.s, "mk_varS": ranks.variance, "mk_p_normal": ranks.p_normal, "mk_p_exact": ranks.p_exact}
    got["kendall_tau_b"] = ranks.tau_b
    apart = trends.difference_of_waves(share[0], math.sqrt(variance[0]), share[-1], math.sqrt(variance[-1]), 50)
    return got | {"last_minus_first": apart[0], "last_minus_first_se": apart[1]}


@pytest.mark.parametrize("area", EXPECTED["area"].to_list())
def test_every_column(area: int) -> None:
    truth = EXPECTED.filter(pl.col("area") == area).drop("area").row(0, named=True)
    got = everything(area)
    assert got.keys() == truth.keys()
    for name, value in truth.items():
        # R's glm stops a step early (relative deviance 1e-8): its p of the logit slope is off by up to 2e-6
        tolerance = {"logit_p": 3e-6}.get(name, 1e-6 if name.startswith("logit") else 1e-9)
        assert abs(got[name] - value) <= tolerance * max(1, abs(value)), name


def test_verdicts_of_the_series() -> None:
    verdicts = {}
    for (area,), rows in SERIES.group_by("area", maintain_order=True):
        year, x, n = (rows[name].to_numpy() for name in ("year", "x", "n"))
        found = trends.trend(year.tolist(), (x / n).tolist(), np.sqrt(trends.share_variance(x, n)).tolist())
        verdicts[area] = found.verdict
        assert (found.slope is None) == (found.verdict == "not_linear")
    assert verdicts == {
        1: "not_linear",
        2: "cannot_tell",
        3: "cannot_tell",
        4: "cannot_tell",
        5: "decrease",
        6: "increase",
        7: "decrease",
        8: "cannot_tell",
    }


def test_common_schools_make_a_change_surer_or_less_sure_by_their_covariance() -> None:
    persons = micro().with_columns(mg=pl.concat_str("mun", "grade", separator="-"))
    common = SurveyDesign((Stage("school", "mg"),), "w", "adjust")
    got = change_between_waves(persons, common, "score", (2022, 2024), ["mun"], wave="year")
    sample = draw_up(persons, common)
    for row in got.iter_rows(named=True):
        before, after = (de.mean(sample, "score", (pl.col("mun") == row["mun"]) & (pl.col("year") == y)) for y in (2022, 2024))
        matrix = sample.covariance([before, after])
        assert row["estimate"] == pytest.approx(after.value - before.value)
        assert row["se"] ** 2 == pytest.approx(matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1], rel=1e-9)
    apart = SurveyDesign((Stage("sy", "stratum"),), "w", "adjust")
    independent = change_between_waves(persons, apart, "score", (2022, 2024), ["mun"], wave="year")
    sample = draw_up(persons, apart)
    for row in independent.iter_rows(named=True):
        parts = [de.mean(sample, "score", (pl.col("mun") == row["mun"]) & (pl.col("year") == y)) for y in (2022, 2024)]
        assert row["se"] ** 2 == pytest.approx(sum(sample.variance(part) for part in parts), rel=1e-9)
    assert independent["estimate"].to_list() == pytest.approx(got["estimate"].to_list())
    assert (independent["se"] - got["se"]).abs().max() > 0.01


def test_no_change_across_a_break() -> None:
    design = SurveyDesign((Stage("sy", "stratum"),), "w")
    got = change_between_waves(micro(), design, "score", (2022, 2024), breaks=[2024], wave="year").row(0, named=True)
    assert (got["estimate"], got["low"], got["reason"], got["verdict"]) == (None, None, "series_break", "cannot_tell")
    kept = change_between_waves(micro(), design, "score", (2022, 2024), breaks=[2022], wave="year").row(0, named=True)
    assert (kept["reason"], kept["low"] < 0 < kept["high"], kept["verdict"]) == ("ok", True, "cannot_tell")
    sure = SurveyDesign((Stage(None, "ky", "enrolled"),), "w")
    clear = change_between_waves(micro(), sure, "score", (2022, 2024), wave="year").row(0, named=True)
    assert clear["verdict"] == "decrease"
    small = change_between_waves(micro(), sure, "score", (2022, 2024), minimum=5.0, wave="year").row(0, named=True)
    assert (small["estimate"], small["verdict"]) == (clear["estimate"], "cannot_tell")
