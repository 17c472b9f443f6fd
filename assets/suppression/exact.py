"""The proven optimum by cuts (Benders 1962; Fischetti & Salazar 2001): choose cells, attack, add the cut that the attack gives.

The choice is a 0/1 program over the cells alone. First its linear relaxation is tightened with cuts found at fractional patterns,
then whole patterns are tried until one withstands the attack: that one is optimal. Every round's optimum is a lower bound. Work
is limited by numbers of linear programs and of nodes, never by time, so that the same data give the same pattern on any machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.suppression.attack import TOLERANCE, Attack, Cut, Requirement
from assets.suppression.tables import BoolArray, FloatArray, IntArray, stop

_WEAK_ROUNDS = 12
"""Rounds of fractional cuts without a better bound before whole patterns are tried."""


@dataclass(frozen=True)
class Optimum:
    """What the search has found: a pattern that is proven cheapest or None, and a lower bound of any safe pattern's loss."""

    hidden: BoolArray | None
    lower_bound: float


class Master:
    """The 0/1 program over the cells: least loss under all cuts so far."""

    def __init__(self, attack: Attack, seed: FloatArray) -> None:
        import highspy

        tables = attack.tables
        self._kinds = highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger
        self._optimal = highspy.HighsModelStatus.kOptimal
        self._size = tables.size
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = tables.size, 0
        lp.col_cost_ = tables.cost
        lp.col_lower_ = tables.required.astype(np.float64)
        lp.col_upper_ = np.where(tables.whole_units(tables.must_show), 0.0, 1.0)
        self._solver = highspy.Highs()
        whole = bool((tables.cost == np.round(tables.cost)).all())
        options = (
            ("output_flag", False), ("threads", 1), ("random_seed", 0), ("mip_rel_gap", 0.0),
            ("mip_abs_gap", 0.999 if whole else 1e-6),
        )  # fmt: skip
        for option, value in options:
            self._solver.setOptionValue(option, value)
        self._solver.passModel(lp)
        for cell in range(tables.size):
            last = int(tables.mates(cell)[-1])
            if cell != last:
                self._solver.addRow(0.0, 0.0, 2, np.array([cell, last], dtype=np.int32), np.array([1.0, -1.0]))
        self.whole_costs = whole
        self._seed = seed
        self.nodes = 0

    def add(self, cut: Cut) -> None:
        """Add a cut."""
        at = np.flatnonzero(cut.coefficients).astype(np.int32)
        self._solver.addRow(cut.least, 1e30, len(at), at, cut.coefficients[at])

    def relaxed(self) -> tuple[float, FloatArray]:
        """Least loss and pattern of the linear relaxation."""
        self._solver.changeColsIntegrality(self._size, np.arange(self._size, dtype=np.int32), np.full(self._size, self._kinds[0]))
        self._run()
        return float(self._solver.getInfo().objective_function_value), np.asarray(self._solver.getSolution().col_value)

    def whole(self, nodes: int) -> tuple[float, FloatArray | None]:
        """Lower bound of the 0/1 program and its optimal pattern, None when `nodes` did not suffice."""
        self._solver.changeColsIntegrality(self._size, np.arange(self._size, dtype=np.int32), np.full(self._size, self._kinds[1]))
        self._solver.setOptionValue("mip_max_nodes", nodes)
        self._solver.run()
        info = self._solver.getInfo()
        self.nodes += max(int(info.mip_node_count), 1)
        if self._solver.getModelStatus() != self._optimal:
            return float(info.mip_dual_bound), None
        return float(info.objective_function_value), np.round(np.asarray(self._solver.getSolution().col_value))

    def _run(self) -> None:
        self._solver.run()
        if self._solver.getModelStatus() != self._optimal:
            raise stop("ett mönster som skyddar alla celler", "inget sådant", "Visa färre celler eller grövre indelningar.")


class Exact:
    """The search for one family of tables."""

    def __init__(self, attack: Attack, needs: list[Requirement]) -> None:
        self.attack, self.needs = attack, needs
        self.master = Master(attack, attack.tables.cost)

    def _separate(self, hidden: FloatArray) -> tuple[list[Cut], bool]:
        """Cuts that the pattern breaks, and whether a whole pattern is safe."""
        found, safe = [], True
        for need in self.needs:
            move = self.attack.move(need, hidden)
            if move.value >= need.amount - TOLERANCE:
                continue
            safe = False
            cut = self.attack.cut(need, move)
            if cut is not None and cut.coefficients @ hidden < cut.least - 1e-4:
                found.append(cut)
        return found, safe

    def _sharpened(self, pattern: FloatArray) -> list[Cut]:
        """Cuts from unsafe patterns that hide as much more as they can and stay unsafe: they name the fewest cells.

        A set of cells is grown twice per failing requirement, the cheapest cells first and the dearest first.
        """
        found, cost = [], self.attack.tables.cost
        for need in self.needs:
            move = self.attack.move(need, pattern)
            if move.value >= need.amount - TOLERANCE:
                continue
            for sign in (1, -1):
                cut = self._grown(need, pattern, np.argsort(sign * cost, kind="stable"))
                found += [cut] if cut is not None else []
        return found

    def _grown(self, need: Requirement, pattern: FloatArray, order: IntArray) -> Cut | None:
        hidden = pattern.copy()
        cut = self.attack.cut(need, self.attack.move(need, hidden))
        for cell in order.tolist():
            if cut is None:
                return None
            if hidden[cell] or cut.coefficients[cell] == 0:
                continue
            trial = np.maximum(hidden, np.isin(self.attack.tables.unit, self.attack.tables.unit[cell]))
            move = self.attack.move(need, trial)
            if move.value < need.amount - TOLERANCE:
                hidden, cut = trial, self.attack.cut(need, move)
        return cut

    def _rounded_up(self, bound: float) -> float:
        return float(np.ceil(bound - 1e-6)) if self.master.whole_costs else bound

    def solve(self, best: float, work: int, nodes: int) -> Optimum:
        """The optimum, or the best lower bound within `work` linear programs and `nodes` nodes.

        Args:
            best: the loss of a safe pattern that is known; the search ends when the bound reaches it.
        """
        end = self.attack.solves + work
        bound = self._tighten(best, end)
        while self._rounded_up(bound) < best - TOLERANCE and self.attack.solves < end and self.master.nodes < nodes:
            value, pattern = self.master.whole(nodes - self.master.nodes)
            bound = max(bound, value)
            if pattern is None:
                break
            cuts, safe = self._separate(pattern)
            if safe:
                return Optimum(pattern > 0.5, float(self.attack.tables.cost[pattern > 0.5].sum()))
            cuts += self._sharpened(pattern)
            if not cuts:
                break
            for cut in cuts:
                self.master.add(cut)
        return Optimum(None, min(self._rounded_up(bound), best))

    def _tighten(self, best: float, end: int) -> float:
        bound, weak = 0.0, 0
        while self.attack.solves < end and weak < _WEAK_ROUNDS:
            value, pattern = self.master.relaxed()
            weak = 0 if value > bound + 1e-3 * max(bound, 1) else weak + 1
            bound = max(bound, value)
            if self._rounded_up(bound) >= best - TOLERANCE:
                break
            cuts, _ = self._separate(pattern)
            if not cuts:
                break
            for cut in cuts:
                self.master.add(cut)
        return bound
