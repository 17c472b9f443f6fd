"""Simulated answers under the partial credit model, with planted faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from assets.methods.rasch_information import category_shares
from assets.methods.rasch_model import IndexSpec, ItemSpec

THRESHOLDS: dict[str, tuple[float, ...]] = {
    "a": (-1.1, 0.1, 1.3),
    "b": (-0.6, 0.7),
    "c": (-1.4, -0.2, 0.8),
    "d": (-0.3, 0.5, 1.2),
    "e": (-0.9, 0.4, 1.5),
    "f": (-1.2, 0.0, 0.9),
    "g": (-0.5, 0.3, 0.6),
    "h": (-0.8, 0.9, 1.1),
}


def spec_of(thresholds: Mapping[str, Sequence[float]] = THRESHOLDS, min_answered: int = 5) -> IndexSpec:
    """An index with these thresholds."""
    items = tuple(ItemSpec(key, tuple(steps)) for key, steps in thresholds.items())
    return IndexSpec("simulated", "risk", items, min(min_answered, len(items)))


def answers(
    n: int,
    seed: int,
    thresholds: Mapping[str, Sequence[float]] = THRESHOLDS,
    mean: float = 0.0,
    sd: float = 1.2,
    missing: float = 0.0,
    dif: Mapping[str, float] | None = None,
    same_as: Mapping[str, tuple[str, float]] | None = None,
) -> pl.DataFrame:
    """`n` respondents: sex (boy, girl), grade, wave and an Int8 column per item.

    Args:
        dif: item -> logits that are added to its thresholds for girls.
        same_as: item -> (other item, share of respondents who copy that item's answer).
    """
    rng = np.random.default_rng(seed)
    theta = rng.normal(mean, sd, n)
    girl = rng.random(n) < 0.5
    columns: dict[str, np.ndarray] = {}
    for key, steps in thresholds.items():
        place = theta - np.where(girl, (dif or {}).get(key, 0.0), 0.0)
        below = category_shares(steps, place).cumsum(axis=1)[:, :-1]
        columns[key] = (rng.random(n)[:, None] > below).sum(axis=1)
        if same_as and key in same_as:
            other, share = same_as[key]
            columns[key] = np.where(rng.random(n) < share, columns[other], columns[key])
    frame = pl.DataFrame({key: pl.Series(values, dtype=pl.Int8) for key, values in columns.items()})
    frame = frame.with_columns(
        pl.when(pl.Series(rng.random(n) >= missing)).then(pl.col(key)).otherwise(None).alias(key) for key in thresholds
    )
    return frame.with_columns(
        sex=pl.Series(np.where(girl, "girl", "boy")),
        grade=pl.Series(np.where(rng.random(n) < 0.5, "ak9", "gy2")),
        wave=pl.Series(rng.choice([2020, 2022, 2024], n)),
    )
