"""Register files between the inbox and the tables of the raw and harmonised layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from assets.intake.limits import load_limits
from assets.intake.names import check_name, linked_file
from assets.intake.receive import Rejected, archive_copy, file_hash, name_hash, set_aside
from assets.methods.errors import PipelineError
from assets.registers.assemble import RegisterTables, build, check_file, kolada_vintages, newest_school_indicators
from assets.registers.files import MAPPING_SUFFIX, load_register_catalogue, mapping_beside, read_register_file
from assets.registers.models import RAW_SCHEMA, RawRegister
from assets.registers.raw import from_raw_cells, to_raw_cells
from assets.registers.revisions import compare_all, levels, stop_sentences


def read_register_files(paths: Sequence[Path], archive: Path, rejected: Path) -> tuple[pl.DataFrame, list[Rejected]]:
    """Read all register files; unreadable ones are set aside, the others are archived. A mapping file goes with its data file.

    Links are set aside unread: what they point at may lie anywhere on the computer, and would end in the archive.

    Returns:
        Rows in `RAW_SCHEMA` sorted by file, sheet and row, and what was set aside.
    """
    frames = [pl.DataFrame(schema=RAW_SCHEMA)]
    links = [path for path in paths if path.is_symlink()]
    refused = [set_aside(path, rejected, linked_file(path.name), name_hash(path)) for path in links]
    paths = [path for path in paths if path not in links]
    names = {path.name for path in paths}
    seen: set[str] = set()
    for path in paths:
        if path.suffix == MAPPING_SUFFIX:
            if path.stem not in names:
                refused.append(set_aside(path, rejected, _lonely(path.name), file_hash(path)))
            continue
        digest = file_hash(path)
        if digest in seen:  # the same file under another name
            continue
        seen.add(digest)
        mapping = mapping_beside(path)
        try:
            check_name(path.name, load_limits().max_name_characters)
            raw = read_register_file(path)
            check_file(raw, load_register_catalogue())
            frames.append(to_raw_cells(raw))
        except PipelineError as error:
            refused.append(set_aside(path, rejected, error, digest))
            if mapping.exists():
                set_aside(mapping, rejected, error, file_hash(mapping))
            continue
        archive_copy(path, archive, digest)
        if mapping.exists():
            archive_copy(mapping, archive, digest)
    return pl.concat(frames).sort("source_file", "source_sheet", "source_row"), refused


def _lonely(name: str) -> PipelineError:
    data_file = name.removesuffix(MAPPING_SUFFIX)
    return PipelineError(
        "lonely_mapping",
        name,
        f"datafilen ”{data_file}” i samma mapp",
        "en mappningsfil ensam",
        "Lägg båda filerna i inkorgen samtidigt.",
    )


def parse_registers(rows: pl.DataFrame) -> RegisterTables:
    """Parse the raw layer's register rows into values and schools."""
    return build(_files(rows), load_register_catalogue())


def school_indicators(rows: pl.DataFrame) -> pl.DataFrame:
    """Skolverket's indicators per school unit from the raw layer's register rows (`skolverket_api.INDICATOR_SCHEMA`)."""
    return newest_school_indicators(_files(rows), load_register_catalogue())


def register_revisions(rows: pl.DataFrame) -> pl.DataFrame:
    """What changed between the Kolada vintages that the raw layer holds (`revisions.REVISION_SCHEMA`)."""
    catalogue = load_register_catalogue()
    return compare_all(kolada_vintages(_files(rows), catalogue), catalogue.sources["kolada"].indicators)


def register_level_jumps(rows: pl.DataFrame) -> list[str]:
    """A Swedish sentence per key figure whose level jumped between the two newest Kolada vintages; empty is a go-ahead."""
    catalogue = load_register_catalogue()
    newest = kolada_vintages(_files(rows), catalogue)[-2:]
    if len(newest) < 2:
        return []
    return stop_sentences(levels(*newest), catalogue.sources["kolada"].indicators)


def _files(rows: pl.DataFrame) -> list[RawRegister]:
    if rows.is_empty():
        return []
    ordered = rows.sort("source_file", "source_sheet", "source_row")
    return [from_raw_cells(part) for part in ordered.partition_by("source_sha256", maintain_order=True)]
