"""The published rows of a wave and grade as linked tables: what a reader knows of every count, and what can be hidden.

One index alone, or several about the same pupils: those with and without a score add up to the same respondents for each.
Leaves are pupils per index, area, sex and answer group (three bands and those without a score). A municipality with city
districts has leaves of its own for pupils outside them, so a district's pupils lie in the municipality and the county. A rounded
share of a rounded number is two linear inequalities (part - high x base <= 0 <= part - low x base), hidden together.

The widths of a hidden cell do not depend on which counts are the true ones, only on what is published, so any counts that fit
what is published serve as the point to measure from: no exact count is read here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy.sparse as sp

from assets.methods.errors import PipelineError
from assets.suppression.tables import FloatArray, IntArray, LinkedTables, linked_tables

GROUPS = ("share_band1", "share_band2", "share_band3", "share_unscored")
BANDS = GROUPS[:3]
COUNTS = ("n_respondents", "n_scored")
CELLS = (*COUNTS, "share_unscored", *BANDS)
FAMILY = ("edition", "wave", "grade", "index_key")
PLACE = ("area_level", "area_code", "sex")
SEXES = {"girl": (0,), "boy": (1,), "all": (0, 1)}
_LEVEL_LOSS = {"district": 1.0, "municipality": 2.0, "county": 8.0}
_HANGING = {"n_respondents": 8.0, "n_scored": 2.0, "share_unscored": 1.0}
_MANY = 1e7
"""More pupils than any sum holds: stands for no limit, and can be subtracted from itself."""
_SLACK = 1e-9


_FREE = (-_MANY, _MANY)
Window = tuple[float, float]
Place = tuple[str, str, str]


@dataclass(frozen=True)
class PublicationRules:
    """What a reader sees in the published rules: floors under which a number is not shown, and how numbers are rounded."""

    floor: int = 10
    floor_sensitive: int = 20
    district_floor: int = 30
    count_step: int = 5
    share_step: int = 1
    sensitive: frozenset[str] = frozenset()

    def floor_of(self, index_key: str) -> int:
        """The least number shown for an index."""
        return self.floor_sensitive if index_key in self.sensitive else self.floor


@dataclass(frozen=True)
class Family:
    """One family as linked tables.

    Attributes:
        tables: the rows as cells; two for a share, in one unit. The first `len(cells)` units are the published cells in order,
            and what is known whatever is hidden has units below 0. From row `first_target` on stands the count behind each
            published cell in order, with nothing known about it: what an attacker is after.
        cells: `index_key, area_level, area_code, sex, measure, reason`, a row per published cell; `n_respondents` once per place.
    """

    tables: LinkedTables
    cells: pl.DataFrame
    first_target: int


@dataclass
class _Rows:
    """Linear rows under way."""

    unknowns: int
    row: list[tuple[IntArray, FloatArray]]
    known: list[tuple[float, float, float, float, int, float, bool]]

    def add(self, weights: FloatArray, shown: Window, hidden: Window, unit: int, cost: float, gone: bool) -> None:
        at = np.flatnonzero(weights)
        self.row.append((at, weights[at]))
        self.known.append((*shown, *hidden, unit, cost, gone))

    def know(self, weights: FloatArray, window: Window) -> None:
        """What is known whatever is hidden; a unit of its own."""
        self.add(weights, window, window, -len(self.row) - 1, 1.0, gone=False)

    def matrix(self) -> sp.csr_array:
        at = [len(columns) for columns, _ in self.row]
        indptr = np.concatenate([[0], np.cumsum(at)])
        columns, values = (np.concatenate([row[k] for row in self.row]) for k in (0, 1))
        return sp.csr_array((values.astype(np.float64), columns, indptr), shape=(len(self.row), self.unknowns))


class _Leaves:
    """Which leaves an index, an area, a sex and a group of answers consist of."""

    def __init__(self, areas: list[tuple[str, str]], index_keys: list[str]) -> None:
        self.index_keys = index_keys
        self.municipalities = [code for level, code in areas if level == "municipality"]
        districts = [code for level, code in areas if level == "district"]
        self.inside = {code: [d for d in districts if d.split("-")[0] == code] for code in self.municipalities}
        lone = [d for d in districts if d.split("-")[0] not in self.inside]
        self.units = [*self.municipalities, *(d for found in self.inside.values() for d in found), *lone]
        keys = [(index_key, code) for index_key in index_keys for code in self.units]
        self.first = {key: 8 * at for at, key in enumerate(keys)}

    @property
    def size(self) -> int:
        return 8 * len(self.first)

    def parts(self, level: str, code: str) -> list[str]:
        if level == "county":
            return [part for code in self.municipalities for part in (code, *self.inside[code])]
        return [code, *self.inside.get(code, [])]

    def weights(self, index_key: str, place: Place, measure: str) -> FloatArray:
        """Coefficients of the count behind a measure: the pupils of the group, of the three bands, or all."""
        groups = {"n_respondents": GROUPS, "n_scored": BANDS}.get(measure, (measure,))
        found = np.zeros(self.size)
        level, code, sex = place
        for part in self.parts(level, code):
            for kind in SEXES[sex]:
                for group in groups:
                    found[self.first[index_key, part] + 4 * kind + GROUPS.index(group)] = 1.0
        return found


def family_of(rows: pl.DataFrame, rules: PublicationRules) -> Family:
    """Linked tables of the rows of one edition, wave and grade, and of one index or several.

    Args:
        rows: `release.index_results` (keys, measure, value, reason) of them; rows without pupils or delivery left out.

    Raises:
        PipelineError: no counts fit what is published.
    """
    cells = rows.filter(pl.col("measure").is_in(CELLS)).sort("index_key", *PLACE, "measure")
    once = pl.col("index_key") == pl.col("index_key").min().over([*PLACE, "measure"])
    cells = cells.filter((pl.col("measure") != "n_respondents") | once)
    cells = cells.with_columns(_lost=_loss(cells))
    areas = cells.select("area_level", "area_code").unique().sort("area_level", "area_code").rows()
    leaves = _Leaves(areas, cells["index_key"].unique().sort().to_list())
    made = _Rows(leaves.size, [], [])
    for unit, cell in enumerate(cells.iter_rows(named=True)):
        _add_cell(made, leaves, cell, unit, rules)
    _same_respondents(made, leaves)
    first = len(made.row)
    for index_key, level, code, sex, measure in cells.select("index_key", *PLACE, "measure").iter_rows():
        made.know(leaves.weights(index_key, (level, code, sex), measure), _FREE)
    return Family(_tables(made), cells.select("index_key", *PLACE, "measure", "reason"), first)


def _same_respondents(made: _Rows, leaves: _Leaves) -> None:
    """All indices are about the same pupils, in each place that has leaves of its own."""
    one, *others = leaves.index_keys
    for index_key in others:
        for code in leaves.units:
            for kind in SEXES["all"]:
                same = np.zeros(leaves.size)
                for key, sign in ((one, 1.0), (index_key, -1.0)):
                    same[leaves.first[key, code] + 4 * kind : leaves.first[key, code] + 4 * kind + 4] = sign
                made.know(same, (0.0, 0.0))


def _loss(cells: pl.DataFrame) -> pl.Series:
    """How much is lost with a cell: totals more than a breakdown, large areas more than small, with all that hangs on it."""
    level = cells["area_level"].replace_strict(_LEVEL_LOSS, return_dtype=pl.Float64)
    sex = pl.Series(np.where((cells["sex"] == "all").to_numpy(), 4.0, 1.0))
    return level * sex * cells["measure"].replace_strict(_HANGING, default=4.0, return_dtype=pl.Float64)


def _add_cell(made: _Rows, leaves: _Leaves, cell: dict[str, object], unit: int, rules: PublicationRules) -> None:
    index_key = str(cell["index_key"])
    place, measure = (str(cell["area_level"]), str(cell["area_code"]), str(cell["sex"])), str(cell["measure"])
    cost, shown = float(cell["_lost"]), cell["reason"] == "ok"  # type: ignore[arg-type]
    value = float(cell["value"]) if shown else 0.0  # type: ignore[arg-type]
    floor = rules.floor_of(index_key)
    if measure in COUNTS:
        hidden = (0.0, float(floor - 1)) if cell["reason"] == "too_few" else (float(floor), _MANY)
        below, above = rules.count_step // 2, (rules.count_step - 1) // 2
        window = (max(value - below, floor), value + above) if shown else hidden
        made.add(leaves.weights(index_key, place, measure), window, hidden, unit, cost, not shown)
        return
    part = leaves.weights(index_key, place, measure)
    base = leaves.weights(index_key, place, "n_respondents" if measure == "share_unscored" else "n_scored")
    low, high = max(value - rules.share_step / 2, 0.0) / 100, min(value + rules.share_step / 2, 100.0) / 100
    made.add(part - (high + _SLACK) * base, (-_MANY, 0.0), _FREE, unit, cost / 2, not shown)
    made.add(part - (low - _SLACK) * base, (0.0, _MANY), _FREE, unit, cost / 2, not shown)
    if measure in BANDS:
        # a hidden share doesn't tell on which side of the districts' own floor its number lies (disclosure_rows.py)
        least = max(floor, rules.district_floor) if shown and cell["area_level"] == "district" else floor
        made.know(base, (0.0, least - 1.0) if cell["reason"] == "too_few" else (float(least), _MANY))


def _tables(made: _Rows) -> LinkedTables:
    parts = made.matrix()
    shown_low, shown_high, hidden_low, hidden_high, unit, cost, must_hide = (np.array(c) for c in zip(*made.known, strict=True))
    low, high = np.where(must_hide, hidden_low, shown_low), np.where(must_hide, hidden_high, shown_high)
    leaves = fitting_point(parts, low, high)
    counts = np.asarray(parts @ leaves)
    return linked_tables(
        leaves, parts, np.zeros(len(unit), dtype=bool), cost=cost, unit=unit, must_hide=must_hide,
        shown_low=np.minimum(low, counts), shown_high=np.maximum(high, counts),
        hidden_low=np.minimum(hidden_low, counts), hidden_high=np.maximum(hidden_high, counts),
    )  # fmt: skip


def fitting_point(parts: sp.csr_array, low: FloatArray, high: FloatArray) -> FloatArray:
    """Non-negative leaves whose cells lie inside their windows.

    Raises:
        PipelineError: there are none: what is published contradicts itself.
    """
    from scipy.optimize import linprog

    above, below = high < _MANY, low > -_MANY
    answer = linprog(
        np.zeros(parts.shape[1]), A_ub=sp.vstack([parts[above], -parts[below]]).tocsr(),
        b_ub=np.concatenate([high[above], -low[below]]), method="highs",
    )  # fmt: skip
    if answer.status != 0:
        raise PipelineError(
            code="published_contradiction",
            where="Det som ska publiceras",
            expected="antal som kan stämma med alla andelar, antal och summor",
            got="inga sådana antal",
            hint="Räkna om indexen och släppet.",
        )
    return np.maximum(answer.x, 0.0)
