"""PowerPoint: slides (hidden ones too), notes, comments, tables, native charts with the numbers they keep."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from assets.file_scan.contents import Cell, Contents
from assets.file_scan.read_office import local, xml_of

PLACES = (
    (re.compile(r"ppt/slides/slide(\d+)\.xml"), "bild {}"),
    (re.compile(r"ppt/notesSlides/notesSlide(\d+)\.xml"), "bild {}, anteckningar"),
    (re.compile(r"ppt/comments/\w*?(\d+)\.xml"), "kommentar {}"),
    (re.compile(r"ppt/charts/chart(\w+)\.xml"), "diagram {}"),
    (re.compile(r"ppt/slideLayouts/slideLayout(\d+)\.xml"), "sidmall {}"),
    (re.compile(r"ppt/(slideMasters|notesMasters|handoutMasters)/\w+\.xml"), "mallen {}"),
)


def read_slides(name: str, parts: dict[str, bytes], found: Contents) -> set[str]:
    """Take in the slides; gives the parts that were read."""
    read = set()
    for part, raw in sorted(parts.items()):
        match = next(((p.fullmatch(part), words) for p, words in PLACES if p.fullmatch(part)), None)
        if match is None:
            continue
        read.add(part)
        place = match[1].format(match[0][1])  # type: ignore[index]
        tree = xml_of(name, part, raw, found)
        if tree is None:
            continue
        if local(tree.tag) == "chartSpace":
            _chart(name, place, tree, found)
        else:
            _slide(name, place, part, tree, found)
    return read


def _slide(name: str, place: str, part: str, tree: Element, found: Contents) -> None:
    hidden = tree.get("show") in ("0", "false") or "notes" in part or "comments" in part
    if tree.get("show") in ("0", "false"):
        found.fault(name, place, "hidden_slide")
        place = f"{place} (dold)"
    if "comments" in part:
        found.fault(name, place, "comment")
    inside: set[int] = set()
    for number, table in enumerate((e for e in tree.iter() if local(e.tag) == "tbl"), 1):
        rows = [[text_of(cell) for cell in row if local(cell.tag) == "tc"] for row in table if local(row.tag) == "tr"]
        found.grid(name, f"{place}, tabell {number}", f"tabell {number}", rows, hidden=hidden)
        inside |= {id(e) for e in table.iter()}
    for element in tree.iter():
        tag = local(element.tag)
        if tag == "p" and id(element) not in inside:
            found.text(name, place, text_of(element), hidden=hidden)
        elif tag == "text" and element.text:
            found.text(name, place, element.text, hidden=hidden)
        elif tag == "cNvPr":
            found.texts(name, f"{place}, alternativtext", (element.get("descr") or "", element.get("title") or ""))
            if element.get("hidden") in ("1", "true"):
                found.fault(name, place, "invisible_text")


def text_of(element: Element) -> str:
    """The words of a paragraph or a cell."""
    words = []
    for inner in element.iter():
        tag = local(inner.tag)
        if tag == "t":
            words.append(inner.text or "")
        elif tag in ("br", "p"):
            words.append(" ")
    return " ".join("".join(words).split())


def _chart(name: str, place: str, tree: Element, found: Contents) -> None:
    """The cached numbers as a table: categories and a column per series; labels, titles and error bars beside it."""
    columns: list[tuple[str, dict[int, Cell]]] = []
    categories: dict[int, Cell] = {}
    errors: list[str] = []
    for series in (e for e in tree.iter() if local(e.tag) == "ser"):
        title, values = "", {}
        for part in series:
            tag = local(part.tag)
            if tag == "tx":
                title = " ".join(str(v) for v in _points(part).values())
            elif tag in ("cat", "xVal"):
                categories |= _points(part)
            elif tag in ("val", "yVal", "bubbleSize"):
                values = _points(part)
            elif tag == "errBars":
                errors += [str(v) for side in part for v in _points(side).values()]
        columns.append((title, values))
    last = max([-1, *categories, *(i for _, values in columns for i in values)])
    rows: list[list[Cell]] = [["", *(title for title, _ in columns)]]
    rows += [[categories.get(i), *(values.get(i) for _, values in columns)] for i in range(last + 1)]
    if columns:
        found.grid(name, f"{place}, sparade tal", place, rows)
    if errors:
        found.grid(name, f"{place}, felstaplar", place, [["felstapel"], *([_number(v)] for v in errors)])
    for element in tree.iter():
        if local(element.tag) == "t" and element.text:
            found.text(name, place, element.text)
        elif local(element.tag) == "externalData":
            continue


def _points(element: Element) -> dict[int, Cell]:
    found: dict[int, Cell] = {}
    for point in (e for e in element.iter() if local(e.tag) == "pt"):
        value = next((v.text for v in point if local(v.tag) == "v"), None)
        found[int(point.get("idx") or 0)] = (
            _number(value) if any(local(e.tag).startswith("num") for e in element.iter()) else value
        )
    return found


def _number(text: str | None) -> Cell:
    try:
        return float(text) if text else None
    except ValueError:
        return text
