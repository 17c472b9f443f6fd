"""Stockholm's city districts: the focus shares with intervals, one table per factor and grade, in alphabetical order."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.bundle.district_pages import PUBLIC
from assets.bundle.district_questions import district_question_blocks
from assets.bundle.frames import districts
from assets.bundle.types import Block, Section, Strip, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.cells import DRAWN, Cell
from assets.charts.types import GRADES, IndexMeta

STEP = 10


def district_section(context: Context) -> Section | None:
    """None when the release holds no districts of the municipality."""
    rows = districts(context.frames.index_results, context.scope).filter(
        (pl.col("wave") == context.scope.wave) & (pl.col("sex") == "all") & (pl.col("edition") == context.scope.edition)
    )
    if rows.is_empty():
        return None
    blocks: list[Block] = [*context.synthetic_notice(), Text(context.say("districts.intro"))]
    if context.scope.edition != PUBLIC and context.meta.language == "sv":  # the pages are in Swedish only
        blocks.append(Text(context.say("district_pages.link_text")))
    if rows.filter(pl.col("measure").str.starts_with("share_band"))["value"].is_null().all():
        blocks.append(Text(context.say("districts.none")))
    else:
        for index in context.indices.values():
            blocks += _index(context, index, rows)
        blocks.append(Text(context.meta.charts.survey_source, "source"))
    blocks += district_question_blocks(context)
    return Section("stadsdelar", context.title("stadsdelar"), tuple(blocks))


def _index(context: Context, index: IndexMeta, rows: pl.DataFrame) -> list[Block]:
    blocks: list[Block] = [SubHeading(f"stadsdelar-{index.index_key.replace('_', '-')}", index.label_sv)]
    for grade in GRADES:
        chosen = rows.filter(
            (pl.col("grade") == grade) & (pl.col("index_key") == index.index_key) & (pl.col("measure") == index.focus_measure)
        )
        found = [(row["area_name"], Cell(*(row[name] for name in DRAWN))) for row in chosen.iter_rows(named=True)]
        if any(cell.shown for _, cell in found):
            blocks.append(_table(context, index, grade, sorted(found, key=lambda item: swedish(item[0]))))
        else:
            blocks.append(Text(context.say("districts.hidden_grade", grade=context.grade_first(grade))))
    return blocks


def _table(context: Context, index: IndexMeta, grade: str, found: Sequence[tuple[str, Cell]]) -> Table:
    whole = (context.say("districts.whole"), context.focus(index.index_key, grade))
    top = _top([cell for _, cell in [*found, whole]])
    columns = dict(context.entry("districts.columns"))
    columns["strip"] = columns["strip"].format(top=top)
    rows = [_row(context, index, name, cell, top) for name, cell in [*found, whole]]
    return Table(
        id=f"stadsdelar-{index.index_key.replace('_', '-')}-{grade}",
        caption=context.say(
            "districts.table_caption", factor=index.label_sv, grade=context.grade(grade), wave=context.scope.wave,
            band=index.focus_band_label_sv,
        ),
        columns=tuple(columns.values()),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 4}),
    )  # fmt: skip


def _row(context: Context, index: IndexMeta, name: str, cell: Cell, top: int) -> tuple[str | Strip, ...]:
    strip: str | Strip = ""
    if cell.value is not None:
        words = context.say("districts.strip_alt", share=context.share(cell), interval=context.interval(cell))
        strip = Strip(cell.value, cell.low, cell.high, top, index.reference_pct, words)
    return name, context.share(cell), context.interval(cell), strip, context.base(cell)


def _top(cells: Sequence[Cell]) -> int:
    """The end of the scale: the next ten above everything drawn, so that nothing is clipped."""
    drawn = [x for cell in cells for x in (cell.value, cell.high) if x is not None]
    return min(100, int(max(drawn, default=0) // STEP + 1) * STEP)


swedish = numbers.swedish
