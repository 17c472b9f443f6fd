"""Shares of small areas drawn to the county's: beta-binomial empirical Bayes; and pooling waves. Pure.

x_a of n_a with shares from a Beta(a, b) distribution (Skellam 1948, J R Stat Soc B 10:257). The estimate (x + a) / (n + a + b) is
model-supported and labelled so. When areas differ no more than chance, a and b run to infinity and everybody gets the pooled
share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.methods.design import Floats
from assets.methods.errors import PipelineError

INFINITE = 1e7  # a + b beyond this cannot be told from infinity
STEPS = 200


@dataclass(frozen=True)
class BetaBinomial:
    """Fitted prior: `a`, `b` (infinite when `boundary`), its `mean`, the log likelihood (without binomial coefficients)."""

    a: float
    b: float
    mean: float
    log_likelihood: float
    boundary: bool


def fit_beta_binomial(x: Floats, n: Floats) -> BetaBinomial:
    """Maximum likelihood of (a, b) by Newton's method on (logit of the mean, log of a + b).

    Raises:
        PipelineError: no answers, or nobody or everybody has the outcome (`no_variation`).
    """
    from scipy.optimize import minimize

    known = n > 0
    x, n = x[known], n[known]
    if not 0 < x.sum() < n.sum():
        raise PipelineError(
            code="no_variation",
            where="Modellen för små områden",
            expected="både elever med och utan utfallet",
            got="bara det ena",
            hint="Redovisa det direkta värdet.",
        )
    pooled = float(x.sum() / n.sum())
    flat = float(np.sum(x * np.log(pooled) + (n - x) * np.log1p(-pooled)))
    best: tuple[float, Floats] | None = None
    for size in (5.0, 50.0, 500.0, 5000.0):
        start = np.array([np.log(pooled / (1 - pooled)), np.log(size)])
        found = minimize(
            lambda p: -_log_likelihood(p, x, n), start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-10}
        )
        if best is None or -found.fun > best[0]:
            best = (-float(found.fun), np.asarray(found.x))
    point = _polished(best[1], x, n) if best else np.zeros(2)
    value = _log_likelihood(point, x, n)
    if point[1] > np.log(INFINITE) or value <= flat:
        return BetaBinomial(np.inf, np.inf, pooled, flat, True)
    mean, size = 1 / (1 + np.exp(-point[0])), np.exp(point[1])
    return BetaBinomial(float(mean * size), float((1 - mean) * size), float(mean), value, False)


def _log_likelihood(point: Floats, x: Floats, n: Floats) -> float:
    from scipy.special import betaln

    size = np.exp(min(point[1], 40.0))
    mean = 1 / (1 + np.exp(-np.clip(point[0], -30, 30)))
    a, b = mean * size, (1 - mean) * size
    return float(np.sum(betaln(x + a, n - x + b) - betaln(a, b)))


def _polished(point: Floats, x: Floats, n: Floats) -> Floats:
    """Newton steps with exact derivatives in a and b."""
    from scipy.special import polygamma, psi

    size = np.exp(point[1])
    a, b = size / (1 + np.exp(-point[0])), size / (1 + np.exp(point[0]))
    if size > INFINITE:
        return point
    for _ in range(STEPS):
        common = np.sum(psi(a + b) - psi(n + a + b))
        slope = np.array([np.sum(psi(x + a) - psi(a)) + common, np.sum(psi(n - x + b) - psi(b)) + common])
        cross = np.sum(polygamma(1, a + b) - polygamma(1, n + a + b))
        first, second = np.sum(polygamma(1, x + a) - polygamma(1, a)), np.sum(polygamma(1, n - x + b) - polygamma(1, b))
        step = np.linalg.lstsq(np.array([[first + cross, cross], [cross, second + cross]]), -slope, rcond=None)[0]
        if a + step[0] <= 0 or b + step[1] <= 0 or not np.isfinite(step).all():
            break
        a, b = a + step[0], b + step[1]
        if np.max(np.abs(step)) < 1e-11 * (a + b):
            break
    return np.array([np.log(a / b), np.log(a + b)])


def beta_binomial_estimates(model: BetaBinomial, x: Floats, n: Floats, level: float = 0.95) -> pl.DataFrame:
    """Posterior mean and equal-tailed interval of every area.

    Returns:
        One row per area in the order given: `direct` (null without answers), `gamma` (weight of the direct share), `estimate`,
        `low`, `high`, `source` (`model_supported`; `synthetic` without answers or when areas do not differ), `method`, `reason`
        (`ok`, `no_direct_estimate`, `no_variance_between_areas`: then no interval, the pooled share has its own).
    """
    from scipy.special import betaincinv

    known = n > 0
    direct = np.where(known, x / np.where(known, n, 1.0), np.nan)
    if model.boundary:
        gamma, estimate = np.zeros(len(n)), np.full(len(n), model.mean)
        low = high = np.full(len(n), np.nan)
    else:
        gamma = n / (n + model.a + model.b)
        estimate = (x + model.a) / (n + model.a + model.b)
        tail = (1 - level) / 2
        low, high = (betaincinv(x + model.a, n - x + model.b, q) for q in (tail, 1 - tail))
    reason = np.where(known, "no_variance_between_areas" if model.boundary else "ok", "no_direct_estimate")
    source = np.where(known & (not model.boundary), "model_supported", "synthetic")
    numbers = {"direct": direct, "gamma": gamma, "estimate": estimate, "low": low, "high": high}
    table = pl.DataFrame(numbers).with_columns(pl.all().fill_nan(None))
    return table.with_columns(
        pl.Series("source", source.tolist()), method=pl.lit("beta_binomial"), reason=pl.Series("reason", reason.tolist())
    )


def pooled_waves(rows: pl.DataFrame, by: Sequence[str], waves: Sequence[int], breaks: Sequence[int] = ()) -> pl.DataFrame:
    """One estimate for several waves of small areas: mean weighted by answers, variances of independent waves added.

    Args:
        rows: `by` columns, `wave`, `estimate`, `se`, `n`; nulls are left out. waves: to pool. breaks: first waves of changed
            questions: waves before the last of them among `waves` are left out.

    Returns:
        `by`, sorted, `estimate`, `se`, `n`, `waves` (list of those used), `source` (`pooled`), `reason` (`ok`; `one_wave`:
        nothing to pool, null; `no_estimate`).
    """
    last = max(waves)
    since = max((b for b in breaks if b <= last), default=min(waves))
    usable = (
        pl.col("wave").is_in(list(waves))
        & (pl.col("wave") >= since)
        & pl.all_horizontal(pl.col("estimate", "se", "n").is_not_null())
    )
    weight = pl.col("n") / pl.col("n").sum()
    found = (
        rows.filter(usable)
        .sort(*by, "wave")
        .group_by(by, maintain_order=True)
        .agg(
            estimate=(weight * pl.col("estimate")).sum(),
            se=((weight * pl.col("se")) ** 2).sum().sqrt(),
            n=pl.col("n").sum(),
            waves=pl.col("wave"),
        )
    )
    everyone = rows.select(by).unique().sort(by).join(found, on=list(by), how="left", maintain_order="left")
    count = pl.col("waves").list.len().fill_null(0)
    reason = pl.when(count > 1).then(pl.lit("ok")).when(count == 1).then(pl.lit("one_wave")).otherwise(pl.lit("no_estimate"))
    kept = [pl.when(pl.col("reason") == "ok").then(name).alias(name) for name in ("estimate", "se", "n")]
    return everyone.with_columns(reason=reason, source=pl.lit("pooled")).with_columns(kept)
