"""Oracle tables and random cubes for the suppressor of linked tables, and the tests' own attacker on its patterns."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from assets.suppression.builders import cells_of_tables, cube, levels, losses, parts_matrix, small_cells
from assets.suppression.tables import LinkedTables
from tests.support.attacker import bounds

DATA = Path(__file__).parents[1] / "oracle/data/disclosure"
TOLERANCE = 1e-5


def oracle_tables(name: str, cost: str = "cells", only: str | None = None) -> LinkedTables:
    """An oracle's table with its primary cells and levels.

    Args:
        cost: kind of loss, see `losses`.
        only: of the linked tables, the one whose cells are wanted.
    """
    dims = json.loads((DATA / f"{name}_dims.json").read_text(encoding="utf-8"))
    cells = pl.read_csv(DATA / f"{name}_cells.csv", infer_schema_length=None)
    parts, counts = parts_matrix(cells, dims), cells["count"].to_numpy()
    leaves = _leaves(parts.toarray(), counts)
    keep = np.ones(cells.height, dtype=bool) if only is None else cells["in_table"].is_in([only, "both"]).to_numpy()
    tables = cube(
        cells.filter(pl.Series(keep)), dims, leaves, cells["primary"].to_numpy()[keep] == 1,
        lower=cells["lpl"].to_numpy()[keep], upper=cells["upl"].to_numpy()[keep],
    )  # fmt: skip
    return tables.with_cost(losses(tables, cost))


def _leaves(parts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Whole leaves that give the counts: read off where each leaf is a cell, else any that fit."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    found = milp(
        np.zeros(parts.shape[1]), constraints=LinearConstraint(parts, counts, counts),
        integrality=np.ones(parts.shape[1]), bounds=Bounds(0, np.inf),
    )  # fmt: skip
    return np.round(found.x)


def random_tables(seed: int, cost: str = "cells") -> LinkedTables:
    """A random cube: 2-3 dimensions, sometimes a hierarchy, sometimes two linked tables instead of their joint cube."""
    random = np.random.default_rng(seed)
    areas = int(random.integers(2, 6))
    codes = [f"a{i}" for i in range(areas)]
    area = {"all": codes, **{code: [code] for code in codes}}
    if areas >= 4 and random.random() < 0.6:
        cut = int(random.integers(1, areas))
        area |= {"partA": codes[:cut], "partB": codes[cut:]}
    dimensions: dict[str, dict[str, list[str]]] = {"area": area}
    for name, most in (("sex", 3), ("band", 4))[: int(random.integers(1, 3))]:
        inside = [f"{name}{i}" for i in range(int(random.integers(2, most)))]
        dimensions[name] = {"all": inside, **{code: [code] for code in inside}}
    names = list(dimensions)
    linked = len(names) == 3 and random.random() < 0.5
    tables = [["area", "sex"], ["area", "band"]] if linked else [names]
    cells = cells_of_tables(dimensions, dict.fromkeys(names, "all"), tables)
    parts = parts_matrix(cells, dimensions)
    leaves = np.floor(random.gamma(0.8, 8, size=parts.shape[1]))
    counts = np.asarray(parts @ leaves)
    primary = small_cells(counts, 5, zeros=bool(random.random() < 0.2))
    primary &= random.random(len(primary)) < 0.7
    lower, upper = levels(counts, primary, 5)
    room = counts.sum() > 60
    made = cube(cells, dimensions, leaves, primary & room, lower=lower * room, upper=upper * room)
    return made.with_cost(losses(made, cost))


def attacked(tables: LinkedTables, hidden: np.ndarray) -> list[tuple[float, float]]:
    """The tests' attacker's bounds on each primary cell, who knows the windows of what is shown and nothing of what isn't."""
    matrix = tables.parts.toarray()
    rows = [{int(k): float(row[k]) for k in np.flatnonzero(row)} for row in matrix]
    windows = zip(rows, tables.shown_low.tolist(), tables.shown_high.tolist(), strict=True)
    known = [window for window, gone in zip(windows, hidden.tolist(), strict=True) if not gone]
    return bounds(len(tables.leaves), known, [rows[cell] for cell in np.flatnonzero(tables.primary)])


def recovered(tables: LinkedTables, hidden: np.ndarray) -> int:
    """How many primary cells the attacker knows better than their levels and width allow."""
    counts, found = tables.counts, 0
    for cell, (low, high) in zip(np.flatnonzero(tables.primary), attacked(tables, hidden), strict=True):
        inside = low > counts[cell] - tables.lower[cell] + TOLERANCE or high < counts[cell] + tables.upper[cell] - TOLERANCE
        found += bool(inside or high - low < tables.width[cell] - TOLERANCE or not hidden[cell])
    return found
