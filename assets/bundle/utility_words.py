"""How many of a bundle's numbers are hidden, and what a step looser or tighter would change, for the page on disclosure control.

Counts by published reason, of rows that lie in the bundle's own tables: a reader can count them. Never by rule, which would
say which cells are small; and steps for all municipalities together alone (docs/adr/0050). Pure.
"""

from __future__ import annotations

import polars as pl

from assets.bundle.types import Block, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.charts import numbers
from assets.methods.editions import HIDDEN
from assets.methods.policy_steps import LOOSER, TIGHTER
from assets.methods.release_utility import FAMILIES, SAME

_STATES = ("ok", "too_few", "suppressed")


def utility_blocks(context: Context) -> tuple[Block, ...]:
    """Heading, a sentence, a table per kind of table, and the steps; nothing for an area without results."""
    found = {family: _states(context, name) for family, (name, _, _) in FAMILIES.items()}
    found = {family: states for family, states in found.items() if sum(states)}
    if not found:
        return ()
    shown, cells = sum(states[0] for states in found.values()), sum(sum(states) for states in found.values())
    told = {"wave": context.scope.wave, "cells": numbers.thousands(cells), "shown": numbers.thousands(shown)}
    kind = "intro" if cells > shown else "none"
    names, marks = context.entry("utility.families"), {code: context.meta.charts.reasons[code].mark for code in HIDDEN}
    rows = tuple(
        (names[family], *(numbers.thousands(count) for count in (sum(states), *states))) for family, states in found.items()
    )
    columns = tuple(column.format(**marks) for column in context.entry("utility.columns"))
    caption, note = context.say("utility.caption", wave=context.scope.wave), context.say("utility.note")
    return (
        SubHeading("dolt", context.say("utility.title")),
        Text(context.say(f"utility.{kind}", hidden=numbers.thousands(cells - shown), **told)),
        Table("dolda-tal", caption, columns, rows, frozenset(range(1, len(columns))), note=note),
        *_steps(context),
    )


def _states(context: Context, name: str) -> tuple[int, int, int]:
    """Rows of the area and its districts in the scope's wave: shown, with too few answers, protected."""
    frame: pl.DataFrame = getattr(context.frames, name)
    if not frame.width:
        return 0, 0, 0
    code, own = pl.col("area_code"), context.scope.area_code
    here = frame.filter((pl.col("wave") == context.scope.wave) & ((code == own) | code.str.starts_with(f"{own}-")))
    counted = dict(here.group_by("reason").len().iter_rows())
    shown, few, protected = (counted.get(state, 0) for state in _STATES)
    return shown, few, protected


def _steps(context: Context) -> tuple[Block, ...]:
    """What a step would change; nothing with noise, as the steps hide numbers and what is shown now doesn't."""
    if context.meta.noise:
        return ()
    steps = context.frames.policy_steps
    rows = steps.filter(wave=context.scope.wave, edition=context.scope.edition) if steps.width else steps
    pct = dict(rows.select("step", "pct").iter_rows()) if rows.height else {}
    if not {LOOSER, SAME, TIGHTER} <= set(pct):
        return ()
    return (Text(context.say("utility.steps", **{step: pct[step] for step in (LOOSER, SAME, TIGHTER)})),)
