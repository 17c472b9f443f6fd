"""The join of level, activities and preconditions: published values only, reasons kept, nothing unknown turned into zero."""

from __future__ import annotations

import polars as pl

from assets.methods.factor_overview import COLUMNS, SCHEMA, factor_overview

KINDS = {"parenting": "risk", "wellbeing": "protective"}
AREA = {"edition": "intern", "area_level": "municipality", "area_code": "0127", "area_name": "Botkyrka", "wave": 2024,
        "grade": "ak9", "sex": "all"}  # fmt: skip


def results(**reasons: str) -> pl.DataFrame:
    rows = []
    for key, measure, value in (
        ("parenting", "share_band3", 12.0), ("parenting", "share_band1", 70.0), ("parenting", "diff_share_focus", 3.0),
        ("parenting", "sex_gap_share_focus", -2.0), ("wellbeing", "share_band1", 20.0), ("wellbeing", "share_band3", 5.0),
        ("wellbeing", "diff_share_focus", -1.0),
    ):  # fmt: skip
        reason = reasons.get(key, "ok")
        shown = reason == "ok"
        rows.append({
            **AREA, "index_key": key, "measure": measure, "value": value if shown else None,
            "low": value - 2 if shown else None, "high": value + 2 if shown else None, "reason": reason,
            "verdict": "higher" if measure == "diff_share_focus" and shown else None,
        })  # fmt: skip
    county = {**rows[0], "area_level": "county", "area_code": "01"}
    girls = {**rows[0], "sex": "girl", "value": 99.0}
    return pl.DataFrame([*rows, county, girls], infer_schema_length=None).with_columns(pl.col("wave").cast(pl.Int32))


def coverage(**counts: int) -> pl.DataFrame:
    base = {"n_activities": 10, "n_yes": 4, "n_no": 2, "n_dont_know": 1, "n_not_inventoried": 3, "n_disagreed": 0, "n_fragile": 2,
            "n_blind": 1, "coverage_low": 0.4, "coverage_high": 0.8}  # fmt: skip
    keys = {"edition": "intern", "area_code": "0127", "round": "2026", "factor": "parenting", "factor_kind": "index"}
    whole = {**keys, "arena": "*", "level": "*", "age_band": "*", **base, **counts}
    return pl.DataFrame(
        [whole, whole | {"arena": "familj", "n_yes": 1}, whole | {"factor_kind": "protective_factor", "n_yes": 9}]
    )


def readiness(medians: list[float | None], round_: str = "2026") -> pl.DataFrame:
    rows = [
        {"edition": "intern", "area_code": "0127", "round": round_, "condition": f"c{n}", "median": median,
         "reason": "ok" if median is not None else "too_few_raters"}
        for n, median in enumerate(medians)
    ]  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


EMPTY = pl.DataFrame()


def overview(*frames: pl.DataFrame) -> list[dict]:
    return factor_overview(*frames, KINDS).rows(named=True)


def test_level_is_the_focus_share_of_all_pupils_of_the_municipality():
    rows = overview(results(), EMPTY, EMPTY, EMPTY)
    assert [(r["factor"], r["kind"], r["share_focus"]) for r in rows] == [
        ("parenting", "risk", 12.0),
        ("wellbeing", "protective", 20.0),
    ]
    assert (rows[0]["diff_county"], rows[0]["diff_low"], rows[0]["diff_high"], rows[0]["diff_verdict"]) == (
        3.0,
        1.0,
        5.0,
        "higher",
    )
    assert (rows[0]["sex_gap"], rows[1]["sex_gap"]) == (-2.0, None)


def test_without_forms_the_reasons_say_so_and_no_number_is_zero():
    row = overview(results(), EMPTY, EMPTY, EMPTY)[0]
    assert (row["reason_level"], row["reason_coverage"], row["reason_readiness"]) == ("ok", "not_inventoried", "not_inventoried")
    assert {row[name] for name in ("n_known", "coverage_low", "n_fragile", "readiness_median", "trend_verdict")} == {None}


def test_hidden_level_keeps_its_reason():
    row = overview(results(wellbeing="suppressed"), EMPTY, EMPTY, EMPTY)[1]
    assert (row["share_focus"], row["reason_level"]) == (None, "suppressed")


def test_coverage_is_the_total_of_the_index_and_nothing_when_nobody_was_asked():
    first, second = overview(results(), EMPTY, coverage(), EMPTY)
    assert (first["n_known"], first["n_activities"], first["coverage_low"], first["coverage_high"]) == (4, 10, 0.4, 0.8)
    assert second["reason_coverage"] == "not_inventoried"
    unasked = overview(results(), EMPTY, coverage(n_not_inventoried=10, n_yes=0), EMPTY)[0]
    assert (unasked["reason_coverage"], unasked["n_known"], unasked["coverage_low"], unasked["n_activities"]) == (
        "not_inventoried", None, None, 10,
    )  # fmt: skip


def test_readiness_is_the_middle_condition_of_the_newest_round():
    frame = pl.concat([readiness([0.0, 0.0, 0.0], "2024"), readiness([1.0, 2.0, 3.0, None])])
    row = overview(results(), EMPTY, EMPTY, frame)[0]
    assert (row["readiness_q1"], row["readiness_median"], row["readiness_q3"]) == (1.0, 2.0, 3.0)
    hidden = overview(results(), EMPTY, EMPTY, readiness([None, None]).with_columns(pl.col("median").cast(pl.Float64)))[0]
    assert (hidden["reason_readiness"], hidden["readiness_median"]) == ("too_few_raters", None)


def test_the_trend_is_that_of_the_focus_share():
    trend = {**AREA, "series_kind": "index", "series": "parenting", "measure": "share_focus", "trend_verdict": "increase"}
    frame = pl.DataFrame([trend, trend | {"measure": "mean", "trend_verdict": "decrease"}]).with_columns(
        pl.col("wave").cast(pl.Int32)
    )
    assert [r["trend_verdict"] for r in overview(results(), frame, EMPTY, EMPTY)] == ["increase", None]


def test_columns_and_types_are_those_of_the_contract():
    table = factor_overview(results(), EMPTY, coverage(), readiness([1.0]), KINDS)
    assert tuple(table.columns) == COLUMNS
    assert dict(table.schema) == SCHEMA
