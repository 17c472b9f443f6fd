"""The invented raters: the same every time, answering the form there is, some municipalities with too few."""

from __future__ import annotations

from collections import Counter

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.catalogue.readiness import load_readiness
from assets.demo.readiness_ratings import MOST_RATERS, ROUNDS, TAKE_PART, readiness_forms
from assets.forms.readiness_form import readiness_form
from assets.methods.readiness import readiness

FORMS = readiness_forms()
FILE = load_readiness()


def test_the_raters_are_the_same_every_time_and_no_two_files_are_alike():
    assert readiness_forms() == FORMS
    # The same file twice would be one rater.
    told = {(f.municipality_code, f.round, f.role, f.answered_on, tuple(a.value for a in f.answers)) for f in FORMS}
    assert len(told) == len(FORMS)


def test_every_answer_is_one_that_the_form_takes():
    form = readiness_form()
    codes = {choice.code for choice in form.sections[0].fields[0].choices}
    asked = {(section.id, item.id) for section in form.sections for item in section.items}
    for filled in FORMS:
        assert filled.version == form.version
        assert {(a.section, a.item_id) for a in filled.answers} == asked
        assert {a.value for a in filled.answers} <= codes
        assert filled.role in FILE.role_ids


def test_some_municipalities_have_too_few_raters_and_some_none():
    raters = Counter((f.municipality_code, f.round) for f in FORMS)
    newest = [n for (_, round_), n in raters.items() if round_ == ROUNDS[1]]
    assert TAKE_PART - 3 <= len(newest) <= TAKE_PART
    assert max(raters.values()) <= MOST_RATERS
    rows = [
        (str(n), f.municipality_code, f.round, f.role, a.section, a.item_id, int(a.value) if a.value.isdigit() else None)
        for n, f in enumerate(FORMS)
        for a in f.answers
    ]
    names = ["form_id", "municipality_code", "round", "role", "condition", "statement"]
    frame = pl.DataFrame(rows, schema={**dict.fromkeys(names, pl.String), "level": pl.Int8}, orient="row")
    table = readiness(frame, FILE, sorted(load_catalogue().municipality_by_code))
    reasons = Counter(table.filter(pl.col("round") == ROUNDS[1])["reason"])
    assert all(reasons[reason] >= 7 for reason in ("ok", "too_few_raters", "not_inventoried")), reasons
    assert {"first_time", "cannot_tell"} <= set(table["change"].drop_nulls())
