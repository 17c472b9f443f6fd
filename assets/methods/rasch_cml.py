"""Thresholds of the partial credit model from data: conditional maximum likelihood, with or without fixed items.

Given a respondent's answered set S and raw sum r the likelihood is free of the person (Andersen 1973, Psychometrika 38:123):
log L = sum over answers of log e_ik - sum over respondents of log gamma_r(S). Any pattern of missing answers may occur; a single
answer, all lowest and all highest add nothing. Newton's method with the exact information matrix.

Without fixed items the mean of all thresholds is 0, and the covariance is that of the centred thresholds. With fixed items
(anchors, e.g. published thresholds) nothing is centred: the anchors set the scale, and only the others have errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import polars as pl

from assets.methods.cml_errors import check_estimable, no_maximum
from assets.methods.rasch_answers import AnswerCounts
from assets.methods.rasch_model import Array, IndexSpec, ItemSpec
from assets.methods.rasch_symmetric import SymmetricFunctions, symmetric_functions

_MAX_STEPS = 60
_FARTHEST = 25.0  # logits; no answer scale has steps this far apart, the maximum lies at infinity


@dataclass(frozen=True, eq=False)
class CmlFit:
    """Estimated thresholds of one index.

    `thresholds` per item (logits); `covariance` of all thresholds in item order, 0 for fixed ones; `loglik` conditional;
    `n` respondents with two answers or more and neither all lowest nor all highest.
    """

    items: tuple[str, ...]
    thresholds: tuple[Array, ...]
    covariance: Array
    loglik: float
    free_parameters: int
    n: int
    steps: int

    @property
    def flat(self) -> Array:
        """All thresholds in item order."""
        return np.concatenate(self.thresholds)

    @property
    def se(self) -> tuple[Array, ...]:
        """Standard errors per item (logits)."""
        return split(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)), self.thresholds)

    def spec(self, base: IndexSpec) -> IndexSpec:
        """The index with these thresholds in place of its own; `base` may hold more items, they are left out."""
        items = tuple(ItemSpec(key, tuple(map(float, steps))) for key, steps in zip(self.items, self.thresholds, strict=True))
        return replace(base, items=items, min_answered=min(base.min_answered, len(items)))

    def frame(self) -> pl.DataFrame:
        """One row per threshold: `item`, `threshold` (1..m), `estimate`, `se` (logits)."""
        names = [(key, k) for key, steps in zip(self.items, self.thresholds, strict=True) for k in range(1, len(steps) + 1)]
        return pl.DataFrame(
            {
                "item": [key for key, _ in names],
                "threshold": pl.Series([k for _, k in names], dtype=pl.Int16),
                "estimate": self.flat,
                "se": np.concatenate(self.se),
            }
        )


def split(flat: Array, like: Sequence[Array]) -> tuple[Array, ...]:
    """Cut a vector over all thresholds into one per item."""
    return tuple(np.split(flat, np.cumsum([len(steps) for steps in like])[:-1]))


def estimate_cml(counts: AnswerCounts, fixed: Mapping[str, Sequence[float]] | None = None) -> CmlFit:
    """Estimate the thresholds of an index.

    Args:
        counts: the answers; every category of every free item must occur among informative respondents.
        fixed: item -> thresholds that are not estimated (anchored re-estimation), or None for mean 0.

    Raises:
        PipelineError: `no_informative_answers`, `item_not_answered`, `constant_item`, `empty_category`, `disconnected_items`, or
            `no_conditional_maximum` when the answers can be separated and the likelihood has its maximum at infinity.
    """
    fixed = dict(fixed or {})
    _check_fixed(counts, fixed)
    used = counts.informative()
    check_estimable(used, frozenset(fixed))
    observed = used.category_counts()
    start = [
        np.array(fixed[key], dtype=float) if key in fixed else np.log(seen[:-1] / seen[1:])
        for key, seen in zip(counts.items, observed, strict=True)
    ]
    free = np.concatenate([np.full(len(steps), key not in fixed) for key, steps in zip(counts.items, start, strict=True)])
    flat = np.concatenate(start)
    if free.all():
        flat = flat - flat.mean()
    cells = _Cells.of(used)
    total = np.concatenate([seen[1:] for seen in observed]).astype(float)
    return _newton(counts.items, start, flat, free, cells, total)


def conditional_loglik(counts: AnswerCounts, thresholds: Sequence[Array]) -> float:
    """The conditional log likelihood at given thresholds."""
    used = counts.informative()
    total = np.concatenate([seen[1:] for seen in used.category_counts()]).astype(float)
    return _loglik(thresholds, _Cells.of(used), total, symmetric_functions(thresholds))


@dataclass(frozen=True, eq=False)
class _Cells:
    """Respondents per (answered set, raw sum): with the category counts all that the likelihood needs."""

    mask: Array
    raw: Array
    n: Array

    @classmethod
    def of(cls, used: AnswerCounts) -> _Cells:
        width = sum(used.max_scores) + 1
        keys, position = np.unique(used.mask * width + used.raw, return_inverse=True)
        n = np.bincount(position, weights=used.counts, minlength=len(keys))
        return cls(keys // width, keys % width, n)


def _loglik(thresholds: Sequence[Array], cells: _Cells, total: Array, functions: SymmetricFunctions) -> float:
    log_weight = np.concatenate([-np.cumsum(steps) for steps in thresholds])
    return float(total @ log_weight - cells.n @ np.log(functions.gamma[cells.mask, cells.raw]))


def _newton(items: tuple[str, ...], like: Sequence[Array], flat: Array, free: Array, cells: _Cells, total: Array) -> CmlFit:
    thresholds = split(flat, like)
    functions = symmetric_functions(thresholds)
    loglik = _loglik(thresholds, cells, total, functions)
    last = False
    for step_number in range(1, _MAX_STEPS + 1):
        gradient, information = _derivatives(functions, cells, total, thresholds)
        inverse = _inverse(information, free)
        if inverse is None:
            raise no_maximum()
        step = inverse @ gradient
        size, scale = float(np.abs(step).max()), 1.0
        if last or size < 1e-12:
            return CmlFit(items, thresholds, inverse, loglik, _free_count(free), int(cells.n.sum()), step_number)
        last = size < 1e-7  # quadratic convergence: one step more is exact to rounding
        while True:
            moved = split(flat + scale * step, like)
            functions = symmetric_functions(moved)
            reached = _loglik(moved, cells, total, functions)
            if reached >= loglik or scale < 1e-6 or last:
                break
            scale /= 2.0
        flat, thresholds, loglik = flat + scale * step, moved, reached
        if not np.isfinite(loglik) or np.abs(flat).max() > _FARTHEST:
            raise no_maximum()
    raise no_maximum()


def _free_count(free: Array) -> int:
    return int(free.sum()) - int(free.all())


def _derivatives(functions: SymmetricFunctions, cells: _Cells, total: Array, thresholds: Sequence[Array]) -> tuple[Array, Array]:
    """Gradient and information of the conditional log likelihood in the thresholds."""
    bounds = np.concatenate([[0], np.cumsum([len(steps) for steps in thresholds])])
    shares = np.concatenate([functions.shares(item, cells.mask, cells.raw)[:, 1:] for item in range(len(thresholds))], axis=1)
    expected = cells.n @ shares
    second = -(shares * cells.n[:, None]).T @ shares
    second[np.diag_indices_from(second)] += expected
    for i in range(len(thresholds)):
        for j in range(i):
            both = (cells.mask >> i) & (cells.mask >> j) & 1 == 1
            if not both.any():
                continue
            ratio = cells.n[both] @ functions.joint_ratio(i, j, cells.mask[both], cells.raw[both])
            shift = np.arange(1, len(thresholds[i]) + 1)[:, None] + np.arange(1, len(thresholds[j]) + 1)
            joint = np.outer(functions.weights[i][1:], functions.weights[j][1:]) * ratio[shift]
            second[bounds[i] : bounds[i + 1], bounds[j] : bounds[j + 1]] += joint
            second[bounds[j] : bounds[j + 1], bounds[i] : bounds[i + 1]] += joint.T
    to_cumulative = np.zeros_like(second)
    for low, high in pairwise(bounds):
        to_cumulative[low:high, low:high] = np.tri(high - low)
    return to_cumulative.T @ (expected - total), to_cumulative.T @ second @ to_cumulative


def _inverse(information: Array, free: Array) -> Array | None:
    """Covariance of the thresholds: 0 for fixed ones; without fixed ones that of the thresholds with mean 0."""
    part = information[np.ix_(free, free)]
    mean = np.full_like(part, 1.0 / len(part)) if free.all() else np.zeros_like(part)
    scale = float(np.abs(np.diag(part)).max())
    try:
        inverse = np.linalg.inv(part / scale + mean)
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(inverse).all() or np.linalg.eigvalsh(part / scale + mean)[0] < 1e-11:
        return None
    full = np.zeros_like(information)
    full[np.ix_(free, free)] = (inverse - mean) / scale
    return full


def _check_fixed(counts: AnswerCounts, fixed: Mapping[str, Sequence[float]]) -> None:
    for key, steps in fixed.items():
        if key not in counts.items or len(steps) != counts.max_scores[counts.items.index(key)]:
            raise ValueError(f"fixed item {key} is not in the answers or has another number of thresholds")
    if len(fixed) == len(counts.items):
        raise ValueError("all items are fixed: nothing to estimate")
