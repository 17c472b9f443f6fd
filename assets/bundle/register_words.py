"""A register value as text, with its unit and mark, and what the marks of a table say."""

from __future__ import annotations

from collections.abc import Sequence

from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.types import IndicatorMeta


def value_text(context: Context, row: dict[str, object] | None, indicator: IndicatorMeta) -> str:
    """The value with its unit and mark, or the mark of its reason."""
    reasons = context.meta.charts.reasons
    if row is None:
        return reasons["missing"].mark
    value, mark = row["value"], reasons[str(row["reason"])].mark
    if not isinstance(value, float):
        return mark
    text = numbers.percent(value, indicator.decimals) if row["unit"] == "percent" else numbers.decimal(value, indicator.decimals)
    return f"{text}{numbers.NBSP}{mark}" if mark else text


def marks_in_words(context: Context, reasons: Sequence[str]) -> str:
    """The marks that stand in the table, in words."""
    table = context.meta.charts.reasons
    found = [table[code] for code in sorted(set(reasons)) if table[code].mark]
    return " ".join(f"{reason.mark} {numbers.lower_first(reason.text_sv)}." for reason in found)
