"""The pupils behind the published tables: unknown numbers with names, and what adds up to what. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import exp, log

import numpy as np
import polars as pl

from assets.audit.system import INFINITY, LinearSystem
from assets.audit.types import AuditRules

Place = tuple[str, str]
"""Area level and area code."""
Name = tuple[Place, str, str, str]
"""Place, sex, key (index, count or series) and what is counted."""
SEXES = ("girl", "boy", "all")
ABSENT = ("no_delivery", "no_pupils")
"""Reasons that say that nobody is there."""
EDGE = 1e-9
_TOGETHER = 6
"""So many municipalities can take up what one of them changes: the county's number of pupils is known to within a few."""
ROW = (
    *("edition", "area_level", "area_code", "sex", "key", "measure", "value", "low", "high", "n", "reason", "method"),
    "interval_method",
)
Row = tuple[str, str, str, str, str, str, float | None, float | None, float | None, int | None, str, str | None, str | None]


class World:
    """Named unknowns of one system. Two worlds on one system are two releases of pupils that overlap."""

    def __init__(self, system: LinearSystem) -> None:
        self.system = system
        self.cells: dict[Name, int] = {}
        self.owners: dict[int, Place] = {}

    def own(self, place: Place) -> int:
        """A new unknown without a name that belongs to a place."""
        at = self.system.unknown()
        self.owners[at] = place
        return at

    def cell(self, place: Place, sex: str, key: str, name: str) -> int:
        """The unknown of that name; a new one when there is none yet."""
        at = self.cells.get((place, sex, key, name))
        if at is None:
            at = self.cells[place, sex, key, name] = self.own(place)
        return at

    def seen_as(self, other: World, worlds: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Worlds of another system about the same pupils, as worlds of this one; none when it lacks some unknown of this."""
        if any(name not in other.cells for name in self.cells):
            return []
        at = np.empty(len(self.cells), dtype=np.int64)
        at[list(self.cells.values())] = [other.cells[name] for name in self.cells]
        return [world[at] for world in worlds]

    def groups(self) -> list[np.ndarray]:
        """Unknowns that can change together: a district, some municipalities with their county, one with its districts.

        A county's sums are known so well that one municipality can hardly change alone; a few can take up what each other change.
        """
        held: dict[Place, list[int]] = defaultdict(list)
        for at, place in sorted(self.owners.items()):
            held[place].append(at)
        districts = sorted(place for place in held if place[0] == "district")
        found = [held[place] for place in districts]
        for county in sorted({place[1][:2] for place in held}):
            own = [at for place in held if place == ("county", county) for at in held[place]]
            inside = sorted(place for place in held if place[0] == "municipality" and place[1].startswith(county))
            parts = -(-len(inside) // _TOGETHER)
            chunks = [inside[first::parts] for first in range(parts)]
            chunks += [inside[first : first + _TOGETHER] for first in range(0, len(inside), _TOGETHER)] if parts > 1 else []
            found += [[*own, *(at for place in chunk for at in held[place])] for chunk in chunks]
            for place in inside:
                below = [at for one in districts if one[1].startswith(place[1] + "-") for at in held[one]]
                found += [[*own, *held[place], *below]] if below else []
        return [np.array(sorted(group)) for group in found]

    def equal(self, whole: int, parts: Iterable[int]) -> None:
        """The whole is the sum of its parts."""
        self.system.know({whole: -1.0} | dict.fromkeys(parts, 1.0), 0.0, 0.0)

    def contain(self, whole: int, parts: Iterable[int]) -> None:
        """The whole is at least the sum of these parts."""
        self.system.know({whole: 1.0} | dict.fromkeys(parts, -1.0), 0.0, INFINITY)

    def add_up(self, places: Sequence[Place], key: str, names: Sequence[str]) -> None:
        """Girls and boys are all; municipalities are their county; districts lie within their municipality."""
        for place in places:
            for name in names:
                self.equal(self.cell(place, "all", key, name), [self.cell(place, sex, key, name) for sex in ("girl", "boy")])
        for whole in places:
            if whole[0] == "county":
                inside = [p for p in places if p[0] == "municipality" and p[1][: len(whole[1])] == whole[1]]
            else:
                inside = [
                    p for p in places if p[0] == "district" and whole[0] == "municipality" and p[1].startswith(whole[1] + "-")
                ]
            for name in names if inside else ():
                for sex in ("girl", "boy"):
                    parts = [self.cell(place, sex, key, name) for place in inside]
                    (self.equal if whole[0] == "county" else self.contain)(self.cell(whole, sex, key, name), parts)


def rows_of(table: pl.DataFrame, key: str) -> list[Row]:
    """Rows of a table where somebody is there, in the order of `ROW`."""
    renamed = table.filter(~pl.col("reason").is_in(ABSENT)).rename({key: "key"})
    return renamed.select(ROW).rows()


def places_of(rows: Iterable[Row]) -> list[Place]:
    return sorted({(row[1], row[2]) for row in rows})


def share_window(
    rules: AuditRules, edition: str, value: float, low: float | None, high: float | None, exact: bool
) -> tuple[float, float]:
    """Where a share (0..1) lies that is published rounded, in per cent, with a rounded interval.

    `exact`: the interval is symmetric on the logit scale around the share, so its rounded ends tell where its middle may lie.
    They don't where they are two steps apart: they may be equal ends that were moved (`assets/methods/interval_limits.py`).
    """
    half = rules.editions[edition].share_step / 2
    least, most = value - half, value + half
    if exact and low is not None and high is not None and 0.5 < low < high - 4 * half and high < 99.5:
        least = max(least, _middle(low - 0.5, high - 0.5))
        most = min(most, _middle(low + 0.5, high + 0.5))
    return max(least, 0.0) / 100 - EDGE, min(most, 100.0) / 100 + EDGE


def _middle(low: float, high: float) -> float:
    logit = (log(low / (100 - low)) + log(high / (100 - high))) / 2
    return 100 / (1 + exp(-logit))


def number_window(rules: AuditRules, edition: str, value: float, floor: int) -> tuple[float, float]:
    """Where a number of pupils lies that is published rounded to the nearest step, halves up."""
    step = rules.editions[edition].count_step
    return max(value - step // 2, floor), value + step - 1 - step // 2
