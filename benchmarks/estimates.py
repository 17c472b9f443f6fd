"""What the published estimates cost: persons with seven scores to every row of `area_estimates`, the product's own path.

    python -m benchmarks.estimates [--respondents 1000000] [--municipalities 290] [--runs 2]

People, classes and municipalities are those of the cube's benchmark, answers those of the benchmark of scoring, bands by two
cut-offs at -0.5 and 0.7 logits. Timed are adding up the classes alone and the whole: shares in bands, means, spreads, differences
to the county with their covariance and sex gaps, with intervals and tests. See README.md beside.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import polars as pl  # noqa: E402

from assets.methods.estimate import area_estimates  # noqa: E402
from assets.methods.psu_sums import psu_sums  # noqa: E402
from assets.methods.rasch import score  # noqa: E402
from benchmarks.cube_task import data as people  # noqa: E402
from benchmarks.scoring_task import data as answers  # noqa: E402
from benchmarks.scoring_task.ours import published_specs  # noqa: E402

CUTS = (-0.5, 0.7)


def persons(respondents: int, municipalities: int, cache: Path) -> pl.DataFrame:
    """The columns that `psu_sums` takes, a row per respondent."""
    specs = published_specs()
    who = pl.scan_parquet(people.write(cache / "bench_cube", respondents, municipalities)).select(
        wave=pl.col("year").cast(pl.Int32),
        grade=pl.col("grade").cast(pl.String),
        sex=pl.when(pl.col("sex") == 1).then(pl.lit("girl")).otherwise(pl.lit("boy")),
        municipality_code=(pl.col("mun") + 1000).cast(pl.String),
        district_code=pl.lit(None, pl.String),
        school_code=pl.col("school").cast(pl.String),
        psu=pl.col("klass").cast(pl.String),
    )
    answered = pl.scan_parquet(answers.write(cache / "bench_scoring", respondents))
    scores = score(answered, specs).select(spec.key for spec in specs)
    return pl.concat([who.collect(), scores.collect()], how="horizontal").with_columns(_band(spec.key) for spec in specs)


def _band(key: str) -> pl.Expr:
    score_of = pl.col(key)
    band = 1 + (score_of > CUTS[0]).cast(pl.Int8) + (score_of > CUTS[1]).cast(pl.Int8)
    return band.cast(pl.Int8).alias(f"{key}_band")


def timed(work: Callable[[], pl.DataFrame]) -> str:
    """Run, and say what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    rows = work().height
    return f"cpu {time.process_time() - cpu:6.2f} s  wall {time.perf_counter() - wall:6.2f} s  {rows} rows\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--respondents", type=int, default=1_000_000)
    parser.add_argument("--municipalities", type=int, default=290)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=ROOT / "data" / "cache")
    chosen = parser.parse_args()
    kinds = {spec.key: spec.kind for spec in published_specs()}
    table = persons(chosen.respondents, chosen.municipalities, chosen.cache)
    for _ in range(chosen.runs):
        sys.stdout.write("classes added up  " + timed(lambda: psu_sums(table, list(kinds))))
        sys.stdout.write("all estimates     " + timed(lambda: area_estimates(table, kinds)))


if __name__ == "__main__":
    main()
