"""Targeting: do the thresholds lie where the respondents are? Persons and thresholds on one scale, and the ends of the scale.

Counts per half logit are aggregates of microdata: small ones must be protected before anybody is shown them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.methods.rasch_model import IndexSpec
from assets.methods.rasch_persons import Persons

STEP = 0.5


@dataclass(frozen=True, eq=False)
class Targeting:
    """Where persons and thresholds lie (logits, before a protective index changes sign).

    `offset` person mean minus threshold mean; `floor` and `ceiling` shares (0..1) of scored respondents with the lowest and
    highest possible sum; `outside` share beyond the outermost thresholds; `precise` share whose standard error is at most
    `precise_se`. `persons`: `from_theta` (lower end of a half logit), `n`. `thresholds`: `item`, `threshold`, `location`.
    """

    person_mean: float
    person_sd: float
    threshold_mean: float
    offset: float
    floor: float
    ceiling: float
    outside: float
    precise: float
    precise_se: float
    n: int
    persons: pl.DataFrame
    thresholds: pl.DataFrame


def targeting(persons: Persons, spec: IndexSpec, precise_se: float) -> Targeting | None:
    """Compare persons with the thresholds they were scored by; None without a scored respondent.

    Args:
        persons: scored patterns.
        spec: the index with those thresholds.
        precise_se: the largest standard error (logits) that counts as precise.
    """
    rows = persons.scored
    weight, theta = persons.counts[rows], persons.theta[rows]
    n = int(weight.sum())
    if not n:
        return None
    mean = float(weight @ theta) / n
    steps = np.array([step for item in spec.items for step in item.thresholds])
    extreme = persons.extreme[rows]
    bin_start = np.floor(theta / STEP) * STEP
    starts, position = np.unique(bin_start, return_inverse=True)

    def share(which: np.ndarray) -> float:
        return int(weight[which].sum()) / n

    return Targeting(
        person_mean=mean,
        person_sd=float(np.sqrt(weight @ (theta - mean) ** 2 / max(n - 1, 1))),
        threshold_mean=float(steps.mean()),
        offset=mean - float(steps.mean()),
        floor=share(extreme & (theta < steps.mean())),
        ceiling=share(extreme & (theta > steps.mean())),
        outside=share((theta < steps.min()) | (theta > steps.max())),
        precise=share(persons.se[rows] <= precise_se),
        precise_se=precise_se,
        n=n,
        persons=pl.DataFrame(
            {"from_theta": starts, "n": np.bincount(position, weights=weight, minlength=len(starts)).astype(np.int64)}
        ),
        thresholds=pl.DataFrame(
            [
                {"item": item.key, "threshold": k, "location": step}
                for item in spec.items
                for k, step in enumerate(item.thresholds, 1)
            ]
        ),
    )
