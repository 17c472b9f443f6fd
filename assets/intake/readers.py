"""Read survey files (.sav/.zsav, .dta, .csv/.tsv/.txt, .xlsx) into `RawDelivery`.

Every mistake a person can make with a file ends in a `PipelineError` whose text is one Swedish sentence; a bug keeps its
traceback. What a file claims about itself is checked before anything is unpacked or parsed (`guards.py`, `workbook.py`), and
binary formats are parsed in a process of their own (`isolated.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Container
from pathlib import Path
from typing import Literal

from assets.intake.cells import table_from_rows, unknown_variables
from assets.intake.delimited import decode, split_rows
from assets.intake.delivery import RawDelivery
from assets.intake.guards import AGAIN, check_dta_header, check_sav_header, check_size, check_table, damaged, too_large
from assets.intake.isolated import Parsed, ParserFailed, parse
from assets.intake.limits import IntakeLimits, load_limits
from assets.intake.names import check_name, linked_file
from assets.intake.workbook import check_workbook, table_from_sheets, unreadable_workbook
from assets.methods.coded import CodedCells
from assets.methods.errors import PipelineError

__all__ = ["SURVEY_SUFFIXES", "read_delivery", "unknown_variables"]

SURVEY_SUFFIXES = (".sav", ".zsav", ".dta", ".csv", ".tsv", ".txt", ".xlsx")
_SAV_MAGIC = (b"$FL2", b"$FL3")


def read_delivery(path: Path, known_names: Container[str] | None, limits: IntakeLimits | None = None) -> RawDelivery:
    """Read one file from the inbox.

    Args:
        path: the file.
        known_names: all column names that any codebook knows; used to find the header row under title rows. None: look for
            the first row that looks like column names (the codebook workbench).
        limits: default those of `intake.yml`.

    Raises:
        PipelineError: `bad_name`, `empty`, `unsupported_format`, `too_large`, `unreadable`, `truncated`, `wrong_encoding`,
            `unknown_variables`, `no_header`, `duplicate_column`, `shifted_row`, `merged_cells`, `hidden_sheet`.
    """
    limits = limits or load_limits()
    name, suffix = path.name, path.suffix.lower()
    if path.is_symlink():
        raise linked_file(name)
    check_name(name, limits.max_name_characters)
    highest = {".xlsx": limits.workbook.max_bytes, ".sav": limits.max_bytes, ".zsav": limits.max_bytes, ".dta": limits.max_bytes}
    check_size(path, highest.get(suffix, limits.max_text_bytes))
    content = path.read_bytes()
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise PipelineError("empty", name, "en fil med svar", "en tom fil", AGAIN)
    if suffix not in SURVEY_SUFFIXES:
        raise PipelineError(
            "unsupported_format",
            name,
            "en fil av typen .sav, .csv eller .xlsx",
            f"filtypen {suffix or 'utan ändelse'}",
            "Spara om filen i något av formaten och lägg den i inkorgen igen.",
        )
    digest = hashlib.sha256(content).hexdigest()
    if suffix in {".sav", ".zsav", ".dta"}:
        return _read_statistics(path, content, digest, limits)
    if suffix == ".xlsx":
        return _read_xlsx(path, digest, known_names, limits)
    return _read_csv(name, content, digest, known_names, limits)


def _read_statistics(path: Path, content: bytes, digest: str, limits: IntakeLimits) -> RawDelivery:
    kind: Literal["sav", "dta"] = "dta" if path.suffix.lower() == ".dta" else "sav"
    if kind == "sav" and content[:4] not in _SAV_MAGIC:
        raise PipelineError(
            "unreadable",
            path.name,
            "en SPSS-fil",
            "ett innehåll som inte är SPSS trots filnamnet",
            "Exportera enkäten som .sav på nytt och lägg den i inkorgen igen.",
        )
    (check_sav_header if kind == "sav" else check_dta_header)(path.name, content, limits)
    parsed = _parse(kind, path, limits)
    (numbers,), about = parsed.tables, parsed.about
    cells = CodedCells.numbered(numbers, about["texts"])
    declared = about["declared_rows"]
    if not cells.height and not declared:
        raise PipelineError("empty", path.name, "svar på minst en rad", "inga rader", AGAIN)
    if declared is not None and declared >= 0 and cells.height != declared:
        raise PipelineError("truncated", path.name, f"{declared} rader enligt filens huvud", f"{cells.height} rader", AGAIN)
    check_table(path.name, cells.height, len(cells.columns), limits, limits.max_cells)
    return RawDelivery(
        path.name,
        digest,
        kind,
        cells,
        encoding=about["encoding"],
        value_labels=about["value_labels"],
        column_labels=about["column_labels"],
    )


def _parse(kind: Literal["sav", "dta", "xlsx"], path: Path, limits: IntakeLimits) -> Parsed:
    try:
        return parse(kind, path, limits.parse_seconds)
    except ParserFailed as failed:
        if failed.kind == "slow":
            minutes = f"{limits.parse_seconds / 60:.0f}"
            raise too_large(path.name, f"en fil som går att läsa på {minutes} minuter", "en fil som tar längre tid") from None
        if kind == "xlsx":
            raise unreadable_workbook(path.name) from None
        raise damaged(path.name, "Stata" if kind == "dta" else "SPSS") from None


def _read_csv(name: str, content: bytes, digest: str, known_names: Container[str] | None, limits: IntakeLimits) -> RawDelivery:
    if content.count(b"\n") > limits.max_rows * 2:
        raise too_large(name, f"högst {limits.max_rows} rader", "fler rader än så")
    text, encoding = decode(name, content)
    rows, delimiter = split_rows(name, text)
    table = table_from_rows(name, rows, known_names, limits, delimiter)
    return RawDelivery(
        name,
        digest,
        "csv",
        CodedCells.of(table.cells),
        encoding=encoding,
        delimiter=delimiter,
        decimal_mark=table.decimal_mark,
        row_numbers=table.row_numbers,
        notes=table.notes,
    )


def _read_xlsx(path: Path, digest: str, known_names: Container[str] | None, limits: IntakeLimits) -> RawDelivery:
    merges = check_workbook(path, limits)
    parsed = _parse("xlsx", path, limits)
    table = table_from_sheets(path.name, parsed, merges, known_names, limits)
    return RawDelivery(
        path.name,
        digest,
        "xlsx",
        CodedCells.of(table.cells),
        decimal_mark=table.decimal_mark,
        row_numbers=table.row_numbers,
        notes=table.notes,
    )
