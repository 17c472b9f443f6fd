"""Skolenkäten of other grades, and Skolinspektionen's rule recomputed.

Only åk 8 is bundled. The files for åk 5 and gymnasiet år 2 have the same layout, so workbooks true to it are built from åk 8's
with another title and other question texts; their numbers are åk 8's and mean nothing.
"""

from __future__ import annotations

import io
from functools import lru_cache

import polars as pl
import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from assets.methods.errors import PipelineError
from assets.registers import assemble, files, reading, skolenkaten
from assets.registers import skolenkaten_rule as rule
from assets.registers.models import RawRegister

CATALOGUE = files.load_register_catalogue()
AK8 = files.BUNDLED / "excelrapport-elever-grundskola-ak-8-2022.xlsx"
TITLES = {
    "ak5": "Skolenkäten 2022 -  Elever årskurs 5",
    "ak8": "Skolenkäten 2022 -  Elever årskurs 8",
    "gy2": "Skolenkäten 2022 -  Elever gymnasieskola år 2",
}
ORGANISERS = 8


@lru_cache(maxsize=1)
def bundled() -> RawRegister:
    return files.read_register_file(AK8)


def workbook(title: str, drop_index: str | None = None, rename: dict[str, str] | None = None, reword: bool = True) -> bytes:
    """Åk 8's first rows under another title, with other question texts."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for (name,), sheet in bundled().rows.group_by("source_sheet", maintain_order=True):
            page = book.add_worksheet(str(name).replace("8", "X"))
            country = sum((cells[1] or "").startswith(skolenkaten.COUNTRY_ROW) for cells in sheet["cells"].to_list())
            table = sheet.sort("source_row")["cells"].to_list()[: 3 + country + ORGANISERS]
            keep = _columns(table, drop_index)
            for r, cells in enumerate(table):
                for c, position in enumerate(keep):
                    text = cells[position]
                    if text is not None:
                        _write(page, r, c, _header(text, title, reword, rename or {}) if r == 0 else text)
    return buffer.getvalue()


def _columns(table: list[list[str | None]], drop_index: str | None) -> list[int]:
    """Positions to keep: without the block of one index and its questions."""
    keep, dropping = [], False
    for position in range(len(table[0])):
        top, bottom = table[0][position], table[2][position]
        if top and bottom == "Index":
            dropping = drop_index is not None and drop_index in top
        if not dropping:
            keep.append(position)
    return keep


def _header(text: str, title: str, reword: bool, rename: dict[str, str]) -> str:
    if text.startswith("Skolenkäten"):
        return title
    if text in rename:
        return rename[text]
    return f"På den här skolan: {text}" if reword and text.endswith(("?", "(-)")) else text


def _write(page: Worksheet, row: int, column: int, text: str) -> None:
    """Numbers as numbers, marks as text, as in the published file."""
    if row > 2 and text.replace(".", "", 1).isdigit():
        page.write_number(row, column, float(text))
    else:
        page.write_string(row, column, text)


@pytest.mark.parametrize("grade", ["ak5", "gy2"])
def test_the_grade_is_read_from_the_title_and_the_indices_get_its_keys(grade: str) -> None:
    raw = reading.read_register_bytes(workbook(TITLES[grade]), "vilket namn som helst.xlsx")
    assert (raw.kind, dict(raw.meta)) == ("skolenkaten", {"year": "2022", "grade": grade})
    values = assemble.parse_values(raw, CATALOGUE)
    assert set(values["source"]) == {"skolenkaten"}
    assert all(key.startswith(f"skolenkaten_{grade}_") for key in values["indicator_key"].unique())
    assert values["indicator_key"].n_unique() == 12
    ak8 = assemble.parse_values(bundled(), CATALOGUE)
    here = set(values.filter(pl.col("reason") == "ok")["area_code"])
    assert here
    same = ak8.filter(pl.col("area_code").is_in(list(here))).with_columns(pl.col("indicator_key").str.replace("ak8", grade))
    cell = ["indicator_key", "area_code", "sex", "value", "n", "reason"]
    shown = values.filter(pl.col("area_code").is_in(list(here))).select(cell)
    assert shown.join(same.select(cell), on=cell, how="anti", nulls_equal=True).is_empty()
    assert values.filter(~pl.col("area_code").is_in(list(here)))["reason"].unique().to_list() == ["missing"]


def test_all_three_grades_stand_beside_each_other() -> None:
    raws = [bundled(), *[reading.read_register_bytes(workbook(TITLES[g]), f"{g}.xlsx") for g in ("ak5", "gy2")]]
    values = assemble.build(raws, CATALOGUE).values
    counts = dict(
        values.with_columns(pl.col("indicator_key").str.extract(r"_(ak\d|gy\d)_").alias("g")).group_by("g").len().rows()
    )
    assert counts == {"ak8": 26 * (41 * 3 + 1), "ak5": 26 * (11 * 3 + 1), "gy2": 26 * (11 * 3 + 1)}


@pytest.mark.parametrize(
    ("title", "grade"),
    [
        ("Skolenkäten 2022 -  Elever årskurs 8", "ak8"),
        ("Skolenkäten 2023 – Elever åk 5", "ak5"),
        ("Skolenkäten 2022 - Elever gymnasieskolan årskurs 2", "gy2"),
        ("Skolenkäten 2024 - Elever i gymnasieskolan, år 2", "gy2"),
        ("Skolenkäten 2022 - Elever år 2", "gy2"),
    ],
)
def test_the_ways_a_title_may_name_the_grade(title: str, grade: str) -> None:
    rows = pl.DataFrame({"source_sheet": ["a"], "source_row": [1], "cells": [[title]]}, schema_overrides={"source_row": pl.Int64})
    kind, meta = reading.recognise(rows, "x.xlsx")
    assert (kind, meta["grade"]) == ("skolenkaten", grade)


def test_a_grade_that_the_catalogue_lacks_is_refused() -> None:
    raw = reading.read_register_bytes(workbook("Skolenkäten 2022 -  Elever årskurs 9"), "x.xlsx")
    with pytest.raises(PipelineError, match="ak9"):
        assemble.parse_values(raw, CATALOGUE)


def test_an_index_that_the_file_lacks_is_absent_and_an_unknown_one_stops() -> None:
    values = assemble.parse_values(
        reading.read_register_bytes(workbook(TITLES["ak5"], drop_index="Elevhälsa"), "x.xlsx"), CATALOGUE
    )
    gone = values.filter(indicator_key="skolenkaten_ak5_elevhalsa")
    assert gone.height == 26 * 3
    assert gone["reason"].unique().to_list() == ["absent_in_vintage"]
    renamed = workbook(TITLES["ak5"], rename={"9. Trygghet": "9. Hållbarhet"})
    with pytest.raises(PipelineError, match="okända: ”hållbarhet”"):
        assemble.parse_values(reading.read_register_bytes(renamed, "x.xlsx"), CATALOGUE)


def test_other_questions_stop_ak8_but_not_the_grades_without_listed_questions() -> None:
    reworded = reading.read_register_bytes(workbook(TITLES["ak8"]), "x.xlsx")
    with pytest.raises(PipelineError, match="på den här skolan"):
        assemble.parse_values(reworded, CATALOGUE)
    as_published = reading.read_register_bytes(workbook(TITLES["ak8"], reword=False), "x.xlsx")
    assert assemble.parse_values(as_published, CATALOGUE).height == 26 * (41 * 3 + 1)


def test_the_rule_holds_in_a_file_of_another_grade_without_a_list_of_its_questions() -> None:
    cells = skolenkaten.read_cells(reading.read_register_bytes(workbook(TITLES["gy2"]), "x.xlsx").rows)
    assert rule.question_means(cells).height >= 30
    assert rule.index_means(cells).height >= 11
    assert rule.disagreements(cells).is_empty()


# The rule


@pytest.mark.parametrize(
    ("options", "marked", "values"),
    [
        (["Alltid", "Ofta", "Ibland", "Sällan", "Aldrig", "Vet inte"], False, [10, 7.5, 5, 2.5, 0]),
        (["Alltid", "Ofta", "Ibland", "Sällan", "Aldrig", "Vet inte"], True, [0, 2.5, 5, 7.5, 10]),
        (["Aldrig", "Sällan", "Ibland", "Ofta", "Alltid", "Vet inte"], False, [10, 7.5, 5, 2.5, 0]),
        (["Helt och hållet", "Till stor del", "Till viss del", "Inte alls", "Vet inte"], False, [10, 6.67, 3.33, 0]),
        (["Mycket lätt", "Ganska lätt", "Ganska svårt", "Mycket svårt"], False, [10, 6.67, 3.33, 0]),
        (["Mycket bra", "Ganska bra", "Ganska dåligt", "Mycket dåligt"], True, [0, 3.33, 6.67, 10]),
    ],
)
def test_options_are_worth_what_the_explanations_say(options: list[str], marked: bool, values: list[float]) -> None:
    worth = rule.option_values(options, marked)
    assert [worth[o] for o in options if o != "Vet inte"] == values
    assert "Vet inte" not in worth


@pytest.mark.parametrize("options", [["Ja", "Nej"], ["Alltid", "Aldrig", "Ofta", "Sällan", "Ibland"], []])
def test_options_that_the_rule_does_not_know_are_refused(options: list[str]) -> None:
    with pytest.raises(PipelineError) as caught:
        rule.option_values(options, False)
    assert caught.value.code == "unknown_code"


def test_a_mask_takes_the_question_out_and_is_not_zero() -> None:
    cells = skolenkaten.read_cells(bundled().rows)
    means = rule.question_means(cells)
    masked = (
        cells.filter((pl.col("measure") == "Antal") & pl.col("option").is_not_null() & (pl.col("status") != "ok"))
        .filter(pl.col("option") != rule.LEFT_OUT)
        .select("source_row", "header")
        .unique()
    )
    assert masked.height > 1000
    assert means.join(masked, on=["source_row", "header"], how="inner").is_empty()


def test_a_wrong_published_mean_is_found() -> None:
    cells = skolenkaten.read_cells(bundled().rows)
    target = (
        (pl.col("source_row") == 4) & (pl.col("header") == "känner du dig trygg i skolan?") & (pl.col("measure") == "Medelvärde")
    )
    wrong = cells.with_columns(value=pl.when(target).then(pl.col("value") - 0.3).otherwise(pl.col("value")))
    found = rule.disagreements(wrong)
    assert found.select("source_row", "header").rows() == [(4, "känner du dig trygg i skolan?")]
    assert found["difference"][0] == pytest.approx(0.3, abs=0.06)
