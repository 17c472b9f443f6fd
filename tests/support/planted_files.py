"""Plants a text in one place of a finished file: every place that the scan of finished files has to find it in."""

from __future__ import annotations

import base64
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from html import escape

Files = Mapping[str, bytes]
Plant = Callable[[Files, str], tuple[str, bytes]]
REPORT, SLIDES, BOOK = "1_rapport/rapport.html", "3_presentation/presentation.pptx", "4_tabeller/tabeller.xlsx"
README, FORM = "LAS_MIG.html", "6_atgard/formular/2026_0127_beslut.xlsx"
PAPER, WORD, PICTURE = "1_rapport/sammanfattning.pdf", "6_atgard/lagesbild_atgardsplan.docx", "2_diagram/faktorprofil_ak9.svg"
NEW_ROW = '<row r="9999"><c r="A9999" t="inlineStr"><is><t>@</t></is></c></row>'


def rezipped(raw: bytes, changed: Mapping[str, bytes]) -> bytes:
    """The archive with parts replaced or added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        parts = {name: old.read(name) for name in old.namelist()} | dict(changed)
        for name, content in parts.items():
            new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


def part(raw: bytes, pattern: str) -> tuple[str, str]:
    """Name and text of the first part that fits."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        name = next(n for n in sorted(archive.namelist()) if re.search(pattern, n))
        return name, archive.read(name).decode("utf-8")


def in_part(file: str, pattern: str, change: Callable[[str, str], str]) -> Plant:
    """Plants in a part of an Office file; `change(text of the part, planted text)`."""

    def plant(files: Files, text: str) -> tuple[str, bytes]:
        name, before = part(files[file], pattern)
        after = change(before, escape(text))
        if after == before:
            raise ValueError(f"nothing planted in {name}")
        return file, rezipped(files[file], {name: after.encode()})

    return plant


def in_page(file: str, before: str, after: str) -> Plant:
    """Plants in a page: `before` is replaced by `after` with the text for `@`."""

    def plant(files: Files, text: str) -> tuple[str, bytes]:
        page = files[file].decode("utf-8")
        if before not in page:
            raise ValueError(f"{before} is not in {file}")
        return file, page.replace(before, after.replace("@", escape(text)), 1).encode()

    return plant


def inner_picture(text: str) -> str:
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" aria-label="{escape(text)}"></svg>'
    return base64.b64encode(picture.encode()).decode()


def in_data_uri(files: Files, text: str) -> tuple[str, bytes]:
    page = files[README].decode("utf-8")
    return README, page.replace("</body>", f'<img alt="" src="data:image/svg+xml;base64,{inner_picture(text)}"></body>').encode()


def workbook(files: Files, change: Callable[[object], None]) -> tuple[str, bytes]:
    """The small workbook of a form, changed with openpyxl."""
    import openpyxl

    book = openpyxl.Workbook()
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return "4_tabeller/ny.xlsx", buffer.getvalue()


def in_workbook(where: str) -> Plant:
    def plant(files: Files, text: str) -> tuple[str, bytes]:
        def change(book) -> None:
            from openpyxl.comments import Comment
            from openpyxl.workbook.defined_name import DefinedName

            sheet = book.create_sheet("Data")
            sheet["A1"] = "Data"
            if where == "hidden sheet":
                sheet.sheet_state = "veryHidden"
                sheet["B4"] = text
            elif where == "hidden row":
                sheet["B4"] = text
                sheet.row_dimensions[4].hidden = True
            elif where == "hidden column":
                sheet["D4"] = text
                sheet.column_dimensions["D"].hidden = True
            elif where == "comment":
                sheet["A1"].comment = Comment(text, "Data i dialog")
            elif where == "defined name":
                book.defined_names["Urval"] = DefinedName("Urval", attr_text=f'"{text}"')
            elif where == "header":
                sheet.oddHeader.center.text = text
            elif where == "validation":
                from openpyxl.worksheet.datavalidation import DataValidation

                rule = DataValidation(type="whole", prompt=text, showInputMessage=True)
                rule.add("A1")
                sheet.add_data_validation(rule)

        return workbook(files, change)

    return plant


def in_pdf(where: str) -> Plant:
    def plant(files: Files, text: str) -> tuple[str, bytes]:
        from pypdf import PdfReader, PdfWriter
        from pypdf.annotations import FreeText

        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(files[PAPER])))
        if where == "attachment":
            writer.add_attachment("underlag.txt", text.encode())
        elif where == "metadata":
            writer.add_metadata({"/Subject": text})
        elif where == "annotation":
            writer.add_annotation(0, FreeText(text=text, rect=(50, 50, 200, 80)))
        elif where == "outline":
            writer.add_outline_item(title=text, page_number=0)
        else:
            _drawn(writer, text, where)
        buffer = io.BytesIO()
        writer.write(buffer)
        return PAPER, buffer.getvalue()

    return plant


def _drawn(writer, text: str, where: str) -> None:
    """Draws the text with a font of its own on a new page: seen, invisible or off the page."""
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    letters = sorted(set(text))
    table = "".join(f"<{code:04X}> <{letter.encode('utf-16-be').hex()}>\n" for code, letter in enumerate(letters, 1))
    unicode_map = DecodedStreamObject()
    unicode_map.set_data(f"{len(letters)} beginbfchar\n{table}endbfchar".encode())
    font = DictionaryObject({
        NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type0"),
        NameObject("/ToUnicode"): writer._add_object(unicode_map),
    })  # fmt: skip
    page = writer.add_blank_page(400, 400)
    fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    codes = "".join(f"{letters.index(letter) + 1:04X}" for letter in text)
    place = "900 900" if where == "off page" else "100 100"
    stream = DecodedStreamObject()
    mode = 3 if where == "invisible" else 0
    stream.set_data(f"q BT {mode} Tr /F1 12 Tf 1 0 0 1 {place} Tm <{codes}> Tj ET Q".encode())
    page[NameObject("/Contents")] = writer._add_object(stream)


def png(files: Files, text: str, *, packed: bool = False, after: bool = False) -> tuple[str, bytes]:
    """A picture of one point with the text in a chunk, or after its end."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    body = b"Comment\0" + (b"\0" + zlib.compress(text.encode()) if packed else text.encode())
    said = b"" if after else chunk(b"zTXt" if packed else b"tEXt", body)
    head = chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0")
    whole = b"\x89PNG\r\n\x1a\n" + head + said + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return "2_diagram/bild.png", whole + (text.encode() if after else b"")


def jpeg(files: Files, text: str) -> tuple[str, bytes]:
    body = text.encode()
    return "2_diagram/bild.jpg", b"\xff\xd8\xff\xfe" + struct.pack(">H", len(body) + 2) + body + b"\xff\xda\0\2\xff\xd9"


def embedded_workbook(files: Files, text: str) -> tuple[str, bytes]:
    """A cell of the workbook inside a slide's chart."""
    with zipfile.ZipFile(io.BytesIO(files[SLIDES])) as archive:
        name = next(n for n in sorted(archive.namelist()) if "/embeddings/" in n)
        inner = archive.read(name)
    sheet, before = part(inner, r"worksheets/sheet1\.xml$")
    cell = f'<row r="90"><c r="A90" t="inlineStr"><is><t>{escape(text)}</t></is></c></row></sheetData>'
    changed = rezipped(inner, {sheet: before.replace("</sheetData>", cell).encode()})
    return SLIDES, rezipped(files[SLIDES], {name: changed})


def plain_file(name: str, body: str) -> Plant:
    return lambda files, text: (name, body.replace("@", text).encode())


PLANTS: dict[str, tuple[Plant, str]] = {
    "html text": (in_page(README, "</body>", "<p>@</p></body>"), "<p>"),
    "html alt text": (in_page(README, "</body>", '<img alt="@"></body>'), "<img> alt"),
    "html aria-label": (in_page(README, "</body>", '<div aria-label="@"></div></body>'), "<div> aria-label"),
    "html data attribute": (in_page(README, "</body>", '<div data-antal="@"></div></body>'), "<div> data-antal"),
    "html comment": (in_page(README, "</body>", "<!-- @ --></body>"), "kommentar"),
    "html spec": (in_page(REPORT, '"words":{', '"words":{"x":"@",'), "<script id=valdata> words/x"),
    "html table": (in_page("5_metod/bortfall.html", "</tbody>", "<tr><td>@</td></tr></tbody>"), "tabellen"),
    "html picture inside": (in_data_uri, "aria-label"),
    "svg aria-label": (in_page(PICTURE, "<svg ", '<svg aria-label="@" '), "<svg> aria-label"),
    "svg text": (in_page(PICTURE, "</svg>", "<text>@</text></svg>"), "<svg> <text>"),
    "svg description": (in_page(PICTURE, "</svg>", "<desc>@</desc></svg>"), "<svg> <desc>"),
    "csv": (plain_file("4_tabeller/ny.csv", 'a,b\n1,"@"\n'), "rad 2"),
    "json": (plain_file("4_tabeller/ny.json", '{"a": {"b": "@"}}'), "a/b"),
    "json-ld": (plain_file("4_tabeller/ny.jsonld", '{"a": ["@"]}'), "a"),
    "yaml": (plain_file("4_tabeller/ny.yml", "a: @\n"), "rad 1"),
    "text": (plain_file("7_intyg/ny.txt", "@\n"), "rad 1"),
    "markdown": (plain_file("7_intyg/ny.md", "# @\n"), "rad 1"),
    "png text": (png, "tEXt"),
    "png packed text": (lambda files, text: png(files, text, packed=True), "zTXt"),
    "png after the end": (lambda files, text: png(files, text, after=True), "slut"),
    "jpeg comment": (jpeg, "segment FE"),
    "slide": (in_part(SLIDES, r"slides/slide2\.xml", lambda x, t: x.replace("<a:t>", f"<a:t>{t} ", 1)), "bild 2"),
    "slide's notes": (
        in_part(SLIDES, r"notesSlide2\.xml$",
            lambda x, t: x.replace("<a:t>", f"<a:t>{t} ", 1)),
        "bild 2, anteckningar",
    ),
    "slide's alt text": (
        in_part(SLIDES, r"slides/slide2\.xml",
            lambda x, t: re.sub("<p:cNvPr ", f'<p:cNvPr title="{t}" ', x, count=1)),
        "alternativtext",
    ),
    "hidden slide": (
        in_part(SLIDES, r"slides/slide3\.xml",
            lambda x, t: x.replace("<p:sld ", '<p:sld show="0" ', 1).replace("<a:t>", f"<a:t>{t} ", 1)),
        "bild 3 (dold)",
    ),
    "slide's chart": (in_part(SLIDES, r"charts/chart1\.xml", lambda x, t: x.replace("<c:v>", f"<c:v>{t} ", 1)), "diagram 1"),
    "slide's embedded workbook": (embedded_workbook, "rad 90"),
    "slides' properties": (
        in_part(SLIDES, r"docProps/core\.xml",
            lambda x, t: re.sub("<dc:title>", f"<dc:title>{t} ", x)),
        "title",
    ),
    "sheet's text": (
        in_part(FORM, r"worksheets/sheet2\.xml",
            lambda x, t: x.replace("</sheetData>", f"{NEW_ROW.replace('@', t)}</sheetData>")),
        "rad",
    ),
    "workbook's hidden sheet": (in_workbook("hidden sheet"), 'blad "Data" (dolt)'),
    "workbook's hidden row": (in_workbook("hidden row"), "rad 4"),
    "workbook's hidden column": (in_workbook("hidden column"), "dold kolumn"),
    "workbook's comment": (in_workbook("comment"), "comments"),
    "workbook's defined name": (in_workbook("defined name"), "definierat namn"),
    "workbook's page header": (in_workbook("header"), "headerFooter"),
    "workbook's input prompt": (in_workbook("validation"), "dataValidations"),
    "workbook's properties": (
        in_part(FORM, r"docProps/core\.xml",
            lambda x, t: x.replace("<dc:title>", f"<dc:title>{t} ")),
        "title",
    ),
    "document": (
        in_part(WORD, r"word/document\.xml",
            lambda x, t: re.sub(r"(<w:t(?: [^>]*)?>)", rf"\g<1>{t} ", x, count=1)),
        "stycke",
    ),
    "document's footer": (
        in_part(WORD, r"word/footer1\.xml",
            lambda x, t: re.sub(r"(<w:p(?: [^>]*)?>)", rf"\g<1><w:r><w:t>{t}</w:t></w:r>", x, count=1)),
        "footer1",
    ),
    "document's tracked change": (
        in_part(WORD, r"word/document\.xml",
            lambda x, t: x.replace("</w:p>", f"<w:del><w:r><w:delText>{t}</w:delText></w:r></w:del></w:p>", 1)),
        "spårad ändring",
    ),
    "pdf text": (in_pdf("text"), "sida 3"),
    "pdf invisible text": (in_pdf("invisible"), "osynlig text"),
    "pdf off the page": (in_pdf("off page"), "utanför sidan"),
    "pdf attachment": (in_pdf("attachment"), "rad 1"),
    "pdf metadata": (in_pdf("metadata"), "Subject"),
    "pdf annotation": (in_pdf("annotation"), "sida 1, kommentar"),
    "pdf outline": (in_pdf("outline"), "bokmärken"),
}  # fmt: skip
"""Name of the place -> how a text gets there, and what the finding's place says."""
