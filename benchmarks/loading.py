"""Deliveries -> validated, beside what pyreadstat needs merely to read the same files: benchmarks/README.md says what and how.

    python -m benchmarks.loading [--scale 1.0] [--runs 3]

Runs the real job `ingest_surveys` on simulated deliveries, all as `.sav`, in a data folder of its own, and times the stages by
wrapping the functions that do the work. What leads from the files to validated is counted against the bare reading: everything
but the expectations, and but the quality pages, which are made of validated; both are itemised with their own table reads.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
TARGET = 4.0
EXPECTATIONS, PAGES, REST = "expectations", "quality pages", "Dagster and the rest"
APART = (EXPECTATIONS, PAGES)
"""Not counted against the bare reading; tables that they read are their own cost."""
STAGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("read, hash, check and recognise", "assets.intake.receive", ("receive",)),
    ("raw rows", "assets.intake.tables", ("response_rows", "text_rows", "delivery_rows")),
    ("harmonise", "assets.harmonised", ("candidates", "delivery_gaps")),
    (EXPECTATIONS, "expectations.run", ("run_suite",)),
    (EXPECTATIONS, "expectations.promote", ("held_back",)),
    (EXPECTATIONS, "expectations.outcomes", ("outcome_rows",)),
    (EXPECTATIONS, "assets.rule_tables", ("prepare", "survey_prepared", "profile_prepared")),
    (EXPECTATIONS, "assets.validated", ("try_rules",)),
    (EXPECTATIONS, "pipelines.checks", ("_file_names",)),
    (EXPECTATIONS, "assets.methods.item_profile", ("item_profile",)),
    ("screen", "assets.harmonised", ("with_screen",)),
    (PAGES, "assets.delivery_reports", ("quality_phrases", "quality_content", "write_pages", "write_index")),
    (PAGES, "assets.quality.html", ("render_delivery", "render_index")),
    (PAGES, "assets.quality.markdown", ("markdown_report",)),
    ("promote, without its rules", "assets.validated", ("promote",)),
)


class Clock:
    """Own wall and cpu time per stage: while a stage runs inside another, only the inner one's clock goes."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = defaultdict(float)
        self.cpu: dict[str, float] = defaultdict(float)
        self._open: list[list[float]] = []
        self._names: list[str] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time until the end of the block, less the stages inside it."""
        begun, cpu, inside = time.perf_counter(), _all_cpu(), [0.0, 0.0]
        self._open.append(inside)
        self._names.append(name)
        try:
            yield
        finally:
            self._open.pop()
            self._names.pop()
            spent, used = time.perf_counter() - begun, _all_cpu() - cpu
            self.wall[name] += spent - inside[0]
            self.cpu[name] += used - inside[1]
            if self._open:
                self._open[-1][0] += spent
                self._open[-1][1] += used

    def wrap(self, name: str, function: Callable) -> Callable:
        """The function with its time counted; all that is done for a stage in `APART` is that stage's."""

        def timed(*args: object, **kwargs: object) -> object:
            with self.stage(next((n for n in self._names if n in APART), name)):
                return function(*args, **kwargs)

        return timed


@contextmanager
def stages_timed(clock: Clock) -> Iterator[None]:
    """Wrap the stages' functions wherever a module holds them, and the warehouse's writing; put them back after."""
    import importlib

    from pipelines.warehouse import Warehouse

    functions = {
        id(getattr(m, n)): (s, getattr(m, n)) for s, p, names in STAGES for m in [importlib.import_module(p)] for n in names
    }
    changed = []
    for module in [m for n, m in sys.modules.items() if n.startswith(("assets.", "expectations.", "pipelines.")) and m]:
        for name, value in list(vars(module).items()):
            if id(value) in functions and callable(value):
                changed.append((module, name, value))
                setattr(module, name, clock.wrap(functions[id(value)][0], value))
    write, read = Warehouse.replace_together, Warehouse.read
    Warehouse.replace_together, Warehouse.read = clock.wrap("write tables", write), clock.wrap("read tables", read)
    try:
        yield
    finally:
        Warehouse.replace_together, Warehouse.read = write, read
        for module, name, value in changed:
            setattr(module, name, value)


def bare(files: list[Path]) -> tuple[float, float, int, int]:
    """What `pyreadstat.read_sav` needs as it stands: wall and cpu seconds, rows, the widest file's columns."""
    import pyreadstat

    wall, cpu, rows, columns = time.perf_counter(), time.process_time(), 0, 0
    for path in files:
        _, meta = pyreadstat.read_sav(str(path))
        rows, columns = rows + meta.number_rows, max(columns, meta.number_columns)
    return time.perf_counter() - wall, time.process_time() - cpu, rows, columns


@dataclass(frozen=True)
class Ours:
    """One run of the job: seconds with those of its parser processes, stages, rows that were validated."""

    wall: float
    cpu: float
    clock: Clock
    rows: int


def ours(inbox: list[Path], root: Path) -> Ours:
    """The job `ingest_surveys` on an empty data folder."""
    import dagster as dg

    from pipelines.definitions import build_definitions
    from pipelines.jobs import ALL_WAVES
    from pipelines.paths import Paths
    from pipelines.warehouse import TableName, Warehouse

    paths = Paths(root)
    paths.make()
    for path in inbox:
        os.link(path, paths.surveys / path.name)
    job = build_definitions(root).resolve_job_def("ingest_surveys")
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    clock = Clock()
    with dg.DagsterInstance.ephemeral() as instance, stages_timed(clock):
        wall, cpu = time.perf_counter(), _all_cpu()
        result = job.execute_in_process(instance=instance, tags=ALL_WAVES, run_config=quiet)
        wall, cpu = time.perf_counter() - wall, _all_cpu() - cpu
    if not result.success:
        raise SystemExit("the run failed")
    clock.wall[REST], clock.cpu[REST] = wall - sum(clock.wall.values()), cpu - sum(clock.cpu.values())
    rows = Warehouse(paths.warehouse).read(TableName("validated", "survey_responses"), columns=["wave"]).height
    return Ours(wall, cpu, clock, rows)


def _all_cpu() -> float:
    """CPU seconds of this process and of the parser processes, which still run (Linux; elsewhere without them)."""
    from assets.intake import isolated

    spent = time.process_time()
    for parser in isolated._parsers().all:
        place = Path(f"/proc/{parser._process.pid}/stat") if parser._process else None
        if place and place.exists():
            fields = place.read_text(encoding="ascii").rpartition(")")[2].split()
            spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


def deliveries(folder: Path, scale: float) -> list[Path]:
    """The simulated county with every file as `.sav`; made once and kept in the folder."""
    from assets.demo.generate import ensure_demo

    inbox = folder / "inbox"
    made = ensure_demo(inbox, folder / "cache", scale=scale, only_sav=True)
    return [inbox / name for name in made.files]


def main() -> int:
    """Measure, print, and fail when more than the target is needed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=ROOT / "data" / "cache" / "bench")
    chosen = parser.parse_args()
    files, say = deliveries(chosen.folder, chosen.scale), sys.stdout.write
    ratios, in_cpu = [], []
    for run in range(chosen.runs):
        peer_wall, peer_cpu, rows, columns = bare(files)
        with tempfile.TemporaryDirectory(dir=chosen.folder) as root:
            mine = ours(files, Path(root) / "data")
        again, again_cpu, _, _ = bare(files)
        peer_wall, peer_cpu = (peer_wall + again) / 2, (peer_cpu + again_cpu) / 2
        apart, apart_cpu = (sum(spent[name] for name in APART) for spent in (mine.clock.wall, mine.clock.cpu))
        ratios.append((mine.wall - apart) / peer_wall)
        in_cpu.append((mine.cpu - apart_cpu) / peer_cpu)
        say(
            f"run {run + 1}: {len(files)} files, {rows} rows, up to {columns} columns, {mine.rows} validated; bare reading "
            f"{peer_wall:.2f} s wall, {peer_cpu:.2f} s cpu; ours {mine.wall:.2f} s wall, {mine.cpu:.2f} s cpu, of which "
            f"expectations and pages {apart:.2f} and {apart_cpu:.2f} s; ratio without them {ratios[-1]:.2f} wall, "
            f"{in_cpu[-1]:.2f} cpu\n"
        )
        for name, seconds in sorted(mine.clock.wall.items(), key=lambda item: -item[1]):
            used = mine.clock.cpu[name]
            say(f"    {name:32s} {seconds:6.2f} s {seconds / peer_wall:5.2f} x   cpu {used:6.2f} s {used / peer_cpu:5.2f} x\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    for name, found in (("wall", ratios), ("cpu", in_cpu)):
        spread = f"median {statistics.median(found):.2f} ({min(found):.2f}-{max(found):.2f})"
        say(f"{name} ratio without expectations and pages: {spread}\n")
    say(f"peak memory of this process {peak:.0f} MB (pyreadstat's frames included)\n")
    return 0 if statistics.median(ratios) <= TARGET else 1


if __name__ == "__main__":
    raise SystemExit(main())
