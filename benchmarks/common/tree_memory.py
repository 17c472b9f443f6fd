"""Memory of a process and all that it has started, sampled while they run (Linux).

Pages that processes share count once: proportional set size of `/proc/<pid>/smaps_rollup` (proc(5)).
A sum of each process's own peak is more than was ever in use, as the peaks are seldom at the same time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

PROC = Path("/proc")
EVERY = 0.25
"""Seconds between two samples; a sample takes some milliseconds."""


class Highest:
    """The largest sum that was seen. `at_once`: MB of all processes; `parts`: MB of each of them then, largest first."""

    def __init__(self) -> None:
        self.at_once, self.samples = 0.0, 0
        self.parts: list[float] = []

    def see(self, parts: list[float]) -> None:
        """Take in one sample."""
        self.samples += 1
        if sum(parts) > self.at_once:
            self.at_once, self.parts = sum(parts), sorted(parts, reverse=True)


@contextmanager
def children_watched() -> Iterator[Highest]:
    """Sample all processes that this one has started, from a thread, until the block ends; this process itself is left out."""
    found, over = Highest(), Event()

    def watch() -> None:
        while not over.wait(EVERY):
            found.see([proportional(pid) for pid in descendants(os.getpid())])

    sampler = Thread(target=watch, daemon=True)
    sampler.start()
    try:
        yield found
    finally:
        over.set()
        sampler.join()


def descendants(root: int) -> list[int]:
    """Ids of the processes below one, found by their parents' ids."""
    below: dict[int, list[int]] = {}
    for place in PROC.glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended since
            parent = int(place.read_text().rpartition(")")[2].split()[1])
            below.setdefault(parent, []).append(int(place.parent.name))
    found, waiting = [], [root]
    while waiting:
        started = below.get(waiting.pop(), [])
        found += started
        waiting += started
    return found


def proportional(pid: int) -> float:
    """MB of one process, shared pages in proportion; 0 for one that has ended."""
    with suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
