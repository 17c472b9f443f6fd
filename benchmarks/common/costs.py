"""What a whole process takes, as the operating system counts it."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one process needed: wall and cpu seconds, peak MB. `output`: what it printed."""

    wall: float
    cpu: float
    peak: float
    output: str = ""


def measured(command: list[str]) -> Cost:
    """Run to the end and ask the operating system what it took; start-up is part of it.

    Python may keep what it compiles, as it does for anybody: else our modules would be compiled in every turn, and installed
    packages in none.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as printed:
        child = subprocess.Popen(command, stdout=printed, env=environment)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begun
        printed.seek(0)
        output = printed.read()
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{Path(command[1]).name} failed")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, output)


def apart(function: Callable[..., None], *args: object) -> None:
    """Run in a process of its own: a process that has been large makes the peaks of those it starts look as large."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(function, *args).result()


def ratio(a: list[Cost], b: list[Cost], what: str) -> float:
    """Median over turns of a's cost over b's."""
    return statistics.median(getattr(x, what) / getattr(y, what) for x, y in zip(a, b, strict=True))
