"""Where so few have answered that a whole part of the report is hidden: the reason once, never an empty frame. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from assets.bundle.types import Block, Bullets, Table, Text
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.cells import Cell, read_cells
from assets.charts.types import GRADES, IndexMeta

NOTHING_THERE = ("no_delivery", "no_pupils", "missing", "not_asked")
"""Reasons that say that there was nothing to hide; another reason says more about why a series can't be shown."""


def telling_reason(cells: Sequence[Cell]) -> str:
    """Why none of a series can be shown: the last wave's reason, but a reason for hiding rather than that nothing was there."""
    reasons = [cell.reason for cell in cells]
    hiding = [reason for reason in reasons if reason not in NOTHING_THERE]
    return (hiding or reasons or ["missing"])[-1]


def hidden_arena(context: Context, arena: str, chosen: Sequence[IndexMeta]) -> list[Block]:
    """What stands in place of charts and tables when nothing of the arena's indices can be shown; nothing when something can.

    The indices in words, why they are hidden, and the county's shares as background.
    """
    reasons: dict[str, str] = {}
    for grade in GRADES:
        cells = _own_cells(context, grade, chosen)
        if any(cell.shown for cell in cells):
            return []
        reasons[grade] = telling_reason([cell for cell in cells if cell.reason != "missing"])
    where = {"area": context.scope.area_name, "wave": context.scope.wave}
    told = [
        context.say("small_mode.reason", grade=context.grade(grade), reason=context.reason(reason))
        for grade, reason in reasons.items()
    ]
    about = tuple(_about(context, index) for index in chosen)
    return [
        Bullets(about),
        Text(context.say("small_mode.hidden", reasons=numbers.words(told), **where)),
        *_county(context, arena, chosen),
    ]


def _own_cells(context: Context, grade: str, chosen: Sequence[IndexMeta]) -> list[Cell]:
    """Focus shares of all waves and both sexes."""
    area, found = context.scope.area_code, []
    for index in chosen:
        cells = read_cells(context.frames, context.scope, {index.focus_measure}, grade=grade)
        for wave in sorted({*cells.waves(area, grade), context.scope.wave}):
            found += [cells.get(area, wave, grade, sex, index.index_key, index.focus_measure) for sex in ("girl", "boy", "all")]
    return found


def _about(context: Context, index: IndexMeta) -> str:
    text = context.meta.indices[index.index_key]
    return context.say(
        "small_mode.index", factor=index.label_sv, items=numbers.spelled(text.items), description=text.description_sv
    )


def _county(context: Context, arena: str, chosen: Sequence[IndexMeta]) -> list[Block]:
    cells = {index.label_sv: [context.county_focus(index.index_key, grade) for grade in GRADES] for index in chosen}
    if not any(cell.shown for row in cells.values() for cell in row):
        return []
    table = Table(
        id=f"lanet-{arena}",
        caption=context.say("small_mode.county_caption", arena=context.title(arena), wave=context.scope.wave),
        columns=tuple(context.entry("small_mode.county_columns")),
        rows=tuple((label, *(_share(context, cell) for cell in row)) for label, row in cells.items()),
        numeric=frozenset({1, 2}),
        source=context.meta.charts.survey_source,
    )
    return [Text(context.say("small_mode.county_text")), table]


def _share(context: Context, cell: Cell) -> str:
    interval = context.interval(cell)
    return f"{context.share(cell)} ({interval})" if interval else context.share(cell)
