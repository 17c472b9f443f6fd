"""The demo's answers about activities: the same every time, valid in the form, and with every state in them."""

from __future__ import annotations

from collections import Counter
from datetime import date

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.catalogue.prevention import load_activities
from assets.demo.activity_answers import NOTE, ROUNDS, activity_forms, existing
from assets.forms.activities_form import activities_form
from assets.methods.activities import activity_status, newest_rounds
from tests.support.activity_answers import frame

CODES = sorted(load_catalogue().municipality_by_code)


@pytest.fixture(scope="module")
def status() -> pl.DataFrame:
    rows = []
    for n, form in enumerate(activity_forms()):
        for a in form.answers:
            activity = f"own:{form.municipality_code}" if a.item_id.startswith("own+") else a.item_id
            key = (form.municipality_code, form.round, form.answered_on, form.role)
            rows.append((f"form{n}", *key, activity, a.field, a.value))
    return activity_status(frame(rows), load_activities(), CODES)


def test_the_answers_are_the_same_every_time_and_marked_as_invented():
    assert activity_forms() == activity_forms()
    assert all(form.notes == (NOTE,) for form in activity_forms())


def test_about_twenty_municipalities_answer_in_each_round_with_one_to_three_roles():
    per = Counter((form.round, form.municipality_code) for form in activity_forms())
    assert {count for count in per.values()} <= {1, 2, 3}
    assert [sum(round_ == r for r, _ in per) for round_ in ROUNDS] == [21, 21]
    assert len({code for _, code in per}) == 24


def test_every_answer_can_be_given_in_the_form():
    fields = {(s.id, f.name): f for s in activities_form().sections for f in s.fields}
    asked = {(s.id, i.id): i.fields for s in activities_form().sections for i in s.items}
    roles = {c.code for f in activities_form().head if f.name == "role" for c in f.choices}
    for form in activity_forms():
        assert form.role in roles
        for a in form.answers:
            field = fields[a.section, a.field]
            allowed = {c.code for c in field.choices}
            assert not allowed or set(a.value.split(";")) <= allowed, a
            assert field.kind != "date" or date.fromisoformat(a.value)
            names = asked.get((a.section, a.item_id), ())
            assert not names or a.field in names


def test_every_state_is_there(status):
    newest = newest_rounds(status)
    shares = dict(newest["exists"].value_counts().rows())
    assert set(shares) == {"yes", "no", "dont_know", "disagreed", "not_inventoried"}
    assert shares["yes"] > shares["no"]
    silent = status.filter(pl.col("n_respondents") > 0)["municipality_code"].n_unique()
    assert len(CODES) - silent == 2
    for name in ("fragile", "blind"):
        assert set(newest[name].to_list()) == {True, False, None}
    assert {"new", "ended", "same", "cannot_tell", "first_time"} == set(newest["change"])


def test_answers_follow_the_truth_behind_them(status):
    said = newest_rounds(status).filter(pl.col("exists").is_in(["yes", "no"]) & ~pl.col("activity_id").str.starts_with("own:"))
    columns = ["municipality_code", "round", "activity_id", "exists"]
    truths = {key: existing(*key, load_activities()) for key in said.select(columns[:2]).unique().rows()}
    right = [truths[code, r][activity] == (exists == "yes") for code, r, activity, exists in said.select(columns).rows()]
    assert sum(right) / len(right) > 0.9
