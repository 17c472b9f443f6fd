"""Conditional maximum likelihood, item fit, Q3, differential item functioning against R (psychotools, eRm, iarm, easyRasch2)."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assets.methods.partial_gamma import partial_gamma
from assets.methods.rasch_cml import CmlFit, conditional_loglik, estimate_cml
from assets.methods.rasch_dif import fit_groups, item_differences
from assets.methods.rasch_information import information_curve
from assets.methods.rasch_item_fit import conditional_item_fit, unconditional_item_fit
from assets.methods.rasch_model import reversed_thresholds
from assets.methods.rasch_persons import locate
from assets.methods.rasch_residuals import residual_structure
from tests.oracle.rasch_estimation import flat, oracle, simulated_counts, simulated_frame, simulated_spec


@pytest.fixture(scope="module")
def fit() -> CmlFit:
    return estimate_cml(simulated_counts())


def test_thresholds_errors_and_likelihood(fit: CmlFit) -> None:
    expected = oracle()["cml"]
    assert np.abs(fit.flat - flat(expected["thresholds"])).max() < 1e-5
    assert np.abs(np.concatenate(fit.se) - flat(expected["se"])).max() < 1e-5
    assert fit.loglik == pytest.approx(expected["cond_loglik"], abs=1e-6)
    assert fit.free_parameters == expected["free_parameters"]
    assert abs(fit.flat.sum()) < 1e-10
    assert conditional_loglik(simulated_counts(), fit.thresholds) == pytest.approx(fit.loglik, abs=1e-9)


def test_complete_rows(fit: CmlFit) -> None:
    expected = oracle()["cml_complete_cases"]
    complete = estimate_cml(simulated_counts().complete())
    assert np.abs(complete.flat - flat(expected["thresholds"])).max() < expected["tolerance"]
    assert complete.loglik == pytest.approx(expected["cond_loglik"], abs=expected["tolerance"])


def test_the_conditional_estimate_lies_by_the_marginal_one(fit: CmlFit) -> None:
    marginal = flat(oracle()["mml"]["thresholds"])
    assert np.abs(fit.flat - (marginal - marginal.mean())).max() < 0.05  # another estimator; not ours


def test_persons(fit: CmlFit) -> None:
    expected = oracle()["person_wle_with_cml_thresholds"]
    persons = locate(simulated_counts(), fit.spec(simulated_spec()))
    by_raw = dict(zip(simulated_counts().raw.tolist(), zip(persons.theta, persons.se, persons.extreme, strict=True), strict=True))
    raw = simulated_frame().select(raw=pl.sum_horizontal(simulated_counts().items))["raw"]
    got = [by_raw[total] for total in raw]
    for place, name in enumerate(("theta", "se")):
        assert np.abs(np.array([row[place] for row in got]) - expected[name]).max() < expected["tolerance"]
    assert [bool(row[2]) for row in got] == expected["extreme"]


def test_conditional_item_fit(fit: CmlFit) -> None:
    expected = oracle()["conditional_item_fit"]
    got = conditional_item_fit(simulated_counts(), fit)
    for name in ("outfit", "infit"):
        assert np.abs(got[name].to_numpy() - expected[name]).max() < expected["tolerance"]
        assert np.abs(got[f"{name}_se"].to_numpy() - expected[f"{name}_se_iarm"]).max() < expected["tolerance"]


def test_unconditional_item_fit_is_the_biased_one_of_erm(fit: CmlFit) -> None:
    expected = oracle()["unconditional_item_fit_do_not_use"]["eRm_mle"]
    got = unconditional_item_fit(simulated_counts(), fit.spec(simulated_spec()), "mle")
    assert np.abs(got["outfit_biased"].to_numpy() - expected["outfit"]).max() < 1e-4
    assert np.abs(got["infit_biased"].to_numpy() - expected["infit"]).max() < 1e-4
    assert set(got["n"]) == set(expected["df"])
    assert got["infit_biased"].mean() < conditional_item_fit(simulated_counts(), fit)["infit"].mean()


def test_q3(fit: CmlFit) -> None:
    expected = oracle()["yen_q3"]
    spec = fit.spec(simulated_spec())
    got = residual_structure(simulated_counts(), spec, locate(simulated_counts(), spec))
    assert np.abs(got.q3 - np.array(expected["matrix"])).max() < expected["tolerance"]
    assert got.q3_mean == pytest.approx(expected["mean"], abs=1e-5)
    assert got.q3_star == pytest.approx(expected["q3_star_max_minus_mean"], abs=1e-5)
    assert got.pairs().row(0)[:2] == ("i6", "i7")
    assert got.pairs()["q3"].max() == pytest.approx(expected["max"], abs=1e-5)


def test_likelihood_ratio_test() -> None:
    expected = oracle()["dif_lr_by_sex"]
    got = fit_groups(simulated_counts(), "sex")
    assert got.lr == pytest.approx(expected["LR"], abs=expected["tolerance"])
    assert got.df == expected["df"]
    for level, fit in zip(got.levels, got.fits, strict=True):
        assert np.abs(fit.flat - flat(expected["group_thresholds_centred"][str(level)])).max() < 1e-5
    largest = item_differences(got).sort(pl.col("difference").abs(), descending=True).row(0, named=True)
    assert largest["item"] == "i4"
    assert largest["p_adjusted"] < 0.001


def test_partial_gamma() -> None:
    expected = oracle()["dif_partial_gamma_by_sex"]
    got = partial_gamma(simulated_counts(), "sex")
    for name, key in (("gamma", "gamma"), ("se", "se"), ("p_value", "p_two_sided")):
        assert np.abs(got[name].to_numpy() - list(expected[key].values())).max() < expected["tolerance"]
    p = np.sort(got["p_value"].to_numpy())
    benjamini_hochberg = np.minimum.accumulate((p * 8 / np.arange(1, 9))[::-1])[::-1]
    assert np.sort(got["p_adjusted"].to_numpy()) == pytest.approx(np.minimum(benjamini_hochberg, 1.0))


def test_information_and_order(fit: CmlFit) -> None:
    expected = oracle()["test_information_cml"]
    spec = fit.spec(simulated_spec())
    got = information_curve(spec, expected["theta"])
    assert np.abs(got["information"].to_numpy() - expected["info"]).max() < expected["tolerance"]
    assert reversed_thresholds(spec) == tuple(key for key, reverse in oracle()["reversed_thresholds"].items() if reverse)


def test_category_counts() -> None:
    counted = dict(zip(simulated_counts().items, (seen.tolist() for seen in simulated_counts().category_counts()), strict=True))
    assert counted == oracle()["category_counts"]
