"""Many municipalities, waves and indices through the stages of the chain: benchmarks/README.md says what and how.

    python -m benchmarks.national --home DATA --folder F --municipalities 26 58 116 290 --waves 1 2 5 10 --stages scores areas ...
    python -m benchmarks.national --folder F --table
    python -m benchmarks.national --folder F --chart PICTURE

Reads a finished run (`start.py demo`). More municipalities are copies of the county under other codes, more waves are copies of
its waves ten years earlier; `DATA` is only read. Each stage is the product's own, in a process of its own, so that its peak
memory can be told apart, and leaves its tables in the warehouse of copies in `F` for the next. Each unit of a stage that is done
is a line in `F/costs.jsonl`; the same command goes on after the last line.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.national_stages import BACK, COUNTY, OF_COPIES, STAGES, Asked

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
OWN_INDICES = 7
SIZE = ("stage", "municipalities", "waves", "indices")
"""What tells a measurement's lines from another's."""
IDS = {
    "municipality_code": "'{turn:02d}' || substr(municipality_code, 3)",
    "district_code": "'{turn:02d}' || substr(district_code, 3)",
    "respondent_key": "'{turn:02d}-' || respondent_key",
    "school_code": "'{turn:02d}-' || school_code",
}
"""What tells people and places apart, as SQL that gives each copy its own."""
ANSWERS = "validated.survey_responses"


def wanted_waves(own: Sequence[int], waves: int) -> list[tuple[int, int]]:
    """(wave of the survey, years back): the latest first, then copies of them all ten years earlier, and so on."""
    latest = sorted(own, reverse=True)
    return [(wave, turn * BACK) for turn in range(-(-waves // len(latest))) for wave in latest][:waves]


def copied(source: Path, target: Path, municipalities: int, waves: int) -> None:
    """A warehouse with the validated answers of that many municipalities and waves; whole, or not there."""
    import duckdb

    under_way = target.with_suffix(".part")
    under_way.unlink(missing_ok=True)
    with duckdb.connect() as con:
        con.execute(f"attach '{source}' as have (read_only)")
        con.execute(f"attach '{under_way}' as made (row_group_size 20480)")
        con.execute("create schema made.validated")
        table = f"have.{ANSWERS}"
        con.execute(f"create table made.{ANSWERS} as select * from {table} limit 0")
        codes = [code for (code,) in con.execute(f"select distinct municipality_code from {table} order by 1").fetchall()]
        for wave, back in wanted_waves(list(counted(source)), waves):
            for turn in range(-(-municipalities // COUNTY)):
                keep = codes[: municipalities - turn * COUNTY]
                made = [f"{expression.format(turn=turn + 1)} as {name}" for name, expression in IDS.items()]
                put = ", ".join([*made, f"(wave - {back})::integer as wave"])
                con.execute(
                    f"insert into made.{ANSWERS} select * replace ({put}) from {table} "
                    "where wave = ? and municipality_code in (select unnest(?))",
                    [wave, keep],
                )
        con.execute("detach made")
    under_way.replace(target)


def counted(place: Path) -> dict[int, int]:
    """Respondents per wave."""
    import duckdb

    with duckdb.connect(str(place), read_only=True) as con:
        return dict(con.execute(f"select wave, count(*) from {ANSWERS} group by 1 order by 1").fetchall())


def run_stage(stage: str, asked: Asked, size: Mapping[str, Any], costs: Path) -> None:
    """One stage in this process, from its start: a line of JSON for each unit that is done.

    `cpu` seconds (start-up with the first unit) and `wall` seconds of the unit; `peak_mb`: the most that the process has had.
    """
    cpu, wall = 0.0, time.perf_counter()
    for unit, made in STAGES[stage](asked):
        spent, now = sum(os.times()[:4]), time.perf_counter()
        numbers = {"made": made, "cpu": round(spent - cpu, 2), "wall": round(now - wall, 1), "peak_mb": peak()}
        when = {"day": datetime.now(UTC).date().isoformat(), "load": round(os.getloadavg()[0], 1)}
        with costs.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**size, "unit": unit, **numbers, **when}) + "\n")
        cpu, wall = spent, now


def peak() -> int:
    """The most MB of memory that this process has had (Linux, `VmHWM` of proc(5))."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def measure(chosen: argparse.Namespace, municipalities: int, waves: int) -> None:
    """All stages of one size, each but what has been done before."""
    finished, place = chosen.home / "warehouse.duckdb", chosen.folder / f"national_{municipalities}_{waves}.duckdb"
    if not place.exists() and set(chosen.stages) & set(OF_COPIES):
        copied(finished, place, municipalities, waves)
    of = sorted(wave - back for wave, back in wanted_waves(list(counted(finished)), waves))
    for stage in chosen.stages:
        size = dict(zip(SIZE, (stage, municipalities, waves, chosen.indices), strict=True))
        where = place if stage in OF_COPIES else chosen.home
        respondents = sum(counted(place).values()) if stage in OF_COPIES else None
        done = [line["unit"] for line in kept(chosen.folder) if all(line[name] == value for name, value in size.items())]
        if "all" in done:
            continue
        told = {"place": str(where), "waves": of, "indices": chosen.indices, "areas": municipalities, "done": done}
        task = json.dumps({"stage": stage, "asked": told, "size": {**size, "respondents": respondents}})
        subprocess.run(
            [sys.executable, "-m", "benchmarks.national", "--folder", chosen.folder, "--task", task], check=True, cwd=ROOT
        )
        sys.stdout.write(f"{stage}, {municipalities} municipalities, {waves} waves: done\n")
        sys.stdout.flush()


def kept(folder: Path) -> list[dict[str, Any]]:
    """The lines of the folder, in the order measured."""
    place = folder / "costs.jsonl"
    return [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()] if place.exists() else []


def totals(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Per stage and size: units, cpu and wall of all together, and the largest peak; in the order measured."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in lines:
        key = tuple(line[name] for name in SIZE)
        one = found.setdefault(key, {**line, "units": 0, "cpu": 0.0, "wall": 0.0, "peak_mb": 0, "made": 0})
        one.update({name: one[name] + line[name] for name in ("cpu", "wall", "made")}, units=one["units"] + 1)
        one["peak_mb"] = max(one["peak_mb"], line["peak_mb"])
    return list(found.values())


def table(lines: Sequence[Mapping[str, Any]]) -> str:
    """Markdown: a row per size, a column per stage; cpu s / peak MB, and how many units where there are several."""
    cells = totals(lines)
    stages = [stage for stage in STAGES if any(one["stage"] == stage for one in cells)]
    sizes = sorted({(one["municipalities"], one["waves"], one["indices"]) for one in cells})
    rows = [f"| municipalities x waves | {' | '.join(stages)} |", "|---|" + "---|" * len(stages)]
    for municipalities, waves, indices in sizes:
        mine = {one["stage"]: one for one in cells if tuple(one[name] for name in SIZE[1:]) == (municipalities, waves, indices)}
        name = f"{municipalities} x {waves}" + (f", {indices} indices" if indices != OWN_INDICES else "")
        rows.append(f"| {name} | " + " | ".join(_cell(mine.get(stage)) for stage in stages) + " |")
    return "\n".join(rows) + "\n"


def _cell(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return ""
    return f"{one['cpu']:.1f} / {one['peak_mb']}" + (f" ({one['units']})" if one["units"] > 1 else "")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and keep; or draw or print what has been kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=lambda given: Path(given).resolve(), help="the data folder of a finished run")
    parser.add_argument(
        "--folder",
        type=lambda given: Path(given).resolve(),
        required=True,
        help="where copies and measurements are kept, and found again",
    )
    parser.add_argument("--municipalities", type=int, nargs="*", default=[26, 58, 116, 290])
    parser.add_argument("--waves", type=int, nargs="*", default=[1, 2, 5, 10])
    parser.add_argument("--indices", type=int, default=OWN_INDICES)
    parser.add_argument("--stages", nargs="*", choices=list(STAGES), default=list(OF_COPIES))
    parser.add_argument("--table", action="store_true", help="only print what has been measured")
    parser.add_argument("--chart", type=Path, help="only draw what has been measured, as SVG or PNG")
    parser.add_argument("--task", type=json.loads, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.task:
        told = chosen.task["asked"]
        given = {"place": Path(told["place"]), "waves": tuple(told["waves"]), "done": frozenset(told["done"])}
        asked = Asked(**{**told, **given, "scratch": chosen.folder})
        run_stage(chosen.task["stage"], asked, chosen.task["size"], chosen.folder / "costs.jsonl")
    elif chosen.chart:
        from benchmarks.common.national_chart import write_chart

        write_chart(totals(kept(chosen.folder)), chosen.chart)
    elif chosen.table:
        sys.stdout.write(table(kept(chosen.folder)))
    else:
        chosen.folder.mkdir(parents=True, exist_ok=True)
        for municipalities in chosen.municipalities:
            for waves in chosen.waves:
                measure(chosen, municipalities, waves)


if __name__ == "__main__":
    main()
