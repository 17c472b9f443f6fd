"""Which deliveries are held back: those that break a critical rule by themselves, and nobody else."""

from __future__ import annotations

import polars as pl
import pytest

from expectations import promote
from expectations.promote import broken_units, held_back
from expectations.run import run_suite
from expectations.suite import Suite

SUITE = Suite.model_validate(
    {
        "table": "t",
        "rules": [
            {"id": "rader", "severity": "critical", "expectation": "ExpectTableRowCountToBeBetween", "kwargs": {"min_value": 1},
             "text_sv": "Rader.", "remedy_sv": "Gör om."},
            {"id": "kod", "severity": "critical", "expectation": "ExpectColumnValuesToBeInSet", "columns": ["code"],
             "kwargs": {"value_set": [1, 2]}, "text_sv": "Koder.", "remedy_sv": "Rätta."},
            {"id": "unik", "severity": "critical", "expectation": "ExpectColumnValuesToBeUnique", "columns": ["key"],
             "text_sv": "Unik.", "remedy_sv": "Rätta."},
            {"id": "kon", "severity": "warning", "expectation": "ExpectColumnValuesToBeInSet", "columns": ["sex"],
             "kwargs": {"value_set": ["girl", "boy"]}, "text_sv": "Kön.", "remedy_sv": "Rätta."},
        ],
    }
)  # fmt: skip


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


def held(rows: pl.DataFrame) -> list[tuple[str, int, list[str]]]:
    """Held back units with their rules."""
    return [(h.delivery_id, h.wave, [o.rule.id for o in h.rules]) for h in held_back(SUITE, rows, {})[1]]


def test_good_deliveries_pass_with_one_evaluation(monkeypatch):
    calls = []
    monkeypatch.setattr(promote, "run_suite", lambda *args, **kwargs: calls.append(1) or run_suite(*args, **kwargs))
    outcomes, stopped = held_back(SUITE, frame(), {})
    assert stopped == []
    assert [o.rule.id for o in outcomes] == ["rader", "kod", "unik", "kon"]
    assert len(calls) == 1, "the costly question is asked only when a rule broke"


def test_one_bad_wave_of_one_delivery_is_held_back_alone():
    assert held(frame(code=[9, 2, 1, 2])) == [("a", 2022, ["kod"])]


def test_each_bad_delivery_is_named_with_all_its_rules():
    bad = pl.concat([frame(code=[1, 9, 1, 9]), frame()[3:].with_columns(code=pl.lit(9, pl.Int64))])
    assert held(bad) == [("a", 2024, ["kod"]), ("c", 2024, ["kod", "unik"])]


def test_a_warning_holds_nobody_back():
    outcomes, stopped = held_back(SUITE, frame(sex=["x"] * 4), {})
    assert stopped == []
    assert [o.status for o in outcomes] == ["holds", "holds", "holds", "broken"]


def test_a_value_that_stands_in_two_deliveries_holds_back_all():
    """Nobody can tell which one is right, so nothing is let through."""
    assert held(frame(key=["1", "2", "3", "3"])) == [
        (d, w, ["unik"]) for d, w in (("a", 2022), ("a", 2024), ("b", 2024), ("c", 2024))
    ]


def test_a_rule_that_cannot_be_evaluated_holds_back_all():
    assert held(frame().drop("code")) == [(d, w, ["kod"]) for d, w in (("a", 2022), ("a", 2024), ("b", 2024), ("c", 2024))]


@pytest.mark.parametrize("bad", [[], [0], [3], [1, 4], [0, 1, 2, 3, 4, 5, 6]])
def test_the_search_finds_exactly_the_units_that_break_a_rule(bad):
    names = [f"d{n}" for n in range(7) for _ in range(2)]
    codes = [9 if n in bad and k else 1 for n in range(7) for k in range(2)]
    rows = pl.DataFrame({"delivery_id": names, "wave": [2024] * 14, "code": codes})
    found = broken_units(SUITE, rows, {}, "kod", ["delivery_id"])
    assert [unit for (unit,) in found] == ([f"d{n}" for n in bad] if bad else [f"d{n}" for n in range(7)])


def test_what_is_held_back_says_no_value():
    canary = "KANARIE-7391"
    rows = frame(code=[9, 2, 1, 2], key=[canary, canary, "3", "4"], sex=[canary, "boy", "girl", "boy"])
    outcomes, stopped = held_back(SUITE, rows, {})
    assert len(stopped) >= 1
    assert canary not in repr((outcomes, stopped))
