"""What is published as a linear system over unknown non-negative numbers. Pure.

Most rules only say that a whole is the sum of its parts (girls and boys, bands, the county's municipalities). Such a whole is no
unknown of its own: programs are made over the *leaves* that are left when every whole has been written as a sum of leaves, and
are a fraction of the size. What they find is written out in all unknowns again and held against the rules as they were told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

INFINITY = float("inf")
TOLERANCE = 1e-6
"""How far a witness may be off a rule, in pupils."""
UNBOUNDED = 1e7
"""More than any number of pupils: an unknown without a bound of its own ends here, so that every program has an answer."""
MARGIN = 1e-5
"""An interval has to be so much wider than required: its ends come from two worlds that may each be off their rules."""
_FEW = 5
"""Parts of a whole that is written out. A county of all its municipalities isn't: its rows would be long in every program."""
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

    def rules(self) -> Rules:
        """The system as arrays.

        Raises:
            Contradiction: an unknown's bounds exclude each other.
        """
        from scipy.sparse import csr_array

        shape = (len(self.row_low), len(self.low))
        starts, at = np.array(self.starts, dtype=np.int32), np.array(self.at, dtype=np.int32)
        matrix = csr_array((np.array(self.coefficients, dtype=float), at, starts), shape=shape)
        low, high, row_low, row_high = (np.array(one, dtype=float) for one in (self.low, self.high, self.row_low, self.row_high))
        if (low > high + TOLERANCE).any():
            raise Contradiction
        return Rules(matrix, low, np.maximum(low, high), row_low, row_high)


@dataclass(frozen=True)
class Rules:
    """A system as arrays: bounds of the unknowns, and of the sums in the rows of a sparse matrix."""

    matrix: Any
    low: np.ndarray
    high: np.ndarray
    row_low: np.ndarray
    row_high: np.ndarray

    def agrees(self, world: np.ndarray) -> bool:
        """Whether every rule holds in this world, by plain arithmetic."""
        if (world < self.low - TOLERANCE).any() or (world > self.high + TOLERANCE).any():
            return False
        sums = self.matrix @ world
        slack = TOLERANCE * np.maximum(1.0, np.abs(sums) * 1e-6)
        return bool(((sums >= self.row_low - slack) & (sums <= self.row_high + slack)).all())

    def within(self, world: np.ndarray, free: np.ndarray) -> Rules:
        """The same rules when all but the unknowns `free` stay as they are in a world that agrees."""
        part = self.matrix[:, free].tocsr()
        held = np.diff(part.indptr) > 0
        part = part[held]
        own = part @ world[free]
        fixed = (self.matrix @ world)[held] - own
        low, high = np.minimum(self.row_low[held] - fixed, own), np.maximum(self.row_high[held] - fixed, own)
        return Rules(part, np.minimum(self.low[free], world[free]), np.maximum(self.high[free], world[free]), low, high)


@dataclass(frozen=True)
class Leaves:
    """A system written in its leaves alone.

    Attributes:
        rules: what is known of the leaves. number: per unknown the number of its leaf, -1 for a sum of leaves.
        sums: sparse, all unknowns x leaves: `sums @ leaves` is the world of all unknowns.
        whole: the rules as they were told, of all unknowns.
    """

    rules: Rules
    number: np.ndarray
    sums: Any
    whole: Rules

    @classmethod
    def of(cls, system: LinearSystem) -> Leaves:
        """Write every unknown that is told to be the sum of others as that sum.

        Raises:
            Contradiction: an unknown's bounds exclude each other, or a sum of nothing isn't nothing.
        """
        from scipy.sparse import csr_array, vstack

        told = system.rules()
        known = substituted(_definitions(told))
        is_leaf = np.ones(len(told.low), dtype=bool)
        is_leaf[list(known)] = False
        number = np.where(is_leaf, np.cumsum(is_leaf) - 1, -1)
        sums = _sums(known, number)
        # a sum of leaves has no bound of its own but what is published
        whole = replace(told, high=np.where(~is_leaf & (told.high >= UNBOUNDED), INFINITY, told.high))
        bounded = np.flatnonzero(~is_leaf & ((whole.low > 0) | (whole.high < INFINITY)))
        matrix = csr_array(vstack([told.matrix @ sums, sums[bounded]]))
        matrix.eliminate_zeros()
        low, high = np.append(told.row_low, whole.low[bounded]), np.append(told.row_high, whole.high[bounded])
        filled = np.diff(matrix.indptr) > 0
        if (low[~filled] > TOLERANCE).any() or (high[~filled] < -TOLERANCE).any():
            raise Contradiction
        rules = Rules(matrix[filled], told.low[is_leaf], told.high[is_leaf], low[filled], high[filled])
        return cls(rules, number, sums, whole)


def _sums(known: Mapping[int, Mapping[int, float]], number: np.ndarray) -> Any:
    """Unknowns x leaves: 1 for a leaf itself, and for a whole how many times it holds each leaf."""
    from scipy.sparse import csr_array

    expanded = [known.get(one, {one: 1.0}) for one in range(len(number))]
    starts = np.cumsum([0, *map(len, expanded)])
    at = number[np.array([leaf for one in expanded for leaf in one], dtype=np.int64)]
    values = np.array([times for one in expanded for times in one.values()], dtype=float)
    return csr_array((values, at, starts), shape=(len(number), int((number >= 0).sum())))


def _definitions(rules: Rules) -> Iterable[tuple[int, Sequence[int]]]:
    """The rows that say that one unknown is the sum of a few others: which, and the others."""
    matrix = rules.matrix
    for row in np.flatnonzero((rules.row_low == 0) & (rules.row_high == 0)):
        begin, end = matrix.indptr[row], matrix.indptr[row + 1]
        at, times = matrix.indices[begin:end], matrix.data[begin:end]
        if len(at) <= _FEW and (times == -1).sum() == 1 and (times == 1).sum() == len(times) - 1:
            yield int(at[times == -1][0]), at[times == 1].tolist()


def substituted(definitions: Iterable[tuple[int, Sequence[int]]]) -> dict[int, dict[int, float]]:
    """Each whole as a sum of unknowns that are no wholes themselves, however the definitions lean on each other.

    A whole that is defined again, or that would be a part of itself, keeps its first meaning; the other rule stays a rule.
    """
    known: dict[int, dict[int, float]] = {}
    used: dict[int, set[int]] = defaultdict(set)
    for whole, parts in definitions:
        total: dict[int, float] = defaultdict(float)
        for part in parts:
            for leaf, times in known.get(part, {part: 1.0}).items():
                total[leaf] += times
        if whole in known or whole in total:
            continue
        for other in used.pop(whole, ()):
            inside = known[other].pop(whole)
            for leaf, times in total.items():
                known[other][leaf] = known[other].get(leaf, 0.0) + inside * times
                used[leaf].add(other)
        known[whole] = dict(total)
        for leaf in total:
            used[leaf].add(whole)
    return known
