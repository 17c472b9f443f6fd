"""Dagster's event log without waiting for the disk, or opening a file, at every event.

A chain run stores some fifteen hundred events, and Dagster opens, flushes and closes its SQLite file for each: a sixth of the
whole run's time. Here a commit goes to the write-ahead log without a flush of its own (`synchronous=NORMAL`: a power cut can cost
the last events, never the file), and a connection that Dagster closes is given to it again the next time, as opening one takes
longer than storing an event. One that hasn't been given back is never shared. The warehouse and the bundles are written by others
and flush as before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import get_ident
from typing import Any


class _Kept(sqlite3.Connection):
    """A connection that stays open when it is closed, and can then be used again by the thread that made it."""

    idle = False

    def close(self) -> None:
        self.rollback()
        self.idle = True


@contextmanager
def light_event_log() -> Iterator[None]:
    """Within it, every SQLite connection that SQLAlchemy makes is light; afterwards all is as it was."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    kept: dict[tuple[str, int], list[_Kept]] = {}

    def again(dialect: Any, record: object, given: Sequence[Any], named: dict[str, Any]) -> sqlite3.Connection | None:
        if dialect.driver != "pysqlite":
            return None
        mine = kept.setdefault((repr((given, sorted(named.items()))), get_ident()), [])
        found = next((one for one in mine if one.idle), None)
        if found is None:
            found = sqlite3.connect(*given, **{**named, "factory": _Kept})
            found.execute("PRAGMA synchronous=NORMAL")
            mine.append(found)
        found.idle = False
        return found

    event.listen(Engine, "do_connect", again)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", again)
        for connection in (one for mine in kept.values() for one in mine):
            sqlite3.Connection.close(connection)
