"""Scoring speed: respondents x seven indices, parquet to parquet, beside other programs: benchmarks/README.md says what and how.

    python -m benchmarks.scoring [--respondents 100000 1000000 10000000] [--runs 3] [--peers loop mirt raschpy]
    python -m benchmarks.scoring --growth

Whole processes in turns; ratios are taken within a turn, per respondent where a peer scores the first ones only. Fails when a
score differs from ours by 1e-6 or stands where the other has none, or when our file is not the same bytes in every turn.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import polars as pl  # noqa: E402

from benchmarks.common.costs import Cost, measured, ratio  # noqa: E402
from benchmarks.scoring_task.answers import published  # noqa: E402
from benchmarks.scoring_task.data import write  # noqa: E402

TASK = ROOT / "benchmarks" / "scoring_task"
TOLERANCE = 1e-6
OURS = "ours"
LOOP = "one by one"
PEERS = ("loop", "mirt", "raschpy")


@dataclass(frozen=True)
class Program:
    """A program of a turn and the respondents it scores."""

    command: list[str]
    respondents: int


def programs(data: Path, out: Path, respondents: int, chosen: argparse.Namespace) -> dict[str, Program]:
    """Ours and the peers that were asked for; packages only up to `--peer-limit`, the loop on the first respondents."""
    turn = {OURS: Program([sys.executable, str(TASK / "ours.py"), str(data), str(out / f"{OURS}.parquet")], respondents)}
    for peer in chosen.peers:
        if peer == "loop":
            first = min(chosen.loop, respondents)
            target = str(out / f"{LOOP}.parquet")
            turn[LOOP] = Program([sys.executable, str(TASK / "one_by_one.py"), str(data), target, str(first)], first)
        elif respondents <= chosen.peer_limit:
            command = [chosen.peer_python, str(TASK / f"{peer}_script.py"), str(data), str(out / f"{peer}.parquet")]
            turn[peer] = Program(command, respondents)
    return turn


def within(cost: Cost) -> Cost:
    """The work alone, as the program itself counts it: from before reading to after writing."""
    wall, cpu = map(float, cost.output.split()[-2:])
    return replace(cost, wall=wall, cpu=cpu)


def largest_difference(ours: Path, other: Path, keys: Sequence[str]) -> float:
    """Largest difference of two files of scores; infinite when one has a score where the other has none."""
    theirs = pl.read_parquet(other)
    mine = pl.scan_parquet(ours).select("respondent", *keys).head(theirs.height).collect()
    if not mine["respondent"].equals(theirs["respondent"]):
        raise SystemExit("the files don't hold the same respondents")
    worst = 0.0
    for key in keys:
        if (mine[key].is_null() != theirs[key].is_null()).any():
            return float("inf")
        apart = (mine[key] - theirs[key]).abs().max()
        worst = max(worst, apart if isinstance(apart, float) else 0.0)
    return worst


def turns(turn: Mapping[str, Program], ours: Path, runs: int) -> dict[str, list[Cost]]:
    """Round robin; our bytes must be the same in every turn."""
    costs: dict[str, list[Cost]] = {name: [] for name in turn}
    seen = ""
    for _ in range(runs):
        for name, program in turn.items():
            costs[name].append(measured(program.command))
        with ours.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if seen and digest != seen:
            raise SystemExit("ours: not the same bytes in every turn")
        seen = digest
    return costs


def compare(respondents: int, chosen: argparse.Namespace) -> bool:
    """Measure one size, check the scores, print a table; whether the scores agree."""
    out = chosen.folder / "out"
    out.mkdir(parents=True, exist_ok=True)
    turn = programs(write(chosen.folder, respondents), out, respondents, chosen)
    costs = turns(turn, out / f"{OURS}.parquet", chosen.runs)
    say = sys.stdout.write
    say(f"\n{respondents} respondents, {chosen.runs} turns\n\n")
    say("| program | respondents | work: wall s | cpu s | process: wall s | cpu s | peak MB | work / ours: wall | cpu ")
    say("| process / ours: cpu | largest difference |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
    mine = list(map(within, costs[OURS]))
    agree = True
    for name, whole in costs.items():
        work = list(map(within, whole))
        scale = respondents / turn[name].respondents
        seconds = [statistics.median(getattr(run, what) for run in runs) for runs in (work, whole) for what in ("wall", "cpu")]
        ratios = [ratio(work, mine, "wall"), ratio(work, mine, "cpu"), ratio(whole, costs[OURS], "cpu")]
        apart = 0.0
        if name != OURS:
            apart = largest_difference(out / f"{OURS}.parquet", out / f"{name}.parquet", list(published()))
            agree &= apart < TOLERANCE
        cells = [f"{value:.2f}" for value in seconds] + [f"{max(run.peak for run in whole):.0f}"]
        cells += [f"{value * scale:.1f}" for value in ratios] + [f"{apart:.0e}" if name != OURS else ""]
        say(f"| {name} | {turn[name].respondents} | {' | '.join(cells)} |\n")
    return agree


GROWTH = (
    ("rows", [(n, 7) for n in (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)]),
    ("indices", [(1_000_000, k) for k in (1, 3, 5, 7)]),
)


def growth(chosen: argparse.Namespace) -> None:
    """Our cost as rows and indices grow: a table on standard output, and a chart."""
    from benchmarks.common.growth_chart import SCORING, write_chart

    out = chosen.folder / "out"
    out.mkdir(parents=True, exist_ok=True)
    say = sys.stdout.write
    say("| grows | respondents | indices | cpu s | wall s | peak MB |\n|---|---|---|---|---|---|\n")
    known: dict[tuple[int, int], list[Cost]] = {}
    rows = []
    for what, cases in GROWTH:
        for respondents, indices in cases:
            if respondents > max(chosen.respondents):
                continue
            command = [sys.executable, str(TASK / "ours.py"), str(write(chosen.folder, respondents)), str(out / "growth.parquet")]
            if (respondents, indices) not in known:
                known[respondents, indices] = [measured([*command, str(indices)]) for _ in range(chosen.runs)]
            runs = known[respondents, indices]
            wall, cpu, peak = (statistics.median(getattr(run, part) for run in runs) for part in ("wall", "cpu", "peak"))
            rows.append({"what": what, "respondents": respondents, "indices": indices, "table": "scores", "cpu": cpu})
            say(f"| {what} | {respondents} | {indices} | {cpu:.2f} | {wall:.2f} | {peak:.0f} |\n")
    write_chart(rows, SCORING, chosen.chart)
    say(f"chart: {chosen.chart}\n")


def main() -> int:
    """Measure and print; 1 when a peer's scores differ from ours."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--respondents", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=["loop"])
    parser.add_argument("--loop", type=int, default=1_000, help="respondents that the loop solves")
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has mirt and raschpy")
    parser.add_argument("--peer-limit", type=int, default=100_000, help="the largest size that the packages score")
    parser.add_argument("--folder", type=Path, default=ROOT / "data" / "cache" / "bench_scoring")
    parser.add_argument("--growth", action="store_true", help="how our cost grows")
    parser.add_argument("--chart", type=Path, default=ROOT / "benchmarks" / "scoring_growth.svg")
    chosen = parser.parse_args()
    if chosen.growth:
        growth(chosen)
        return 0
    return int(not all([compare(respondents, chosen) for respondents in sorted(chosen.respondents)]))


if __name__ == "__main__":
    raise SystemExit(main())
