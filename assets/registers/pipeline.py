"""Register files between the inbox and the tables of the raw and harmonised layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from assets.intake.receive import Rejected, archive_copy, file_hash, set_aside
from assets.methods.errors import PipelineError
from assets.registers.assemble import RegisterTables, build, check_file
from assets.registers.files import load_register_catalogue, read_register_file
from assets.registers.models import RAW_SCHEMA
from assets.registers.raw import from_raw_cells, to_raw_cells


def read_register_files(paths: Sequence[Path], archive: Path, rejected: Path) -> tuple[pl.DataFrame, list[Rejected]]:
    """Read all register files; unreadable ones are set aside, the others are archived.

    Returns:
        Rows in `RAW_SCHEMA` sorted by file, sheet and row, and what was set aside.
    """
    frames, refused = [pl.DataFrame(schema=RAW_SCHEMA)], []
    seen: set[str] = set()
    for path in paths:
        digest = file_hash(path)
        if digest in seen:  # the same file under another name
            continue
        seen.add(digest)
        try:
            raw = read_register_file(path)
            check_file(raw, load_register_catalogue())
            frames.append(to_raw_cells(raw))
        except PipelineError as error:
            refused.append(set_aside(path, rejected, error, digest))
            continue
        archive_copy(path, archive, digest)
    return pl.concat(frames).sort("source_file", "source_sheet", "source_row"), refused


def parse_registers(rows: pl.DataFrame) -> RegisterTables:
    """Parse the raw layer's register rows into values and schools."""
    files = (
        rows.sort("source_file", "source_sheet", "source_row").partition_by("source_sha256", maintain_order=True)
        if rows.height
        else []
    )
    return build([from_raw_cells(part) for part in files], load_register_catalogue())
