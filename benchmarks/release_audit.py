"""Suppression and independent audit of a release: benchmarks/README.md says what and how.

    python -m benchmarks.release_audit --home DATA --wave 2024 [--municipalities 26 58 116 290] [--only audit]
    python -m benchmarks.release_audit --home DATA --all-waves [--workers 2]

Reads a finished run (`start.py demo`), hides one wave's results anew and attacks the release in this process, one task after
another, so that cpu is what is measured. More municipalities are copies of the county under other codes. `--all-waves` hides and
attacks all waves of the county as a run does, the attacks in worker processes, so that wall is what is measured.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from pipelines.warehouse import Warehouse

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
        parts.append(_relabelled(held, turn))
    return pl.concat(parts)


def _relabelled(table: pl.DataFrame, turn: int) -> pl.DataFrame:
    """The county under another code: whether the catalogue knows its municipalities plays no part in what is hidden."""
    return table.with_columns(area_code=pl.lit(f"{turn + 1:02d}") + pl.col("area_code").str.slice(2))


def suppressed(warehouse: Warehouse, wave: int, municipalities: int) -> None:
    """Print cpu and wall of hiding both families in both editions, one county after another: they share no sums."""
    from assets.catalogue.load import load_catalogue
    from assets.cutoff_guard import released_editions
    from assets.methods.bands import FOCUS_BAND
    from assets.methods.disclosure import load_policy
    from assets.methods.protected_editions import released_anew
    from assets.methods.score_scale import policy_for
    from assets.release_utility import suppressor_inputs

    catalogue = load_catalogue()
    policy = load_policy(policy_for(catalogue.disclosure, catalogue.index_file))
    focus, editions = {index.key: FOCUS_BAND[index.kind] for index in catalogue.indices}, released_editions(catalogue)
    inputs = suppressor_inputs(warehouse, catalogue, wave)
    cpu, wall, rows = time.process_time(), time.perf_counter(), 0
    for turn in range(municipalities // COUNTY):
        parts = [[_relabelled(table, turn) for table in family] for family in inputs]
        released = released_anew(
            tuple(parts[0]), tuple(parts[1]), focus, catalogue.indicator_file, catalogue.survey, policy, editions
        )
        rows += sum(table.height for table in released.values())
    spent = f"{time.process_time() - cpu:8.1f} s cpu {time.perf_counter() - wall:8.1f} s wall {rows:>8} rows"
    sys.stdout.write(f"{municipalities // COUNTY * COUNTY:>4} {'suppression':<12} {spent}\n")


def audited(tables: dict[str, pl.DataFrame], municipalities: int) -> None:
    """Print cpu seconds, cells and programs per family."""
    from assets.audit.tasks import run_task, tasks
    from assets.catalogue.load import load_catalogue
    from assets.release_audit import audit_rules

    larger = {name: copies(table, municipalities) for name, table in tables.items()}
    cpu, wall = time.process_time(), time.perf_counter()
    wanted = tasks(larger, audit_rules(load_catalogue()))
    spent: dict[str, list[float]] = defaultdict(lambda: [0.0, 0, 0, 0])
    spent["preparation"][0] = time.process_time() - cpu
    for task in wanted:
        begun = time.process_time()
        found = run_task(task)
        bad = found.cells.filter(pl.col("verdict") != "wide").height
        programs = sum(effort[4] for effort in found.effort)
        for at, value in enumerate((time.process_time() - begun, found.cells.height, programs, bad)):
            spent[task.family][at] += value
    spent["audit"] = [sum(column) for column in zip(*spent.values(), strict=True)]
    for family, (seconds, cells, programs, bad) in spent.items():
        numbers = f"{seconds:8.1f} s cpu {cells:>8.0f} cells {programs:>8.0f} programs {bad:>5.0f} not wide"
        sys.stdout.write(f"{municipalities:>4} {family:<12} {numbers}\n")
    sys.stdout.write(f"{municipalities:>4} {'audit':<12} {time.perf_counter() - wall:8.1f} s wall\n")


def all_waves(warehouse: Warehouse, workers: int) -> None:
    """Print wall and cpu, those of worker processes too, of hiding all waves and attacking them together."""
    from assets.catalogue.load import load_catalogue
    from assets.release_audit import attacked, audit_rules, published_tables

    rules = audit_rules(load_catalogue())
    tables = published_tables(warehouse, rules.withheld)
    wall, cpu = time.perf_counter(), _cpu()
    for wave in sorted(tables["index_results"]["wave"].unique()):
        suppressed(warehouse, wave, COUNTY)
    hidden, hidden_cpu = time.perf_counter(), _cpu()
    report = attacked(tables, rules, (), workers)
    done, done_cpu = time.perf_counter(), _cpu()
    bad = report.cells.filter(pl.col("verdict") != "wide").height
    for name, seconds, spent in (
        ("suppression", hidden - wall, hidden_cpu - cpu),
        (f"audit, {workers} workers", done - hidden, done_cpu - hidden_cpu),
        ("together", done - wall, done_cpu - cpu),
    ):
        sys.stdout.write(f"all waves {name:<18} {seconds:8.1f} s wall {spent:8.1f} s cpu\n")
    sys.stdout.write(f"{report.cells.height} cells, {bad} not wide; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")


def _cpu() -> float:
    """User and system seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the release, hide it anew and attack it."""
    from assets.audited_tables import AUDITED
    from pipelines.paths import Paths
    from pipelines.warehouse import TableName, Warehouse

    parser = argparse.ArgumentParser(description="Suppression and audit of a release")
    parser.add_argument("--home", type=Path, required=True)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--wave", type=int)
    what.add_argument("--all-waves", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--municipalities", type=int, nargs="*", default=[26, 58, 116, 290])
    parser.add_argument("--only", choices=["suppression", "audit"])
    chosen = parser.parse_args(arguments)
    warehouse = Warehouse(Paths(chosen.home).warehouse)
    if chosen.all_waves:
        all_waves(warehouse, chosen.workers)
        return
    for municipalities in chosen.municipalities:
        sys.stdout.write(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
        if chosen.only != "audit":
            suppressed(warehouse, chosen.wave, municipalities)
        if chosen.only != "suppression":
            tables = {name: warehouse.read(TableName("release", name), {"wave": [chosen.wave]}) for name in AUDITED}
            audited(tables, municipalities)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
