"""`raw.rejected_files`: what was set aside, with what had been taken in under the same name by then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from assets.intake.receive import Rejected, file_hash, name_hash
from assets.intake.tables import rejected_rows
from assets.overview.waiting import first_line, notes
from pipelines.warehouse import TableName, Warehouse

REJECTED = TableName("raw", "rejected_files")
TAKEN = (TableName("raw", "survey_deliveries"), TableName("raw", "form_files"))
COLUMNS = ("source_file", "source_sha256")
DECISIONS = (".yml", ".yaml")
"""How approvals end, which have no rows when they are refused, and mapping files, which their table's row tells of."""
FOUND = "set_aside_before"
"""Code of a file that was found among those set aside, with its sentence beside it and no row that knew of it."""


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


def remember_found(warehouse: Warehouse, folder: Path) -> None:
    """Keep what lies in the folder with its sentence and without a row: a run was killed between the move and the row.

    Its sentence is dated anew, so that this pass tells of it as of one that it has set aside itself: the killed one never did.
    """
    rows = warehouse.read(REJECTED, columns=["sha256"])
    known = set(rows["sha256"]) if rows.width else set()
    found = {
        note: Rejected(file.name, digest, FOUND, first_line(note))
        for note, file in notes(folder)
        if file.suffix.lower() not in DECISIONS
        and (digest := name_hash(file) if file.is_symlink() else file_hash(file)) not in known
    }
    for note in found:  # before the row: a run that is killed between finds the file once more
        note.touch()
    remember(warehouse, list(found.values()))
