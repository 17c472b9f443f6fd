"""Files that appear whole or not at all, also when the process is killed or the power is cut between two steps.

A file is written beside its place, flushed to the disk, renamed, and then the folder's own entry is flushed: without the first
flush a power cut can leave the new name with no content, without the second the old file. The only module that knows how.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

HALF = ".ofardig"
"""Ending of a file or folder that is being written; what a killed process left of it is written over by the next."""

LOCK = ".las"
LONGEST_WAIT = 10.0


def half_of(path: Path) -> Path:
    """The unfinished file beside a file that is on its way."""
    return path.with_name(f".{path.name}{HALF}")


def put(path: Path, content: bytes, mode: int | None = None) -> Path:
    """Write a file as one step; an earlier one is replaced. One writer at a time: a run, or whoever holds a lock.

    Args:
        mode: permissions, from before the first byte is written; those that the process gives new files when None.

    Raises:
        OSError: the place can't be written; what was there is untouched, and nothing unfinished is left.
    """
    half = write_half(path, content, mode)
    try:
        take_place(half, path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
    return path


def put_text(path: Path, text: str) -> Path:
    """`put` of a text in UTF-8, line ends as they are."""
    return put(path, text.encode("utf-8"))


def put_new(path: Path, content: bytes, mode: int | None = None) -> bool:
    """Write a file that isn't there as one step; False when it is. Two may come at once: one of them gets True.

    Raises:
        OSError: as `put`; TimeoutError when another process has been writing there for `LONGEST_WAIT` seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path.parent):
        if path.exists():
            return False
        put(path, content, mode)
    return True


def put_copy(source: Path, path: Path, mode: int | None = None) -> Path:
    """Copy a file, with its time, as one step. Raises OSError as `put`."""
    half = half_of(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with source.open("rb") as read, _opened(half, mode) as written:
            shutil.copyfileobj(read, written)
            _flush(written)
        shutil.copystat(source, half)
        if mode is not None:
            half.chmod(mode)
        take_place(half, path)
    except OSError:
        half.unlink(missing_ok=True)
        raise
    return path


def write_half(path: Path, content: bytes, mode: int | None = None) -> Path:
    """Write the unfinished file of `path` down to the disk. Raises OSError; then nothing of it is left."""
    half = half_of(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _opened(half, mode) as file:
            file.write(content)
            _flush(file)
    except OSError:
        half.unlink(missing_ok=True)
        raise
    return half


def take_place(half: Path, path: Path) -> None:
    """Let the unfinished file or folder become the finished one, in one step that a power cut can't undo."""
    os.replace(half, path)
    flush_folder(path.parent)


def flush_tree(folder: Path) -> None:
    """Flush what lies in a folder, and the folders themselves, before it is renamed."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            flush_folder(path)
        else:
            flush_file(path)
    flush_folder(folder)


def flush_file(path: Path) -> None:
    """Wait until the content of a file lies on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Wait until the names in a folder lie on the disk; Windows doesn't let one, and keeps them itself."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def append_line(path: Path, line: bytes) -> None:
    """Add a line last in a file, down to the disk."""
    with path.open("ab") as file:
        file.write(line)
        _flush(file)


def try_lock(file: BinaryIO) -> bool:
    """Lock an open file for this process, until it is closed or the process ends, however it ends; False when another has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Within it nobody else puts new files in the folder (`put_new` is not for use within it). Raises as `put_new`."""
    deadline = time.monotonic() + LONGEST_WAIT
    with (folder / LOCK).open("ab") as file:
        while not try_lock(file):
            if time.monotonic() > deadline:
                raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            time.sleep(0.02)
        yield


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _opened(half: Path, mode: int | None) -> Iterator[BinaryIO]:
    """A new file for writing, with its permissions from the start."""
    half.unlink(missing_ok=True)  # an older one may have other permissions, or be a link
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(half, flags, 0o666 if mode is None else mode), "wb") as file:
        yield file
