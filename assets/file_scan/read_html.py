"""HTML pages and SVG pictures: text, tables, attributes, comments, scripts with their data,
and files inside `data:` addresses."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import unquote_to_bytes

from assets.file_scan.contents import Contents
from assets.file_scan.read_text import decoded, json_text

ReadInner = Callable[[str, bytes, Contents], None]
SAID = {
    "alt",
    "title",
    "aria-label",
    "aria-description",
    "aria-valuetext",
    "aria-roledescription",
    "placeholder",
    "summary",
    "label",
    "content",
    "value",
}
LINKS = {"href", "xlink:href", "src", "action", "data", "srcset", "poster"}
BREAKS = {
    "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "td", "th", "tr", "caption", "text", "title", "desc", "figcaption",
    "summary", "dt", "dd", "option", "br", "label",
}  # fmt: skip
ENDINGS = {
    "image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg", "application/json": "json",
    "text/csv": "csv", "text/html": "html", "text/plain": "txt",
}  # fmt: skip
CELLS = {"td", "th"}
INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d])")
_FETCH = re.compile(
    r"\b(?:fetch|XMLHttpRequest|importScripts|WebSocket|EventSource|sendBeacon)\b[^;]{0,80}https?:", re.IGNORECASE
)
_DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w=.-]+)*),([A-Za-z0-9+/=%._~:-]+)")
_JSON_LITERAL = re.compile(r"(?:=|\()\s*([\[{]\s*[\"\[{][^<]*?[\]}])\s*[;,)]", re.DOTALL)
LIBRARY_BYTES = 300_000
"""A script above this is a library: searched for data sets and addresses to fetch, not read as words."""


class _Page(HTMLParser):
    """Walks the page once. Place: the element's id or kind, so that a steward finds it."""

    def __init__(self, name: str, found: Contents, inner: ReadInner) -> None:
        super().__init__(convert_charrefs=True)
        self.file, self.found, self.inner = name, found, inner
        self.words: list[str] = []
        self.element, self.section = "sidan", ""
        self.script: tuple[str, str] | None = None
        self.style = False
        self.tables: list[tuple[str, list[list[str]]]] = []
        self.cell: list[str] | None = None
        self.in_svg = 0

    def place(self) -> str:
        return f"{self.element} i {self.section}" if self.section else self.element

    def flush(self) -> None:
        text = " ".join("".join(self.words).split())
        self.words = []
        if text and self.cell is None:
            self.found.text(self.file, self.place(), text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"path", "line"}:
            if any(key in ("aria-label", "title") or key.startswith("data-") for key, _ in attrs):
                self._attributes(tag, attrs)
            return
        if tag in BREAKS:
            if self.cell is not None:
                self.cell.append(" ")
            else:
                self.flush()
            self.element = f"<svg> <{tag}>" if self.in_svg else f"<{tag}>"
        self._opened(tag, attrs)
        self._attributes(tag, attrs)

    def _opened(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "svg":
            self.in_svg += 1
        elif tag == "script":
            found = dict(attrs)
            self.script = (found.get("type") or "", found.get("id") or "")
            if (found.get("src") or "").startswith(("http:", "https:", "//")):
                self.found.fault(self.file, "<script src>", "script_fetch")
        elif tag == "style":
            self.style = True
        elif tag == "table":
            self.tables.append((dict(attrs).get("id") or "", []))
        elif tag == "tr" and self.tables:
            self.tables[-1][1].append([])
        elif tag in CELLS and self.tables and self.tables[-1][1]:
            self.cell = []
        elif tag in ("iframe", "object", "embed", "audio", "video"):
            self.found.fault(self.file, f"<{tag}>", "embedded_file")

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if not value:
                continue
            if key in SAID or key.startswith("data-"):
                kind = "<svg>" if self.in_svg or tag == "svg" else f"<{tag}>"
                author = tag == "meta" and key == "content" and dict(attrs).get("name") == "author"
                self.found.text(self.file, f"{kind} {key}", value, "author" if author else "text")
            elif key == "id" and tag in ("section", "table", "figure", "details", "article"):
                self.section = value
            elif key == "style" and INVISIBLE.search(value):
                self.found.fault(self.file, f"<{tag}> style", "invisible_text")
            if key in LINKS:
                if value.startswith("data:"):
                    self._data_uri(f"<{tag}> {key}", value)
                elif value.startswith(("file:", "/", "\\")) or re.match(r"[A-Za-z]:[\\/]", value):
                    self.found.text(self.file, f"<{tag}> {key}", value, "name")
                elif tag not in ("a", "link", "use") and value.startswith(("http:", "https:")):
                    self.found.fault(self.file, f"<{tag}> {key}", "external_link")
                elif value.startswith("mailto:"):
                    self.found.text(self.file, f"<{tag}> {key}", value)

    def _data_uri(self, place: str, value: str) -> None:
        for match in _DATA_URI.finditer(value):
            kind, options, body = match.groups()
            try:
                raw = (
                    base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
                    if "base64" in options
                    else unquote_to_bytes(body)
                )
            except (binascii.Error, ValueError):
                self.found.fault(self.file, place, "corrupt")
                continue
            ending = ENDINGS.get(kind or "text/plain")
            if ending:
                self.inner(f"{self.file} ⟩ {place}.{ending}", raw, self.found)
            elif kind not in ("font/woff2", "font/woff", "font/ttf", "application/font-woff2"):
                self.found.fault(self.file, place, "unknown_type")

    def handle_endtag(self, tag: str) -> None:
        if tag == "svg":
            self.in_svg = max(0, self.in_svg - 1)
        elif tag == "script":
            self.script = None
        elif tag == "style":
            self.style = False
        elif tag in CELLS and self.cell is not None:
            self.tables[-1][1][-1].append(" ".join("".join(self.cell).split()))
            self.cell = None
        elif tag == "table" and self.tables:
            name, rows = self.tables.pop()
            self.found.grid(
                self.file, f"tabellen {name}" if name else self.place(), name.removesuffix("-tabell"), [r for r in rows if r]
            )
        if tag in BREAKS:
            self.flush()

    def handle_data(self, data: str) -> None:
        if self.script is not None:
            self._script(data, *self.script)
        elif self.style:
            if "url(" in data:
                self._styles(data)
        elif self.cell is not None:
            self.cell.append(data)
        else:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.found.text(self.file, "en kommentar", data, hidden=True)

    def handle_decl(self, decl: str) -> None:
        if "ENTITY" in decl.upper():
            self.found.fault(self.file, "dokumenttypen", "external_link")

    def handle_pi(self, data: str) -> None:
        if not data.startswith("xml "):
            self.found.text(self.file, "en instruktion", data, hidden=True)

    def unknown_decl(self, data: str) -> None:
        self.words.append(data.removeprefix("CDATA["))

    def _styles(self, data: str) -> None:
        for match in re.finditer(r"url\(\s*['\"]?([^'\")]+)", data):
            if match[1].startswith("data:"):
                self._data_uri("<style>", match[1])
            elif match[1].startswith(("http", "//")):
                self.found.fault(self.file, "<style>", "external_link")

    def _script(self, data: str, kind: str, name: str) -> None:
        place = f"<script id={name}>" if name else "<script>"
        if "json" in kind:
            json_text(self.file, place, data, self.found)
            return
        if _FETCH.search(data):
            self.found.fault(self.file, place, "script_fetch")
        for match in _JSON_LITERAL.finditer(data) if len(data) < LIBRARY_BYTES else ():
            try:
                json.loads(match[1])
            except ValueError:
                continue
            json_text(self.file, place, match[1], self.found)
        if len(data) < LIBRARY_BYTES:
            for match in re.finditer(r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`|//[ \t]([^\n]*)", data):
                self.found.text(self.file, place, next(filter(None, match.groups()), ""), hidden=True)


def read_page(name: str, raw: bytes, found: Contents, inner: ReadInner) -> None:
    """An HTML page or an SVG picture. `inner` reads files that lie inside."""
    text = decoded(name, raw, found)
    if text is None:
        return
    page = _Page(name, found, inner)
    page.feed(text)
    page.close()
    page.flush()
    if "<" not in text or page.script is not None or page.tables:
        found.fault(name, "hela filen", "corrupt")
