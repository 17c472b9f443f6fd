"""From release rows to the few cells a chart draws.

A `Cell` is one published number with its interval, n and reason. Builders ask for cells by key, never by position, so a row of
another area, wave or grade can't slip in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from assets.charts import numbers
from assets.charts.read_once import ReadOnce
from assets.charts.types import COUNTY_CODE, ChartMeta, ReleaseFrames, Scope

KEYS = ("area_code", "wave", "grade", "sex", "index_key", "measure")
DRAWN = ("value", "low", "high", "n", "reason", "verdict")


@dataclass(frozen=True)
class Cell:
    """One published number. `value` is None exactly when `reason` isn't `ok` (or a shown mark such as `not_reconciled`)."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    reason: str = "ok"
    verdict: str | None = None

    @property
    def shown(self) -> bool:
        return self.value is not None


ABSENT = Cell(None, reason="missing")


@dataclass(frozen=True)
class Cells:
    """Cells of one edition by key. A key that isn't published gives a cell with the reason `missing`."""

    by_key: Mapping[tuple[str | int, ...], Cell]

    def get(self, *key: str | int) -> Cell:
        """The cell at `area_code, wave, grade, sex, index_key, measure`, in that order."""
        return self.by_key.get(key, ABSENT)

    def waves(self, area: str, grade: str) -> list[int]:
        """Waves with any row of the area and grade, in order."""
        return sorted({int(key[1]) for key in self.by_key if key[0] == area and key[2] == grade})

    def areas(self, wave: int) -> list[str]:
        return sorted({str(key[0]) for key in self.by_key if key[1] == wave})


_READ: ReadOnce[Cells] = ReadOnce()


def read_cells(frames: ReleaseFrames, scope: Scope, measures: Iterable[str], *, grade: str, others: bool = False) -> Cells:
    """Cells of the scope's area and the county (and the latest wave of the other municipalities) for some measures."""
    asked = tuple(measures)
    return _READ.get(
        frames.index_results, (scope, asked, grade, others), lambda: _read(frames.index_results, scope, asked, grade, others)
    )


def _read(table: pl.DataFrame, scope: Scope, measures: tuple[str, ...], grade: str, others: bool) -> Cells:
    column = pl.col
    ours = column("area_code").is_in([scope.area_code, COUNTY_CODE])
    if others:
        ours = ours | ((column("area_level") == "municipality") & (column("wave") == scope.wave))
    rows = (
        table.filter(
            (column("edition") == scope.edition) & (column("grade") == grade) & column("measure").is_in(list(measures)) & ours
        )
        .select(*KEYS, *DRAWN)
        .rows()
    )
    width = len(KEYS)
    return Cells({row[:width]: Cell(*row[width:]) for row in rows})


def has_pupils(cells: Cells, scope: Scope, grade: str) -> bool:
    """False when the area doesn't have the grade at all, or nothing of it is published: there is no chart then."""
    reasons = {cell.reason for key, cell in cells.by_key.items() if key[0] == scope.area_code and key[2] == grade}
    return bool(reasons - {"no_pupils"})


def reason_words(cell: Cell, meta: ChartMeta) -> str:
    """`skyddat [c]`, in words and mark."""
    return str(meta.reasons[cell.reason])


def share_text(cell: Cell, meta: ChartMeta) -> str:
    """`12 %`, or the reason."""
    return numbers.percent(cell.value) if cell.value is not None else reason_words(cell, meta)


def interval_text(cell: Cell, meta: ChartMeta) -> str:
    """`9–16 %`, or the reason."""
    if cell.low is None or cell.high is None:
        return reason_words(cell, meta) if not cell.shown else ""
    return numbers.percent_interval(cell.low, cell.high)


def count_text(cell: Cell, meta: ChartMeta) -> str:
    """`1 035`, or the reason."""
    return numbers.thousands(cell.n) if cell.n is not None else reason_words(cell, meta)
