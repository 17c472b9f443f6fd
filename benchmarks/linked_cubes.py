"""A campaign against the suppressor of linked tables: random cubes before an attacker by linear programming.

    python -m benchmarks.linked_cubes [--cubes 2000] [--first 0] [--releases 4]

Every cube is suppressed and attacked with the attacker of the tests, which shares no code with the suppressor. Every
`releases`-th cube is released twice, the second time with late answers and the first pattern kept, and attacked by differencing:
what came between two shown cells is known exactly, and the attacker uses both releases together, so any subtraction is in it.
Prints numbers of cubes, cells and cells recovered (0 is the only good one).
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from assets.methods.errors import PipelineError
from assets.suppression.pattern import QUICK, Pattern, suppress
from assets.suppression.tables import LinkedTables
from tests.property.test_linked_cubes import two_releases
from tests.support.linked_tables import random_tables, recovered


def subtracted(tables: LinkedTables, first: Pattern, second: Pattern) -> int:
    """Primary cells that are shown in either release, and so given away without any computing."""
    return int((tables.primary & ~(first.hidden & second.hidden)).sum())


def main() -> None:
    """Run the campaign and print what it found; fails when a cell is recovered."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cubes", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--releases", type=int, default=4, help="every how many cubes are released twice")
    given = parser.parse_args()
    tally = dict.fromkeys(("cubes", "no pattern", "primary", "cells", "hidden", "recovered", "twice", "recovered jointly"), 0)
    began = time.process_time()
    for seed in range(given.first, given.first + given.cubes):
        attack_one(seed, tally, twice=seed % given.releases == 0)
    found = ", ".join(f"{name} {count}" for name, count in tally.items())
    sys.stdout.write(f"{found} in {time.process_time() - began:.0f} cpu s\n")
    if tally["recovered"] or tally["recovered jointly"]:
        raise SystemExit("cells were recovered")


def attack_one(seed: int, tally: dict[str, int], twice: bool) -> None:
    """Suppress and attack one cube, and add what was found to the tally."""
    tables = random_tables(seed)
    tally["cubes"] += 1
    try:
        pattern = suppress(tables, effort=QUICK)
    except PipelineError:
        tally["no pattern"] += 1
        if not recovered(tables, np.ones(tables.size, dtype=bool)):
            raise SystemExit(f"cube {seed}: stopped although hiding everything is safe") from None
        return
    tally["primary"] += int(tables.primary.sum())
    tally["cells"] += tables.size
    tally["hidden"] += pattern.cells
    tally["recovered"] += recovered(tables, pattern.hidden)
    if twice:
        joint, first, second = two_releases(tables, pattern, seed)
        tally["twice"] += 1
        tally["recovered jointly"] += recovered(joint, np.concatenate([first.hidden, second.hidden]))
        tally["recovered jointly"] += subtracted(tables, first, second)


if __name__ == "__main__":
    main()
