"""Single questions as charts see them: what a series is, and its published cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.charts.cells import ABSENT, DRAWN, Cell
from assets.charts.read_once import ReadOnce
from assets.charts.types import COUNTY_CODE, ReleaseFrames, Scope, SeriesBreak

Key = tuple[str, int, str, str, str, str]
KEYS = ("area_code", "wave", "grade", "sex", "indicator", "measure")


@dataclass(frozen=True)
class SeriesMeta:
    """One single question or 0-100 scale.

    `kind`: `indicator` or `scale`. `base_sv`: who is in the denominator when it isn't everybody who answered, else empty.
    `breaks`: waves from which it isn't quite comparable with what was before.
    """

    key: str
    kind: str
    title_sv: str
    base_sv: str = ""
    sensitive: bool = False
    breaks: tuple[SeriesBreak, ...] = ()

    @property
    def measure(self) -> str:
        """The release measure that holds its value."""
        return "share" if self.kind == "indicator" else "mean"

    @property
    def difference(self) -> str:
        """The release measure that holds the difference to the county."""
        return f"diff_{self.measure}"


@dataclass(frozen=True)
class SeriesCells:
    """Published cells by area, wave, grade, sex, series and measure. A key that isn't published has the reason `missing`.

    `by_key`: what a `Cell` is made of (`DRAWN`), as only some of the tens of thousands of rows are asked for.
    """

    by_key: Mapping[Key, tuple[Any, ...]]

    def get(self, area: str, wave: int, grade: str, sex: str, key: str, measure: str) -> Cell:
        """The cell at a key."""
        drawn = self.by_key.get((area, wave, grade, sex, key, measure))
        return ABSENT if drawn is None else Cell(*drawn)

    def waves(self, keys: Iterable[str], grade: str) -> list[int]:
        """Waves with any row of the series in a grade, in order."""
        wanted = set(keys)
        return sorted({key[1] for key in self.by_key if key[2] == grade and key[4] in wanted})


_READ: ReadOnce[SeriesCells] = ReadOnce()


def read_series(frames: ReleaseFrames, scope: Scope, keys: Iterable[str] = ()) -> SeriesCells:
    """Cells of the area and the county up to the scope's wave: of some series, or of all when none is named.

    Args:
        frames: `indicator_results` (columns in `docs/development/contracts.md`); may be an empty frame.
    """
    table, wanted = frames.indicator_results, tuple(keys)
    return _READ.get(table, (scope, wanted), lambda: _read(table, scope, wanted)) if table.width else SeriesCells({})


def _read(table: pl.DataFrame, scope: Scope, wanted: tuple[str, ...]) -> SeriesCells:
    mine = (
        (pl.col("edition") == scope.edition)
        & (pl.col("wave") <= scope.wave)
        & pl.col("area_code").is_in([scope.area_code, COUNTY_CODE])
    )
    if wanted:
        mine = mine & pl.col("indicator").is_in(wanted)
    width = len(KEYS)
    rows: list[Any] = table.filter(mine).select(*KEYS, *DRAWN).rows()
    return SeriesCells({row[:width]: row[width:] for row in rows})
