"""Earlier decisions in words: what was decided and whether its indicator has moved, as `release.decisions` says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from assets.bundle.words import date_text
from assets.charts import numbers
from assets.charts.types import Scope
from assets.forms.decisions_form import decision_texts, decisions_form
from assets.kit.board_types import EarlierDecision

DECIMALS = {"points": 0}
"""Decimals of a value by the unit of its change; a mean has one."""


def earlier_decisions(decisions: pl.DataFrame, scope: Scope) -> tuple[EarlierDecision, ...]:
    """The municipality's decisions of workshops before the scope's wave was discussed, the newest first.

    Args:
        decisions: `release.decisions`; may have no columns where no decision has ever come back.
    """
    if not decisions.width:
        return ()
    mine = decisions.filter(
        pl.col("area_code") == scope.area_code, pl.col("edition") == scope.edition, pl.col("wave") < scope.wave
    ).sort("workshop_on", "decision_id", descending=[True, False])
    return tuple(
        EarlierDecision(
            row["decision_id"], row["priority"] or "", row["owner"] or "", row["first_step"] or "", follow_up_sentences(row)
        )
        for row in mine.iter_rows(named=True)
    )


def follow_up_sentences(row: Mapping[str, Any]) -> str:
    """What is said of one decision: the indicator with its uncertainty, then what people have told.

    Args:
        row: of `release.decisions`.
    """
    texts = decision_texts()
    state = row["follow_up_state"]
    if state == "not_due" and row["follow_up_on"] is None:
        state = "not_due_no_day"
    told = texts["follow_up"]["no_status"]
    if row["status"]:
        status = texts["statuses"][row["status"]]
        told = texts["follow_up"]["status"].format(status=numbers.lower_first(status))
    return f"{texts['follow_up'][state].format(**_words(row))} {told}"


def _words(row: Mapping[str, Any]) -> dict[str, str]:
    change, low, high = row["change"], row["low"], row["high"]
    decimals = DECIMALS.get(row["unit"] or "points", 1)
    return {
        "indicator": indicator_words(row),
        "before": str(row["wave"]),
        "after": str(row["wave_now"]),
        "then": _value(row["value_then"], decimals),
        "now": _value(row["value_now"], decimals),
        "change": "" if change is None else numbers.signed(change, decimals),
        "interval": "" if low is None or high is None else _interval(low, high, decimals),
        "day": date_text(row["follow_up_on"]) if row["follow_up_on"] else "",
    }


def _value(value: float | None, decimals: int) -> str:
    """A share as per cent, a mean as a number."""
    if value is None:
        return ""
    return numbers.decimal(value, decimals) if decimals else numbers.percent(value)


def _interval(low: float, high: float, decimals: int) -> str:
    return f"{numbers.signed(low, decimals)} till {numbers.signed(high, decimals)}"


def indicator_words(row: Mapping[str, Any]) -> str:
    """The indicator's name, with the grade it was chosen for."""
    name = _label("follow_up_indicator", row["follow_up_indicator"])
    grade = _label("follow_up_grade", row["follow_up_grade"])
    return decision_texts()["follow_up"]["grade"].format(indicator=name, grade=grade) if grade else name


def _label(field: str, code: str | None) -> str:
    """The words of a choice; a code of an older form, which isn't among the choices any more, as it is."""
    (found,) = [one for one in decisions_form().sections[0].fields if one.name == field]
    return {choice.code: choice.label for choice in found.choices}.get(code or "", code or "")
