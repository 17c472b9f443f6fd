"""The predecessor's workbooks, made here after their description: Ja and Nej and crosses, and blanks that are no answer."""

from __future__ import annotations

from datetime import date

import pytest

from assets.catalogue.prevention import load_activities
from assets.forms.predecessor import is_predecessor, predecessor_forms
from assets.methods.errors import PipelineError

CATALOGUE = load_activities()
DATES = ["2024-05-02", "25-10-14", "26-"]
COUNTS = {"SK01": 7, "SK02": 5, "SK03": 8, "SK04": 4, "SK05": 6, "SK06": 26, "SK07": 6}
NAMES = {
    "SK01": "Tidiga, samordnade insatser runt barn och ungdomar",
    "SK02": "Öppen förskola",
    "SK03": "Närvarofrämjande arbete",
    "SK04": "Samverkan förskola/skola och föräldrar",
    "SK05": "Skolsociala team",
    "SK06": "Kunskapsbaserade insatser och program i förskola och skola",
    "SK07": "Socialt fältarbete",
}


def workbook(summary: dict[str, list[str]], crosses: dict[tuple[str, int], list[str]]) -> dict[str, list[list[str]]]:
    """The two sheets of the factor Måluppfyllelse with what is filled in."""
    first = [["Måluppfyllelse i förskola och skola"], [], ["Verksamhet", *DATES]]
    first += [[NAMES[code], *summary.get(code, ["", "", ""])] for code in NAMES]
    second = [["Kartläggande frågor", *DATES]]
    for code, count in COUNTS.items():
        second.append([NAMES[code]])
        second += [[f"Påstående {n}", *crosses.get((code, n), ["", "", ""])] for n in range(1, count + 1)]
        second.append([])
    return {"Sammanfattning": first, "Kartläggande frågor": second}


def answers(form):
    return {(a.section, a.item_id, a.field): a.value for a in form.answers}


def test_each_date_is_a_form_and_a_blank_is_no_answer():
    sheets = workbook({"SK02": ["Ja", "Nej", ""], "SK03": ["", "ja", ""]}, {("SK03", 4): ["", "X", ""]})
    first, second = predecessor_forms(sheets, CATALOGUE, "0127")
    assert (first.answered_on, first.round, first.role) == (date(2024, 5, 2), "2024", "palett_attainment")
    assert (second.answered_on, second.round, second.source_format) == (date(2025, 10, 14), "2025", "predecessor_xlsx")
    assert answers(first) == {("summary", "open_preschool", "exists"): "yes"}
    assert answers(second) == {
        ("summary", "open_preschool", "exists"): "no",
        ("summary", "attendance", "exists"): "yes",
        ("detail_school", "attendance", "goals"): "yes",
    }
    assert second.answers[-1].place == "C5 i bladet Sammanfattning"


def test_statements_are_known_by_their_place_and_programmes_are_gathered():
    sheets = workbook({}, {("SK06", 1): ["x", "", ""], ("SK06", 2): ["x", "", ""], ("SK06", 14): ["x", "", ""]})
    (form,) = predecessor_forms(sheets, CATALOGUE, "0127")
    assert answers(form) == {
        ("summary", "school_programmes", "exists"): "yes",
        ("detail_school", "school_programmes", "programmes"): "paths;mvp",
    }


def test_the_summary_outweighs_a_cross_and_a_year_alone_is_said():
    sheets = workbook({"SK05": ["", "", "Nej"]}, {("SK05", 1): ["", "", "x"]})
    (form,) = predecessor_forms(sheets, CATALOGUE, "0127")
    assert answers(form) == {("summary", "school_social_teams", "exists"): "no"}
    assert form.answered_on == date(2026, 1, 1)
    assert any("säger emot" in note for note in form.notes)
    assert any("bara ett årtal" in note for note in form.notes)


def test_two_dates_of_a_year_are_two_rounds():
    sheets = workbook({"SK02": ["Ja", "Nej", ""]}, {})
    for rows in sheets.values():
        for row in rows:
            row[:] = ["2025-03-01" if cell == "2024-05-02" else cell for cell in row]
    assert [form.round for form in predecessor_forms(sheets, CATALOGUE, "0127")] == ["2025", "2025-2"]


def test_what_cannot_be_read_is_left_out_and_said_without_its_text():
    sheets = workbook({"SK02": ["kanske", "", ""], "SK03": ["Ja", "", ""]}, {("SK03", 1): ["delvis", "", ""]})
    sheets["Kartläggande frågor"].insert(3, ["Ett nytt påstående", "x"])
    (form,) = predecessor_forms(sheets, CATALOGUE, "0127")
    assert answers(form) == {("summary", "attendance", "exists"): "yes"}
    assert len(form.notes) == 3
    assert not any("kanske" in note or "delvis" in note for note in form.notes)
    assert any("står 8 påståenden i stället för 7" in note for note in form.notes)


def test_the_workbook_is_known_by_its_sheets_and_its_factor_by_its_activities():
    assert is_predecessor(["Sammanfattning", "Kartläggande frågor "])
    assert not is_predecessor(["Om formuläret", "Sammanfattning"])
    with pytest.raises(PipelineError, match="ur en skyddsfaktor"):
        predecessor_forms(
            {**workbook({}, {}), "Sammanfattning": [["Verksamhet", *DATES], ["Socialt fältarbete", "Ja"]]}, CATALOGUE, "0127"
        )
    with pytest.raises(PipelineError, match="blad med andra namn"):
        predecessor_forms({"Blad1": []}, CATALOGUE, "0127")
    with pytest.raises(PipelineError, match="inget datum"):
        predecessor_forms({**workbook({}, {}), "Kartläggande frågor": [["Öppen förskola"]]}, CATALOGUE, "0127")


def test_an_unfilled_workbook_gives_no_form():
    assert predecessor_forms(workbook({}, {}), CATALOGUE, "0127") == ()
