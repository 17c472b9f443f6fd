"""Linear and whole-number programs over a system of rules, solved by HiGHS. Pure."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from assets.audit.system import Contradiction, Rules

_PLAIN = {"solver": "simplex", "presolve": "off", "primal_feasibility_tolerance": 1e-7, "run_crossover": "on"}
_DUAL, _PRIMAL = 1, 4
"""HiGHS's `simplex_strategy`. The dual method is quicker from nothing; from the solution before, which still keeps all rules when
only the sum that is looked for is another, the primal one is."""


class Program:
    """Rules that are asked for the extremes of many sums, each solution starting from the one before."""

    def __init__(self, rules: Rules) -> None:
        import highspy

        self.rules, self.programs = rules, 0
        model: Any = highspy.HighsLp()
        model.num_row_, model.num_col_ = rules.matrix.shape
        model.col_cost_ = np.zeros(rules.matrix.shape[1])
        model.col_lower_, model.col_upper_ = rules.low, rules.high
        model.row_lower_, model.row_upper_ = rules.row_low, rules.row_high
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = rules.matrix.indptr
        model.a_matrix_.index_, model.a_matrix_.value_ = rules.matrix.indices, rules.matrix.data
        self._solver: Any = highspy.Highs()
        for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0), ("primal_feasibility_tolerance", 1e-9)):
            self._solver.setOptionValue(option, value)
        self._solver.passModel(model)
        self._optimal = highspy.HighsModelStatus.kOptimal
        self._impossible = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
        self._last = np.zeros(0, dtype=np.int32)

    def whole_numbers(self) -> None:
        """Only worlds of whole numbers count from now on."""
        import highspy

        columns = self.rules.matrix.shape[1]
        kinds = np.array([highspy.HighsVarType.kInteger] * columns)
        self._solver.changeColsIntegrality(columns, np.arange(columns, dtype=np.int32), kinds)

    def near(self, cost: np.ndarray) -> np.ndarray | None:
        """A world where the sum is near its least, by an interior point method: as good a witness, and quick in large systems.

        That method may find no world where there is one: only the simplex method's word is taken for that.

        Raises:
            Contradiction: no world agrees with what is published.
        """
        for option, value in (("solver", "ipm"), ("run_crossover", "off")):
            self._solver.setOptionValue(option, value)
        world = None
        with suppress(Contradiction):
            world = self.extreme(cost)
        for option, value in (("solver", "choose"), ("run_crossover", "on"), ("simplex_strategy", _DUAL)):
            self._solver.setOptionValue(option, value)
        self._solver.clearSolver()
        return self.extreme(cost) if world is None else world

    def extreme(self, cost: np.ndarray) -> np.ndarray | None:
        """A world where the sum is least, which agrees with all rules; None when the solver has none that does.

        Raises:
            Contradiction: no world agrees with what is published.
        """
        touched = np.union1d(self._last, np.flatnonzero(cost)).astype(np.int32)
        self._solver.changeColsCost(len(touched), touched, cost[touched].astype(float))
        self._last = np.flatnonzero(cost).astype(np.int32)
        self._solver.run()
        self.programs += 1
        status = self._solver.getModelStatus()
        if status in self._impossible:
            status = self._once_more()
        if status != self._optimal:
            return None
        self._solver.setOptionValue("simplex_strategy", _PRIMAL)
        world = np.array(self._solver.getSolution().col_value)
        return world if self.rules.agrees(world) else None

    def _once_more(self) -> Any:
        """The status of the program by the plain simplex method with its ordinary tolerance; what it finds is checked as ever.

        Presolve with a narrow tolerance can call a system impossible that is not.

        Raises:
            Contradiction: it is.
        """
        kept = {name: self._solver.getOptionValue(name)[1] for name in _PLAIN}
        for option, value in (_PLAIN | {"simplex_strategy": _DUAL}).items():
            self._solver.setOptionValue(option, value)
        self._solver.clearSolver()
        self._solver.run()
        self.programs += 1
        for option, value in kept.items():
            self._solver.setOptionValue(option, value)
        status = self._solver.getModelStatus()
        if status in self._impossible:
            raise Contradiction
        return status
