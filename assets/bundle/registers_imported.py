"""Registers that somebody has fetched or dropped a file of: SCB, other grades of Skolenkäten, and tables with a mapping file."""

from __future__ import annotations

from typing import Any

import polars as pl

from assets.bundle.register_words import marks_in_words, value_text
from assets.bundle.types import Block, SubHeading, Table
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.types import IndicatorMeta

MOST_MORE = 6
"""Decimals beyond the value's own: enough for ten million persons."""


def other_registers(context: Context, arena: str) -> list[Block]:
    """Newest value of each such indicator for both sexes, under a heading of its own; nothing where there is none.

    With the interval, the count and the population of those that are made of counts.
    """
    found = [(row, meta) for row, meta in _newest(context) if arena == _arena(row)]
    if not found:
        return []
    with_counts = any(row["interval_method"] is not None for row, _ in found)
    columns = context.entry("arenas.other_columns")
    chosen = ("measure", "year", "value", *(("interval", "events", "population") if with_counts else ()), "source")
    cells = [_cells(context, row, meta) for row, meta in found]
    note = marks_in_words(context, [row["reason"] for row, _ in found])
    table = Table(
        id=f"register-fler-{arena}",
        caption=context.say("arenas.other_caption", area=context.scope.area_name),
        columns=tuple(columns[name] for name in chosen),
        rows=tuple(tuple(cell[name] for name in chosen) for cell in cells),
        numeric=frozenset(range(1, len(chosen) - 1)),
        note=" ".join(text for text in (note, context.say("arenas.other_interval") if with_counts else "") if text),
    )
    return [SubHeading(f"register-fler-rubrik-{arena}", context.say("arenas.other_title")), table]


def _newest(context: Context) -> list[tuple[dict[str, Any], IndicatorMeta]]:
    """The newest row of each indicator that doesn't belong to a bundled source, and what it is called."""
    known = {(i.source, i.indicator_key): i for i in context.meta.more_registers}
    usual = {group.source for group in context.meta.registers}
    values = context.frames.register_values.filter(
        (pl.col("area_code") == context.scope.area_code) & (pl.col("sex") == "all") & pl.col("year").is_not_null()
    )
    newest = values.sort("source", "indicator_key", "year").group_by("source", "indicator_key", maintain_order=True).last()
    found = []
    for row in newest.iter_rows(named=True):
        source, key = row["source"], row["indicator_key"]
        if (source, key) in known or source not in usual:
            own = IndicatorMeta(source, key, row["title_sv"] or key, row["unit"], 0 if row["unit"] == "count" else 1)
            found.append((row, known.get((source, key), own)))
    return found


def _arena(row: dict[str, Any]) -> str:
    return "skola" if row["source"] == "skolenkaten" else "narsamhalle"


def _cells(context: Context, row: dict[str, Any], indicator: IndicatorMeta) -> dict[str, str]:
    return {
        "measure": indicator.title_sv,
        "year": str(row["year"]),
        "value": value_text(context, row, indicator),
        "interval": "" if row["low"] is None else _interval(row["low"], row["high"], indicator.decimals),
        "events": context.count(row["events"]),
        "population": context.count(row["population"]),
        "source": row["publisher_sv"] or row["source"],
    }


def _interval(low: float, high: float, decimals: int) -> str:
    """Both limits, with more decimals than the value where it takes more to tell them apart."""
    for more in range(decimals, decimals + MOST_MORE):
        ends = [numbers.decimal(end, more) for end in (low, high)]
        if ends[0] != ends[1]:
            break
    return numbers.DASH.join(ends)
