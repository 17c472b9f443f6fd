"""The partial credit model as the simulator needs it: category probabilities, draws and expectations on published thresholds.

Masters (1982): P(X = k | t) is proportional to exp(k t - sum of the first k thresholds). Written independently of the scoring
code on purpose, so that the simulator can be a witness against it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

GRID = np.linspace(-8.0, 8.0, 1601)
"""Trait values (logits) of the look-up tables."""


def step_sums(thresholds: Sequence[float]) -> np.ndarray:
    """0 and the running sums of the thresholds: one number per category."""
    return np.concatenate([[0.0], np.cumsum(thresholds)])


def probabilities(theta: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    """Category probabilities, shape (persons, categories)."""
    sums = step_sums(thresholds)
    weights = theta[:, None] * np.arange(len(sums)) - sums
    weights = np.exp(weights - weights.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def expected_score(theta: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    """Expected item score per person."""
    return probabilities(theta, thresholds) @ np.arange(len(thresholds) + 1)


def draw(rng: np.random.Generator, theta: np.ndarray, thresholds: Sequence[Sequence[float]]) -> np.ndarray:
    """Draw a category for every person and item.

    Args:
        theta: (persons, items): the generating trait of each item.
        thresholds: per item, of different lengths.

    Returns:
        int8 array (persons, items) with categories from 0.
    """
    width = max(len(t) for t in thresholds) + 1
    sums = np.full((len(thresholds), width), np.inf)
    for row, item in enumerate(thresholds):
        sums[row, : len(item) + 1] = step_sums(item)
    weights = theta[:, :, None] * np.arange(width) - sums
    weights -= weights.max(axis=2, keepdims=True)
    np.exp(weights, out=weights)
    np.cumsum(weights, axis=2, out=weights)
    at = rng.random(theta.shape) * weights[:, :, -1]
    return (at[:, :, None] > weights[:, :, :-1]).sum(axis=2, dtype=np.int8)


def raw_sum_distribution(item_probabilities: Sequence[np.ndarray]) -> np.ndarray:
    """Distribution of the raw sum per person, from each item's category probabilities: shape (persons, maximum + 1)."""
    total = np.ones((len(item_probabilities[0]), 1))
    for item in item_probabilities:
        longer = np.zeros((len(total), total.shape[1] + item.shape[1] - 1))
        for category in range(item.shape[1]):
            longer[:, category : category + total.shape[1]] += total * item[:, [category]]
        total = longer
    return total


def share_at_least(item_probabilities: Sequence[np.ndarray], raw: int) -> np.ndarray:
    """Per person the probability of a raw sum of at least `raw`."""
    return raw_sum_distribution(item_probabilities)[:, raw:].sum(axis=1)
