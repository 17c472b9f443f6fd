"""Intervals of a share from a survey: seven methods on one estimate, its variance and degrees of freedom. Pure.

logit and likelihood follow R survey's `svyciprop`; beta is Korn & Graubard (1998, Surv Methodol 24:193); Wilson on the effective
sample size is compared with others in Franco et al. (2019, JSSAM 7:334). All but `mean` stay within 0..1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from assets.methods import intervals

Method = Literal["logit", "likelihood", "asin", "beta", "mean", "wilson"]
Limits = tuple[float, float]
_NONE = (float("nan"), float("nan"))


def survey_share_interval(
    share: float, variance: float, df: float, n: int, method: Method = "logit", level: float = 0.95
) -> Limits:
    """Interval of a share estimated from a survey.

    Args:
        share: 0..1. variance: its design-based variance. df: first-stage units minus strata. n: persons. level: 0..1.
        method: `logit` (default: t on the logit scale), `likelihood` (binomial deviance scaled by the design effect, Rao & Scott
            1984), `asin` (t on the arc sine scale), `beta` (Clopper-Pearson on the effective size, corrected for df), `mean`
            (t, may leave 0..1), `wilson` (score interval with the t quantile on the effective size p (1 - p) / variance).

    Returns:
        (low, high); NaN unless 0 < share < 1, variance > 0 and df >= 1: then the caller falls back on Clopper-Pearson.
    """
    if method not in _METHODS:
        raise ValueError(f"unknown method {method}")
    if not (0 < share < 1 and variance > 0 and df >= 1 and n > 1):
        return _NONE
    return _METHODS[method](share, variance, df, n, level)


def share_interval_or_exact(
    share: float, variance: float, df: float, n: int, pooled_effect: float = 1.0, level: float = 0.95
) -> tuple[float, float, str]:
    """(low, high, method): logit-t inside 0..1; at 0 and 1 Clopper-Pearson on n over a pooled design effect (at least 1), since
    every linearised variance collapses there.

    Method `none` with NaN limits when the units leave no degree of freedom, or the share lies inside with a spread of 0.
    """
    if df < 1 or n < 1:
        return *_NONE, "none"
    if share in (0.0, 1.0):
        size = n / max(pooled_effect, 1.0)
        low, high = intervals.clopper_pearson(size * share, size, level)
        return float(low), float(high), "clopper_pearson_deff"
    low, high = survey_share_interval(share, variance, df, n, "logit", level)
    return low, high, "logit_t" if np.isfinite(low) else "none"


def effective_size(share: float, variance: float, df: float, n: int, level: float = 0.95) -> float:
    """Persons of a simple random sample that would be as sure, made smaller when the variance rests on few units."""
    wide, narrow = intervals.t_quantile(df, level), intervals.t_quantile(n - 1, level)
    return float(share * (1 - share) / variance * (narrow / wide) ** 2)


def _logit(share: float, variance: float, df: float, n: int, level: float) -> Limits:
    low, high = intervals.logit_t(share, variance**0.5, df, level)
    return float(low), float(high)


def _asin(share: float, variance: float, df: float, n: int, level: float) -> Limits:
    centre = np.arcsin(np.sqrt(share))
    half = intervals.t_quantile(df, level) * np.sqrt(variance / (4 * share * (1 - share)))
    low, high = max(centre - half, 0.0), min(centre + half, np.pi / 2)
    return float(np.sin(low) ** 2), float(np.sin(high) ** 2)


def _mean(share: float, variance: float, df: float, n: int, level: float) -> Limits:
    low, high = intervals.t_interval(share, variance**0.5, df, level)
    return float(low), float(high)


def _beta(share: float, variance: float, df: float, n: int, level: float) -> Limits:
    size = effective_size(share, variance, df, n, level)
    low, high = intervals.clopper_pearson(size * share, size, level)
    return float(low), float(high)


def _wilson(share: float, variance: float, df: float, n: int, level: float) -> Limits:
    t2, size = float(intervals.t_quantile(df, level)) ** 2, share * (1 - share) / variance
    centre = (share + t2 / (2 * size)) / (1 + t2 / size)
    half = np.sqrt(t2) / (1 + t2 / size) * np.sqrt(share * (1 - share) / size + t2 / (4 * size * size))
    return float(centre - half), float(centre + half)


def _likelihood(share: float, variance: float, df: float, n: int, level: float) -> Limits:
    """Shares whose deviance, over the design effect and the dispersion n / (n - 1), is at most the squared t quantile."""
    from scipy.optimize import brentq

    size = share * (1 - share) / variance
    reach = float(intervals.t_quantile(df, level)) ** 2 * n / (n - 1)

    def excess(other: float) -> float:
        return 2 * size * (share * np.log(share / other) + (1 - share) * np.log((1 - share) / (1 - other))) - reach

    low = brentq(excess, 1e-300, share, xtol=1e-15, rtol=1e-14)
    high = brentq(excess, share, 1 - 1e-16, xtol=1e-15, rtol=1e-14)
    return float(low), float(high)


_METHODS: dict[str, Callable[[float, float, float, int, float], Limits]] = {
    "logit": _logit,
    "likelihood": _likelihood,
    "asin": _asin,
    "mean": _mean,
    "beta": _beta,
    "wilson": _wilson,
}
