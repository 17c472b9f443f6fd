"""Fay-Herriot and beta-binomial estimates against R (metafor, sae)."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from assets.methods.beta_binomial import beta_binomial_estimates, fit_beta_binomial, pooled_waves
from assets.methods.errors import PipelineError
from assets.methods.small_area import area_estimates_supported, benchmarked, fit_areas, may_be_published, smoothed_variances
from tests.oracle.rasch_reference import DATA

SMALL = DATA / "small_area"
AREAS = pl.read_csv(SMALL / "areas.csv")
Y, D, LOWINC = (AREAS[name].cast(pl.Float64).to_numpy() for name in ("y", "vardir", "lowinc"))
X = np.column_stack([np.ones(len(Y)), LOWINC])


@pytest.mark.parametrize("method", ["REML", "ML", "DL", "PM"])
def test_fay_herriot(method: str) -> None:
    model = fit_areas(Y, D, X, method)
    truth = pl.read_csv(SMALL / "expected_fit.csv").filter(pl.col("method") == method).row(0, named=True)
    numbers = (model.variance, *model.coefficients, *model.standard_errors, model.areas)
    assert numbers == pytest.approx([truth[name] for name in ("tau2", "b0", "b1", "se_b0", "se_b1", "k")], rel=1e-6)
    got = area_estimates_supported(model, Y, D, X)
    expected = pl.read_csv(SMALL / "expected_eblup.csv").filter(pl.col("method") == method)
    names = {
        "gamma": "gamma",
        "synthetic": "synthetic",
        "estimate": "eblup",
        "g1": "g1",
        "g2": "g2",
        "g3": "g3",
        "mse": "mse_prasad_rao",
    }
    for ours, theirs in names.items():
        assert got[ours].null_count() == expected[theirs].null_count()
        assert got[ours].fill_null(0).to_list() == pytest.approx(
            expected[theirs].cast(pl.Float64).fill_null(0).to_list(), rel=1e-6
        )
    assert got["source"].unique().to_list() == ["model_supported"]


def test_beta_binomial() -> None:
    truth = pl.read_csv(SMALL / "expected_beta_binomial.csv")
    x, n = (truth[name].cast(pl.Float64).to_numpy() for name in ("x", "n"))
    model = fit_beta_binomial(x, n)
    expected = pl.read_csv(SMALL / "expected_beta_binomial_fit.csv").row(0, named=True)
    assert (model.a, model.b, model.mean) == pytest.approx([expected[name] for name in ("a", "b", "mean")], rel=1e-6)
    got = beta_binomial_estimates(model, x, n)
    for ours, theirs in {"estimate": "posterior_mean", "low": "lo", "high": "hi"}.items():
        assert got[ours].to_list() == pytest.approx(truth[theirs].to_list(), rel=1e-6)


def test_areas_without_data_get_the_models_value_and_say_so() -> None:
    model = fit_areas(Y, D, X)
    y = np.where(np.arange(len(Y)) == 3, np.nan, Y)
    row = area_estimates_supported(model, y, D, X).row(3, named=True)
    assert (row["source"], row["reason"], row["gamma"], row["direct"]) == ("synthetic", "no_direct_estimate", 0.0, None)
    assert row["estimate"] == row["synthetic"]
    assert row["mse"] > model.variance


@pytest.mark.parametrize("method", ["REML", "ML", "DL", "PM"])
def test_areas_that_do_not_differ_are_reported(method: str) -> None:
    y = 20 + 0.2 * LOWINC + 0.01 * np.sin(np.arange(len(Y)))
    model = fit_areas(y, D, X, method)
    assert (model.variance, model.boundary) == (0.0, True)
    got = area_estimates_supported(model, y, D, X)
    assert got["reason"].unique().to_list() == ["no_variance_between_areas"]
    assert got["estimate"].to_list() == pytest.approx(got["synthetic"].to_list())
    assert got["source"].unique().to_list() == ["synthetic"]


def test_shares_that_do_not_differ_stop_at_the_pooled_share() -> None:
    n = np.array([100.0, 200.0, 400.0, 50.0, 0.0])
    model = fit_beta_binomial(n * 0.2, n)
    got = beta_binomial_estimates(model, n * 0.2, n)
    assert model.boundary
    assert got["estimate"].to_list() == pytest.approx([0.2] * 5)
    assert got["reason"].to_list() == ["no_variance_between_areas"] * 4 + ["no_direct_estimate"]
    assert got["low"].null_count() == 5
    with pytest.raises(PipelineError, match="bara det ena"):
        fit_beta_binomial(n * 0, n)


def test_impossible_area_models_are_refused() -> None:
    with pytest.raises(PipelineError, match="fler än 2"):
        fit_areas(Y[:2], D[:2], X[:2])
    with pytest.raises(PipelineError, match="varianser över 0"):
        fit_areas(Y, D * 0, X)
    with pytest.raises(PipelineError, match="överflödiga"):
        fit_areas(Y, D, np.column_stack([X, X[:, 1]]))


def test_variances_are_smoothed_over_size() -> None:
    n = np.array([10.0, 20, 40, 80, 160, 320, 0])
    direct = np.array([0.0, 5.2, 2.4, 1.3, 0.6, 0.32, np.nan])
    got = smoothed_variances(direct, n)
    assert got[0] > got[1] > got[5] > 0
    assert math.isnan(got[6])
    assert got[1:6].sum() == pytest.approx(direct[1:6].sum())
    share = smoothed_variances(np.array([0.0, 0.004, 0.002]), np.array([20.0, 40, 80]), np.array([0.0, 0.2, 0.2]))
    assert share == pytest.approx([0.16 / 20, 0.16 / 40, 0.16 / 80])
    with pytest.raises(PipelineError, match="inget"):
        smoothed_variances(np.zeros(3), np.ones(3))


def test_model_estimates_add_to_the_county() -> None:
    weights = np.array([1.0, 2.0, 7.0])
    for how in ("ratio", "difference"):
        got = benchmarked(np.array([0.1, 0.2, 0.3]), weights, 0.25, how)
        assert float(np.average(got, weights=weights)) == pytest.approx(0.25)
    with pytest.raises(PipelineError, match="skilt från 0"):
        benchmarked(np.zeros(2), np.ones(2), 0.1)


def test_a_protected_cell_is_not_told_through_its_model_estimate() -> None:
    assert may_be_published(0.4, cell_is_protected=True)
    assert not may_be_published(0.5, cell_is_protected=True)
    assert may_be_published(0.9, cell_is_protected=False)


def test_waves_are_pooled_but_not_across_a_break() -> None:
    rows = pl.DataFrame(
        {
            "area": ["A", "A", "A", "B", "B", "C"],
            "wave": [2020, 2022, 2024, 2022, 2024, 2024],
            "estimate": [0.1, 0.2, 0.4, 0.2, None, None],
            "se": [0.01, 0.02, 0.04, 0.1, None, None],
            "n": [100, 100, 300, 50, None, None],
        }
    )
    got = pooled_waves(rows, ["area"], [2020, 2022, 2024], breaks=[2022])
    first = got.row(0, named=True)
    assert first["estimate"] == pytest.approx(0.35)
    assert first["se"] == pytest.approx(math.hypot(0.25 * 0.02, 0.75 * 0.04))
    assert (first["n"], first["waves"], first["source"]) == (400, [2022, 2024], "pooled")
    assert got["reason"].to_list() == ["ok", "one_wave", "no_estimate"]
    assert got["estimate"].to_list()[1:] == [None, None]
