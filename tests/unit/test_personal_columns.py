"""Personal data in a delivery stop it before anything is written; what only looks like it does not."""

from __future__ import annotations

import random

import polars as pl
import pytest

from assets.catalogue.hygiene import load_hygiene
from assets.catalogue.load import load_catalogue
from assets.catalogue.personal_data import load_name_words
from assets.intake.receive import inbox_files, receive
from assets.methods.coded import CodedCells
from assets.methods.personal_columns import Known, personal_columns
from assets.methods.personal_data import luhn
from tests.support.bad_files import survey_cells

ROWS = 60
NOTHING = Known(frozenset(), frozenset())


def found(values: list[str], name: str = "F200", known: Known = NOTHING, title: str = "") -> list[tuple[str, str]]:
    """What is said about a file with an ordinary question and one more column."""
    rows = max(len(values), ROWS)
    frame = pl.DataFrame({"F1": [str(1 + n % 4) for n in range(rows)], name: (values * rows)[:rows]})
    rules = load_hygiene().personal_columns.rules()
    return personal_columns(CodedCells.of(frame), known, {name: title}, rules, load_name_words())


def identity(day: str, serial: int) -> str:
    """A made-up identity number with the right check digit."""
    body = f"{day}{serial:03d}"
    return next(body + str(d) for d in range(10) if luhn(body + str(d)))


NUMBERS = [identity(f"08{1 + n % 12:02d}{1 + n % 28:02d}", n) for n in range(ROWS)]
COMMENTS = [f"Jag tycker att frågan om nummer {n} var svår att förstå" for n in range(ROWS)]
FIRST, LAST = ("Anna", "Erik", "Fatima", "Johan", "Sara"), ("Andersson", "Lindström", "Hussein", "Nilsson")


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("personnummer", NUMBERS),
        ("personnummer", [f"20{n}" for n in NUMBERS]),
        ("personnummer", ["", "2", f"20{NUMBERS[0][:6]}-{NUMBERS[0][6:]}"]),
        ("personnummer", [NUMBERS[3]]),
        ("personnummer", ["1", "2", f"mitt nummer är {NUMBERS[1][:6]}-{NUMBERS[1][6:]}"]),
        ("email", ["1", "2", "ingen.alls@exempel.se"]),
        ("phone", ["1", "2", "070-123 45 67"]),
        ("phone", [f"07012345{n:02d}" for n in range(ROWS)]),
        ("phone", ["+46 70 123 45 67", "3"]),
        ("name", [f"{first} {last}" for first in FIRST for last in LAST]),
        ("name", list(FIRST)),
        ("free_text", COMMENTS),
    ],
)
def test_a_column_with_personal_data_is_found(kind, values):
    assert found(values) == [("F200", kind)]


@pytest.mark.parametrize(("header", "kind"), [("Förnamn", "name"), ("E-post", "email"), ("Pnr", "personnummer")])
def test_what_a_column_says_it_holds_is_enough(header, kind):
    assert found(["x1", "x2"], header) == [(header, kind)]
    assert found(["x1", "x2"], title=header) == [("F200", kind)]
    assert found([""], header) == [(header, kind)] or found([None], header) == []


def test_running_numbers_days_and_labels_are_no_personal_data():
    number = random.Random(7)
    quiet = [
        [str(number.randrange(10**9, 10**10)) for _ in range(3000)],
        [f"{number.randrange(10**10):010d}" for _ in range(3000)],
        [f"2024{1 + n % 12:02d}{1 + n % 28:02d}{n:04d}" for n in range(3000)],
        [f"2024-03-{1 + n % 28:02d} 10:{n % 60:02d}:22" for n in range(300)],
        [f"{1 + n % 28:02d}-03-2024" for n in range(300)],
        [f"0,{number.randrange(10**9)}" for _ in range(300)],
        [f"0.{number.randrange(10**15)}" for _ in range(300)],
        ["Ja, det har hänt mig mer än en gång det senaste året", "Nej, det har aldrig hänt mig under hela mitt liv"],
        ["Stockholm", "Upplands-Bro", "Sala", "Vansbro", "Lilla Edet"],
        [f"{year}A" for year in range(1, 10)],
    ]
    assert [found(values) for values in quiet] == [[] for _ in quiet]


def test_schools_and_classes_of_the_codebook_may_have_names():
    schools = ["Karin Boyes gymnasium", "Anna Whitlocks gymnasium", "Thorildsplans gymnasium", "Sven Eriksonsgymnasiet"] * 3
    known = Known(frozenset({"Skolnamn"}), frozenset())
    assert found([*schools, *(f"Erik Dahlbergsgymnasiet {n}" for n in range(40))], "Skolnamn", known) == []
    assert found([*schools, "anna@exempel.se"], "Skolnamn", known) == [("Skolnamn", "email")]


def test_a_question_of_the_codebook_may_have_long_answers_but_not_hundreds():
    known = Known(frozenset(), frozenset({"F200"}))
    assert found(COMMENTS[:10], known=known) == []
    assert found(COMMENTS, known=known) == [("F200", "free_text")]


@pytest.mark.parametrize(("column", "texts"), [("Elevens namn", ["Anna Andersson", "Erik Lind", "Bo"]), ("F300", COMMENTS[:40])])
def test_the_file_is_set_aside_with_a_sentence_and_nothing_of_it_is_archived(tmp_path, column, texts):
    """The sentence names file, column and kind; no value is in it, and the next file is read all the same."""
    inbox, archive, rejected = (tmp_path / name for name in ("inbox", "arkiv", "avvisade"))
    inbox.mkdir()
    books = load_catalogue().codebooks
    plain = survey_cells(next(b for b in books if b.match_by == "code"), len(texts)).with_columns(pl.lit(2024).alias("ar"))
    (inbox / "salem.csv").write_bytes(plain.with_columns(pl.Series(column, texts)).write_csv(separator=";").encode())
    (inbox / "täby.csv").write_bytes(plain.write_csv(separator=";").encode())
    taken, (refused,) = receive(inbox_files(inbox), archive, rejected, books, frozenset())
    assert [item.delivery.file_name for item in taken] == ["täby.csv"]
    kind = "fritext" if column == "F300" else "namn på personer"
    assert refused.code == "personal_data"
    assert refused.sentence.startswith(f"salem.csv, kolumnen {column}: väntade svar utan personuppgifter, fick {kind}. ")
    assert not any(text in refused.sentence for text in texts)
    assert len(list(archive.iterdir())) == 1
    assert sorted(path.name for path in rejected.iterdir()) == ["salem.csv", "salem.csv.txt"]
