"""Decisions of workshops in words: labels of the form's codes, and what has happened since, as `release.decisions` says it. Pure.

The workshop board and the report say the same sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assets.bundle.words import date_text
from assets.charts import numbers
from assets.forms.decisions_form import decision_texts, decisions_form

NO_CHANGE = "stable"
"""The verdict of the release that says that a change, if any, is small; `cannot_tell` says less."""
AHEAD = ("not_due", "later")
"""States in which nobody is expected to have told how it went."""
DECIMALS = {"points": 0}
"""Decimals of a value by the unit of its change; a mean has one."""


def follow_up_sentences(row: Mapping[str, Any]) -> str:
    """What is said of one decision: the indicator with its uncertainty, then what people have told.

    Args:
        row: of `release.decisions`.
    """
    texts = decision_texts()
    state = row["follow_up_state"]
    if state == "not_due" and row["follow_up_on"] is None:
        state = "not_due_no_day"
    if state == "no_certain_change" and row["verdict"] == NO_CHANGE:
        state = "no_change"
    told = "" if row["follow_up_state"] in AHEAD else texts["follow_up"]["no_status"]
    if row["status"]:
        status = texts["statuses"][row["status"]]
        told = texts["follow_up"]["status"].format(status=numbers.lower_first(status))
    return f"{texts['follow_up'][state].format(**_words(row))} {told}".rstrip()


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
        "interval": "" if low is None or high is None else numbers.signed_interval(low, high, decimals),
        "day": date_text(row["follow_up_on"]) if row["follow_up_on"] else "",
    }


def _value(value: float | None, decimals: int) -> str:
    """A share as per cent, a mean as a number."""
    if value is None:
        return ""
    return numbers.decimal(value, decimals) if decimals else numbers.percent(value)


def indicator_words(row: Mapping[str, Any]) -> str:
    """The indicator's name, with the grade it was chosen for."""
    name = label("follow_up_indicator", row["follow_up_indicator"])
    grade = label("follow_up_grade", row["follow_up_grade"])
    return decision_texts()["follow_up"]["grade"].format(indicator=name, grade=grade) if grade else name


def label(field: str, code: str | None) -> str:
    """The words of a choice in the form's decisions; a code of an older form that isn't among them any more, as it is."""
    (found,) = [one for one in decisions_form().sections[0].fields if one.name == field]
    return {choice.code: choice.label for choice in found.choices}.get(code or "", code or "")
