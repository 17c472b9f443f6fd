"""Many counties and waves through the stages that read every respondent: benchmarks/README.md says what and how.

    python -m benchmarks.national --home DATA [--municipalities 26 52 104] [--waves 5 10]

Reads a finished run (`start.py demo`). More municipalities are copies of the county under other codes, more waves are copies of
its waves ten years earlier; `DATA` is only read. Each stage is the product's own, in a process of its own, so that its peak
memory can be told apart.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from pipelines.warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
COUNTY = 26
BACK = 10
"""Years that a copy of a wave lies before it."""
IDS = {
    "municipality_code": "'{turn:02d}' || substr(municipality_code, 3)",
    "district_code": "'{turn:02d}' || substr(district_code, 3)",
    "respondent_key": "'{turn:02d}-' || respondent_key",
    "school_code": "'{turn:02d}-' || school_code",
}
"""What tells people and places apart, as SQL that gives each copy its own."""
Work = Callable[["Warehouse", list[int]], "pl.DataFrame"]


def scores(warehouse: Warehouse, waves: list[int]) -> pl.DataFrame:
    """`indices.person_scores`."""
    from assets.catalogue.load import load_catalogue
    from assets.indices import scored_persons

    return scored_persons(warehouse, load_catalogue(), waves, removal=False)


def areas(warehouse: Warehouse, waves: list[int]) -> pl.DataFrame:
    """`indices.area_estimates`, from scores that lie in the warehouse."""
    from assets.catalogue.load import load_catalogue
    from assets.indices import estimated_areas

    return estimated_areas(warehouse, load_catalogue(), waves)[1]


def indicators(warehouse: Warehouse, waves: list[int]) -> pl.DataFrame:
    """`indices.indicator_estimates`."""
    from assets.catalogue.load import load_catalogue
    from assets.indices import tables_of_indicators

    return tables_of_indicators(warehouse, load_catalogue(), waves, removal=False)[1]


STAGES: dict[str, Work] = {"scores": scores, "areas": areas, "indicators": indicators}
TABLES = {"scores": "person_scores", "areas": "area_estimates", "indicators": "indicator_estimates"}


def copied(source: Path, target: Path, municipalities: int, waves: int) -> list[int]:
    """A warehouse with the validated answers of that many municipalities and waves; its waves in order."""
    import duckdb

    with duckdb.connect() as con:
        con.execute(f"attach '{source}' as have (read_only)")
        con.execute(f"attach '{target}' as made")
        con.execute("create schema made.validated")
        table = "have.validated.survey_responses"
        con.execute(f"create table made.validated.survey_responses as select * from {table} limit 0")
        codes = [code for (code,) in con.execute(f"select distinct municipality_code from {table} order by 1").fetchall()]
        own = [wave for (wave,) in con.execute(f"select distinct wave from {table} order by 1").fetchall()]
        for turn in range(-(-municipalities // COUNTY)):
            keep = codes[: municipalities - turn * COUNTY]
            made = [f"{expression.format(turn=turn + 1)} as {name}" for name, expression in IDS.items()]
            for back in range(-(-waves // len(own))):
                put = ", ".join([*made, f"(wave - {back * BACK})::integer as wave"])
                con.execute(
                    f"insert into made.validated.survey_responses select * replace ({put}) from {table} "
                    "where municipality_code in (select unnest(?))",
                    [keep],
                )
        found = [
            wave for (wave,) in con.execute("select distinct wave from made.validated.survey_responses order by 1").fetchall()
        ]
    return found[-waves:]


def run_stage(stage: str, place: Path, waves: list[int]) -> None:
    """One stage, and its table into the warehouse; what it took to standard output."""
    from pipelines.warehouse import TableName, Warehouse

    warehouse = Warehouse(place)
    wall = time.perf_counter()
    made = STAGES[stage](warehouse, waves)
    sys.stdout.write(f"{made.height} rows, wall {time.perf_counter() - wall:.1f} s")
    if stage == "scores":  # the next stage reads it
        warehouse.replace(TableName("indices", TABLES[stage]), made, None)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    from benchmarks.common.costs import measured

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--municipalities", type=int, nargs="*", default=[26, 52, 104])
    parser.add_argument("--waves", type=int, nargs="*", default=[5, 10])
    parser.add_argument("--stage", choices=list(STAGES), help=argparse.SUPPRESS)
    parser.add_argument("--of", type=int, nargs="*", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.stage:
        run_stage(chosen.stage, chosen.home, chosen.of)
        return
    for municipalities in chosen.municipalities:
        for waves in chosen.waves:
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder) / "warehouse.duckdb"
                of = copied(chosen.home / "warehouse.duckdb", place, municipalities, waves)
                for stage in STAGES:
                    command = [sys.executable, "-m", "benchmarks.national", "--home", str(place), "--stage", stage, "--of"]
                    cost = measured([*command, *map(str, of)])
                    told = f"cpu {cost.cpu:7.1f} s  peak {cost.peak:6.0f} MB  {cost.output}"
                    sys.stdout.write(f"{municipalities:>4} municipalities {waves:>3} waves  {stage:<11} {told}\n")
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
