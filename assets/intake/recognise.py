"""Which codebook does a delivery follow, and which waves does it hold? Pure functions over column names and cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from assets.catalogue.models import Codebook
from assets.intake.cells import unknown_variables
from assets.intake.sidecar import Sidecar
from assets.intake.wordings import wording_hash
from assets.methods.coded import CodedCells
from assets.methods.errors import PipelineError, count_sv

MINIMUM_MATCH = 0.2
"""Share of a codebook's items that a delivery has to have: the index items alone are nearly a quarter of them."""


def known_names(codebooks: Iterable[Codebook]) -> frozenset[str]:
    """All column names that any codebook knows."""
    names: set[str] = set()
    for book in codebooks:
        names |= set(book.items) | set(book.measures)
        names |= {n for role in type(book.columns).model_fields for n in getattr(book.columns, role)}
    return frozenset(names)


def recognise(file_name: str, columns: Sequence[str], codebooks: Iterable[Codebook], sidecar: Sidecar | None = None) -> Codebook:
    """The codebook whose item columns the file has most of (names compared letter by letter: `F62` is not `f62`).

    Among codebooks that the file has enough of, the one with most columns in it wins; of two with as many, the one that the
    file has the larger share of.

    Args:
        sidecar: what the steward declares; its codebook is used without comparison, its municipality and its year stand in for
            the column.

    Raises:
        PipelineError: `unknown_variables` when no codebook matches at least a fifth of its items or two match equally well;
            `missing_column` when a required background column is absent.
    """
    books = tuple(codebooks)
    present = set(columns)
    declared = sidecar.kodbok if sidecar else None
    book = next(b for b in books if b.id == declared) if declared else _best(file_name, present, books)
    if declared and not present & set(book.items):
        raise PipelineError(
            "unknown_variables",
            file_name,
            f"kolumner ur kodboken {book.id}, som sidofilen anger",
            "inga sådana kolumner",
            "Kontrollera att det är rätt fil och rätt kodbok.",
        )
    for role, names in book.columns.required().items():
        given = sidecar is not None and {"school_municipality": sidecar.kommun, "wave": sidecar.ar}.get(role)
        if not given and not present & set(names):
            raise PipelineError(
                "missing_column",
                file_name,
                f"en kolumn för {_ROLE_SV[role]} ({' eller '.join(names)})",
                "ingen sådan kolumn",
                _without_column(role, file_name),
            )
    return book


DECLARABLE = {"school_municipality": 'kommun: "KOD" (kommunens kod)', "wave": "ar: ÅR (mättillfällets år)"}
"""Role -> the line of a sidecar that takes the place of its column."""


def _without_column(role: str, file_name: str) -> str:
    """What to do about a background column that isn't there."""
    line = DECLARABLE.get(role)
    if line is None:
        return "Exportera filen med kolumnen och lägg den i inkorgen igen."
    return (
        f"Exportera filen med kolumnen, eller skriv raden {line} i en sidofil, {file_name}.kodbok.yml, "
        "och lägg båda i inkorgen igen."
    )


def _best(file_name: str, present: set[str], books: Sequence[Codebook]) -> Codebook:
    fits = [b for b in books if share_matched(present, b) >= MINIMUM_MATCH]
    ranked = sorted(((len(present & set(b.items)), share_matched(present, b), b.id, b) for b in fits), reverse=True)
    if not ranked:
        raise unknown_variables(file_name, len(present & known_names(books)))
    if len(ranked) > 1 and ranked[0][:2] == ranked[1][:2]:
        raise PipelineError(
            "unknown_variables",
            file_name,
            "en kodbok som passar bäst",
            f"två som passar lika bra ({ranked[1][2]} och {ranked[0][2]})",
            f"Ange vilken med raden kodbok i en sidofil, {file_name}.kodbok.yml.",
        )
    return ranked[0][3]


def check_texts(file_name: str, column_labels: Mapping[str, str], book: Codebook, hashes: Mapping[str, str]) -> None:
    """Refuse a file whose own texts say that a column is another question than the codebook means by its name.

    Args:
        column_labels: column -> the question's text as the file declares it. hashes: `wordings.known_hashes`; texts that aren't
            there say nothing.

    Raises:
        PipelineError: `other_question`.
    """
    said = {name: hashes.get(wording_hash(column_labels[name])) for name in book.items if name in column_labels}
    wrong = [name for name, item in said.items() if item is not None and item != book.items[name]]
    if wrong:
        more = f" och {len(wrong) - 5} till" if len(wrong) > 5 else ""
        raise PipelineError(
            "other_question",
            file_name,
            f"frågorna ur kodboken {book.id}",
            f"andra frågor enligt filens egna texter i kolumnerna {', '.join(wrong[:5])}{more}",
            "Ange rätt kodbok i en sidofil eller gör en egen med jobbet propose_codebook (eller did kodbok).",
        )


def share_matched(columns: Iterable[str], book: Codebook) -> float:
    """Share of the codebook's items that the columns have, 0 to 1."""
    return len(set(columns) & set(book.items)) / len(book.items)


_ROLE_SV = {"wave": "år", "school_municipality": "skolkommun", "grade": "årskurs", "sex": "kön"}


def role_column(book: Codebook, role: str, columns: Iterable[str]) -> str | None:
    """The file's column for a role (`wave`, `class_`, …), or None."""
    present = set(columns)
    return next((n for n in getattr(book.columns, role) if n in present), None)


def waves(file_name: str, cells: pl.DataFrame | CodedCells, book: Codebook) -> pl.Series:
    """Survey year of each row as Int32.

    Raises:
        PipelineError: `bad_wave` when a row has no readable year.
    """
    column = role_column(book, "wave", cells.columns)
    text = cells[column].words(str) if isinstance(cells, CodedCells) else cells[column]
    year = text.str.strip_chars().str.replace(r"\.0$", "").cast(pl.Int32, strict=False)
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


def declared_wave(cells: CodedCells, year: int) -> pl.Series:
    """The same survey year on every row, as the sidecar declares it."""
    return pl.Series("wave", [year], dtype=pl.Int32).new_from_index(0, cells.height)


def other_years(file_name: str, cells: CodedCells, book: Codebook, year: int) -> tuple[str, ...]:
    """A Swedish sentence when rows say another year than the sidecar, whose word goes; none when nothing speaks against it."""
    column = role_column(book, "wave", cells.columns)
    if column is None:
        return ()
    others = cells[column].words(lambda text: text.strip().removesuffix(".0")).ne(str(year)).fill_null(False).sum()
    if not others:
        return ()
    rows = count_sv(int(others), "rad säger", "rader säger")
    return (f"{file_name}: {rows} ett annat år i kolumnen {column}; året {year} i sidofilen gäller för hela filen.",)
