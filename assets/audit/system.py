"""What is published as a linear system over unknown non-negative numbers, and the bounds that it puts on sums of them. Pure.

A number of pupils that is hidden is bounded by linear programming: its least and its greatest value over all non-negative
unknowns that agree with everything published (Fischetti & Salazar 2001, Management Science 47:1008, the attacker's problem).

Two *witnesses* are enough to show that a number is well hidden: two worlds, both in agreement with all that is published, whose
values differ by more than the width required. One solution is a witness for many numbers at once, so most numbers never need
programs of their own. A witness counts only after plain arithmetic has found every rule kept, so no slip of the solver can pass
a number that is too narrow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

INFINITY = float("inf")
TOLERANCE = 1e-6
"""How far a witness may be off a rule, in pupils."""
UNBOUNDED = 1e7
"""More than any number of pupils: an unknown without a bound of its own ends here, so that every program has an answer."""
_SPREADS = 12
_LARGE = 6000
Sum = Mapping[int, float]


class Contradiction(Exception):
    """No world agrees with what is published, so it bounds nothing; the caller reports it."""


@dataclass
class LinearSystem:
    """Unknowns `low <= x <= high` (0 and `UNBOUNDED` unless told) and rules `low <= sum of coefficient x unknown <= high`."""

    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    at: list[int] = field(default_factory=list)
    coefficients: list[float] = field(default_factory=list)
    row_low: list[float] = field(default_factory=list)
    row_high: list[float] = field(default_factory=list)

    def unknown(self, low: float = 0.0, high: float = UNBOUNDED) -> int:
        """A new unknown; its number."""
        self.low.append(low)
        self.high.append(high)
        return len(self.low) - 1

    def bound(self, unknown: int, low: float, high: float) -> None:
        """What is published of one unknown: the narrower of this and what is known already."""
        self.low[unknown] = max(self.low[unknown], low)
        self.high[unknown] = min(self.high[unknown], high)

    def know(self, coefficients: Sum, low: float, high: float) -> None:
        """What is published of a sum."""
        self.at.extend(coefficients)
        self.coefficients.extend(coefficients.values())
        self.starts.append(len(self.at))
        self.row_low.append(low)
        self.row_high.append(high)

    def know_share(self, part: int, base: int, low: float, high: float) -> None:
        """What is published of a share: `low` <= part / base <= `high`."""
        if low > 0:
            self.know({part: 1.0, base: -low}, 0.0, INFINITY)
        if high < 1:
            self.know({part: 1.0, base: -high}, -INFINITY, 0.0)


_PLAIN = {"solver": "simplex", "presolve": "off", "primal_feasibility_tolerance": 1e-7, "run_crossover": "on"}


class Attack:
    """A system that is asked for the extremes of many sums, each solution starting from the one before."""

    def __init__(self, matrix: Any, low: np.ndarray, high: np.ndarray, row_low: np.ndarray, row_high: np.ndarray) -> None:
        import highspy

        self.matrix, self.low, self.high, self.row_low, self.row_high = matrix, low, high, row_low, row_high
        self.programs = 0
        if (low > high + TOLERANCE).any():
            raise Contradiction
        self.high = np.maximum(low, high)
        model: Any = highspy.HighsLp()
        model.num_row_, model.num_col_ = matrix.shape
        model.col_cost_ = np.zeros(matrix.shape[1])
        model.col_lower_, model.col_upper_ = self.low, self.high
        model.row_lower_, model.row_upper_ = row_low, row_high
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = matrix.indptr
        model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indices, matrix.data
        self._solver: Any = highspy.Highs()
        for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0), ("primal_feasibility_tolerance", 1e-9)):
            self._solver.setOptionValue(option, value)
        self._solver.passModel(model)
        self._optimal = highspy.HighsModelStatus.kOptimal
        self._impossible = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
        self._last = np.zeros(0, dtype=np.int32)

    @classmethod
    def of(cls, system: LinearSystem) -> Attack:
        """An attack on a whole system."""
        from scipy.sparse import csr_array

        shape = (len(system.row_low), len(system.low))
        cells = (
            np.array(system.coefficients, dtype=float),
            np.array(system.at, dtype=np.int32),
            np.array(system.starts, np.int32),
        )
        bounds = (np.array(one, dtype=float) for one in (system.low, system.high, system.row_low, system.row_high))
        return cls(csr_array(cells, shape=shape), *bounds)

    def whole_numbers(self) -> None:
        """Only worlds of whole numbers count from now on."""
        import highspy

        columns = self.matrix.shape[1]
        kinds = np.array([highspy.HighsVarType.kInteger] * columns)
        self._solver.changeColsIntegrality(columns, np.arange(columns, dtype=np.int32), kinds)

    def within(self, world: np.ndarray, free: np.ndarray) -> Attack:
        """The same attack in which all but the unknowns `free` stay as they are in a world that agrees."""
        part = self.matrix[:, free].tocsr()
        held = np.diff(part.indptr) > 0
        part, own = part[held], part[held] @ world[free]
        fixed = (self.matrix[held] @ world) - own
        low, high = np.minimum(self.row_low[held] - fixed, own), np.maximum(self.row_high[held] - fixed, own)
        return Attack(part, np.minimum(self.low[free], world[free]), np.maximum(self.high[free], world[free]), low, high)

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
        for option, value in (("solver", "choose"), ("run_crossover", "on")):
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
        world = np.array(self._solver.getSolution().col_value)
        return world if self.agrees(world) else None

    def _once_more(self) -> Any:
        """The status of the program by the plain simplex method with its ordinary tolerance; what it finds is checked as ever.

        Presolve with a narrow tolerance can call a system impossible that is not.

        Raises:
            Contradiction: it is.
        """
        kept = {name: self._solver.getOptionValue(name)[1] for name in _PLAIN}
        for option, value in _PLAIN.items():
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

    def agrees(self, world: np.ndarray) -> bool:
        """Whether every rule holds in this world, by plain arithmetic."""
        sums = self.matrix @ world
        slack = TOLERANCE * np.maximum(1.0, np.abs(sums) * 1e-6)
        inside = (sums >= self.row_low - slack) & (sums <= self.row_high + slack)
        return bool(inside.all() and (world >= self.low - TOLERANCE).all() and (world <= self.high + TOLERANCE).all())


class Targets:
    """The sums that are looked for, as rows of one table: value of all of them in a world by one product."""

    def __init__(self, columns: int, sums: Sequence[Sum]) -> None:
        self.columns = columns
        self.row = np.array([n for n, one in enumerate(sums) for _ in one], dtype=np.int64)
        self.at = np.array([k for one in sums for k in one], dtype=np.int64)
        self.value = np.array([v for one in sums for v in one.values()], dtype=float)
        self.count = len(sums)

    def values(self, world: np.ndarray) -> np.ndarray:
        return np.bincount(self.row, weights=self.value * world[self.at], minlength=self.count)

    def cost(self, weights: np.ndarray) -> np.ndarray:
        """The weighted sum of the targets as a cost per unknown."""
        return np.bincount(self.at, weights=self.value * weights[self.row], minlength=self.columns)


@dataclass(frozen=True)
class Bounds:
    """What the attack found of each target: an interval inside the true one; the true one where `exact`."""

    low: np.ndarray
    high: np.ndarray
    exact: np.ndarray
    programs: int


class _Search:
    """The intervals seen so far."""

    def __init__(self, system: LinearSystem, sums: Sequence[Sum], required: Sequence[float]) -> None:
        self.solver, self.targets = Attack.of(system), Targets(len(system.low), sums)
        self.need = np.array(required, dtype=float) + TOLERANCE
        self.low, self.high = np.full(len(sums), INFINITY), np.full(len(sums), -INFINITY)
        self.programs, self.large = 0, len(system.low) > _LARGE

    def left(self) -> np.ndarray:
        """Which targets are not wide enough yet."""
        return ~(self.high - self.low > self.need)

    def see(self, world: np.ndarray | None) -> np.ndarray | None:
        """Take a world that agrees with all rules as a witness of all targets."""
        if world is None:
            return None
        values = self.targets.values(world)
        np.minimum(self.low, values, out=self.low)
        np.maximum(self.high, values, out=self.high)
        return values

    def spread(self, solver: Attack, free: np.ndarray | None, start: np.ndarray | None, mine: np.ndarray) -> None:
        """Pull all open targets at once, in changing directions, until that opens few more."""
        chance, before = np.random.default_rng(1), np.inf
        for turn in range(_SPREADS):
            left = self.left() & mine
            if left.sum() < (1 if free is not None else 3) or (turn > 3 and left.sum() > 0.8 * before):
                return
            before = left.sum()
            signs = np.ones(len(left)) if turn == 0 else chance.choice([-1.0, 1.0], len(left))
            for sign in (1.0, -1.0):
                cost = self.targets.cost(np.where(left, sign * signs, 0.0))
                self.see(self._world(solver, cost, free, start, self.large))

    def _world(
        self, solver: Attack, cost: np.ndarray, free: np.ndarray | None, start: np.ndarray | None, quick: bool
    ) -> np.ndarray | None:
        self.programs += 1
        if free is None or start is None:
            return solver.near(cost) if quick else solver.extreme(cost)
        part = solver.extreme(cost[free])
        if part is None:
            return None
        world = start.copy()
        world[free] = part
        return world if self.solver.agrees(world) else None

    def around(self, start: np.ndarray, groups: Sequence[np.ndarray], each: bool) -> None:
        """Look for witnesses that differ from one world in one group of unknowns only.

        Args:
            each: pull each open target alone instead of all at once.
        """
        for free in groups:
            inside = np.zeros(self.targets.columns, dtype=bool)
            inside[free] = True
            outside = np.bincount(self.targets.row, weights=~inside[self.targets.at], minlength=self.targets.count) > 0
            if not (self.left() & ~outside).any():
                continue
            solver = self.solver.within(start, free)
            if not each:
                self.spread(solver, free, start, ~outside)
            for one in np.flatnonzero(self.left() & ~outside) if each else ():
                for sign in (-1.0, 1.0):
                    if self.left()[one]:
                        self.see(self._world(solver, self.targets.cost(self._only(one, sign)), free, start, False))

    def single(self) -> np.ndarray:
        """Both ends of every target that is still open; which of them are certain."""
        exact = np.zeros(self.targets.count, dtype=bool)
        for one in range(self.targets.count):
            for sign in (1.0, -1.0) if self.large and self.left()[one] else ():
                self.see(self._world(self.solver, self.targets.cost(self._only(one, sign)), None, None, True))
            if not self.left()[one]:
                continue
            ends = []
            for sign in (1.0, -1.0):
                values = self.see(self._world(self.solver, self.targets.cost(self._only(one, sign)), None, None, False))
                ends.append(None if values is None else values[one])
            exact[one] = ends[0] is not None and ends[1] is not None
            if not exact[one] and self.left()[one]:
                self.low[one] = self.high[one] = 0.0
        return exact

    def _only(self, one: int, sign: float) -> np.ndarray:
        weights = np.zeros(self.targets.count)
        weights[one] = sign
        return weights


def attack(system: LinearSystem, sums: Sequence[Sum], required: Sequence[float], groups: Sequence[np.ndarray] = ()) -> Bounds:
    """Intervals of the sums, looked into until each is wider than required or proven not to be.

    Args:
        required: per sum the width that it must be wider than; infinity asks for the exact interval.
        groups: unknowns that are little tied to those of the other groups (a municipality with its county): witnesses are
            looked for in each group first, which makes the work grow with the number of groups and no faster. First around a
            world in the middle, then around one where all that is still open is little, which leaves each of them most room.

    Returns:
        Where the width found is not above the required one, the interval is exact. A sum that the solver could say nothing
        certain about has width 0: it fails closed.

    Raises:
        Contradiction: no world agrees with what is published.
    """
    search = _Search(system, sums, required)
    if np.isfinite(search.need).any():
        for low in (False, True) if groups else ():
            start = search.solver.near(search.targets.cost(np.full(len(sums), float(low))))
            if start is not None and search.left().any():
                search.see(start)
                search.around(start, groups, each=low)
        search.spread(search.solver, None, None, np.ones(len(sums), dtype=bool))
    exact = search.single()
    low, high = (np.where(np.isfinite(end), end, 0.0) for end in (search.low, search.high))
    return Bounds(low, high, exact, search.programs)


def bounds(
    leaves: int, published: Sequence[tuple[Sum, float, float]], targets: Sequence[Sum], *, whole: bool = False
) -> list[tuple[float, float]]:
    """Least and greatest value of each target over all non-negative leaves that agree with what is published.

    Args:
        published: sums of leaves with the least and greatest value that the published number allows.
        whole: leaves are whole numbers (integer programming); never wider, and seldom narrower.

    Raises:
        Contradiction: no leaves agree with what is published.
    """
    system = LinearSystem()
    for _ in range(leaves):
        system.unknown()
    for coefficients, low, high in published:
        system.know(coefficients, low, high)
    if whole:
        return whole_bounds(system, targets)
    found = attack(system, targets, [INFINITY] * len(targets))
    return [
        (low, INFINITY if high > UNBOUNDED / 2 else high)
        for low, high in zip(found.low.tolist(), found.high.tolist(), strict=True)
    ]


def whole_bounds(system: LinearSystem, targets: Sequence[Sum]) -> list[tuple[float, float]]:
    """As `bounds` of a system whose unknowns are whole numbers."""
    solver = Attack.of(system)
    solver.whole_numbers()
    found = []
    for target in targets:
        table = Targets(len(system.low), [target])
        ends = [solver.extreme(table.cost(np.array([sign]))) for sign in (1.0, -1.0)]
        low, high = (np.nan if world is None else float(table.values(world)[0]) for world in ends)
        found.append((low, INFINITY if high > UNBOUNDED / 2 else high))
    return found
