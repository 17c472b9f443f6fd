"""Traces every published number to its released cell: tables by what their headers and rows say, running text by its units.

How strict a trace is follows from what a number says of itself. A cell of a table with area, wave, grade, sex and series
must be a released number of that very cell (its value, a bound, its count, or another number of the same row in the
release). A number in a sentence must be a released number of the bundle, and a count a released count. What is
traced how is told in `docs/adr/0046`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from assets.file_scan.contents import Cell, Contents, Grid, Leaf, Piece
from assets.file_scan.context import ScanContext
from assets.file_scan.pool import Dims, Numbers, Pool
from assets.file_scan.tokens import ENGLISH, ONLY_NUMBERS, Token, bare_numbers, number_of, phrase_of, swedish_numbers, tokens

Found = tuple[str, str, str]
"""File, place and kind of finding."""
YEARS = range(1990, 2100)
ALONE = re.compile(r"\s*\d+(?:[ \u00a0\u202f]\d{3})*\s*")
_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?(?:T[\d:.]+Z?)?|\d{1,2} [a-zå]+ \d{4}")
_LEAST = re.compile(r"^(?:minst|at least)\s+(?=\d)", re.IGNORECASE)
"""Before a number that is told as a bound, alone in its cell."""


@dataclass
class Traced:
    """Numbers by file: all, and those that lead to a released cell."""

    numbers: Counter[str] = field(default_factory=Counter)
    traced: Counter[str] = field(default_factory=Counter)
    findings: list[Found] = field(default_factory=list)

    def add(self, file: str, place: str, rule: str | None) -> None:
        """Count a number; `rule` when it has no cell."""
        if rule is None:
            self.lead(file, 1)
        else:
            self.numbers[file.partition(" ⟩ ")[0]] += 1
            self.findings.append((file, place, rule))

    def lead(self, file: str, numbers: int) -> None:
        """Count numbers that lead to a released cell."""
        outer = file.partition(" ⟩ ")[0]
        self.numbers[outer] += numbers
        self.traced[outer] += numbers


def trace(contents: Contents, pool: Pool, ids: Mapping[str, str], context: ScanContext) -> Traced:
    """Trace all numbers of what was read.

    Args:
        ids: number id -> the text that readers see, for tables that hold ids.
    """
    tracer = _Tracer(pool, ids, context)
    for grid in contents.grids:
        tracer.grid(grid)
    for leaf in contents.leaves:
        tracer.leaf(leaf)
    for piece in contents.pieces:
        if piece.kind in ("text", "metadata"):
            tracer.piece(piece)
    return tracer.result


_About = tuple[Dims, bool, bool]


@dataclass(frozen=True)
class _Column:
    header: str
    dims: dict[str, str]
    says: str
    """The dimension that its cells tell, or empty."""
    count: bool
    step: bool
    skip: bool
    derived: bool
    free: bool = False
    """Traced among all released numbers, whatever the row is about."""
    counts: re.Pattern[str] | None = None
    """A count in the rows where some cell says so."""

    @cached_property
    def about(self) -> _About:
        """What its cells are asked for besides the row's own: equal columns of a row have the same released numbers."""
        return tuple(sorted(self.dims.items())), self.count, self.free


@dataclass(frozen=True, slots=True)
class _Said:
    """What a cell says: numbers, or a text that numbers stand in. `signed`: they carry their own sign."""

    values: tuple[float, ...] = ()
    signed: bool = True
    text: str | None = None


NOTHING = _Said()


class _Tracer:
    def __init__(self, pool: Pool, ids: Mapping[str, str], context: ScanContext) -> None:
        self.pool, self.ids, self.context, self.rules = pool, ids, context, context.rules
        self.result = Traced()
        self.words = {
            "area": {k.lower(): v for k, v in context.areas.items()} | {v: v for v in context.areas.values()},
            "key": {k.lower(): v for k, v in context.keys.items()} | {v.lower(): v for v in context.keys.values()},
            **{name: dict(self.rules.dimensions[name].words) for name in ("grade", "sex")},
        }
        self.saying = {header: name for name, dim in self.rules.dimensions.items() for header in dim.columns}
        self.counting = re.compile("|".join(f"(?:{p})" for p in self.rules.count_columns))
        self.count_places = [(re.compile(p.header), re.compile(p.place)) for p in self.rules.count_places]
        self.count_rows = [(re.compile(p.header), re.compile(p.place), re.compile(p.row)) for p in self.rules.count_rows]
        self.bare = re.compile("|".join(f"(?:{p})" for p in self.rules.bare_counts) or r"(?!)")
        self.stepping = re.compile("|".join(f"(?:{p})" for p in self.rules.step_columns))
        self.untraced = [(re.compile(c.header), re.compile(c.file), re.compile(c.place), c) for c in self.rules.untraced]
        self.silent = re.compile("|".join(f"(?:{p})" for p in self.rules.untraced_paths) or r"(?!)")
        self.official = re.compile("|".join(f"(?:{p})" for p in self.rules.official_phrases) or r"(?!)")
        self.officials = [(re.compile(part.file), re.compile(part.place), re.compile(part.text)) for part in self.rules.officials]
        self.seen: dict[str, list[Token]] = {}
        self.cells: dict[str, _Said] = {}
        self.names: dict[str, dict[str, str]] = {}
        self.codes: dict[tuple[str, str], str | None] = {}

    # tables

    def grid(self, grid: Grid) -> None:
        """Every cell of a table."""
        columns = [self._column(header, grid) for header in grid.header]
        about = self._named(grid.name)
        id_at = next((i for i, header in enumerate(grid.header) if header == "Tal-id"), None)
        english = bool(ENGLISH.search(grid.file))
        for header in grid.header:
            self._sentence(grid.file, f"{grid.place}, rubrik", header)
        saying = [(at, column.says) for at, column in enumerate(columns) if column.says]
        asking = [(at, column) for at, column in enumerate(columns) if column.derived or not column.skip]
        numbers = 0
        for number, row in zip(grid.numbers, grid.rows, strict=True):
            dims = self._row_dims(about, saying, row)
            released: dict[_About, Numbers] = {}
            for at, usual in asking:
                cell, column = row[at], usual if usual.counts is None else _in_row(usual, row)
                if cell is None or cell == "" or (column.says and (isinstance(cell, float) or self._code(column.says, cell))):
                    continue
                said = self._said_in(cell, english=english, category=not column.header)
                if said is NOTHING:
                    continue
                if column.about not in released:
                    released[column.about] = self._released(column, dims)
                rules = [self._rule(value, column, released[column.about], signed=said.signed) for value in said.values]
                numbers += rules.count(None)
                if said.text is not None or any(rules):
                    self._tell(grid.file, f"{grid.place} rad {number}, kolumn {at + 1}", said, rules)
            if id_at is not None:
                self._by_id(grid, f"{grid.place} rad {number}", row, id_at)
        if numbers:
            self.result.lead(grid.file, numbers)

    def _row_dims(self, about: Mapping[str, str], saying: list[tuple[int, str]], row: tuple[Cell, ...]) -> dict[str, str]:
        dims = dict(about)
        for at, name in saying:
            code = self._code(name, row[at])
            if code and (name not in dims or at > 0):
                dims.setdefault(name, code) if name != "key" else dims.update({name: code})
        return dims

    def _released(self, column: _Column, dims: Mapping[str, str]) -> Numbers:
        return self.pool.about({} if column.free else {**dims, **column.dims}, count=column.count)

    def _said_in(self, cell: Cell, *, english: bool, category: bool) -> _Said:
        """What a cell says, whatever it is about. `category`: it stands in a column without a header, as a chart's years."""
        if isinstance(cell, (int, float)):
            return NOTHING if category and cell in YEARS else _Said((float(cell),))
        if category and _is_year(cell):
            return NOTHING
        text = swedish_numbers(str(cell)) if english else str(cell)
        said = self.cells.get(text)
        if said is None:
            said = self.cells[text] = self._said_by(text)
        return said

    def _said_by(self, text: str) -> _Said:
        if not any(map(str.isdigit, text)) or _DATE.fullmatch(text):
            return NOTHING
        number = _machine(text)
        if number is not None:
            return _Said((number,))
        if ONLY_NUMBERS.fullmatch(_LEAST.sub("", text)):
            return _Said(tuple(bare_numbers(text)), signed=False)
        return _Said((), text=text) if self._tokens(text) else NOTHING

    def _tell(self, file: str, where: str, said: _Said, rules: list[str | None]) -> None:
        for rule in filter(None, rules):
            self.result.add(file, where, rule)
        if said.text is not None:
            self._sentence(file, where, said.text)

    def _rule(self, value: float, column: _Column, released: Numbers, *, signed: bool = True) -> str | None:
        """The finding for a number in a column; None when it leads to a released cell."""
        if column.step and value % self.rules.count_step:
            return "off_step" if not 0 < value < self.context.floor else "small_count"
        if column.derived or released.has(value) or (not signed and released.has(-value)):
            return None
        if column.count:
            return "small_count" if 0 < value < self.context.floor else "untraced"
        return "unrounded" if _decimals(value) > self.rules.most_decimals else "untraced"

    def _by_id(self, grid: Grid, place: str, row: tuple[Cell, ...], at: int) -> None:
        """The value beside a number's id must be what the id's released cell says."""
        told, value_at = self.ids.get(str(row[at])), next((i for i, h in enumerate(grid.header) if h in ("Värde", "Andel")), None)
        if told is None or value_at is None or row[value_at] in (None, ""):
            return
        number = row[value_at] if isinstance(row[value_at], float) else _machine(str(row[value_at]))
        shown = list(bare_numbers(told.replace("%", "")))
        if number is not None and shown and all(abs(float(number) - s) > 0.5 * 10 ** -_decimals(s) + 1e-9 for s in shown):
            self.result.findings.append((grid.file, f"{place}, talet med id", "not_the_released"))

    def _column(self, header: str, grid: Grid) -> _Column:
        dims: dict[str, str] = {}
        for part in header.split(", "):
            for name in ("area", "grade", "sex"):
                code = self.words[name].get(part.lower())
                if code and name not in dims:
                    dims[name] = code
        rule = next(
            (r for h, f, p, r in self.untraced if h.fullmatch(header) and f.fullmatch(grid.file) and p.fullmatch(grid.place)),
            None,
        )
        derived, place = rule is not None and rule.counts, f"{grid.file} {grid.place}"
        released = rule is not None and rule.released
        counted = self.counting.fullmatch(header) or any(
            h.fullmatch(header) and p.fullmatch(grid.place) for h, p in self.count_places
        )
        return _Column(
            header, dims, self.saying.get(header, ""),
            count=bool(counted) and not released,
            step=bool(self.stepping.fullmatch(header)) or derived,
            skip=rule is not None and not released, derived=derived, free=released,
            counts=next((row for h, p, row in self.count_rows if h.fullmatch(header) and p.fullmatch(place)), None),
        )  # fmt: skip

    def _code(self, dimension: str, cell: Cell) -> str | None:
        if cell is None:
            return None
        text = f"{cell:g}" if isinstance(cell, float) else str(cell)
        asked = (dimension, text)
        if asked not in self.codes:
            self.codes[asked] = self._coded(dimension, text)
        return self.codes[asked]

    def _coded(self, dimension: str, text: str) -> str | None:
        if dimension == "wave":
            return text if re.fullmatch(r"\d{4}", text) else None
        return self.words[dimension].get(re.split(r"[\n\v]| \[", text)[0].strip().lower())

    def _named(self, name: str) -> dict[str, str]:
        """What a table's or a chart's name says: `trend_community_ak9` is about a series and a grade."""
        if name not in self.names:
            bare = f"_{name.rpartition('/')[2].partition('.')[0].lower()}_"
            grades = sorted(code for code in set(self.words["grade"].values()) if f"_{code}_" in bare)
            found = {"grade": grades[0]} if len(grades) == 1 else {}
            keys = [code for code in set(self.words["key"].values()) if f"_{code.lower()}_" in bare]
            if keys and bare.startswith(("_trend", "_svarsfordelning", "_platsintervall", "_tratt", "_granskarta", "_rutkarta")):
                found["key"] = max(keys, key=len)
            self.names[name] = found
        return self.names[name]

    # machine-readable numbers outside tables

    def leaf(self, leaf: Leaf) -> None:
        """A number in JSON: what it is about stands on the way to it."""
        path = "/".join(leaf.path)
        if self.silent.search(path):
            return
        dims: dict[str, str] = {}
        for part in re.split(r"[/.]", path):
            for name in ("key", "grade", "sex"):
                code = self.words[name].get(part.lower())
                if code:
                    dims[name] = code
        name = leaf.path[-1] if leaf.path else ""
        column = _Column(name, {}, "", bool(self.counting.fullmatch(name)), False, False, False)
        released = self.pool.about(dims, count=column.count)
        self.result.add(leaf.file, leaf.place, self._rule(float(leaf.value), column, released))

    # running text

    def piece(self, piece: Piece) -> None:
        """The per cents, points and counts of a text. One number alone is an axis, but in charts of pupils a count."""
        if self.bare.search(f"{piece.file} {piece.place}") and (alone := ALONE.fullmatch(piece.text)):
            number = number_of(alone[0].strip())[0]
            self.result.add(piece.file, piece.place, self._counted(Token("count", number, "", "", 0), {}))
        self._sentence(piece.file, piece.place, piece.text)

    def _sentence(self, file: str, place: str, text: str) -> None:
        if ENGLISH.search(file):
            text = swedish_numbers(text)
        for token in self._tokens(text):
            official = (
                token.unit in self.rules.official_words
                and self.pool.has({}, token.value)
                and self._of_officials(file, place, text)
            )
            self.result.add(file, place, None if official else self._said(token, {}))

    def _tokens(self, text: str) -> list[Token]:
        if text not in self.seen:
            pupils = self.official.sub("", text)
            self.seen[text] = list(tokens(pupils, self.rules.count_words, self.rules.count_labels))
        return self.seen[text]

    def _of_officials(self, file: str, place: str, text: str) -> bool:
        """Whether answers told of here are those of officials in the municipality's forms."""
        return any(f.fullmatch(file) and p.fullmatch(place) and t.search(text) for f, p, t in self.officials)

    def _counted(self, token: Token, dims: dict[str, str]) -> str | None:
        year = not token.decimals and token.value in YEARS  # at the end of a line, with the next line's first word after it
        limit = token.before in self.rules.limit_words
        if token.before in self.rules.bound_words:  # `minst 148 elever` is told of pupils; `minst 10 elever` is a rule's floor
            limit = token.value in self.context.limits
        if year or limit or token.value == 0 or self.pool.has(dims, token.value, count=True):
            return None
        return "small_count" if token.value < self.context.floor else "untraced"

    def _said(self, token: Token, dims: dict[str, str]) -> str | None:
        if phrase_of(token) in self.context.phrases:
            return None
        if token.kind == "count":
            return self._counted(token, dims)
        if token.decimals > self.rules.most_decimals:
            return "unrounded"
        released = self.pool.has(dims, token.value) or self.pool.has(dims, -token.value)
        return None if released or token.value in (0, 100) else "untraced"


def _in_row(column: _Column, row: tuple[Cell, ...]) -> _Column:
    """The column as it is in a row, where the row may say that its number is one of pupils."""
    said = column.counts is not None and any(column.counts.fullmatch(cell.strip()) for cell in row if isinstance(cell, str))
    return replace(column, count=True) if said else column


def _is_year(cell: Cell) -> bool:
    number = cell if isinstance(cell, (int, float)) else _machine(str(cell))
    return number is not None and number in YEARS


def _machine(text: str) -> float | None:
    """A number as machines write it, or None."""
    try:
        return float(text) if not text.startswith("0") or text[:2] in ("0", "0.") else None
    except ValueError:
        return None


def _decimals(value: float) -> int:
    digits = repr(float(value))
    return 0 if digits.endswith(".0") else len(digits.partition(".")[2])


def untraced_by_file(result: Traced) -> Iterator[tuple[str, int, int]]:
    """File, published numbers, traced ones."""
    for file, numbers in sorted(result.numbers.items()):
        yield file, numbers, result.traced[file]
