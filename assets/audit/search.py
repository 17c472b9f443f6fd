"""The bounds that a system puts on sums of its unknowns: how far a hidden number may lie either way. Pure.

A number of pupils that is hidden is bounded by linear programming: its least and its greatest value over all non-negative
unknowns that agree with everything published (Fischetti & Salazar 2001, Management Science 47:1008, the attacker's problem).

Two *witnesses* are enough to show that a number is well hidden: two worlds, both in agreement with all that is published, whose
values differ by more than the width required. One solution is a witness for many numbers at once, so most numbers never need
programs of their own. A witness counts only after plain arithmetic has found every rule kept, so no slip of the solver can pass
a number that is too narrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from assets.audit.program import Program
from assets.audit.system import INFINITY, MARGIN, UNBOUNDED, Leaves, LinearSystem, Sum

_SPREADS = 12
"""At most so many directions are tried, and no more than the first `_TRIED + 1` when they open little."""
_TRIED = 3
_PATIENCE = 2
"""So many targets in a row that the middle has no room for, and the rest of the group isn't tried around it."""
_SMALL = 1000
"""With fewer leaves, programs over the whole system are quicker than one per group."""
_LARGE = 3000
"""So many leaves, and a world in the middle is found sooner by an interior point method."""


class Targets:
    """The sums that are looked for, as rows of one table: value of all of them in a world by one product."""

    def __init__(self, leaves: Leaves, sums: Sequence[Sum]) -> None:
        from scipy.sparse import csr_array

        self.count, self.columns = len(sums), len(leaves.number)
        self.row = np.array([n for n, one in enumerate(sums) for _ in one], dtype=np.int64)
        self.at = np.array([k for one in sums for k in one], dtype=np.int64)
        self.value = np.array([v for one in sums for v in one.values()], dtype=float)
        told = csr_array((self.value, (self.row, self.at)), shape=(self.count, self.columns))
        self._costs = csr_array((told @ leaves.sums).T)

    def values(self, world: np.ndarray) -> np.ndarray:
        """Each sum in a world of all unknowns."""
        return np.bincount(self.row, weights=self.value * world[self.at], minlength=self.count)

    def cost(self, weights: np.ndarray) -> np.ndarray:
        """The weighted sum of the targets as a cost per leaf."""
        return self._costs @ weights

    def beyond(self, unknowns: np.ndarray) -> np.ndarray:
        """Which sums have an unknown that isn't among these."""
        inside = np.zeros(self.columns, dtype=bool)
        inside[unknowns] = True
        return np.bincount(self.row, weights=~inside[self.at], minlength=self.count) > 0


@dataclass(frozen=True)
class Bounds:
    """What the attack found of each target: an interval inside the true one; the true one where `exact`.

    `worlds`: the witnesses that were of use, in all unknowns; programs: how many programs were solved.
    """

    low: np.ndarray
    high: np.ndarray
    exact: np.ndarray
    programs: int
    worlds: list[np.ndarray]


def _beyond(widths: Sequence[float]) -> np.ndarray:
    """What an interval has to be wider than; where no width is required, any will do."""
    asked = np.array(widths, dtype=float)
    return np.where(asked > 0, asked + MARGIN, -1.0)


class _Search:
    """The intervals seen so far."""

    def __init__(
        self, system: LinearSystem, sums: Sequence[Sum], required: Sequence[float], wanted: Sequence[float] = ()
    ) -> None:
        self.leaves = Leaves.of(system)
        self.solver, self.targets = Program(self.leaves.rules), Targets(self.leaves, sums)
        self.need = _beyond(required)
        self.wanted = np.maximum(self.need, _beyond(wanted)) if wanted else self.need
        self.low, self.high = np.full(len(sums), INFINITY), np.full(len(sums), -INFINITY)
        self.programs, self.large = 0, self.leaves.sums.shape[1] > _LARGE
        self.small = self.leaves.sums.shape[1] < _SMALL
        self.worlds: list[np.ndarray] = []

    def left(self, need: np.ndarray | None = None) -> np.ndarray:
        """Which targets are not wide enough yet."""
        return ~(self.high - self.low > (self.need if need is None else need))

    def middle(self) -> np.ndarray | None:
        """A world in the middle, in leaves: the mean of those seen agrees as they do; one that is solved for when none is."""
        if self.worlds:
            return np.mean(self.worlds, axis=0)[self.leaves.number >= 0]
        return self.start(np.zeros(self.leaves.sums.shape[1]))

    def see(self, world: np.ndarray) -> np.ndarray | None:
        """Take a world of all unknowns as a witness of all targets, when it agrees with all rules as they were told."""
        if not self.leaves.whole.agrees(world):
            return None
        values = self.targets.values(world)
        if ((values < self.low) | (values > self.high)).any():
            self.worlds.append(world)
        np.minimum(self.low, values, out=self.low)
        np.maximum(self.high, values, out=self.high)
        return values

    def solve(self, cost: np.ndarray, quick: bool) -> np.ndarray | None:
        """A program over the whole system: the targets' values in the world that it finds."""
        self.programs += 1
        found = self.solver.near(cost) if quick else self.solver.extreme(cost)
        return None if found is None else self.see(self.leaves.sums @ found)

    def start(self, cost: np.ndarray) -> np.ndarray | None:
        """A world to look around from, in leaves, which is a witness too."""
        self.programs += 1
        found = self.solver.near(cost)
        return None if found is None or self.see(self.leaves.sums @ found) is None else found

    def directions(self, mine: np.ndarray, need: np.ndarray, least: int) -> Iterable[np.ndarray]:
        """Weights that pull all open targets at once, in changing directions, until that opens few more."""
        chance, before = np.random.default_rng(1), np.inf
        for turn in range(_SPREADS):
            left = self.left(need) & mine
            if left.sum() < least or (turn > _TRIED and left.sum() > 0.8 * before):
                return
            before = left.sum()
            signs = np.ones(len(left)) if turn == 0 else chance.choice([-1.0, 1.0], len(left))
            for sign in (1.0, -1.0):
                yield np.where(left, sign * signs, 0.0)

    def each(self, mine: np.ndarray, patience: int) -> Iterable[np.ndarray]:
        """Weights that pull each open target alone, both ways, until so many in a row have stayed open."""
        in_vain = 0
        for one in np.flatnonzero(self.left() & mine):
            for sign in (-1.0, 1.0):
                if self.left()[one]:
                    yield self._only(one, sign)
            in_vain = in_vain + 1 if self.left()[one] else 0
            if in_vain == patience:
                return

    def pull(self, need: np.ndarray, least: int) -> None:
        """Look for witnesses in which anything may differ."""
        for weights in self.directions(np.ones(len(need), dtype=bool), need, least):
            self.solve(self.targets.cost(weights), self.large)

    def around(self, start: np.ndarray | None, groups: Sequence[np.ndarray], patience: int = 0) -> None:
        """Look for witnesses that differ from one world in one group of unknowns only.

        Args:
            start: leaves of the world. patience: when there is any, each open target is pulled alone instead of all at once,
                and a group is left when so many of its targets in a row have stayed open.
        """
        for group in groups if start is not None else ():
            mine = ~self.targets.beyond(group)
            if not (self.left() & mine).any():
                continue
            free = self.leaves.number[group]
            free = free[free >= 0]
            solver = Program(self.leaves.rules.within(start, free))
            for weights in self.each(mine, patience) if patience else self.directions(mine, self.wanted, 1):
                self.programs += 1
                part = solver.extreme(self.targets.cost(weights)[free])
                if part is not None:
                    world = start.copy()
                    world[free] = part
                    self.see(self.leaves.sums @ world)

    def single(self) -> np.ndarray:
        """Both ends of every target that is still open; which of them are certain."""
        exact = np.zeros(self.targets.count, dtype=bool)
        for one in range(self.targets.count):
            for sign in (1.0, -1.0) if self.large and self.left()[one] else ():
                self.solve(self.targets.cost(self._only(one, sign)), True)
            if not self.left()[one]:
                continue
            ends = []
            for sign in (1.0, -1.0):
                values = self.solve(self.targets.cost(self._only(one, sign)), False)
                ends.append(None if values is None else values[one])
            exact[one] = ends[0] is not None and ends[1] is not None
            if not exact[one] and self.left()[one]:
                self.low[one] = self.high[one] = 0.0
        return exact

    def _only(self, one: int, sign: float) -> np.ndarray:
        weights = np.zeros(self.targets.count)
        weights[one] = sign
        return weights


def attack(
    system: LinearSystem,
    sums: Sequence[Sum],
    required: Sequence[float],
    groups: Sequence[np.ndarray] = (),
    seen: Sequence[np.ndarray] = (),
    wanted: Sequence[float] = (),
) -> Bounds:
    """Intervals of the sums, looked into until each is wider than required or proven not to be.

    Args:
        required: per sum the width that it must be wider than; infinity asks for the exact interval.
        groups: unknowns that are little tied to those of the other groups (a municipality with its county): witnesses are
            looked for in each group first, which makes the work grow with the number of groups and no faster. First around a
            world in the middle, then around one where all that is still open is little, which leaves each of them most room.
        seen: worlds that may agree, found by another attack on the same pupils; wanted: widths above the
            required ones that are looked for in passing, because another attack on the same pupils requires them.

    Returns:
        Where the width found is not above the required one, the interval is exact. A sum that the solver could say nothing
        certain about has width 0: it fails closed.

    Raises:
        Contradiction: no world agrees with what is published.
    """
    search = _Search(system, sums, required, wanted)
    for world in seen:
        search.see(world)
    if np.isfinite(search.need).any():
        if groups and search.small:
            search.pull(search.wanted, 1)
        if groups and search.left().any():
            search.around(search.middle(), groups)
        if groups and search.left().any():
            search.around(search.middle(), groups, _PATIENCE)
        if groups and search.left().any():
            search.around(search.start(search.targets.cost(np.ones(len(sums)))), groups, len(sums))
        if not (groups and search.small):
            search.pull(search.need, 3)
    exact = search.single()
    low, high = (np.where(np.isfinite(end), end, 0.0) for end in (search.low, search.high))
    return Bounds(low, high, exact, search.programs, search.worlds)


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
    leaves = Leaves.of(system)
    solver = Program(leaves.rules)
    solver.whole_numbers()
    found = []
    for target in targets:
        table = Targets(leaves, [target])
        ends = [solver.extreme(table.cost(np.array([sign]))) for sign in (1.0, -1.0)]
        low, high = (np.nan if world is None else float(table.values(leaves.sums @ world)[0]) for world in ends)
        found.append((low, INFINITY if high > UNBOUNDED / 2 else high))
    return found
