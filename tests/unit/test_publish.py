"""The release tables around the protected cells: gaps in words, response rates, delivery quality, provenance."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.active import PROFILE
from assets.catalogue.load import load_catalogue
from assets.methods.publish import (
    RESULT_COLUMNS,
    absent_rows,
    delivery_quality,
    finish_results,
    missing_share,
    provenance,
    response_rates,
    with_clarity,
)

COMPARISON = load_catalogue().comparison
WAVE = pl.Int32


def estimates(*rows: tuple[str, str, float, float | None]) -> pl.DataFrame:
    """Rows of (index, measure, estimate, p) in one family per measure."""
    frame = pl.DataFrame(rows, schema=["index_key", "measure", "estimate", "p_value"], orient="row")
    return frame.with_columns(
        pl.lit("0160").alias("area_code"),
        pl.lit(2024, WAVE).alias("wave"),
        pl.lit("ak9").alias("grade"),
        pl.lit("all").alias("sex"),
    )


def clear(*rows: tuple[str, str, float, float | None]) -> list[bool]:
    return with_clarity(estimates(*rows), COMPARISON)["is_clear"].to_list()


def test_a_difference_is_clear_when_unlikely_to_be_chance_and_large_enough():
    measure = "diff_share_focus"
    rows = [("a", measure, 0.03, 0.001), ("b", measure, -0.05, 0.001), ("c", measure, 0.029, 0.001), ("d", measure, 0.1, 0.9)]
    assert clear(*rows) == [True, True, False, False]
    assert clear(("a", measure, 0.1, None)) == [False], "without a test nothing is clear"


def test_the_practical_minimum_is_for_shares_only():
    assert clear(("a", "diff_mean", 0.01, 0.001), ("a", "sex_gap_mean", -0.01, 0.001)) == [True, True]
    assert clear(("a", "sex_gap_share_focus", 0.01, 0.001)) == [False]


def test_the_number_of_comparisons_is_taken_into_account():
    alone = clear(("a", "diff_share_focus", 0.1, 0.04))
    among = clear(("a", "diff_share_focus", 0.1, 0.04), *[(f"i{n}", "diff_share_focus", 0.1, 0.8) for n in range(6)])
    assert (alone, among[0]) == ([True], False)
    other = clear(("a", "diff_share_focus", 0.1, 0.04), *[(f"i{n}", "diff_mean", 0.1, 0.8) for n in range(6)])
    assert other[0] is True, "another measure is another family"


def results(*rows: tuple[str, str, int, str, str, str, float | None, str]) -> pl.DataFrame:
    """Protected rows of (level, area, wave, grade, sex, measure, value, reason)."""
    names = ["area_level", "area_code", "wave", "grade", "sex", "measure", "value", "reason"]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String) | {"wave": WAVE, "value": pl.Float64}, orient="row")
    empty = {c: pl.lit(None, pl.Float64) for c in ("low", "high", "n", "confidence_level")}
    texts = {c: pl.lit(None, pl.String) for c in ("method", "interval_method", "verdict")}
    return frame.with_columns(index_key=pl.lit("acting_out"), unit=pl.lit("count"), **empty, **texts)


def test_areas_without_anybody_are_rows_with_the_reason_in_words():
    present = results(
        ("municipality", "0160", 2024, "ak9", "all", "n_scored", 100.0, "ok"),
        ("county", "01", 2024, "ak9", "all", "mean", 0.1, "ok"),
    )
    delivered = pl.DataFrame({"municipality_code": ["0160", "0160"], "wave": [2024, 2024]})
    absent = absent_rows(present, ["0127", "0160"], [2022, 2024], delivered, ["ak9", "gy2"])
    assert absent.columns == present.columns
    assert absent["value"].null_count() == absent.height
    said = {(r["area_code"], r["wave"], r["grade"]): r["reason"] for r in absent.iter_rows(named=True)}
    assert said == {
        ("0127", 2022, "ak9"): "no_delivery", ("0127", 2022, "gy2"): "no_delivery",
        ("0127", 2024, "ak9"): "no_delivery", ("0127", 2024, "gy2"): "no_delivery",
        ("0160", 2022, "ak9"): "no_delivery", ("0160", 2022, "gy2"): "no_delivery",
        ("0160", 2024, "gy2"): "no_pupils",
    }  # fmt: skip
    assert set(absent["measure"]) == {"n_scored"}, "measures of another level are not invented"


def test_results_get_names_edition_and_cuts_and_are_sorted():
    rows = results(
        ("municipality", "0160", 2024, "ak9", "all", "n_scored", 100.0, "ok"),
        ("county", "01", 2024, "ak9", "all", "n_scored", 900.0, "ok"),
    )
    done = finish_results(rows[:1], rows[1:], {"01": "Stockholms län", "0160": "Täby"}, "intern", "rise-2024-09-23")
    assert tuple(done.columns) == RESULT_COLUMNS
    assert done.select("area_name", "edition", "cutoff_set").rows() == [
        ("Stockholms län", "intern", "rise-2024-09-23"),
        ("Täby", "intern", "rise-2024-09-23"),
    ]


def enrolled(*rows: tuple[str, int, str, float | None, str]) -> pl.DataFrame:
    """Register values of (area, year, indicator, value, reason)."""
    schema = {"area_code": pl.String, "year": WAVE, "indicator_key": pl.String, "value": pl.Float64, "reason": pl.String}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(vintage=pl.lit("2025-03-17"))


def rates(published: float | None, reason: str, register: pl.DataFrame) -> dict[str, object]:
    """The response row of Täby."""
    rows = results(
        ("municipality", "0160", 2024, "ak9", "all", "n_respondents", published, reason),
        ("municipality", "0160", 2024, "ak9", "all", "n_scored", published, reason),
        ("municipality", "0160", 2024, "ak9", "girl", "n_respondents", 999.0, "ok"),
    )
    named = finish_results(rows, rows.clear(), {"0160": "Täby"}, "intern", "x")
    persons = pl.DataFrame(
        {"municipality_code": ["0160"] * 3, "wave": [2024] * 3, "grade": ["ak9"] * 3, "school_code": ["a", "b", None]},
        schema_overrides={"wave": WAVE},
    )
    (row,) = response_rates(named, persons, register, PROFILE).iter_rows(named=True)
    return row


def test_the_response_rate_is_formed_from_published_counts():
    row = rates(150.0, "ok", enrolled(("0160", 2024, "pupils_ak9", 203.0, "ok"), ("0160", 2024, "schools_ak9", 5.0, "ok")))
    assert (row["respondents"], row["scored_any"], row["enrolled"], row["response_pct"]) == (150, 150, 205, 74)
    assert (row["schools_registered"], row["schools_participating"], row["reason"]) == (5, 2, "ok")
    assert row["enrolled_source"] == "Skolverket, antal elever per årskurs, 2025-03-17"


@pytest.mark.parametrize(
    ("answered", "pupils", "percent"), [(100.0, 200.0, 50), (101.0, 200.0, 51), (1.0, 200.0, 1), (199.0, 200.0, 100)]
)
def test_per_cent_is_rounded_half_up_in_whole_numbers(answered, pupils, percent):
    assert rates(answered, "ok", enrolled(("0160", 2024, "pupils_ak9", pupils, "ok")))["response_pct"] == percent


@pytest.mark.parametrize(
    ("published", "reason", "register", "said"),
    [
        (150.0, "ok", enrolled(), "missing"),
        (150.0, "ok", enrolled(("0160", 2024, "pupils_ak9", None, "masked_at_source")), "masked_at_source"),
        (150.0, "ok", enrolled(("0160", 2022, "pupils_ak9", 200.0, "ok")), "missing"),
        (None, "too_few", enrolled(("0160", 2024, "pupils_ak9", 200.0, "ok")), "too_few"),
        (150.0, "ok", enrolled(("0160", 2024, "pupils_ak9", 0.0, "ok")), "ok"),
    ],
)
def test_a_rate_that_cannot_be_formed_has_its_reason(published, reason, register, said):
    row = rates(published, reason, register)
    assert row["response_pct"] is None
    assert row["reason"] == said


def test_a_denominator_that_is_not_reconciled_is_shown_with_its_mark():
    row = rates(150.0, "ok", enrolled(("0160", 2024, "pupils_ak9", 200.0, "not_reconciled")))
    assert (row["response_pct"], row["reason"]) == (75, "not_reconciled")


def deliveries(**changes: object) -> pl.DataFrame:
    """One promoted delivery of Täby 2024."""
    row = {
        "delivery_id": "a", "municipality_code": "0160", "wave": 2024, "promoted": True, "file_format": "sav", "codebook": "x",
        "rows_received": 123, "rows_kept": 101, "rows_outside": 0, "rules_tried": 20, "critical_broken": 0, "warnings_broken": 3,
        "source_file": "täby.sav",
    }  # fmt: skip
    return pl.DataFrame([row | changes], schema_overrides={"wave": WAVE})


def quality(frame: pl.DataFrame, percent: int | None = 7) -> dict[tuple[str, str], tuple[str | None, str]]:
    missing = pl.DataFrame(
        {"municipality_code": ["0160"], "wave": [2024], "missing_item_pct": [percent]},
        schema_overrides={"wave": WAVE, "missing_item_pct": pl.Int64},
    )
    table = delivery_quality(frame, missing, ["0127", "0160"], [2024])
    assert table.columns == ["area_code", "wave", "item", "value", "reason"]
    return {(r["area_code"], r["item"]): (r["value"], r["reason"]) for r in table.iter_rows(named=True)}


def test_what_arrived_and_how_it_held():
    assert quality(deliveries()) == {
        ("0127", "file_format"): (None, "no_delivery"),
        ("0160", "file_format"): ("sav", "ok"),
        ("0160", "codebook"): ("x", "ok"),
        ("0160", "rows_received"): ("125", "ok"),
        ("0160", "rows_kept"): ("100", "ok"),
        ("0160", "rules_passed"): ("17", "ok"),
        ("0160", "rules_failed"): ("3", "ok"),
        ("0160", "unknown_grade_rows"): ("0", "ok"),
        ("0160", "missing_item_pct"): ("7", "ok"),
    }


def test_small_counts_of_pupils_are_not_shown():
    shown = quality(deliveries(rows_kept=9, rows_outside=1), None)
    assert shown["0160", "rows_kept"] == (None, "too_few")
    assert shown["0160", "unknown_grade_rows"] == (None, "too_few")
    assert shown["0160", "missing_item_pct"] == (None, "too_few")
    assert quality(deliveries(rows_kept=12))["0160", "rows_kept"] == (None, "too_few"), "12 to the nearest 25 would read as 0"
    assert quality(deliveries(rows_kept=13))["0160", "rows_kept"] == ("25", "ok")
    assert quality(deliveries(rows_outside=10))["0160", "unknown_grade_rows"] == ("10", "ok")


def test_a_delivery_that_was_held_back_is_no_delivery_of_the_release():
    table = delivery_quality(
        deliveries(promoted=False),
        pl.DataFrame(schema={"municipality_code": pl.String, "wave": WAVE, "missing_item_pct": pl.Int64}),
        ["0160"],
        [2024],
    )
    assert table.select("item", "value", "reason").rows() == [("file_format", None, "no_delivery")]


def test_missing_answers_are_blanks_among_questions_that_were_asked():
    answers = pl.DataFrame(
        {
            "municipality_code": ["0160"] * 10,
            "wave": [2024] * 10,
            "F1": [999, 998, 996, *[1] * 7],
            "F2": [None] * 10,
            "F3": [999, 999, *[1] * 8],
        },
        schema_overrides={"F2": pl.Int16},
    )
    assert missing_share(answers, ["F1", "F2", "F3"])["missing_item_pct"].to_list() == [15]
    assert missing_share(answers, ["F2"])["missing_item_pct"].to_list() == [None]
    assert missing_share(answers[:9], ["F1"])["missing_item_pct"].to_list() == [None], "nine pupils are too few"
    assert missing_share(answers[:9], ["F1"], floor=9)["missing_item_pct"].to_list() == [11]


def test_sources_are_named_per_municipality_and_registers_for_all():
    raw = pl.DataFrame(
        {"delivery_id": ["a", "b"], "wave": [2024, 2024], "source_sha256": ["h1", "h2"]}, schema_overrides={"wave": WAVE}
    )
    registers = pl.DataFrame({"source_file": ["k.csv", "k.csv"], "source_sha256": ["r", "r"]})
    held = deliveries(delivery_id="b", promoted=False, municipality_code="0127")
    rows = provenance(pl.concat([deliveries(), held]), raw, registers, [2022, 2024])
    assert rows.rows() == [("*", 2022, "k.csv", "r"), ("*", 2024, "k.csv", "r"), ("0160", 2024, "täby.sav", "h1")]
