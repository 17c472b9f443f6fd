"""Raw registers to and from the one table that stores them all: text cells with file, hash, sheet and row."""

from __future__ import annotations

import polars as pl

from assets.methods.errors import PipelineError
from assets.registers.models import RAW_SCHEMA, RawRegister
from assets.registers.reading import recognise


def to_raw_cells(raw: RawRegister) -> pl.DataFrame:
    """The raw layer's rows of one file: `RAW_SCHEMA`, sorted by sheet and row."""
    frame = raw.rows.with_columns(source_file=pl.lit(raw.source_file), source_sha256=pl.lit(raw.source_sha256))
    return frame.select([pl.col(name).cast(kind) for name, kind in RAW_SCHEMA.items()]).sort("source_sheet", "source_row")


def from_raw_cells(cells: pl.DataFrame) -> RawRegister:
    """Back from the raw layer: the rows of exactly one file.

    Args:
        cells: rows in `RAW_SCHEMA` with one `source_file` and one `source_sha256`.

    Raises:
        PipelineError: `unknown_register` when the rows are no known register.
        ValueError: when the rows stem from none or several files (a programming error).
    """
    files = cells.select("source_file", "source_sha256").unique()
    if files.height != 1:
        raise ValueError(f"raw cells of exactly one file are needed, got {files.height}")
    name, sha256 = files.row(0)
    rows = cells.select("source_sheet", "source_row", "cells").sort("source_sheet", "source_row")
    kind, meta = recognise(rows, name)
    return RawRegister(kind=kind, source_file=name, source_sha256=sha256, rows=rows, meta=meta)


def named_table(rows: pl.DataFrame, header_row: int, where: str) -> pl.DataFrame:
    """The rows below a header row as an all-text frame with the header's names, plus `source_row`.

    Cells beyond the header are dropped and short rows are filled with null. Empty header cells get no column.

    Args:
        rows: `source_row`, `cells` of one sheet.
        header_row: `source_row` of the header.
        where: the file's name, for messages.

    Raises:
        PipelineError: `unknown_layout` when a name stands twice in the header.
    """
    header = [(cell or "").strip() for cell in rows.filter(pl.col("source_row") == header_row)["cells"][0]]
    names = [name for name in header if name]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise PipelineError(
            code="unknown_layout",
            where=f"{where}, rad {header_row}",
            expected="att varje kolumnnamn står en gång",
            got="två eller fler av " + ", ".join(f"”{name}”" for name in doubled),
            hint="Hämta filen på nytt från källan och lägg in den oförändrad.",
        )
    body = rows.filter(pl.col("source_row") > header_row)
    columns = [pl.col("cells").list.get(i, null_on_oob=True).alias(name) for i, name in enumerate(header) if name]
    return body.select("source_row", *columns)


def missing_columns(frame: pl.DataFrame, needed: set[str], where: str) -> None:
    """Raise `unknown_layout` when a needed column isn't there; the message names the absent ones."""
    absent = sorted(needed - set(frame.columns))
    if absent:
        raise PipelineError(
            code="unknown_layout",
            where=where,
            expected="kolumnerna " + ", ".join(f"”{name}”" for name in sorted(needed)),
            got="en fil utan " + ", ".join(f"”{name}”" for name in absent),
            hint="Hämta filen på nytt från källan och lägg in den oförändrad.",
        )
