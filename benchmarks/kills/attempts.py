"""One attempt at a command: a forked process in a group of its own, ended by a point, by the clock, or by itself.

The parent has imported everything and run nothing, so that an attempt costs no start-up: no thread pool is ever forked.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from benchmarks.kills.points import Points
from pipelines.console import PlainProgress, Step

LONGEST = 1500.0
KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Death:
    """When an attempt is killed: before its `point`-th operation on a file, or after so many seconds; neither: not at all.

    `step`: count from where the console's step of that title begins, and die at its end at the latest.
    """

    point: int | None = None
    seconds: float | None = None
    power_cut: bool = False
    step: str = ""


@dataclass(frozen=True)
class Outcome:
    """How it went: exit code (negative: the signal), operations counted when it ended by itself, and what it wrote."""

    code: int
    operations: int
    told: str

    @property
    def killed(self) -> bool:
        """Whether it was killed."""
        return self.code == KILLED


def attempt(home: Path, work: Callable[[], int], death: Death) -> Outcome:
    """Run `work` on a data folder in a process group of its own, which dies as told."""
    log, counted = home.parent / f"{home.name}.out", home.parent / f"{home.name}.operations"
    counted.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        _work(home, work, death, log, counted)
    code = _wait(child, LONGEST if death.step or death.seconds is None else death.seconds)
    told = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return Outcome(code, int(counted.read_text()) if counted.exists() else 0, told)


def _work(home: Path, work: Callable[[], int], death: Death, log: Path, counted: Path) -> None:
    """The child's whole life."""
    code = 70
    try:
        os.setsid()
        number = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(number, 1)
        os.dup2(number, 2)
        os.environ["DID_HOME"] = str(home)
        points = Points(home, None if death.step else death.point, power_cut=death.power_cut)
        points.arm()
        if death.step:
            _die_in_step(points, death)
        code = work()
        counted.write_text(str(points.count))
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _die_in_step(points: Points, death: Death) -> None:
    """Let the death wait until the console begins its step."""
    plain = PlainProgress.step

    @contextmanager
    def step(self: PlainProgress, title: str) -> Iterator[Step]:
        meant = title.startswith(death.step)
        if meant and death.seconds is not None:
            clock = Timer(death.seconds, points.die)
            clock.daemon = True
            clock.start()
        elif meant:
            points.count, points.last = 0, death.point
        with plain(self, title) as one:
            yield one
        if meant:
            points.die()

    PlainProgress.step = step


def _wait(child: int, seconds: float) -> int:
    """The child's exit code; the whole group is killed when the time is up, and workers that are left are killed too."""
    deadline = time.monotonic() + seconds
    done, status = os.waitpid(child, os.WNOHANG)
    while not done:
        if time.monotonic() > deadline:
            _kill(child)
            done, status = os.waitpid(child, 0)
            break
        time.sleep(0.01)
        done, status = os.waitpid(child, os.WNOHANG)
    _kill(child)
    return os.waitstatus_to_exitcode(status)


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
