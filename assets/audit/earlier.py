"""Two releases about the same pupils: what an attacker with both can subtract. Pure.

Where a delivery has not changed, every pupil counts alike in both. Where it has, the attacker may believe that pupils have only
come since: what is new less what was is then the late pupils alone, a group so small that two large numbers tell its cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assets.audit.world import Row, World

_PUPILS = ("share_band1", "share_band2", "share_band3", "share_unscored", "yes", "no")
"""Unknowns in which every pupil of an index or a series is counted once."""
_NAME = {"share": "yes", "mean": "yes"}


@dataclass(frozen=True)
class Link:
    """How the pupils of two releases overlap.

    Attributes:
        same: codes of municipalities whose pupils are the same. late: elsewhere pupils have come since and none has gone.
    """

    same: frozenset[str]
    late: bool

    def unchanged(self, code: str) -> bool:
        """Whether the area's pupils are the same; a district's are those of its municipality."""
        return code.split("-", maxsplit=1)[0] in self.same


def tie(now: World, before: World, link: Link) -> None:
    """Tell the system that both worlds are about the same pupils, as far as they are; their places are searched together."""
    for (place, sex, key, name), old in before.cells.items():
        new = now.cells.get((place, sex, key, name))
        if new is None or sex == "all" or place[0] == "county" or name not in _PUPILS:
            continue
        if link.unchanged(place[1]):
            now.equal(new, [old])
        elif link.late:
            now.contain(new, [old])
    now.owners.update(before.owners)


def late_cells(now: World, before: World, link: Link, rows: Sequence[Row]) -> tuple[list[Row], list[dict[int, float]]]:
    """The late pupils of each cell that both releases have, shown or hidden: the rows, named `late:<measure>`, and the sums."""
    found: list[Row] = []
    sums: list[dict[int, float]] = []
    for row in rows if link.late else ():
        name = _NAME.get(row[5], row[5])
        at = ((row[1], row[2]), row[3], row[4], name)
        if name in _PUPILS and row[1] != "county" and not link.unchanged(row[2]) and at in now.cells and at in before.cells:
            found.append((*row[:5], f"late:{row[5]}", *row[6:]))
            sums.append({now.cells[at]: 1.0, before.cells[at]: -1.0})
    return found, sums
