"""Rows of text cells (from CSV or a sheet) -> header row, columns and body; everything that can be crooked about a table."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from assets.intake.guards import check_table
from assets.intake.limits import IntakeLimits
from assets.methods.errors import PipelineError, count_sv

HEADER_SEARCH_ROWS = 15
MINIMUM_NAMES = 3
_INVISIBLE_EDGES = "\ufeff\u200b\u2060"
_WHOLE_WITH_DECIMALS = r"^(-?\d+)[.,]00?$"
_FORMULA = r"^(?:[=@]|[+-][^\d.,]|[\t\r])"
_NUMBER = re.compile(r"-?\d+([.,]\d+)?")
LONGEST_NAME = 64


@dataclass(frozen=True)
class Table:
    """A table found in a file: text columns, the row each line comes from (1-based), decimal mark and what was odd."""

    cells: pl.DataFrame
    row_numbers: tuple[int, ...]
    decimal_mark: str
    notes: tuple[str, ...]


def unknown_variables(name: str, matched: int) -> PipelineError:
    """The error for a file whose columns no codebook knows."""
    return PipelineError(
        "unknown_variables",
        name,
        "kolumner som någon kodbok känner igen",
        f"{matched} kända kolumner" if matched else "inga kända kolumner",
        "Kontrollera att det är rätt fil; "
        "är det en ny variant av enkäten gör jobbet propose_codebook (eller did kodbok) ett förslag till kodbok.",
    )


def header_row(rows: Iterable[Sequence[str]], known_names: Container[str] | None, name: str) -> int:
    """Number of the row that holds the column names, among the first ones of the file.

    Args:
        known_names: names of any codebook: the row with most of them. None: the first row that looks like names: different
            from each other, short, hardly any numbers, and as wide as what follows.

    Raises:
        PipelineError: `unknown_variables`; `no_header` when `known_names` is None.
    """
    first = [row for _, row in zip(range(HEADER_SEARCH_ROWS + 1), rows, strict=False)]
    if known_names is None:
        return _likely_header(first, name)
    hits = [sum(_name(cell) in known_names for cell in row if cell) for row in first]
    if not hits or max(hits) < MINIMUM_NAMES:
        raise unknown_variables(name, 0)
    return hits.index(max(hits))


def _likely_header(rows: Sequence[Sequence[str]], name: str) -> int:
    filled = [[_name(cell) for cell in row if _name(cell)] for row in rows]
    widest = max((len(row) for row in filled), default=0)
    for number, row in enumerate(filled):
        numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in row)
        long = sum(len(cell) > LONGEST_NAME for cell in row)
        if len(row) >= max(MINIMUM_NAMES, 0.5 * widest) and len(set(row)) == len(row) and not long and numbers <= 0.1 * len(row):
            return number
    raise PipelineError(
        "no_header",
        name,
        "en rad med kolumnernas namn bland de första raderna",
        "ingen sådan rad",
        "Lägg en rubrikrad överst och försök igen.",
    )


def _name(cell: str) -> str:
    return cell.strip().strip(_INVISIBLE_EDGES).strip()


def table_from_rows(
    name: str, rows: list[list[str]], known_names: Container[str] | None, limits: IntakeLimits, delimiter: str = ""
) -> Table:
    """Find the header and give the body as text columns; empty cells are null, empty rows left out.

    Args:
        delimiter: of a text file, `""` for a sheet (where cells outside the table shift nothing).

    Raises:
        PipelineError: `unknown_variables`, `no_header`, `duplicate_column`, `empty`, `truncated`, `shifted_row`, `too_large`.
    """
    start = header_row(rows, known_names, name)
    header, written = [_name(cell) for cell in rows[start]], len(rows[start])
    while header and not header[-1]:
        header.pop()
    _once_each(header, f"{name}, rad {start + 1}")
    numbered = [(n, row) for n, row in enumerate(rows[start + 1 :], start + 2) if any(cell.strip() for cell in row)]
    body = [row for _, row in numbered]
    if not body:
        raise PipelineError(
            "empty", name, "rader med svar under rubrikraden", "inga rader", "Exportera filen på nytt med svaren."
        )
    check_table(name, len(body), len(header), limits, limits.max_text_cells)
    _even_rows(name, body, len(header), written, delimiter)
    columns = {h or f"kolumn_{i + 1}": [(row[i].strip() or None) for row in body] for i, h in enumerate(header)}
    cells = pl.DataFrame(columns, schema={c: pl.String for c in columns})
    mark = decimal_mark(cells)
    notes = _notes(name, cells, mark)
    whole = cells.with_columns(pl.all().str.replace(_WHOLE_WITH_DECIMALS, "$1"))
    return Table(whole, tuple(n for n, _ in numbered), mark, notes)


def _once_each(header: Sequence[str], where: str) -> None:
    duplicated = sorted({h for h in header if h and header.count(h) > 1})
    if duplicated:
        raise PipelineError(
            "duplicate_column",
            where,
            "varje kolumnnamn en gång",
            f"{len(duplicated)} namn på flera kolumner ({', '.join(duplicated[:5])})",
            "Ta bort eller döp om dubbletterna och lägg filen i inkorgen igen.",
        )


def decimal_mark(cells: pl.DataFrame) -> str:
    """`komma`, `punkt`, `komma och punkt`, or `""` when no number has decimals."""
    found = cells.select(
        pl.any_horizontal(pl.all().str.contains(r"^-?\d+,\d+$").any()).alias("komma"),
        pl.any_horizontal(pl.all().str.contains(r"^-?\d+\.\d+$").any()).alias("punkt"),
    ).row(0, named=True)
    return " och ".join(word for word, is_there in found.items() if is_there)


def _notes(name: str, cells: pl.DataFrame, mark: str) -> tuple[str, ...]:
    notes = []
    formulas = cells.select(pl.sum_horizontal(pl.all().str.contains(_FORMULA).sum())).item() or 0
    if formulas:
        notes.append(f"{name}: {count_sv(formulas, 'cell', 'celler')} börjar som en formel och lagras som vanlig text.")
    if mark == "komma och punkt":
        notes.append(f"{name}: både decimalkomma och decimalpunkt förekommer; kontrollera exporten.")
    return tuple(notes)


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
