"""Hidden counties whose municipalities are all published: a reader adds them up, so they are no secrets of their own. Pure.

A county of few municipalities may be hidden to protect one number in one of its columns, while every municipality's number of
another column is shown. The sum of what is shown was never hidden: the parts have kept all rules, and the whole is at least as
many pupils as any of them. What is hidden elsewhere is attacked by the same rules in the same system: nothing else is spared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from assets.audit.world import Row

Cell = tuple[str, str, str, str, str, str]
"""Edition, area level, area code, sex, key and measure."""


def told_by_parts(rows: Sequence[Row]) -> frozenset[Cell]:
    """The hidden cells of counties whose municipalities' cells are all shown in the same edition.

    Args:
        rows: of one table, wave and grade; municipalities without pupils have none.
    """
    shown = {row[:6] for row in rows if row[10] == "ok" and row[6] is not None}
    inside: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        if row[1] == "municipality":
            inside[row[0], row[2][:2]].add(row[2])
    told = set()
    for row in rows:
        parts = inside[row[0], row[2]] if row[1] == "county" and row[:6] not in shown else ()
        if parts and all((row[0], "municipality", code, *row[3:6]) in shown for code in parts):
            told.add(row[:6])
    return frozenset(told)
