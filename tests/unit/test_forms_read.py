"""Forms through workbook and JSON: what is filled in comes back; what can't be read is told with its place, never its text."""

from __future__ import annotations

import io
import json
import sys
import types
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from assets.catalogue.personal_data import load_name_words
from assets.forms import layout
from assets.forms.collect import Around
from assets.forms.files import read_forms
from assets.forms.receive import receive_forms
from assets.forms.types import FilledForm
from assets.forms.workbook import form_workbook
from assets.methods.errors import PipelineError
from tests.support import form_sample as sample

AROUND = Around(sample.MUNICIPALITIES, date(2026, 11, 22), load_name_words())
HEAD = {("Om formuläret", "C7"): date(2026, 11, 20), ("Om formuläret", "C8"): "Skola"}


def blank(kind: str = "activities", earlier=None) -> bytes:
    return form_workbook(sample.definitions()[kind], ("0127", "Botkyrka"), "2026", earlier)


def read(tmp_path: Path, content: bytes, name: str = "svar.xlsx"):
    path = tmp_path / name
    path.write_bytes(content)
    (form,) = read_forms(path, sample.definitions(), AROUND)
    return form


def refused(tmp_path: Path, content: bytes, name: str = "svar.xlsx") -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        read(tmp_path, content, name)
    return caught.value


def answers(form) -> dict[tuple[str, str], str]:
    return {(a.item_id, a.field): a.value for a in form.answers}


FILLED = HEAD | {
    ("Fritid", "C5"): "Finns",
    ("Fritid", "D5"): "x",
    ("Fritid", "F5"): "X",
    ("Fritid", "G5"): date(2027, 6, 30),
    ("Fritid", "H5"): 120,
    ("Fritid", "I5"): "Öppet två kvällar.",
    ("Fritid", "C6"): "Vet inte",
    ("Fritid", "B7"): "Skridskoskola",
    ("Fritid", "C7"): "Finns",
    ("Skola 7–9", "C5"): "Finns inte",
}
WANTED = {
    ("open_house", "exists"): "yes",
    ("open_house", "groups_not_reached"): "girls;npf",
    ("open_house", "funding_end"): "2027-06-30",
    ("open_house", "pupils"): "120",
    ("open_house", "comment"): "Öppet två kvällar.",
    ("sport", "exists"): "dont_know",
    ("leisure+1", "name"): "Skridskoskola",
    ("leisure+1", "exists"): "yes",
    ("mentor", "exists"): "no",
}


def test_what_is_filled_in_comes_back(tmp_path):
    form = read(tmp_path, sample.filled(blank(), FILLED))
    assert (form.kind, form.municipality_code, form.round, form.role) == ("activities", "0127", "2026", "skola")
    assert (form.answered_on, form.source_format, form.version) == (date(2026, 11, 20), "xlsx", "2026.2")
    assert answers(form) == WANTED
    assert form.notes == ()
    assert {a.place for a in form.answers if a.field == "pupils"} == {"bladet Fritid, cell H5"}


def test_an_earlier_form_is_where_the_next_begins(tmp_path):
    first = read(tmp_path, sample.filled(blank(), FILLED))
    again = read(tmp_path, sample.filled(blank(earlier=first), {("Om formuläret", "C7"): date(2026, 11, 21)}))
    assert answers(again) == WANTED
    assert again.role == "skola"


def test_the_same_form_gives_the_same_bytes():
    assert blank() == blank()


def test_a_form_for_anybody_takes_the_municipality_by_name(tmp_path):
    cells = FILLED | {("Om formuläret", "C5"): "Täby", ("Om formuläret", "C6"): 2026}
    form = read(tmp_path, sample.filled(form_workbook(sample.activities()), cells))
    assert (form.municipality_code, form.round) == ("0160", "2026")
    assert answers(form) == WANTED


def test_a_half_filled_form_is_read_and_says_how_much_is_left(tmp_path):
    form = read(tmp_path, sample.filled(blank(), HEAD | {("Fritid", "C5"): "Finns"}))
    assert answers(form) == {("open_house", "exists"): "yes"}
    assert form.notes == ("2 av 3 rader är obesvarade; de räknas varken som ja eller nej.",)


def test_renamed_and_reordered_sheets_are_known_by_their_ids(tmp_path):
    book = openpyxl.load_workbook(io.BytesIO(sample.filled(blank(), FILLED)))
    book["Fritid"].title, book["Om formuläret"].title = "Kalle", "Blad1"
    book.move_sheet("Kalle", -2)
    out = io.BytesIO()
    book.save(out)
    assert answers(read(tmp_path, out.getvalue())) == WANTED


def test_without_ids_headers_and_labels_are_used(tmp_path):
    book = openpyxl.load_workbook(io.BytesIO(sample.filled(blank(), FILLED)))
    for name in ("Om formuläret", "Fritid", "Skola 7–9"):
        book[name].delete_rows(1)
        for row in book[name].iter_rows(max_col=1):
            row[0].value = None
    del book["Fritid"]["B6"]  # the row of one's own has no id left, so its name stays and its number is new
    out = io.BytesIO()
    book.save(out)
    found = answers(read(tmp_path, out.getvalue()))
    assert found[("open_house", "groups_not_reached")] == "girls;npf"
    assert found[("mentor", "exists")] == "no"


def test_a_sheet_that_is_gone_is_named(tmp_path):
    book = openpyxl.load_workbook(io.BytesIO(sample.filled(blank(), FILLED)))
    del book["Fritid"]
    out = io.BytesIO()
    book.save(out)
    error = refused(tmp_path, out.getvalue())
    assert (error.code, error.expected) == ("missing_sheet", "bladet Fritid")


def test_a_copied_sheet_with_other_answers_stops_the_file(tmp_path):
    book = openpyxl.load_workbook(io.BytesIO(sample.filled(blank(), FILLED)))
    book.copy_worksheet(book["Fritid"])
    out = io.BytesIO()
    book.save(out)
    assert refused(tmp_path, out.getvalue()).code == "duplicate_sheet"


@pytest.mark.parametrize(
    ("cell", "value", "code", "got"),
    [
        ("C5", "Kanske hemlig text", "unknown_answer", "en text"),
        ("D5", "ibland", "unknown_answer", "något annat"),
        ("G5", "i våras", "bad_date", "en text"),
        ("G5", "2026-02-31", "bad_date", "ett datum som inte finns"),
        ("H5", 9000, "bad_number", "ett tal utanför gränserna"),
        ("H5", "2,5", "bad_number", "ett tal"),
        ("I5", "a" * 201, "too_long_text", "201 tecken"),
        ("C5", "=1+1", "formula", "en formel"),
    ],
)
def test_a_cell_that_is_no_answer_is_told_with_its_place(tmp_path, cell, value, code, got):
    error = refused(tmp_path, sample.filled(blank(), HEAD | {("Fritid", cell): value}))
    assert (error.code, error.got) == (code, got)
    assert error.where == f"svar.xlsx, bladet Fritid, cell {cell}"
    assert "hemlig" not in str(error)


def test_several_problems_make_one_sentence(tmp_path):
    error = refused(tmp_path, sample.filled(blank(), HEAD | {("Fritid", "C5"): "?", ("Fritid", "H6"): "många"}))
    assert error.hint.endswith("Titta också på bladet Fritid, cell H6.")


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"C4": "0999"}, "unknown_municipality"),
        ({"C4": "0160"}, "two_municipalities"),
        ({"C6": "2027"}, "future_round"),
        ({"C6": "hösten"}, "bad_round"),
        ({"C7": date(2026, 12, 24)}, "future_date"),
        ({"C7": None}, "no_head"),
        ({"C8": None}, "no_head"),
        ({"C10": "2027.1"}, "unknown_form"),
        ({"C11": "2027.1"}, "newer_form"),
    ],
)
def test_a_form_that_cannot_be_placed_is_refused(tmp_path, cells, code):
    changes = {("Om formuläret", cell): value for cell, value in cells.items()}
    assert refused(tmp_path, sample.filled(blank(), FILLED | changes)).code == code


def test_of_an_older_form_what_is_known_is_read_and_the_rest_counted(tmp_path):
    changes = {("Om formuläret", "C11"): "2025.1", ("Fritid", "C6"): "Ibland", ("Fritid", "A5"): "closed_house"}
    form = read(tmp_path, sample.filled(blank(), FILLED | changes))
    assert ("mentor", "exists") in answers(form)
    assert "Formuläret är av en annan version; det som fortfarande frågas lästes." in form.notes
    assert "2 svar hör till sådant som inte frågas längre och lästes inte." in form.notes


def test_a_text_with_personal_data_is_left_out_and_its_place_told(tmp_path):
    form = read(tmp_path, sample.filled(blank(), FILLED | {("Fritid", "I5"): "Ring Lena på 070-123 45 67"}))
    assert ("open_house", "comment") not in answers(form)
    assert form.held_back == ("bladet Fritid, cell I5",)
    note, told = form.notes
    assert told.startswith("Filen kopierades inte till arkivet")
    assert note.startswith("Bladet Fritid, cell I5: texten innehåller något som liknar")
    assert "telefonnummer" in note
    assert "070" not in str(form)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "svar.xlsx", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "svar.xlsx", "unreadable"),
        (b"not a zip", "svar.xlsx", "unreadable"),
        (b"{", "svar.json", "unreadable"),
        (b"[" * 100_000, "svar.json", "unreadable"),
        (b"\xff\xfe", "svar.json", "unreadable"),
        (b'{"a": 1}', "svar.json", "not_a_form"),
        (b'{"format": "did-formular", "format_version": "2.0"}', "svar.json", "newer_form"),
        (b'{"format": "did-formular", "format_version": "1.0", "kind": "x"}', "svar.json", "unknown_form"),
        (b"text", "svar.docx", "unsupported_format"),
    ],
)
def test_files_that_are_no_forms(tmp_path, content, name, code):
    assert refused(tmp_path, content, name).code == code


def test_another_workbook_is_no_form(tmp_path):
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active["A1"] = "något"
    book.save(out)
    assert refused(tmp_path, out.getvalue()).code == "not_a_form"


def test_a_zip_bomb_is_found_before_it_is_read(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 90_000_000)
    assert refused(tmp_path, out.getvalue()).code == "too_large"


def saved(**changes) -> dict:
    rows = [
        {"id": "open_house", "exists": "yes", "groups_not_reached": ["npf", "girls"], "pupils": "12", "funding_end": ""},
        {"id": "leisure+1", "name": "Skridskoskola", "exists": "no"},
    ]
    head = {"municipality_code": "0127", "round": "2026", "answered_on": "2026-11-20", "role": "skola"}
    base = {"format": "did-formular", "format_version": "1.0", "kind": "activities", "version": "2026.2"}
    return base | {"head": head, "sections": {"leisure": rows}} | changes


def test_a_saved_page_is_read(tmp_path):
    form = read(tmp_path, json.dumps(saved()).encode(), "svar.json")
    assert form.source_format == "html"
    assert answers(form) == {
        ("open_house", "exists"): "yes",
        ("open_house", "groups_not_reached"): "girls;npf",
        ("open_house", "pupils"): "12",
        ("leisure+1", "name"): "Skridskoskola",
        ("leisure+1", "exists"): "no",
    }
    assert {a.place for a in form.answers if a.field == "pupils"} == {"Fritid, Öppen fritidsgård, Antal barn"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sections": {"leisure": [{"id": "open_house", "exists": "maybe"}]}}, "unknown_answer"),
        ({"sections": {"leisure": [{"id": "open_house", "exists": {"a": 1}}]}}, "bad_structure"),
        ({"sections": {"leisure": [{"id": "nothing", "exists": "yes"}]}}, "unknown_item"),
        ({"sections": {"leisure": "yes"}}, "bad_structure"),
        ({"sections": []}, "bad_structure"),
        ({"head": {}}, "no_head"),
        ({"version": "2030"}, "newer_form"),
    ],
)
def test_a_saved_page_that_was_changed_by_hand(tmp_path, changes, code):
    assert refused(tmp_path, json.dumps(saved(**changes)).encode(), "svar.json").code == code


def test_sheet_names_are_what_excel_takes():
    names = layout.sheet_names(sample.activities())
    assert names == {"leisure": "Fritid", "school": "Skola 7–9"}


def test_decisions_have_no_role_and_no_named_rows(tmp_path):
    cells = {("Om formuläret", "C7"): date(2026, 11, 20), ("Beslut", "C5"): "Mobbning", ("Beslut", "D5"): 1}
    cells[("Om formuläret", "C9")] = cells[("Om formuläret", "C11")] = "x"
    form = read(tmp_path, sample.filled(blank("decisions"), cells))
    assert form.role == ""
    assert form.head["sectors"] == "girls;npf"
    assert answers(form) == {("decisions+1", "factor"): "bullying", ("decisions+1", "priority"): "1"}


@pytest.fixture
def palette(monkeypatch):
    """Stands in for the reader of the predecessor's workbooks; remembers what it was given."""
    given = []

    def predecessor_forms(sheets, catalogue, code, source):
        given.append((sorted(sheets), code, source))
        days = (date(2024, 5, 2), date(2025, 5, 2))
        return tuple(
            FilledForm("activities", "predecessor", code, str(day.year), day, "palett_x", "predecessor_xlsx", {}, ())
            for day in days
        )

    for name, content in (
        ("assets.forms.predecessor", {"predecessor_forms": predecessor_forms}),
        ("assets.catalogue.prevention", {"load_activities": lambda: None}),
    ):
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    return given


def old_workbook() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.title = "Sammanfattning"
    book.create_sheet("Kartläggande frågor")["A1"] = "x"
    book["Sammanfattning"]["A1"] = "x"
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("name", ["0127 fritid.xlsx", "Palett_Botkyrka-2025.xlsx"])
def test_a_predecessors_workbook_is_a_form_per_date_of_the_municipality_in_its_name(tmp_path, palette, name):
    path = tmp_path / name
    path.write_bytes(old_workbook())
    read_, refused_ = receive_forms([path], tmp_path / "a", tmp_path / "r", sample.definitions(), AROUND, ())
    assert refused_ == []
    assert palette == [(["Kartläggande frågor", "Sammanfattning"], "0127", name)]
    assert [(one.form.round, one.form_id) for one in read_] == [
        ("2024", read_[0].sha256[:16]),
        ("2025", f"{read_[0].sha256[:16]}-2"),
    ]


@pytest.mark.parametrize("name", ["fritid.xlsx", "Täby och Botkyrka.xlsx", "9999.xlsx"])
def test_a_predecessors_workbook_of_nobody_says_so(tmp_path, palette, name):
    assert refused(tmp_path, old_workbook(), name).code == "unknown_municipality"
