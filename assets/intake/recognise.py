"""Which codebook does a delivery follow, and which waves does it hold? Pure functions over column names and cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from assets.catalogue.models import Codebook
from assets.intake.readers import unknown_variables
from assets.methods.errors import PipelineError, count_sv

MINIMUM_MATCH = 0.5


def known_names(codebooks: Iterable[Codebook]) -> frozenset[str]:
    """All column names that any codebook knows."""
    names: set[str] = set()
    for book in codebooks:
        names |= set(book.items)
        names |= {n for role in type(book.columns).model_fields for n in getattr(book.columns, role)}
    return frozenset(names)


def recognise(file_name: str, columns: Sequence[str], codebooks: Iterable[Codebook]) -> Codebook:
    """The codebook whose item columns the file has most of (names compared letter by letter: `F62` is not `f62`).

    Raises:
        PipelineError: `unknown_variables` when no codebook matches at least half of its items or two match equally well;
            `missing_column` when a required background column is absent.
    """
    present = set(columns)
    shares = sorted(((len(present & set(b.items)) / len(b.items), b.id, b) for b in codebooks), reverse=True)
    if not shares or shares[0][0] < MINIMUM_MATCH or (len(shares) > 1 and shares[0][0] == shares[1][0]):
        raise unknown_variables(file_name, len(present & known_names(b for _, _, b in shares)))
    book = shares[0][2]
    for role, names in book.columns.required().items():
        if not present & set(names):
            raise PipelineError(
                "missing_column",
                file_name,
                f"en kolumn för {_ROLE_SV[role]} ({' eller '.join(names)})",
                "ingen sådan kolumn",
                "Exportera filen med kolumnen och lägg den i inkorgen igen.",
            )
    return book


_ROLE_SV = {"wave": "år", "school_municipality": "skolkommun", "grade": "årskurs", "sex": "kön"}


def role_column(book: Codebook, role: str, columns: Iterable[str]) -> str | None:
    """The file's column for a role (`wave`, `class_`, …), or None."""
    present = set(columns)
    return next((n for n in getattr(book.columns, role) if n in present), None)


def waves(file_name: str, cells: pl.DataFrame, book: Codebook) -> pl.Series:
    """Survey year of each row as Int32.

    Raises:
        PipelineError: `bad_wave` when a row has no readable year.
    """
    column = role_column(book, "wave", cells.columns)
    year = cells[column].str.strip_chars().str.replace(r"\.0$", "").cast(pl.Int32, strict=False)
    bad = int((year.is_null() | ~year.is_between(1990, 2100)).sum())
    if bad:
        raise PipelineError(
            "bad_wave",
            f"{file_name}, kolumnen {column}",
            "ett årtal på varje rad",
            f"{count_sv(bad, 'rad', 'rader')} utan läsbart årtal",
            "Fyll i undersökningsåret och lägg filen i inkorgen igen.",
        )
    return year.rename("wave")
