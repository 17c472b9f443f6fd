"""Whether a weighted share beside the unweighted one rings in the pupils of a response cell. Pure.

The attacker knows how many pupils of every response cell answered and what each counts, which shares are published, and that they
are rounded. How many of a cell are in the numerator then lies between the least and the greatest value that the published
shares allow: two linear programs per cell (as in the audit of `docs/adr/0010`). Pupils with the same weight in the same
municipality can't be told apart and are one cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from assets.methods.design import Floats

SLACK = 1e-6
Row = tuple[Floats, float, float]
"""Coefficients of the cells' numerators, and the window of their sum."""


def safe_areas(
    cells: pl.DataFrame, published: Mapping[str, float], county: float | None, width: float, step: float = 1.0
) -> tuple[set[str], bool]:
    """The municipalities whose weighted share may be told, and whether the county's may.

    Args:
        cells: one wave, grade and index: `municipality_code, weight, n, yes`. published: municipality -> unweighted share in per
            cent, those that are shown. county: the county's, None when hidden. width: the interval every numerator must exceed.
            step: rounding of shares in points.

    Returns:
        A municipality is safe when its own two shares leave every cell of it wide; the county when all shares together, those
        of the safe municipalities among them, leave every cell of the county wide. A shown municipality that is one cell is not
        asked about: its numerator is what its unweighted share tells.
    """
    cells = cells.sort("municipality_code", "weight")
    codes = cells["municipality_code"].to_numpy()
    n, yes, weight = (cells[name].cast(pl.Float64).to_numpy() for name in ("n", "yes", "weight"))
    safe, rows = set(), []
    for area in sorted(published):
        inside = (codes == area).astype(float)
        if not inside @ n:
            continue
        own = [_plain(inside, n, published[area], step)]
        rows += own
        if inside.sum() == 1:  # one weight: the weighted share is the unweighted one
            safe.add(area)
            continue
        under = _weighted(inside, n, yes, weight, step)
        if _wide(n * inside, [*own, under], width, np.flatnonzero(inside)):
            safe.add(area)
            rows.append(under)
    if county is None:
        return safe, False
    whole = np.ones(len(n))
    rows += [_plain(whole, n, county, step), _weighted(whole, n, yes, weight, step)]
    alone = {area for area in published if (codes == area).sum() == 1}
    unknown = np.flatnonzero([code not in alone for code in codes])
    return safe, _wide(n, rows, width, unknown)


def _plain(inside: Floats, n: Floats, percent: float, step: float) -> Row:
    """Whole numbers that round to the share, a tie upwards."""
    whole = float(inside @ n)
    return inside, np.ceil((percent - step / 2) / 100 * whole - SLACK), np.ceil((percent + step / 2) / 100 * whole - SLACK) - 1


def _weighted(inside: Floats, n: Floats, yes: Floats, weight: Floats, step: float) -> Row:
    """Weighted sums that round to the share, drawn in by the greatest weight, so that whole pupils can reach what the linear
    program reaches."""
    used = inside * weight
    whole, drawn_in = float(used @ n), float(used.max())
    percent = step * np.floor(100 * float(used @ yes) / whole / step + 0.5)
    return used, (percent - step / 2) / 100 * whole + drawn_in, (percent + step / 2) / 100 * whole - drawn_in


def _wide(n: Floats, rows: Sequence[Row], width: float, asked: np.ndarray) -> bool:
    """Whether every asked cell's numerator may vary by more than `width` and one more for whole numbers, or is all unknown."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    matrix = np.vstack([row[0] for row in rows])
    low, high = (np.array([row[place] for row in rows]) for place in (1, 2))
    above = csr_matrix(np.vstack([matrix, -matrix]))
    limits = np.concatenate([high + SLACK, -low + SLACK])
    bounds = np.column_stack([np.zeros(len(n)), n])
    for cell in asked:
        ends = []
        for sign in (1.0, -1.0):
            goal = np.zeros(len(n))
            goal[cell] = sign
            found = linprog(goal, A_ub=above, b_ub=limits, bounds=bounds, method="highs")
            if found.status != 0:  # the shares contradict each other: nothing is told
                return False
            ends.append(float(found.x[cell]))
        gap = ends[1] - ends[0]
        if gap <= width + 1 and gap < n[cell] - 1e-3:
            return False
    return True
