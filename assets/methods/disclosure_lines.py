"""Complementary suppression inside one block: girls, boys, all x three bands, with known row totals.

The block is a two-way table with margins, hence a network: an arc girl -> band and boy -> band per cell of the sex split and
an arc band -> sink per total. What is shown is fixed, what is hidden may be any whole number from 0. The attacker's exact
interval of a hidden cell is then a pair of maximum flows in the residual network, and by the max-flow min-cut theorem the
least of a few cut capacities (Ford & Fulkerson 1956; Castro 2006 for two-way tables in disclosure control). So each block
gets the cheapest pattern whose every hidden cell is wide enough, exactly and without a solver.

The attacker assumed here knows every shown count exactly, which is more than rounding lets anybody know.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np

from assets.methods.disclosure_rounding import IntArray

_SINK = 5
_UNBOUNDED = 1 << 40
_CELL_COST = (1.02, 1.0, 1.03, 1.02, 1.0, 1.03, 4.02, 4.0, 4.03)
"""A cell of the sex split costs about 1 and a total 4; the middle band is given up first."""


def _arc(cell: int) -> tuple[int, int]:
    """(from, to) of a cell 3 x sex + band. Nodes: 0 girls, 1 boys, 2-4 bands, 5 sink."""
    sex, band = divmod(cell, 3)
    return (2 + band, _SINK) if sex == 2 else (sex, 2 + band)


@cache
def patterns() -> tuple[tuple[int, ...], ...]:
    """Every set of hidden cells that leaves no line with a single gap, the cheapest first."""
    lines = [[3 * s + k for k in range(3)] for s in range(3)] + [[3 * s + k for s in range(3)] for k in range(3)]
    sets = (cells for size in range(10) for cells in combinations(range(9), size))
    closed = [cells for cells in sets if all(len(set(line) & set(cells)) != 1 for line in lines)]
    return tuple(sorted(closed, key=lambda cells: (round(sum(_CELL_COST[cell] for cell in cells), 6), cells)))


@cache
def _cuts(pattern: tuple[int, ...], source: int, target: int, without: int) -> IntArray | None:
    """Matrix [cut, cell of the pattern]: 1 where the cut is crossed backwards by that cell's arc.

    Only cuts that no other hidden arc crosses forwards bound the flow; None when there is no such cut.
    """
    others = [node for node in range(6) if node not in (source, target)]
    rows = set()
    for size in range(len(others) + 1):
        for chosen in combinations(others, size):
            side = {source, *chosen}
            arcs = [(cell, *_arc(cell)) for cell in pattern if cell != without]
            if any(tail in side and head not in side for _, tail, head in arcs):
                continue
            rows.add(tuple(int(any(c == cell and h in side and t not in side for c, t, h in arcs)) for cell in pattern))
    return np.array(sorted(rows), dtype=np.int64) if rows else None


def _flow(hidden: IntArray, pattern: tuple[int, ...], source: int, target: int, without: int) -> IntArray:
    cuts = _cuts(pattern, source, target, without)
    if cuts is None:
        return np.full(len(hidden), _UNBOUNDED, dtype=np.int64)
    return (hidden @ cuts.T).min(axis=1)


def pattern_widths(cells: IntArray, pattern: tuple[int, ...]) -> IntArray:
    """Width of the attacker's interval of each hidden cell.

    Args:
        cells: [block, 9] counts, cell = 3 x sex + band.
        pattern: the hidden cells.

    Returns:
        [block, hidden cell] greatest minus least possible count.
    """
    hidden = cells[:, list(pattern)]
    widths = np.empty_like(hidden)
    for position, cell in enumerate(pattern):
        tail, head = _arc(cell)
        up = _flow(hidden, pattern, head, tail, cell)
        down = np.minimum(hidden[:, position], _flow(hidden, pattern, tail, head, cell))
        widths[:, position] = up + down
    return widths


def protect_bands(bands: IntArray, primary: np.ndarray, required: IntArray) -> np.ndarray:
    """Hidden cells of each block: the cheapest safe pattern that holds the primary cells.

    Args:
        bands: [block, 3 sexes, 3 bands] counts.
        primary: same shape, cells that must be hidden.
        required: [block] least width of every hidden cell's interval.

    Returns:
        Boolean array of the same shape. A block for which no pattern is safe is hidden altogether.
    """
    cells, flagged = bands.reshape(-1, 9), primary.reshape(-1, 9)
    hidden = np.ones_like(flagged)
    open_blocks = np.arange(len(cells))
    for pattern in patterns():
        outside = [cell for cell in range(9) if cell not in pattern]
        rows = open_blocks[~flagged[np.ix_(open_blocks, outside)].any(axis=1)]
        if len(rows) and pattern:
            rows = rows[(pattern_widths(cells[rows], pattern) >= required[rows, None]).all(axis=1)]
        if not len(rows):
            continue
        hidden[np.ix_(rows, outside)] = False
        open_blocks = np.setdiff1d(open_blocks, rows, assume_unique=True)
    return hidden.reshape(primary.shape)
