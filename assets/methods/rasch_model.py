"""The partial credit model: what an index is made of, and the moments of an item's category at a place on the scale.

Model (Masters 1982, Psychometrika 47:149; thresholds in the sense of Andrich 1978, Psychometrika 43:561): with D = 1 and
thresholds d_1..d_m, P(X = k | t) is proportional to exp(k t - d_1 - ... - d_k), k = 0..m. Everything here is in logits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

MAX_ITEMS = 12
"""A table holds every answered set, 2 to the power of the number of items."""


@dataclass(frozen=True)
class ItemSpec:
    """One item: `key` is the column's name, `thresholds` the m steps in logits. Categories are 0..m, high = risk."""

    key: str
    thresholds: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.thresholds or not all(math.isfinite(step) for step in self.thresholds):
            raise ValueError(f"item {self.key} needs at least one threshold, all of them finite")

    @property
    def max_score(self) -> int:
        """The highest category."""
        return len(self.thresholds)


@dataclass(frozen=True)
class IndexSpec:
    """One index: its items in a fixed order, its direction and the least number of answered items for a score."""

    key: str
    kind: Literal["risk", "protective"]
    items: tuple[ItemSpec, ...]
    min_answered: int = 5

    def __post_init__(self) -> None:
        keys = [item.key for item in self.items]
        if self.kind not in ("risk", "protective"):
            raise ValueError(f"index {self.key}: kind must be risk or protective")
        if not 1 <= len(keys) <= MAX_ITEMS:
            raise ValueError(f"index {self.key}: needs 1 to {MAX_ITEMS} items, has {len(keys)}")
        if len(set(keys)) != len(keys):
            raise ValueError(f"index {self.key}: an item stands twice")
        if not 1 <= self.min_answered <= len(keys):
            raise ValueError(f"index {self.key}: min_answered must be 1 to {len(keys)}")

    @property
    def max_raw(self) -> int:
        """The highest raw sum, all items answered."""
        return sum(item.max_score for item in self.items)


def reversed_thresholds(spec: IndexSpec) -> tuple[str, ...]:
    """The keys of items where a later threshold lies below an earlier one. Such items are scored, but must be flagged."""
    pairs = ((item.key, zip(item.thresholds, item.thresholds[1:], strict=False)) for item in spec.items)
    return tuple(key for key, steps in pairs if any(later < earlier for earlier, later in steps))


def answered_sets(spec: IndexSpec) -> tuple[Array, Array, Array]:
    """Masks with enough answers, as numbers [s], as 0/1 matrix [s, items], and the highest raw sum of each [s]."""
    masks = np.arange(2 ** len(spec.items))
    answered = (masks[:, None] >> np.arange(len(spec.items))) & 1
    keep = answered.sum(axis=1) >= spec.min_answered
    answered = answered[keep]
    return masks[keep], answered, answered @ np.array([item.max_score for item in spec.items])


def moments(item: ItemSpec, theta: Array) -> tuple[Array, Array, Array, Array]:
    """Mean, variance, third central moment and fourth cumulant of the item's category at theta; each is d/dtheta of the last."""
    category = np.arange(item.max_score + 1.0)[:, None]  # categories first: sums of few long rows, not of many short ones
    log_weight = category * theta - np.concatenate([[0.0], np.cumsum(item.thresholds)])[:, None]
    weight = np.exp(log_weight - log_weight.max(axis=0))
    share = weight / weight.sum(axis=0)
    mean = (share * category).sum(axis=0)
    off = category - mean
    second = share * off * off
    variance = second.sum(axis=0)
    second *= off
    third = second.sum(axis=0)
    second *= off
    fourth = second.sum(axis=0) - 3.0 * variance * variance
    return mean, variance, third, fourth


def sums(spec: IndexSpec, theta: Array, answered: Array) -> tuple[Array, Array, Array, Array]:
    """E, I, J and K at theta[n], summed over the answered items of each row [n, items], in the order of the items."""
    total = np.zeros((4, len(theta)))
    for column, item in enumerate(spec.items):
        for part, moment in enumerate(moments(item, theta)):
            total[part] += answered[:, column] * moment
    return total[0], total[1], total[2], total[3]
