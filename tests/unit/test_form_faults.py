"""The real forms as people send them back: half filled, renamed, pasted into, older, about the wrong place, broken.

Every fault ends in a sentence with its place; nothing that was readable is lost, and nothing is filled in for anybody.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import openpyxl
import pytest

from assets.catalogue.personal_data import load_name_words
from assets.forms.collect import Around
from assets.forms.definitions import form_definitions
from assets.forms.harmonise import activity_answers, decisions, readiness_ratings, standing
from assets.forms.receive import receive_forms
from assets.forms.tables import answer_rows, file_rows
from assets.forms.workbook import form_workbook
from pipelines.form_notes import FILES, form_notes, known_forms
from pipelines.warehouse import Warehouse
from tests.support.form_sample import filled

TOWNS = {"0127": "Botkyrka", "0160": "Täby"}
AROUND = Around(TOWNS, date(2026, 11, 22), load_name_words())
ABOUT = "Om formuläret"
SECRET = "Gunilla Bergström 070-123 45 67, gb@exempel.se, 121212-1212"
DECISION = {
    "factor": "parenting", "priority": "Fler föräldrar ska nås", "reason": "Fler än i länet", "owner": "fritidschefen",
    "first_step": "Kalla till möte", "follow_up_indicator": "utsatt_brott", "follow_up_grade": "ak9",
    "follow_up_on": "2027-05-01",
}  # fmt: skip


@lru_cache(maxsize=3)
def blank(kind: str) -> bytes:
    return form_workbook(form_definitions()[kind], ("0127", "Botkyrka"), "2026")


def head(kind: str, day: date = date(2026, 11, 20)) -> dict[tuple[str, str], object]:
    """The cells of the head that a person fills in."""
    book = openpyxl.load_workbook(io.BytesIO(blank(kind)))
    rows = {row[0].value: row[2].coordinate for row in book[ABOUT].iter_rows() if row[0].value}
    given = {"answered_on": day, "role": "Förskola och skola", "wave": 2024}
    if kind == "readiness":
        given["role"] = "Skola och förskola"
    return {(ABOUT, rows[name]): value for name, value in given.items() if name in rows}


def board(rows: list[dict[str, str]], version: str = "", **told: object) -> bytes:
    """A decision file as the board saves it."""
    about = {"municipality_code": "0127", "round": "2026", "answered_on": "2026-11-20", "wave": 2024, **told}
    saved = {
        "format": "did-formular", "format_version": "1.0", "kind": "decisions", "source": "board",
        "version": version or form_definitions()["decisions"].version, "head": about,
        "sections": {"decisions": [{"id": f"decisions+{n}", **row} for n, row in enumerate(rows, 1)]},
    }  # fmt: skip
    return json.dumps(saved).encode()


@pytest.fixture
def took(tmp_path):
    """Drops files in an inbox and takes them in: (read, refused sentences)."""

    def take(files: Mapping[str, bytes]):
        inbox = tmp_path / "formular"
        inbox.mkdir(exist_ok=True)
        paths = []
        for name, content in files.items():
            (inbox / name).write_bytes(content)
            paths.append(inbox / name)
        read, refused = receive_forms(paths, tmp_path / "arkiv", tmp_path / "avvisade", form_definitions(), AROUND, ())
        return read, [one.sentence for one in refused]

    return take


def said(read) -> str:
    return " ".join(note for one in read for note in one.form.notes)


def everything(read) -> str:
    return str(file_rows(read).rows()) + str(answer_rows(read).rows())


def test_a_half_filled_form_keeps_what_is_there_and_counts_the_rest(took):
    cells = head("activities") | {("Sammanfattning", "C6"): "Ja"}
    read, refused = took({"halv.xlsx": filled(blank("activities"), cells)})
    assert refused == []
    answers = activity_answers(file_rows(read), answer_rows(read))
    assert answers.select("field", "value").rows() == [("exists", "yes")]
    assert "är obesvarade; de räknas varken som ja eller nej." in said(read)


def test_a_form_that_nobody_has_filled_gives_no_answers(took):
    read, refused = took({f"{kind}.xlsx": filled(blank(kind), head(kind)) for kind in ("activities", "readiness", "decisions")})
    assert refused == []
    assert answer_rows(read).height == 0
    files, none = file_rows(read), answer_rows(read)
    assert [table(files, none).height for table in (activity_answers, readiness_ratings, decisions)] == [0, 0, 0]


def test_a_half_filled_decision_is_kept_and_says_what_is_missing(took):
    read, refused = took({"beslut.json": board([{"owner": "fritidschefen"}, DECISION])})
    assert refused == []
    rows = decisions(file_rows(read), answer_rows(read))
    assert rows.select("decision_id", "factor", "owner").rows() == [
        ("0127-2026-1", None, "fritidschefen"), ("0127-2026-2", "parenting", "fritidschefen"),
    ]  # fmt: skip
    assert (
        "Beslut, rad 1: Prioriterad faktor, Prioritering i ord, Skäl, Första steg, Uppföljningsmått och Uppföljningsdatum"
        in said(read)
    )
    assert "rad 2" not in said(read)


def test_renamed_and_moved_sheets_are_known_by_their_ids(took):
    book = openpyxl.load_workbook(io.BytesIO(filled(blank("readiness"), head("readiness"))))
    first = next(name for name in book.sheetnames if name.startswith("Motiverade"))
    book[first]["C5"] = "2 – Finns delvis"
    book[first].title, book[ABOUT].title = "Blad17", "Mitt blad"
    book.move_sheet("Blad17", 3)
    out = io.BytesIO()
    book.save(out)
    read, refused = took({"omdöpt.xlsx": out.getvalue()})
    assert refused == []
    assert readiness_ratings(file_rows(read), answer_rows(read)).select("condition", "level").rows() == [("decision_makers", 2)]


@pytest.mark.parametrize("field", ["priority", "reason", "owner", "first_step"])
def test_pasted_personal_data_is_held_back_and_said_in_every_text(took, field, tmp_path):
    read, refused = took({"beslut.json": board([DECISION | {field: f"Mejl:\n{SECRET}"}])})
    assert refused == []
    assert read[0].form.held_back
    row = decisions(file_rows(read), answer_rows(read)).row(0, named=True)
    assert row[field] is None
    assert row["factor"] == "parenting"
    for word in ("Gunilla", "070-123", "exempel.se", "1212"):
        assert word not in everything(read)
    assert "lämnades därför utanför" in said(read)
    assert "kopierades inte till arkivet" in said(read)
    assert not list((tmp_path / "arkiv").rglob("*.json"))


def test_a_pasted_page_of_text_stops_at_its_cell_without_being_shown(took):
    read, refused = took({"beslut.json": board([DECISION | {"reason": (SECRET + " ") * 40}])})
    assert read == []
    assert "Skäl: väntade högst 300 tecken" in refused[0]
    assert "Gunilla" not in refused[0]


def test_of_two_versions_the_newer_counts_and_the_older_is_named(took):
    cells = {day: head("activities", date(2026, 11, day)) for day in (10, 20)}
    files = {
        "första.xlsx": filled(blank("activities"), cells[10] | {("Sammanfattning", "C6"): "Nej", ("Sammanfattning", "C7"): "Ja"}),
        "rättad.xlsx": filled(blank("activities"), cells[20] | {("Sammanfattning", "C6"): "Ja"}),
    }
    read, refused = took(files)
    assert refused == []
    tables = file_rows(read), answer_rows(read)
    assert activity_answers(*tables)["value"].to_list() == ["yes"], (
        "an answer that the newer form leaves empty isn't kept from the old"
    )
    assert standing(tables[0], "activities").notes == ("första.xlsx: ersatt av rättad.xlsx.",)
    assert tables[1].height == 3, "both stand in the raw table"


def test_two_raters_with_the_same_answers_on_the_same_day_are_pointed_out(took):
    def rating(level: str, author: str) -> bytes:
        book = openpyxl.load_workbook(io.BytesIO(filled(blank("readiness"), head("readiness"))))
        first = next(name for name in book.sheetnames if name.startswith("Motiverade"))
        book[first]["C5"] = level
        book.properties.creator = author
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    same = "2 – Finns delvis"
    read, _ = took({"a.xlsx": rating(same, "ett"), "b.xlsx": rating(same, "två"), "c.xlsx": rating("1 – Har börjat", "tre")})
    notes = standing(file_rows(read), "readiness", answer_rows(read)).notes
    assert notes == (
        "a.xlsx och b.xlsx: samma roll, dag och svar. Kommer de från samma person ska den ena tas bort, "
        "annars räknas hen två gånger.",
    )


def test_a_decision_file_of_an_older_kit_is_read_and_what_is_not_asked_any_more_counted(took):
    old = DECISION | {"factor": "faktor_som_fanns", "cost": "mycket"}
    read, refused = took({"gammal.json": board([old, DECISION], "2025-1", facilitator_county="ja")})
    assert refused == []
    rows = decisions(file_rows(read), answer_rows(read))
    assert rows["factor"].to_list() == [None, "parenting"]
    assert rows["owner"].to_list() == ["fritidschefen"] * 2
    assert "Formuläret är av en annan version" in said(read)
    assert "3 svar hör till sådant som inte frågas längre" in said(read)


def test_a_decision_file_of_a_newer_kit_waits_for_a_newer_program(took):
    read, refused = took({"ny.json": board([DECISION], "2031-1")})
    assert read == []
    assert "version 2031-1" in refused[0]
    assert "Uppdatera programmet" in refused[0]


def test_what_the_form_does_not_ask_is_never_dropped_in_silence(took):
    read, refused = took({"ändrad.json": board([DECISION], facilitator="okänt fält")})
    assert read == []
    assert "ett svar på en rad eller fråga som inte finns" in refused[0]


@pytest.mark.parametrize("code", ["9999", "", "Botkyrkka"])
def test_an_unknown_municipality_is_asked_for_and_not_guessed(took, code):
    read, refused = took({"okänd.json": board([DECISION], municipality_code=code)})
    assert read == []
    assert "Kommun" in refused[0] or "kommun" in refused[0]


def test_a_form_about_another_municipality_than_its_file_name_says_so(took):
    read, refused = took({"0160_taby_beslut.json": board([DECISION])})
    assert refused == []
    assert read[0].form.municipality_code == "0127"
    assert "Filens namn nämner Täby (0160) men formuläret gäller Botkyrka (0127). Det är formulärets uppgift som räknas." in said(
        read
    )
    read, _ = took({"0127_beslut.json": board([DECISION | {"owner": "rektor"}])})
    assert "Filens namn" not in said(read)


def test_code_and_name_of_the_municipality_that_disagree_stop_the_form(took):
    book = openpyxl.load_workbook(io.BytesIO(filled(blank("decisions"), head("decisions"))))
    rows = {row[0].value: row[2].coordinate for row in book[ABOUT].iter_rows() if row[0].value}
    book[ABOUT][rows["municipality"]] = "Täby"
    out = io.BytesIO()
    book.save(out)
    read, refused = took({"beslut.xlsx": out.getvalue()})
    assert read == []
    assert "Kommun" in refused[0]


@pytest.mark.parametrize("cut", [100, -200])
def test_a_broken_workbook_is_set_aside_and_the_others_go_on(took, cut, tmp_path):
    whole = filled(blank("activities"), head("activities") | {("Sammanfattning", "C6"): "Ja"})
    read, refused = took({"trasig.xlsx": whole[:cut], "hel.xlsx": whole})
    assert [one.file_name for one in read] == ["hel.xlsx"]
    assert len(refused) == 1
    assert refused[0].startswith("trasig.xlsx")
    assert (tmp_path / "avvisade" / "trasig.xlsx").exists()


def test_the_console_tells_of_held_back_texts_in_full_and_counts_the_rest(took, tmp_path):
    warehouse = Warehouse(tmp_path / "w.duckdb")
    assert form_notes(warehouse, known_forms(warehouse)) == ()
    half = filled(blank("activities"), head("activities") | {("Sammanfattning", "C6"): "Ja"})
    read, _ = took({"beslut.json": board([DECISION | {"reason": SECRET}]), "halv.xlsx": half})
    warehouse.replace(FILES, file_rows(read), None)
    notes = form_notes(warehouse, frozenset())
    assert notes[0].startswith("beslut.json: Beslut, rad 1, Skäl: texten innehåller något som liknar")
    assert notes[-1].startswith("1 formulär till har anmärkningar.")
    assert "Gunilla" not in " ".join(notes)
    assert form_notes(warehouse, known_forms(warehouse)) == ()
