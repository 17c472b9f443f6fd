"""`raw.rejected_files`: what was set aside, with what had been taken in under the same name by then."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.intake.receive import Rejected
from assets.intake.tables import rejected_rows
from pipelines.warehouse import TableName, Warehouse

REJECTED = TableName("raw", "rejected_files")
TAKEN = (TableName("raw", "survey_deliveries"), TableName("raw", "form_files"))
COLUMNS = ("source_file", "source_sha256")


def taken_in(warehouse: Warehouse) -> pl.DataFrame:
    """`source_file, source_sha256` of the deliveries and forms in the raw tables."""
    both = [frame for table in TAKEN if (frame := warehouse.read(table, columns=COLUMNS)).height]
    return pl.concat(both).unique().sort(COLUMNS) if both else pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))


def remember(warehouse: Warehouse, refused: Sequence[Rejected]) -> None:
    """Keep what was set aside; the same bytes set aside once more take the place of the first time."""
    if not refused:
        return
    before: dict[str, list[str]] = {}
    for name, sha in taken_in(warehouse).iter_rows():
        before.setdefault(name, []).append(sha)
    warehouse.replace(REJECTED, rejected_rows(refused, before), {"sha256": [r.sha256 for r in refused]})
