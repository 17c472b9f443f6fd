"""Names and texts that would run, read files or calculate if any format took them for more than text."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import polars as pl

SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"{SCRIPT}&\"'<img src=x onerror=alert(2)>"
TYPST = '#read("/etc/passwd") $a_b$ *fet* @ref <etikett>'
FORMULA = "=cmd|' /C calc'!A0"
MARKDOWN = "[klicka](javascript:alert(3)) | # ![x](http://x.example/y.png) `kod`"
VOID_HANDLERS = re.compile(r"^on[a-z]+$")


def renamed(value: Any, words: Mapping[str, str]) -> Any:
    """The same value with each of the words exchanged, in all texts of it: frames, dataclasses, mappings and sequences."""
    if isinstance(value, str):
        for old, new in words.items():
            value = value.replace(old, new)
        return value
    if isinstance(value, pl.DataFrame):
        texts = pl.col(pl.String)
        for old, new in words.items():
            texts = texts.str.replace_all(old, new.replace("$", "$$"), literal=False)
        return value.with_columns(texts)
    if is_dataclass(value) and not isinstance(value, type):
        given = {field.name: renamed(getattr(value, field.name), words) for field in fields(value) if field.init}
        return replace(value, **given)
    if isinstance(value, Mapping):
        return {key: renamed(one, words) for key, one in value.items()}
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(renamed(one, words) for one in value)
    return [renamed(one, words) for one in value] if isinstance(value, list) else value


class _Page(HTMLParser):
    """Gathers what a browser would run or fetch."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.text: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script"
        for name, value in attrs:
            if VOID_HANDLERS.match(name) or "javascript:" in (value or "").lower().replace(" ", "")[:20]:
                self.found.append(f"{tag} {name}")
            if tag == "img" and value == "x":
                self.found.append("img x")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            if data.strip().startswith("alert(") or "<script" in data:
                self.found.append("script")
        else:
            self.text.append(data)


def runs(name: str, content: bytes) -> list[str]:
    """What of the hostile texts a program would run in a page, picture or Office file; nothing when all of it is text.

    Raises:
        ElementTree.ParseError: an SVG or Office part isn't XML any more.
    """
    if name.endswith((".html", ".htm")):
        page = _Page()
        page.feed(content.decode())
        return page.found
    if name.endswith(".svg"):
        return _elements(content)
    if name.endswith((".xlsx", ".docx", ".pptx")):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = {part: packed.read(part) for part in packed.namelist() if part.endswith((".xml", ".rels", ".svg"))}
        of_cells = [part for part in parts if part.startswith("xl/worksheets/")]
        return [f"{part} {found}" for part, raw in parts.items() for found in _elements(raw, formulas=part in of_cells)]
    if name.endswith(".csv"):
        table = pl.read_csv(content, infer_schema=False)
        begins = pl.col(pl.String).str.contains(r"^\s*[=@]|^\s*[+\-][^\d,.\s]|^[\t\r]")
        return [f"formel i {column}" for column in table.columns if table.select(begins)[column].any()]
    return []


def _elements(raw: bytes, *, formulas: bool = False) -> list[str]:
    unwanted = {"script", "img", *(["f"] if formulas else [])}
    found = []
    for element in ElementTree.fromstring(raw).iter():
        tag = str(element.tag).rpartition("}")[2]
        if tag in unwanted or any(VOID_HANDLERS.match(key) for key in element.attrib):
            found.append(tag)
    return found
