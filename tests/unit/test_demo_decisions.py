"""The demo's decision files: what the intake reads back is what was invented, and no result is invented."""

from __future__ import annotations

from datetime import date

from assets.catalogue.load import load_catalogue
from assets.catalogue.personal_data import load_name_words
from assets.demo.decision_files import WORKSHOPS, decision_forms
from assets.demo.form_files import as_json
from assets.forms.collect import Around
from assets.forms.decisions_form import decisions_form
from assets.forms.read_json import read_json

AROUND = Around({m.municipality_code: m.name for m in load_catalogue().municipalities}, date(2026, 1, 1), load_name_words())


def test_every_decision_file_imports_whole_and_without_a_remark():
    for form in decision_forms():
        read = read_json("beslut.json", as_json(form, decisions_form()), {"decisions": decisions_form()}, AROUND)
        told = {(a.section, a.item_id, a.field, a.value) for a in read.answers}
        assert told == {(a.section, a.item_id, a.field, a.value) for a in form.answers}
        assert (read.head, read.notes, read.held_back, read.source_format) == (form.head, (), (), "board")


def test_earlier_decisions_are_told_of_by_the_numbers_they_have():
    numbers = {
        f"{workshop.municipality}-{workshop.wave}-{place}"
        for workshop in WORKSHOPS
        for place, _ in enumerate(workshop.decided, 1)
    }
    assert {number for workshop in WORKSHOPS for number, _, _ in workshop.earlier} <= numbers
    assert {one.grade == "" for workshop in WORKSHOPS for one in workshop.decided} == {True, False}, "one without an indicator"
