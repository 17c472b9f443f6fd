"""Which deliveries are held back: those that break a critical rule, and nobody else; and the history that says so."""

from __future__ import annotations

import polars as pl
import pytest

from expectations import run
from expectations.outcomes import OUTCOME_SCHEMA, delivery_verdicts, outcome_rows
from expectations.promote import held_back, units_of
from expectations.run import run_suite
from expectations.suite import Suite

TEXTS = {"text_sv": "Regel.", "why_sv": "Skäl.", "remedy_sv": "Rätta."}
SUITE = Suite.model_validate(
    {
        "table": "t",
        "unit": ["delivery_id", "wave"],
        "rules": [
            TEXTS | rule
            for rule in (
                {"id": "rader", "severity": "critical", "expectation": "ExpectTableRowCountToBeBetween",
                 "kwargs": {"min_value": 1}},
                {"id": "kod", "severity": "critical", "expectation": "ExpectColumnValuesToBeInSet", "columns": ["code"],
                 "kwargs": {"value_set": [1, 2]}},
                {"id": "unik", "severity": "critical", "expectation": "ExpectColumnValuesToBeUnique", "columns": ["key"]},
                {"id": "kon", "severity": "warning", "expectation": "ExpectColumnValuesToBeInSet", "columns": ["sex"],
                 "kwargs": {"value_set": ["girl", "boy"]}},
                {"id": "sedan", "severity": "info", "expectation": "ExpectColumnValuesToBeInSet", "columns": ["code"],
                 "view": "last_wave", "reference": True, "kwargs": {"value_set": [1]}},
            )
        ],
    }
)  # fmt: skip
ALL = [("a", 2022), ("a", 2024), ("b", 2024), ("c", 2024)]


def frame(**changes: list[object]) -> pl.DataFrame:
    """Three deliveries, one of them with two waves."""
    columns = {
        "delivery_id": ["a", "a", "b", "c"],
        "wave": [2022, 2024, 2024, 2024],
        "key": ["1", "2", "3", "4"],
        "code": [1, 2, 1, 2],
        "sex": ["girl", "boy", "girl", "boy"],
    }
    return pl.DataFrame(columns | changes, schema_overrides={"wave": pl.Int32})


def tried(rows: pl.DataFrame) -> list[run.RuleOutcome]:
    """Outcomes of the suite; only delivery a in 2024 has an earlier wave to be compared with."""
    later = rows.filter((pl.col("delivery_id") == "a") & (pl.col("wave") == 2024))
    return run_suite(SUITE, {"rows": rows, "last_wave": later}, {})


def held(rows: pl.DataFrame) -> list[tuple[str, int, list[str]]]:
    """Held back units with their rules."""
    return [(h.delivery_id, h.wave, [o.rule.id for o in h.rules]) for h in held_back(tried(rows), units_of(rows))]


def test_good_deliveries_pass():
    assert held(frame()) == []
    assert units_of(frame(), frame().head(1), pl.DataFrame({"other": [1]})) == ALL


def test_each_view_is_evaluated_once_whatever_breaks(monkeypatch):
    calls = []
    real = run._verdicts
    monkeypatch.setattr(run, "_verdicts", lambda *args, **kwargs: calls.append(1) or real(*args, **kwargs))
    assert len(held(frame(code=[9, 9, 9, 9], sex=["x"] * 4))) == 4
    assert len(calls) == 2, "one batch per view; finding the deliveries asks for no further run"


def test_one_bad_wave_of_one_delivery_is_held_back_alone():
    assert held(frame(code=[9, 2, 1, 2])) == [("a", 2022, ["kod"])]


def test_each_bad_delivery_is_named_with_all_its_rules():
    bad = pl.concat([frame(code=[1, 9, 1, 9]), frame()[3:].with_columns(code=pl.lit(9, pl.Int64))])
    assert held(bad) == [("a", 2024, ["kod"]), ("c", 2024, ["kod", "unik"])]


def test_a_warning_holds_nobody_back():
    outcomes = tried(frame(sex=["x"] * 4))
    assert held_back(outcomes, ALL) == []
    assert [o.status for o in outcomes] == ["holds", "holds", "holds", "broken", "broken"]


def test_a_value_that_stands_in_two_deliveries_holds_back_both():
    """Nobody can tell which one is right, so neither is let through; the third has nothing to do with it."""
    assert held(frame(key=["1", "2", "3", "3"])) == [("b", 2024, ["unik"]), ("c", 2024, ["unik"])]


def test_a_rule_that_cannot_be_evaluated_holds_back_all():
    assert held(frame().drop("key")) == [(d, w, ["unik"]) for d, w in ALL]


def test_a_table_without_rows_holds_back_all():
    outcomes = run_suite(SUITE, dict.fromkeys(("rows", "last_wave"), frame().clear()), {})
    assert [(h.delivery_id, h.wave, len(h.rules)) for h in held_back(outcomes, ALL)] == [(d, w, 3) for d, w in ALL]


@pytest.mark.parametrize("bad", [[], [0], [3], [1, 4], [0, 1, 2, 3, 4, 5, 6]])
def test_exactly_the_units_that_break_a_rule_are_found(bad):
    names = [f"d{n}" for n in range(7) for _ in range(2)]
    codes = [9 if n in bad and k else 1 for n in range(7) for k in range(2)]
    rows = pl.DataFrame({"delivery_id": names, "wave": [2024] * 14, "code": codes})
    (found,) = run_suite(SUITE, rows, {}, ["kod"])
    assert [unit for unit, _ in found.units] == [f"d{n}" for n in bad]


def test_what_is_held_back_says_no_value():
    canary = "KANARIE-7391"
    rows = frame(code=[9, 2, 1, 2], key=[canary, canary, "3", "4"], sex=[canary, "boy", "girl", "boy"])
    outcomes = tried(rows)
    stopped = held_back(outcomes, units_of(rows))
    assert len(stopped) >= 1
    assert canary not in repr((outcomes, stopped))


def test_the_history_has_a_row_per_delivery_wave_and_rule():
    rows = frame(code=[9, 2, 1, 2], sex=["girl", "x", "girl", "boy"])
    table = outcome_rows({"t": tried(rows)}, units_of(rows))
    assert table.schema == pl.Schema(OUTCOME_SCHEMA)
    assert table.height == len(ALL) * len(SUITE.rules)
    said = {(r["delivery_id"], r["wave"], r["rule"]): (r["status"], r["columns_broken"]) for r in table.iter_rows(named=True)}
    assert said["a", 2022, "kod"] == ("broken", "code")
    assert said["a", 2024, "kod"] == ("holds", "")
    assert said["a", 2024, "kon"] == ("broken", "sex")
    assert said["a", 2024, "sedan"] == ("broken", "code")
    assert said["b", 2024, "sedan"] == ("not_evaluated", ""), "nothing to compare with is not that the rule holds"
    counted = {(r["delivery_id"], r["wave"]): r for r in delivery_verdicts(table).iter_rows(named=True)}
    assert counted["a", 2024] == {
        "delivery_id": "a", "wave": 2024, "rules_tried": 4, "warnings_broken": 1, "infos_broken": 1
    }  # fmt: skip
    assert counted["b", 2024]["infos_broken"] == 0


def test_a_rule_that_crashed_has_not_held_for_anybody():
    rows = frame().drop("key")
    table = outcome_rows({"t": tried(rows)}, units_of(rows)).filter(pl.col("rule") == "unik")
    assert table["status"].to_list() == ["not_evaluated"] * 4
