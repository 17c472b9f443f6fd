"""Counts and rates of registers: Poisson intervals and direct standardisation. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assets.methods.errors import PipelineError
from assets.methods.intervals import Interval

FEW = 10  # below this count Byar's approximation gives way to the exact interval
LEAST_EVENTS = 10  # a standardised rate on fewer events is not worth printing (English public health practice)


def poisson_exact(count: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Exact interval of a Poisson count (Garwood 1936, Biometrika 28:437). The lower limit of 0 is 0."""
    from scipy.special import gammaincinv

    count = _whole(count)
    tail = (1 - level) / 2
    low = np.where(count == 0, 0.0, gammaincinv(np.maximum(count, 1), tail))
    return low, gammaincinv(count + 1, 1 - tail)


def byar(count: npt.ArrayLike, level: float = 0.95, clip: bool = True) -> Interval:
    """Byar's approximation to the Poisson interval (Breslow & Day 1987, IARC 82:69).

    Args:
        clip: cut the lower limit at 0; the formula goes below for a count of 1 at high levels.
    """
    count = _whole(count)
    z = _normal_quantile(level)
    at_least = np.maximum(count, 1.0)
    low = np.where(count == 0, 0.0, at_least * (1 - 1 / (9 * at_least) - z / (3 * np.sqrt(at_least))) ** 3)
    more = count + 1
    high = more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3
    return (np.maximum(low, 0.0) if clip else low), high


def count_interval(count: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Byar from ten events on, exact below."""
    count = _whole(count)
    exact, near = poisson_exact(count, level), byar(count, level)
    return np.where(count < FEW, exact[0], near[0]), np.where(count < FEW, exact[1], near[1])


@dataclass(frozen=True)
class StandardisedRate:
    """Directly standardised rate per `per` persons. `low`, `high`: Dobson with Byar; `gamma_*`: Fay & Feuer. NaN when there is
    nothing to say; `reason` says why, `empty_groups` how many groups have neither persons nor events and counted as 0."""

    events: int
    population: float
    crude: float
    rate: float
    se: float
    low: float
    high: float
    gamma_low: float
    gamma_high: float
    empty_groups: int
    reason: str


def directly_standardised(
    events: npt.ArrayLike,
    population: npt.ArrayLike,
    standard: npt.ArrayLike,
    level: float = 0.95,
    per: float = 1000.0,
    least_events: int = LEAST_EVENTS,
) -> StandardisedRate:
    """Rate that an area would have with a standard population's age and sex (Dobson, Kuulasmaa, Eberle & Scherer 1991, Stat Med
    10:457; Fay & Feuer 1997, Stat Med 16:791).

    Args:
        events, population, standard: one value per group, same groups in the same order.

    Raises:
        PipelineError: a group has events but nobody in it (`events_without_population`), or the standard is empty.
    """
    from scipy.special import gammaincinv

    o, n, w = (np.asarray(v, dtype=float) for v in (events, population, standard))
    if bool(((n <= 0) & (o > 0)).any()):
        raise _problem("events_without_population", "invånare i alla grupper med händelser", "grupper utan invånare")
    if not w.sum() > 0 or bool((w < 0).any()):
        raise _problem("empty_standard", "en standardbefolkning med invånare", "ingen")
    empty, total = int((n <= 0).sum()), float(o.sum())
    factor = np.where(n > 0, w / np.where(n > 0, n, 1.0), 0.0) / w.sum()
    rate, variance = float(np.sum(factor * o)), float(np.sum(factor**2 * o))
    crude = total / n.sum() if n.sum() > 0 else np.nan
    nothing = (np.nan,) * 4
    if not n.sum() > 0:
        return StandardisedRate(int(total), 0.0, np.nan, np.nan, np.nan, *nothing, empty, "no_population")
    if total < max(least_events, 1):
        se = np.sqrt(variance) * per if total else np.nan
        return StandardisedRate(int(total), float(n.sum()), crude * per, rate * per, se, *nothing, empty, "too_few_events")
    below, above = (float(limit) for limit in count_interval(total, level))
    low, high = (rate + np.sqrt(variance / total) * (limit - total) for limit in (below, above))
    tail, most = (1 - level) / 2, float(factor.max())
    gamma_low = variance / rate * gammaincinv(rate**2 / variance, tail)
    wider = variance + most**2
    gamma_high = wider / (rate + most) * gammaincinv((rate + most) ** 2 / wider, 1 - tail)
    numbers = [float(v * per) for v in (crude, rate, np.sqrt(variance), low, high, gamma_low, gamma_high)]
    return StandardisedRate(int(total), float(n.sum()), *numbers, empty, "ok")


def standardised_share(shares: npt.ArrayLike, variances: npt.ArrayLike, standard: npt.ArrayLike) -> tuple[float, float]:
    """(share, variance) of a survey share over groups with a fixed standard: sum W p / sum W, sum W^2 V / (sum W)^2.

    A group that the standard counts and the survey lacks (NaN) makes both NaN: its share is unknown, not 0.
    """
    p, v, w = (np.asarray(x, dtype=float) for x in (shares, variances, standard))
    used = w > 0
    return float(np.sum(w[used] * p[used]) / w.sum()), float(np.sum(w[used] ** 2 * v[used]) / w.sum() ** 2)


def _whole(count: npt.ArrayLike) -> npt.NDArray[np.float64]:
    count = np.asarray(count, dtype=float)
    if np.any(count < 0):
        raise ValueError("a count is at least 0")
    return count


def _normal_quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def _problem(code: str, expected: str, got: str) -> PipelineError:
    hint = "Kontrollera att händelser och befolkning har samma grupper."
    return PipelineError(code=code, where="Standardiseringen", expected=expected, got=got, hint=hint)
