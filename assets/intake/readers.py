"""Read survey files (.sav/.zsav, .csv/.tsv/.txt, .xlsx) into `RawDelivery`.

Every mistake a person can make with a file ends in a `PipelineError` whose text is one Swedish sentence; a bug keeps its
traceback.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from assets.intake.delivery import RawDelivery
from assets.methods.errors import PipelineError, count_sv

SURVEY_SUFFIXES = (".sav", ".zsav", ".csv", ".tsv", ".txt", ".xlsx")
_SAV_MAGIC = (b"$FL2", b"$FL3")
_HEADER_SEARCH_ROWS = 15
_UNDEFINED_IN_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")


def read_delivery(path: Path, known_names: frozenset[str]) -> RawDelivery:
    """Read one file from the inbox.

    Args:
        path: the file.
        known_names: all column names that any codebook knows; used to find the header row under title rows.

    Raises:
        PipelineError: codes `empty`, `unsupported_format`, `unreadable`, `truncated`, `wrong_encoding`, `unknown_variables`.
    """
    content = path.read_bytes()
    name = path.name
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise PipelineError(
            "empty", name, "en fil med svar", "en tom fil", "Exportera filen på nytt och lägg den i inkorgen igen."
        )
    suffix = path.suffix.lower()
    if suffix not in SURVEY_SUFFIXES:
        raise PipelineError(
            "unsupported_format",
            name,
            "en fil av typen .sav, .csv eller .xlsx",
            f"filtypen {suffix or 'utan ändelse'}",
            "Spara om filen i något av formaten och lägg den i inkorgen igen.",
        )
    digest = hashlib.sha256(content).hexdigest()
    if suffix in {".sav", ".zsav"}:
        return _read_sav(path, content, digest)
    if suffix == ".xlsx":
        return _read_xlsx(name, content, digest, known_names)
    return _read_csv(name, content, digest, known_names)


def _read_sav(path: Path, content: bytes, digest: str) -> RawDelivery:
    import pyreadstat

    if content[:4] not in _SAV_MAGIC:
        raise PipelineError(
            "unreadable",
            path.name,
            "en SPSS-fil",
            "ett innehåll som inte är SPSS trots filnamnet",
            "Exportera enkäten som .sav på nytt och lägg den i inkorgen igen.",
        )
    try:
        frame, meta = pyreadstat.read_sav(str(path), output_format="polars", user_missing=True)
    except pyreadstat.ReadstatError as error:
        raise PipelineError(
            "truncated",
            path.name,
            "en hel SPSS-fil",
            "en fil som tar slut i förtid eller är skadad",
            "Kopiera eller exportera filen på nytt; kontrollera att överföringen blev klar.",
        ) from error
    declared = meta.number_rows
    again = "Exportera filen på nytt och lägg den i inkorgen igen."
    if not frame.height and not declared:
        raise PipelineError("empty", path.name, "svar på minst en rad", "inga rader", again)
    if declared is not None and declared >= 0 and frame.height != declared:
        raise PipelineError("truncated", path.name, f"{declared} rader enligt filens huvud", f"{frame.height} rader", again)
    labels = {
        column: {_code(code): str(label) for code, label in pairs.items()} for column, pairs in meta.variable_value_labels.items()
    }
    return RawDelivery(
        path.name, digest, "sav", frame.select(_as_text(frame[c]) for c in frame.columns), meta.file_encoding or "", "", labels
    )


def _code(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _as_text(series: pl.Series) -> pl.Series:
    if series.dtype.is_float():
        whole = series.is_null() | (series == series.floor())
        if whole.all():
            return series.cast(pl.Int64).cast(pl.String)
    text = series.cast(pl.String).str.strip_chars()
    return text.replace("", None)


def _decode(name: str, content: bytes) -> tuple[str, str]:
    if content.startswith(b"\xef\xbb\xbf"):
        content, label = content[3:], "UTF-8 med BOM"
    else:
        label = "UTF-8"
    if b"\x00" in content[:4096]:
        raise _encoding_error(name, "UTF-16 eller binärt innehåll")
    try:
        return content.decode("utf-8"), label
    except UnicodeDecodeError:
        if _UNDEFINED_IN_CP1252 & set(content):
            raise _encoding_error(name, "bytes som inte hör hemma i UTF-8 eller Windows-1252") from None
        return content.decode("cp1252"), "Windows-1252"


def _encoding_error(name: str, got: str) -> PipelineError:
    return PipelineError(
        "wrong_encoding",
        name,
        "text i UTF-8 eller Windows-1252",
        got,
        "Spara om filen som CSV UTF-8 och lägg den i inkorgen igen.",
    )


def _header_row(rows: Iterable[list[str]], known_names: frozenset[str], name: str) -> int:
    best, best_hits = 0, 0
    for number, row in enumerate(rows):
        hits = sum(cell.strip() in known_names for cell in row if cell)
        if hits > best_hits:
            best, best_hits = number, hits
        if number >= _HEADER_SEARCH_ROWS:
            break
    if best_hits < 3:
        raise unknown_variables(name, 0)
    return best


def unknown_variables(name: str, matched: int) -> PipelineError:
    """The error for a file whose columns no codebook knows."""
    return PipelineError(
        "unknown_variables",
        name,
        "kolumner som någon kodbok känner igen",
        f"{matched} kända kolumner" if matched else "inga kända kolumner",
        "Kontrollera att det är rätt fil; är det en ny variant av enkäten behövs en ny kodbok.",
    )


def _read_csv(name: str, content: bytes, digest: str, known_names: frozenset[str]) -> RawDelivery:
    text, encoding = _decode(name, content)
    head = text[:20_000]
    delimiter = max(
        ";\t,", key=lambda d: max((line.count(d) for line in head.splitlines()[: _HEADER_SEARCH_ROWS + 1]), default=0)
    )
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise PipelineError(
            "unreadable",
            name,
            "en textfil med en rad per elev",
            "text som inte går att dela i celler, troligen ett citattecken som aldrig stängs",
            "Exportera filen på nytt och lägg den i inkorgen igen.",
        ) from error
    return _from_rows(name, digest, "csv", rows, known_names, encoding, delimiter)


def _read_xlsx(name: str, content: bytes, digest: str, known_names: frozenset[str]) -> RawDelivery:
    import fastexcel

    try:
        book = fastexcel.read_excel(content)
        sheets = [book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string").to_polars() for sheet in book.sheet_names]
    except fastexcel.FastExcelError as error:
        raise PipelineError(
            "unreadable",
            name,
            "en Excel-arbetsbok (.xlsx)",
            "en fil som Excel-läsaren inte kan öppna",
            "Öppna och spara om filen i Excel och lägg den i inkorgen igen.",
        ) from error
    best: RawDelivery | None = None
    for sheet in sheets:
        rows = [[cell or "" for cell in row] for row in sheet.rows()]
        try:
            candidate = _from_rows(name, digest, "xlsx", rows, known_names, "", "")
        except PipelineError as error:
            if error.code != "unknown_variables":
                raise
            continue
        if best is None or len(set(candidate.cells.columns) & known_names) > len(set(best.cells.columns) & known_names):
            best = candidate
    if best is None:
        raise unknown_variables(name, 0)
    return best


def _from_rows(
    name: str, digest: str, file_format: str, rows: list[list[str]], known_names: frozenset[str], encoding: str, delimiter: str
) -> RawDelivery:
    start = _header_row(rows, known_names, name)
    header, written = [cell.strip() for cell in rows[start]], len(rows[start])
    while header and not header[-1]:
        header.pop()
    duplicated = sorted({h for h in header if h and header.count(h) > 1})
    if duplicated:
        raise PipelineError(
            "duplicate_column",
            f"{name}, rad {start + 1}",
            "varje kolumnnamn en gång",
            f"{len(duplicated)} namn på flera kolumner ({', '.join(duplicated[:5])})",
            "Ta bort eller döp om dubbletterna och lägg filen i inkorgen igen.",
        )
    numbered = [(n, row) for n, row in enumerate(rows[start + 1 :], start + 2) if any(cell.strip() for cell in row)]
    body = [row for _, row in numbered]
    if not body:
        raise PipelineError(
            "empty", name, "rader med svar under rubrikraden", "inga rader", "Exportera filen på nytt med svaren."
        )
    width = len(header)
    _even_rows(name, body, width, written, delimiter)
    columns = {h or f"kolumn_{i + 1}": [(row[i].strip() or None) for row in body] for i, h in enumerate(header)}
    cells = pl.DataFrame(columns, schema={c: pl.String for c in columns})
    if file_format == "xlsx":
        cells = cells.with_columns(pl.all().str.replace(r"^(-?\d+)\.0$", "$1"))
    return RawDelivery(name, digest, file_format, cells, encoding, delimiter, {}, tuple(n for n, _ in numbered))


def _even_rows(name: str, body: list[list[str]], width: int, written: int, delimiter: str) -> None:
    """Refuse rows that are shorter than the header (a cut file) or longer (a delimiter inside a cell shifts every answer)."""
    short = sum(len(row) < width for row in body)
    if short:
        raise PipelineError(
            "truncated",
            name,
            f"{width} kolumner på varje rad",
            f"{count_sv(short, 'rad', 'rader')} med färre kolumner",
            "Filen är troligen avbruten; exportera den på nytt.",
        )
    long = sum(len(row) > written for row in body)
    if delimiter and long and (long < len(body) or any(cell.strip() for row in body for cell in row[written:])):
        raise PipelineError(
            "shifted_row",
            name,
            f"{written} kolumner på varje rad",
            f"{count_sv(long, 'rad', 'rader')} med fler kolumner",
            "Troligen står skiljetecknet inne i en cell; exportera filen med citattecken runt text.",
        )
