"""Model-supported estimates for small areas: Fay & Herriot (1979, JASA 74:269). Pure.

Direct estimate y_a with known variance D_a, model y_a = x_a'b + v_a + e_a, Var v_a = A, Var e_a = D_a. The composite estimate
gamma y_a + (1 - gamma) x_a'b, gamma = A / (A + D_a), borrows from areas alike. It is for planning in small municipalities and
stands apart from the direct estimate, labelled; the two are never mixed in one column without their label. Smooth the D_a first
(`smoothed_variances`): an accidental standard error of 0 would give gamma = 1 to the smallest area.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from assets.methods.design import Floats
from assets.methods.errors import PipelineError

Method = Literal["REML", "ML", "DL", "PM"]
GRID = 60
PUBLISH_BELOW = 0.5  # a model estimate of a protected cell must rest less than half on the cell itself


@dataclass(frozen=True)
class AreaModel:
    """A fitted model: `variance` between areas (A), coefficients and their standard errors; `method`; areas with data.

    `boundary` is true when A = 0: every area then gets the model's value alone, which is reported and not hidden.
    """

    method: Method
    variance: float
    coefficients: Floats
    standard_errors: Floats
    areas: int
    boundary: bool
    covariance: Floats


def fit_areas(y: Floats, d: Floats, x: Floats, method: Method = "REML") -> AreaModel:
    """Estimate the variance between areas and the coefficients.

    Args:
        y: direct estimates. d: their variances, above 0. x: [areas, covariates] with the column of ones.
        method: restricted or full maximum likelihood, DerSimonian & Laird (1986) or Paule & Mandel (1982).

    Raises:
        PipelineError: not more areas than coefficients (`too_few_areas`), an area without a value (`area_value`), a variance that
            is not above 0 (`area_variance`; smooth first), or covariates that follow from each other (`covariates_collinear`).
    """
    if len(y) <= x.shape[1]:
        raise _problem("too_few_areas", f"fler än {x.shape[1]} områden med värden", f"{len(y)}", "Ta bort förklarande variabler.")
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise _problem("area_value", "ett värde för varje område", "tomma", "Skatta modellen på områdena som har värden.")
    if not (np.isfinite(d) & (d > 0)).all():
        raise _problem("area_variance", "varianser över 0", "andra", "Jämna ut varianserna först.")
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise _problem("covariates_collinear", "variabler som skiljer sig åt", "överflödiga", "Ta bort en variabel.")
    found = {"REML": _by_likelihood, "ML": _by_likelihood, "DL": _dersimonian_laird, "PM": _paule_mandel}
    variance = found[method](y, d, x, method)
    covariance, beta, _ = _regression(variance, y, d, x)
    return AreaModel(method, variance, beta, np.sqrt(np.diag(covariance)), len(y), variance == 0, covariance)


def _regression(variance: float, y: Floats, d: Floats, x: Floats) -> tuple[Floats, Floats, Floats]:
    """(covariance of b, b, residuals) by generalised least squares."""
    w = 1 / (variance + d)
    covariance = np.linalg.inv((x * w[:, None]).T @ x)
    beta = covariance @ (x.T @ (w * y))
    return covariance, beta, y - x @ beta


def _by_likelihood(y: Floats, d: Floats, x: Floats, method: Method) -> float:
    """The highest point of the (restricted) likelihood over A >= 0: the best of a grid, then the zero of the score beside it."""
    top = max(float(np.var(y)), float(d.max())) * 10
    grid = np.concatenate([[0.0], np.geomspace(top * 1e-8, top, GRID)])
    best = int(np.argmax([_log_likelihood(a, y, d, x, method) for a in grid]))

    def score(a: float) -> float:
        w = 1 / (a + d)
        covariance, _, rest = _regression(a, y, d, x)
        trace = float(w.sum())
        if method == "REML":
            trace -= float(np.trace(covariance @ ((x * (w**2)[:, None]).T @ x)))
        return 0.5 * (float(np.sum((w * rest) ** 2)) - trace)

    low, high = grid[max(best - 1, 0)], grid[min(best + 1, GRID)]
    if best <= 1 and score(0.0) <= 0:
        return 0.0
    return _zero(score, low, high)


def _log_likelihood(a: float, y: Floats, d: Floats, x: Floats, method: Method) -> float:
    covariance, _, rest = _regression(a, y, d, x)
    value = -0.5 * (np.sum(np.log(a + d)) + np.sum(rest**2 / (a + d)))
    return float(value + (0.5 * np.linalg.slogdet(covariance)[1] if method == "REML" else 0.0))


def _dersimonian_laird(y: Floats, d: Floats, x: Floats, method: Method) -> float:
    w = 1 / d
    covariance, _, rest = _regression(0.0, y, d, x)
    room = float(w.sum() - np.trace(covariance @ ((x * (w**2)[:, None]).T @ x)))
    return max((float(np.sum(w * rest**2)) - (len(y) - x.shape[1])) / room, 0.0)


def _paule_mandel(y: Floats, d: Floats, x: Floats, method: Method) -> float:
    freedom = len(y) - x.shape[1]

    def excess(a: float) -> float:
        return float(np.sum(_regression(a, y, d, x)[2] ** 2 / (a + d))) - freedom

    high = float(d.max()) + float(np.var(y))
    if excess(0.0) <= 0:
        return 0.0
    while excess(high) > 0:
        high *= 4
    return _zero(excess, 0.0, high)


def _zero(function: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq

    if function(low) * function(high) > 0:  # the likelihood is flat here to the last digits
        return float(low if abs(function(low)) < abs(function(high)) else high)
    return float(brentq(function, low, high, xtol=1e-13, rtol=1e-14, maxiter=500))


def area_estimates_supported(model: AreaModel, y: Floats, d: Floats, x: Floats) -> pl.DataFrame:
    """Composite estimates of all areas.

    Args:
        y: direct estimates; NaN where an area has none. d: their variances. x: covariates of every area.

    Returns:
        One row per area in the order given: `direct`, `gamma` (weight of the direct estimate), `synthetic` (the model's value),
        `estimate`, `g1, g2, g3`, `mse` (Prasad & Rao 1990, JASA 85:163: g1 + g2 + 2 g3; REML only, else null), `low`, `high` (95
        %, normal), `source` (`model_supported`; `synthetic` without a direct estimate or when A = 0), `method`, `reason` (`ok`,
        `no_direct_estimate`, `no_variance_between_areas`).
    """
    known = np.isfinite(y) & np.isfinite(d) & (d > 0)
    safe = np.where(known, d, 1.0)
    a = model.variance
    gamma = np.where(known, a / (a + safe), 0.0)
    synthetic = x @ model.coefficients
    estimate = np.where(known, gamma * np.where(known, y, 0.0), 0.0) + (1 - gamma) * synthetic
    uncertain = 2 / float(np.sum(1 / (a + d[known]) ** 2))
    g1 = np.where(known, gamma * safe, a)
    g2 = (1 - gamma) ** 2 * np.einsum("ij,jk,ik->i", x, model.covariance, x)
    g3 = np.where(known, safe**2 / (a + safe) ** 3 * uncertain, 0.0)
    mse = g1 + g2 + 2 * g3 if model.method == "REML" else np.full(len(y), np.nan)
    half = 1.959963984540054 * np.sqrt(mse)
    reason = np.where(known, "no_variance_between_areas" if model.boundary else "ok", "no_direct_estimate")
    source = np.where(known & (a > 0), "model_supported", "synthetic")
    numbers = {"direct": np.where(known, y, np.nan), "gamma": gamma, "synthetic": synthetic, "estimate": estimate}
    numbers |= {"g1": g1, "g2": g2, "g3": g3, "mse": mse, "low": estimate - half, "high": estimate + half}
    table = pl.DataFrame(numbers).with_columns(pl.all().fill_nan(None))
    return table.with_columns(
        pl.Series("source", source.tolist()),
        pl.lit(f"fay_herriot_{model.method.lower()}").alias("method"),
        pl.Series("reason", reason.tolist()),
    )


def smoothed_variances(variances: Floats, n: Floats, shares: Floats | None = None) -> Floats:
    """Generalised variance function: log D = a + b log n over areas with D > 0, or D = deff p (1 - p) / n for shares (Wolter
    2007, Introduction to Variance Estimation, ch. 7). Areas without answers get NaN.

    Args:
        variances: direct, may be 0 or NaN. n: answers. shares: for shares: the estimates; p is drawn to their mean (weights n).

    Raises:
        PipelineError: no area has a variance above 0 (`no_variance_to_smooth`).
    """
    usable = np.isfinite(variances) & (variances > 0) & (n > 0)
    if not usable.any():
        raise _problem("no_variance_to_smooth", "minst ett område med varians", "inget", "Använd en modell för antal i stället.")
    d, size = variances[usable], n[usable]
    answered = np.where(n > 0, n, np.nan)
    if shares is not None:
        p = float(np.average(shares[usable], weights=size))
        effect = float(np.sum(size * d * size / (p * (1 - p))) / np.sum(size))
        return effect * p * (1 - p) / answered
    if usable.sum() < 5 or len(np.unique(size)) < 2:
        return float(np.average(d * size, weights=size)) / answered
    line = np.polynomial.polynomial.polyfit(np.log(size), np.log(d), 1)
    fitted = np.exp(line[0] + line[1] * np.log(answered))
    return fitted * float(d.sum() / fitted[usable].sum())


def benchmarked(estimates: Floats, weights: Floats, county: float, how: Literal["ratio", "difference"] = "ratio") -> Floats:
    """Move the estimates so that their weighted mean is the county's published value: by one factor, or by one amount."""
    mean = float(np.sum(weights * estimates) / np.sum(weights))
    if how == "difference":
        return estimates + (county - mean)
    if mean == 0:
        raise _problem("benchmark_zero", "ett medelvärde skilt från 0", "0", "Välj difference.")
    return estimates * (county / mean)


def may_be_published(gamma: float, cell_is_protected: bool) -> bool:
    """Whether a model estimate reveals too much of a protected cell: it must rest less than half on the cell itself."""
    return not cell_is_protected or gamma < PUBLISH_BELOW


def _problem(code: str, expected: str, got: str, hint: str) -> PipelineError:
    return PipelineError(code=code, where="Modellen för små områden", expected=expected, got=got, hint=hint)
