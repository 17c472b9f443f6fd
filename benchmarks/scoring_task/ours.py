"""Our command in the benchmark of scoring: answers in, scores with standard errors out, in one process. See ../scoring.py.

python benchmarks/scoring_task/ours.py IN.parquet OUT.parquet [indices]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import polars as pl

from assets.methods.rasch import IndexSpec, ItemSpec, score
from benchmarks.scoring_task.answers import MIN_ANSWERED, PROTECTIVE, published, stopwatch


def published_specs() -> list[IndexSpec]:
    """The seven indices with their published thresholds."""
    return [
        IndexSpec(
            key,
            "protective" if key in PROTECTIVE else "risk",
            tuple(ItemSpec(item, steps) for item, steps in items.items()),
            MIN_ANSWERED,
        )
        for key, items in published().items()
    ]


def main(source: str, target: str, count: str = "7") -> None:
    """Solve the tables, read, score, write."""
    specs = published_specs()[: int(count)]
    with stopwatch():
        scores = [f"{spec.key}{part}" for spec in specs for part in ("", "_se", "_n")]
        score(pl.scan_parquet(source), specs).select("respondent", *scores).sink_parquet(target, compression="snappy")


if __name__ == "__main__":
    main(*sys.argv[1:])
