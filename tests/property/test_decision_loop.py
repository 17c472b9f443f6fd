"""What is said of a decision's indicator is what the release says, whatever the order of the rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalogue.load import load_catalogue
from assets.methods.decisions import MOVED, RELEASED, USE, LoopRules, loop_rules, released_decisions, use_of_results

AREAS = ("0127", "0180")
HELD = date(2024, 11, 1)
RULES = LoopRules("intern", date(2027, 6, 1), dict.fromkeys(AREAS, "Orten"), {"x": True, "y": False}, ("ak9", "gy2"))
DECISIONS = {
    "form_id": pl.String, "municipality_code": pl.String, "round": pl.String, "wave": pl.Int32, "workshop_on": pl.Date,
    "participants": pl.Int32, "decision_id": pl.String, "factor": pl.String, "priority": pl.String, "reason": pl.String,
    "owner": pl.String, "first_step": pl.String, "follow_up_indicator": pl.String, "follow_up_grade": pl.String,
    "follow_up_on": pl.Date, "earlier_decision_id": pl.String, "earlier_status": pl.String,
}  # fmt: skip
TRENDS = {
    "edition": pl.String, "area_level": pl.String, "area_code": pl.String, "wave": pl.Int32, "grade": pl.String,
    "sex": pl.String, "series_kind": pl.String, "series": pl.String, "measure": pl.String, "value": pl.Float64,
    "from_wave": pl.Int32, "value_from": pl.Float64, "change": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "verdict": pl.String, "reason": pl.String, "unit": pl.String,
}  # fmt: skip
FORMS = {**dict.fromkeys(("form_id", "kind", "municipality_code", "round", "role"), pl.String), "answered_on": pl.Date}


def decision(number: int = 1, **changes: object) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(DECISIONS)
    row |= {
        "form_id": f"f{number}", "municipality_code": "0127", "round": "2024", "wave": 2024, "workshop_on": HELD,
        "participants": 12, "decision_id": f"0127-2024-{number}", "factor": "acting_out", "priority": "p", "reason": "r",
        "owner": "o", "first_step": "s", "follow_up_indicator": "x", "follow_up_grade": "ak9", "follow_up_on": date(2027, 1, 1),
    }  # fmt: skip
    return row | changes


def change(verdict: str | None = "increase", **changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "edition": "intern", "area_level": "municipality", "area_code": "0127", "wave": 2026, "grade": "ak9", "sex": "all",
        "series_kind": "indicator", "series": "x", "measure": "share", "value": 25.0, "from_wave": 2024, "value_from": 20.0,
        "change": 5.0, "low": 2.0, "high": 8.0, "verdict": verdict, "reason": "ok", "unit": "points",
    }  # fmt: skip
    return row | changes


def loop(decisions: list[dict[str, object]], trends: list[dict[str, object]], rules: LoopRules = RULES) -> pl.DataFrame:
    return released_decisions(pl.DataFrame(decisions, schema=DECISIONS), pl.DataFrame(trends, schema=TRENDS), rules)


HIDDEN = {"value": None, "change": None, "low": None, "high": None, "reason": "suppressed"}
SKIPPED = {"from_wave": 2022, "change": 1.0}


@pytest.mark.parametrize(
    ("asked", "published", "state"),
    [
        ({}, [change()], "moved_better"),
        ({"follow_up_indicator": "y"}, [change(series="y")], "moved_worse"),
        ({"follow_up_indicator": "y"}, [change("decrease", series="y")], "moved_better"),
        ({}, [change("decrease")], "moved_worse"),
        ({}, [change("cannot_tell")], "no_certain_change"),
        ({}, [change("stable")], "no_certain_change"),
        ({}, [change(None, **HIDDEN)], "cannot_tell"),
        ({}, [change(**SKIPPED)], "cannot_tell"),
        ({}, [change(series="z")], "cannot_tell"),
        ({}, [change(sex="girl")], "cannot_tell"),
        ({}, [change(edition="publik")], "not_followed_up"),
        ({}, [change(wave=2024, from_wave=2022)], "not_followed_up"),
        ({}, [], "not_followed_up"),
        ({"follow_up_on": date(2028, 1, 1)}, [change()], "not_due"),
        ({"follow_up_on": None}, [], "not_due"),
        ({"follow_up_on": None}, [change()], "moved_better"),
        ({"follow_up_indicator": "none"}, [change()], "no_indicator"),
        ({"follow_up_indicator": None}, [change()], "no_indicator"),
        ({"follow_up_grade": None}, [change(grade="gy2")], "moved_better"),
        ({"follow_up_grade": "ak9"}, [change(grade="gy2")], "cannot_tell"),
        ({}, [change("stable"), change(wave=2028, from_wave=2026)], "no_certain_change"),
        ({"wave": None}, [change()], "not_followed_up"),
    ],
)
def test_the_state_says_what_the_release_says(asked, published, state):
    (row,) = loop([decision(**asked)], published).rows(named=True)
    assert row["follow_up_state"] == state


def test_two_waves_later_the_change_from_the_workshops_wave_still_stands():
    rows = [change("decrease", value=15.0), change(wave=2028, from_wave=2026, value=30.0)]
    (row,) = loop([decision()], rows).rows(named=True)
    assert (row["follow_up_state"], row["wave_now"], row["value_then"], row["value_now"]) == ("moved_worse", 2026, 20.0, 15.0)


def test_the_newest_status_of_an_earlier_decision_is_told_and_counted():
    told = [
        decision(7, factor=None, decision_id=None, round=year, workshop_on=date(int(year), 11, 1), form_id=f"g{year}",
                 earlier_decision_id="0127-2024-1", earlier_status=status)
        for year, status in (("2026", "done"), ("2025", "not_started"))
    ]  # fmt: skip
    rows = loop([*told, decision(), decision(2, follow_up_indicator="none"), decision(3, follow_up_on=date(2030, 1, 1))], [])
    assert rows["status"].to_list() == ["done", None, None]
    first, second = ("decisions", "0127", "2024", ""), ("activities", "0127", "2025", "skola")
    rated = ("readiness", "0127", "2025", "skola")
    forms = [("a", *first, HELD), ("h", *first, date(2025, 2, 1)), ("b", *second, HELD), ("c", *second, HELD),
             ("d", *rated, HELD), ("e", *rated, HELD)]  # fmt: skip
    used = use_of_results(pl.DataFrame(forms, schema=FORMS, orient="row"), rows, RULES)
    assert dict(used.schema) == USE
    own, other = used.rows(named=True)
    assert list(own.values())[3:] == [2, 12, 1, 2, 3, 2, 1, "2025"]
    assert list(other.values())[3:] == [0, 0, 0, 0, 0, 0, 0, None]


def test_the_catalogue_knows_the_direction_of_every_indicator_of_the_form():
    from assets.forms.decisions_form import NO_INDICATOR, decisions_form

    rules = loop_rules(load_catalogue(), edition="intern", as_of=date(2027, 1, 1))
    (field,) = [field for field in decisions_form().sections[0].fields if field.name == "follow_up_indicator"]
    assert {choice.code for choice in field.choices} <= rules.high_is_good.keys() | {NO_INDICATOR}
    assert len({choice.label for choice in field.choices}) == len(field.choices)
    assert not rules.high_is_good["wellbeing"], "followed by the share with little protection"


decisions = st.lists(
    st.builds(
        lambda number, area, series, wave, day: decision(
            number, municipality_code=area, decision_id=f"{area}-{number}", follow_up_indicator=series, wave=wave,
            follow_up_on=day,
        ),
        st.integers(1, 5), st.sampled_from(AREAS), st.sampled_from(["x", "y", "none", None]), st.sampled_from([2022, 2024, 2026]),
        st.sampled_from([None, date(2026, 1, 1), date(2029, 1, 1)]),
    ),
    max_size=8,
    unique_by=lambda row: row["decision_id"],
)  # fmt: skip
published = st.lists(
    st.builds(
        lambda area, series, wave, verdict: change(
            **{"verdict": verdict, "area_code": area, "series": series, "wave": wave, "from_wave": wave - 2},
            **({} if verdict else HIDDEN),
        ),
        st.sampled_from(AREAS), st.sampled_from(["x", "y"]), st.sampled_from([2024, 2026, 2028]),
        st.sampled_from(["increase", "decrease", "stable", "cannot_tell", None]),
    ),
    max_size=10,
    unique_by=lambda row: (row["area_code"], row["series"], row["wave"]),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(decisions, published, st.randoms(use_true_random=False))
def test_nothing_is_invented_and_order_means_nothing(made, rows, random):
    found = loop(made, rows)
    assert dict(found.schema) == RELEASED
    assert sorted(found["decision_id"]) == sorted(row["decision_id"] for row in made)
    keys = {
        (row["area_code"], row["series"], row["wave"], row["change"], row["low"], row["high"], row["verdict"]) for row in rows
    }
    for row in found.iter_rows(named=True):
        held = (
            row["area_code"],
            row["follow_up_indicator"],
            row["wave_now"],
            row["change"],
            row["low"],
            row["high"],
            row["verdict"],
        )
        assert row["change"] is None or held in keys
        assert not row["follow_up_state"].startswith("moved") or row["verdict"] in MOVED
        assert row["follow_up_state"] != "not_due" or row["follow_up_on"] is None or row["follow_up_on"] > RULES.as_of
    shuffled = [random.sample(part, len(part)) for part in (made, rows)]
    assert loop(*shuffled).equals(found)
    used = use_of_results(pl.DataFrame(schema=FORMS), found, RULES)
    assert (used["decisions_followed_up"] <= used["decisions_due"]).all()
    assert (used["decisions_due"] <= used["decisions"]).all()
    assert used["decisions"].sum() == len(made)


@settings(max_examples=25, deadline=None)
@given(decisions, published)
def test_turning_the_direction_turns_better_and_worse_and_nothing_else(made, rows):
    turned = replace(RULES, high_is_good={key: not good for key, good in RULES.high_is_good.items()})
    other = {"moved_better": "moved_worse", "moved_worse": "moved_better"}
    states = loop(made, rows)["follow_up_state"].to_list()
    assert loop(made, rows, turned)["follow_up_state"].to_list() == [other.get(state, state) for state in states]
