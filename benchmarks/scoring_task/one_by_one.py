"""Every respondent and index solved alone: a bracketing root search on the same equation, as the predecessor does with catR.

usage: one_by_one.py IN.parquet OUT.parquet RESPONDENTS

Only the first respondents of the file are read and scored.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import polars as pl
from scipy.optimize import brentq

from benchmarks.scoring_task.answers import BOUND, MIN_ANSWERED, PROTECTIVE, published, stopwatch

Row = dict[str, int | None]


def solved(row: Row, cumulative: dict[str, np.ndarray]) -> float | None:
    """Warm's estimate; None with too few answers. `cumulative`: per item 0 and the running sum of its thresholds."""
    answered = [(answer, steps) for item, steps in cumulative.items() if (answer := row[item]) is not None]
    if len(answered) < MIN_ANSWERED:
        return None

    def equation(theta: float) -> float:
        value, information, third = 0.0, 0.0, 0.0
        for answer, steps in answered:
            category = np.arange(len(steps))
            weight = np.exp(theta * category - steps)
            share = weight / weight.sum()
            mean = (share * category).sum()
            off = category - mean
            value += answer - mean
            information += (share * off**2).sum()
            third += (share * off**3).sum()
        return value + third / (2.0 * information)

    return float(brentq(equation, -BOUND, BOUND, xtol=1e-12))


def main(source: str, target: str, respondents: str) -> None:
    """Read, solve, write."""
    indices = {
        key: {item: np.concatenate([[0.0], np.cumsum(steps)]) for item, steps in items.items()}
        for key, items in published().items()
    }
    with stopwatch():
        answers = pl.scan_parquet(source).head(int(respondents)).collect()
        rows = answers.to_dicts()
        scores = answers.select("respondent")
        for key, items in indices.items():
            found = [solved(row, items) for row in rows]
            turned = -1.0 if key in PROTECTIVE else 1.0
            scores = scores.with_columns(pl.Series(key, found, dtype=pl.Float64) * turned)
        scores.write_parquet(target, compression="snappy")


if __name__ == "__main__":
    main(*sys.argv[1:])
