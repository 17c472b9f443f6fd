"""Office Open XML files (PowerPoint, Word, Excel): what all three have besides their text, and who reads which part."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree.ElementTree import Element, ParseError, fromstring

from assets.file_scan.archives import archive_facts, entries
from assets.file_scan.contents import Contents, Limits

ReadInner = Callable[[str, bytes, Contents], None]
AUTHORS = {"creator", "lastModifiedBy", "Manager", "Company", "author"}
UNREAD = re.compile(
    r"\.(?:rels|thmx|vml|fntdata|ttf|odttf)$|theme/theme|(?:presProps|viewProps|tableStyles|styles|fontTable|webSettings|settings|calcChain|numbering)\.xml$|\[Content_Types\]"
)
"""Parts that hold drawing rules only; relationships and macros are looked for apart."""
OTHER_ENCODING = re.compile(rb"""(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*["'](?!utf-8["']|us-ascii["'])""", re.IGNORECASE)
"""Office writes UTF-8; in another encoding `<!ENTITY` would be other bytes."""
SILENT = {"graphicData", "style", "lang", "val", "uri"}
SPOKEN = {"descr", "title", "name"}


def local(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]


def xml_of(name: str, place: str, raw: bytes, found: Contents) -> Element | None:
    """The part as a tree; a finding when it is broken, declares entities, or is written so that a declaration can't be seen."""
    if b"<!ENTITY" in raw or b"<!DOCTYPE" in raw or b"\0" in raw or OTHER_ENCODING.match(raw):
        found.fault(name, place, "external_link")
        return None
    try:
        return fromstring(raw)
    except (ParseError, ValueError, LookupError):
        found.fault(name, place, "corrupt")
        return None


def read_office(name: str, raw: bytes, found: Contents, limits: Limits, inner: ReadInner) -> None:
    """A pptx, docx or xlsx file with everything in it."""
    from assets.file_scan.read_pptx import read_slides
    from assets.file_scan.read_xlsx import read_workbook

    office_facts(name, raw, found)
    parts = entries(name, raw, found, limits)
    if not parts:
        return
    read: set[str] = set()
    if any(part.startswith("xl/") for part in parts):
        read = read_workbook(name, parts, found)
    elif any(part.startswith("ppt/") for part in parts):
        read = read_slides(name, parts, found)
    elif any(part.startswith("word/") for part in parts):
        read = read_document(name, parts, found)
    else:
        found.fault(name, "hela filen", "unknown_type")
    for part, content in sorted(parts.items()):
        if part not in read:
            other_part(name, part, content, found, inner)


def office_facts(name: str, raw: bytes, found: Contents) -> None:
    """The archive's own comment, extra fields and trailing bytes; order and dates of the parts say nothing."""
    own = Contents()
    archive_facts(name, raw, own)
    found.faults.extend(f for f in own.faults if f.rule not in ("entry_order", "entry_dates"))
    found.pieces.extend(p for p in own.pieces if p.kind != "name")


def other_part(name: str, part: str, raw: bytes, found: Contents, inner: ReadInner) -> None:
    """Relationships, properties, custom XML, embedded files, pictures and macros."""
    low = part.lower()
    if low.endswith(".rels"):
        relations(name, part, raw, found)
    elif "vbaproject" in low or "macrosheets" in low or "activex" in low:
        found.fault(name, part, "macro")
    elif "externallinks/" in low or "connections.xml" in low or "querytables/" in low:
        found.fault(name, part, "external_link")
        all_text(name, part, raw, found)
    elif low.startswith("docprops/") or "customxml/" in low:
        properties(name, part, raw, found)
    elif low.endswith((".xlsx", ".docx", ".pptx", ".bin", ".png", ".jpg", ".jpeg", ".svg", ".pdf", ".csv", ".zip", ".txt")):
        if "/embeddings/" in low and not low.endswith(".xlsx"):
            found.fault(name, part, "embedded_file")
        inner(f"{name} ⟩ {part}", raw, found)
    elif low.endswith(".xml"):
        if not UNREAD.search(part):
            all_text(name, part, raw, found, hidden=True)
    elif not UNREAD.search(part):
        found.fault(name, part, "unknown_type")


def relations(name: str, part: str, raw: bytes, found: Contents) -> None:
    """Links out of the file: web addresses readers can follow are let be, files and templates are not."""
    tree = xml_of(name, part, raw, found)
    for link in tree if tree is not None else ():
        if link.get("TargetMode") == "External":
            kind, target = (link.get("Type") or "").rpartition("/")[2], link.get("Target") or ""
            found.text(name, f"länk i {part}", target, "name")
            if kind != "hyperlink":
                found.fault(name, part, "external_link")


def properties(name: str, part: str, raw: bytes, found: Contents) -> None:
    """`docProps/*` and `customXml/*`: every text, with who made the file apart."""
    tree = xml_of(name, part, raw, found)
    for element in tree.iter() if tree is not None else ():
        kind = "author" if local(element.tag) in AUTHORS else "metadata"
        found.text(name, f"{part} {local(element.tag)}", element.text or "", kind, hidden=True)
        if part.startswith("customXml"):
            found.texts(
                name,
                f"{part} {local(element.tag)}",
                (v for k, v in element.attrib.items() if local(k) not in SILENT),
                hidden=True,
            )


def all_text(name: str, part: str, raw: bytes, found: Contents, *, hidden: bool = False) -> None:
    """Every text of a part that no reader knows, and every name and description in it."""
    tree = xml_of(name, part, raw, found)
    for element in tree.iter() if tree is not None else ():
        for text in (element.text, element.tail):
            if text and text.strip():
                found.text(name, part, text, hidden=hidden)
        for key, value in element.attrib.items():
            if local(key) in SPOKEN or local(key) in AUTHORS:
                found.text(name, f"{part} {local(key)}", value, "author" if local(key) in AUTHORS else "text", hidden=True)


def read_document(name: str, parts: dict[str, bytes], found: Contents) -> set[str]:
    """Word: paragraphs, tables, comments, tracked changes and hidden text."""
    read = set()
    for part, raw in sorted(parts.items()):
        if not re.fullmatch(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes|comments\w*|glossary/document)\.xml", part):
            continue
        read.add(part)
        tree = xml_of(name, part, raw, found)
        if tree is None:
            continue
        hidden = "comments" in part
        if hidden and any(local(e.tag) == "t" for e in tree.iter()):
            found.fault(name, part, "comment")
        for number, table in enumerate((e for e in tree.iter() if local(e.tag) == "tbl"), 1):
            rows = [[_text(cell) for cell in row if local(cell.tag) == "tc"] for row in table if local(row.tag) == "tr"]
            found.grid(name, f"tabell {number} i {part}", f"tabell {number}", rows)
        inside = {id(p) for t in tree.iter() if local(t.tag) == "tbl" for p in t.iter() if local(p.tag) == "p"}
        for number, paragraph in enumerate((e for e in tree.iter() if local(e.tag) == "p"), 1):
            if id(paragraph) not in inside:
                found.text(name, f"stycke {number} i {part}", _text(paragraph), hidden=hidden)
        for element in tree.iter():
            tag = local(element.tag)
            if tag in ("del", "ins", "moveFrom", "moveTo") and _text(element):
                found.fault(name, part, "tracked_change")
                found.text(name, f"spårad ändring i {part}", _text(element), hidden=True)
            elif tag == "vanish" and element.get(next(iter(element.attrib), ""), "1") not in ("0", "false"):
                found.fault(name, part, "invisible_text")
            elif tag in ("docPr", "cNvPr"):
                found.texts(name, f"bildens beskrivning i {part}", (element.get("descr") or "", element.get("title") or ""))
            elif tag in ("comment", "ins", "del"):
                found.texts(
                    name, f"{part} author", (v for k, v in element.attrib.items() if local(k) == "author"), "author", hidden=True
                )
    return read


def _text(element: Element) -> str:
    words = []
    for inner in element.iter():
        tag = local(inner.tag)
        if tag in ("t", "delText", "instrText"):
            words.append(inner.text or "")
        elif tag in ("tab", "br", "p", "tc"):
            words.append(" ")
    return " ".join("".join(words).split())
