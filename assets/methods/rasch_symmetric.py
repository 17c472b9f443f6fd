"""Elementary symmetric functions of the partial credit model: the distribution of answers given the raw sum.

With e_ik = exp(-(d_i1 + ... + d_ik)), gamma_r(S) is the sum over all answer patterns of the items in S with raw sum r of the
products of their e (Andersen 1973, Psychometrika 38:123; Masters 1982). Given the answered set S and the sum r,
P(X_i = k) = e_ik gamma_{r-k}(S without i) / gamma_r(S): person ability is out of the formula.

A set without an item is a set as well, so all of them are built once by adding one item at a time. Nothing is subtracted,
hence no loss of digits. The table has 2^items rows, 4 096 for the twelve items an index may have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.methods.rasch_model import Array


@dataclass(frozen=True, eq=False)
class SymmetricFunctions:
    """`gamma[mask, r]` for every answered set, and the items' e."""

    weights: tuple[Array, ...]
    gamma: Array

    def shares(self, item: int, mask: Array, raw: Array) -> Array:
        """P(X_item = k | answered set, raw sum), one row per (mask, raw); all 0 where the set lacks the item."""
        inside = (mask >> item) & 1 == 1
        without = np.where(inside, mask ^ (1 << item), mask)
        total = self.gamma[mask, raw]
        columns = [
            np.where(inside & (raw >= k), e * self.gamma[without, np.maximum(raw - k, 0)] / total, 0.0)
            for k, e in enumerate(self.weights[item])
        ]
        return np.stack(columns, axis=1)

    def joint_ratio(self, first: int, second: int, mask: Array, raw: Array) -> Array:
        """gamma_{r-s}(S without both) / gamma_r(S) for s = 0..m_first + m_second; the masks must hold both items.

        P(X_first = k, X_second = l | S, r) = e_first,k e_second,l times the column s = k + l.
        """
        without = mask ^ ((1 << first) | (1 << second))
        shifts = len(self.weights[first]) + len(self.weights[second]) - 1
        total = self.gamma[mask, raw]
        columns = [np.where(raw >= s, self.gamma[without, np.maximum(raw - s, 0)], 0.0) / total for s in range(shifts)]
        return np.stack(columns, axis=1)


def symmetric_functions(thresholds: Sequence[Array]) -> SymmetricFunctions:
    """All gamma of an index from its thresholds, per item a vector of logits."""
    weights = tuple(np.exp(-np.concatenate([[0.0], np.cumsum(steps)])) for steps in thresholds)
    highest = sum(len(steps) for steps in thresholds)
    gamma = np.zeros((1, highest + 1))
    gamma[0, 0] = 1.0
    for e in weights:
        with_item = np.zeros_like(gamma)
        for k, weight in enumerate(e):
            with_item[:, k:] += weight * gamma[:, : highest + 1 - k]
        gamma = np.concatenate([gamma, with_item])
    return SymmetricFunctions(weights, gamma)
