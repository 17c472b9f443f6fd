"""Good rows of the tables made from forms."""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.forms.harmonise import ACTIVITY_SCHEMA, DECISION_SCHEMA, RATING_SCHEMA
from assets.forms.tables import ANSWERS_SCHEMA, FILES_SCHEMA

DAY = date(2026, 11, 20)


def _frame(rows: list[tuple], schema: dict) -> dict[str, pl.DataFrame]:
    return {"rows": pl.DataFrame(rows, schema=schema, orient="row")}


def files() -> dict[str, pl.DataFrame]:
    """Two forms."""
    last = ("skola", "xlsx", "a.xlsx", "0" * 64, 1, "{}", 0, "")
    rows = [("0" * 16, "activities", "1", "0127", "2026", DAY, *last), ("1" * 16, "readiness", "1", "0127", "2026-2", DAY, *last)]
    return _frame(rows, FILES_SCHEMA)


def cells() -> dict[str, pl.DataFrame]:
    """Two answers."""
    rows = [("0" * 16, "activities", "leisure", "open_house", name, "yes", "cell C5") for name in ("exists", "funding")]
    return _frame(rows, ANSWERS_SCHEMA)


def activities() -> dict[str, pl.DataFrame]:
    """Two answers about one activity, one about an own."""
    about = ("a", "0127", "2026", DAY, "skola")
    rows = [
        (*about, "open_house", "exists", "yes"),
        (*about, "open_house", "funding", "project"),
        (*about, "own:cafe", "name", "C"),
    ]
    return _frame(rows, ACTIVITY_SCHEMA)


def ratings() -> dict[str, pl.DataFrame]:
    """A level and one who doesn't know."""
    about = ("a", "0127", "2026", "skola", "plan")
    return _frame([(*about, "plan_1", 3), (*about, "plan_2", None)], RATING_SCHEMA)


def decided() -> dict[str, pl.DataFrame]:
    """Two decisions and what became of an earlier one."""
    about = ("a", "0127", "2026", 2024, DAY, 12)
    made = ("bullying", "1", "r", "o", "f", "bullying", "ak9", DAY, None, None)
    rows = [(*about, f"0127-2026-{n}", *made) for n in (1, 2)]
    return _frame([*rows, (*about, None, *[None] * 8, "0127-2024-1", "done")], DECISION_SCHEMA)


GOOD_FORMS = {
    "raw/form_files": files,
    "raw/form_answers": cells,
    "harmonised/activity_answers": activities,
    "harmonised/readiness_ratings": ratings,
    "harmonised/decisions": decided,
}
