"""Interval formulas for shares and means, vectorised. Every function returns (low, high); NaN stands for "no interval".

Wilson for register counts, Clopper-Pearson as the exact fallback at 0 and 1, logit-t and t for design-based estimates, Newcombe
for the difference of two independent shares.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Interval = tuple[Array, Array]


def wilson(x: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Score interval of a binomial share without continuity correction (Wilson 1927, JASA 22:209).

    Args:
        x: successes, 0..n. n: trials; 0 gives NaN. level: two-sided confidence, 0..1.
    """
    x, n = _counts(x, n)
    z2 = _normal_quantile(level) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        share = x / n
        centre = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = np.sqrt(z2) / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
        low = np.where(x == 0, 0.0, np.maximum(centre - half, 0.0))
        high = np.where(x == n, 1.0, np.minimum(centre + half, 1.0))
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def clopper_pearson(x: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Exact binomial interval (Clopper & Pearson 1934, Biometrika 26:404); x and n may be effective, non-integer counts.

    Args:
        x: successes, 0..n. n: trials; 0 gives NaN. level: two-sided confidence, 0..1.
    """
    from scipy.special import betaincinv

    x, n = _counts(x, n)
    tail = (1 - _checked(level)) / 2
    inside_low, inside_high = np.maximum(x, 0.5), np.minimum(x, n - 0.5)  # placeholders where the limit is 0 or 1
    low = np.where(x <= 0, 0.0, betaincinv(inside_low, np.maximum(n - x, 0) + 1, tail))
    high = np.where(x >= n, 1.0, betaincinv(np.maximum(x, 0) + 1, np.maximum(n - inside_high, 0.5), 1 - tail))
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def t_interval(estimate: npt.ArrayLike, se: npt.ArrayLike, df: npt.ArrayLike, level: float = 0.95) -> Interval:
    """estimate -/+ t quantile x se. NaN when df < 1 or se is not above 0: a width of 0 would claim certainty."""
    estimate, se, df = (np.asarray(value, dtype=float) for value in (estimate, se, df))
    half = t_quantile(df, level) * np.where(se > 0, se, np.nan)
    return estimate - half, estimate + half


def logit_t(share: npt.ArrayLike, se: npt.ArrayLike, df: npt.ArrayLike, level: float = 0.95) -> Interval:
    """t interval on the logit scale, transformed back (Korn & Graubard 1998, Surv Methodol 24:193): never leaves 0..1.

    NaN unless 0 < share < 1, se > 0 and df >= 1.
    """
    share, se, df = (np.asarray(value, dtype=float) for value in (share, se, df))
    with np.errstate(invalid="ignore", divide="ignore"):
        logit = np.log(share) - np.log1p(-share)
        low, high = t_interval(logit, se / (share * (1 - share)), df, level)
        inside = (share > 0) & (share < 1)
        back = [np.where(inside, 1 / (1 + np.exp(-limit)), np.nan) for limit in (low, high)]
    return back[0], back[1]


def newcombe(a: npt.ArrayLike, n1: npt.ArrayLike, c: npt.ArrayLike, n0: npt.ArrayLike, level: float = 0.95) -> Interval:
    """a/n1 - c/n0 of independent groups from their Wilson limits (Newcombe 1998, Stat Med 17:873, method 10)."""
    (low1, high1), (low0, high0) = wilson(a, n1, level), wilson(c, n0, level)
    with np.errstate(invalid="ignore", divide="ignore"):
        share1, share0 = np.true_divide(a, n1), np.true_divide(c, n0)
    difference = share1 - share0
    low = difference - np.hypot(share1 - low1, high0 - share0)
    high = difference + np.hypot(high1 - share1, share0 - low0)
    return low, high


def t_quantile(df: npt.ArrayLike, level: float = 0.95) -> Array:
    """Two-sided t quantile; NaN where df < 1."""
    from scipy.special import stdtrit

    df = np.asarray(df, dtype=float)
    return np.where(df >= 1, stdtrit(np.where(df >= 1, df, 1.0), 0.5 + _checked(level) / 2), np.nan)


def t_p_value(estimate: npt.ArrayLike, se: npt.ArrayLike, df: npt.ArrayLike) -> Array:
    """Two-sided p value of estimate = 0; NaN when df < 1 or se is not above 0."""
    from scipy.special import stdtr

    estimate, se, df = (np.asarray(value, dtype=float) for value in (estimate, se, df))
    usable = (se > 0) & (df >= 1) & np.isfinite(estimate)
    ratio = np.abs(np.where(usable, estimate, 0.0)) / np.where(usable, se, 1.0)
    return np.where(usable, 2 * stdtr(np.where(usable, df, 1.0), -ratio), np.nan)


def _counts(x: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Array, Array]:
    x, n = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(n, dtype=float))
    if np.any((x < 0) | (x > n)):
        raise ValueError("successes must lie between 0 and the number of trials")
    return x, n


def _checked(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError("level must lie between 0 and 1")
    return level


def _normal_quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + _checked(level) / 2))
