"""A disk that fills up in the middle of a command: one sentence, whoever of Python, DuckDB and SQLite met it first."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from assets.methods.errors import PipelineError
from assets.write_faults import FULL

SAID = re.compile(
    r"no space left on device|disk quota exceeded|file too large|database or disk is full|not enough space on the disk", re.I
)
"""What the operating system and SQLite say; a step of Dagster that failed gives it as text only."""


def met_by() -> tuple[type[Exception], ...]:
    """What a full disk may come as; of packages that are imported already, for the command line itself imports none."""
    found: list[type[Exception]] = [OSError, RuntimeError]
    if "duckdb" in sys.modules:
        import duckdb

        found.append(duckdb.Error)
    if "sqlalchemy" in sys.modules:
        from sqlalchemy.exc import SQLAlchemyError

        found.append(SQLAlchemyError)
    if "dagster" in sys.modules:
        from dagster import DagsterError

        found.append(DagsterError)
    return tuple(found)


def is_full_disk(error: BaseException) -> bool:
    """Whether an error, or one that it came of, is that the disk is full."""
    return any((isinstance(one, OSError) and one.errno in FULL) or bool(SAID.search(str(one))) for one in _with_causes(error))


def disk_full(home: Path) -> PipelineError:
    """The sentence."""
    hint = "Frigör utrymme och kör igen; det som var klart finns kvar och görs inte om."
    return PipelineError("disk_full", str(home), "plats på disken", "en full disk", hint)


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
