"""What the suppressor of linked tables costs: time and loss on the oracle tables and on cubes of growing size.

    python -m benchmarks.suppression [--areas 5 10 20 40 80 160]

Oracle tables: the first greedy pattern, after the local search, and the proven optimum; loss as a ratio to the best known.
Cubes: areas x sex x grade with parts of areas as a hierarchy, seeded; greedy alone. Seconds are cpu seconds of one thread.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from assets.suppression.builders import all_cells, cube, levels, losses, parts_matrix, small_cells
from assets.suppression.pattern import QUICK, Effort, Pattern, suppress
from assets.suppression.tables import LinkedTables
from tests.support.linked_tables import oracle_tables

ORACLE = (
    ("flat", "cells"), ("flat", "counts"), ("line_rule", "cells"), ("hierarchical", "cells"), ("hierarchical", "counts"),
    ("linked", "cells"),
)  # fmt: skip


def grown(areas: int, seed: int = 7) -> LinkedTables:
    """A cube of areas x sex x grade, with the areas in parts of about five."""
    random = np.random.default_rng(seed)
    codes = [f"m{i:03d}" for i in range(areas)]
    area = {"all": codes, **{code: [code] for code in codes}}
    area |= {f"part{at:03d}": codes[at : at + 5] for at in range(0, areas, 5)}
    two = {name: {"all": ["1", "2"], "1": ["1"], "2": ["2"]} for name in ("sex", "grade")}
    dimensions = {"area": area, **two}
    cells = all_cells(dimensions)
    parts = parts_matrix(cells, dimensions)
    leaves = np.floor(random.gamma(1.1, 22, size=parts.shape[1]))
    counts = np.asarray(parts @ leaves)
    primary = small_cells(counts, 5)
    lower, upper = levels(counts, primary, 5)
    made = cube(cells, dimensions, leaves, primary, lower=lower, upper=upper)
    return made.with_cost(losses(made, "counts"))


def timed(tables: LinkedTables, effort: Effort) -> tuple[Pattern, float]:
    """A pattern and its cpu seconds."""
    began = time.process_time()
    return suppress(tables, effort=effort), time.process_time() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--areas", type=int, nargs="*", default=[5, 10, 20, 40, 80])
    given = parser.parse_args()
    say = sys.stdout.write
    for name, cost in ORACLE:
        tables = oracle_tables(name, cost)
        runs = [timed(tables, effort) for effort in (QUICK, Effort(exact=0), Effort())]
        best = runs[-1][0]
        ratios = ", ".join(f"{pattern.cost / best.cost:.3f} in {seconds:.2f} s" for pattern, seconds in runs)
        say(f"{name} {cost}: {tables.size} cells, {int(tables.primary.sum())} primary, optimum {best.cost:g}")
        say(f" ({'proven' if best.proven else f'bound {best.lower_bound:g}'}): {ratios}\n")
    for areas in given.areas:
        tables = grown(areas)
        pattern, seconds = timed(tables, QUICK)
        primary = int(tables.primary.sum())
        say(f"{areas} areas: {tables.size} cells, {primary} primary, {pattern.cells} hidden in {seconds:.2f} s\n")


if __name__ == "__main__":
    main()
