"""The shares that the county's edition sets beside each other: a cell per municipality and index, names in order. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.bundle.county_frames import CountyFrames
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.cells import Cell

MUNICIPALITY = "municipality"
Focus = Mapping[tuple[str, str], Cell]


def municipality_names(frames: CountyFrames, wave: int) -> dict[str, str]:
    """Code -> name of the municipalities of the release, in the Swedish alphabet's order of the names."""
    rows = frames.index_results.filter((pl.col("area_level") == MUNICIPALITY) & (pl.col("wave") == wave))
    found = dict(rows.select("area_code", "area_name").unique().iter_rows())
    return dict(sorted(found.items(), key=lambda item: numbers.swedish(item[1])))


def focus_cells(context: Context, grade: str) -> Focus:
    """(area, index) -> focus share of the wave, girls and boys together."""
    frame = context.frames.index_results.filter(
        (pl.col("wave") == context.scope.wave) & (pl.col("grade") == grade) & (pl.col("sex") == "all")
    )
    found: dict[tuple[str, str], Cell] = {}
    for key, index in context.indices.items():
        rows = frame.filter((pl.col("index_key") == key) & (pl.col("measure") == index.focus_measure))
        for row in rows.select("area_code", "value", "low", "high", "n", "reason").iter_rows():
            found[row[0], key] = Cell(*row[1:])
    return found


def row_of(context: Context, cells: Focus, code: str) -> list[Cell]:
    """An area's focus shares in catalogue order."""
    return [cells.get((code, key), Cell(None, reason="missing")) for key in context.indices]


def share_text(context: Context, cell: Cell) -> str:
    """`12 % (9–16)`, or the reason in words. Without the second sign: eight such columns fill the page."""
    interval = context.interval(cell).removesuffix(f"{numbers.NBSP}%")
    return f"{context.share(cell)} ({interval})" if interval else context.share(cell)
