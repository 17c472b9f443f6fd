"""What a reader finds in a file: texts, tables and machine-readable numbers with their places,
and what is wrong with the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

PieceKind = Literal["text", "name", "metadata", "author"]
Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A text in a file. `place`: where, in Swedish. `hidden`: a reader of the file doesn't see it without looking for it."""

    file: str
    place: str
    text: str
    kind: PieceKind = "text"
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table in a file. `name`: sheet, id or file stem. `rows` as wide as `header`; `numbers`: the
    rows' own numbers."""

    file: str
    place: str
    name: str
    header: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    numbers: Sequence[int] = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """A number inside JSON or the like, with the names on the way to it."""

    file: str
    place: str
    path: tuple[str, ...]
    value: float | int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something about the file itself that is a finding whatever it says: an id of `scan.yml: findings`."""

    file: str
    place: str
    rule: str
    value: float | None = None
    """The number it is about: no finding when it is released as it stands."""


@dataclass
class Contents:
    """Everything read from the files so far; readers add to it."""

    pieces: list[Piece] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    depth: int = 0

    def text(self, file: str, place: str, text: str, kind: PieceKind = "text", *, hidden: bool = False) -> None:
        """Take in a text that says something."""
        if text and not text.isspace():
            self.pieces.append(Piece(file, place, text, kind, hidden))

    def grid(
        self,
        file: str,
        place: str,
        name: str,
        rows: Sequence[Sequence[Cell]],
        *,
        numbers: Sequence[int] = (),
        hidden: bool = False,
    ) -> None:
        """Take in a table whose first row is the header; rows of another width are made as wide as the widest.

        `numbers`: the rows' own numbers, the header's first; without them the header is row 1.
        """
        if not rows:
            return
        width = max(len(row) for row in rows)
        whole = [tuple(row) + (None,) * (width - len(row)) for row in rows]
        header = tuple("" if cell is None else str(cell) for cell in whole[0])
        self.grids.append(Grid(file, place, name, header, whole[1:], list(numbers or range(1, len(whole) + 1))[1:], hidden))

    def fault(self, file: str, place: str, rule: str, value: float | None = None) -> None:
        """Take in a finding about the file itself."""
        self.faults.append(Fault(file, place, rule, value))

    def texts(self, file: str, place: str, texts: Iterable[str], kind: PieceKind = "text", *, hidden: bool = False) -> None:
        """Take in several texts of one place."""
        for text in texts:
            self.text(file, place, text, kind, hidden=hidden)


@dataclass(frozen=True)
class Limits:
    """How much a file may unpack to: bytes of all files, of one entry,
    entries in an archive, unpacked : packed, depth of files in files."""

    max_bytes: int
    max_entry_bytes: int
    max_entries: int
    max_ratio: float
    max_depth: int
