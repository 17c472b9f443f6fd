"""Answers of a small county for the tests of the cube from answer patterns."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.cube_task.pattern_sums import Design, MeanScoreIndex

INDICES = (
    MeanScoreIndex("a", ("i1", "i2", "i3"), 4, 2, 60.0, frozenset({"i3"})),
    MeanScoreIndex("b", ("i4", "i5"), 5, 1, 50.0),
    MeanScoreIndex("c", ("i1", "i2", "i3", "i6", "i7"), 4, 3, 66.0, frozenset({"i7"})),
)
DESIGN = Design(("wave", "area", "grade"), "class", "sex", "weight", "classes")
ITEMS = {"i1": 4, "i2": 4, "i3": 4, "i4": 5, "i5": 5, "i6": 4, "i7": 4}


def pupils(seed: int, n: int = 600, weights: str = "class", lonely: bool = False) -> pl.DataFrame:
    """Answers of a small county: 2 waves, 3 areas, 2 grades."""
    rng = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "wave": rng.choice([2022, 2024], n),
            "area": rng.choice(["0114", "0115", "0180"], n),
            "grade": rng.choice([9, 11], n),
            "class": rng.integers(1, 2 if lonely else 6, n),
            "sex": rng.integers(1, 3, n),
            **{item: rng.integers(1, top + 1, n) for item, top in ITEMS.items()},
        }
    ).with_columns(pl.when(pl.Series(rng.random(n) > 0.15)).then(item).alias(item) for item in ITEMS)
    if weights == "class":
        weight = (pl.struct("wave", "area", "grade", "class").rank("dense") * 7919 % 13 + 1) / 4
    else:
        weight = pl.Series(rng.integers(1, 40, n)) / 8
    return frame.with_columns(weight=weight, classes=pl.lit(9))
