"""Two-by-two tables of plain counts: difference, risk ratio, odds ratio and the share of cases beyond the unexposed level. Pure.

a of n1 among the exposed, c of n0 among the unexposed. Words: association, never cause. Zero cells are never mended by adding
0.5: the measure that cannot be computed is NaN and has a reason. Survey data with classes: `association.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, nan, sqrt

from assets.methods.intervals import newcombe


@dataclass(frozen=True)
class TwoByTwo:
    """Measures of one table; NaN where not estimable.

    `excess_share` = (p - p0) / p: the share of cases that would vanish if everybody had the unexposed's share; null and
    `excess_reason = no_excess` when that is not above 0. `reason`: `ok`, `no_answers` (an empty row), `zero_cell` (no ratio
    intervals).
    """

    difference: float
    difference_low: float
    difference_high: float
    rr: float
    rr_low: float
    rr_high: float
    odds: float
    odds_low: float
    odds_high: float
    excess_share: float | None
    excess_reason: str
    fisher_p: float
    reason: str


def two_by_two(a: int, n1: int, c: int, n0: int, level: float = 0.95) -> TwoByTwo:
    """Compare exposed with unexposed (Newcombe 1998 for the difference; log intervals after Katz et al. 1978 and Woolf 1955).

    Args:
        a, c: with the outcome. n1, n0: all exposed, all unexposed.
    """
    from scipy.special import ndtri
    from scipy.stats import fisher_exact

    if not (0 <= a <= n1 and 0 <= c <= n0):
        raise ValueError("need 0 <= a <= n1 and 0 <= c <= n0")
    if n1 == 0 or n0 == 0:
        return TwoByTwo(*[nan] * 9, None, "no_answers", nan, "no_answers")
    z = float(ndtri(0.5 + level / 2))
    b, d = n1 - a, n0 - c
    low, high = (float(limit) for limit in newcombe(a, n1, c, n0, level))
    zero = min(a, b, c, d) == 0
    rr = (a / n1) / (c / n0) if c else nan
    odds = a * d / (b * c) if b and c else nan
    ratios = [nan] * 4
    if not zero:
        spread, wide = sqrt(1 / a - 1 / n1 + 1 / c - 1 / n0), sqrt(1 / a + 1 / b + 1 / c + 1 / d)
        ratios = [exp(log(m) + sign * z * s) for m, s in ((rr, spread), (odds, wide)) for sign in (-1, 1)]
    p = (a + c) / (n1 + n0)
    excess, why = _excess(p, c / n0)
    fisher = float(fisher_exact([[a, b], [c, d]]).pvalue)
    reason = "zero_cell" if zero else "ok"
    return TwoByTwo(a / n1 - c / n0, low, high, rr, *ratios[:2], odds, *ratios[2:], excess, why, fisher, reason)


def miettinen_excess(exposed_among_cases: float, rr: float) -> tuple[float | None, str]:
    """p(exposed | case) (RR - 1) / RR with an adjusted risk ratio (Miettinen 1974, Am J Epidemiol 99:325): (share, reason)."""
    if not (0 <= exposed_among_cases <= 1 and rr > 0):
        return None, "not_estimable"
    share = exposed_among_cases * (rr - 1) / rr
    return (share, "ok") if share > 0 else (None, "no_excess")


def _excess(p: float, p0: float) -> tuple[float | None, str]:
    if p == 0:
        return None, "no_cases"
    return ((p - p0) / p, "ok") if p > p0 else (None, "no_excess")
