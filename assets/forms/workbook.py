"""A form as an Excel workbook: guidance, what the form is about, and one sheet per section with drop-downs and checks.

Column A and the first row of each sheet are hidden and hold the ids by which the reader knows sheets, rows and columns again,
however people rename or move them. The sheets are protected without a password, so that only answer cells are written in by
mistake. Pure; the same arguments give the same bytes.
"""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from assets.forms import layout
from assets.forms.types import FILE_FORMAT, Field, FilledForm, FormDefinition, Section
from assets.forms.words import guide_lines

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2099, 12, 31)
WIDTHS = {"choice": 20.0, "choices": 13.0, "text": 38.0, "date": 13.0, "whole_number": 11.0}
LABEL_WIDTH, NUMBER_WIDTH, WIDEST = 46.0, 7.0, 190.0
"""Of the column of rows, with names or only numbers, and of what a printed page can hold and still be read.

A wider table goes on on the next page.
"""
LONGEST_MESSAGE, LONGEST_TITLE = 255, 32
EDITABLE = {"format_cells": False, "format_columns": True, "format_rows": True, "select_locked_cells": True}
MADE = datetime(2026, 1, 1, tzinfo=None)  # noqa: DTZ001 - a workbook's own date has no zone; fixed, so that bytes are the same
Values = Mapping[tuple[str, str, str], str]


def form_workbook(
    definition: FormDefinition, municipality: tuple[str, str] | None = None, round_: str = "", earlier: FilledForm | None = None
) -> bytes:
    """The form as XLSX.

    Args:
        municipality: code and name, written and locked when given. round_: the round, likewise.
        earlier: a filled form to start from; its answers are shown as they were.
    """
    return _Book(definition, municipality, round_, earlier).build()


class _Book:
    """A form's workbook under construction."""

    def __init__(
        self, definition: FormDefinition, municipality: tuple[str, str] | None, round_: str, earlier: FilledForm | None
    ) -> None:
        self.definition, self.municipality, self.round, self.earlier = definition, municipality, round_, earlier
        self.buffer = io.BytesIO()
        self.book = xlsxwriter.Workbook(self.buffer, OPTIONS)
        self.names = layout.sheet_names(definition)
        self.answers: Values = {(a.section, a.item_id, a.field): a.value for a in (earlier.answers if earlier else ())}
        self.lists: dict[tuple[str, ...], str] = {}
        base = {"font_name": "Arial", "font_size": 11, "valign": "top", "text_wrap": True}
        self.plain = self._format(base)
        self.line = self._format(base | {"text_wrap": False})
        self.title = self._format(base | {"bold": True, "font_size": 15, "text_wrap": False})
        self.bold = self._format(base | {"bold": True})
        self.header = self._format(base | {"bold": True, "bg_color": "#dfe8f0", "border": 1, "border_color": "#8a97a3"})
        self.label = self._format(base | {"border": 1, "border_color": "#c3ccd4"})
        self.fixed = self._format(base | {"border": 1, "border_color": "#c3ccd4", "bg_color": "#eeeeee"})
        open_cell = base | {"border": 1, "border_color": "#5b6b79", "bg_color": "#fffdf0", "locked": False}
        self.open = self._format(open_cell | {"num_format": "@"})
        self.open_choice = self._format(open_cell)
        self.open_mark = self._format(open_cell | {"align": "center"})
        self.open_date = self._format(open_cell | {"num_format": "yyyy-mm-dd", "align": "left"})

    def _format(self, properties: dict[str, Any]) -> Format:
        return self.book.add_format(properties)

    def build(self) -> bytes:
        """All sheets in reading order; the finished file."""
        self.book.set_properties({
            "title": self._title(), "subject": self.definition.title, "author": "Data i dialog", "created": MADE,
        })  # fmt: skip
        self.book.set_custom_property("Språk", "sv-SE")
        guide = self._page(layout.GUIDE_SHEET)
        about = self._page(layout.ABOUT_SHEET)
        pages = [(section, self._page(self.names[section.id])) for section in self.definition.sections]
        self.list_sheet = self.book.add_worksheet(layout.LIST_SHEET)
        self.list_sheet.hide()
        self._guide(guide)
        self._about(about)
        for section, page in pages:
            self._section(section, page)
        self.list_sheet.protect()
        self.book.close()
        return self.buffer.getvalue()

    def _title(self) -> str:
        place = f", {self.municipality[1]}" if self.municipality else ""
        return f"{self.definition.title}{place}" + (f", {self.round}" if self.round else "")

    def _page(self, name: str) -> Worksheet:
        sheet: Worksheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f"&L{_clip(self._title(), 90).replace('&', '&&')}&R&A, &P (&N)")
        return sheet

    def _guide(self, sheet: Worksheet) -> None:
        sheet.set_column(0, 0, 110, self.plain)
        for row, (kind, text) in enumerate(guide_lines(self.definition, self.names)):
            sheet.set_row(row, _height((text, 110)) + {"title": 8.0, "heading": 4.0}.get(kind, 0.0))
            sheet.write_string(row, 0, text, {"title": self.title, "heading": self.bold}.get(kind, self.plain))
        sheet.protect("", EDITABLE)

    def _about(self, sheet: Worksheet) -> None:
        for place, width in enumerate((4, 34, 44, 70)):
            sheet.set_column(place, place, width, self.plain, {"hidden": place == 0})
        sheet.set_row(0, None, None, {"hidden": True})
        sheet.write_string(0, 0, layout.ABOUT_MARK)
        sheet.write_string(1, 1, layout.ABOUT_SHEET, self.title)
        for place, text in enumerate(("Uppgift", "Ditt svar", "Så fyller du i"), 1):
            sheet.write_string(2, place, text, self.header)
        sheet.set_row(1, 24)
        facts = (
            ("format", "Format", FILE_FORMAT), ("kind", "Typ", self.definition.kind),
            ("version", "Version", self.definition.version),
        )  # fmt: skip
        row = 3
        for field in self.definition.head:
            row = self._head_field(sheet, row, field)
        for key, label, value in facts:
            sheet.write_string(row, 0, key)
            sheet.write_string(row, 1, label, self.label)
            sheet.write_string(row, 2, value, self.fixed)
            sheet.write_string(row, 3, "Fylls i av programmet.", self.label)
            row += 1
        sheet.freeze_panes(3, 0)
        sheet.repeat_rows(2)
        sheet.protect("", EDITABLE)

    def _head_choices(self, sheet: Worksheet, row: int, field: Field) -> int:
        """A head field of several choices: a line per choice, to be marked."""
        for choice in field.choices:
            label = f"{field.label}: {choice.label}"
            sheet.write_string(row, 0, f"{field.name}={choice.code}")
            sheet.write_string(row, 1, label, self.label)
            sheet.write_string(row, 3, "Skriv x om det stämmer.", self.label)
            sheet.set_row(row, max(_height((label, 34)), 20))
            sheet.write_blank(row, 2, None, self.open_mark)
            self._validate(sheet, (row, 2, row, 2), field)
            row += 1
        return row

    def _head_field(self, sheet: Worksheet, row: int, field: Field) -> int:
        """The line of a head field, and of the municipality's name after its code; the next free row."""
        if field.kind == "choices":
            return self._head_choices(sheet, row, field)
        known = {"municipality_code": self.municipality[0] if self.municipality else "", "round": self.round}.get(field.name, "")
        sheet.write_string(row, 0, field.name)
        label = "Kommunkod" if field.name == "municipality_code" else field.label
        sheet.write_string(row, 1, label + (" *" if field.required else ""), self.label)
        sheet.write_string(row, 3, field.guidance, self.label)
        sheet.set_row(row, max(_height((label, 34), (field.guidance, 70)), 20))
        if known:
            sheet.write_string(row, 2, known, self.fixed)
        elif field.name == "municipality_code":
            self._validate(sheet, (row, 2, row, 2), field, tuple(c.code for c in field.choices))
            sheet.write_blank(row, 2, None, self.open)
        else:
            self._answer_cell(sheet, row, 2, field, self._from_last_time(field))
            self._validate(sheet, (row, 2, row, 2), field)
        if field.name != "municipality_code":
            return row + 1
        sheet.write_string(row + 1, 0, "municipality")
        sheet.write_string(row + 1, 1, "Kommun", self.label)
        sheet.write_string(row + 1, 3, "" if known else "Välj kommun här, eller skriv kommunkoden ovanför.", self.label)
        if self.municipality:
            sheet.write_string(row + 1, 2, self.municipality[1], self.fixed)
        else:
            sheet.write_blank(row + 1, 2, None, self.open_choice)
            if field.choices:
                self._validate(sheet, (row + 1, 2, row + 1, 2), field)
        return row + 2

    def _from_last_time(self, field: Field) -> str:
        """Of an earlier form's head only the role: dates and numbers are this time's own."""
        return self.earlier.role if self.earlier and field.name == "role" else ""

    def _section(self, section: Section, sheet: Worksheet) -> None:
        columns, rows = layout.columns(section), layout.rows(section)
        intro = textwrap.wrap(section.intro, 150)
        header = 2 + len(intro)
        sheet.set_row(0, None, None, {"hidden": True})
        sheet.set_column(0, 0, 4, self.plain, {"hidden": True})
        label_width = LABEL_WIDTH if section.items else NUMBER_WIDTH
        sheet.set_column(1, 1, label_width, self.plain)
        sheet.write_string(0, 0, layout.SECTION_MARK + section.id)
        sheet.set_row(1, 24)
        sheet.write_string(1, 1, section.title, self.title)
        for number, line in enumerate(intro):
            sheet.write_string(2 + number, 1, line, self.line)
        sheet.write_string(header, 1, "Rad", self.header)
        sheet.set_row(header, _height(*((column.label + " *", WIDTHS[column.field.kind] * 0.9) for column in columns)))
        for place, column in enumerate(columns, 2):
            sheet.set_column(place, place, WIDTHS[column.field.kind], self.plain)
            sheet.write_string(0, place, column.key)
            sheet.write_string(header, place, column.label + (" *" if column.field.required else ""), self.header)
        named = layout.own_names(section)
        for number, row in enumerate(rows, header + 1):
            sheet.write_string(number, 0, row.id)
            text = row.label + (f"\n{row.guidance}" if row.guidance else "")
            sheet.set_row(number, max(_height((text, LABEL_WIDTH), *self._long_texts(section, row.id)), 20))
            if row.free and named:
                self._answer_cell(sheet, number, 1, layout.name_field(), self.answers.get((section.id, row.id, "name"), ""))
            else:
                sheet.write_string(number, 1, text, self.label)
            for place, column in enumerate(columns, 2):
                if column.field.name not in row.asked:
                    sheet.write_blank(number, place, None, self.fixed)
                    continue
                value = self.answers.get((section.id, row.id, column.field.name), "")
                if column.choice:
                    value = layout.CHOSEN if column.choice in value.split(";") else ""
                self._answer_cell(sheet, number, place, column.field, value)
        last = header + len(rows)
        for place, column in enumerate(columns, 2):
            if rows:
                self._validate(sheet, (header + 1, place, last, place), column.field)
        if named:
            first = last - section.free_rows + 1
            self._validate(sheet, (first, 1, last, 1), layout.name_field())
        wide = label_width + sum(WIDTHS[column.field.kind] for column in columns)
        sheet.fit_to_pages(math.ceil(wide / WIDEST), 0)
        sheet.repeat_columns(1)
        sheet.freeze_panes(header + 1, 2)
        sheet.repeat_rows(header)
        sheet.print_area(0, 1, last, 1 + max(len(columns), 1))
        sheet.protect("", EDITABLE)

    def _long_texts(self, section: Section, row: str) -> list[tuple[str, float]]:
        """Texts from last time in a row, with the width of their columns."""
        texts = [field for field in section.fields if field.kind == "text"]
        return [(self.answers.get((section.id, row, field.name), ""), WIDTHS["text"]) for field in texts]

    def _answer_cell(self, sheet: Worksheet, row: int, place: int, field: Field, value: str) -> None:
        """An open cell, with what was answered last time in the words that people choose among."""
        style = {"choice": self.open_choice, "choices": self.open_mark, "date": self.open_date}.get(field.kind, self.open)
        if field.kind == "choice" and value:
            known = {choice.code: choice.label for choice in field.choices}
            value = known.get(value, "")
        if not value:
            sheet.write_blank(row, place, None, self.open_choice if field.kind == "whole_number" else style)
        elif field.kind == "date":
            sheet.write_datetime(row, place, datetime.combine(date.fromisoformat(value), time()), style)
        elif field.kind == "whole_number":
            sheet.write_number(row, place, int(value), self.open_choice)
        else:
            sheet.write_string(row, place, value, style)

    def _validate(self, sheet: Worksheet, cells: tuple[int, int, int, int], field: Field, texts: tuple[str, ...] = ()) -> None:
        """The check of a field's cells, with its guidance as the message beside the cell."""
        said = {"input_title": _clip(field.label, LONGEST_TITLE), "input_message": _clip(field.guidance, LONGEST_MESSAGE)}
        rule, error = self._rule(field, texts)
        error_texts = {"error_title": "Det svaret går inte att läsa", "error_message": _clip(error, LONGEST_MESSAGE)}
        sheet.data_validation(*cells, rule | error_texts | (said if field.guidance else {}))

    def _rule(self, field: Field, texts: tuple[str, ...]) -> tuple[dict[str, Any], str]:
        if field.kind == "choices":
            return {"validate": "list", "source": [layout.CHOSEN]}, "Skriv x i rutan om svaret stämmer, annars lämnar du den tom."
        if field.kind == "choice" or texts:
            source = f"={self._list(texts or tuple(c.label for c in field.choices))}"
            return {"validate": "list", "source": source}, "Välj ett av svaren i listan (pilen till höger om cellen)."
        if field.kind == "date":
            rule = {"validate": "date", "criteria": "between", "minimum": FIRST_DAY, "maximum": LAST_DAY}
            return rule, "Skriv ett datum som år-månad-dag, till exempel 2026-11-22."
        if field.kind == "whole_number":
            low, high = field.low or 0, field.high if field.high is not None else 1_000_000
            rule = {"validate": "integer", "criteria": "between", "minimum": low, "maximum": high}
            return rule, f"Skriv ett heltal från {low} till {high}."
        rule = {"validate": "length", "criteria": "<=", "value": field.max_length}
        return rule, f"Skriv högst {field.max_length} tecken, och inga personuppgifter."

    def _list(self, texts: tuple[str, ...]) -> str:
        """Where a list of answers lies on the hidden sheet; inline lists can hold neither commas nor more than 255 characters."""
        if texts not in self.lists:
            place = len(self.lists)
            for row, text in enumerate(texts):
                self.list_sheet.write_string(row, place, text)
            self.lists[texts] = f"{layout.LIST_SHEET}!{xl_range_abs(0, place, max(len(texts) - 1, 0), place)}"
        return self.lists[texts]


def _height(*texts: tuple[str, float]) -> float:
    """Height in points of a row whose texts are wrapped in columns of some widths; programs don't measure it themselves."""
    lines = [sum(max(1, math.ceil(len(line) / (width * 1.2))) for line in text.split("\n")) for text, width in texts]
    return 15.0 * max(lines, default=1) + 2


def _clip(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
