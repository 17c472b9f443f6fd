"""Whether the process that a run belongs to still lives: it holds a lock that the operating system lets go however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assets.whole_files import try_lock

SUFFIX = ".las"


@contextmanager
def living(folder: Path, key: str) -> Iterator[None]:
    """Within it the run of this key lives."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{key}{SUFFIX}"
    taken = False
    try:
        with path.open("a+b") as file:
            taken = try_lock(file)  # a second process of the same run finds it taken, and the run lives all the same
            yield
    finally:
        if taken:
            path.unlink(missing_ok=True)


def is_living(folder: Path, key: str) -> bool:
    """Whether a process holds the lock of the run."""
    path = folder / f"{key}{SUFFIX}"
    if not path.exists():
        return False
    with path.open("a+b") as file:
        return not try_lock(file)


def forget(folder: Path, key: str) -> None:
    """Take away what a killed process left."""
    (folder / f"{key}{SUFFIX}").unlink(missing_ok=True)
