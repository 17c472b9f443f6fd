"""Published changes over the waves: what `release.trends` says about one series, so that no chart judges a development itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from assets.charts.read_once import ReadOnce
from assets.charts.types import ReleaseFrames, Scope


@dataclass(frozen=True)
class Change:
    """One row of `release.trends`. `reason` is `ok` exactly when `change` is there; `verdict` is then a word of the catalogue."""

    reason: str
    value: float | None = None
    from_wave: int | None = None
    value_from: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: str | None = None
    first_wave: int | None = None
    n_waves: int | None = None
    slope: float | None = None
    slope_low: float | None = None
    slope_high: float | None = None
    trend_verdict: str | None = None
    trend_reason: str | None = None

    @property
    def shown(self) -> bool:
        return self.change is not None


FIELDS = tuple(Change.__dataclass_fields__)
Key = tuple[str, str, str, str, str]
_READ: ReadOnce[Mapping[Key, Change]] = ReadOnce()


def read_changes(frames: ReleaseFrames, scope: Scope) -> Mapping[Key, Change]:
    """The area's changes in the scope's wave: (grade, sex, series_kind, series, measure) -> change; none without the table."""
    table = frames.trends
    return _READ.get(table, scope, lambda: _read(table, scope)) if table.width else {}


def _read(table: pl.DataFrame, scope: Scope) -> dict[Key, Change]:
    mine = (pl.col("area_code") == scope.area_code) & (pl.col("wave") == scope.wave) & (pl.col("edition") == scope.edition)
    rows = table.filter(mine).select("grade", "sex", "series_kind", "series", "measure", *FIELDS)
    return {(row[0], row[1], row[2], row[3], row[4]): Change(*row[5:]) for row in rows.iter_rows()}


def index_change(frames: ReleaseFrames, scope: Scope, grade: str, index_key: str) -> Change | None:
    """The change of an index's focus share, girls and boys together; None when the release has no such row."""
    return read_changes(frames, scope).get((grade, "all", "index", index_key, "share_focus"))
