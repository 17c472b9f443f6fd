"""How much an index can tell at each place on the scale: test information, score table, and the two errors of measurement.

Information (Masters 1982; Samejima 1969) is the sum of the items' variances at theta, and 1 / sqrt(I) the conditional standard
error. The score table holds beside it the error that some programs print instead: the spread of the estimator over the score
distribution at that theta (Kreiner 2007). The two are different quantities and stand in different columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from assets.methods.rasch_lookup import build_lookup
from assets.methods.rasch_model import Array, IndexSpec, sums

GRID = tuple(np.arange(-6.0, 6.01, 0.25))
SHOWN = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
"""Levels (logits) that people are told the error of measurement at."""


def information_curve(spec: IndexSpec, theta: Sequence[float] = GRID) -> pl.DataFrame:
    """What the index measures at each theta, all items answered.

    Returns:
        One row per theta: `theta` (logits), `expected_score` (raw sum), `information`, `csem` (logits, 1/sqrt(information)).
    """
    place = np.asarray(theta, dtype=float)
    expected, information, _, _ = sums(spec, place, np.ones((len(place), len(spec.items))))
    return pl.DataFrame(
        {"theta": place, "expected_score": expected, "information": information, "csem": 1 / np.sqrt(information)}
    )


def score_table(spec: IndexSpec) -> pl.DataFrame:
    """The ladder of complete answers.

    Returns:
        One row per raw sum: `raw`, `wle`, `se_information` (1/sqrt(I)), `sem_score_distribution` (standard deviation of the
        weighted likelihood estimate over the score distribution at theta = `wle`) and `bias` (its mean there minus theta),
        all in logits.
    """
    complete = IndexSpec(spec.key, spec.kind, spec.items, min_answered=len(spec.items))
    lookup = build_lookup(complete)
    theta = lookup["theta"].to_numpy()
    shares = score_distribution(spec, theta)
    mean = shares @ theta
    spread = np.sqrt(shares @ theta**2 - mean**2)
    return pl.DataFrame(
        {
            "raw": lookup["raw"],
            "wle": theta,
            "se_information": lookup["se"],
            "sem_score_distribution": spread,
            "bias": mean - theta,
        }
    )


def score_distribution(spec: IndexSpec, theta: Array) -> Array:
    """P(raw sum = r | theta), one row per theta, all items answered."""
    total = np.ones((len(theta), 1))
    for item in spec.items:
        shares = category_shares(item.thresholds, theta)
        longer = np.zeros((len(theta), total.shape[1] + item.max_score))
        for category in range(item.max_score + 1):
            longer[:, category : category + total.shape[1]] += total * shares[:, [category]]
        total = longer
    return total


def category_shares(thresholds: Sequence[float], theta: Array) -> Array:
    """P(X = k | theta), one row per theta and one column per category."""
    log_weight = np.arange(len(thresholds) + 1.0) * theta[:, None] - np.concatenate([[0.0], np.cumsum(thresholds)])
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)
