"""Which cells to hide: the pattern of linked tables, what it costs, and how near the optimum it is known to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.suppression.attack import Attack, Requirement, requirements
from assets.suppression.exact import Exact
from assets.suppression.greedy import Greedy
from assets.suppression.tables import BoolArray, FloatArray, LinkedTables, stop

RULES = ("", "primary", "earlier", "secondary")


@dataclass(frozen=True)
class Effort:
    """Limits of the search in linear programs and nodes: not in seconds, so that a pattern never depends on the machine.

    Attributes:
        greedy: linear programs of the local search.
        exact: linear programs of the search for a proof; 0 for none.
        nodes: nodes of the 0/1 programs.
        largest: cells times requirements above which no proof is tried.
    """

    greedy: int = 4_000
    exact: int = 20_000
    nodes: int = 20_000
    largest: int = 20_000


QUICK = Effort(greedy=0, exact=0)


@dataclass(frozen=True)
class Pattern:
    """A safe pattern.

    Attributes:
        hidden: [cell].
        rules: [cell] position in `RULES`: why the cell is hidden, 0 where it is shown.
        cells, respondents: number of hidden cells, and of people counted in them (a person once per hidden cell).
        cost: sum of the tables' cost over hidden cells.
        proven: no safe pattern is cheaper.
        lower_bound: no safe pattern costs less; None when no proof was tried.
    """

    hidden: BoolArray
    rules: np.ndarray
    cells: int
    respondents: float
    cost: float
    proven: bool
    lower_bound: float | None


def suppress(tables: LinkedTables, cost: FloatArray | None = None, effort: Effort | None = None) -> Pattern:
    """The cheapest safe pattern found within the effort: greedy, cleaned, bettered, and where possible proven.

    The cells are put in an order of their own first, so the pattern does not depend on the order of rows.

    Args:
        cost: loss per cell, instead of the tables' own.

    Raises:
        PipelineError: nothing protects the cells: too much must be shown, or a level is greater than what is possible even when
            everything is hidden.
    """
    tables = tables if cost is None else tables.with_cost(cost)
    order = tables.canonical_order()
    hidden_sorted, proven, bound = _search(tables.ordered(order), effort or Effort())
    hidden = np.zeros(tables.size, dtype=bool)
    hidden[order] = hidden_sorted
    return _pattern(tables, hidden, proven, bound)


def _search(tables: LinkedTables, effort: Effort) -> tuple[BoolArray, bool, float | None]:
    needs = requirements(tables)
    attack = Attack(tables)
    state = Greedy(attack, needs).pattern(effort.greedy)
    hidden, bound, proven = state.hidden, None, False
    if effort.exact and tables.size * max(len(needs), 1) <= effort.largest:
        best = float(tables.cost[hidden].sum())
        optimum = Exact(attack, needs).solve(best, effort.exact, effort.nodes)
        hidden = hidden if optimum.hidden is None else optimum.hidden
        bound = optimum.lower_bound
        proven = bound >= float(tables.cost[hidden].sum()) - 1e-6
    checked(attack, needs, hidden)
    return hidden, proven, bound


def checked(attack: Attack, needs: list[Requirement], hidden: BoolArray) -> None:
    """Stop when a requirement does not hold under the pattern; the last word before a pattern is handed out.

    Raises:
        PipelineError: a requirement does not hold.
    """
    failing = sum(attack.move(need, hidden).value < need.amount - 1e-5 for need in needs)
    if failing or (attack.tables.required & ~hidden).any() or (attack.tables.must_show & hidden).any():
        raise stop("ett mönster som skyddar alla celler", f"{failing} krav som inte håller", "Rapportera felet.")


def is_safe(tables: LinkedTables, hidden: BoolArray) -> bool:
    """Whether a pattern hides what must be hidden and every requirement holds under it."""
    if (tables.required & ~hidden).any() or (tables.must_show & hidden).any():
        return False
    attack = Attack(tables)
    return all(attack.move(need, hidden).value >= need.amount - 1e-5 for need in requirements(tables))


def _pattern(tables: LinkedTables, hidden: BoolArray, proven: bool, bound: float | None) -> Pattern:
    rules = np.where(tables.primary, 1, np.where(tables.whole_units(tables.must_hide), 2, np.where(hidden, 3, 0))).astype(np.int8)
    return Pattern(
        hidden=hidden, rules=rules, cells=int(hidden.sum()), respondents=float(tables.counts[hidden].sum()),
        cost=float(tables.cost[hidden].sum()), proven=proven, lower_bound=bound,
    )  # fmt: skip
