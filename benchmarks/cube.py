"""The published table with design-based intervals, file to file, beside other programs: benchmarks/README.md says what and how.

    python -m benchmarks.cube [--respondents 1000000] [--municipalities 290] [--runs 3] [--peers polars duckdb pandas]
    python -m benchmarks.cube --growth

Whole processes in turns; ratios are taken within a turn. Fails when a program's numbers differ from ours by 1e-9, or ours from
turn to turn in one bit.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import polars as pl  # noqa: E402

from benchmarks.common.costs import Cost, measured, ratio  # noqa: E402
from benchmarks.cube_task.data import write, write_csv  # noqa: E402

TASK = ROOT / "benchmarks" / "cube_task"
KEYS = ["year", "mun", "grade", "sex", "index"]
VALUES = ["n", "mean", "mean_se", "mean_lo", "mean_hi", "risk", "risk_se", "risk_lo", "risk_hi"]
TOLERANCE = 1e-9
OURS, FULL, FLOOR = "ours, table", "ours, full cube", "scan of the columns (Polars)"
PEERS = ("polars", "duckdb", "pandas", "datatable", "survey", "svy")
NAMES = {"polars": "Polars script", "duckdb": "DuckDB SQL", "pandas": "pandas", "datatable": "R data.table", "survey": "R survey"}


def commands(data: Path, out: Path, chosen: argparse.Namespace) -> dict[str, list[str]]:
    """The programs of a turn: the floor, ours, and the peers that were asked for."""
    python = sys.executable
    turn = {
        FLOOR: [python, str(TASK / "floor.py"), str(data), "polars"],
        OURS: [python, str(TASK / "ours.py"), str(data), str(out / f"{OURS}.csv")],
        FULL: [python, str(TASK / "ours.py"), str(data), str(out / f"{FULL}.csv"), "full"],
    }
    few = chosen.slow_indices
    for peer in chosen.peers:
        name = NAMES.get(peer, peer)
        if peer in ("survey", "svy") and few < 20:
            name = f"{name} ({few} of 20 indices)"
        target = str(out / f"{name}.csv")
        if peer in ("datatable", "survey"):
            turn[name] = [shutil.which("Rscript") or "Rscript", str(TASK / f"{peer}.R"), str(write_csv(data)), target]
            turn[name] += ["1", str(few)] if peer == "survey" else []
        elif peer == "svy":
            turn[name] = [chosen.svy_python, str(TASK / "svy_script.py"), str(data), target, str(few)]
        else:
            turn[name] = [python, str(TASK / {"duckdb": "duckdb_sql.py"}.get(peer, f"{peer}_script.py")), str(data), target]
    return turn


def largest_difference(ours: Path, other: Path) -> float:
    """Largest difference, relative to max(0.001, value), over the indices that both hold; cells and nulls must be the same."""
    floats = dict.fromkeys(VALUES, pl.Float64)
    mine, theirs = (
        pl.read_csv(path, null_values=["NA"], schema_overrides=floats).select(KEYS + VALUES) for path in (ours, other)
    )
    mine = mine.filter(pl.col("index").is_in(theirs["index"].unique().to_list()))
    both = mine.join(theirs, on=KEYS, suffix="_o")
    if both.height != mine.height or both.height != theirs.height:
        raise SystemExit("the tables don't hold the same cells")
    worst = 0.0
    for name in VALUES:
        if both[f"{name}_o"].null_count() == both.height:  # R survey counts nobody
            continue
        if (both[name].is_null() != both[f"{name}_o"].is_null()).any():
            raise SystemExit(f"{name}: null in one table only")
        apart = (both[name] - both[f"{name}_o"]).abs() / both[name].abs().clip(1e-3)
        worst = max(worst, apart.max() or 0.0)
    return worst


def turns(programs: dict[str, list[str]], out: Path, runs: int) -> dict[str, list[Cost]]:
    """Round robin; our bytes must be the same in every turn."""
    costs: dict[str, list[Cost]] = {name: [] for name in programs}
    seen: dict[str, str] = {}
    for _ in range(runs):
        for name, command in programs.items():
            costs[name].append(measured(command))
            if name in (OURS, FULL):
                digest = hashlib.sha256((out / f"{name}.csv").read_bytes()).hexdigest()
                if seen.setdefault(name, digest) != digest:
                    raise SystemExit(f"{name}: not the same bytes in every turn")
    return costs


def compare(data: Path, chosen: argparse.Namespace) -> int:
    """Measure the programs, check their numbers, print a table."""
    out = chosen.folder / "out"
    out.mkdir(parents=True, exist_ok=True)
    programs = commands(data, out, chosen)
    costs = turns(programs, out, chosen.runs)
    say = sys.stdout.write
    say(f"{chosen.respondents} respondents, {chosen.municipalities} municipalities, {chosen.runs} turns\n\n")
    say("| program | wall s | cpu s | peak MB | wall / scan | cpu / scan | cpu / ours | largest difference |\n")
    say("|---|---|---|---|---|---|---|---|\n")
    failed = False
    for name, runs in costs.items():
        wall, cpu = (statistics.median(getattr(run, what) for run in runs) for what in ("wall", "cpu"))
        ratios = [ratio(runs, costs[FLOOR], "wall"), ratio(runs, costs[FLOOR], "cpu"), ratio(runs, costs[OURS], "cpu")]
        apart = None
        if name not in (FLOOR, OURS, FULL):
            apart = largest_difference(out / f"{OURS}.csv", out / f"{name}.csv")
            failed |= apart > TOLERANCE
        cells = [f"{wall:.2f}", f"{cpu:.2f}", f"{max(run.peak for run in runs):.0f}", *(f"{value:.2f}" for value in ratios)]
        say(f"| {name} | {' | '.join(cells)} | {'' if apart is None else f'{apart:.0e}'} |\n")
    full = ratio(costs[FULL], costs[OURS], "wall")
    say(f"\nfull cube / table: {full:.2f} wall, {ratio(costs[FULL], costs[OURS], 'cpu'):.2f} cpu; ours alike in every turn\n")
    return int(failed)


GROWTH = (
    ("rows", [(n, 290, 20) for n in (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)]),
    ("indices", [(1_000_000, 290, k) for k in (1, 5, 10, 20)]),
    ("municipalities", [(1_000_000, m, 20) for m in (26, 100, 290)]),
)


def growth(chosen: argparse.Namespace) -> int:
    """Our cost as rows, indices and municipalities grow: a table on standard output, and a chart."""
    from benchmarks.common.growth_chart import CUBE, write_chart

    out = chosen.folder / "out"
    out.mkdir(parents=True, exist_ok=True)
    cases = [(what, case) for what, several in GROWTH for case in several if case[0] <= chosen.respondents]
    files = {case[:2]: write(chosen.folder, *case[:2]) for _, case in cases}
    known: dict[tuple[int, int, int, str], list[Cost]] = {}
    for _ in range(chosen.runs):
        for case in dict.fromkeys(case for _, case in cases):
            for which in ("plain", "full"):
                command = [
                    sys.executable,
                    str(TASK / "ours.py"),
                    str(files[case[:2]]),
                    str(out / "growth.csv"),
                    which,
                    str(case[2]),
                ]
                known.setdefault((*case, which), []).append(measured(command))
    rows = []
    for what, case in cases:
        for which in ("plain", "full"):
            runs = known[*case, which]
            rows.append(
                {"what": what, "respondents": case[0], "municipalities": case[1], "indices": case[2], "table": which}
                | {key: statistics.median(getattr(run, key) for run in runs) for key in ("wall", "cpu", "peak")}
            )
    say = sys.stdout.write
    say("| grows | respondents | municipalities | indices | table cpu s | cube cpu s | table wall s | cube wall s | peak MB |\n")
    say("|---|---|---|---|---|---|---|---|---|\n")
    for plain, full in zip(rows[::2], rows[1::2], strict=True):
        keys = " | ".join(str(plain[key]) for key in ("what", "respondents", "municipalities", "indices"))
        seconds = " | ".join(f"{row[key]:.2f}" for key in ("cpu", "wall") for row in (plain, full))
        say(f"| {keys} | {seconds} | {max(plain['peak'], full['peak']):.0f} |\n")
    write_chart(rows, CUBE, chosen.chart)
    say(f"chart: {chosen.chart}\n")
    return 0


def main() -> int:
    """Measure and print; 1 when a program's numbers differ from ours."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--respondents", type=int, default=None)
    parser.add_argument("--municipalities", type=int, default=290)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=["polars", "duckdb", "pandas"])
    parser.add_argument("--svy-python", default=sys.executable, help="the Python that has svy")
    parser.add_argument("--slow-indices", type=int, default=20, help="indices that R survey and svy compute")
    parser.add_argument("--folder", type=Path, default=ROOT / "data" / "cache" / "bench_cube")
    parser.add_argument("--growth", action="store_true", help="how our cost grows")
    parser.add_argument("--chart", type=Path, default=ROOT / "benchmarks" / "cube_growth.svg")
    chosen = parser.parse_args()
    chosen.respondents = chosen.respondents or (10_000_000 if chosen.growth else 1_000_000)
    if chosen.growth:
        return growth(chosen)
    return compare(write(chosen.folder, chosen.respondents, chosen.municipalities), chosen)


if __name__ == "__main__":
    raise SystemExit(main())
