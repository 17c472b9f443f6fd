"""The simulated survey of the estimation oracle, and its expected values."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl

from assets.methods.rasch_answers import AnswerCounts, count_answers
from assets.methods.rasch_model import IndexSpec, ItemSpec
from tests.oracle.rasch_reference import DATA

RASCH = DATA / "rasch"


@lru_cache(maxsize=1)
def truth() -> dict[str, Any]:
    """Generating values."""
    return json.loads((RASCH / "estimation_truth.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def oracle() -> dict[str, Any]:
    """What R computes."""
    return json.loads((RASCH / "estimation_oracle.json").read_text(encoding="utf-8"))


def simulated_spec() -> IndexSpec:
    """The index as it was simulated."""
    return IndexSpec("simulated", "risk", tuple(ItemSpec(key, tuple(steps)) for key, steps in truth()["items"].items()))


def simulated_frame() -> pl.DataFrame:
    """800 respondents: id, sex, i1..i8."""
    return pl.read_csv(RASCH / "estimation_data.csv")


@lru_cache(maxsize=1)
def simulated_counts() -> AnswerCounts:
    """The same as patterns, with sex."""
    return count_answers(simulated_frame(), simulated_spec(), ["sex"])


def flat(by_item: dict[str, list[float]]) -> np.ndarray:
    """Thresholds of all items as one vector."""
    return np.concatenate(list(by_item.values()))
