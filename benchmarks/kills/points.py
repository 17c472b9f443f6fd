"""Where a process under test dies: before its n-th operation on a file of the data folder, told by Python's own audit events.

Nothing of the product knows of this: `sys.addaudithook` sees every open for writing, rename, link, removal and new folder, and
`os.fsync` is wrapped here. A power cut also empties the files that were written and never flushed, which is the worst that a disk
is allowed to do to them; a plain kill leaves them as they are.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

WRITES = os.O_WRONLY | os.O_RDWR
NAMED = {"os.rename": 2, "os.link": 2, "os.remove": 1, "os.rmdir": 1, "os.mkdir": 1, "shutil.copyfile": 2}
"""Audit event -> how many of its first arguments are paths."""
OF_OTHERS = (".db", ".db-journal", ".db-wal", ".db-shm", ".duckdb", ".wal", ".log", ".out", ".err", ".pyc", ".las")
"""Files of SQLite and DuckDB, which flush by themselves in C, logs and locks: no power cut of ours empties them."""


class Points:
    """Counts operations below a folder, and ends the whole process group before one of them."""

    def __init__(self, home: Path, last: int | None, *, power_cut: bool) -> None:
        self.home, self.last, self.power_cut = str(home), last, power_cut
        self.count = 0
        self.unflushed: set[str] = set()
        self._busy = False

    def arm(self) -> None:
        """From here on every operation counts."""
        plain = os.fsync

        def fsync(number: int) -> None:
            self._reached(self._path_of(number))
            plain(number)
            self.unflushed.discard(self._path_of(number))

        os.fsync = fsync
        sys.addaudithook(self._heard)

    def _heard(self, event: str, given: tuple) -> None:
        if self._busy:
            return
        if event == "open":
            path, mode, flags = given
            writes = bool(flags & WRITES) if isinstance(flags, int) else any(one in str(mode) for one in "wax+")
            if writes and isinstance(path, (str, os.PathLike)):
                self._reached(os.fspath(path))
                if not str(path).endswith(OF_OTHERS):
                    self.unflushed.add(os.fspath(path))
        elif event in NAMED:
            paths = [os.fspath(one) for one in given[: NAMED[event]] if isinstance(one, (str, os.PathLike))]
            self._reached(*paths)
            if event in ("os.rename", "os.link") and len(paths) == 2:
                self._moved(*paths, keep=event == "os.link")

    def _moved(self, source: str, target: str, *, keep: bool) -> None:
        """What was not flushed before it got another name isn't afterwards either."""
        carried = {path for path in self.unflushed if path == source or path.startswith(f"{source}/")}
        self.unflushed |= {target + path[len(source) :] for path in carried}
        self.unflushed -= set() if keep else carried

    def _reached(self, *paths: str) -> None:
        if not any(str(path).startswith(self.home) for path in paths):
            return
        self.count += 1
        if self.last is not None and self.count >= self.last:
            self.die()

    def die(self) -> None:
        """End the whole process group, as the power cut or the kill would."""
        self._busy = True
        if self.power_cut:
            for path in self.unflushed:
                if path.startswith(self.home) and os.path.isfile(path):
                    os.truncate(path, 0)
        os.killpg(0, signal.SIGKILL)

    @staticmethod
    def _path_of(number: int) -> str:
        return os.readlink(f"/proc/self/fd/{number}")
