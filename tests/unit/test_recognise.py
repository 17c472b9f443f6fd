"""Which codebook a file follows, and which waves it holds."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.intake.recognise import known_names, recognise, role_column, waves
from assets.methods.errors import PipelineError
from tests.support.fuzz_corpus import AR, KOMMUN, declarable, missing

BOOKS = load_catalogue().codebooks
NEW = next(b for b in BOOKS if b.match_by == "code")
OLD = next(b for b in BOOKS if b.match_by == "label")


def background(book, grade=0):
    """The required background columns of a variant."""
    return [book.columns.wave[0], book.columns.school_municipality[0], book.columns.grade[grade], book.columns.sex[-1]]


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.id)
@pytest.mark.parametrize("grade", [0, 1])
def test_each_variant_is_recognised_by_its_items(book, grade):
    assert recognise("fil.sav", [*background(book, grade), *book.items], BOOKS) is book
    assert recognise("fil.sav", [*background(book, grade), *book.items], BOOKS[::-1]) is book


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.id)
def test_some_items_may_be_gone_and_others_unknown(book):
    columns = [*background(book), *list(book.items)[::2], list(book.items)[1], "Nyfråga", "Vikt"]
    assert recognise("fil.sav", columns, BOOKS) is book


def test_the_same_name_means_different_questions_in_the_two_variants():
    """F62 was another question before 2024; the 2024 question was F61 then. f66c and F66c are not one name."""
    assert NEW.items["F62"] == "F62"
    assert OLD.items.get("F62") != "F62"
    assert OLD.items["F61"] == "F62"
    assert NEW.items.get("F61") != "F62"
    both = set(OLD.items) & set(NEW.items)
    differ = {name for name in both if OLD.items[name] != NEW.items[name]}
    assert {"F68", "F91", "F93", "F95", "F97", "F99"} <= differ, "names that moved to another question"
    assert "F18" not in both or OLD.items["F18"] != NEW.items["F18"]


def test_letter_case_is_part_of_a_name():
    wrong = [name.upper() for name in OLD.items if name.upper() not in OLD.items]
    assert len(wrong) > 30
    with pytest.raises(PipelineError) as caught:
        recognise("fil.sav", [*background(OLD), *wrong], [OLD])
    assert caught.value.code == "unknown_variables"


def test_a_file_with_too_few_known_items():
    with pytest.raises(PipelineError) as caught:
        recognise("fil.sav", [*background(NEW), "F5", "F62"], BOOKS)
    assert caught.value.code == "unknown_variables"
    assert str(caught.value) == (
        "fil.sav: väntade kolumner som någon kodbok känner igen, fick 6 kända kolumner. "
        "Kontrollera att det är rätt fil; "
        "är det en ny variant av enkäten gör jobbet propose_codebook (eller did kodbok) ett förslag till kodbok."
    )


def test_two_variants_that_fit_equally_well_are_no_guess():
    twin = NEW.model_copy(update={"id": "tvilling"})
    with pytest.raises(PipelineError) as caught:
        recognise("fil.sav", [*background(NEW), *NEW.items], [NEW, twin])
    assert caught.value.code == "unknown_variables"


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("wave", "år (ar)"),
        ("school_municipality", "skolkommun (Skolkommun)"),
        ("grade", "årskurs (Arskurs eller ARSKURS)"),
        ("sex", "kön (F2)"),
    ],
)
def test_a_required_column_that_is_gone(role, said):
    columns = [c for c in [*background(NEW), *NEW.items] if c not in getattr(NEW.columns, role)]
    with pytest.raises(PipelineError) as caught:
        recognise("fil.csv", columns, BOOKS)
    assert caught.value.code == "missing_column"
    line = {"wave": AR, "school_municipality": KOMMUN}.get(role)
    assert str(caught.value) == f"fil.csv: {declarable(said, 'fil.csv', line) if line else missing(said)}"


def test_the_first_name_of_a_role_that_the_file_has():
    assert role_column(NEW, "grade", ["ARSKURS", "Arskurs"]) == "Arskurs"
    assert role_column(NEW, "grade", ["ARSKURS"]) == "ARSKURS"
    assert role_column(NEW, "class_", ["F2"]) is None


def test_known_names_are_items_and_background_of_all_variants():
    names = known_names(BOOKS)
    assert {"F55e", "f54e", "ar", "Skolkommun", "Kön", "Klass"} <= names
    assert not {"", "f55e", "class_"} & names


def test_years_are_read_from_text():
    cells = pl.DataFrame({"ar": ["2024", " 2022 ", "2020.0"]})
    read = waves("fil.csv", cells, NEW)
    assert read.to_list() == [2024, 2022, 2020]
    assert read.dtype == pl.Int32
    assert read.name == "wave"


@pytest.mark.parametrize("bad", [None, "", "tjugotjugofyra", "24", "20244"])
def test_rows_without_a_year(bad):
    with pytest.raises(PipelineError) as caught:
        waves("fil.csv", pl.DataFrame({"ar": ["2024", bad, bad]}, schema={"ar": pl.String}), NEW)
    assert caught.value.code == "bad_wave"
    assert str(caught.value) == (
        "fil.csv, kolumnen ar: väntade ett årtal på varje rad, fick 2 rader utan läsbart årtal. "
        "Fyll i undersökningsåret och lägg filen i inkorgen igen."
    )
