"""Who is in the numbers, by type of school: answers, response rate and coverage against Skolverket's register."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from assets.bundle.types import Block, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.types import GRADES

ORDER = ("municipal", "independent", "other", "unknown", "all")


def school_type_blocks(context: Context) -> list[Block]:
    """Heading, text and table for the scope's wave; nothing when the release says nothing about types."""
    frame = context.frames.response_by_school_type
    own = frame.filter((pl.col("area_code") == context.scope.area_code) & (pl.col("wave") == context.scope.wave))
    found = {(row["grade"], row["school_type"]): row for row in own.iter_rows(named=True)}
    rows = [_row(context, found[grade, kind]) for grade in GRADES for kind in ORDER if (grade, kind) in found]
    if not rows:
        return []
    table = Table(
        id="svar-huvudman",
        caption=context.say("who.types_caption", area=context.scope.area_name, wave=context.scope.wave),
        columns=tuple(context.entry("who.types_columns").values()),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5, 6}),
        note=context.say("who.types_note"),
        source=context.meta.charts.survey_source,
    )
    return [SubHeading("vilka-huvudman", context.say("who.types_title")), Text(context.say("who.types_text")), table]


def _row(context: Context, row: Mapping[str, Any]) -> tuple[str, ...]:
    kind = context.say(f"who.types.{row['school_type']}")
    return (
        kind,
        context.grade(row["grade"], short=True),
        context.count(row["enrolled"]),
        context.count(row["respondents"]),
        _percent(row["response_pct"]),
        _schools(context, row),
        _percent(row["coverage_pct"]),
        _note(context, row),
    )


def _percent(value: int | None) -> str:
    return numbers.percent(value) if value is not None else ""


def _schools(context: Context, row: Mapping[str, Any]) -> str:
    if row["schools_participating"] is None:
        return ""
    kind = "schools" if row["schools_registered"] is not None else "schools_unknown"
    return context.say(f"who.{kind}", participating=row["schools_participating"], registered=row["schools_registered"])


def _note(context: Context, row: Mapping[str, Any]) -> str:
    """Why a number is absent: the answers, then the register's number of pupils."""
    if row["school_type"] == "unknown" and row["respondents"] is not None:
        return context.say("who.types_unknown")
    lacking = context.entry("who.enrolled_missing")
    if row["respondents"] is not None and row["enrolled"] is None and row["enrolled_reason"] in lacking:
        return str(lacking[row["enrolled_reason"]])
    return "" if row["reason"] == "ok" else context.reason(row["reason"])
