"""Trends over few waves: slopes with known variances, tests, and a verdict that may be that it cannot be told. Pure.

A survey every second year has three to six comparable waves. A slope is therefore stated only from three comparable waves on,
never across a break in the question, and never as the story when the waves do not lie on a line (Cochran's Q). Mann-Kendall has
no power here (the smallest exact two-sided p of four waves is 0.083) and is never the sole test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from assets.methods import intervals
from assets.methods.design import Floats
from assets.methods.design_models import solve_glm
from assets.methods.errors import PipelineError

Verdict = Literal["increase", "decrease", "not_linear", "cannot_tell"]
Reason = Literal["ok", "too_few_waves", "no_estimate", "too_uncertain", "too_small", "not_linear"]
PERIOD = 2.0  # years: the rhythm of the survey; slopes are per period
LEAST_WAVES = 3
NAN = float("nan")


@dataclass(frozen=True)
class TrendRule:
    """When a trend is called one: waves needed, level of the tests, least change over the whole series (in the estimate's
    unit)."""

    least_waves: int = LEAST_WAVES
    alpha: float = 0.05
    minimum_change: float = 0.0


@dataclass(frozen=True)
class Trend:
    """What can be said. `slope` per two years with interval, only when a straight line describes the waves; null otherwise."""

    verdict: Verdict
    reason: Reason
    waves: tuple[int, ...]
    slope: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    heterogeneity: float | None = None
    heterogeneity_p: float | None = None
    method: str = "wls_known_variance"


def comparable_waves(waves: Iterable[int], breaks: Iterable[int], last: int | None = None) -> tuple[int, ...]:
    """The waves that can be compared with the last one: those from the latest break on.

    Args:
        breaks: first waves of changed questions (major breaks of the break register). last: leave out later waves.
    """
    chosen = sorted({w for w in waves if last is None or w <= last})
    since = max((b for b in breaks if chosen and b <= chosen[-1]), default=None)
    return tuple(w for w in chosen if since is None or w >= since)


def trend(
    waves: Sequence[int],
    estimates: Sequence[float | None],
    standard_errors: Sequence[float | None],
    breaks: Iterable[int] = (),
    rule: TrendRule | None = None,
    level: float = 0.95,
) -> Trend:
    """Judge a series of estimates.

    Args:
        waves: years. estimates, standard_errors: one per wave; a wave with a null in either, or a standard error that isn't above
            0, is left out (give shares of 0 or 1 a variance with `share_variance` first). breaks: see `comparable_waves`.

    Returns:
        `cannot_tell` ("kan inte avgöras") with fewer comparable waves than the rule needs, when the interval of the slope
        holds 0, or when the change is smaller than what matters; `not_linear` when the waves scatter more than their uncertainty
        around the line.

    Raises:
        PipelineError: a wave stands twice (`wave_twice`).
    """
    rule = rule or TrendRule()
    if len(set(waves)) != len(waves):
        raise PipelineError(
            code="wave_twice",
            where="Tidsserien",
            expected="ett värde per mättillfälle",
            got="flera",
            hint="Välj en grupp, ett mått och en gränsuppsättning.",
        )
    rows = zip(waves, estimates, standard_errors, strict=True)
    usable = {w: (e, s) for w, e, s in rows if e is not None and s is not None and np.isfinite(e) and s > 0}
    kept = comparable_waves(usable, breaks)
    if not kept:
        return Trend("cannot_tell", "no_estimate", ())
    if len(kept) < max(rule.least_waves, 2):
        return Trend("cannot_tell", "too_few_waves", kept)
    line = weighted_line(kept, [usable[w][0] for w in kept], [usable[w][1] ** 2 for w in kept])
    shape = {"heterogeneity": line.q, "heterogeneity_p": None if np.isnan(line.q_p) else line.q_p}
    if line.q_p < rule.alpha:
        return Trend("not_linear", "not_linear", kept, **shape)
    z = _normal_quantile(level)
    low, high, p = line.slope - z * line.se, line.slope + z * line.se, _two_sided(line.slope / line.se)
    found = {"slope": line.slope, "se": line.se, "low": low, "high": high, "p_value": p} | shape
    if p >= rule.alpha:
        return Trend("cannot_tell", "too_uncertain", kept, **found)
    if abs(line.slope) * (kept[-1] - kept[0]) / PERIOD < rule.minimum_change:
        return Trend("cannot_tell", "too_small", kept, **found)
    return Trend("increase" if line.slope > 0 else "decrease", "ok", kept, **found)


@dataclass(frozen=True)
class Line:
    """Weighted least squares on the year with known variances: slope per two years, its se, Q of what remains, and p of Q."""

    slope: float
    se: float
    q: float
    q_p: float


def weighted_line(years: npt.ArrayLike, estimates: npt.ArrayLike, variances: npt.ArrayLike) -> Line:
    """Fit a line (Cochran 1954, Biometrics 10:101 for Q). NaN with one wave; Q's p is NaN with two."""
    from scipy.special import chdtrc

    t, y, v = (np.asarray(values, dtype=float) for values in (years, estimates, variances))
    if len(t) < 2:
        return Line(NAN, NAN, NAN, NAN)
    w = 1 / v
    t = t - np.sum(w * t) / w.sum()
    room = float(np.sum(w * t**2))
    slope = float(np.sum(w * t * y)) / room
    rest = y - np.sum(w * y) / w.sum() - slope * t
    q = float(np.sum(w * rest**2))
    return Line(slope * PERIOD, PERIOD / np.sqrt(room), q, float(chdtrc(len(t) - 2, q)) if len(t) > 2 else NAN)


def share_variance(x: npt.ArrayLike, n: npt.ArrayLike) -> Floats:
    """Variance of a share of plain counts; 0 and n count as 0.5 and n - 0.5, for the variance only. NaN where n is 0."""
    x, n = np.asarray(x, dtype=float), np.asarray(n, dtype=float)
    some = np.maximum(n, 1.0)
    share = np.clip(x, 0.5, some - 0.5) / some
    return np.where(n > 0, share * (1 - share) / some, NAN)


def cochran_armitage(years: npt.ArrayLike, x: npt.ArrayLike, n: npt.ArrayLike) -> tuple[float, float]:
    """(chi2 with 1 df, p) for a linear trend of shares with the true years as scores (Armitage 1955, Biometrics 11:375)."""
    from scipy.special import chdtrc

    t, x, n = (np.asarray(values, dtype=float) for values in (years, x, n))
    if len(np.unique(t[n > 0])) < 2 or not 0 < x.sum() < n.sum():
        return NAN, NAN
    p = x.sum() / n.sum()
    t = t - np.sum(n * t) / n.sum()
    chi2 = float(np.sum(t * x) ** 2 / (p * (1 - p) * np.sum(n * t**2)))
    return chi2, float(chdtrc(1, chi2))


def logit_slope(years: npt.ArrayLike, x: npt.ArrayLike, n: npt.ArrayLike) -> tuple[float, float, float]:
    """(slope of the log odds per two years, se, p) of plain counts; NaN when not estimable. A wave with n = 0 is left out."""
    t, x, n = (np.asarray(values, dtype=float) for values in (years, x, n))
    t, x, n = t[n > 0], x[n > 0], n[n > 0]
    if len(np.unique(t)) < 2 or not 0 < x.sum() < n.sum():
        return NAN, NAN, NAN
    columns = np.column_stack([np.ones(len(t)), (t - t.mean()) / PERIOD])
    try:
        beta, information, _ = solve_glm(columns, x / n, n, "binomial")
    except PipelineError:  # complete separation of the waves: the slope is infinite
        return NAN, NAN, NAN
    se = float(np.sqrt(np.linalg.inv(information)[1, 1]))
    return float(beta[1]), se, _two_sided(beta[1] / se)


@dataclass(frozen=True)
class MannKendall:
    """Rank test of a monotone trend: S, its variance with ties, p (normal with continuity; exact without ties), tau-b."""

    s: int
    variance: float
    p_normal: float
    p_exact: float
    tau_b: float


def mann_kendall(years: npt.ArrayLike, values: npt.ArrayLike) -> MannKendall:
    """Mann 1945; Kendall 1975. For description beside other tests: no power with four waves or fewer."""
    from scipy.stats import kendalltau

    t, y = np.asarray(years, dtype=float), np.asarray(values, dtype=float)
    y = y[np.argsort(t)]
    n = len(y)
    s = int(sum(np.sign(y[j] - y[i]) for i in range(n) for j in range(i + 1, n)))
    ties = np.unique(y, return_counts=True)[1].astype(float)
    variance = (n * (n - 1) * (2 * n + 5) - float(np.sum(ties * (ties - 1) * (2 * ties + 5)))) / 18
    if n < 2 or variance == 0:
        return MannKendall(s, variance, NAN, NAN, NAN)
    normal = _two_sided((s - np.sign(s)) / np.sqrt(variance))
    exact = float(kendalltau(np.arange(n), y, method="exact").pvalue) if (ties == 1).all() else NAN
    pairs = n * (n - 1) / 2
    tau = s / np.sqrt(pairs * (pairs - float(np.sum(ties * (ties - 1) / 2))))
    return MannKendall(s, variance, normal, exact, float(tau))


def sen_slope(years: npt.ArrayLike, values: npt.ArrayLike) -> float:
    """Median slope per year of all pairs of waves (Sen 1968, JASA 63:1379); NaN with one wave."""
    t, y = np.asarray(years, dtype=float), np.asarray(values, dtype=float)
    first, second = np.triu_indices(len(t), 1)
    return float(np.median((y[second] - y[first]) / (t[second] - t[first]))) if len(t) > 1 else NAN


def _two_sided(z: float) -> float:
    from scipy.special import ndtr

    return float(2 * ndtr(-abs(z)))


def _normal_quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def difference_of_waves(first: float, first_se: float, last: float, last_se: float, df: float, level: float = 0.95) -> Floats:
    """(difference, se, low, high) of two waves without common schools: their variances add. With common schools use
    `wave_change.change_between_waves`, which takes the covariance into account."""
    se = float(np.hypot(first_se, last_se))
    low, high = intervals.t_interval(last - first, se, df, level)
    return np.array([last - first, se, float(low), float(high)])
