"""Reliability: Cronbach's alpha with Feldt's interval, item-total correlations, omega, and the person separation index.

alpha = k/(k-1) (1 - sum of item variances / variance of the sum) (Cronbach 1951, Psychometrika 16:297), on complete rows unless
`pairwise` is asked for by name. Interval: Feldt, Woodruff & Salih 1987, Appl Psychol Meas 11:93. Item-total correlations leave
the item itself out. PSI = 1 - mean(SE^2) / var(theta) (Andrich 1982, Educ Res Perspect 9:95), with and without extreme scorers.
Constant items are left out and named: they have no variance to be reliable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.methods.one_factor import Moments
from assets.methods.rasch_answers import AnswerCounts
from assets.methods.rasch_model import Array
from assets.methods.rasch_persons import Persons

CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class AlphaResult:
    """Internal consistency of a set of items.

    `alpha` may be negative (an item keyed the wrong way: it is reported as it is). With two items `alpha_std` is the
    Spearman-Brown coefficient and the one to report. `lambda6` is Guttman's (1945), None when an item repeats the others.
    `items`: `item`, `mean`, `sd`, `r_drop` (correlation with the sum of the others), `alpha_if_dropped` (null with two items).
    `n` complete respondents (pairwise: with any answer), `k` items used.
    """

    alpha: float
    low: float
    high: float
    alpha_std: float
    average_r: float
    lambda6: float | None
    n: int
    k: int
    constant: tuple[str, ...]
    items: pl.DataFrame


def answer_moments(counts: AnswerCounts) -> Moments:
    """Number, means and covariance (divided by n) of complete rows, from exact integer sums."""
    used = counts.complete()
    answers = used.answers.astype(np.int64)
    n = used.n
    total = used.counts @ answers
    product = (answers * used.counts[:, None]).T @ answers
    mean = total / max(n, 1)
    return Moments(n, mean, (n * product - np.outer(total, total)) / max(n * n, 1))


def cronbach_alpha(counts: AnswerCounts, *, pairwise: bool = False) -> AlphaResult | None:
    """Alpha and item statistics; None with fewer than two varying items or fewer than three complete respondents."""
    if pairwise:
        mean, covariance, n = _pairwise_covariance(counts)
    else:
        moments = answer_moments(counts)
        n, mean = moments.n, moments.mean
        covariance = moments.covariance * n / max(n - 1, 1)
    varies = np.diag(covariance) > 0
    if n < 3 or varies.sum() < 2:
        return None
    keys = [key for key, keep in zip(counts.items, varies, strict=True) if keep]
    constant = tuple(key for key, keep in zip(counts.items, varies, strict=True) if not keep)
    return _alpha_result(keys, constant, mean[varies], covariance[np.ix_(varies, varies)], n)


def _alpha_result(keys: list[str], constant: tuple[str, ...], mean: Array, covariance: Array, n: int) -> AlphaResult:
    from scipy.special import fdtri

    k = len(keys)
    alpha = _alpha(covariance)
    sd = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(sd, sd)
    with_rest = covariance.sum(axis=1) - sd**2
    rest_variance = covariance.sum() - 2.0 * covariance.sum(axis=1) + sd**2
    dropped = [_alpha(np.delete(np.delete(covariance, place, axis=0), place, axis=1)) if k > 2 else None for place in range(k)]
    df = (n - 1, (n - 1) * (k - 1))
    tail = (1.0 - CONFIDENCE) / 2.0
    return AlphaResult(
        alpha=alpha,
        low=float(1.0 - (1.0 - alpha) * fdtri(*df, 1.0 - tail)),
        high=float(1.0 - (1.0 - alpha) * fdtri(*df, tail)),
        alpha_std=_alpha(correlation),
        lambda6=_lambda6(correlation),
        average_r=float((correlation.sum() - k) / (k * (k - 1))),
        n=n,
        k=k,
        constant=constant,
        items=pl.DataFrame(
            {
                "item": keys,
                "mean": mean,
                "sd": sd,
                "r_drop": with_rest / (sd * np.sqrt(rest_variance)),
                "alpha_if_dropped": pl.Series(dropped, dtype=pl.Float64),
            }
        ),
    )


def _alpha(covariance: Array) -> float:
    k = len(covariance)
    return float(k / (k - 1) * (1.0 - np.trace(covariance) / covariance.sum()))


def _lambda6(correlation: Array) -> float | None:
    """1 - unexplained variance of the items given the others / variance of the sum, on correlations as psych does."""
    if np.linalg.eigvalsh(correlation)[0] < 1e-10:
        return None
    return float(1.0 - (1.0 / np.diag(np.linalg.inv(correlation))).sum() / correlation.sum())


def _pairwise_covariance(counts: AnswerCounts) -> tuple[Array, Array, int]:
    there = (counts.answers >= 0).astype(np.int64)
    value = np.where(there == 1, counts.answers, 0).astype(np.int64)
    weight = counts.counts[:, None]
    n = (there * weight).T @ there
    total = (value * weight).T @ there
    product = (value * weight).T @ value
    covariance = (n * product - total * total.T) / np.maximum(n * (n - 1), 1)
    return np.diag(total) / np.maximum(np.diag(n), 1), covariance, int(counts.counts[counts.n_answered > 0].sum())


@dataclass(frozen=True)
class SeparationIndex:
    """PSI over all scored respondents and over those who are not at an end of the scale; None when their scores don't vary."""

    all: float | None
    non_extreme: float | None
    n: int
    n_non_extreme: int


SAME_PLACE = 1e-9
"""Locations closer than this (logits) are one place: what lies between them is rounding, and a spread of rounding is none."""


def separation_index(persons: Persons) -> SeparationIndex:
    """Person separation index from weighted likelihood estimates and their errors."""
    inner = persons.scored & ~persons.extreme
    return SeparationIndex(
        _separation(persons, persons.scored),
        _separation(persons, inner),
        int(persons.counts[persons.scored].sum()),
        int(persons.counts[inner].sum()),
    )


def _separation(persons: Persons, rows: Array) -> float | None:
    weight = persons.counts[rows]
    n = int(weight.sum())
    theta = persons.theta[rows]
    if n < 2 or np.ptp(theta) < SAME_PLACE:
        return None
    mean = float(weight @ theta) / n
    variance = float(weight @ (theta - mean) ** 2) / (n - 1)
    return 1.0 - float(weight @ persons.se[rows] ** 2) / n / variance
