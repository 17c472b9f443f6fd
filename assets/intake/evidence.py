"""What speaks for a column being a certain question: its text, its answers, its name. Pure.

A name alone decides nothing that the text or the answers contradict: `F62` is one question in the older files and another in
those of 2024.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from assets.catalogue.models import Codebook, Item, Survey
from assets.intake.delivery import RawDelivery
from assets.intake.wordings import items_of, known_hashes

SURE, LIKELY, UNSURE = "säker", "trolig", "osäker"
AGREE, DIFFER = 0.8, 0.5
MANY_TEXTS = 30
_PATTERN = re.compile(r"^(?:fråga|fraga|fr|f|q|v|nr)?[\s_.-]*0*(\d{1,3})(?!\d)[\s_.-]?([a-zåäö]{0,2})(?![a-zåäö])")


def squash(label: str) -> str:
    """A label for comparison: single spaces, no difference between capital and small letters."""
    return " ".join(label.split()).casefold()


def name_pattern(name: str) -> str:
    """Number and letter of a question in a column's name: `f55E`, `Q55e`, `fråga 55 e` -> `55e`; `""` when there is none."""
    found = _PATTERN.match(name.casefold())
    return f"{found[1]}{found[2]}" if found else ""


@dataclass(frozen=True)
class Column:
    """A column of the delivery: its name, the items its text names, its answer labels, whether it holds bare numbers only.

    `labels`: code -> label as the file declares them; for a text file the different texts of the column, under themselves.
    """

    name: str
    text: str
    named: frozenset[str]
    labels: Mapping[str, str]
    declared: bool
    numbers_only: bool


def columns_of(delivery: RawDelivery, survey: Survey) -> list[Column]:
    """The delivery's columns with what can be known about them without looking at single rows."""
    hashes = known_hashes(survey)
    found = []
    for name in delivery.cells.columns:
        text = delivery.column_labels.get(name, "")
        text = "" if squash(text) == squash(name) else text
        declared = delivery.value_labels.get(name, {})
        texts = [] if declared else delivery.cells[name].drop_nulls().unique().sort().to_list()
        numbers = not declared and all(re.fullmatch(r"-?\d+([.,]\d+)?", t) for t in texts)
        own = {t: t for t in texts} if not numbers and len(texts) <= MANY_TEXTS else {}
        named = frozenset(items_of(text, hashes) & set(survey.by_key)) if text else frozenset()
        found.append(Column(name, text, named, declared or own, bool(declared), numbers))
    return found


@dataclass(frozen=True)
class Answers:
    """Answer labels of the survey's items with all their spellings, for comparison with those of a file."""

    survey: Survey
    books: tuple[Codebook, ...]

    @cached_property
    def missing(self) -> dict[str, int]:
        """Label of a missing answer -> its kind."""
        own = {squash(kind.label): code for code, kind in self.survey.missing_kinds.items()}
        return own | {squash(label): code for book in self.books for label, code in book.missing_labels.items()}

    @cached_property
    def _spellings(self) -> dict[str, dict[str, int]]:
        spellings = {i.key: {squash(text): code for code, text in self.survey.answers(i.key).items()} for i in self.survey.items}
        for book in self.books:
            for key, variants in book.label_variants.items():
                spellings.get(key, {}).update({squash(text): code for text, code in variants.items()})
        return spellings

    def codes(self, column: Column, item: Item) -> dict[str, int | None]:
        """Code in the file -> canonical code that its label means for the item (None: no such label), missing kinds left out."""
        known = self._spellings[item.key]
        return {code: known.get(squash(text)) for code, text in column.labels.items() if squash(text) not in self.missing}

    def similarity(self, column: Column, item: Item) -> float | None:
        """How alike the answers are, 0 to 1; None when the column has no labels or the item is a count.

        With declared labels: shared answers over all answers of either (Jaccard). With the texts of the cells, where not every
        answer need occur: the share of the texts that are answers of the item.
        """
        if item.type == "count" or not column.labels:
            return None
        meant = self.codes(column, item)
        if not meant:
            return None
        shared = {code for code in meant.values() if code is not None}
        if not column.declared:
            return sum(code is not None for code in meant.values()) / len(meant)
        foreign = sum(code is None for code in meant.values())
        return len(shared) / (len(self.survey.answers(item.key)) + foreign)

    def canonical(self, column: Column, item: Item) -> bool:
        """Whether every label that the file declares stands at the catalogue's own code, those of missing answers too."""
        meant: dict[str, int | None] = dict(self.codes(column, item)) if item.type != "count" else {}
        meant |= {code: self.missing[squash(text)] for code, text in column.labels.items() if squash(text) in self.missing}
        return all(number is not None and code == str(number) for code, number in meant.items())

    def unknown_labels(self, column: Column, item: Item) -> list[str]:
        """Labels that the file declares and that no spelling of the item covers."""
        if not column.declared or item.type == "count":
            return []
        meant = self.codes(column, item)
        return [column.labels[code] for code, number in meant.items() if number is None]


def generation(columns: Iterable[Column], answers: Answers, books: Iterable[Codebook]) -> tuple[Codebook, int]:
    """The codebook whose names the file uses most, counting only names that text and answers don't contradict, and how many."""

    def agrees(column: Column, book: Codebook) -> bool:
        item = answers.survey.by_key[book.items[column.name]]
        alike = answers.similarity(column, item)
        return (not column.named or item.key in column.named) and (alike is None or alike >= DIFFER)

    held = list(columns)
    counted = [(sum(c.name in b.items and agrees(c, b) for c in held), max(b.waves, default=0), b) for b in books]
    hits, _, book = max(counted, key=lambda entry: entry[:2])
    return book, hits


def text_share(cells: pl.Series, known: Iterable[str]) -> float:
    """Share of a column's filled cells that are one of the known texts."""
    filled = cells.drop_nulls()
    return float(filled.is_in(list(known)).mean() or 0) if len(filled) else 0.0
