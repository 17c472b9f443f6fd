"""Many municipalities, waves and indices through the stages of the chain: benchmarks/README.md says what and how.

    python -m benchmarks.national --home DATA --municipalities 26 52 104 290 --waves 1 2 5 10 [--stages scores areas ...]
    python -m benchmarks.national --chart

Reads a finished run (`start.py demo`). More municipalities are copies of the county under other codes, more waves are copies of
its waves ten years earlier; `DATA` is only read. Each stage is the product's own, in a process of its own, so that its peak
memory can be told apart, and leaves its tables in the warehouse for the next. Each measurement is a line in `national.csv`, which
the chart is drawn from.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.national_stages import COUNTY, OF_FINISHED, STAGES, Asked

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
RESULTS, CHART = ROOT / "benchmarks" / "national.csv", ROOT / "benchmarks" / "national_growth.svg"
COLUMNS = ("day", "stage", "municipalities", "waves", "indices", "respondents", "made", "cpu", "wall", "peak_mb", "load")
OWN_INDICES = 7
BACK = 10
"""Years that a copy of a wave lies before it."""
IDS = {
    "municipality_code": "'{turn:02d}' || substr(municipality_code, 3)",
    "district_code": "'{turn:02d}' || substr(district_code, 3)",
    "respondent_key": "'{turn:02d}-' || respondent_key",
    "school_code": "'{turn:02d}-' || school_code",
}
"""What tells people and places apart, as SQL that gives each copy its own."""
ANSWERS = "validated.survey_responses"


def copied(source: Path, target: Path, municipalities: int, waves: int) -> None:
    """A warehouse with the validated answers of that many municipalities and waves."""
    import duckdb

    with duckdb.connect() as con:
        con.execute(f"attach '{source}' as have (read_only)")
        con.execute(f"attach '{target}' as made (row_group_size 20480)")
        con.execute("create schema made.validated")
        table = f"have.{ANSWERS}"
        con.execute(f"create table made.{ANSWERS} as select * from {table} limit 0")
        codes = [code for (code,) in con.execute(f"select distinct municipality_code from {table} order by 1").fetchall()]
        own = [wave for (wave,) in con.execute(f"select distinct wave from {table} order by 1 desc").fetchall()]
        wanted = [(wave, back) for back in range(-(-waves // len(own))) for wave in own][:waves]
        for wave, back in wanted:
            for turn in range(-(-municipalities // COUNTY)):
                keep = codes[: municipalities - turn * COUNTY]
                made = [f"{expression.format(turn=turn + 1)} as {name}" for name, expression in IDS.items()]
                put = ", ".join([*made, f"(wave - {back * BACK})::integer as wave"])
                con.execute(
                    f"insert into made.{ANSWERS} select * replace ({put}) from {table} "
                    "where wave = ? and municipality_code in (select unnest(?))",
                    [wave, keep],
                )


def counted(place: Path) -> dict[int, int]:
    """Respondents per wave."""
    import duckdb

    with duckdb.connect(str(place), read_only=True) as con:
        return dict(con.execute(f"select wave, count(*) from {ANSWERS} group by 1 order by 1").fetchall())


def run_stage(stage: str, place: Path, waves: Sequence[int], indices: int, areas: int) -> None:
    """One stage in this process; what it made to standard output."""
    sys.stdout.write(str(STAGES[stage](Asked(place, tuple(waves), indices, areas))))


def measure(chosen: argparse.Namespace, municipalities: int, waves: int, folder: Path) -> None:
    """All stages of one size, a line each."""
    from benchmarks.common.costs import measured

    place = folder / f"national_{municipalities}_{waves}.duckdb"
    if not place.exists() and set(chosen.stages) - set(OF_FINISHED):
        copied(chosen.home / "warehouse.duckdb", place, municipalities, waves)
    for stage in chosen.stages:
        of_finished = stage in OF_FINISHED
        found = counted(chosen.home / "warehouse.duckdb" if of_finished else place)
        of = sorted(found)[-waves:]
        where = chosen.home if of_finished else place
        command = [sys.executable, "-m", "benchmarks.national", "--home", str(where), "--stage", stage]
        command += ["--of", *map(str, of), "--indices", str(chosen.indices), "--areas", str(municipalities)]
        load = os.getloadavg()[0]
        cost = measured(command)
        respondents = sum(found[wave] for wave in of)
        numbers = (municipalities, len(of), chosen.indices, respondents, cost.output)
        costs = (f"{cost.cpu:.1f}", f"{cost.wall:.1f}", f"{cost.peak:.0f}", f"{load:.1f}")
        _keep(dict(zip(COLUMNS, (datetime.now(UTC).date().isoformat(), stage, *numbers, *costs), strict=True)))


def _keep(row: dict[str, object]) -> None:
    """The line in `national.csv`, instead of an earlier one of the same stage and size, and on standard output."""
    same = ("stage", "municipalities", "waves", "indices")
    rows = [one for one in _kept() if any(one[name] != str(row[name]) for name in same)]
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows, row])
    sys.stdout.write(", ".join(f"{name} {value}" for name, value in row.items()) + "\n")
    sys.stdout.flush()


def _kept() -> list[dict[str, str]]:
    if not RESULTS.exists():
        return []
    with RESULTS.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, keep and print; or draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--municipalities", type=int, nargs="*", default=[26, 52, 104, 290])
    parser.add_argument("--waves", type=int, nargs="*", default=[1, 2, 5, 10])
    parser.add_argument("--indices", type=int, default=OWN_INDICES)
    parser.add_argument("--stages", nargs="*", choices=list(STAGES), default=["scores", "areas", "questions", "scales", "hiding"])
    parser.add_argument("--folder", type=Path, help="where the copies are made, and found again")
    parser.add_argument("--chart", action="store_true", help="only draw what has been measured")
    for hidden, kind in (("--stage", str), ("--areas", int)):
        parser.add_argument(hidden, type=kind, help=argparse.SUPPRESS)
    parser.add_argument("--of", type=int, nargs="*", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.stage:
        run_stage(chosen.stage, chosen.home, chosen.of, chosen.indices, chosen.areas)
    elif chosen.chart:
        from benchmarks.common.national_chart import write_chart

        write_chart(_kept(), CHART)
    else:
        with tempfile.TemporaryDirectory() as own:
            for municipalities in chosen.municipalities:
                for waves in chosen.waves:
                    measure(chosen, municipalities, waves, chosen.folder or Path(own))


if __name__ == "__main__":
    main()
