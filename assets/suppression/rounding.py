"""Controlled rounding: every count becomes a multiple of a base, nearer than the base, and all sums still add up.

Zero-restricted controlled rounding (Cox 1987): each cell goes to the multiple below or above and a multiple stays. Such a
rounding exists for every two-way table, not for every three-way one; the least sum of changes is a 0/1 program.
"""

from __future__ import annotations

import numpy as np

from assets.suppression.tables import FloatArray, LinkedTables, stop


def controlled_rounding(tables: LinkedTables, base: int, nodes: int = 20_000) -> FloatArray | None:
    """Rounded counts of all cells with the least sum of |change|, or None when no additive rounding exists.

    Args:
        base: 2 or greater.
        nodes: limit of the search, so that it ends the same way on any machine.

    Raises:
        PipelineError: the base is too small, or the search did not end within `nodes`.
    """
    import scipy.sparse as sp
    from scipy.optimize import Bounds, LinearConstraint, milp

    if base < 2:
        raise stop("en avrundningsbas från 2", str(base), "Välj 3 eller 5.")

    counts = tables.counts
    floor = np.floor(counts / base) * base
    rest = counts - floor
    cells, leaves = tables.parts.shape
    # unknowns: multiples of the base that each leaf holds (never negative), then 0/1 whether each cell goes up
    equal = sp.hstack([base * tables.parts, -base * sp.eye_array(cells)]).tocsr()
    answer = milp(
        np.concatenate([np.zeros(leaves), base - 2 * rest]),
        constraints=LinearConstraint(equal, floor, floor),
        integrality=np.ones(leaves + cells),
        bounds=Bounds(0, np.concatenate([np.full(leaves, np.inf), (rest > 0).astype(np.float64)])),
        options={"node_limit": nodes, "mip_rel_gap": 0.0},
    )
    if answer.status == 2:
        return None
    if answer.status != 0:
        raise stop("en avrundning inom sökgränsen", "ingen ännu", "Välj en annan bas eller ett högre antal noder.")
    return floor + base * np.round(answer.x[leaves:])
