"""Persons of an index's answer patterns on the scale, and the residuals of their answers there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.methods.rasch_answers import AnswerCounts
from assets.methods.rasch_lookup import Estimator, build_lookup
from assets.methods.rasch_model import Array, IndexSpec, moments


@dataclass(frozen=True, eq=False)
class Persons:
    """Per pattern: `theta` and `se` (logits, NaN with too few answers), `extreme`, and `counts` respondents."""

    theta: Array
    se: Array
    extreme: Array
    counts: Array

    @property
    def scored(self) -> Array:
        """Whether the pattern has a finite estimate."""
        return np.isfinite(self.theta)


def locate(counts: AnswerCounts, spec: IndexSpec, estimator: Estimator = "wle") -> Persons:
    """Score the patterns with the thresholds of `spec`, whose items must be those of `counts` in the same order."""
    if tuple(item.key for item in spec.items) != counts.items:
        raise ValueError("the index and the answers hold different items")
    table = build_lookup(spec, None, estimator)
    width = spec.max_raw + 1
    size = 2 ** len(spec.items) * width
    theta, se = np.full(size, np.nan), np.full(size, np.nan)
    position = table["answered_mask"].to_numpy() * width + table["raw"].to_numpy()
    theta[position] = table["theta"].fill_null(np.nan).to_numpy()
    se[position] = table["se"].fill_null(np.nan).to_numpy()
    key = counts.mask * width + counts.raw
    extreme = (counts.raw == 0) | (counts.raw == counts.max_raw)
    return Persons(theta[key], se[key], extreme, counts.counts)


def expected_and_variance(spec: IndexSpec, theta: Array) -> tuple[Array, Array]:
    """E and V of every item's category at theta, [theta, items]; NaN where theta is."""
    unique, position = np.unique(theta, return_inverse=True)
    parts = [moments(item, unique)[:2] for item in spec.items]
    return np.stack([e for e, _ in parts], axis=1)[position], np.stack([v for _, v in parts], axis=1)[position]


def standardised_residuals(counts: AnswerCounts, spec: IndexSpec, theta: Array) -> Array:
    """(x - E) / sqrt(V) at theta, [patterns, items]; NaN without an answer or a theta."""
    expected, variance = expected_and_variance(spec, theta)
    return np.where(counts.answers >= 0, (counts.answers - expected) / np.sqrt(variance), np.nan)
