"""Which question is a column, when its name says nothing: by the hash of its text. Pure.

Some surveys' columns are named by a program from the question's text, and otherwise each year. What stays is the question: the
text that the file declares for the column, or the header itself, is looked up among the survey's wording hashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from assets.catalogue.models import Codebook
from assets.intake.delivery import RawDelivery
from assets.intake.recognise import known_names
from assets.intake.wordings import items_of
from assets.methods.errors import PipelineError


class KnownColumns:
    """The column names that codebooks know, by name or by text; `in` is all it can do."""

    def __init__(self, books: Iterable[Codebook], hashes: Mapping[str, str]) -> None:
        self._books = tuple(books)
        self._names = known_names(self._books)
        self._hashes = hashes if _by_text(self._books) else {}

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._names or bool(self._hashes and items_of(name, self._hashes)))


def names_by_text(delivery: RawDelivery, books: Iterable[Codebook], hashes: Mapping[str, str]) -> dict[str, str]:
    """Columns whose text is known, when a codebook takes its columns by text.

    Args:
        hashes: `wordings.known_hashes`: hash -> item, or the name of a background column.

    Returns:
        Column of the file -> its name in the codebook; columns that are known by name already are not there.

    Raises:
        PipelineError: `same_question` when two columns have the text of one question.
    """
    books = tuple(books)
    if not _by_text(books):
        return {}
    names = known_names(books)
    held = set(delivery.coded.columns) & names
    found: dict[str, list[str]] = {}
    for column in delivery.coded.columns:
        if column not in names:
            told = items_of(delivery.column_labels.get(column, ""), hashes) or items_of(column, hashes)
            if len(told) == 1:
                found.setdefault(told.pop(), []).append(column)
    doubled = sorted(column for name, columns in found.items() if len(columns) > 1 for column in columns)
    if doubled:
        raise PipelineError(
            "same_question",
            delivery.file_name,
            "en kolumn per fråga",
            f"flera kolumner med samma frågetext ({', '.join(doubled[:4])})",
            "Ta bort den som är fel och lägg filen i inkorgen igen.",
        )
    return {columns[0]: name for name, columns in found.items() if name in names and name not in held}


def with_names(delivery: RawDelivery, named: Mapping[str, str]) -> RawDelivery:
    """The delivery with its columns named as in the codebook."""
    if not named:
        return delivery
    return replace(
        delivery,
        coded=replace(delivery.coded, columns=[named.get(c, c) for c in delivery.coded.columns]),
        value_labels={named.get(c, c): labels for c, labels in delivery.value_labels.items()},
        column_labels={named.get(c, c): text for c, text in delivery.column_labels.items()},
    )


def _by_text(books: Iterable[Codebook]) -> bool:
    return any(book.columns_by == "text" for book in books)
