"""Made-up rows of the preconditions and of the join, for charts and tests: few, fixed, with every reason once."""

from __future__ import annotations

import polars as pl

from assets.catalogue.readiness import load_readiness
from assets.methods.readiness import readiness
from tests.support.sample_release import sample_scope

RATERS = {
    "decision_makers": (1, 2, 2, 2, 3, 1, 2, 2, 3),
    "long_term": (0, 1, 1, 0, 2, 1, 3, 2, 0),
    "shared_ownership": (2, 2, 2, 2, 2, 2, 2, 2, 2),
    "regular_work": (0, 1, 2, 3, 1, 2, 2, 3, 3),
    "coordination": (3, 3, 3, 3, 3, 2, 3, 3, 3),
    "local_data": (1, 1, 0, 1, 1, 1, 2, None, None),
    "target_groups": (0, 1, None, None, None, None, None, None, None),
}
BEFORE = {"coordination": (1, 1, 1, 1), "shared_ownership": (2, 2, 2, 2), "long_term": (0, 1, 1, 2)}
ROLES = ("chef", "chef", "chef", "skola", "skola", "skola", "fritid", "polis", "strateg")
FACTORS = (
    ("acting_out", "risk", 4.0, 1.0, 7.0, "higher", 0.3, 0.5),
    ("school_distress", "risk", 3.0, -1.0, 7.0, "unclear", 0.6, 0.7),
    ("school_bonding", "protective", -4.0, -7.0, -1.0, "lower", 0.6, 0.6),
    ("psychosomatic", "risk", 1.0, -2.0, 4.0, "unclear", 0.25, 0.8),
    ("parenting", "risk", 0.0, -3.0, 3.0, "unclear", 0.25, 0.5),
    ("community", "risk", 5.0, 2.0, 8.0, "higher", 0.1, 0.2),
    ("wellbeing", "protective", None, None, None, None, 0.5, 0.6),
)
"""Key, kind, difference with interval and verdict, least and most coverage."""


def rating_rows(levels: dict[str, tuple[int | None, ...]], round_: str) -> list[tuple]:
    """Every rater gives all statements of a condition the same level."""
    statements = load_readiness().statements
    return [
        (f"{round_}-{n}", sample_scope().area_code, round_, ROLES[n], condition, statement, level)
        for condition, given in levels.items()
        for n, level in enumerate(given)
        for statement in statements[condition]
    ]


def ratings() -> pl.DataFrame:
    """`harmonised.readiness_ratings` of two rounds."""
    names = ["form_id", "municipality_code", "round", "role", "condition", "statement"]
    schema = {**dict.fromkeys(names, pl.String), "level": pl.Int8}
    return pl.DataFrame([*rating_rows(BEFORE, "2024"), *rating_rows(RATERS, "2026")], schema=schema, orient="row")


def readiness_rows() -> pl.DataFrame:
    """`release.readiness` of the sample's municipality."""
    scope = sample_scope()
    table = readiness(ratings(), load_readiness(), [scope.area_code])
    return table.with_columns(edition=pl.lit(scope.edition), area_name=pl.lit(scope.area_name)).rename(
        {"municipality_code": "area_code"}
    )


def factor_overview_rows() -> pl.DataFrame:
    """`release.factor_overview` of the sample's municipality in year 9."""
    scope = sample_scope()
    rows = [
        {
            "edition": scope.edition, "area_code": scope.area_code, "area_name": scope.area_name, "wave": scope.wave,
            "grade": "ak9", "factor": key, "kind": kind, "share_focus": None if value is None else 10.0 + value, "low": 6.0,
            "high": 14.0, "diff_county": value, "diff_low": low, "diff_high": high, "diff_verdict": verdict,
            "trend_verdict": "cannot_tell", "sex_gap": 1.0, "sex_gap_low": -2.0, "sex_gap_high": 4.0,
            "n_known": 5, "n_activities": 10, "coverage_low": least, "coverage_high": most, "n_fragile": 1, "n_blind": 0,
            "readiness_median": 2.0, "readiness_q1": 1.0, "readiness_q3": 2.0,
            "reason_level": "ok" if value is not None else "suppressed", "reason_coverage": "ok", "reason_readiness": "ok",
        }
        for key, kind, value, low, high, verdict, least, most in FACTORS
    ]  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col("wave").cast(pl.Int32))
