"""Parts of tables that are costly to make and are made from little: kept as they lie in the warehouse while that is the same.

Beside each part stand the hash of what it was made from and that of its own rows (`raw.part_marks`). Either being another one
means that it is made again, so neither a changed answer, definition or program nor a hand in the table leaves anything stale.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping

import polars as pl

from pipelines.provenance import code_version, package_versions
from pipelines.warehouse import TableName, Warehouse

MARKS = TableName("raw", "part_marks")
SCHEMA = {"table_name": pl.String, "part": pl.String, "inputs": pl.String, "content": pl.String}
NULL = "\u2400"
"""Stands for null where an empty text must not look the same."""


def content_hash(rows: pl.DataFrame) -> str:
    """SHA-256 of the rows, in any order of rows and columns."""
    columns = sorted(rows.columns)
    text = rows.select(columns).sort(columns).write_csv(null_value=NULL) if columns else ""
    return hashlib.sha256(text.encode()).hexdigest()


def digest(content: object) -> str:
    """SHA-256 of plain data; sets in sorted order."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=sorted).encode()).hexdigest()


def made_or_kept(
    warehouse: Warehouse,
    table: TableName,
    column: str,
    inputs: Mapping[str, object],
    make: Callable[[list[str]], Iterable[pl.DataFrame]],
) -> pl.DataFrame:
    """The table's parts, each as it lies in the warehouse or made anew.

    Args:
        column: its value tells the parts apart.
        inputs: part (at least one) -> what it is made from, beside code and packages; in the order of the parts.
        make: gives the rows of some parts, in order.
    """
    held, before = warehouse.read(table), warehouse.read(MARKS, {"table_name": [str(table)]})
    known = (
        {part: (made_from, content) for _, part, made_from, content in before.select(list(SCHEMA)).iter_rows()}
        if before.height
        else {}
    )
    now = {part: digest([code_version(), package_versions(), made_of]) for part, made_of in inputs.items()}
    parts = {part: held.filter(pl.col(column) == part) if column in held.columns else held for part in now}
    changed = [part for part, rows in parts.items() if known.get(part) != (now[part], content_hash(rows))]
    parts |= zip(changed, make(changed), strict=True)
    marks = [(str(table), part, now[part], content_hash(rows)) for part, rows in parts.items()]
    warehouse.replace(MARKS, pl.DataFrame(marks, schema=SCHEMA, orient="row"), {"table_name": [str(table)]})
    return pl.concat(parts.values())
