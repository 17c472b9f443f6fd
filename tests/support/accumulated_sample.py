"""Accumulated factors as they are published, with invented shares."""

from __future__ import annotations

import polars as pl

SCHEMA = {
    "edition": pl.String, "area_level": pl.String, "area_code": pl.String, "area_name": pl.String, "wave": pl.Int32,
    "grade": pl.String, "sex": pl.String, "count_key": pl.String, "measure": pl.String, "value": pl.Float64, "low": pl.Float64,
    "high": pl.Float64, "n": pl.Int64, "reason": pl.String, "unit": pl.String, "method": pl.String, "interval_method": pl.String,
    "confidence_level": pl.Float64, "cutoff_set": pl.String, "verdict": pl.String,
}  # fmt: skip
SHARES = {"share_none": 41.0, "share_some": 52.0, "share_most": 7.0}


def results(verdict: str = "lower", reason: str = "ok") -> pl.DataFrame:
    """`release.accumulated_results` of one grade: two municipalities and the county; `reason` hides the municipalities'."""
    rows = []
    for level, code, name in (
        ("county", "01", "Stockholms län"),
        ("municipality", "0127", "Botkyrka"),
        ("municipality", "0180", "S"),
    ):
        for key in ("risk", "protection"):
            for sex in ("girl", "boy", "all"):
                base = dict.fromkeys(SCHEMA) | {
                    "edition": "intern", "area_level": level, "area_code": code, "area_name": name, "wave": 2024, "grade": "ak9",
                    "sex": sex, "count_key": key, "unit": "percent", "cutoff_set": "x",
                }  # fmt: skip
                own = reason if level == "municipality" else "ok"
                for measure, value in (SHARES | {"diff_share_most": -8.0}).items():
                    shown = {"value": value, "low": value - 2, "high": value + 3, "n": 900} if own == "ok" else {}
                    said = verdict if measure.startswith("diff") and own == "ok" else None
                    rows.append(base | {"measure": measure, "reason": own, "verdict": said} | shown)
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
