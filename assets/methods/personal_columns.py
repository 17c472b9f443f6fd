"""Finds the columns of a delivery that hold personal data: identity numbers, addresses, telephone numbers, names, free text.

Pure, and silent: what comes back is column and kind, never a text. A column holds a handful of different texts (docs/adr/0016),
so each different text is looked at once; regular expressions over all of them together choose the few that are read closely.

A survey's own running numbers can look like an identity number by chance: of random ten-digit numbers one in 270 has a possible
day and the right check digit. Numbers without a mark therefore count only when they are a considerable share of the column's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.methods.coded import CodedCells
from assets.methods.personal_data import NameWords, find_personal_data

_IDENTITY = r"\d{6}[-–+ ]?\d{4}"
_EMAIL = r"(?i)@|\(at\)|\[at\]"
_PHONE = r"(?:\+|00)46|(?:^|[^\d.,])0\d[\d\s\u00a0/–-]{6,}"
_WORD = r"\p{Lu}\p{Ll}+"
_DATE = re.compile(r"(?<!\d)(?:\d{1,2}[-/ ]\d{1,2}[-/ ]\d{4}|\d{4}[-/ ]\d{1,2}[-/ ]\d{1,2})(?!\d)")
_UNMARKED = r"^\s*\d{10}(?:\d{2})?\s*$"
_LONGEST_NAME = 60
PLACES = ("school_municipality", "home_municipality", "home_area", "school_code", "school_name", "district", "class_")
"""Roles of a codebook whose columns hold names of schools, classes and places, or their numbers."""


@dataclass(frozen=True)
class ColumnRules:
    """When a column is said to hold personal data.

    Args:
        long_characters, long_words: a text at least so long is written by somebody. long_texts: so many different ones in a
            column that no codebook has make it free text; long_texts_known: in one that a codebook has. long_unique_pct:
            different long texts in per cent of the rows that have one. check_digit_pct: per cent of a column's numbers of ten or
            twelve digits that have to be possible identity (telephone) numbers. name_texts, name_pct: so many different texts
            with a name, and such a share of the column's. headers: what a column says it holds -> kind; lower case, without
            punctuation.
    """

    long_characters: int
    long_words: int
    long_texts: int
    long_texts_known: int
    long_unique_pct: int
    check_digit_pct: int
    name_texts: int
    name_pct: int
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Known:
    """Columns of the file that the codebook knows. `places`: those with names of schools and places; `coded`: the others."""

    places: Collection[str]
    coded: Collection[str]


def personal_columns(
    cells: CodedCells, known: Known, titles: Mapping[str, str], rules: ColumnRules, words: NameWords
) -> list[tuple[str, str]]:
    """Columns with personal data, in the file's order, each with its kind; at most one kind per column.

    Args:
        titles: column -> its text, where the file has one.
    """
    texts = _texts(cells)
    by_column = {name: part for (name,), part in texts.group_by("column", maintain_order=True)}
    found = []
    for name in cells.columns:
        part = by_column.get(name)
        kind = None if part is None else _kind(name, part, cells, known, rules, words)
        if kind is None and len(cells.texts[cells.columns.index(name)]):
            kind = _by_header(name, titles.get(name, ""), known, rules)
        if kind:
            found.append((name, kind))
    return found


def texts_with_addresses(texts: Sequence[str], words: NameWords) -> bool:
    """Whether any of a file's own labels holds an identity number, a telephone number or an e-mail address."""
    return any(hit.kind != "name" for text in texts if re.search(r"\d{4}|@", text) for hit in find_personal_data(text, words))


def _texts(cells: CodedCells) -> pl.DataFrame:
    """`column, place, text` of the texts that can hold anything, with `identity, email, phone, unmarked, long`."""
    places = [(name, place) for name, own in zip(cells.columns, cells.texts, strict=True) for place in range(1, len(own) + 1)]
    frame = pl.DataFrame(places, schema={"column": pl.String, "place": pl.UInt32}, orient="row").with_columns(
        pl.Series("text", [text for own in cells.texts for text in own], dtype=pl.String)
    )
    text = pl.col("text")
    return frame.filter(text.str.contains(r"\d{7}|@|\p{L}{2}|\d[\s\u00a0/–+-]+\d")).with_columns(
        identity=text.str.contains(_IDENTITY),
        email=text.str.contains(_EMAIL),
        phone=text.str.contains(_PHONE),
        unmarked=text.str.contains(_UNMARKED),
        words=text.str.count_matches(r"\S+"),
        capital=text.str.contains(_WORD),
        characters=text.str.len_chars(),
    )


def _kind(name: str, part: pl.DataFrame, cells: CodedCells, known: Known, rules: ColumnRules, words: NameWords) -> str | None:
    """The first kind of personal data that the column's texts show, or None."""
    near = part.filter(pl.any_horizontal("identity", "email", "phone"))
    hits = [(_kinds(text, words), unmarked) for text, unmarked in near.select("text", "unmarked").iter_rows()]
    numbers = int(part["unmarked"].sum())
    for kind in ("personnummer", "email", "phone"):
        if kind == "phone" and name in known.places:
            continue
        if any(kind in kinds for kinds, unmarked in hits if not unmarked):
            return kind
        chance = sum(kind in kinds for kinds, unmarked in hits if unmarked)
        if chance and 100 * chance >= rules.check_digit_pct * numbers:
            return kind
    if name in known.places:
        return None
    if _free_text(name, part, cells, known, rules):
        return "free_text"
    return "name" if _names(part, rules, words) else None


def _kinds(text: str, words: NameWords) -> set[str]:
    """Identity numbers, addresses and telephone numbers in a text; a day is no telephone number."""
    kinds = {hit.kind for hit in find_personal_data(text, words)} - {"name"}
    if "phone" in kinds and "phone" not in {hit.kind for hit in find_personal_data(_DATE.sub(" ", text), words)}:
        kinds -= {"phone"}
    return kinds


def _free_text(name: str, part: pl.DataFrame, cells: CodedCells, known: Known, rules: ColumnRules) -> bool:
    long = part.filter((pl.col("characters") >= rules.long_characters) & (pl.col("words") >= rules.long_words))
    least = rules.long_texts_known if name in known.coded else rules.long_texts
    if long.height < least:
        return False
    rows = int(np.isin(cells[name].numbers, long["place"].to_numpy()).sum())
    return 100 * long.height >= rules.long_unique_pct * rows


def _names(part: pl.DataFrame, rules: ColumnRules, words: NameWords) -> bool:
    """Whether many of the column's texts have a name; the texts are looked at one by one only where a word has a capital."""
    near = part.filter("capital", pl.col("characters") <= _LONGEST_NAME)["text"].to_list()
    if len(near) < rules.name_texts:
        return False
    hits = sum(any(hit.kind == "name" for hit in find_personal_data(text, words)) for text in near)
    return hits >= rules.name_texts and 100 * hits >= rules.name_pct * part.height


def _by_header(name: str, title: str, known: Known, rules: ColumnRules) -> str | None:
    if name in known.places or name in known.coded:
        return None
    return next((rules.headers[word] for word in _plain(name, title) if word in rules.headers), None)


def _plain(*texts: str) -> Iterator[str]:
    """Lower case, with one blank for each run of other characters."""
    for text in texts:
        yield re.sub(r"[\W_]+", " ", text.casefold()).strip()
