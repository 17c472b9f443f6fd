"""Which deliveries may be promoted: those that break no critical rule. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from expectations.run import RuleOutcome, Unit

UNIT = ("delivery_id", "wave")


@dataclass(frozen=True)
class HeldBack:
    """A delivery x wave that breaks critical rules, and which."""

    delivery_id: str
    wave: int
    rules: tuple[RuleOutcome, ...]


def units_of(*frames: pl.DataFrame) -> list[Unit]:
    """Every delivery x wave that stands in any of the frames, sorted."""
    found = {row for frame in frames if set(UNIT) <= set(frame.columns) for row in frame.select(UNIT).unique().iter_rows()}
    return sorted(found)


def held_back(outcomes: Iterable[RuleOutcome], units: Iterable[Unit]) -> list[HeldBack]:
    """The units that must not be promoted.

    A critical rule that could not be evaluated, or that is broken by the table as a whole, holds back all of them: nobody can
    tell which one is right.
    """
    every = list(units)
    held: dict[Unit, list[RuleOutcome]] = {}
    for outcome in (o for o in outcomes if o.blocks):
        for unit in every if not outcome.units else outcome.units:
            held.setdefault(unit, []).append(outcome)
    return [HeldBack(str(d), int(str(w)), tuple(rules)) for (d, w), rules in sorted(held.items(), key=lambda kv: str(kv[0]))]
