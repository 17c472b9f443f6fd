"""Rows of `release.decisions` in every state, with words that would do harm if they were trusted."""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.methods.decisions import RELEASED

SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://x")'
ROW = {
    **dict.fromkeys(RELEASED), "edition": "intern", "area_code": "0127", "area_name": "Botkyrka", "round": "2022", "wave": 2022,
    "workshop_on": date(2023, 3, 7), "participants": 14, "decision_id": "0127-2022-1", "factor": "acting_out",
    "priority": "Fler vuxna på kvällar", "reason": "Det syns i siffrorna", "owner": "fritidschefen", "first_step": "Rekrytera",
    "follow_up_indicator": "wellbeing", "follow_up_grade": "ak9", "follow_up_on": date(2024, 12, 1),
}  # fmt: skip
MEASURED = {"wave_now": 2024, "value_then": 20.0, "value_now": 14.0, "unit": "points"}
CHANGED = MEASURED | {"change": -6.0, "low": -9.0, "high": -3.0, "verdict": "decrease"}
STATES = (
    ROW | CHANGED | {"follow_up_state": "moved_better", "status": "done", "status_on": date(2024, 11, 2)},
    ROW | CHANGED | {"follow_up_state": "no_certain_change", "verdict": "cannot_tell", "decision_id": "0127-2022-2",
                     "owner": FORMULA, "first_step": "-1+2", "priority": SCRIPT},
    ROW | {"follow_up_state": "not_followed_up", "decision_id": "0127-2022-3", "follow_up_on": date(2023, 12, 1), "reason": None,
           "owner": None},
    ROW | {"follow_up_state": "no_indicator", "decision_id": "0127-2022-4", "follow_up_indicator": "none",
           "follow_up_grade": None, "follow_up_on": None},
    ROW | {"follow_up_state": "not_due", "decision_id": "0127-2024-1", "round": "2024", "wave": 2024,
           "workshop_on": date(2025, 2, 4), "follow_up_on": date(2027, 1, 1)},
)  # fmt: skip


def decision_rows(*rows: dict[str, object]) -> pl.DataFrame:
    """The given rows, or one in each of the common states."""
    return pl.DataFrame(rows or STATES, schema=RELEASED)
