"""Dagster's event log without waiting for the disk at every event.

A chain run stores some fifteen hundred events, and Dagster opens, flushes and closes its SQLite file for each: a sixth of the
whole run's time. Here a commit goes to the write-ahead log without a flush of its own (`synchronous=NORMAL`: a power cut can cost
the last events, never the file), and one more connection stays open, so that closing Dagster's does not empty the log each time.
The warehouse and the bundles are written by others and flush as before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def light_event_log() -> Iterator[None]:
    """Within it, every SQLite connection that SQLAlchemy makes is light; afterwards all is as it was."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    kept: dict[str, sqlite3.Connection] = {}
    held: set[str] = set()

    def lighten(connection: Any, record: object) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        connection.execute("PRAGMA synchronous=NORMAL")
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        if not path or path in held:
            return
        if path not in kept:
            kept[path] = sqlite3.connect(path, check_same_thread=False)
        kept[path].execute("SELECT count(*) FROM sqlite_master").fetchone()
        # a new file gets its write-ahead log after the first connection: only then is it held
        if kept[path].execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            held.add(path)

    event.listen(Engine, "connect", lighten)
    try:
        yield
    finally:
        event.remove(Engine, "connect", lighten)
        for connection in kept.values():
            connection.close()
