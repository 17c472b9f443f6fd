"""A Word file from plain blocks, written part by part. Pure: blocks in, bytes out, the same in every run.

Only the parts of Office Open XML (ECMA-376) that the document needs: real heading styles, tables whose header row is repeated, a
description per table for screen readers, the language, a title and no person's name. python-docx's template would bring along 900
kB of styles, a thumbnail and an author, so it isn't used for writing; the tests read the result with it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr

from assets.bundle.types import Bullets, Notice, Table, Text
from assets.bundle.writer import ZIP_DATE

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
PARTS = "application/vnd.openxmlformats-officedocument.wordprocessingml"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
LANGUAGE = "sv-SE"
AUTHOR = "Data i dialog"
TEXT_WIDTH = 9638
"""Width between the margins of an A4 page in twentieths of a point (17 cm)."""
LONGEST, SHORTEST = 44, 5
"""Characters: what a column's width is reckoned from at most and at least."""
CHARACTER, MARGIN = 105, 170
"""Twentieths of a point: a character of a table's text, and the margins of a cell."""
NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
BLUE, GREY, FILL = "1F4E79", "F2F2F2", "FFF4CE"


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 3."""

    level: int
    text: str


@dataclass(frozen=True)
class FillIn:
    """A place for the reader's own text."""

    text: str


Block = Heading | FillIn | Text | Bullets | Notice | Table


@dataclass(frozen=True)
class WordFile:
    """What a document is told besides its blocks. `mark`: bold in the header of every page, or nothing."""

    title: str
    header: str
    mark: str
    released: date


def docx_bytes(document: WordFile, blocks: Sequence[Block]) -> bytes:
    """The whole file as a zip: names sorted, fixed times."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in sorted(_parts(document, blocks).items()):
            entry = zipfile.ZipInfo(name, ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content.encode("utf-8"))
    return made.getvalue()


def _parts(document: WordFile, blocks: Sequence[Block]) -> Mapping[str, str]:
    body = "".join(_block(block) for block in blocks)
    page = (
        '<w:sectPr><w:headerReference w:type="default" r:id="rId1"/><w:footerReference w:type="default" r:id="rId2"/>'
        '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1304" w:right="1134" w:bottom="1134" w:left="1134" w:header="567"'
        ' w:footer="567" w:gutter="0"/></w:sectPr>'
    )
    title = _paragraph(document.title, "Title")
    return {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations(
            ("officeDocument", "word/document.xml"), ("extended-properties", "docProps/app.xml"), core="docProps/core.xml"
        ),
        "docProps/app.xml": HEAD
        + '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
        f"<Application>{AUTHOR}</Application></Properties>",
        "docProps/core.xml": _core(document),
        "word/_rels/document.xml.rels": _relations(
            ("header", "header1.xml"), ("footer", "footer1.xml"), ("styles", "styles.xml"), ("numbering", "numbering.xml"),
            ("settings", "settings.xml"),
        ),
        "word/document.xml": f'{HEAD}<w:document {W} xmlns:r="{RELATIONS}"><w:body>{title}{body}{page}</w:body></w:document>',
        "word/footer1.xml": f'{HEAD}<w:ftr {W}><w:p><w:pPr><w:pStyle w:val="Footer"/></w:pPr>{_run("Sida ")}'
        f'<w:fldSimple w:instr=" PAGE ">{_run("1")}</w:fldSimple></w:p></w:ftr>',
        "word/header1.xml": f'{HEAD}<w:hdr {W}><w:p><w:pPr><w:pStyle w:val="Header"/></w:pPr>'
        f"{_run(document.mark + '   ', bold=True) if document.mark else ''}{_run(document.header)}</w:p></w:hdr>",
        "word/numbering.xml": _numbering(),
        "word/settings.xml": f'{HEAD}<w:settings {W}><w:defaultTabStop w:val="720"/><w:compat><w:compatSetting '
        'w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
        f'<w:themeFontLang w:val="{LANGUAGE}"/></w:settings>',
        "word/styles.xml": _styles(),
    }  # fmt: skip


def _block(block: Block) -> str:
    match block:
        case Heading():
            return _paragraph(block.text, f"Heading{block.level}")
        case FillIn():
            return _paragraph(block.text, "FillIn")
        case Bullets():
            return "".join(_paragraph(item, "ListBullet") for item in block.items)
        case Notice():
            return _paragraph(f"{block.strong} {block.text}".strip(), "Notice")
        case Table():
            return _table(block)
        case Text():
            return _paragraph(block.text, "Source" if block.tone == "source" else "")


def _paragraph(text: str, style: str = "") -> str:
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{named}{_run(text)}</w:p>"


def _run(text: str, *, bold: bool = False) -> str:
    """A run of text; line breaks are kept, characters that XML can't hold are left out."""
    lines = escape(NOT_IN_XML.sub("", text)).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    inside = "<w:br/>".join(f'<w:t xml:space="preserve">{line}</w:t>' for line in lines)
    return f"<w:r>{'<w:rPr><w:b/></w:rPr>' if bold else ''}{inside}</w:r>"


def _table(table: Table) -> str:
    widths = column_widths(table)
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    head = _row(table.columns, widths, table.numeric, head=True)
    rows = "".join(_row([str(cell) for cell in row], widths, table.numeric) for row in table.rows)
    told = quoteattr(NOT_IN_XML.sub("", f"{table.caption}. Kolumner: {', '.join(table.columns)}."))
    note = _paragraph(table.note, "TableNote")
    return (
        f"{_paragraph(table.caption, 'Caption')}<w:tbl><w:tblPr>"
        f'<w:tblStyle w:val="TableGrid"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        f'<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
        f"<w:tblCaption w:val={quoteattr(NOT_IN_XML.sub('', table.caption))}/><w:tblDescription w:val={told}/></w:tblPr>"
        f"<w:tblGrid>{grid}</w:tblGrid>{head}{rows}</w:tbl>{note}"
    )


def _row(cells: Sequence[str], widths: Sequence[int], numeric: frozenset[int], *, head: bool = False) -> str:
    """A row that isn't split over pages; the header row is repeated on every page."""
    kind = "<w:cantSplit/><w:tblHeader/>" if head else "<w:cantSplit/>"
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{GREY}"/>' if head else ""
    made = []
    for place, (text, width) in enumerate(zip(cells, widths, strict=True)):
        colour = f'<w:shd w:val="clear" w:color="auto" w:fill="{FILL}"/>' if not head and text.startswith("[Fyll i") else shade
        side = '<w:jc w:val="right"/>' if place in numeric else ""
        look = f'<w:pPr><w:pStyle w:val="{"TableHead" if head else "TableText"}"/>{side}</w:pPr>'
        made.append(f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{colour}</w:tcPr><w:p>{look}{_run(text)}</w:p></w:tc>')
    return f"<w:tr><w:trPr>{kind}</w:trPr>{''.join(made)}</w:tr>"


def column_widths(table: Table) -> list[int]:
    """Widths that fill the page: by the longest text of each column, never narrower than its longest word."""
    texts = [[name, *(str(row[place]) for row in table.rows)] for place, name in enumerate(table.columns)]
    words = [max((len(word) for text in column for word in text.split()), default=0) for column in texts]
    wanted = [min(max(len(text) for text in column), LONGEST) for column in texts]
    least = [max(min(word, LONGEST), SHORTEST) * CHARACTER + MARGIN for word in words]
    room = max(TEXT_WIDTH - sum(least), 0)
    more = [max(want * CHARACTER + MARGIN - small, 0) for want, small in zip(wanted, least, strict=True)]
    share = room / sum(more) if sum(more) else 0
    widths = [int(small + extra * share) for small, extra in zip(least, more, strict=True)]
    scale = TEXT_WIDTH / sum(widths)
    return [int(width * scale) for width in widths]


def _relations(*targets: tuple[str, str], core: str = "") -> str:
    rows = [f'<Relationship Id="rId{n}" Type="{RELATIONS}/{kind}" Target="{to}"/>' for n, (kind, to) in enumerate(targets, 1)]
    if core:
        kind = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
        rows.append(f'<Relationship Id="rId{len(rows) + 1}" Type="{kind}" Target="{core}"/>')
    return f'{HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{"".join(rows)}</Relationships>'


def _content_types() -> str:
    parts = {
        "word/document.xml": f"{PARTS}.document.main+xml",
        **{f"word/{name}.xml": f"{PARTS}.{name.rstrip('1')}+xml" for name in
           ("header1", "footer1", "styles", "numbering", "settings")},
        "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        "docProps/app.xml": "application/vnd.openxmlformats-officedocument.extended-properties+xml",
    }  # fmt: skip
    named = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in parts.items())
    return (
        f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/>{named}</Types>'
    )


def _core(document: WordFile) -> str:
    stamp = f'xsi:type="dcterms:W3CDTF">{document.released.isoformat()}T00:00:00Z'
    return (
        f'{HEAD}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(document.title)}</dc:title><dc:creator>{AUTHOR}</dc:creator><cp:lastModifiedBy>{AUTHOR}"
        f"</cp:lastModifiedBy><cp:revision>1</cp:revision><dcterms:created {stamp}</dcterms:created>"
        f"<dcterms:modified {stamp}</dcterms:modified><dc:language>{LANGUAGE}</dc:language></cp:coreProperties>"
    )


def _numbering() -> str:
    level = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/><w:lvlJc w:val="left"/>'
        '<w:pPr><w:ind w:left="397" w:hanging="284"/></w:pPr></w:lvl>'
    )
    return (
        f'{HEAD}<w:numbering {W}><w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="singleLevel"/>{level}'
        '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )


def _style(key: str, name: str, paragraph: str, run: str, after: str = "") -> str:
    follows = f'<w:next w:val="{after}"/>' if after else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/>{follows}<w:qFormat/>'
        f"<w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )


def _styles() -> str:
    font = '<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:eastAsia="Arial" w:cs="Arial"/>'
    edge = '<w:pBdr><w:left w:val="single" w:sz="24" w:space="6" w:color="{}"/></w:pBdr>'
    box = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="A6A6A6"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    small = '<w:spacing w:before="20" w:after="20" w:line="240" w:lineRule="auto"/>'
    headings = "".join(
        _style(
            f"Heading{level}", f"heading {level}",
            f'<w:keepNext/><w:spacing w:before="{before}" w:after="100"/><w:outlineLvl w:val="{level - 1}"/>',
            f'<w:b/><w:color w:val="{BLUE}"/><w:sz w:val="{size}"/>', "Normal",
        )
        for level, before, size in ((1, 400, 32), (2, 300, 26), (3, 240, 22))
    )  # fmt: skip
    return (
        f'{HEAD}<w:styles {W}><w:docDefaults><w:rPrDefault><w:rPr>{font}<w:sz w:val="20"/><w:szCs w:val="20"/>'
        f'<w:lang w:val="{LANGUAGE}" w:eastAsia="{LANGUAGE}" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>'
        '<w:spacing w:after="120" w:line="264" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>'
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr><w:tblInd w:w="0" '
        'w:type="dxa"/><w:tblCellMar><w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        '</w:style><w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/><w:basedOn w:val="TableNormal"/>'
        f"<w:tblPr><w:tblBorders>{box}</w:tblBorders></w:tblPr></w:style>"
        + _style(
            "Title", "Title", '<w:spacing w:before="0" w:after="200"/>', f'<w:b/><w:color w:val="{BLUE}"/><w:sz w:val="40"/>'
        )
        + headings
        + _style("Caption", "caption", '<w:keepNext/><w:spacing w:before="160" w:after="60"/>', '<w:b/><w:sz w:val="18"/>')
        + _style("TableText", "Tabelltext", small, '<w:sz w:val="17"/>')
        + _style("TableHead", "Tabellrubrik", small, '<w:b/><w:sz w:val="17"/>')
        + _style("Source", "Källa", "", '<w:color w:val="595959"/><w:sz w:val="17"/>')
        + _style(
            "TableNote", "Tabellnot", '<w:spacing w:before="60" w:after="160"/>', '<w:color w:val="595959"/><w:sz w:val="17"/>'
        )
        + _style("FillIn", "Fyll i", f'{edge.format("C98A00")}<w:shd w:val="clear" w:color="auto" w:fill="{FILL}"/>', "<w:i/>")
        + _style("Notice", "Märkning", edge.format("B3261E"), "<w:b/>")
        + _style("ListBullet", "List Bullet", '<w:numPr><w:numId w:val="1"/></w:numPr><w:spacing w:after="60"/>', "")
        + _style("Header", "header", "", '<w:color w:val="595959"/><w:sz w:val="16"/>')
        + _style("Footer", "footer", '<w:jc w:val="right"/>', '<w:color w:val="595959"/><w:sz w:val="16"/>')
        + "</w:styles>"
    )
