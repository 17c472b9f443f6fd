"""What an attacker with two releases believes of the pupils, as far as the two releases don't refute it. Pure.

Whoever believes that pupils have only come since finds out where that can't be: a corrected delivery may show fewer in a cell
than before. There the belief is given up: what no world agrees with bounds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from assets.audit.earlier import Link, tie
from assets.audit.program import Program
from assets.audit.system import Contradiction, Leaves, LinearSystem
from assets.audit.world import Row, World

Tables = Mapping[str, Sequence[Row]]
Builds = Sequence[Callable[[LinearSystem, Tables], World]]
"""How what is published now, and what was published before, becomes unknowns and rules."""


def beliefs(link: Link, build: Builds, now: Tables, before: Tables) -> Iterator[Link]:
    """The link, then what is left of it: without the municipalities where it alone is refuted, then without any late pupils.

    Each is worked out only when the one before has been found to contradict what is published.
    """
    yield link
    if link.late:
        yield replace(link, corrected=refuted(link, build, now, before))
        yield replace(link, late=False)


def refuted(link: Link, build: Builds, now: Tables, before: Tables) -> frozenset[str]:
    """Municipalities whose own two tables can't be those of the same pupils and some more."""
    held = [{row[2].split("-")[0] for rows in tables.values() for row in rows if row[1] != "county"} for tables in (now, before)]
    changed = sorted((held[0] & held[1]) - link.same)
    return frozenset(code for code in changed if not _possible(link, build, _of(now, code), _of(before, code)))


def _of(tables: Tables, code: str) -> Tables:
    return {name: [row for row in rows if row[1] != "county" and row[2].split("-")[0] == code] for name, rows in tables.items()}


def _possible(link: Link, build: Builds, now: Tables, before: Tables) -> bool:
    system = LinearSystem()
    world, old = build[0](system, now), build[1](system, before)
    tie(world, old, link)
    leaves = Leaves.of(system)
    try:
        Program(leaves.rules).extreme(np.zeros(leaves.sums.shape[1]))
    except Contradiction:
        return False
    return True
