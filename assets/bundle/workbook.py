"""`4_tabeller/tabeller.xlsx`: the bundle's tables for people and for Excel. Pure: frames in, the same bytes out every time.

Follows the guidance of the UK Government Analysis Function (2021), "Releasing statistics in spreadsheets": a cover, contents with
links, notes, then one table per sheet that starts in column A, with title, description and source above it, no merged cells, no
empty rows or columns, numbers as numbers and marks as text in the cell. No formulas, no hidden sheets, no macros.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from math import ceil
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from assets.bundle.sheet_xml import MOST_DECIMALS, PLACES, MarkRule, Styles, rows_xml
from assets.bundle.tables import SURVEY_TABLES
from assets.bundle.types import ReportContent, ReportMeta
from assets.bundle.words import say, source_line
from assets.bundle.workbook_tables import swedish_tables
from assets.charts import numbers
from assets.charts.types import COUNTY_CODE

PATH = "4_tabeller/tabeller.xlsx"
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
FIRST_ROW = 5
"""Number of the header row, from 1: title, description, source and the link back stand above it."""
SWEDISH = "[$-41D]"
"""Swedish in a number format: what draws the decimal comma and the blank between thousands."""
LINE = 15
"""Points of height per line of text."""
WIDEST, NARROWEST, SAMPLE = 48, 9, 400
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(frozen=True)
class Sheet:
    """One sheet with a table. `key`: name of the table in the bundle; `rows`: with Swedish headers."""

    key: str
    name: str
    title: str
    about: str
    source: str
    rows: pl.DataFrame

    @property
    def columns(self) -> list[str]:
        """Headers in order."""
        return [name for name in self.rows.columns if name != PLACES]


def workbook_files(content: ReportContent, tables: Mapping[str, pl.DataFrame], meta: ReportMeta) -> dict[str, bytes]:
    """The workbook by its path in the bundle. `tables`: what `assets.bundle.tables.bundle_tables` gives."""
    area = content.scope.area_code
    registers = " ".join(dict.fromkeys(source_line(g.source_line, g.source, tables["register_values"]) for g in meta.registers))
    sheets = [_sheet(key, _own_first(rows, area), registers, meta) for key, rows in _ordered(swedish_tables(tables, meta), meta)]
    return {PATH: _Book(content, meta).build(sheets)}


def _ordered(tables: Mapping[str, pl.DataFrame], meta: ReportMeta) -> list[tuple[str, pl.DataFrame]]:
    """In the order of the catalogue, tables it doesn't name last."""
    order = list(meta.texts["workbook"]["sheets"])
    return sorted(tables.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))


def _own_first(rows: pl.DataFrame, area: str) -> pl.DataFrame:
    """The municipality first, then its districts, the county last, newest first; otherwise the order is kept."""
    if "Områdeskod" not in rows.columns:
        return rows
    code = pl.col("Områdeskod")
    newest = [-pl.col(name) for name in ("Mättillfälle", "År") if name in rows.columns]
    by_indicator = [pl.col(name) for name in ("Mått-id",) if name in rows.columns]
    return rows.sort(code == COUNTY_CODE, code != area, code, *by_indicator, *newest, maintain_order=True)


def _sheet(key: str, rows: pl.DataFrame, registers: str, meta: ReportMeta) -> Sheet:
    """The sheet of one table. `registers`: the source of a table that is neither the survey's nor names its own."""
    told = meta.texts["tables"][key]
    name = str(meta.texts["workbook"]["sheets"].get(key, told["title"]))[:31]
    survey = key in SURVEY_TABLES
    mark = f"{meta.texts['common']['synthetic_short']}. " if meta.charts.synthetic and survey else ""
    source = told.get("source") or (meta.charts.survey_source if survey else registers)
    return Sheet(key, name, told["title"], mark + told["description"], source, rows)


class _Book:
    """A workbook under construction: xlsxwriter makes the frame, `rows_xml` the rows of the tables."""

    def __init__(self, content: ReportContent, meta: ReportMeta) -> None:
        self.content, self.meta = content, meta
        self.texts: Mapping[str, Any] = meta.texts["workbook"]
        self.areas: dict[str, str] = {}
        """Excel table -> its cells. They are made a row high and stretched at last: adding a table costs a step per cell."""
        self.buffer = io.BytesIO()
        self.book = xlsxwriter.Workbook(self.buffer, OPTIONS)
        self.title = say(meta.texts, "workbook.title", area=content.scope.area_name, wave=content.scope.wave)
        base = {"font_name": "Arial", "font_size": 11}
        self.plain = self._format(base | {"valign": "top"})
        self.wrapped = self._format(base | {"valign": "top", "text_wrap": True})
        self.heading = self._format(base | {"bold": True, "font_size": 15})
        self.header = self._format(base | {"bold": True, "text_wrap": True, "valign": "top"})
        self.link = self._format(base | {"font_color": "#0b5394", "underline": 1})
        self.text = self._format(base | {"indent": 1})
        self.year = self._format(base | {"num_format": "0", "align": "left", "indent": 1})
        self.number = [
            self._format(base | {"num_format": f"{SWEDISH}#,##0{'.' if n else ''}{'0' * n}", "align": "right"})
            for n in range(MOST_DECIMALS + 1)
        ]

    def _format(self, properties: dict[str, Any]) -> Format:
        return self.book.add_format(properties)

    def build(self, sheets: Sequence[Sheet]) -> bytes:
        """All sheets in reading order; the finished file."""
        made = datetime.combine(self.meta.released, time())
        names = {"title": self.title, "subject": self.texts["subject"], "author": self.meta.texts["header"]["product"]}
        self.book.set_properties({**names, "comments": self.content.synthetic, "created": made})
        self._cover()
        self._contents(sheets)
        self._reading()
        self._notes()
        filled: dict[str, Sheet] = {}
        for sheet in sheets:
            worksheet = self._table_sheet(sheet)
            if sheet.rows.height:
                filled[f"xl/worksheets/sheet{worksheet.index + 1}.xml"] = sheet
        self.book.close()
        styles = Styles(self.text.xf_index, self.year.xf_index, tuple(f.xf_index for f in self.number))
        return self._finish(filled, styles)

    def _page(self, name: str, widths: Iterable[float]) -> Worksheet:
        sheet: Worksheet = self.book.add_worksheet(name)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width, self.plain)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f"&L{self.title}&C{self._mark()}&R&P (&N)")
        return sheet

    def _mark(self) -> str:
        """What the cover and every printed page say when the answers are simulated."""
        return str(self.meta.texts["common"]["synthetic_short"]) if self.content.synthetic else ""

    def _cover(self) -> None:
        texts, common = self.texts["cover"], self.meta.texts
        sheet = self._page(texts["sheet"], [110])
        lines = [f"{label}: {value}" for label, value in self.content.facts]
        synthetic = f"{self._mark()}. {self.content.synthetic}" if self.content.synthetic else ""
        notices = [synthetic, common["readme"]["spread"][self.content.scope.edition], texts["contents"]]
        for row, line in enumerate([self.title, *lines, *filter(None, notices), common["method"]["attribution"]]):
            sheet.write_string(row, 0, line, self.heading if row == 0 else self.wrapped)
            _fit_row(sheet, row, [(line, 110)])

    def _contents(self, sheets: Sequence[Sheet]) -> None:
        texts = self.texts["contents"]
        sheet = self._page(texts["sheet"], [26, 80, 10])
        sheet.write_string(0, 0, texts["title"], self.heading)
        more = [(self.texts[key]["sheet"], self.texts[key]["title"], 0) for key in ("reading", "notes")]
        rows = [*more, *((s.name, s.title, s.rows.height) for s in sheets)]
        self._small_table(sheet, "Innehall", texts["columns"], rows, row=1)
        for place, (name, _, _) in enumerate(rows):
            sheet.write_url(2 + place, 0, f"internal:'{name}'!A1", self.link, name)

    def _reading(self) -> None:
        texts = self.texts["reading"]
        sheet = self._page(texts["sheet"], [24, 110])
        sheet.write_string(0, 0, texts["title"], self.heading)
        rows = [*self.content.reading[0].items, *texts["more"]]
        self._small_table(sheet, "Lasning", texts["columns"], rows, row=1)
        for place, (word, text) in enumerate(rows, start=2):
            _fit_row(sheet, place, [(word, 24), (text, 110)])

    def _notes(self) -> None:
        texts = self.texts["notes"]
        sheet = self._page(texts["sheet"], [12, 80, 24])
        sheet.write_string(0, 0, texts["title"], self.heading)
        sheet.write_string(1, 0, texts["intro"], self.plain)
        marks = [(r.mark, numbers.upper_first(r.text_sv), code) for code, r in self.meta.charts.reasons.items() if r.mark]
        self._small_table(sheet, "Marken", texts["columns"], marks, row=2)

    def _small_table(self, sheet: Worksheet, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], row: int) -> None:
        self._excel_table(sheet, name, columns, row, len(rows))
        for place, values in enumerate(rows, start=row + 1):
            for column, value in enumerate(values):
                if isinstance(value, str):
                    sheet.write_string(place, column, value, self.wrapped)
                elif value:
                    sheet.write_number(place, column, value, self.number[0])

    def _excel_table(self, sheet: Worksheet, name: str, columns: Sequence[str], row: int, height: int) -> None:
        heads = [{"header": column, "header_format": self.header} for column in columns]
        style = {"name": f"Tabell_{name}", "style": "Table Style Light 1", "columns": heads}
        sheet.add_table(row, 0, row + height, len(columns) - 1, style)

    def _table_sheet(self, table: Sheet) -> Worksheet:
        rows = table.rows
        sheet = self._page(table.name, _widths(rows.select(table.columns)))
        sheet.write_string(0, 0, table.title, self.heading)
        counts = {"rows": numbers.thousands(rows.height), "columns": numbers.thousands(len(table.columns))}
        size = say(self.meta.texts, "workbook.table_about", **counts)
        area = self.content.scope.area_name
        about = f"{table.about} {size}" if rows.height else say(self.meta.texts, "workbook.no_rows", area=area)
        sheet.write_string(1, 0, about, self.plain)
        sheet.write_string(2, 0, _source(table.source), self.plain)
        sheet.write_url(3, 0, f"internal:'{self.texts['contents']['sheet']}'!A1", self.link, self.texts["back"])
        if rows.height:
            self._frame(sheet, table)
        return sheet

    def _frame(self, sheet: Worksheet, table: Sheet) -> None:
        """The empty table: header, filter, name. The rows come later; cells of each format stand there till then."""
        rows, top, code = table.rows, FIRST_ROW - 1, table.key
        last, right = top + rows.height, len(table.columns) - 1
        self._excel_table(sheet, code, table.columns, top, 1)
        self.areas[f"Tabell_{code}"] = f"A{FIRST_ROW}:{xl_rowcol_to_cell(last, right)}"
        for place, kind in enumerate([self.text, self.year, *self.number], start=1):
            sheet.write_blank(top + place, 0, None, kind)
        sheet.set_row(top, LINE * 3)
        sheet.freeze_panes(top + 1, 1)
        sheet.repeat_rows(top)
        self.book.define_name(f"Blad_{code}", f"='{table.name}'!{xl_range_abs(top, 0, last, right)}")

    def _finish(self, filled: Mapping[str, Sheet], styles: Styles) -> bytes:
        """The workbook written anew with the tables' rows and the language, with fixed dates."""
        result = io.BytesIO()
        with zipfile.ZipFile(self.buffer) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                entry = zipfile.ZipInfo(name, ZIP_DATE)
                entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
                with target.open(entry, "w") as out:
                    for part in self._parts(name, source.read(name), filled, styles):
                        out.write(part)
        return result.getvalue()

    def _parts(self, name: str, raw: bytes, filled: Mapping[str, Sheet], styles: Styles) -> Iterable[bytes]:
        if name == "docProps/core.xml":
            language = f"<dc:language>{self.texts['language']}</dc:language></cp:coreProperties>"
            yield raw.replace(b"</cp:coreProperties>", language.encode())
        elif name.startswith("xl/tables/"):
            area = self.areas.get(raw.split(b'displayName="')[1].split(b'"')[0].decode())
            yield re.sub(rb' ref="[^"]*"', f' ref="{area}"'.encode(), raw) if area else raw
        elif name in filled:
            head, rest = raw.split(f'<row r="{FIRST_ROW + 1}"'.encode(), 1)
            rows, width = filled[name].rows, len(filled[name].columns)
            size = f'<dimension ref="A1:{xl_rowcol_to_cell(FIRST_ROW - 1 + rows.height, width - 1)}"/>'
            yield re.sub(rb"<dimension [^>]*/>", size.encode(), head, count=1)
            yield from rows_xml(rows, FIRST_ROW + 1, styles, self._marks(), self.texts["years"], self.texts["decimals"])
            yield b"</sheetData>" + rest.split(b"</sheetData>", 1)[1]
        else:
            yield raw

    def _marks(self) -> MarkRule:
        reasons = self.meta.charts.reasons
        hides = tuple(r.mark for r in reasons.values() if r.mark and not r.shown)
        return MarkRule(hides, reasons["suppressed"].mark, reasons["not_applicable"].mark)


def _fit_row(sheet: Worksheet, row: int, cells: Sequence[tuple[str, int]]) -> None:
    """Rows as high as their longest text needs at its column's width: no program but Excel does it by itself."""
    lines = max(ceil(len(text) / (1.15 * width)) for text, width in cells)
    if lines > 1:
        sheet.set_row(row, LINE * lines)


def _source(line: str) -> str:
    return line if line.startswith("Käll") else f"Källa: {line}"


def _widths(rows: pl.DataFrame) -> list[float]:
    """Characters per column: the longest text among the first rows, or the longest word of the header."""
    longest = rows.head(SAMPLE).select(pl.all().cast(pl.String).str.len_chars().max())
    found = dict(zip(longest.columns, longest.row(0), strict=True)) if longest.width else {}
    heads = {name: max((len(word) + 3 for word in name.split()), default=0) for name in found}
    return [float(min(WIDEST, max(NARROWEST, length or 0, heads[name]) + 1)) for name, length in found.items()]
