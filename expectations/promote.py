"""Which deliveries may be promoted: critical rules on the whole table, then delivery by delivery where one broke.

A row rule that holds for the whole table holds for each delivery in it, so the costly question is asked only when needed.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    broken = [o.rule.id for o in outcomes if o.blocks]
    if not broken:
        return outcomes, []
    held = []
    for (delivery, wave), rows in frame.sort(UNIT).group_by(UNIT, maintain_order=True):
        bad = tuple(o for o in run_suite(suite, rows, parameters, only=broken) if o.blocks)
        if bad:
            held.append(HeldBack(str(delivery), int(wave), bad))
    return outcomes, held
