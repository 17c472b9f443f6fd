"""From filled forms to harmonised rows: the newest counts, raters stand one by one, decisions get numbers."""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.forms.harmonise import activity_answers, decisions, readiness_ratings, slug, standing
from assets.forms.tables import ReadForm, answer_rows, file_rows
from assets.forms.types import FilledForm, FormAnswer, FormKind


def form(number: int, kind: FormKind, cells: dict[tuple[str, str, str], str], received: int = 1, **about) -> ReadForm:
    """A read form with its own hash and answers (section, item, field) -> value."""
    answers = tuple(FormAnswer(*place, value, "cell") for place, value in cells.items())
    told = {"municipality_code": "0127", "round": "2026", "answered_on": date(2026, 11, 1), "role": "skola", "head": {}} | about
    filled = FilledForm(kind, "1", source_format="xlsx", answers=answers, **told)
    return ReadForm(filled, f"{number}.xlsx", f"{number:064}"[::-1], received)


def tables(*forms: ReadForm) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The raw tables of some forms."""
    return file_rows(forms), answer_rows(forms)


EXISTS = ("leisure", "open_house", "exists")


def test_the_newest_of_the_same_role_replaces_the_others():
    forms = tables(
        form(1, "activities", {EXISTS: "yes"}, received=9),
        form(2, "activities", {EXISTS: "no"}, answered_on=date(2026, 11, 2)),
        form(3, "activities", {EXISTS: "dont_know"}, role="fritid"),
        form(4, "activities", {EXISTS: "yes"}, round="2025"),
    )
    found = activity_answers(*forms).select("round", "role", "value").rows()
    assert found == [("2025", "skola", "yes"), ("2026", "fritid", "dont_know"), ("2026", "skola", "no")]
    assert standing(forms[0], "activities").notes == ("1.xlsx: ersatt av 2.xlsx.",)


def test_of_the_same_day_the_last_received_counts():
    forms = tables(form(1, "activities", {EXISTS: "yes"}, received=9), form(2, "activities", {EXISTS: "no"}, received=8))
    assert activity_answers(*forms)["value"].to_list() == ["yes"]


def test_own_activities_get_an_id_from_their_name():
    cells = {("own", "own+1", "name"): "Öppen förskola!", ("own", "own+1", "level"): "universal", ("own", "own+2", "level"): "x"}
    found = activity_answers(*tables(form(1, "activities", cells)))
    assert found.select("activity_id", "field").rows() == [
        ("own:oppen-forskola", "level"), ("own:oppen-forskola", "name"), ("own:own-2", "level"),
    ]  # fmt: skip
    assert slug("!!!") == "utan-namn"


def test_an_activity_in_two_sections_is_one():
    cells = {("summary", "open_house", "exists"): "yes", ("detail", "open_house", "funding"): "project"}
    found = activity_answers(*tables(form(1, "activities", cells)))
    assert found.select("activity_id", "field").rows() == [("open_house", "exists"), ("open_house", "funding")]


def test_every_rater_stands_and_who_does_not_know_has_no_level():
    cells = {("plan", "plan_1", "level"): "3", ("plan", "plan_2", "level"): "dont_know"}
    found = readiness_ratings(*tables(form(1, "readiness", cells), form(2, "readiness", cells)))
    assert found["form_id"].n_unique() == 2
    assert found.select("condition", "statement", "level").rows() == [("plan", "plan_1", 3), ("plan", "plan_2", None)] * 2
    assert found.schema["level"] == pl.Int8
    assert "answered_on" not in found.columns


def test_decisions_are_numbered_over_the_workshops_of_a_round():
    head = {"wave": "2024", "participants": "14"}
    first = {("decisions", f"decisions+{n}", "factor"): "bullying" for n in (10, 2)}
    told = {("earlier", "earlier+1", "earlier_decision_id"): "0127-2024-1", ("earlier", "earlier+1", "earlier_status"): "done"}
    later = {("decisions", "decisions+1", "factor"): "other", ("decisions", "decisions+1", "follow_up_on"): "2027-01-31"}
    forms = tables(
        form(1, "decisions", first | told, head=head, role=""),
        form(2, "decisions", later, head=head, role="", answered_on=date(2026, 11, 9)),
        form(3, "decisions", {}, head={}, role="", received=0),
    )
    found = decisions(*forms)
    assert found["decision_id"].to_list() == ["0127-2026-1", "0127-2026-2", None, "0127-2026-3"]
    assert found["factor"].to_list() == ["bullying", "bullying", None, "other"]
    assert found["earlier_status"].to_list() == [None, None, "done", None]
    assert found.row(3, named=True) | {"form_id": ""} == {
        "form_id": "", "municipality_code": "0127", "round": "2026", "wave": 2024, "workshop_on": date(2026, 11, 9),
        "participants": 14, "decision_id": "0127-2026-3", "factor": "other", "follow_up_on": date(2027, 1, 31),
        **dict.fromkeys(("priority", "reason", "owner", "first_step", "follow_up_indicator", "follow_up_grade")),
        "earlier_decision_id": None, "earlier_status": None,
    }  # fmt: skip
    assert standing(forms[0], "decisions").notes == ("3.xlsx: ersatt av 1.xlsx.",)


def test_no_forms_give_tables_without_rows():
    files, answers = tables()
    for made in (activity_answers, readiness_ratings, decisions):
        assert made(files, answers).is_empty()
