"""The independent audit of a release: benchmarks/README.md says what and how.

    python -m benchmarks.release_audit --home DATA [--waves 2024 2022] [--municipalities 26 58]

Reads the release of a finished run (`start.py demo`) and attacks it in this process, one task after another, so that cpu is
what is measured. More municipalities are copies of the county under other codes.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import polars as pl

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
COUNTY = 26
"""Municipalities in the county that is copied."""


def copies(table: pl.DataFrame, municipalities: int) -> pl.DataFrame:
    """The county's rows and as many copies under other county codes as it takes; the last copy is cut."""
    codes = sorted(table.filter(pl.col("area_level") == "municipality")["area_code"].unique())
    parts = []
    for turn in range(-(-municipalities // COUNTY)):
        keep = codes[: municipalities - turn * COUNTY]
        own = pl.col("area_code").str.slice(0, 4).is_in(keep)
        # a cut county is no sum of its municipalities
        held = table.filter(own | (pl.col("area_level") == "county")) if len(keep) == len(codes) else table.filter(own)
        parts.append(held.with_columns(area_code=pl.lit(f"{turn + 1:02d}") + pl.col("area_code").str.slice(2)))
    return pl.concat(parts)


def measure(tables: dict[str, pl.DataFrame], municipalities: int) -> None:
    """Print cpu seconds, cells and programs per family."""
    from assets.audit.tasks import run_task, tasks
    from assets.catalogue.load import load_catalogue
    from assets.release_audit import audit_rules

    larger = {name: copies(table, municipalities) for name, table in tables.items()}
    begun = time.process_time()
    wanted = tasks(larger, audit_rules(load_catalogue()))
    spent: dict[str, list[float]] = defaultdict(lambda: [0.0, 0, 0, 0])
    spent["preparation"][0] = time.process_time() - begun
    for task in wanted:
        begun = time.process_time()
        found = run_task(task)
        bad = found.cells.filter(pl.col("verdict") != "wide").height
        for at, value in enumerate((time.process_time() - begun, found.cells.height, found.effort[4], bad)):
            spent[task.family][at] += value
    for family, (seconds, cells, programs, bad) in spent.items():
        numbers = f"{seconds:8.1f} s cpu {cells:>8.0f} cells {programs:>8.0f} programs {bad:>5.0f} not wide"
        sys.stdout.write(f"{municipalities:>4} {family:<12} {numbers}\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the release and attack it."""
    from assets.release_audit import AUDITED
    from pipelines.paths import Paths
    from pipelines.warehouse import TableName, Warehouse

    parser = argparse.ArgumentParser(description="Audit of a release")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--waves", type=int, nargs="*", default=[])
    parser.add_argument("--municipalities", type=int, nargs="*", default=[26, 58, 116, 290])
    chosen = parser.parse_args(arguments)
    warehouse = Warehouse(Paths(chosen.home).warehouse)
    where = {"wave": chosen.waves} if chosen.waves else None
    tables = {name: warehouse.read(TableName("release", name), where) for name in AUDITED}
    for municipalities in chosen.municipalities:
        measure(tables, municipalities)


if __name__ == "__main__":
    main()
