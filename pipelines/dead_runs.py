"""Runs whose process was killed: Dagster has them as under way for ever, and lets no other run begin meanwhile.

The launcher that starts a process per run can't ask whether it lives. The run's lock can: the operating system lets it go however
the process ends (`assets.ledger.alive`). So whoever starts next, `did kor` or `did ui`, says that such a run has failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from assets.ledger.alive import SUFFIX, is_living
from assets.methods.errors import PipelineError
from assets.whole_files import try_lock
from pipelines.backup import roots
from pipelines.paths import Paths
from pipelines.recorder import PASS

if TYPE_CHECKING:
    import dagster as dg

KILLED = "Körningen avbröts utan att hinna säga varför. Starta den igen: det som var klart görs inte om."
PASS_LOCK, UI_LOCK = f"pass{SUFFIX}", f"ui{SUFFIX}"


def settle_dead_runs(instance: dg.DagsterInstance, home: Path, *, alone: bool = False) -> int:
    """Say of runs under way whose process is gone that they have failed; how many there were.

    Args:
        home: the data folder with all profiles, whose locks tell which runs live.
        alone: no Dagster works on the folder now, so that a run of its own without a lock is dead too. A part of a pass without
            one always is: its pass holds the lock from beginning to end.
    """
    import dagster as dg

    under_way = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    dead = 0
    for run in instance.get_runs(dg.RunsFilter(statuses=under_way)):
        key = run.tags.get(PASS)
        if (key or alone) and not _lives(home, key or run.run_id):
            instance.report_run_failed(run, KILLED)
            dead += 1
    return dead


@contextmanager
def only_pass(paths: Paths) -> Iterator[None]:
    """Keep a second pass over the same data folder out, and wait for no run of Dagster.

    Raises:
        PipelineError: `run_under_way`.
    """
    folder = paths.history_locks
    folder.mkdir(parents=True, exist_ok=True)
    others = (path.stem for path in folder.glob(f"*{SUFFIX}") if path.name != PASS_LOCK)
    if any(is_living(folder, key) for key in others):
        raise _under_way(paths)
    with (folder / PASS_LOCK).open("ab") as file:
        if not try_lock(file):
            raise _under_way(paths)
        yield


@contextmanager
def only_page(home: Path) -> Iterator[None]:
    """Keep a second Dagster page over the same data folder out: two daemons would start each run twice.

    Raises:
        PipelineError: `ui_open`.
    """
    with (home / "dagster" / UI_LOCK).open("ab") as file:
        if not try_lock(file):
            hint = "Använd den sida som redan är öppen, eller stoppa den (Ctrl-C där den startades) och kör igen."
            raise PipelineError("ui_open", str(home), "att Dagster inte redan är öppet för datamappen", "en öppen sida", hint)
        yield


def _lives(home: Path, key: str) -> bool:
    return any(is_living(Paths(root).history_locks, key) for root in roots(home))


def _under_way(paths: Paths) -> PipelineError:
    hint = "Vänta tills den är klar och kör igen."
    return PipelineError("run_under_way", str(paths.root), "att ingen annan körning pågår", "en körning som pågår", hint)
