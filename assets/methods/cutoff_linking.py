"""Limits made for one scoring method, carried over to another through the raw sum. Pure.

In the Rasch family the raw sum of a complete answer is sufficient, so every method orders complete answers alike and a limit
between two of their scores parts the same pupils whatever the method. The limit keeps its place between the two neighbouring
scores (linear interpolation of raw-score equating; Kolen & Brennan 2014, Test Equating, Scaling, and Linking, ch. 2). Whoever has
left questions out has another ladder, and may end on the other side.
"""

from __future__ import annotations

import numpy as np

from assets.methods.bands import SCORE_DECIMALS
from assets.methods.errors import PipelineError
from assets.methods.rasch_lookup import Estimator, build_lookup
from assets.methods.rasch_model import Array, IndexSpec


def ladder(spec: IndexSpec, estimator: Estimator, theta_range: float | None = None) -> Array:
    """Scores of complete answers as limits meet them: three decimals, a protective index times -1, rising. -inf and inf where
    an unbounded estimate is infinite."""
    complete = IndexSpec(spec.key, spec.kind, spec.items, min_answered=len(spec.items))
    lookup = build_lookup(complete, theta_range, estimator)
    score = np.round(lookup["theta"].to_numpy().astype(float), SCORE_DECIMALS)
    score[0], score[-1] = (np.nan_to_num(end, nan=limit) for end, limit in ((score[0], -np.inf), (score[-1], np.inf)))
    return score if spec.kind == "risk" else -score[::-1] + 0.0


def linked_limits(
    spec: IndexSpec,
    limits: tuple[float, float],
    made_for: Estimator,
    estimator: Estimator,
    theta_range: float | None = None,
) -> tuple[float, float]:
    """The limits on the scale of another method: complete answers fall into the same bands as before, ties at a limit included.

    Args:
        spec: the index with its published thresholds.
        limits: lower and upper, on the unbounded scale of `made_for`.
        estimator, theta_range: of the scores that the limits will meet.

    Raises:
        PipelineError: `unlinkable_limit` when a limit lies outside what complete answers can score, or so near the ends that
            the other scale has no two finite scores around it.
    """
    source, target = ladder(spec, made_for), ladder(spec, estimator, theta_range)
    lower, upper = (_linked(spec.key, limit, source, target) for limit in limits)
    return lower, upper


def _linked(key: str, limit: float, source: Array, target: Array) -> float:
    below = int(np.searchsorted(source, limit, side="right")) - 1
    around = slice(below, below + 2)
    inside = 0 <= below < len(source) - 1
    if not inside or not np.isfinite([*source[around], *target[around]]).all() or not np.diff(target[around]) > 0:
        raise PipelineError(
            code="unlinkable_limit",
            where=f"Gränserna för {key}",
            expected="gränser mellan två poäng som går att få med båda skattningsmetoderna",
            got="en gräns vid eller utanför skalans ände",
            hint="Välj en annan skattningsmetod i indices.yml, ett större theta_range, eller gränser som är gjorda för metoden.",
        )
    share = (limit - source[below]) / (source[below + 1] - source[below])
    return float(target[below] + share * (target[below + 1] - target[below]))
