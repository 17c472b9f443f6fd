"""Two releases about the same pupils: what an attacker with both can subtract. Pure.

Where a delivery has not changed, every pupil counts alike in both. Where it has, the attacker may believe that pupils have only
come since: what is new less what was is then the late pupils alone, a group so small that two large numbers tell its cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assets.audit.world import Name, Row, World

_PUPILS = ("share_band1", "share_band2", "share_band3", "share_unscored", "yes", "no")
"""Unknowns in which every pupil of an index or a series is counted once."""
_NAME = {"share": "yes", "mean": "yes"}
_BANDS, _UNSCORED = _PUPILS[:3], "share_unscored"
_ZERO = 1e-4
"""A least number below this is none: no late pupil is known to be in the cell."""
Sum = dict[int, float]


@dataclass(frozen=True)
class Link:
    """How the pupils of two releases overlap.

    Attributes:
        same: codes of municipalities whose pupils are the same. late: elsewhere pupils have come since and none has gone.
        corrected: codes where that isn't so: nothing is believed of them.
    """

    same: frozenset[str]
    late: bool
    corrected: frozenset[str] = frozenset()

    def unchanged(self, code: str) -> bool:
        """Whether the area's pupils are the same; a district's are those of its municipality."""
        return code.split("-", maxsplit=1)[0] in self.same

    def only_more(self, code: str) -> bool:
        """Whether the area's pupils are believed to be those of before and some more."""
        return self.late and not self.unchanged(code) and code.split("-", maxsplit=1)[0] not in self.corrected


def tie(now: World, before: World, link: Link) -> None:
    """Tell the system that both worlds are about the same pupils, as far as they are; their places are searched together."""
    for (place, sex, key, name), old in before.cells.items():
        new = now.cells.get((place, sex, key, name))
        if new is None or sex == "all" or place[0] == "county" or name not in _PUPILS:
            continue
        if link.unchanged(place[1]):
            now.equal(new, [old])
        elif link.only_more(place[1]):
            now.contain(new, [old])
    now.owners.update(before.owners)


def late_cells(now: World, before: World, link: Link, rows: Sequence[Row]) -> tuple[list[Row], list[Sum], list[Sum]]:
    """The late pupils of each cell that both releases have, shown or hidden: the rows, named `late:<measure>`, their sums, and
    those of the late pupils that the cell is a part of (with a score, with an answer; of the unscored: all)."""
    found: list[Row] = []
    sums: list[Sum] = []
    groups: list[Sum] = []
    for row in rows:
        name = _NAME.get(row[5], row[5])
        at = ((row[1], row[2]), row[3], row[4], name)
        if name in _PUPILS and row[1] != "county" and link.only_more(row[2]) and at in now.cells and at in before.cells:
            found.append((*row[:5], f"late:{row[5]}", *row[6:]))
            sums.append(_late(now, before, at, (name,)))
            groups.append(_late(now, before, at, _GROUP[name]))
    return found, sums, groups


_GROUP = dict.fromkeys(_BANDS, _BANDS) | {_UNSCORED: (*_BANDS, _UNSCORED)} | dict.fromkeys(("yes", "no"), ("yes", "no"))


def _late(now: World, before: World, at: Name, names: Sequence[str]) -> Sum:
    cells = [(*at[:3], name) for name in names]
    return {now.cells[one]: 1.0 for one in cells} | {before.cells[one]: -1.0 for one in cells}


def enough(need: float, low: float, most: float) -> float:
    """The width required of a cell of late pupils, of whom there may be so many.

    Where nobody is known to be in it, an interval that has room for all of them but one (and for one) says nothing of anybody's
    answer, however few have come.
    """
    return min(need, max(most - 1, min(most, 1.0)) - _ZERO) if low < _ZERO else need
