"""From the register's entries to what was published before: cells, releases for the audit, patterns to keep. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from assets.methods.disclosure import ProtectedRelease
from assets.release_register.cells import CELL_COLUMNS, SCHEMA, as_tables
from assets.release_register.inputs import SHOWN, STATE, same_pupils, state_of, with_state
from assets.release_register.types import EarlierRelease, Entry, Inputs

HISTORY_SCHEMA = SCHEMA | dict.fromkeys((*STATE, "release_id", "published_on"), pl.String) | SHOWN
HIDDEN = ("suppressed", "too_few")
"""Reasons of a cell that is there but not shown."""
_ROW = ["area_level", "area_code", "wave", "grade", "sex", "key"]
ReadCells = Callable[[str], pl.DataFrame]
"""`cells_sha256` -> the cells."""


def history(entries: Sequence[Entry], read: ReadCells) -> pl.DataFrame:
    """All cells ever published, columns `HISTORY_SCHEMA`; of equal cells about the same pupils, rounded alike,
    the first that was published."""
    parts = []
    for entry in sorted(entries, key=lambda one: one.number):
        cells = with_state(read(entry.cells_sha256), entry.new.inputs)
        told = cells.with_columns(release_id=pl.lit(entry.new.release_id), published_on=pl.lit(entry.new.published_on))
        parts.append(told.select(list(HISTORY_SCHEMA)))
    if not parts:
        return pl.DataFrame(schema=HISTORY_SCHEMA)
    return pl.concat(parts).unique(subset=[*CELL_COLUMNS, *STATE, *SHOWN], keep="first", maintain_order=True)


def earlier_releases(entries: Sequence[Entry], read: ReadCells, current: Inputs) -> tuple[EarlierRelease, ...]:
    """The earlier releases as the audit takes them, in the order they were published; bundles of one release and one state of the
    inputs are one."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in sorted(entries, key=lambda one: one.number):
        groups.setdefault((entry.new.release_id, repr(entry.new.inputs)), []).append(entry)
    found = []
    for (release_id, _), own in groups.items():
        cells = pl.concat([read(entry.cells_sha256) for entry in own]).unique().sort(pl.all())
        same = same_pupils(own[0].new.inputs, current)
        districts = cells.filter(pl.col("area_level") == "district").select("area_code", "wave").unique().iter_rows()
        more = {(area, wave) for area, wave in districts if (area.split("-")[0], wave) in same}
        found.append(EarlierRelease(release_id, own[0].new.published_on, as_tables(cells), same | more, own[0].new.inputs))
    return tuple(found)


def kept_patterns(earlier: pl.DataFrame, current: Inputs, edition: str, table: str) -> pl.DataFrame:
    """Cells that stay hidden: hidden in an earlier release of the same edition, about the same pupils as now.

    Args:
        earlier: from `history`.

    Returns:
        `area_level, area_code, wave, grade, sex, key, measure`, unique and sorted.
    """
    keys = [*_ROW, "measure"]
    own = earlier.filter(
        pl.col("table_name") == table, pl.col("edition") == edition, pl.col("reason").is_in(HIDDEN), pl.col("sex").is_not_null()
    )
    return _of_same_pupils(own, current).select(keys).unique().sort(keys)


def kept_series(earlier: pl.DataFrame, current: Inputs, edition: str) -> pl.DataFrame:
    """Rows of single questions and scales that stay hidden, or stay without their number of pupils: as in an earlier release of
    the same edition about the same pupils.

    Returns:
        `area_level, area_code, wave, grade, sex, indicator, kept_share, kept_number`, unique and sorted.
    """
    level = pl.col("measure").is_in(["share", "mean"])
    hidden, silent = pl.col("reason").is_in(HIDDEN), (pl.col("reason") == "ok") & pl.col("n").is_null()
    own = earlier.filter(pl.col("table_name") == "indicator_results", pl.col("edition") == edition, level, hidden | silent)
    rows = _of_same_pupils(own, current).group_by(_ROW).agg(kept_share=hidden.any(), kept_number=silent.any())
    return rows.rename({"key": "indicator"}).sort([*_ROW[:-1], "indicator"])


def _of_same_pupils(own: pl.DataFrame, current: Inputs) -> pl.DataFrame:
    """The cells about the same pupils as now, counted alike."""
    places = own.select("area_code", "wave").unique().sort("area_code", "wave")
    rows = [(area, wave, *state_of(current, area, wave)) for area, wave in places.iter_rows()]
    states = pl.DataFrame(rows, {"area_code": pl.String, "wave": pl.Int32} | dict.fromkeys(STATE, pl.String), orient="row")
    return own.join(states, on=["area_code", "wave", *STATE], how="semi")


BARRED = {
    "index_results": (("share_band1", "share_band2", "share_band3"), ("n_scored", "share_unscored")),
    "accumulated_results": (("share_none", "share_some", "share_most"), ("n_counted",)),
}
"""Table -> the measures of its three bands, and those of its numbers of pupils."""


def barred_rows(kept: pl.DataFrame, table: str) -> pl.DataFrame:
    """Kept cells of a table of `BARRED` as the rows that `disclosure.protect` takes as `barred`.

    Returns:
        `area_level, area_code, wave, grade, sex, index_key, bars_bands` (any band), `bars_counts, bars_band1, bars_band2,
        bars_band3`, sorted.
    """
    keys = ["area_level", "area_code", "wave", "grade", "sex", "index_key"]
    bands, numbers = BARRED[table]
    measure = pl.col("measure")
    rows = kept.rename({"key": "index_key"}).group_by(keys).agg(
        measure.is_in(bands).any().alias("bars_bands"),
        measure.is_in(numbers).any().alias("bars_counts"),
        *((measure == name).any().alias(f"bars_band{place}") for place, name in enumerate(bands, start=1)),
    )  # fmt: skip
    return rows.sort(keys)


def keep(protected: Callable[[pl.DataFrame | None], ProtectedRelease], kept: pl.DataFrame | None, table: str) -> ProtectedRelease:
    """A release in which what was hidden before stays hidden.

    The rules are tried without the earlier pattern first: most often they give it again, and a cell that is barred all the same
    would be protected as one that is sensitive by itself, which hides more. Only cells that would open are barred.

    Args:
        protected: makes the release with the rows that are barred (None: none).
        kept: from `kept_patterns`; None: nothing has been published.
        table: a key of `BARRED`.
    """
    safe = protected(None)
    if kept is None:
        return safe
    cells = kept.filter(pl.col("measure").is_in([name for names in BARRED[table] for name in names]))
    keys = ["area_level", "area_code", "wave", "grade", "sex", "key", "measure"]
    barred = cells.clear()
    while True:
        shown = safe.results.filter(pl.col("reason") == "ok").rename({"index_key": "key"})
        opened = cells.join(shown, on=keys, how="semi").join(barred, on=keys, how="anti")
        if opened.is_empty():
            return safe
        barred = pl.concat([barred, opened]).sort(keys)
        safe = protected(barred_rows(barred, table))
