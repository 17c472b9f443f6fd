"""Files that people send by mistake, for tests of the intake: `write_bad_files(folder)`."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyreadstat
import xlsxwriter

from assets.catalogue.load import load_catalogue
from assets.catalogue.models import Codebook

_ROWS = 12
_NO_SUCH_CODE = 7
_TABY = 23


def survey_cells(codebook: Codebook, rows: int = _ROWS) -> pl.DataFrame:
    """A small faultless delivery in the 2024 variant: every answer 1, pupils in Täby 2024."""
    names = codebook.columns
    cells: dict[str, list[object]] = {
        names.wave[0]: [2024] * rows,
        names.school_municipality[0]: [_TABY] * rows,
        names.school_code[0]: ["00160001"] * rows,
        names.grade[0]: [9] * rows,
        names.sex[0]: [1 + n % 2 for n in range(rows)],
    }
    return pl.DataFrame(cells | {name: [1] * rows for name in codebook.items})


def _labels(codebook: Codebook) -> dict[str, dict[int, str]]:
    survey = load_catalogue().survey
    labels = {name: survey.answers(item) for name, item in codebook.items.items() if survey.by_key[item].type == "choice"}
    return labels | {codebook.columns.grade[0]: {9: "Åk 9", 2: "Gy 2"}, codebook.columns.sex[0]: {1: "Pojke", 2: "Flicka"}}


def _write_sav(path: Path, cells: pl.DataFrame, labels: dict[str, dict[int, str]]) -> None:
    pyreadstat.write_sav(cells, str(path), file_label="SYNTETISKA DATA", variable_value_labels=labels, row_compress=True)


def write_bad_files(folder: Path) -> dict[str, str]:
    """Write one file of each kind of mistake.

    Args:
        folder: existing folder, usually an inbox.

    Returns:
        File name -> code of the `PipelineError` that the file should lead to.
    """
    codebook = next(b for b in load_catalogue().codebooks if b.match_by == "code")
    good, labels = survey_cells(codebook), _labels(codebook)
    columns = codebook.columns
    csv_text = good.with_columns(pl.lit("Åk 9").alias(columns.grade[0]), pl.lit("Flicka").alias(columns.sex[0]))

    (folder / "text.sav").write_text("Detta är ingen SPSS-fil.\n" * 20, encoding="utf-8")
    _write_sav(folder / "avklippt.sav", pl.concat([good] * 40), labels)
    whole = (folder / "avklippt.sav").read_bytes()
    (folder / "avklippt.sav").write_bytes(whole[: len(whole) * 2 // 3])
    (folder / "tom.csv").write_bytes(b"")
    (folder / "utf16.csv").write_bytes(csv_text.write_csv(separator=";").encode("utf-16"))
    broken = csv_text.write_csv(separator=";").encode("cp1252").replace(b"Flicka", b"Fl\x81\x8dcka")
    (folder / "trasiga_tecken.csv").write_bytes(broken)
    _write_other_workbook(folder / "budget.xlsx")
    _write_sav(folder / "okand_kod.sav", good.with_columns(pl.lit(_NO_SUCH_CODE).alias("F55e")), labels)
    csv_text.drop(columns.grade[0]).write_csv(folder / "utan_arskurs.csv", separator=";")
    return {
        "text.sav": "unreadable",
        "avklippt.sav": "truncated",
        "tom.csv": "empty",
        "utf16.csv": "wrong_encoding",
        "trasiga_tecken.csv": "wrong_encoding",
        "budget.xlsx": "unknown_variables",
        "okand_kod.sav": "unknown_code",
        "utan_arskurs.csv": "missing_column",
    }


def _write_other_workbook(path: Path) -> None:
    """A workbook that has nothing to do with the survey."""
    book = xlsxwriter.Workbook(str(path), {"in_memory": True})
    sheet = book.add_worksheet("Budget")
    sheet.write_row(0, 0, ["Konto", "Ansvar", "Utfall", "Budget"])
    for row in range(1, 9):
        sheet.write_row(row, 0, [4000 + row, "Skola", 100 * row, 110 * row])
    book.close()
