"""Reading what people drop: every format, every mistake, and the exact sentence for it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyreadstat
import pytest
import xlsxwriter

from assets.intake.delivery import RawDelivery
from assets.intake.readers import read_delivery
from assets.methods.errors import PipelineError

KNOWN = frozenset({"ar", "Skolkommun", "Arskurs", "F2", "F55e", "Klass"})
HEADER = ["ar", "Skolkommun", "Arskurs", "F2", "F55e", "Klass"]
ROWS = [["2024", "Täby", "Åk 9", "Flicka", "1", "9A"], ["2024", "Täby", "Åk 9", "Pojke", "", "9B"]]
CELLS = pl.DataFrame([[cell or None for cell in row] for row in ROWS], schema={name: pl.String for name in HEADER}, orient="row")


def text(delimiter: str = ";", header: list[str] = HEADER, rows: list[list[str]] = ROWS, above: str = "") -> str:
    """A small delivery as text."""
    return above + "\n".join(delimiter.join(row) for row in [header, *rows]) + "\n"


def drop(tmp_path: Path, content: bytes, name: str = "fil.csv") -> RawDelivery:
    """Write a file and read it as a delivery."""
    path = tmp_path / name
    path.write_bytes(content)
    return read_delivery(path, KNOWN)


def refuse(tmp_path: Path, content: bytes, name: str = "fil.csv") -> PipelineError:
    """Write a file that must not be read, and give the error."""
    with pytest.raises(PipelineError) as caught:
        drop(tmp_path, content, name)
    return caught.value


def workbook(path: Path, sheets: dict[str, list[list[object]]], first_row: int = 0) -> Path:
    """An Excel workbook; a None cell is left empty."""
    book = xlsxwriter.Workbook(str(path), {"in_memory": True})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows, first_row):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, column, cell)
    book.close()
    return path


@pytest.mark.parametrize("delimiter", [";", "\t", ","])
def test_the_three_delimiters_are_found(tmp_path, delimiter):
    delivery = drop(tmp_path, text(delimiter).encode())
    assert delivery.delimiter == delimiter
    assert delivery.cells.equals(CELLS)
    assert delivery.file_format == "csv"


@pytest.mark.parametrize("suffix", ["csv", "CSV", "tsv", "txt"])
def test_the_suffix_does_not_decide_the_delimiter(tmp_path, suffix):
    assert drop(tmp_path, text().encode(), f"fil.{suffix}").cells.equals(CELLS)


@pytest.mark.parametrize(("encoding", "label"), [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8 med BOM"), ("cp1252", "Windows-1252")])
def test_the_three_encodings_give_the_same_letters(tmp_path, encoding, label):
    delivery = drop(tmp_path, text().encode(encoding))
    assert delivery.encoding == label
    assert delivery.cells.equals(CELLS)


def test_commas_in_a_title_row_do_not_win_over_the_delimiter(tmp_path):
    delivery = drop(tmp_path, text(";", above="Enkät, skolor, klasser, Täby\n\n").encode())
    assert delivery.delimiter == ";"
    assert delivery.row_numbers == (4, 5)


def test_headers_are_found_under_title_rows_and_row_numbers_are_the_files_own(tmp_path):
    rows = [ROWS[0], [""] * 6, ROWS[1]]
    delivery = drop(tmp_path, text(rows=rows, above="Stockholmsenkäten;;;;;\n;;;;;\nTäby 2024;;;;;\n").encode())
    assert delivery.cells.equals(CELLS)
    assert delivery.row_numbers == (5, 7), "an empty row between pupils must not shift the provenance"


def test_quoted_cells_may_hold_the_delimiter_and_line_breaks(tmp_path):
    rows = [["2024", "Täby", "Åk 9", "Flicka", "1", '"9A; natur\noch teknik"'], ROWS[1]]
    delivery = drop(tmp_path, text(rows=rows).encode())
    assert delivery.cells["Klass"].to_list() == ["9A; natur\noch teknik", "9B"]


def test_trailing_empty_columns_are_dropped(tmp_path):
    padded = [[*row, "", ""] for row in ROWS]
    assert drop(tmp_path, text(header=[*HEADER, "", ""], rows=padded).encode()).cells.equals(CELLS)
    assert drop(tmp_path, text(rows=padded).encode()).cells.equals(CELLS)


def test_columns_without_a_name_get_one(tmp_path):
    header = ["ar", "", "Skolkommun", "Arskurs", "", "F2"]
    assert drop(tmp_path, text(header=header).encode()).cells.columns == [
        "ar",
        "kolumn_2",
        "Skolkommun",
        "Arskurs",
        "kolumn_5",
        "F2",
    ]


def test_names_that_differ_only_in_case_stay_two_columns(tmp_path):
    delivery = drop(tmp_path, text(header=["ar", "Skolkommun", "Arskurs", "F2", "f2", "F62"]).encode())
    assert delivery.cells.columns[3:] == ["F2", "f2", "F62"]


def test_the_delivery_id_is_the_start_of_the_hash(tmp_path):
    delivery = drop(tmp_path, text().encode())
    assert len(delivery.sha256) == 64
    assert delivery.delivery_id == delivery.sha256[:12]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"  \r\n\r\n", b"\x00\x00"])
def test_an_empty_file(tmp_path, content):
    error = refuse(tmp_path, content)
    assert error.code == "empty"
    assert (
        str(error) == "fil.csv: väntade en fil med svar, fick en tom fil. Exportera filen på nytt och lägg den i inkorgen igen."
    )


def test_only_headers(tmp_path):
    error = refuse(tmp_path, text(rows=[]).encode())
    assert error.code == "empty"
    assert str(error) == "fil.csv: väntade rader med svar under rubrikraden, fick inga rader. Exportera filen på nytt med svaren."


@pytest.mark.parametrize(("name", "said"), [("svar.docx", "filtypen .docx"), ("svar", "filtypen utan ändelse")])
def test_a_format_that_is_not_read(tmp_path, name, said):
    error = refuse(tmp_path, b"innehall", name)
    assert error.code == "unsupported_format"
    assert str(error) == (
        f"{name}: väntade en fil av typen .sav, .csv eller .xlsx, fick {said}. "
        "Spara om filen i något av formaten och lägg den i inkorgen igen."
    )


def test_utf_16_is_refused(tmp_path):
    error = refuse(tmp_path, text().encode("utf-16"))
    assert error.code == "wrong_encoding"
    assert str(error) == (
        "fil.csv: väntade text i UTF-8 eller Windows-1252, fick UTF-16 eller binärt innehåll. "
        "Spara om filen som CSV UTF-8 och lägg den i inkorgen igen."
    )


def test_bytes_of_no_known_encoding_are_refused(tmp_path):
    error = refuse(tmp_path, text().encode("cp1252").replace(b"Flicka", b"Fl\x81cka"))
    assert error.code == "wrong_encoding"
    assert "bytes som inte hör hemma i UTF-8 eller Windows-1252" in str(error)


def test_a_file_that_is_no_survey(tmp_path):
    error = refuse(tmp_path, b"Konto;Ansvar;Utfall\n4000;Skola;100\n")
    assert error.code == "unknown_variables"
    assert str(error) == (
        "fil.csv: väntade kolumner som någon kodbok känner igen, fick inga kända kolumner. "
        "Kontrollera att det är rätt fil; "
        "är det en ny variant av enkäten gör jobbet propose_codebook (eller did kodbok) ett förslag till kodbok."
    )


def test_headers_too_far_down_are_not_found(tmp_path):
    assert refuse(tmp_path, text(above="titel;;;;;\n" * 20).encode()).code == "unknown_variables"


def test_a_name_that_stands_twice(tmp_path):
    error = refuse(tmp_path, text(header=["ar", "Skolkommun", "Arskurs", "F2", "F2", "Klass"], above="Titel;;;;;\n").encode())
    assert error.code == "duplicate_column"
    assert str(error) == (
        "fil.csv, rad 2: väntade varje kolumnnamn en gång, fick 1 namn på flera kolumner (F2). "
        "Ta bort eller döp om dubbletterna och lägg filen i inkorgen igen."
    )


def test_a_row_that_is_cut_short(tmp_path):
    error = refuse(tmp_path, text().encode()[:-16])
    assert error.code == "truncated"
    assert str(error) == (
        "fil.csv: väntade 6 kolumner på varje rad, fick 1 rad med färre kolumner. "
        "Filen är troligen avbruten; exportera den på nytt."
    )


@pytest.mark.parametrize(
    "row", [["2024", "Täby", "Åk 9", "Flicka", "1", "9A; natur"], ["2024", "Tä;by", "Åk 9", "Flicka", "1", ""]]
)
def test_a_delimiter_inside_a_cell_is_refused_instead_of_shifting_the_answers(tmp_path, row):
    error = refuse(tmp_path, text(rows=[*ROWS, row]).encode())
    assert error.code == "shifted_row"
    assert str(error) == (
        "fil.csv: väntade 6 kolumner på varje rad, fick 1 rad med fler kolumner. "
        "Troligen står skiljetecknet inne i en cell; exportera filen med citattecken runt text."
    )


def test_a_quote_that_is_never_closed(tmp_path):
    rows = [["2024", "Täby", "Åk 9", "Flicka", "1", '"9A'], *ROWS * 4000]
    error = refuse(tmp_path, text(rows=rows).encode())
    assert error.code == "unreadable"
    assert str(error) == (
        "fil.csv: väntade en textfil med en rad per elev, fick text som inte går att dela i celler, troligen ett citattecken som "
        "aldrig stängs. Exportera filen på nytt och lägg den i inkorgen igen."
    )


def test_the_sheet_with_the_survey_is_found_and_rows_keep_their_numbers(tmp_path):
    survey = [
        ["Stockholmsenkäten 2024"],
        [],
        HEADER,
        ["2024", "Täby", "Åk 9", "Flicka", 1, "9A"],
        [],
        [2024, "Täby", "Åk 9", "Pojke", None, "9B"],
    ]
    sheets = {"Läs mig": [["Hej"], ["ar", "F2"]], "Svar": survey, "Tomt": []}
    delivery = read_delivery(workbook(tmp_path / "fil.xlsx", sheets, first_row=2), KNOWN)
    assert delivery.file_format == "xlsx"
    assert delivery.cells.equals(CELLS), "whole numbers have no decimals"
    assert delivery.row_numbers == (6, 8)


def test_the_sheet_that_knows_most_names_wins(tmp_path):
    sheets = {
        "A": [HEADER[:3], ["2022", "Täby", "Åk 9"]],
        "B": [HEADER, *ROWS],
        "C": [HEADER[:4], ["2020", "Täby", "Åk 9", "Flicka"]],
    }
    assert read_delivery(workbook(tmp_path / "fil.xlsx", sheets), KNOWN).cells.equals(CELLS)


def test_a_note_beside_the_table_is_no_shifted_row(tmp_path):
    path = workbook(tmp_path / "fil.xlsx", {"Svar": [HEADER, [*ROWS[0], None, "kolla"], ROWS[1]]})
    assert read_delivery(path, KNOWN).cells.equals(CELLS)


def test_a_workbook_without_a_survey(tmp_path):
    path = workbook(tmp_path / "budget.xlsx", {"Budget": [["Konto", "Utfall"], [4000, 100]]})
    assert refuse(tmp_path, path.read_bytes(), "budget.xlsx").code == "unknown_variables"


def test_an_error_in_the_sheet_that_is_the_survey_is_told(tmp_path):
    path = workbook(tmp_path / "fil.xlsx", {"Annat": [["x"]], "Svar": [[*HEADER[:5], "F2"], *ROWS]})
    assert refuse(tmp_path, path.read_bytes(), "fil.xlsx").code == "duplicate_column"


def test_a_workbook_that_is_no_workbook(tmp_path):
    error = refuse(tmp_path, b"PK\x03\x04 trasig", "fil.xlsx")
    assert error.code == "unreadable"
    assert str(error) == (
        "fil.xlsx: väntade en Excel-arbetsbok (.xlsx), fick en fil som Excel-läsaren inte kan öppna. "
        "Öppna och spara om filen i Excel och lägg den i inkorgen igen."
    )


def write_sav(path: Path, frame: pl.DataFrame, **more: object) -> bytes:
    """An SPSS file as bytes."""
    pyreadstat.write_sav(frame, str(path), **more)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", ["sav", "zsav"])
def test_sav_keeps_user_missing_and_system_missing_apart(tmp_path, suffix):
    frame = pl.DataFrame({"F55e": [1.0, 999.0, None], "vikt": [1.5, 2.0, None], "Klass": ["9A", "", " 9B "]})
    options = {"missing_ranges": {"F55e": [999]}, "variable_value_labels": {"F55e": {1: "Ja", 999: "Ej svar"}}}
    content = write_sav(tmp_path / "källa.sav", frame, compress=suffix == "zsav", **options)
    delivery = drop(tmp_path, content, f"fil.{suffix}")
    assert delivery.file_format == "sav"
    assert delivery.cells.to_dict(as_series=False) == {
        "F55e": ["1", "999", None],
        "vikt": ["1.5", "2.0", None],
        "Klass": ["9A", None, "9B"],
    }
    assert delivery.value_labels == {"F55e": {"1": "Ja", "999": "Ej svar"}}


def test_text_that_calls_itself_sav(tmp_path):
    error = refuse(tmp_path, b"ar;F2\n2024;1\n", "fil.sav")
    assert error.code == "unreadable"
    assert str(error) == (
        "fil.sav: väntade en SPSS-fil, fick ett innehåll som inte är SPSS trots filnamnet. "
        "Exportera enkäten som .sav på nytt och lägg den i inkorgen igen."
    )


@pytest.mark.parametrize("keep", [4, 100, 600, 0.7])
def test_a_cut_sav_is_refused_wherever_it_was_cut(tmp_path, keep):
    content = write_sav(tmp_path / "källa.sav", pl.DataFrame({"ar": [2024.0] * 500, "F2": [1.0, 2.0] * 250}), row_compress=True)
    error = refuse(tmp_path, content[: keep if isinstance(keep, int) else int(len(content) * keep)], "fil.sav")
    assert error.code == "truncated"
    assert str(error).startswith("fil.sav: väntade ")
    if isinstance(keep, int):
        assert str(error) == (
            "fil.sav: väntade en hel SPSS-fil, fick en fil som tar slut i förtid eller är skadad. "
            "Kopiera eller exportera filen på nytt; kontrollera att överföringen blev klar."
        )


def test_a_sav_without_rows(tmp_path):
    content = write_sav(tmp_path / "källa.sav", pl.DataFrame({"ar": pl.Series([], dtype=pl.Float64)}))
    error = refuse(tmp_path, content, "fil.sav")
    assert error.code == "empty"
    assert str(error) == (
        "fil.sav: väntade svar på minst en rad, fick inga rader. Exportera filen på nytt och lägg den i inkorgen igen."
    )
