"""A few single questions per city district: one compact table per grade, districts in alphabetical order."""

from __future__ import annotations

import polars as pl

from assets.bundle.frames import districts
from assets.bundle.questions import value_text
from assets.bundle.types import Block, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.cells import ABSENT, DRAWN, Cell
from assets.charts.series import read_series
from assets.charts.types import GRADES


def district_question_blocks(context: Context) -> list[Block]:
    """Nothing when the release has no single questions per district, or the catalogue names none."""
    keys = context.meta.district_series
    if not keys or not context.frames.indicator_results.width:
        return []
    scope = context.scope
    rows = districts(context.frames.indicator_results, scope).filter(
        (pl.col("wave") == scope.wave) & (pl.col("sex") == "all") & pl.col("indicator").is_in(keys)
        & (pl.col("edition") == scope.edition) & (pl.col("measure") == "share")
    )  # fmt: skip
    if rows.is_empty():
        return []
    found = {
        (row["grade"], row["area_name"], row["indicator"]): Cell(*(row[name] for name in DRAWN))
        for row in rows.iter_rows(named=True)
    }
    names = sorted(set(rows["area_name"].to_list()), key=numbers.swedish)
    whole = read_series(context.frames, scope, keys)
    for grade, key in ((grade, key) for grade in GRADES for key in keys):
        found[grade, scope.area_name, key] = whole.get(scope.area_code, scope.wave, grade, "all", key, "share")
    blocks: list[Block] = [SubHeading("stadsdelar-fragor", context.say("questions.districts.title"))]
    for grade in GRADES:
        blocks += _grade(context, grade, names, found)
    return blocks


def _grade(context: Context, grade: str, names: list[str], found: dict[tuple[str, str, str], Cell]) -> list[Block]:
    keys = context.meta.district_series
    shown = [key for key in keys if any(found.get((grade, name, key), ABSENT).shown for name in names)]
    short = context.grade(grade, short=True)
    if not shown:
        return [Text(context.say("questions.districts.none", grade=short))]
    series = [context.meta.series[key] for key in shown]
    table = Table(
        id=f"stadsdelar-fragor-{grade}",
        caption=context.say("questions.districts.caption", grade=context.grade(grade), wave=context.scope.wave),
        columns=(context.say("questions.districts.column"), *(one.title_sv for one in series)),
        rows=tuple(
            (name, *(value_text(context, found.get((grade, name, one.key), ABSENT), one) for one in series))
            for name in [*names, context.scope.area_name]
        ),
        numeric=frozenset(range(1, len(series) + 1)),
        source=context.meta.charts.survey_source,
    )
    hidden = [context.meta.series[key] for key in keys if key not in shown]
    if not hidden:
        return [table]
    reasons = sorted({found.get((grade, name, one.key), ABSENT).reason for name in names for one in hidden})
    words = numbers.words([numbers.lower_first(one.title_sv) for one in hidden])
    reason = numbers.words([context.reason(code) for code in reasons])
    return [table, Text(context.say("questions.districts.hidden", grade=short, names=words, reason=reason))]
