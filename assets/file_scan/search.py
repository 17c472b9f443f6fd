"""Searches what was read for what may not be there at all: microdata, paths, names of users and persons, unrounded numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assets.file_scan.contents import Contents, Grid, Piece
from assets.file_scan.context import ScanContext
from assets.methods.personal_data import NameWords, find_personal_data

Found = tuple[str, str, str]
"""File, place and kind of finding."""
_TAIL = re.compile(r"(?<![\w.,])\d+[.,]\d{5,}(?![\w.])|\d[.,]\d*(?:0000000\d|9999999\d)\d*")
_DIGEST = re.compile(r"(?<![0-9A-Za-z])(?=(?:[0-9]*[a-f]){8})[0-9a-f]{64}(?![0-9A-Za-z])")
"""A SHA-256: one in a few hundred holds ten digits that are a date with a right check digit."""
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_NO_NAMES = NameWords(*(frozenset() for _ in range(3)), (), frozenset(), (), (), frozenset(), frozenset())  # type: ignore[arg-type]
FEWEST_RECORDS = 30
"""Fewer rows than this are no delivery."""


def search(contents: Contents, context: ScanContext) -> list[Found]:
    """All findings but those about numbers."""
    searcher = _Searcher(context)
    found: list[Found] = [(fault.file, fault.place, fault.rule) for fault in contents.faults]
    for piece in contents.pieces:
        found += searcher.piece(piece)
    for grid in contents.grids:
        found += searcher.grid(grid)
    for leaf in contents.leaves:
        found += ((leaf.file, leaf.place, rule) for rule in searcher.column(leaf.path[-1] if leaf.path else ""))
    return found


class _Searcher:
    def __init__(self, context: ScanContext) -> None:
        self.context = context
        rules = context.rules
        self.paths = re.compile("|".join(rules.path_patterns))
        self.micro = {name.lower() for name in rules.microdata_columns}
        self.users = re.compile(
            "|".join(rf"(?<![\w]){re.escape(u)}(?![\w])" for u in context.users if len(u) > 2) or r"(?!)", re.IGNORECASE
        )
        self.editions = re.compile(
            "|".join(rf"(?<![A-Za-zåäöÅÄÖ]){re.escape(e)}(?![A-Za-zåäöÅÄÖ])" for e in context.other_editions) or r"(?!)"
        )
        self.own = frozenset(rules.own_text_columns)
        self.known: dict[str, tuple[str, ...]] = {}

    def piece(self, piece: Piece) -> Iterator[Found]:
        """Findings in a text."""
        if piece.kind == "author" and piece.text.strip() not in self.context.rules.authors:
            yield piece.file, piece.place, "author"
        for rule in self.text(piece.text):
            yield piece.file, piece.place, rule
        if piece.kind == "metadata" or piece.hidden:
            for word in re.findall(r"\w+", piece.text):
                if word.lower() in self.micro:
                    yield piece.file, piece.place, "microdata_column"

    def grid(self, grid: Grid) -> Iterator[Found]:
        """Findings in a table: its headers, its texts, and whether it is answers by pupil."""
        for at, header in enumerate(grid.header, 1):
            for rule in self.column(header):
                yield grid.file, f"{grid.place}, rubrik i kolumn {at}", rule
        codes = [header for header in grid.header if header in self.context.questions]
        if len(codes) > self.context.rules.most_question_columns:
            yield grid.file, grid.place, "records" if len(grid.rows) >= FEWEST_RECORDS else "microdata_column"
        for at in range(len(grid.header)):
            texts = {row[at]: number for number, row in zip(grid.numbers, grid.rows, strict=True) if isinstance(row[at], str)}
            for text, number in texts.items():
                place = f"{grid.place} rad {number}, kolumn {at + 1}"
                for rule in self.text(str(text)):
                    yield grid.file, place, rule
                if grid.header[at] in self.own and self.names_somebody(str(text)):
                    yield grid.file, place, "personal_text"

    def column(self, header: str) -> Iterator[str]:
        """Findings in a column's or a field's name."""
        if header.strip().lower() in self.micro:
            yield "microdata_column"
        yield from self.text(header)

    def names_somebody(self, text: str) -> bool:
        """Whether a municipality's own words hold what they may not: intake left such texts out, so one here came another way."""
        return self.context.names is not None and bool(find_personal_data(text, self.context.names))

    def identity_number(self, text: str) -> bool:
        """Whether something looks like an identity number; what is inside a check sum isn't asked about."""
        return any(hit.kind == "personnummer" for hit in find_personal_data(_DIGEST.sub(" ", text), _NO_NAMES))

    def text(self, text: str) -> tuple[str, ...]:
        """Kinds of findings in a text; each text is searched once."""
        if text not in self.known:
            self.known[text] = tuple(self._search(text))
        return self.known[text]

    def _search(self, text: str) -> Iterator[str]:
        if ("/" in text or "\\" in text or "DID_HOME" in text) and self.paths.search(text):
            yield "path"
        if self.users.search(text):
            yield "user_name"
        if self.editions.search(text):
            yield "other_edition"
        if "@" in text and any(m[0] not in self.context.rules.addresses for m in _EMAIL.finditer(text)):
            yield "email"
        if any(map(str.isdigit, text)):
            if re.search(r"\d{6}", text) and self.identity_number(text):
                yield "personal_number"
            if _TAIL.search(text) and not re.fullmatch(r"-?\d+\.\d+(?:[ ;]-?\d+\.\d+)*", text):
                yield "unrounded"
