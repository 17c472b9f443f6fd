"""More intervals of a plain binomial share, and the exact one when the population is finite. Every function: (low, high).

Wilson and Clopper-Pearson are in `intervals.py`. NaN stands for no interval (no trials).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from assets.methods.intervals import Interval, wilson


def wilson_corrected(x: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Wilson's interval with Yates' continuity correction (Newcombe 1998, Stat Med 17:857, method 4; R's `prop.test`).

    Args:
        x: successes, 0..n. n: trials; 0 gives NaN. level: two-sided confidence, 0..1.
    """
    x, n = _counts(x, n)
    z = _normal_quantile(level)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = x / n
        correction = np.minimum(0.5, np.abs(x - n / 2))

        def limit(sign: int) -> npt.NDArray[np.float64]:
            moved = share + sign * correction / n
            root = np.sqrt(np.maximum(moved * (1 - moved) / n + z * z / (4 * n * n), 0.0))
            return (moved + z * z / (2 * n) + sign * z * root) / (1 + z * z / n)

        low, high = np.maximum(limit(-1), 0.0), np.minimum(limit(1), 1.0)
    return np.where(n > 0, np.where(x == 0, 0.0, low), np.nan), np.where(n > 0, np.where(x == n, 1.0, high), np.nan)


def jeffreys(x: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Equal-tailed interval from Jeffreys' prior, closed at 0 and 1 (Brown, Cai & DasGupta 2001, Stat Sci 16:101)."""
    from scipy.special import betaincinv

    x, n = _counts(x, n)
    tail = (1 - level) / 2
    low = np.where(x == 0, 0.0, betaincinv(x + 0.5, n - x + 0.5, tail))
    high = np.where(x == n, 1.0, betaincinv(x + 0.5, n - x + 0.5, 1 - tail))
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def agresti_coull(x: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95, clip: bool = True) -> Interval:
    """Wald's interval after adding z^2 / 2 successes and failures (Agresti & Coull 1998, Am Stat 52:119).

    Args:
        clip: cut at 0 and 1; the formula itself may leave them.
    """
    x, n = _counts(x, n)
    z2 = _normal_quantile(level) ** 2
    centre = (x + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * centre * (1 - centre) / (n + z2))
    low, high = centre - half, centre + half
    if clip:
        low, high = np.maximum(low, 0.0), np.minimum(high, 1.0)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def hypergeometric(x: int, n: int, population: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a share in a finite population of which n were asked: inversion of the hypergeometric test.

    The right one when few did not answer: Wilson with a finite population correction is far too short there.

    Args:
        x: successes among the asked. n: asked, 0..population. population: all.

    Returns:
        (low, high) as shares of the population; (NaN, NaN) when nobody was asked. Equal when everybody was.
    """
    from scipy.stats import hypergeom

    if not 0 <= x <= n <= population:
        raise ValueError("need 0 <= x <= n <= population")
    if n == 0:
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    whole = np.arange(x, population - (n - x) + 1)
    more, fewer = hypergeom.sf(x - 1, population, whole, n), hypergeom.cdf(x, population, whole, n)
    slack = 1e-12  # a tail probability that is the tail itself counts as inside whatever its last bit
    return float(whole[more > tail - slack][0] / population), float(whole[fewer > tail - slack][-1] / population)


def wilson_finite(x: npt.ArrayLike, n: npt.ArrayLike, population: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Wilson on n (N - 1) / (N - n): an approximation that is too short when N - n is small; see `hypergeometric`."""
    x, n = _counts(x, n)
    population = np.asarray(population, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        effective = np.where(population > n, n * (population - 1) / (population - n), np.nan)
        share = x / n
    low, high = wilson(np.nan_to_num(share * effective), np.nan_to_num(effective), level)
    everyone = (population == n) & (n > 0)
    return np.where(everyone, share, low), np.where(everyone, share, high)


def _counts(x: npt.ArrayLike, n: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    x, n = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(n, dtype=float))
    if np.any((x < 0) | (x > n)):
        raise ValueError("successes must lie between 0 and the number of trials")
    return x, n


def _normal_quantile(level: float) -> float:
    from scipy.special import ndtri

    if not 0 < level < 1:
        raise ValueError("level must lie between 0 and 1")
    return float(ndtri(0.5 + level / 2))
