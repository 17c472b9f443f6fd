"""The released numbers, to be asked for by what they are about: area, wave, grade, sex and series."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter

import polars as pl

NAMES: Mapping[str, tuple[str, ...]] = {
    "area": ("area_code",),
    "wave": ("wave", "year"),
    "grade": ("grade",),
    "sex": ("sex",),
    "key": ("index_key", "indicator", "count_key", "series", "indicator_key", "key"),
}
COUNTS = ("n", "enrolled", "respondents", "scored_any", "respondents_least")
"""Columns of the release with counts of pupils."""
TEXTS = ("value", "thresholds", "role_medians")
"""Text columns of the release that hold numbers."""
OF_COUNTS = ("delivery_quality",)
"""Tables whose values are counts of answers among other things."""
SMALLEST = 10
"""No smaller number is ever traced as a count of pupils, whatever column it stands in:
means and counts of factors are smaller."""
PLACES = (0, 1, 2)
Dims = tuple[tuple[str, str], ...]
"""What is known of a number: (dimension, code) by dimension's name."""
Row = tuple[object, ...]
_THOUSANDS = re.compile(r"(?<=\d)[\u00a0\u202f ](?=\d{3}(?!\d))")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def told(value: float) -> float:
    """One number for what is equal as printed: no float tails, no minus nought."""
    return round(value, 9) + 0.0


def half_up(value: float, places: int) -> float:
    """Rounded as readers see it: halves away from zero."""
    size = int(abs(value) * 10**places + 0.5 + 1e-9) / 10**places
    return -size if value < 0 else size


class _Table:
    """Rows with the same known dimensions: sets of (codes, value), made for each choice of dimensions that is asked for."""

    def __init__(self, names: tuple[str, ...], rows: list[Row]) -> None:
        self.names, self.rows = names, rows
        self.sets: dict[tuple[str, ...], set[Row]] = {}

    def of(self, dims: Mapping[str, str]) -> tuple[Row, set[Row]]:
        """The codes that are asked for here, and the rows to look for them and a value in."""
        asked = tuple(name for name in self.names if name in dims)
        if asked not in self.sets:
            at = [self.names.index(name) for name in asked]
            self.sets[asked] = set(map(itemgetter(*at, -1), self.rows)) if at else {(row[-1],) for row in self.rows}
        return tuple(dims[name] for name in asked), self.sets[asked]


class Numbers:
    """The released numbers about one thing; a table is asked only when those before it don't have the number."""

    def __init__(self, tables: Iterable[_Table], dims: Mapping[str, str]) -> None:
        self.known: list[tuple[Row, set[Row]]] = []
        self.more = (table.of(dims) for table in tables)

    def has(self, value: float) -> bool:
        """Whether the number is one of them."""
        number = told(value)
        for codes, rows in self.known:
            if (*codes, number) in rows:
                return True
        for codes, rows in self.more:
            self.known.append((codes, rows))
            if (*codes, number) in rows:
                return True
        return False


class Pool:
    """Every released number with what it is about.

    Args:
        released: name of a release table -> the rows that the bundle may show. Columns that name a dimension (`NAMES`) say what a
            row is about; every other numeric column, and every number in the columns `TEXTS`, is a released value. Counts of
            pupils are those of the columns in `COUNTS`.
        rounded: tables whose values readers see with fewer decimals than the table holds: open register values, the
            parameters of the indices, shares of activities.
    """

    def __init__(
        self,
        released: Mapping[str, pl.DataFrame],
        rounded: Sequence[str] = (
            "register_values",
            "index_anatomy",
            "priority_order",
            "activity_coverage",
            "factor_overview",
            "funnel",
        ),
    ) -> None:
        values: dict[tuple[str, ...], list[Row]] = {}
        counts: dict[tuple[str, ...], list[Row]] = {}
        self.cells = 0
        for name, frame in sorted(released.items()):
            names = {
                dim: next(c for c in columns if c in frame.columns)
                for dim, columns in NAMES.items()
                if set(columns) & set(frame.columns)
            }
            rows = values.setdefault(tuple(names), [])
            units = frame["unit"].to_list() if "unit" in frame.columns and name not in rounded else []
            for at, row, column, value in _values(frame, names):
                self.cells += 1
                is_count = column in COUNTS or (
                    column == "value" and (name in OF_COUNTS or (bool(units) and units[at] == "count"))
                )
                is_count = is_count and not 0 < value < SMALLEST
                (counts.setdefault(tuple(names), []) if is_count else rows).append((*row, told(value)))
                if name in rounded:
                    rows.extend((*row, number) for places in PLACES if (number := half_up(value, places)) != value)
                    if -1 <= value <= 1:  # a share may be shown in per cent
                        rows.append((*row, half_up(100 * value, 0)))
        self.values = [_Table(names, rows) for names, rows in values.items()]
        self.counts = [_Table(names, rows) for names, rows in counts.items()]
        self.memo: dict[tuple[Dims, bool], Numbers] = {}

    def about(self, dims: Mapping[str, str], *, count: bool = False) -> Numbers:
        """The released numbers about this; of counts only counts, of other numbers all."""
        asked = (tuple(sorted(dims.items())), count)
        known = self.memo.get(asked)
        if known is None:
            tables = self.counts if count else [*self.values, *self.counts]
            known = self.memo[asked] = Numbers(tables, dict(dims))
        return known

    def has(self, dims: Mapping[str, str], value: float, *, count: bool = False) -> bool:
        """Whether a released cell about this holds the number; a count only among counts, another number among all."""
        return self.about(dims, count=count).has(value)


def _values(frame: pl.DataFrame, names: Mapping[str, str]) -> Iterator[tuple[int, Row, str, float]]:
    """Row number, codes, column and number of every released value."""
    taken = set(names.values())
    keys: list[Row] = [()] * frame.height
    if names:
        keys = list(zip(*(frame[column].cast(pl.String).to_list() for column in names.values()), strict=True))
    for column, kind in frame.schema.items():
        if column in taken or not (kind.is_numeric() or column in TEXTS):
            continue
        for at, (key, value) in enumerate(zip(keys, frame[column].to_list(), strict=True)):
            if isinstance(value, str) and not _DAY.fullmatch(value):
                for part in _NUMBER.findall(_THOUSANDS.sub("", value)):
                    yield at, key, column, float(part)
            elif value is not None and not isinstance(value, str):
                yield at, key, column, float(value)
