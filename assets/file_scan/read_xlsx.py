"""Excel: every sheet, hidden or not, raw values beside their number formats, names, comments and caches."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element

from assets.file_scan.contents import Cell, Contents
from assets.file_scan.read_office import local, xml_of
from assets.file_scan.sheet_rows import SheetRow, parsed_rows, plain_rows

_BUILT_IN_DECIMALS = {1: 0, 2: 2, 3: 0, 4: 2, 9: 0, 10: 2, 37: 0, 38: 0, 39: 2, 40: 2}
_CODE = re.compile(r"&(?:[LCRPNDTZFAGBIUESXY]|\"[^\"]*\"|\d+)")
"""Codes of page headers: side, font and size."""
FEW = 4
"""So many filled cells does a row have at least that is a header below a sheet's title and notes."""


def read_workbook(name: str, parts: dict[str, bytes], found: Contents) -> set[str]:
    """Take in the workbook; gives the parts that were read."""
    read = {"xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"}
    book = xml_of(name, "xl/workbook.xml", parts.get("xl/workbook.xml", b""), found)
    if book is None:
        return read
    strings, used = _strings(name, parts, found), set()
    decimals = _decimals(name, parts, found)
    paths = _paths(name, parts, found)
    for sheet in (e for e in book.iter() if local(e.tag) == "sheet"):
        title, state = sheet.get("name") or "", sheet.get("state") or "visible"
        part = paths.get(next((v for k, v in sheet.attrib.items() if local(k) == "id"), ""), "")
        read.add(part)
        place = f'blad "{title}"' + (" (dolt)" if state != "visible" else "")
        if state != "visible":
            found.fault(name, place, "hidden_sheet")
        found.text(name, place, title, "name")
        raw = parts.get(part, b"")
        try:
            plain = plain_rows(raw, strings, used)
            tree = xml_of(name, place, plain.rest if plain else raw, found)
            if tree is not None:
                rows = plain.rows if plain else parsed_rows(tree, strings, used)
                _sheet(name, place, title, tree, rows, decimals, found, hidden=state != "visible")
        except ValueError:
            found.fault(name, place, "corrupt")
    for entry in (e for e in book.iter() if local(e.tag) == "definedName"):
        told = entry.text or ""
        found.text(name, f"definierat namn {entry.get('name')}", f"{entry.get('name')} {told}", "name", hidden=True)
        if "!" not in told or "[" in told:
            found.fault(name, f"definierat namn {entry.get('name')}", "defined_constant")
            found.text(name, f"definierat namn {entry.get('name')}", f"{entry.get('name')} = {told}", hidden=True)
    unused = [text for number, text in enumerate(strings) if number not in used]
    found.texts(name, "delade texter utan cell", unused, hidden=True)
    return read | _side_parts(name, parts, found)


def _strings(name: str, parts: dict[str, bytes], found: Contents) -> list[str]:
    tree = xml_of(name, "delade texter", parts["xl/sharedStrings.xml"], found) if "xl/sharedStrings.xml" in parts else None
    return ["".join(t.text or "" for t in item.iter() if local(t.tag) == "t") for item in tree] if tree is not None else []


def _decimals(name: str, parts: dict[str, bytes], found: Contents) -> list[int | None]:
    """Style number -> decimals that its number format shows; None for a general format, -1 for one that shows nothing."""
    tree = xml_of(name, "stilar", parts["xl/styles.xml"], found) if "xl/styles.xml" in parts else None
    if tree is None:
        return []
    formats = {int(e.get("numFmtId") or 0): e.get("formatCode") or "" for e in tree.iter() if local(e.tag) == "numFmt"}
    styles = next((e for e in tree if local(e.tag) == "cellXfs"), ())
    return [_shown(int(style.get("numFmtId") or 0), formats) for style in styles]


def _shown(number: int, formats: dict[int, str]) -> int | None:
    code = formats.get(number)
    if code is None:
        return _BUILT_IN_DECIMALS.get(number)
    bare = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", code).split(";")[0]
    if not re.search(r"[0#?]", bare):
        return -1 if not re.search(r"General|@|[ymdhs]", bare) else None
    if "%" in bare or "/" in bare or "E" in bare:
        return None
    return len(bare.partition(".")[2].rstrip(" ,_")) if "." in bare else 0


def _paths(name: str, parts: dict[str, bytes], found: Contents) -> dict[str, str]:
    tree = xml_of(name, "xl/_rels/workbook.xml.rels", parts.get("xl/_rels/workbook.xml.rels", b""), found)
    links = tree if tree is not None else ()
    return {e.get("Id") or "": ("xl/" + (e.get("Target") or "")).replace("xl//xl/", "xl/") for e in links}


def _sheet(
    name: str,
    place: str,
    title: str,
    tree: Element,
    written: Iterable[SheetRow],
    decimals: list[int | None],
    found: Contents,
    *,
    hidden: bool,
) -> None:
    """The sheet's title and notes as texts, its table as a grid. `tree`: the sheet, with or without its rows."""
    rows: list[tuple[int, list[Cell]]] = []
    hidden_columns = _hidden_columns(name, place, tree, found)
    hiding = {str(style): shown for style, shown in enumerate(decimals) if shown is not None}
    for row in written:
        cells: list[Cell] = []
        for column, value, style in row.cells:
            cells.extend([None] * (column - len(cells)))
            cells[column:] = [value]
            if style in hiding and isinstance(value, float) and _hides(value, hiding[style]):
                found.fault(name, f"{place} rad {row.number}", "hidden_decimals", value)
            if column in hidden_columns:
                found.text(name, f"{place}, dold kolumn, rad {row.number}", str(value), hidden=True)
        for cell, formula in row.formulas:
            found.text(name, f"{place} formel i {cell}", formula, "name", hidden=True)
        if row.hidden:
            found.fault(name, f"{place} rad {row.number} (dold)", "hidden_row")
        rows.append((row.number, cells))
    start = _header(rows)
    for number, cells in rows[:start]:
        found.texts(name, f"{place} rad {number}", (_written(c) for c in cells if c is not None), hidden=hidden)
    if rows[start:]:
        filled = [(number, cells) for number, cells in rows[start:] if cells]
        found.grid(name, place, title, [cells for _, cells in filled], numbers=[number for number, _ in filled], hidden=hidden)
    for extra in tree:
        if local(extra.tag) in ("headerFooter", "dataValidations", "conditionalFormatting"):
            found.texts(
                name,
                f"{place} {local(extra.tag)}",
                (_CODE.sub(" ", e.text or "") for e in extra.iter() if local(e.tag) != "sqref"),
                hidden=True,
            )
            found.texts(name, f"{place} {local(extra.tag)}", (e.get("prompt") or "" for e in extra.iter()), hidden=True)


def _written(cell: Cell) -> str:
    return f"{cell:g}".replace(".", ",") if isinstance(cell, float) else str(cell)


def _hides(value: float, shown: int) -> bool:
    """Whether the number format shows fewer decimals than the cell holds, or nothing at all."""
    return shown < 0 or (not value.is_integer() and abs(value - round(value, shown)) > 1e-9)


def _hidden_columns(name: str, place: str, tree: Element, found: Contents) -> set[int]:
    hidden: set[int] = set()
    for column in (c for cols in tree if local(cols.tag) == "cols" for c in cols):
        if column.get("hidden") in ("1", "true"):
            found.fault(name, f"{place} kolumn {column.get('min')}", "hidden_row")
            hidden |= set(range(int(column.get("min") or 1) - 1, min(int(column.get("max") or 1), 16384)))
    return hidden


def _header(rows: list[tuple[int, list[Cell]]]) -> int:
    """Place of the header: the first row of at least a few texts only; the first row when no row is."""
    for place, (_, cells) in enumerate(rows):
        if len([c for c in cells if isinstance(c, str) and c]) >= FEW and not any(isinstance(c, float) for c in cells):
            return place
    return 0


def _side_parts(name: str, parts: dict[str, bytes], found: Contents) -> set[str]:
    """Comments and pivot caches; tables repeat the headers and are left out."""
    read = set()
    for part, raw in sorted(parts.items()):
        comment, cache = "comments" in part.lower(), "pivotCache/" in part
        if part.startswith("xl/tables/"):
            read.add(part)
        if not (comment or cache) or part.endswith(".rels"):
            continue
        read.add(part)
        found.fault(name, part, "comment" if comment else "pivot_cache")
        tree = xml_of(name, part, raw, found)
        for element in tree.iter() if tree is not None else ():
            tag = local(element.tag)
            found.text(name, part, element.text or "", "author" if tag == "author" else "text", hidden=True)
            if tag in ("n", "s") and element.get("v"):
                found.text(name, part, f"antal: {element.get('v')}", hidden=True)
    return read
