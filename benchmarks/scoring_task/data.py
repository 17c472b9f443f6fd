"""Made-up answers to the questions of the seven indices, drawn from the published thresholds. Seeded.

One general factor and one per index, 3 % of answers missing, 4 % of respondents break off. Drawn a part at a time, so that ten
million respondents need no more memory than one; the same seed gives the same file.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.common.costs import apart
from benchmarks.scoring_task.answers import Thresholds, published

PART = 500_000
ROW_GROUP = 1 << 17
MISSING = 0.03
BREAK_OFF = 0.04


def write(folder: Path, respondents: int, seed: int = 1) -> Path:
    """The parquet file of these respondents; made once and kept."""
    path = folder / f"answers_{respondents}_{seed}.parquet"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        apart(_write, path, respondents, seed)
    return path


def _write(path: Path, respondents: int, seed: int) -> None:
    indices = published()
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        parts = []
        for number, first in enumerate(range(0, respondents, PART)):
            parts.append(Path(folder) / f"{number}.parquet")
            simulate(indices, min(PART, respondents - first), first, [seed, number]).write_parquet(parts[-1])
        whole = Path(folder) / "whole.parquet"
        pl.scan_parquet(parts).sink_parquet(whole, row_group_size=ROW_GROUP)
        whole.replace(path)


def simulate(indices: Thresholds, respondents: int, first: int = 0, seed: int | list[int] = 1) -> pl.DataFrame:
    """`respondent` (numbered from `first`) and a column for each item, categories 0..m or null."""
    rng = np.random.default_rng(seed)
    general = rng.normal(0.0, 1.0, respondents)
    stop = np.where(rng.random(respondents) < BREAK_OFF, rng.integers(0, 55, respondents), 10_000)
    columns: dict[str, pl.Series] = {}
    for items in indices.values():
        theta = 0.7 * general + rng.normal(-0.5, 0.9, respondents)
        for item, thresholds in items.items():
            if item in columns:
                continue
            below = _category_shares(theta, thresholds).cumsum(axis=0)[:-1]
            answer = (rng.random(respondents) > below).sum(axis=0)
            missing = (rng.random(respondents) < MISSING) | (len(columns) >= stop)
            columns[item] = pl.Series(item, answer, dtype=pl.Int8).set(pl.Series(missing), None)
    return pl.DataFrame({"respondent": np.arange(first, first + respondents), **columns})


def _category_shares(theta: np.ndarray, thresholds: tuple[float, ...]) -> np.ndarray:
    category = np.arange(len(thresholds) + 1)[:, None]
    weight = np.exp(category * theta - np.concatenate([[0.0], np.cumsum(thresholds)])[:, None])
    return weight / weight.sum(axis=0)
