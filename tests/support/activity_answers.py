"""Rows of `harmonised.activity_answers` for tests, written as short lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

from assets.methods.activities import ANSWER_SCHEMA

SCHEMA = ANSWER_SCHEMA
DAY = date(2026, 5, 4)


def answers(*rows: tuple[str, str, str, str], round_: str = "2026", code: str = "0127", day: date = DAY) -> pl.DataFrame:
    """Rows `(role, activity, field, value)` of one municipality and round; one form per role."""
    return frame((f"{code}-{round_}-{role}", code, round_, day, role, *rest) for role, *rest in rows)


def frame(rows: Iterable[tuple[object, ...]]) -> pl.DataFrame:
    """Rows in the columns' order as a table."""
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row")
