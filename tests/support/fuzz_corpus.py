"""Builders of files as they come when something went wrong; the cases themselves are in `fuzz_cases.py`.

Every file starts from the same small faultless delivery. Class and school hold words that must never be seen in a message.
"""

from __future__ import annotations

import csv
import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyreadstat
import xlsxwriter

from assets.catalogue.load import load_catalogue

SECRET = "9Hemlig"
SECRET_SCHOOL = "Sentinelskolan"
CATALOGUE = load_catalogue()
BOOK = next(b for b in CATALOGUE.codebooks if b.id == "stockholmsenkaten-2024")
ITEMS = [name for name, item in BOOK.items.items() if item in CATALOGUE.item_scores()]
BACKGROUND = ["ar", "Skolkommun", "Skolenhetskod", "Skolnamn", "Klass", "Arskurs", "F2"]
HEADER = [*BACKGROUND, *ITEMS]
WIDTH = len(HEADER)
PUPILS = 12
AGAIN = "Exportera filen på nytt och lägg den i inkorgen igen."
CHECK = (
    "Kontrollera att det är rätt fil; "
    "är det en ny variant av enkäten gör jobbet propose_codebook (eller did kodbok) ett förslag till kodbok."
)
FIX_CODE = "Rätta svaren i källan eller lägg till koden i kodboken och lägg filen i inkorgen igen."
FIX_PLACE = "Rätta värdena i källan eller lägg till dem i katalogen och lägg filen i inkorgen igen."
FIX_BOOK = "Öppna och spara om filen i Excel och lägg den i inkorgen igen."
UTF8 = "Spara om filen som CSV UTF-8 och lägg den i inkorgen igen."
YEAR = "Fyll i undersökningsåret och lägg filen i inkorgen igen."
COPY = "Kopiera eller exportera filen på nytt; kontrollera att överföringen blev klar."
SHIFTED = "Troligen står skiljetecknet inne i en cell; exportera filen med citattecken runt text."
RENAME = "Döp om filen och lägg den i inkorgen igen."
SPLIT = "Dela upp filen eller ta bort det som inte hör till enkäten; är filen rätt höjs gränsen i intake.yml."
NO_CELLS = (
    "väntade en textfil med en rad per elev, fick text som inte går att dela i celler, "
    f"troligen ett citattecken som aldrig stängs. {AGAIN}"
)
HIDDEN = (
    "väntade svaren på ett synligt blad, fick dem bara på ett dolt blad. "
    "Högerklicka på bladfliken i Excel, välj Ta fram, spara och lägg filen i inkorgen igen."
)
NO_SPSS = (
    "väntade en SPSS-fil, fick ett innehåll som inte är SPSS trots filnamnet. "
    "Exportera enkäten som .sav på nytt och lägg den i inkorgen igen."
)
NO_STATA = (
    "väntade en Stata-fil, fick ett innehåll som inte är Stata trots filnamnet. "
    "Exportera enkäten som .dta eller .sav på nytt och lägg den i inkorgen igen."
)
TWICE = (
    f", rad 1: väntade varje kolumnnamn en gång, fick 1 namn på flera kolumner ({HEADER[-2]}). "
    "Ta bort eller döp om dubbletterna och lägg filen i inkorgen igen."
)
BOMB = (
    "väntade en arbetsbok av rimlig storlek, fick en fil som blir orimligt stor när den packas upp. "
    "Öppna och spara om filen i Excel, eller skicka den som CSV."
)
UNKNOWN = f"väntade kolumner som någon kodbok känner igen, fick inga kända kolumner. {CHECK}"
CUT_SPSS = f"väntade en hel SPSS-fil, fick en fil som tar slut i förtid eller är skadad. {COPY}"
CUT_STATA = f"väntade en hel Stata-fil, fick en fil som tar slut i förtid eller är skadad. {COPY}"
BROKEN_BOOK = f"väntade en Excel-arbetsbok (.xlsx), fick en fil som Excel-läsaren inte kan öppna. {FIX_BOOK}"


@dataclass(frozen=True)
class Case:
    """A file to write and what must become of it.

    `sentence`: what the steward reads after the file's name; None: the file is taken in. `notes`: what is remarked although it
    is taken in. `shown`: the file's name in messages when it isn't the name itself.
    """

    name: str
    write: Callable[[Path], object]
    sentence: str | None = None
    notes: tuple[str, ...] = ()
    shown: str = ""
    rows: int = PUPILS


def pupils() -> list[list[str]]:
    """Rows of a faultless text delivery: every answer 1, girls and boys in Täby 2024."""
    people = ["2024", "Täby", "00160001", SECRET_SCHOOL, SECRET, "Åk 9"]
    return [[*people, "Flicka" if n % 2 else "Pojke", *["1"] * len(ITEMS)] for n in range(PUPILS)]


def changed(column: str, value: str, rows: int = 1) -> list[list[str]]:
    """The faultless rows with another value in a column of the first rows."""
    body = pupils()
    for row in body[:rows]:
        row[HEADER.index(column)] = value
    return body


def text(body: list[list[str]] | None = None, header: list[str] | None = None, delimiter: str = ";") -> str:
    """Rows as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(HEADER if header is None else header)
    writer.writerows(pupils() if body is None else body)
    return out.getvalue()


def put(content: str | bytes, encoding: str = "utf-8") -> Callable[[Path], object]:
    """A writer of fixed content."""
    return lambda path: path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))


def answers(column: str, value: str, rows: int = 1) -> Callable[[Path], object]:
    """A CSV whose first rows have another value in a column."""
    return put(text(changed(column, value, rows)))


def numbers() -> pl.DataFrame:
    """The faultless delivery as numbers, for formats with value labels."""
    background = {
        "ar": [2024] * PUPILS,
        "Skolkommun": [23] * PUPILS,
        "Skolenhetskod": ["00160001"] * PUPILS,
        "Skolnamn": [SECRET_SCHOOL] * PUPILS,
        "Klass": [SECRET] * PUPILS,
        "Arskurs": [9] * PUPILS,
        "F2": [1 + n % 2 for n in range(PUPILS)],
    }
    return pl.DataFrame(background | {name: [1] * PUPILS for name in ITEMS})


def labels() -> dict[str, dict[int, str]]:
    """Value labels of the faultless delivery."""
    survey = CATALOGUE.survey
    named = {name: dict(survey.answers(BOOK.items[name])) for name in ITEMS}
    return named | {"Arskurs": {9: "Åk 9", 2: "Gy 2"}, "F2": {1: "Pojke", 2: "Flicka"}}


def sav(
    frame: pl.DataFrame | None = None, meant: dict[str, dict[int, str]] | None = None, **more: object
) -> Callable[[Path], object]:
    """A writer of an SPSS file."""
    cells, said = numbers() if frame is None else frame, labels() if meant is None else meant
    said = {name: pairs for name, pairs in said.items() if name in cells.columns}
    options = {"row_compress": not more.get("compress")} | more
    return lambda path: pyreadstat.write_sav(cells, str(path), variable_value_labels=said, **options)


def dta(frame: pl.DataFrame | None = None, **more: object) -> Callable[[Path], object]:
    """A writer of a Stata file."""
    cells = numbers() if frame is None else frame
    return lambda path: pyreadstat.write_dta(cells, str(path), variable_value_labels=labels(), **more)


def patched(write: Callable[[Path], object], *changes: tuple[int, bytes], keep: float = 1.0) -> Callable[[Path], object]:
    """A writer that changes bytes at places of a good file, or keeps only its first part."""

    def patch(path: Path) -> None:
        write(path)
        content = bytearray(path.read_bytes())
        for at, new in changes:
            content[at : at + len(new)] = new
        path.write_bytes(content[: int(len(content) * keep)])

    return patch


def sav_with_wild_label(path: Path) -> None:
    """An SPSS file whose value labels name a variable number that doesn't exist; the parser dies of it."""
    frame = pl.DataFrame({"ar": [2024.0] * PUPILS, "F5": [1.0] * PUPILS})
    pyreadstat.write_sav(frame, str(path), variable_value_labels={"F5": {1: "Hela mitt liv"}}, row_compress=True)
    content = path.read_bytes()
    record = content.index(struct.pack("<3i", 4, 1, 2))  # record type 4: one variable, number 2
    path.write_bytes(content[: record + 8] + struct.pack("<i", 1_000_000) + content[record + 12 :])


def sheets(*tables: tuple[str, list[list[object]], bool], merge: str = "", far: bool = False) -> Callable[[Path], object]:
    """A writer of a workbook: name, rows and whether the sheet is hidden; `merge`: cells of the first sheet to merge."""

    def write(path: Path) -> None:
        book = xlsxwriter.Workbook(str(path), {"in_memory": True, "strings_to_formulas": False})
        for number, (name, rows, hidden) in enumerate(tables):
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
            if hidden:
                sheet.hide()
            if far and not number:
                sheet.write_string(1_048_575, 16_383, "x")
            if merge and not number:
                sheet.merge_range(merge, "x")
        book.close()

    return write


TABLE = [HEADER, *pupils()]


def zip_of(*parts: tuple[str, bytes], lie: int | None = None) -> Callable[[Path], object]:
    """A writer of a zip archive; `lie`: the size that its directory claims for the parts."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts:
                archive.writestr(name, content)
        if lie is not None:
            content = path.read_bytes()
            for _, true in parts:
                content = content.replace(struct.pack("<I", len(true)), struct.pack("<I", lie))
            path.write_bytes(content)

    return write


def link(path: Path) -> None:
    """A link to a file elsewhere."""
    outside = path.parent.parent / "utanfor.csv"
    outside.write_text(text(), encoding="utf-8")
    path.symlink_to(outside)


def unknown(what: str) -> str:
    """The sentence for answers that the codebook lacks."""
    return f"väntade svar som finns i kodboken {BOOK.id}, fick {what}. {FIX_CODE}"


def no_place(what: str) -> str:
    """The sentence for background values that the catalogue lacks."""
    return f"väntade kommun, årskurs, kön och stadsdel ur kodboken, fick {what}. {FIX_PLACE}"


def no_year(column: str = "ar", rows: str = "1 rad") -> str:
    """What follows the file's name when rows lack a year (the column stands before the colon)."""
    return f", kolumnen {column}: väntade ett årtal på varje rad, fick {rows} utan läsbart årtal. {YEAR}"


def missing(what: str) -> str:
    """The sentence for a background column that isn't there and that no sidecar can give."""
    return f"väntade en kolumn för {what}, fick ingen sådan kolumn. Exportera filen med kolumnen och lägg den i inkorgen igen."


KOMMUN = 'kommun: "KOD" (kommunens kod)'
AR = "ar: ÅR (mättillfällets år)"


def declarable(what: str, file_name: str, line: str) -> str:
    """The sentence for a background column that isn't there but can be given in a sidecar."""
    return (
        f"väntade en kolumn för {what}, fick ingen sådan kolumn. Exportera filen med kolumnen, eller skriv raden {line} "
        f"i en sidofil, {file_name}.kodbok.yml, och lägg båda i inkorgen igen."
    )


def encoding(got: str) -> str:
    """The sentence for text that can't be read."""
    return f"väntade text i UTF-8 eller Windows-1252, fick {got}. {UTF8}"


def without(column: str) -> str:
    """The faultless delivery without a column, as CSV."""
    at = HEADER.index(column)
    return text([row[:at] + row[at + 1 :] for row in pupils()], HEADER[:at] + HEADER[at + 1 :])


def stata_letter(label: bool) -> Callable[[Path], object]:
    """A Stata file with one answer `.a`, with or without the label "Ej svar"."""

    def write(path: Path) -> None:
        cells = numbers().to_pandas()
        cells["F55e"] = ["a", *[1.0] * (PUPILS - 1)]
        named = labels()
        if label:
            named["F55e"] = {**named["F55e"], "a": "Ej svar"}
        pyreadstat.write_dta(cells, str(path), variable_value_labels=named, missing_user_values={"F55e": ["a"]})

    return write


def other_format(got: str) -> str:
    """The sentence for a file type that isn't read."""
    return (
        f"väntade en fil av typen .sav, .csv eller .xlsx, fick filtypen {got}. "
        "Spara om filen i något av formaten och lägg den i inkorgen igen."
    )
