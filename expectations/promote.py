"""Which deliveries may be promoted: critical rules on the whole table, then delivery by delivery where one broke.

A row rule that holds for the whole table holds for each delivery in it, so the costly question is asked only when needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from expectations.run import RuleOutcome, run_suite
from expectations.suite import Suite

UNIT = ("delivery_id", "wave")


@dataclass(frozen=True)
class HeldBack:
    """A delivery x wave that breaks critical rules, and which."""

    delivery_id: str
    wave: int
    rules: tuple[RuleOutcome, ...]


def held_back(suite: Suite, frame: pl.DataFrame, parameters: Mapping[str, Any]) -> tuple[list[RuleOutcome], list[HeldBack]]:
    """Evaluate the suite on the candidate rows.

    Args:
        frame: harmonised rows with `delivery_id` and `wave`.

    Returns:
        The outcome of every rule on the whole table, and the units that must not be promoted.
    """
    outcomes = run_suite(suite, frame, parameters)
    held: dict[tuple[str, int], list[RuleOutcome]] = {}
    for outcome in (o for o in outcomes if o.blocks):
        for unit in broken_units(suite, frame, parameters, outcome.rule.id, UNIT):
            held.setdefault((str(unit[0]), int(unit[1])), []).append(outcome)
    return outcomes, [HeldBack(delivery, wave, tuple(rules)) for (delivery, wave), rules in sorted(held.items())]


def broken_units(
    suite: Suite, frame: pl.DataFrame, parameters: Mapping[str, Any], rule: str, unit: Sequence[str]
) -> list[tuple[object, ...]]:
    """The units (deliveries) whose rows break the rule by themselves, found by halving.

    A rule about rows that holds for two units together holds for each of them, so a half that holds is not searched further.
    When the rows break the rule only together (a value that stands in two deliveries), every unit is named: nobody can tell
    which one is right.
    """
    units = [tuple(row) for row in frame.select(unit).unique().sort(unit).iter_rows()]
    found = _search(suite, frame, parameters, rule, unit, units)
    return found or units


def _search(
    suite: Suite,
    frame: pl.DataFrame,
    parameters: Mapping[str, Any],
    rule: str,
    unit: Sequence[str],
    units: list[tuple[object, ...]],
) -> list[tuple[object, ...]]:
    chosen = pl.DataFrame(units, schema={name: frame.schema[name] for name in unit}, orient="row")
    rows = frame.join(chosen, on=list(unit), how="semi", maintain_order="left")
    if not units or run_suite(suite, rows, parameters, only=[rule])[0].holds:
        return []
    if len(units) == 1:
        return units
    middle = len(units) // 2
    return [u for half in (units[:middle], units[middle:]) for u in _search(suite, frame, parameters, rule, unit, half)]
