"""A safe pattern fast: each primary cell's cheapest way out, then everything that proves unneeded is shown again.

For a primary cell that can't move far enough the cheapest displacement is found in which moving a shown cell costs its loss per
person moved (the incremental attacker problem of Fischetti & Salazar 2001, section 5; the loss is a fixed charge, so it is
weighed again by how far the cell moved, as in Candès, Wakin & Boyd 2008). The cells that it moves are hidden. Every requirement
keeps the displacement that proves it, and only those whose proof moves a cell are checked again when that cell is to be shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.suppression.attack import TOLERANCE, UNLIMITED, Attack, Requirement, simplex_solver
from assets.suppression.tables import BoolArray, FloatArray, IntArray, LinkedTables, stop

_FREE = 1e-7
"""Price of moving a hidden cell: nothing, but not a free ride through it."""


@dataclass
class State:
    """A pattern and the displacements [direction, cell] that prove the requirements, None where there is no proof yet."""

    hidden: BoolArray
    proofs: list[FloatArray | None]

    def copy(self) -> State:
        return State(self.hidden.copy(), list(self.proofs))


class _Incremental:
    """min sum of price x |displacement beyond the shown window| so that one cell moves by an amount."""

    def __init__(self, attack: Attack) -> None:
        import highspy

        tables = attack.tables
        self._attack = attack
        size, leaves = tables.parts.shape
        self._first = leaves
        self._room_up = np.maximum(attack.hidden_up - attack.shown_up, 0)
        self._room_down = np.maximum(attack.hidden_down - attack.shown_down, 0)
        identity = np.arange(size)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = leaves + 2 * size, size
        lp.col_cost_ = np.zeros(lp.num_col_)
        lp.col_lower_ = np.concatenate([-tables.leaves, np.zeros(2 * size)])
        lp.col_upper_ = np.concatenate(
            [np.full(leaves, UNLIMITED), np.minimum(self._room_up, UNLIMITED), np.minimum(self._room_down, UNLIMITED)]
        )
        lp.row_lower_, lp.row_upper_ = -attack.shown_down, attack.shown_up
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        rows = [np.concatenate([attack.members[i], [leaves + i, leaves + size + i]]) for i in identity]
        lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int32)
        lp.a_matrix_.index_ = np.concatenate(rows).astype(np.int32)
        lp.a_matrix_.value_ = np.concatenate([np.concatenate([attack.weights[i], [-1.0, 1.0]]) for i in identity])
        self._solver = simplex_solver(highspy)
        self._optimal = highspy.HighsModelStatus.kOptimal
        self._solver.passModel(lp)
        self._size = size
        self._all = np.arange(leaves, leaves + 2 * size, dtype=np.int32)

    def solve(self, cell: int, sign: int, amount: float, price: FloatArray, closed: BoolArray) -> FloatArray | None:
        """Displacements of all cells at the least price, or None when there is no way. `closed` cells stay shown."""
        up = np.where(closed, 0.0, np.minimum(self._room_up, UNLIMITED))
        down = np.where(closed, 0.0, np.minimum(self._room_down, UNLIMITED))
        low_up, low_down = np.zeros(self._size), np.zeros(self._size)
        chosen, other, low = (up, down, low_up) if sign > 0 else (down, up, low_down)
        window = (
            self._attack.shown_up[cell] + self._room_up[cell]
            if sign > 0
            else self._attack.shown_down[cell] + self._room_down[cell]
        )
        if amount > window + TOLERANCE:
            return None
        low[cell], chosen[cell], other[cell] = min(amount, window), max(window, amount), 0.0
        solver, n = self._solver, len(self._all)
        solver.changeColsBounds(n, self._all, np.concatenate([low_up, low_down]), np.concatenate([up, down]))
        solver.changeColsCost(n, self._all, np.concatenate([price, price]))
        solver.changeRowBounds(cell, 0.0, 0.0)
        solver.run()
        self._attack.solves += 1
        found = None
        if solver.getModelStatus() == self._optimal:
            values = np.asarray(solver.getSolution().col_value)[: self._first]
            found = np.asarray(self._attack.tables.parts @ values, dtype=np.float64)
        solver.changeRowBounds(cell, -self._attack.shown_down[cell], self._attack.shown_up[cell])
        return found


class Greedy:
    """Completes, cleans and betters patterns of one family of tables."""

    def __init__(self, attack: Attack, needs: list[Requirement]) -> None:
        self.attack, self.needs = attack, needs
        self._incremental = _Incremental(attack)
        self._cost = attack.tables.cost

    @property
    def tables(self) -> LinkedTables:
        return self.attack.tables

    def loss(self, hidden: BoolArray) -> float:
        """Sum of the losses of hidden cells."""
        return float(self._cost[hidden].sum())

    def start(self) -> State:
        """Only what must be hidden, nothing proved."""
        return State(self.tables.required.copy(), [None] * len(self.needs))

    def prove(self, need: int, hidden: BoolArray) -> FloatArray | None:
        """The displacement that fulfils a requirement under a pattern, None when there is none."""
        move = self.attack.move(self.needs[need], hidden)
        return move.cells if move.value >= self.needs[need].amount - TOLERANCE else None

    def complete(self, state: State, closed: BoolArray, rounds: int = 2, order: list[int] | None = None) -> bool:
        """Hide what the unproved requirements need, in place; False when that is impossible with the `closed` cells shown."""
        for need in order or range(len(self.needs)):
            if state.proofs[need] is not None:
                continue
            state.proofs[need] = self.prove(need, state.hidden)
            if state.proofs[need] is None and not self._open(need, state, closed, rounds):
                return False
        return True

    def _open(self, need: int, state: State, closed: BoolArray, rounds: int) -> bool:
        for signs in self._splits(self.needs[need], state.hidden):
            moved = [self._cheapest(self.needs[need].cell, sign, amount, state.hidden, closed, rounds) for sign, amount in signs]
            found = [cells for cells in moved if cells is not None]
            if len(found) == len(moved):
                for cells in found:
                    state.hidden |= self.tables.whole_units(~self._inside(cells))
                state.proofs[need] = np.array(found)
                return True
        return False

    def _inside(self, cells: FloatArray) -> BoolArray:
        return (cells >= -self.attack.shown_down - TOLERANCE) & (cells <= self.attack.shown_up + TOLERANCE)

    def _splits(self, need: Requirement, hidden: BoolArray) -> list[list[tuple[int, float]]]:
        """Ways to divide a requirement over the two directions: keep what is there already in one, find the rest in the other."""
        if need.sign:
            return [[(need.sign, need.amount)]]
        ways = []
        for first in (-1, 1):
            there, _, _ = self.attack.extreme(need.cell, first, need.amount, hidden)
            ways.append([(first, max(there - TOLERANCE, 0.0)), (-first, need.amount - max(there - TOLERANCE, 0.0))])
        most = min(float(self.attack.hidden_down[need.cell]), need.amount)
        return [*ways, [(-1, most / 2), (1, need.amount - most / 2)], [(-1, most), (1, need.amount - most)]]

    def _cheapest(
        self, cell: int, sign: int, amount: float, hidden: BoolArray, closed: BoolArray, rounds: int
    ) -> FloatArray | None:
        price = np.where(hidden, _FREE, self._cost)
        found = self._incremental.solve(cell, sign, amount, price, closed)
        for _ in range(rounds if found is not None else 0):
            again = np.where(hidden, _FREE, self._cost / (np.abs(found) / max(amount, 1e-9) + 0.05))
            other = self._incremental.solve(cell, sign, amount, again, closed)
            if other is None or self.loss(~self._inside(other) & ~hidden) >= self.loss(~self._inside(found) & ~hidden):
                break
            found = other
        return found

    def clean(self, state: State) -> None:
        """Show again, dearest first, what no requirement needs; in place."""
        for cells in self._dearest_first(state):
            self._show(state, cells)

    def _dearest_first(self, state: State) -> list[IntArray]:
        """The cells of each unit that is hidden and need not be."""
        extra = np.flatnonzero(state.hidden & ~self.tables.required)
        _, first = np.unique(self.tables.unit[extra], return_index=True)
        units = [self.tables.mates(cell) for cell in extra[np.sort(first)].tolist()]
        return sorted(units, key=lambda cells: (-float(self._cost[cells].sum()), int(cells[0])))

    def _show(self, state: State, cells: IntArray) -> None:
        trial = state.hidden.copy()
        trial[cells] = False
        proofs = list(state.proofs)
        for need in self._broken(state, cells):
            proofs[need] = self.prove(need, trial)
            if proofs[need] is None:
                return
        state.hidden[cells], state.proofs = False, proofs

    def _broken(self, state: State, cells: IntArray) -> list[int]:
        """Requirements whose proof moves one of the cells further than its shown window lets it."""
        down, up = -self.attack.shown_down[cells] - TOLERANCE, self.attack.shown_up[cells] + TOLERANCE
        moved = [(n, proof[:, cells]) for n, proof in enumerate(state.proofs) if proof is not None]
        return [n for n, proof in moved if ((proof < down) | (proof > up)).any()]

    def pattern(self, limit: int) -> State:
        """The cheapest of a few starts, cleaned and bettered within `limit` linear programs.

        Raises:
            PipelineError: no pattern protects the cells while the cells that must be shown are shown.
        """
        closed = self.tables.whole_units(self.tables.must_show)
        count = len(self.needs)
        best: State | None = None
        for order, rounds in ((None, 2), (list(range(count))[::-1], 2), (None, 0)):
            if best is not None and self.attack.solves >= limit:
                break
            state = self.start()
            if not self.complete(state, closed, rounds, order):
                continue
            self.clean(state)
            if best is None or self.loss(state.hidden) < self.loss(best.hidden) - TOLERANCE:
                best = state
        if best is None:
            raise stop("ett mönster som skyddar alla celler", "inget sådant", "Visa färre celler eller grövre indelningar.")
        return self.better(best, limit)

    def better(self, state: State, limit: int) -> State:
        """Leave out one hidden cell at a time, find another way round it, and keep what is cheaper (a local search)."""
        closed = self.tables.whole_units(self.tables.must_show)
        again = True
        while again:
            again = False
            for cells in self._dearest_first(state):
                if self.attack.solves >= limit:
                    return state
                trial = state.copy()
                for need in self._broken(state, cells):
                    trial.proofs[need] = None
                trial.hidden[cells] = False
                shut = closed.copy()
                shut[cells] = True
                if not self.complete(trial, shut):
                    continue
                self.clean(trial)
                if self.loss(trial.hidden) < self.loss(state.hidden) - TOLERANCE:
                    state, again = trial, True
                    break
        return state
