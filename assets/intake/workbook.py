"""Excel workbooks: what the archive claims and really holds, merged cells, hidden sheets, several sheets with answers.

The archive is unpacked once in small pieces before the parser sees it, so that a zip bomb, a lying directory or a cell far
out in an empty sheet is found while it still costs nothing. Nothing in a workbook is ever calculated: formulas give the values
that Excel saved, and text that looks like a formula stays text.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import polars as pl

from assets.intake.cells import Table, table_from_rows, unknown_variables
from assets.intake.guards import check_table, too_large
from assets.intake.isolated import Parsed
from assets.intake.limits import IntakeLimits
from assets.methods.errors import PipelineError, count_sv
from assets.zip_faults import DIRECTORY_FAULTS

SHEET_STEP = 10_000_000
"""Row numbers of the second sheet with answers start here, of the third at twice that: a row has one number in its file."""
_PIECE = 1 << 20
_SMALL = 10_000
_OVERLAP = 256
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FILLED_CELL = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*(?<!/)>')
_FAR_CELL = re.compile(rb'<c\b[^>]*?\br="(?:[A-Z]{3}\d+|[A-Z]{1,3}\d{6,7})"[^>]*(?<!/)>')
_MERGED = re.compile(rb'<mergeCell [^>]*ref="[A-Z]+\d+:[A-Z]+(\d+)"')
_SHEET = re.compile(rb'<sheet [^>]*?name="([^"]*)"[^>]*?r:id="([^"]+)"')
_TARGET = re.compile(rb"<Relationship\b[^>]*>")


@dataclass(frozen=True)
class Merges:
    """Merged areas of one worksheet part: the last row of each."""

    last_rows: tuple[int, ...]


def check_workbook(path: Path, limits: IntakeLimits) -> dict[str, Merges]:
    """Refuse an archive that is none, is locked, or unpacks to more than allowed.

    Returns:
        Sheet name -> its merged areas.

    Raises:
        PipelineError: `unreadable`, `too_large`.
    """
    name = path.name
    with path.open("rb") as file:
        if file.read(8) == _OLE:
            raise _unreadable(name, "en lösenordsskyddad arbetsbok eller en äldre Excel-fil (.xls)")
    parts = _directory(path)
    _check_directory(name, path.stat().st_size, parts, limits)
    sheets = [p for p in parts if p.filename.startswith("xl/worksheets/") and p.filename.endswith(".xml")]
    if len(sheets) > limits.workbook.max_sheets:
        raise too_large(name, f"högst {limits.workbook.max_sheets} blad", f"{len(sheets)} blad")
    texts: dict[str, bytes] = {}
    scans = {p.filename: _Scan(name, limits) for p in parts}
    unpacked, most = 0, _most_unpacked(path.stat().st_size, limits)
    for part, piece in _unpacked(path, parts):
        unpacked += len(piece)
        if unpacked > most:
            raise _bomb(name)
        if part in sheets:
            scans[part.filename].take(piece)
        elif part.filename in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
            texts[part.filename] = texts.get(part.filename, b"") + piece
    merges = {filename: Merges(tuple(scan.merged)) for filename, scan in scans.items()}
    return _by_sheet_name(texts, merges)


def _directory(path: Path) -> list[ZipInfo]:
    """What the archive says it holds. Damaged archives make `zipfile` raise each of these; nothing of ours runs inside."""
    try:
        with ZipFile(path) as archive:
            return archive.infolist()
    except DIRECTORY_FAULTS as error:
        raise _unreadable(path.name, "en fil som Excel-läsaren inte kan öppna") from error


def _unpacked(path: Path, parts: list[ZipInfo]) -> Iterator[tuple[ZipInfo, bytes]]:
    """Every part in small pieces. Only what unpacking raises is the file's fault; an error where a piece is used is a bug."""
    try:
        with path.open("rb") as raw:
            for part in parts:
                for piece in _pieces(raw, part):
                    yield part, piece
    except (BadZipFile, zlib.error, EOFError) as error:
        raise _unreadable(path.name, "en fil som Excel-läsaren inte kan öppna") from error


def _check_directory(name: str, size: int, parts: list[ZipInfo], limits: IntakeLimits) -> None:
    most = limits.workbook
    if len(parts) > most.max_parts:
        raise too_large(name, f"högst {most.max_parts} delar i arbetsboken", f"{len(parts)} delar")
    if any(p.flag_bits & 1 for p in parts):
        raise _unreadable(name, "en lösenordsskyddad arbetsbok")
    if any(p.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for p in parts):
        raise _unreadable(name, "en arbetsbok som är packad på ett okänt sätt")
    if sum(p.file_size for p in parts) > _most_unpacked(size, limits):
        raise _bomb(name)


def _most_unpacked(size: int, limits: IntakeLimits) -> float:
    return min(limits.workbook.max_unpacked_bytes, max(size, _SMALL) * limits.workbook.max_ratio)


def _bomb(name: str) -> PipelineError:
    return PipelineError(
        "too_large",
        name,
        "en arbetsbok av rimlig storlek",
        "en fil som blir orimligt stor när den packas upp",
        "Öppna och spara om filen i Excel, eller skicka den som CSV.",
    )


def _unreadable(name: str, got: str) -> PipelineError:
    return PipelineError(
        "unreadable", name, "en Excel-arbetsbok (.xlsx)", got, "Öppna och spara om filen i Excel och lägg den i inkorgen igen."
    )


def unreadable_workbook(name: str) -> PipelineError:
    """The error for a workbook that the parser cannot open."""
    return _unreadable(name, "en fil som Excel-läsaren inte kan öppna")


def _pieces(raw, part: ZipInfo) -> Iterator[bytes]:
    """The unpacked content of a part, as it really is and not as the directory says."""
    if part.header_offset < 0:
        raise BadZipFile
    raw.seek(part.header_offset)
    head = raw.read(30)
    if len(head) < 30 or head[:4] != b"PK\x03\x04":
        raise BadZipFile
    name_length, extra_length = struct.unpack("<HH", head[26:30])
    raw.seek(part.header_offset + 30 + name_length + extra_length)
    left = part.compress_size
    unpack = zlib.decompressobj(-15) if part.compress_type == ZIP_DEFLATED else None
    while left > 0:
        packed = raw.read(min(_PIECE, left))
        if not packed:
            raise EOFError
        left -= len(packed)
        while packed:
            if unpack is None:
                yield packed
                break
            yield unpack.decompress(packed, _PIECE)
            packed = unpack.unconsumed_tail


class _Scan:
    """Looks through a worksheet in pieces: merged areas, and filled cells farther out than a delivery can be."""

    def __init__(self, name: str, limits: IntakeLimits) -> None:
        self.merged: list[int] = []
        self._name, self._limits, self._tail = name, limits, b""

    def take(self, piece: bytes) -> None:
        """Look at the next piece, with the end of the one before it in case something lies across the border."""
        text = self._tail + piece
        for found in _FAR_CELL.finditer(text):
            column, row = _FILLED_CELL.match(found[0]).groups()
            number = 0
            for letter in column:
                number = number * 26 + letter - 64
            check_table(self._name, int(row), number, self._limits, self._limits.max_text_cells)
        last = 0
        for found in _MERGED.finditer(text):
            self.merged.append(int(found[1]))
            last = found.end()
        self._tail = text[max(last, len(text) - _OVERLAP) :]


def _by_sheet_name(texts: dict[str, bytes], merges: dict[str, Merges]) -> dict[str, Merges]:
    targets = {}
    for tag in _TARGET.findall(texts.get("xl/_rels/workbook.xml.rels", b"")):
        found = {key: value for key, value in re.findall(rb'(\w+)="([^"]*)"', tag)}
        targets[found.get(b"Id", b"")] = found.get(b"Target", b"").decode("utf-8", "replace")
    named = {}
    for sheet, relation in _SHEET.findall(texts.get("xl/workbook.xml", b"")):
        target = targets.get(relation, "").removeprefix("/xl/").removeprefix("./")
        named[_unescaped(sheet.decode("utf-8", "replace"))] = merges.get(f"xl/{target}", Merges(()))
    return named


def _unescaped(text: str) -> str:
    for entity, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, letter)
    return text


def table_from_sheets(
    name: str, parsed: Parsed, merges: dict[str, Merges], known_names: Container[str] | None, limits: IntakeLimits
) -> Table:
    """The answers of a workbook: the visible sheet that knows most names, and every other visible sheet with the same columns.

    Raises:
        PipelineError: `unknown_variables`, `hidden_sheet`, `merged_cells`, and those of `table_from_rows`.
    """
    found: list[tuple[int, str, Table]] = []
    hidden = []
    for position, (about, frame) in enumerate(zip(parsed.about["sheets"], parsed.tables, strict=True)):
        rows = [[cell or "" for cell in row] for row in frame.rows()]
        try:
            table = table_from_rows(name, rows, known_names, limits)
        except PipelineError as error:
            if error.code in {"unknown_variables", "no_header"} or not about["visible"]:
                continue
            raise
        if about["visible"]:
            found.append((position, about["name"], table))
        else:
            hidden.append(about["name"])
    if not found:
        raise _only_hidden(name) if hidden else unknown_variables(name, 0)
    notes = [f"{name}: bladet {sheet} är dolt och lästes inte." for sheet in hidden]
    return _stacked(name, found, merges, known_names, notes)


def _stacked(
    name: str, found: list[tuple[int, str, Table]], merges: dict[str, Merges], known: Container[str] | None, notes: list[str]
) -> Table:
    def names_known(entry: tuple[int, str, Table]) -> int:
        columns = set(entry[2].cells.columns)
        return sum(column in known for column in columns) if known is not None else len(columns)

    best = max(found, key=lambda entry: (names_known(entry), -entry[0]))
    same = [e for e in found if set(e[2].cells.columns) == set(best[2].cells.columns)]
    notes += [f"{name}: bladet {sheet} har andra kolumner och lästes inte." for _, sheet, t in found if (_, sheet, t) not in same]
    for _, sheet, table in same:
        _no_merged_answers(f"{name}, bladet {sheet}", table, merges.get(sheet, Merges(())))
    numbers = [n + SHEET_STEP * at for at, (_, _, table) in enumerate(same) for n in table.row_numbers]
    marks = {word for _, _, table in same for word in table.decimal_mark.split(" och ") if word}
    notes += [note for _, _, table in same for note in table.notes]
    if len(same) > 1:
        notes.append(f"{name}: {count_sv(len(same), 'blad', 'blad')} med samma kolumner lästes efter varandra.")
    cells = pl.concat([table.cells.select(best[2].cells.columns) for _, _, table in same])
    return Table(cells, tuple(numbers), " och ".join(sorted(marks)), tuple(notes))


def _no_merged_answers(where: str, table: Table, merges: Merges) -> None:
    """A merged cell has its value in one row and nothing in the others, which would read as missing answers."""
    first = table.row_numbers[0]
    inside = sum(row >= first for row in merges.last_rows)
    if inside:
        raise PipelineError(
            "merged_cells",
            where,
            "ett svar i varje cell",
            f"{count_sv(inside, 'område', 'områden')} med sammanfogade celler bland svaren",
            "Dela upp de sammanfogade cellerna i Excel, fyll i värdet på varje rad och lägg filen i inkorgen igen.",
        )


def _only_hidden(name: str) -> PipelineError:
    return PipelineError(
        "hidden_sheet",
        name,
        "svaren på ett synligt blad",
        "dem bara på ett dolt blad",
        "Högerklicka på bladfliken i Excel, välj Ta fram, spara och lägg filen i inkorgen igen.",
    )
