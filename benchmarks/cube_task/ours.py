"""Our command in the benchmark of the cube: respondents in, table out, in one process. See ../cube.py.

python benchmarks/cube_task/ours.py IN.parquet OUT.csv [plain|full] [indices]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # there is no linear algebra here, and threads for it cost a start-up each
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import polars as pl

from benchmarks.cube_task.cube import full_table, moments, plain_table
from benchmarks.cube_task.pattern_sums import Design, MeanScoreIndex, class_sums


def task_indices(count: int = 20) -> list[MeanScoreIndex]:
    """Three items each, the third reversed, at least two answered, at risk from 60."""
    items = [[f"item{3 * k + j:02d}" for j in (1, 2, 3)] for k in range(count)]
    return [MeanScoreIndex(f"{k + 1}", tuple(three), 4, 2, 60.0, frozenset(three[2:])) for k, three in enumerate(items)]


def main(source: str, target: str, which: str = "plain", count: str = "20") -> None:
    """Read, estimate, write. Normal limits, as the other programs of the benchmark write them."""
    indices = task_indices(int(count))
    design = Design(("year", "mun", "grade"), "klass", "sex", "weight", "n_klass_pop")
    table = moments(class_sums(pl.scan_parquet(source), indices, design), indices, both=which == "full")
    if which == "full":
        result = full_table(table, indices, "year", "mun", "grade", "normal")
    else:
        result = plain_table(table, indices, "normal")
    result.drop("n_psu", "df").write_csv(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
