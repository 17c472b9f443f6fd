"""`5_metod/andringar.html` and `andringar.csv`: what differs from the earlier edition, in sums and cell by cell. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from assets.bundle.changes import ANSWERS, TABLES, changed_cells, summed
from assets.bundle.tables import csv_bytes
from assets.bundle.types import Block, ReportMeta, Section, Table, Text
from assets.bundle.words import Context
from assets.charts import numbers

PATH = "method_folder.changes"


def changes_since(earlier: pl.DataFrame, tables: Callable[[], Mapping[str, pl.DataFrame]]) -> pl.DataFrame | None:
    """Every changed cell (`assets.bundle.changes.SCHEMA`); None without an earlier edition.

    Args:
        earlier: `ReleaseFrames.previous_tables`. tables: gives the tables of the bundle being made.
    """
    if earlier.is_empty():
        return None
    before = dict(earlier.select("table", "csv").iter_rows())
    return changed_cells(before, {name: csv_bytes(frame).decode() for name, frame in tables().items() if name in TABLES})


def change_sections(context: Context, changed: pl.DataFrame | None) -> tuple[Section, ...]:
    """The sums per measure, table and kind of change, or a sentence."""
    title = context.say(f"{PATH}.title")
    if changed is None:
        return (Section("sedan-sist", title, (Text(context.say(f"{PATH}.first", wave=context.scope.wave)),)),)
    named = str(context.frames.previous_tables["edition_name"][0])
    blocks: tuple[Block, ...] = (Text(context.say(f"{PATH}.{'same' if changed.is_empty() else 'against'}", earlier=named)),)
    if not changed.is_empty():
        titles, tables, kinds = _titles(context.meta), context.entry(f"{PATH}.tables"), context.entry(f"{PATH}.kinds")
        rows = tuple(
            (titles.get(series, series), tables[table], kinds[kind], _said(context, kind, count))
            for table, series, kind, count in summed(changed)
        )
        columns = tuple(context.entry(f"{PATH}.summed_columns"))
        blocks += (Table("andringar", context.say(f"{PATH}.caption"), columns, rows), Text(context.say(f"{PATH}.file")))
    return (Section("sedan-sist", title, blocks),)


def change_files(folder: str, changed: pl.DataFrame | None, meta: ReportMeta) -> dict[str, bytes]:
    """`andringar.csv`, with the kinds in words; none when nothing has changed or there is nothing to compare with."""
    if changed is None or changed.is_empty():
        return {}
    words = meta.texts["method_folder"]["changes"]
    told = changed.with_columns(pl.col("kind").replace_strict(dict(words["kinds"]), return_dtype=pl.String))
    return {
        f"{folder}/andringar.csv": csv_bytes(told.select(pl.col(key).alias(name) for key, name in words["cell_columns"].items()))
    }


def _said(context: Context, kind: str, count: int) -> str:
    name = "worded" if kind == "question" else kind
    return context.say(f"{PATH}.{name}.{'one' if count == 1 else 'many'}", count=numbers.thousands(count))


def _titles(meta: ReportMeta) -> dict[str, str]:
    """Id -> title of all that can change."""
    registers = [*(one for group in meta.registers for one in group.indicators), *meta.more_registers]
    return {
        ANSWERS: meta.texts["method_folder"]["changes"]["answers"],
        **{one.indicator_key: one.title_sv for one in registers},
        **meta.series_titles,
        **{key: index.label_sv for key, index in meta.charts.indices.items()},
    }
