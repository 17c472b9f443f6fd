"""The rows of an Excel sheet, cell by cell.

Most of a workbook's bytes are plain cells, which a pattern takes apart many times faster than a parser does. A sheet that isn't
written in just that way, to the last byte between its rows, goes through the parser as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from xml.etree.ElementTree import Element

from assets.file_scan.read_office import local

Value = str | float
FilledCell = tuple[int, Value, str | None]
"""Column from 0, what stands there, number of its style."""
_REFERENCE = re.compile(r"([A-Z]+)(\d+)")
_OPEN, _CLOSE = "<sheetData>", "</sheetData>"
_ROW = re.compile(r'<row((?: [\w:]+="[^"<>&]*")*+)(/?)>')
_ATTRIBUTE = re.compile(r' ([\w:]+)="([^"]*)"')
_PLAIN = r"[^<&\x00-\x08\x0b-\x1f]"
"""Letters that stand for themselves in XML, without those that a parser refuses or changes."""
_CELL = re.compile(
    r'<c(?: r="([A-Z]{1,3})\d+")?(?: s="(0|[1-9]\d*)")?(?: t="(\w+)")?(?:/>|>'
    rf'(?:<v>({_PLAIN}*+)</v>|<is><t(?: xml:space="preserve")?>((?:{_PLAIN}|&(?:amp|lt|gt|quot|apos);)*+)</t></is>)?</c>)'
)
_GROUPS = 5
_START = '<?xml version="1.0" encoding="UTF-8"'


@dataclass
class SheetRow:
    """A row with its filled cells in the order they are written, and the formulas of its cells as (cell, formula)."""

    number: int
    hidden: bool
    cells: list[FilledCell]
    formulas: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class PlainRows:
    """A sheet taken apart: its rows, and what is left of the file without them, to be parsed."""

    rows: list[SheetRow]
    rest: bytes


def plain_rows(raw: bytes, strings: Sequence[str], used: set[int]) -> PlainRows | None:
    """The rows of a sheet of plain cells only; None for every other, which `parsed_rows` reads.

    Args:
        strings: the workbook's shared strings. used: gets the numbers of those that the cells show.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not text.startswith(_START) or "<!" in text or text.count("<sheetData") != 1 or text.count(_CLOSE) != 1:
        return None
    before, _, rest = text.partition(_OPEN)
    data, _, after = rest.partition(_CLOSE)
    shown: set[int] = set()
    rows = _plain_sheet(data, strings, shown) if after else None
    if rows is None:
        return None
    used |= shown
    return PlainRows(rows, f"{before}{_OPEN}{_CLOSE}{after}".encode())


def _plain_sheet(data: str, strings: Sequence[str], used: set[int]) -> list[SheetRow] | None:
    rows: list[SheetRow] = []
    for text in data.split("</row>"):
        at, opened = 0, False
        while not opened and at < len(text):
            start = _ROW.match(text, at)
            if start is None:
                return None
            at, opened = start.end(), not start[2]
            told = dict(_ATTRIBUTE.findall(start[1]))
            rows.append(SheetRow(int(told.get("r") or len(rows) + 1), told.get("hidden") in ("1", "true"), []))
        cells = _plain_cells(text[at:], strings, used) if opened else []
        if cells is None:
            return None
        if opened:
            rows[-1].cells = cells
    return None if opened else rows


def _plain_cells(body: str, strings: Sequence[str], used: set[int]) -> list[FilledCell] | None:
    parts = _CELL.split(body)
    if any(parts[:: _GROUPS + 1]):
        return None
    cells: list[FilledCell] = []
    column = -1
    letters, styles, kinds, numbers, texts = (parts[at :: _GROUPS + 1] for at in range(1, _GROUPS + 1))
    for letter, style, kind, number, text in zip(letters, styles, kinds, numbers, texts, strict=True):
        column = _column(letter) if letter else column + 1
        if kind == "inlineStr":
            if number is not None:
                return None
            cells.append((column, unescape(text) if text and "&" in text else text or "", style))
        elif text is not None:
            return None
        elif number:
            value = _value(number, kind, strings, used)
            if value is not None:
                cells.append((column, value, style))
    return cells


def parsed_rows(tree: Element, strings: Sequence[str], used: set[int]) -> Iterator[SheetRow]:
    """The rows of any sheet. Raises ValueError for a row or a shared string whose number is none."""
    data = next((e for e in tree if local(e.tag) == "sheetData"), ())
    for count, row in enumerate(data, 1):
        told = SheetRow(int(row.get("r") or count), row.get("hidden") in ("1", "true"), [])
        column = -1
        for cell in row:
            match = _REFERENCE.match(cell.get("r") or "")
            column = _column(match[1]) if match else column + 1
            value = _parsed_value(cell, strings, used)
            if value is None:
                continue
            told.cells.append((column, value, str(int(cell.get("s") or 0))))
            if cell.find("{*}f") is not None:
                told.formulas.append((str(cell.get("r")), cell.findtext("{*}f") or ""))
        yield told


def _parsed_value(cell: Element, strings: Sequence[str], used: set[int]) -> Value | None:
    kind = cell.get("t")
    text = next((v.text for v in cell if v.tag.endswith("}v")), None)
    if kind != "inlineStr" and text is not None:
        return _value(text, kind, strings, used)
    inside = "".join(t.text or "" for t in cell.iter() if local(t.tag) == "t")
    return inside if inside or kind == "inlineStr" else None


def _value(text: str, kind: str | None, strings: Sequence[str], used: set[int]) -> Value | None:
    if kind == "s":
        number = int(text)
        used.add(number)
        return strings[number] if number < len(strings) else None
    if kind in ("str", "e", "b", "d"):
        return text
    try:
        return float(text)
    except ValueError:
        return text


@lru_cache(maxsize=20_000)
def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return min(number - 1, 16383)
