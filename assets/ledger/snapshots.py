"""The released numbers of the latest runs, a Parquet file per table, wave and content (`historik/tal/<hash>.parquet`).

Only what the release layer holds: numbers that disclosure control has let through, with the keys that name them. Runs share
files, so a run that changes nothing adds none. The oldest go first, by number of runs and by size (`history` in `hygiene.yml`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

import polars as pl

from assets.catalogue.hygiene import History
from assets.hygiene.permissions import FILE_MODE
from assets.ledger.types import Output
from assets.release_register.cells import CELL_COLUMNS, KEY_COLUMNS, SCHEMA, cells_of
from assets.whole_files import put
from pipelines.paths import Paths
from pipelines.warehouse import TableName, Warehouse

FOLDER, LAYER = "tal", "release"
REGISTERS = "register_values"
REGISTER_KEYS = ("source", "indicator_key", "year")
TABLES = frozenset({*KEY_COLUMNS, "response_rates", REGISTERS})
"""Tables of the release with numbers that reports show."""
_KEYS = ("edition", "area_level", "area_code", "wave", "grade", "sex", "measure", "reason", *REGISTER_KEYS)


def numbered(outputs: Iterable[Output]) -> list[Output]:
    """Of the tables of a run, those whose numbers are kept."""
    return [one for one in outputs if one.rows and one.content_hash and one.table_name.removeprefix(f"{LAYER}.") in TABLES]


def keep(paths: Paths, outputs: Iterable[Output]) -> int:
    """Keep the numbers as they are in the warehouse now; how many files were written."""
    warehouse, written = Warehouse(paths.warehouse), 0
    for one in numbered(outputs):
        path = _path(paths, one.content_hash)
        if path.exists():
            continue
        name = one.table_name.removeprefix(f"{LAYER}.")
        frame = warehouse.read(TableName(LAYER, name), None if one.wave is None else {"wave": [one.wave]})
        wanted = {*_KEYS, *KEY_COLUMNS.get(name, ())}
        columns = [column for column, kind in frame.schema.items() if column in wanted or kind.is_numeric()]
        buffer = BytesIO()
        frame.select(columns).write_parquet(buffer, compression="zstd", statistics=False)
        put(path, buffer.getvalue(), FILE_MODE)
        written += 1
    return written


def prune(paths: Paths, by_run: Sequence[Iterable[str]], limits: History) -> int:
    """Take away what no kept run needs; how many files went.

    Args:
        by_run: hashes of each run, latest first.
    """
    kept: set[str] = set()
    room = limits.megabytes * 10**6
    for place, hashes in enumerate(by_run[: limits.runs]):
        fresh = [one for one in set(hashes) - kept if _path(paths, one).exists()]
        room -= sum(_path(paths, one).stat().st_size for one in fresh)
        if room < 0 and place:  # the latest is kept whatever it takes
            break
        kept |= set(fresh)
    gone = [path for path in (paths.history / FOLDER).glob("*.parquet") if path.stem not in kept]
    for path in gone:
        path.unlink()
    return len(gone)


def read(paths: Paths, one: Output) -> pl.DataFrame | None:
    """The kept rows of a table; None when they are kept no longer or can't be read."""
    try:
        return pl.read_parquet(BytesIO(_path(paths, one.content_hash).read_bytes()))
    except (OSError, pl.exceptions.PolarsError):
        return None


def as_cells(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of a released table as cells (columns `CELL_COLUMNS`), sorted."""
    return _register_cells(frame) if name == REGISTERS else cells_of({name: frame})


def forget_all(paths: Paths) -> int:
    """Take all numbers away; how many files went."""
    folder = paths.history / FOLDER
    count = sum(1 for _ in folder.glob("*")) if folder.is_dir() else 0
    shutil.rmtree(folder, ignore_errors=True)
    return count


def _register_cells(frame: pl.DataFrame) -> pl.DataFrame:
    """Register values as cells: the key is source and indicator, the wave the year."""
    return frame.select(
        table_name=pl.lit(REGISTERS),
        edition=pl.lit(None, pl.String),
        area_level=pl.col("area_level"),
        area_code=pl.col("area_code"),
        wave=pl.col("year").cast(pl.Int32),
        grade=pl.lit(None, pl.String),
        sex=pl.col("sex"),
        key=pl.concat_str("source", "indicator_key", separator="|"),
        measure=pl.lit("value"),
        **{
            name: pl.col(name).cast(SCHEMA[name]) if name in frame.columns else pl.lit(None, SCHEMA[name])
            for name in ("value", "low", "high", "n", "reason")
        },
    ).select(CELL_COLUMNS)


def _path(paths: Paths, digest: str) -> Path:
    return paths.history / FOLDER / f"{digest}.parquet"
