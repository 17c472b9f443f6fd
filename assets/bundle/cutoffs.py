"""How much the choice of limit means: the county's shares under each labelled limit, for the method page. Pure."""

from __future__ import annotations

import polars as pl

from assets.bundle.types import Block, SubHeading, Table, Terms, Text
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.types import GRADES


def cutoff_blocks(context: Context) -> tuple[Block, ...]:
    """What each limit is, and a table per grade with indices down and limits across; nothing without such numbers."""
    rows = context.frames.cutoff_sensitivity
    meta = context.meta
    if rows.is_empty():
        return ()
    rows = rows.filter(pl.col("wave") == context.scope.wave)
    sets = [name for name in meta.cut_sets if name in set(rows["cut_set"])]
    used = set(rows.filter("in_use")["cut_set"])
    tables = [_table(context, rows.filter(pl.col("grade") == grade), grade, sets, used) for grade in GRADES]
    shown = [table for table in tables if table]
    if not shown:
        return ()
    intro = context.say("cutoffs.intro", used=numbers.words([meta.cut_sets[name][0] for name in sorted(used)]))
    return (
        SubHeading("metod-granser", context.say("cutoffs.title")),
        Text(intro),
        Terms(tuple(meta.cut_sets[name] for name in sets)),
        *shown,
    )


def _table(context: Context, rows: pl.DataFrame, grade: str, sets: list[str], used: set[str]) -> Table | None:
    if rows.is_empty():
        return None
    cells = {(row["index_key"], row["cut_set"]): row for row in rows.iter_rows(named=True)}
    lines = []
    for key, index in context.indices.items():
        found = [cells.get((key, name)) for name in sets]
        words = [
            context.reason("missing") if row is None
            else numbers.percent(row["value"]) if row["value"] is not None
            else context.reason(row["reason"])
            for row in found
        ]  # fmt: skip
        lines.append((index.label_sv, *words))
    titles = [context.meta.cut_sets[name][0] for name in sets]
    heads = [context.say("cutoffs.used", title=t) if name in used else t for name, t in zip(sets, titles, strict=True)]
    where = {"county": context.say("common.county"), "grade": context.grade(grade), "wave": context.scope.wave}
    return Table(
        f"granser-{grade}",
        context.say("cutoffs.caption", **where),
        (context.say("cutoffs.index_column"), *heads),
        tuple(lines),
        frozenset(range(1, len(sets) + 1)),
        source=context.meta.charts.survey_source,
    )
