"""The municipality's newest rows of activities, preconditions and the join, and whether there is anything to tell. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from assets.bundle.action_types import PreventionDefinitions
from assets.bundle.types import Notice
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.forutsattningstrappa import level_words

Row = Mapping[str, Any]
ANY = "*"
STATES = ("yes", "no", "dont_know", "disagreed", "not_inventoried")
OWN_PREFIX = "own:"


@dataclass(frozen=True)
class Action:
    """What every page on action is built of."""

    context: Context
    definitions: PreventionDefinitions

    @cached_property
    def status(self) -> pl.DataFrame:
        """Activities of the municipality's newest round, in the catalogue's order and then its own by name."""
        table = self.context.frames.activity_status
        if table.is_empty():
            return table
        order = {a.id: place for place, a in enumerate(self.definitions.activities.activities)}
        newest = table.filter(pl.col("round") == table["round"].max())
        place = pl.col("activity_id").replace_strict(order, default=len(order), return_dtype=pl.Int64)
        return newest.with_columns(_place=place).sort("_place", "own_name", "activity_id").drop("_place")

    @cached_property
    def coverage(self) -> pl.DataFrame:
        """Coverage of the newest round."""
        return self.context.frames.activity_coverage

    @cached_property
    def inventoried(self) -> bool:
        """Whether anybody has said anything about the activities."""
        return bool(self.status.height) and not self.status.filter(pl.col("exists") != "not_inventoried").is_empty()

    @property
    def activity_round(self) -> str:
        """The round that the activities are from, or nothing."""
        return str(self.status["round"][0]) if self.status.height else ""

    @cached_property
    def readiness_round(self) -> str:
        """The newest round that anybody in the municipality has answered; without one the newest of all; or nothing."""
        table = self.context.frames.readiness
        if table.is_empty():
            return ""
        answered = table.filter(pl.col("reason") != "not_inventoried")
        return str((table if answered.is_empty() else answered)["round"].max())

    @cached_property
    def readiness(self) -> dict[str, Row]:
        """Preconditions of that round by condition."""
        table = self.context.frames.readiness
        if table.is_empty():
            return {}
        chosen = table.filter(pl.col("round") == self.readiness_round)
        return {row["condition"]: row for row in chosen.iter_rows(named=True)}

    @property
    def rated(self) -> bool:
        """Whether any precondition can be shown."""
        return any(row["reason"] == "ok" for row in self.readiness.values())

    @property
    def readiness_reason(self) -> str:
        """Why none can be shown: `too_few_raters` or `not_inventoried`."""
        reasons = {row["reason"] for row in self.readiness.values()}
        return "too_few_raters" if "too_few_raters" in reasons else "not_inventoried"

    @cached_property
    def overview(self) -> dict[tuple[str, str], Row]:
        """The join by grade and factor."""
        table = self.context.frames.factor_overview
        return {(row["grade"], row["factor"]): row for row in table.iter_rows(named=True)}

    @cached_property
    def order(self) -> tuple[Row, ...]:
        """The suggested order, those without a place last in the catalogue's order."""
        rows = {row["factor"]: row for row in self.context.frames.priority_order.iter_rows(named=True)}
        keys = {key: place for place, key in enumerate(self.context.indices)}
        known = [row for key, row in rows.items() if key in keys]
        return tuple(sorted(known, key=lambda row: (row["place"] is None, row["place"] or 0, keys[row["factor"]])))

    def say(self, path: str, **values: object) -> str:
        """A text of `action.yml`."""
        return self.context.say(f"action.{path}", **{"area": self.context.scope.area_name, **values})

    def entry(self, path: str) -> Any:
        """An entry of `action.yml` that isn't one text."""
        return self.context.entry(f"action.{path}")

    def invented(self) -> tuple[Notice, ...]:
        """The mark of answers that the simulator has made up; nothing when they are real."""
        context = self.context
        if not context.meta.charts.synthetic:
            return ()
        return (Notice(self.say("invented"), "synthetic", context.say("common.synthetic_short")),)

    def level(self, value: float) -> str:
        """A level of a precondition in words."""
        return level_words(value, self.context.meta.charts, self.definitions.readiness)

    def span(self, low: float, high: float) -> str:
        """Two levels in words, or the one they share."""
        first, last = self.level(low), self.level(high)
        return first if first == last else self.say("span", low=first, high=last)

    def name(self, row: Row) -> str:
        """An activity's short name; of the municipality's own, the name that they have given."""
        held = self.definitions.activities.activity_by_id.get(row["activity_id"])
        return (
            held.short_sv if held else self.say("own_name", name=row["own_name"] or row["activity_id"].removeprefix(OWN_PREFIX))
        )

    def roles(self, codes: str | None) -> str:
        """Role codes as words."""
        labels = {role.key: numbers.lower_first(role.label_sv) for role in self.definitions.activities.form_file.roles}
        return numbers.words([labels.get(code, code) for code in (codes or "").split(";") if code])


def action_of(context: Context) -> Action | None:
    """None when the run has neither forms nor the join: then nothing is said of action."""
    frames = context.frames
    tables = (frames.activity_status, frames.readiness, frames.factor_overview)
    if context.meta.prevention is None or all(table.is_empty() for table in tables):
        return None
    return Action(context, context.meta.prevention)
