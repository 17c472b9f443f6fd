"""The workbook: one real table per sheet, numbers as numbers, marks as text, no formulas, the same bytes every time."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import polars as pl
import pytest
from openpyxl.utils import get_column_letter

from assets.bundle.content import municipality_report
from assets.bundle.tables import bundle_tables
from assets.bundle.workbook import FIRST_ROW, PATH, workbook_files
from assets.charts.types import ReleaseFrames, Scope
from tests.support.sample_bundle import hide, sample_bundle_frames, sample_report_meta

META = sample_report_meta()
FRONT = ["Omslag", "Innehåll", "Så läser du", "Noteringar"]


def made(frames: ReleaseFrames, scope: Scope) -> bytes:
    content = municipality_report(frames, scope, META)
    return workbook_files(content, bundle_tables(frames, scope, META), META)[PATH]


@pytest.fixture(scope="module")
def raw() -> bytes:
    return made(*sample_bundle_frames())


@pytest.fixture(scope="module")
def book(raw) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(raw))


def records(sheet) -> list[dict[str, object]]:
    rows = list(sheet.iter_rows(min_row=FIRST_ROW, values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_the_first_sheets_say_what_it_is_and_link_to_every_table(book):
    assert book.sheetnames[:4] == FRONT
    assert {"Svar", "Index", "Register", "Utveckling", "Leveranskvalitet"} <= set(book.sheetnames)
    assert book["Omslag"]["A1"].value == "Data i dialog: tabeller för Botkyrka, 2024"
    cover = " ".join(str(cell.value) for (cell,) in book["Omslag"].iter_rows())
    assert "simulerade" in cover
    assert "SYNTETISKA DATA" in cover
    assert all(sheet.oddFooter.center.text == "SYNTETISKA DATA" for sheet in book.worksheets)
    linked = {cell.hyperlink.location.split("'")[1] for (cell,) in book["Innehåll"].iter_rows(min_row=3, max_col=1)}
    assert linked == set(book.sheetnames) - {"Omslag", "Innehåll"}
    marks = {row[0]: row[1] for row in book["Noteringar"].iter_rows(min_row=4, values_only=True)}
    assert marks["[c]"] == "Skyddat av sekretesskäl"
    assert set(marks) == {reason.mark for reason in META.charts.reasons.values() if reason.mark}


def test_every_sheet_holds_one_table_in_the_same_place(book):
    for sheet in book.worksheets[4:]:
        assert sheet.merged_cells.ranges == [] or not sheet.merged_cells.ranges
        (table,) = sheet.tables.values()
        assert table.ref == f"A{FIRST_ROW}:{get_column_letter(sheet.max_column)}{sheet.max_row}"
        assert table.autoFilter.ref == table.ref
        heads = [cell.value for cell in sheet[FIRST_ROW]]
        assert [column.name for column in table.tableColumns] == heads
        assert len(set(heads)) == len(heads)
        assert all(heads)
        assert sheet["A1"].value
        assert sheet["A3"].value.startswith("Käll")
        assert sheet["A4"].hyperlink.location == "'Innehåll'!A1"
        assert sheet.freeze_panes == f"B{FIRST_ROW + 1}"
        assert sheet.sheet_state == "visible"
        rows = list(sheet.iter_rows(min_row=FIRST_ROW + 1, values_only=True))
        assert all(any(value is not None for value in row) for row in rows)
    assert len({name for sheet in book.worksheets for name in sheet.tables}) == len(book.worksheets) - 1
    assert set(book.defined_names) == {f"Blad_{next(iter(s.tables))[7:]}" for s in book.worksheets[4:]}


def test_no_cell_is_a_formula_and_numbers_are_numbers(book):
    for sheet in book.worksheets:
        assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    for row in records(book["Index"]):
        if row["Märke"] is None:
            assert isinstance(row["Värde"], (int, float))
            assert isinstance(row["Antal elever (närmaste 5)"], int) or row["Antal elever (närmaste 5)"] == "[c]"
        else:
            assert row["Värde"] == row["Märke"]
            assert row["Skäl"]


def test_numbers_are_shown_the_swedish_way(book):
    sheet = book["Index"]
    column = [cell.value for cell in sheet[FIRST_ROW]].index
    value, unit, wave = (column(name) + 1 for name in ("Värde", "Enhet", "Mättillfälle"))
    formats = {"procent": "[$-41D]#,##0", "logit": "[$-41D]#,##0.00", "elever": "[$-41D]#,##0", "procentenheter": "[$-41D]#,##0"}
    seen = set()
    for row in range(FIRST_ROW + 1, sheet.max_row + 1):
        cell, word = sheet.cell(row, value), sheet.cell(row, unit).value
        if cell.data_type == "n":
            assert cell.number_format == formats[word]
            seen.add(word)
        assert sheet.cell(row, wave).number_format == "0"
    assert seen == set(formats)


def test_the_numbers_of_the_index_sheet_are_those_of_the_frames(book):
    frames, _ = sample_bundle_frames()
    wanted = {
        f"{r['wave']}/{r['area_code']}/{r['grade']}/{r['sex']}/{r['index_key']}/{r['measure']}": r["value"]
        for r in frames.index_results.filter(pl.col("area_code").is_in(["0127", "01"])).iter_rows(named=True)
    }
    got = {row["Tal-id"]: row["Värde"] if row["Märke"] is None else None for row in records(book["Index"])}
    assert got == wanted


def test_own_rows_and_the_newest_wave_stand_first(book):
    codes = [row["Områdeskod"] for row in records(book["Index"])]
    assert codes == sorted(codes, key=lambda code: code == "01")
    assert codes[0] == "0127"
    waves = [row["Mättillfälle"] for row in records(book["Index"]) if row["Områdeskod"] == "0127"]
    assert waves == sorted(waves, reverse=True)


def test_language_title_and_date_are_set(book, raw):
    assert book.properties.language == "sv-SE"
    assert book.properties.title == "Data i dialog: tabeller för Botkyrka, 2024"
    assert book.properties.created.isoformat() == "2026-03-12T00:00:00"
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert not [name for name in archive.namelist() if "vba" in name.lower() or "externalLink" in name]


def test_the_bytes_are_the_same_whatever_order_the_rows_had(raw):
    frames, scope = sample_bundle_frames()
    turned = ReleaseFrames(
        frames.index_results.sample(fraction=1.0, shuffle=True, seed=2), frames.response_rates.reverse(),
        frames.register_values.reverse(), frames.delivery_quality.reverse(), trends=frames.trends.reverse(),
    )  # fmt: skip
    assert made(turned, scope) == raw


def test_text_that_looks_like_a_formula_stays_text():
    frames, scope = sample_bundle_frames()
    evil = '=HYPERLINK("http://x","a")&<b>\x07'
    planted = frames.register_values.with_columns(area_name=pl.lit(evil))
    given = ReleaseFrames(frames.index_results, frames.response_rates, planted, frames.delivery_quality)
    book = openpyxl.load_workbook(io.BytesIO(made(given, scope)))
    first = book["Register"].cell(FIRST_ROW + 1, 1)
    assert first.data_type in ("s", "inlineStr")
    assert first.value == evil.replace("\x07", "")


def test_a_municipality_where_all_is_hidden_gets_marks_and_no_empty_value():
    frames, scope = sample_bundle_frames("0140")
    book = openpyxl.load_workbook(io.BytesIO(made(hide(frames, "0140", "no_delivery"), scope)))
    own = [row for row in records(book["Index"]) if row["Områdeskod"] == "0140"]
    assert own
    assert {row["Värde"] for row in own} == {"[l]"}


def test_a_table_without_rows_says_so():
    frames, scope = sample_bundle_frames()
    given = ReleaseFrames(frames.index_results, frames.response_rates, frames.register_values, frames.delivery_quality.clear())
    sheet = openpyxl.load_workbook(io.BytesIO(made(given, scope)))["Leveranskvalitet"]
    assert sheet["A2"].value == "Tabellen har inga rader för Botkyrka."
    assert not sheet.tables
