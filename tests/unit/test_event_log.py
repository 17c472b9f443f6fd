"""Storing an event does not wait for the disk, and nothing is left open afterwards."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from pipelines.event_log import light_event_log

FULL, NORMAL = 2, 1


def stored(path: Path) -> tuple[int, bool]:
    """How a commit is flushed, and whether the write-ahead log is still there when the connection is closed."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("PRAGMA journal_mode=WAL"))
        connection.execute(text("CREATE TABLE IF NOT EXISTS event (id INTEGER)"))
        connection.execute(text("INSERT INTO event VALUES (1)"))
        flush = connection.execute(text("PRAGMA synchronous")).scalar_one()
    return flush, path.with_name(f"{path.name}-wal").exists()


def test_events_are_stored_without_a_flush_each(tmp_path):
    path, new = tmp_path / "index.db", tmp_path / "run.db"
    assert stored(path) == (FULL, False)
    with light_event_log():
        assert stored(path) == (NORMAL, True)
        assert stored(new)[0] == stored(new)[0] == NORMAL
        assert stored(new) == (NORMAL, True), "a file made within gets its log with the first connection"
    assert not path.with_name("index.db-wal").exists()
    assert stored(path) == (FULL, False)
    with create_engine(f"sqlite:///{path}").connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM event")).scalar_one() == 3


def test_a_connection_is_given_again_when_it_has_been_given_back_and_not_before(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'run.db'}", poolclass=NullPool)

    def opened(connection):
        return connection.connection.dbapi_connection

    with light_event_log():
        with engine.connect() as first:
            connection = opened(first)
            first.execute(text("CREATE TABLE event (id INTEGER)"))
            first.commit()
            first.execute(text("INSERT INTO event VALUES (1)"))  # never committed
            with engine.connect() as second:
                assert opened(second) is not connection
        with create_engine(f"sqlite:///{tmp_path / 'run.db'}", poolclass=NullPool).connect() as third:
            assert opened(third) is connection
            assert third.execute(text("SELECT count(*) FROM event")).scalar_one() == 0
    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("SELECT 1")
