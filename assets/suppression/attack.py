"""The suppressor's own check: how far a cell may move while everything shown stays what it is.

A displacement of the leaves is possible when no leaf gets negative and every cell stays inside its window, shown or hidden.
The greatest displacement of a cell upwards and downwards is a linear program (Fischetti & Salazar 2001), solved with HiGHS from
the basis of the one before. Its dual prices tell which shown cells stop it: each failing check gives a cut
sum of coefficient x hidden >= requirement that every safe pattern fulfils (Benders 1962; Fischetti & Salazar's capacity cuts).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import scipy.sparse as sp

from assets.suppression.tables import BoolArray, FloatArray, LinkedTables, stop

TOLERANCE = 1e-6
UNLIMITED = 1e30


@dataclass(frozen=True)
class Requirement:
    """A cell must be able to move by `amount`: up (sign 1), down (-1), or up and down together (0)."""

    cell: int
    sign: int
    amount: float

    @property
    def signs(self) -> tuple[int, ...]:
        """The directions whose greatest displacements are added."""
        return (1, -1) if self.sign == 0 else (self.sign,)


@dataclass(frozen=True)
class Move:
    """The greatest displacement found (at most what is required) and why it is not greater.

    Attributes:
        value: how far the cell moves.
        cells: [direction, cell] displacement of every cell.
        constant: what the windows alone let the cell move.
        coefficients: [cell] what hiding each shown cell may add at most; infinite where hiding sets no limit.
    """

    value: float
    cells: FloatArray
    constant: float
    coefficients: FloatArray


@dataclass(frozen=True)
class Cut:
    """Every safe pattern has coefficients @ hidden >= least."""

    coefficients: FloatArray
    least: float


def simplex_solver(highspy: ModuleType) -> Any:
    """A solver that takes the same way to the same answer every time and says nothing."""
    solver = highspy.Highs()
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("presolve", "off"),
        ("solver", "simplex"),
    ):
        solver.setOptionValue(option, value)
    return solver


def requirements(tables: LinkedTables) -> list[Requirement]:
    """What the primary cells demand, the greatest amount first."""
    found = []
    for cell in np.flatnonzero(tables.primary).tolist():
        found += [Requirement(cell, 1, float(tables.upper[cell]))] if tables.upper[cell] > 0 else []
        found += [Requirement(cell, -1, float(tables.lower[cell]))] if tables.lower[cell] > 0 else []
        levels = tables.upper[cell] + tables.lower[cell]
        found += [Requirement(cell, 0, float(tables.width[cell]))] if tables.width[cell] > levels else []
    return sorted(found, key=lambda r: (-r.amount, r.cell, r.sign))


class Attack:
    """The linear program of one family of tables; only its bounds and its objective change."""

    def __init__(self, tables: LinkedTables) -> None:
        import highspy

        self.tables = tables
        self.solves = 0
        counts = tables.counts
        self.shown_down, self.shown_up = counts - tables.shown_low, tables.shown_high - counts
        self.hidden_down, self.hidden_up = counts - tables.hidden_low, tables.hidden_high - counts
        parts = tables.parts.tocsr()
        parts.sort_indices()
        self.members = [parts.indices[parts.indptr[i] : parts.indptr[i + 1]] for i in range(tables.size)]
        self.weights = [parts.data[parts.indptr[i] : parts.indptr[i + 1]] for i in range(tables.size)]
        self.transposed = parts.T.tocsr()
        self._solver = simplex_solver(highspy)
        self._optimal = highspy.HighsModelStatus.kOptimal
        self._build(highspy, parts)
        self._down, self._up = self.shown_down.copy(), self.shown_up.copy()

    def _build(self, highspy: ModuleType, parts: sp.csr_array) -> None:
        size, leaves = parts.shape
        # a leaf that is a cell of its own is held by that cell's window, so that hiding the cell appears in the cuts
        own = {int(m[0]) for m, w, low in zip(self.members, self.weights, self.tables.hidden_low, strict=True)
               if len(m) == 1 and w[0] == 1 and low >= 0}  # fmt: skip
        self.leaf_down = self.tables.leaves.copy()
        self.leaf_free = np.array([leaf in own for leaf in range(leaves)], dtype=bool)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = leaves, size
        model.col_cost_ = np.zeros(leaves)
        model.col_lower_ = np.where(self.leaf_free, -UNLIMITED, -self.leaf_down)
        model.col_upper_ = np.full(leaves, UNLIMITED)
        model.row_lower_, model.row_upper_ = -self.shown_down, self.shown_up
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_ = parts.indptr.astype(np.int32), parts.indices.astype(np.int32)
        model.a_matrix_.value_ = parts.data
        model.sense_ = highspy.ObjSense.kMaximize
        self._solver.passModel(model)

    def windows(self, hidden: FloatArray, reach: float) -> tuple[FloatArray, FloatArray]:
        """How far each cell may move down and up when a part `hidden` (0..1) of it is hidden.

        With a part between 0 and 1 an unlimited window is taken as `reach`; the pattern itself is judged with whole parts only.
        """
        part = np.asarray(hidden, dtype=np.float64)
        found = []
        for shown, gone in ((self.shown_down, self.hidden_down), (self.shown_up, self.hidden_up)):
            between = shown + part * np.maximum(np.minimum(gone, reach) - shown, 0)
            found.append(np.where(part >= 1, gone, np.where(part <= 0, shown, between)))
        return found[0], found[1]

    def fits(self, cells: FloatArray, hidden: BoolArray) -> bool:
        """Whether displacements of the cells are possible under a pattern."""
        down, up = self.windows(hidden, UNLIMITED)
        return bool((cells >= -down - TOLERANCE).all() and (cells <= up + TOLERANCE).all())

    def _set_rows(self, down: FloatArray, up: FloatArray) -> None:
        for row in np.flatnonzero((down != self._down) | (up != self._up)).tolist():
            self._solver.changeRowBounds(row, max(-down[row], -UNLIMITED), min(up[row], UNLIMITED))
        self._down, self._up = down, up

    def extreme(self, cell: int, sign: int, amount: float, hidden: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Displacement of the cell in one direction, at most `amount`; all cells' displacements; the rows' prices."""
        down, up = self.windows(hidden, max(amount, 1.0))
        edge = down if sign < 0 else up
        edge[cell] = min(edge[cell], amount)
        self._set_rows(down, up)
        members, weights = self.members[cell], self.weights[cell]
        for leaf, weight in zip(members.tolist(), weights.tolist(), strict=True):
            self._solver.changeColCost(leaf, sign * weight)
        self._solver.run()
        self.solves += 1
        if self._solver.getModelStatus() != self._optimal:
            self._solver.clearSolver()
            self._solver.run()
        if self._solver.getModelStatus() != self._optimal:
            raise stop("ett lösbart problem", "ett som lösaren inte klarar", "Rapportera felet.")
        solution = self._solver.getSolution()
        for leaf in members.tolist():
            self._solver.changeColCost(leaf, 0.0)
        return (
            sign * float(np.asarray(solution.row_value)[cell]),
            np.asarray(solution.row_value, dtype=np.float64),
            np.asarray(solution.row_dual, dtype=np.float64),
        )

    def move(self, need: Requirement, hidden: FloatArray) -> Move:
        """The greatest displacement that `need` asks for and the prices of what stops it."""
        value, found, constant, coefficients = 0.0, [], 0.0, np.zeros(self.tables.size)
        for sign in need.signs:
            one, cells, prices = self.extreme(need.cell, sign, need.amount, hidden)
            value += one
            found.append(cells)
            part = self._priced(need.cell, sign, prices)
            constant += part[0]
            coefficients += part[1]
        return Move(value, np.array(found), constant, coefficients)

    def _priced(self, cell: int, sign: int, prices: FloatArray) -> tuple[float, FloatArray]:
        """From row prices: the bound on the displacement and what each cell adds to it when it is hidden.

        Any prices whose leftover on the leaves is within the leaves' own bounds give a valid bound, optimal or not.
        """
        prices = np.where(np.abs(prices) < 1e-9, 0.0, prices)
        objective = np.zeros(len(self.leaf_down))
        objective[self.members[cell]] = sign * self.weights[cell]
        left = objective - self.transposed @ prices
        if (left > 1e-7).any() or (np.abs(left[self.leaf_free]) > 1e-7).any():
            return np.inf, np.zeros(len(prices))
        rise, fall = np.maximum(prices, 0), np.maximum(-prices, 0)
        constant = float(rise @ self.shown_up + fall @ self.shown_down + np.maximum(-left, 0) @ self.leaf_down)
        with np.errstate(invalid="ignore"):
            more = np.where(rise > 0, rise * np.maximum(self.hidden_up - self.shown_up, 0), 0.0)
            less = np.where(fall > 0, fall * np.maximum(self.hidden_down - self.shown_down, 0), 0.0)
        return constant, more + less

    def cut(self, need: Requirement, move: Move) -> Cut | None:
        """The cut of a failed check; None when the prices are not exact enough to give one.

        What must be hidden in any case is moved to the constant, and no coefficient need be greater than what is left.
        """
        always = self.tables.required
        least = need.amount - move.constant - float(move.coefficients[always].sum())
        if not np.isfinite(least) or least <= TOLERANCE:
            return None
        coefficients = np.where(always, 0.0, np.minimum(move.coefficients, least)) / least
        return Cut(np.where(coefficients < 1e-9, 0.0, coefficients), 1.0)
