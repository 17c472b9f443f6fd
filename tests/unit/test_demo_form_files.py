"""The demo's forms as files: what the reader gives back is what was written."""

from __future__ import annotations

from datetime import date

from assets.catalogue.load import load_catalogue
from assets.catalogue.personal_data import load_name_words
from assets.demo.form_files import as_json, write_forms
from assets.demo.readiness_ratings import readiness_forms
from assets.forms.collect import Around
from assets.forms.read_json import read_json
from assets.forms.readiness_form import readiness_form

DEFINITIONS = {"readiness": readiness_form()}
AROUND = Around({m.municipality_code: m.name for m in load_catalogue().municipalities}, date(2026, 1, 1), load_name_words())


def test_a_form_comes_back_from_its_file_as_it_was():
    for form in readiness_forms()[:5]:
        read = read_json("fil.json", as_json(form, DEFINITIONS["readiness"]), DEFINITIONS, AROUND)
        assert (read.kind, read.version, read.role, read.round) == (form.kind, form.version, form.role, form.round)
        assert (read.municipality_code, read.answered_on) == (form.municipality_code, form.answered_on)
        told = [(a.section, a.item_id, a.field, a.value) for a in read.answers]
        assert told == [(a.section, a.item_id, a.field, a.value) for a in form.answers]
        assert read.held_back == ()


def test_files_are_numbered_and_left_alone_when_they_are_the_same(tmp_path):
    forms = readiness_forms()[:3]
    first = write_forms(forms, DEFINITIONS, tmp_path)
    stamps = [path.stat().st_mtime_ns for path in first]
    assert [path.stat().st_mtime_ns for path in write_forms(forms, DEFINITIONS, tmp_path)] == stamps
    assert len({path.name for path in first}) == len(forms)
