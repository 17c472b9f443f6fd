"""`did formular`: blank forms for every municipality, and last time's answers to go on from."""

from __future__ import annotations

from datetime import date

import openpyxl
import pytest

import pipelines.forms
from assets.forms.layout import KIND_WORDS
from assets.forms.tables import ReadForm, answer_rows, file_rows
from assets.forms.types import FilledForm, FormAnswer
from assets.methods.errors import PipelineError
from pipelines import cli
from pipelines.forms import ANSWERS, FILES, write_forms
from pipelines.paths import Paths
from pipelines.warehouse import Warehouse
from tests.support import form_sample as sample


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A data folder of its own, and the sample's forms."""
    monkeypatch.setattr(pipelines.forms, "form_definitions", sample.definitions)
    monkeypatch.setenv("DID_HOME", str(tmp_path))
    return tmp_path


def test_each_municipality_gets_its_own_forms(home, capsys):
    assert cli.main(["formular", "--omgang", "2026", "--kommun", "0127"]) == 0
    folder = home / "formular" / "2026" / "0127_botkyrka"
    words = sorted(KIND_WORDS.values())
    assert sorted(p.name for p in folder.iterdir()) == [f"2026_0127_{word}.{end}" for word in words for end in ("html", "xlsx")]
    out = capsys.readouterr().out
    assert out.startswith(f"6 formulär skrevs i {folder.parent}")
    assert str(home / "inbox" / "formular") in out


def test_all_municipalities_get_one(home):
    write_forms(home, "2026-2", None, "beslut")
    folders = list((home / "formular" / "2026-2").iterdir())
    assert len(folders) == 26
    assert all(len(list(folder.iterdir())) == 2 for folder in folders)


def test_a_role_goes_on_from_its_newest_answers(home):
    warehouse = Warehouse(Paths(home).warehouse)
    answers = {round_: (FormAnswer("leisure", "open_house", "exists", value, "cell"),) for round_, value in
               (("2024", "no"), ("2025", "yes"))}  # fmt: skip
    forms = [
        FilledForm("activities", "2026.2", "0127", round_, date(int(round_), 5, 1), "skola", "xlsx", {}, own)
        for round_, own in answers.items()
    ]
    read = [ReadForm(form, "a.xlsx", str(n) * 64, n) for n, form in enumerate(forms)]
    warehouse.replace_together([(FILES, file_rows(read), None), (ANSWERS, answer_rows(read), None)])
    write_forms(home, "2026", "0127", "aktiviteter")
    folder = home / "formular" / "2026" / "0127_botkyrka"
    book = openpyxl.load_workbook(folder / "2026_0127_aktiviteter_skola_fran_2025.xlsx")
    assert book["Fritid"]["C5"].value == "Finns"
    assert [book["Om formuläret"][cell].value for cell in ("C4", "C5", "C6", "C8")] == ["0127", "Botkyrka", "2026", "Skola"]
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize(
    ("round_", "municipality", "code"), [("i år", None, "bad_round"), ("2026", "9999", "unknown_municipality")]
)
def test_what_cannot_be_meant_is_said(home, round_, municipality, code):
    with pytest.raises(PipelineError) as caught:
        write_forms(home, round_, municipality)
    assert caught.value.code == code


def test_the_command_knows_the_kinds_of_forms():
    assert set(cli.FORM_KINDS) == set(KIND_WORDS.values())
