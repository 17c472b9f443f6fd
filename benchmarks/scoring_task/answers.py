"""What every program of the scoring benchmark shares: the published thresholds, and the files it reads and writes.

Nothing of the project is imported here, so that a peer can run with a Python of its own.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

PARAMETERS = Path(__file__).resolve().parents[2] / "tests" / "oracle" / "data" / "rasch" / "item_parameters.csv"
PROTECTIVE = frozenset({"SkolaPositiv", "Wellbeing"})
MIN_ANSWERED = 5
BOUND = 10.0

Thresholds = dict[str, dict[str, tuple[float, ...]]]


def published() -> Thresholds:
    """Index -> item -> thresholds in logits, as published."""
    found: Thresholds = {}
    with PARAMETERS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            steps = tuple(float(row[f"threshold_{k}"]) for k in range(1, int(row["n_categories"])))
            found.setdefault(row["index"], {})[row["item"]] = steps
    return found


def enough_answers(answers: pl.DataFrame, items: list[str]) -> pl.Series:
    """Respondents whom the index scores."""
    return answers.select(pl.sum_horizontal(pl.col(items).is_not_null().cast(pl.Int32)) >= MIN_ANSWERED).to_series()


def placed(key: str, scores: object, scored: pl.Series) -> pl.Series:
    """Scores of the scored respondents on everybody's rows, in the direction of the index; null for the others."""
    rows = pl.Series(scores, dtype=pl.Float64).fill_nan(None) * (-1.0 if key in PROTECTIVE else 1.0)
    position = scored.cast(pl.Int64).cum_sum() - 1
    return pl.select(pl.when(scored).then(rows.gather(position.clip(0)))).to_series().alias(key)


@contextmanager
def stopwatch() -> Iterator[None]:
    """Print the wall and cpu seconds of the work inside: from before reading to after writing, the program's start left out."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    sys.stdout.write(f"{time.perf_counter() - wall:.4f} {time.process_time() - cpu:.4f}\n")
