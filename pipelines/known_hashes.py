"""Hashes of whole tables that this process has just made, told again while nobody has written to the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.warehouse import TableName, Warehouse

_latest: dict[tuple[Path, tuple[int, ...], tuple[TableName, ...]], tuple[str, ...]] = {}
"""The last ones: file, what it was like before they were made, tables -> hashes."""


def known_hashes(warehouse: Warehouse, names: Sequence[TableName]) -> tuple[str, ...]:
    """`Warehouse.hashes` of each table as a whole; empty for one that hasn't been written."""
    like = _like(warehouse.path)
    key = (warehouse.path, like, tuple(names))
    if not like or key not in _latest:
        with warehouse.held():
            found = tuple(warehouse.hashes(name).get(None, "") for name in names)
        _latest.clear()
        _latest[key] = found
    return _latest[key]


def _like(path: Path) -> tuple[int, ...]:
    """What every writing to the file changes; nothing when it isn't there, or something waits to be written to it.

    Making the hashes takes longer than a tick of the file system's clock, so what is written after that has another time.
    """
    if not path.is_file() or path.with_name(f"{path.name}.wal").exists():
        return ()
    found = path.stat()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
