"""Four states that stay four, disagreement that is shown, and what is derived: fragile, blind, groups, change, duties."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from assets.catalogue.prevention import load_activities
from assets.methods.activities import STATUS_SCHEMA, activity_status, legal_duties
from assets.methods.activity_coverage import COVERAGE_SCHEMA, activity_coverage
from assets.methods.activity_merge import blind, changed, follow_up, fragile, merged, months_after
from tests.support.activity_answers import SCHEMA, answers

CATALOGUE = load_activities()


def status(*frames: pl.DataFrame, codes=("0127",)) -> pl.DataFrame:
    return activity_status(pl.concat(frames), CATALOGUE, codes)


def row(table: pl.DataFrame, activity: str, round_: str = "2026", code: str = "0127") -> dict:
    keys = {"activity_id": activity, "round": round_, "municipality_code": code}
    return table.row(by_predicate=pl.all_horizontal(pl.col(k) == v for k, v in keys.items()), named=True)


def test_the_four_states_and_disagreement_are_five_different_things():
    table = status(
        answers(
            ("skola", "library", "exists", "yes"),
            ("skola", "housing", "exists", "no"),
            ("skola", "trust", "exists", "dont_know"),
            ("skola", "outreach", "exists", "yes"),
            ("polis", "outreach", "exists", "no"),
        )
    )
    found = [row(table, a)["exists"] for a in ("library", "housing", "trust", "outreach", "area_work")]
    assert found == ["yes", "no", "dont_know", "disagreed", "not_inventoried"]
    assert (row(table, "outreach")["roles_yes"], row(table, "outreach")["roles_no"]) == ("skola", "polis")
    assert row(table, "outreach")["n_respondents"] == 2
    assert table.height == 27
    assert dict(table.schema) == STATUS_SCHEMA


def test_an_answer_that_knows_outweighs_one_that_does_not():
    assert merged(["dont_know", "no"]) == "no"
    assert merged(["yes", "no", "yes", "yes"]) == "disagreed"
    assert merged([]) is None


def test_a_detail_without_an_answer_to_whether_it_exists_guesses_nothing():
    found = row(status(answers(("skola", "library", "funding", "project"))), "library")
    assert (found["exists"], found["fragile"], found["n_respondents"]) == ("not_inventoried", None, 0)


def test_money_that_ends_soon_or_at_an_unknown_time_is_fragile():
    day = date(2026, 5, 4)
    assert fragile("yes", "project", date(2027, 11, 4), day) is True
    assert fragile("yes", "project", date(2027, 11, 5), day) is False
    assert fragile("yes", "project", None, day) is True
    assert fragile("yes", "permanent", None, day) is False
    assert fragile("yes", "dont_know", None, day) is None
    assert fragile("no", "project", None, day) is None
    assert fragile("not_inventoried", "project", None, day) is None
    assert months_after(date(2026, 8, 31), 18) == date(2028, 2, 29)
    assert months_after(date(2026, 6, 15), 18) == date(2027, 12, 15)


def test_fragile_follows_the_money_also_where_it_is_disputed_that_the_activity_exists():
    there = ("skola", "outreach", "exists", "yes"), ("skola", "outreach", "funding", "project")
    found = row(status(answers(*there, ("polis", "outreach", "exists", "no"))), "outreach")
    assert (found["exists"], found["funding"], found["fragile"]) == ("disagreed", "project", True)
    found = row(
        status(answers(*there, ("polis", "outreach", "exists", "yes"), ("polis", "outreach", "funding", "permanent"))), "outreach"
    )
    assert (found["exists"], found["funding"], found["fragile"]) == ("yes", "disagreed", None)


def test_a_blind_spot_is_only_one_where_both_answers_are_known():
    asked = ("goals", "follow_up_reach", "follow_up_results")
    both = follow_up({"follow_up_reach": "no", "follow_up_results": "no"}, asked)
    half = follow_up({"follow_up_reach": "no", "follow_up_results": None}, asked)
    either = follow_up({"follow_up_reach": "no", "follow_up_results": "yes"}, asked)
    assert (both, half, either) == ("no", None, "yes")
    assert [blind("yes", f) for f in (both, half, either, "dont_know")] == [True, None, False, None]
    assert blind("no", "no") is None
    assert follow_up({"goals": "yes"}, ("goals",)) is None


def test_criteria_are_counted_and_add_up_to_those_that_are_asked():
    table = status(
        answers(
            ("skola", "library", "exists", "yes"),
            ("skola", "library", "goals", "yes"),
            ("polis", "library", "goals", "no"),
            ("skola", "library", "cooperation", "dont_know"),
            ("skola", "library", "follow_up_reach", "no"),
            ("skola", "library", "groups_not_reached", "age;sex"),
            ("polis", "library", "groups_not_reached", "geography;sex"),
            ("skola", "library", "reach", "most"),
        )
    )
    found = row(table, "library")
    counts = [found[f"statements_{s}"] for s in ("yes", "no", "dont_know", "disagreed", "unanswered")]
    assert counts == [0, 1, 1, 1, 2]
    assert found["groups_not_reached"] == "sex;age;geography"
    assert (found["blind"], found["reach"]) == (True, "most")


def test_change_needs_two_known_states():
    assert changed(None, "yes", first=True) == "first_time"
    assert [changed(a, b, first=False) for a, b in (("no", "yes"), ("yes", "no"), ("yes", "yes"), ("dont_know", "yes"))] == [
        "new", "ended", "same", "cannot_tell"
    ]  # fmt: skip
    table = status(
        answers(("skola", "library", "exists", "no"), round_="2024", day=date(2024, 5, 1)),
        answers(("skola", "library", "exists", "yes")),
    )
    assert row(table, "library", "2024")["change"] == "first_time"
    assert row(table, "library")["change"] == "new"
    assert row(table, "housing")["change"] == "cannot_tell"


def test_a_municipality_without_forms_is_not_inventoried_and_never_a_no():
    table = status(answers(("skola", "library", "exists", "yes")), codes=("0127", "0140"))
    other = table.filter(pl.col("municipality_code") == "0140")
    assert other["exists"].unique().to_list() == ["not_inventoried"]
    assert other["round"].unique().to_list() == ["2026"]
    assert other["answered_on"].null_count() == 27
    assert status(answers(), codes=("0127",)).is_empty()


def test_own_activities_have_a_row_and_count_beside_the_catalogue():
    said = answers(
        *[("skola", "own:lasklubben", *x) for x in (
            ("name", "Läsklubben"), ("factor", "attainment"), ("arena", "school"), ("age_bands", "6-12;13-15"),
            ("funding", "project"), ("funding_end", "2026-12-31"),
        )],
        ("skola", "library", "exists", "yes"),
    )  # fmt: skip
    table = status(said)
    found = row(table, "own:lasklubben")
    assert (found["exists"], found["own_name"], found["fragile"]) == ("yes", "Läsklubben", True)
    assert found["change"] == "first_time"
    coverage = activity_coverage(table, said, CATALOGUE)
    whole = cell(coverage, "attainment")
    assert (whole["n_own"], whole["n_activities"]) == (1, 7)
    assert cell(coverage, "attainment", arena="school", age="13-15")["n_own"] == 1
    assert cell(coverage, "attainment", arena="school", age="16-19")["n_own"] == 0


def cell(table: pl.DataFrame, factor: str, arena: str = "*", level: str = "*", age: str = "*") -> dict:
    keys = {"factor": factor, "arena": arena, "level": level, "age_band": age}
    kind = pl.col("factor_kind") == "protective_factor"
    return table.row(by_predicate=pl.all_horizontal(kind, *(pl.col(k) == v for k, v in keys.items())), named=True)


def test_an_activity_counts_once_in_each_total():
    said = answers(("skola", "outreach", "exists", "yes"), ("skola", "library", "exists", "no"))
    coverage = activity_coverage(status(said), said, CATALOGUE)
    assert dict(coverage.schema) == COVERAGE_SCHEMA
    whole = cell(coverage, "leisure")
    assert (whole["n_activities"], whole["n_yes"], whole["n_no"], whole["n_not_inventoried"]) == (9, 1, 1, 7)
    assert whole["coverage_low"] == pytest.approx(1 / 9)
    assert whole["coverage_high"] == pytest.approx(8 / 9)
    assert cell(coverage, "leisure", arena="leisure")["n_activities"] == 8
    index = coverage.filter((pl.col("factor") == "parenting") & (pl.col("arena") == "*") & (pl.col("level") == "*"))
    assert index.filter(pl.col("age_band") == "*")["n_activities"].to_list() == [7]


def test_a_legal_duty_without_activity_is_said_only_where_the_municipality_says_so():
    said = answers(
        *(("skola", a, "exists", state) for a, state in (("library", "no"), ("attendance", "yes"), ("outreach", "no")))
    )
    found = {r["activity_id"]: r for r in legal_duties(status(said), CATALOGUE).iter_rows(named=True)}
    assert found["library"]["gap"] is True
    assert found["attendance"]["gap"] is False
    assert found["area_work"]["gap"] is None
    assert found["youth_centres"]["legal_basis"] == "partly"
    assert "outreach" not in found


def test_what_the_catalogue_does_not_know_is_left_out_and_an_empty_table_keeps_its_columns():
    assert status(answers(("skola", "moonbase", "exists", "yes"), ("skola", "library", "exists", "yes"))).height == 27
    empty = activity_status(pl.DataFrame(schema=SCHEMA), CATALOGUE, ["0127"])
    assert dict(empty.schema) == STATUS_SCHEMA
    assert dict(activity_coverage(empty, pl.DataFrame(schema=SCHEMA), CATALOGUE).schema) == COVERAGE_SCHEMA
