"""PDF: text page by page, what is drawn but not seen, metadata, attachments, annotations, outlines and layers.

Text is read from the content streams by the fonts' ToUnicode maps (ISO 32000-1, 9.4 and 9.10), which is ten times faster than a
general extractor; a page that needs more than that goes through pypdf's own.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from struct import unpack
from typing import TYPE_CHECKING, Any

from assets.file_scan.contents import Contents

if TYPE_CHECKING:
    import pypdf

ReadInner = Callable[[str, bytes, Contents], None]
Matrix = tuple[float, float, float, float, float, float]
ONE: Matrix = (1, 0, 0, 1, 0, 0)
MATRIX_BYTES = 200
"""Six numbers take no more room than this."""
_INNER = rb"(?:\\.|[^\\()]++)"
_STRING = rb"\((?:" + _INNER + rb"|\((?:" + _INNER + rb"|\(" + _INNER + rb"*+\))*+\))*+\)|<[0-9A-Fa-f\s]*+>"
_NUMBER = rb"[-+]?(?:\d++(?:\.\d*+)?+|\.\d++)"
_TOKEN = re.compile(
    rb"(?P<show>\[(?:\s*+(?:" + _STRING + rb"|" + _NUMBER + rb"))*+\s*+\]\s*TJ|(?:" + _STRING + rb")\s*(?:Tj|'|\"))"
    rb"|/(?P<font>[^\s/\[\]<>()]+)\s+" + _NUMBER + rb"\s+Tf|(?P<mode>\d)\s+Tr"
    rb"|\s(?P<kind>cm|Tm)\b|/(?P<form>[^\s/\[\]<>()]+)\s+Do\b"
    rb"|(?P<state>(?<![^\s\]>)])[qQ](?=[\s/\[<(]|$))|(?P<layer>/OC\s)|(?P<actual>/ActualText\s*(?:" + _STRING + rb"))",
    re.DOTALL,
)
_PIECE = re.compile(_STRING, re.DOTALL)
_SHOWING = re.compile(rb"T[Jj]\b|['\"]")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
NAMES = {"Title", "Subject", "Keywords", "Author", "Creator", "Producer"}


class Unmapped(Exception):
    """A text whose letters can't be told from the font's own map."""


def read_pdf(name: str, raw: bytes, found: Contents, inner: ReadInner) -> None:
    """Everything in a PDF file."""
    import pypdf

    try:
        reader = pypdf.PdfReader(io.BytesIO(raw))
        if reader.is_encrypted:
            found.fault(name, "hela filen", "encrypted")
            return
        root = reader.trailer["/Root"]
        _metadata(name, reader, root, found)
        _catalogue(name, root, found)
        _attachments(name, reader, found, inner)
        fonts: dict[int, _Font | None] = {}
        for number, page in enumerate(reader.pages, 1):
            _page(name, f"sida {number}", page, fonts, found)
    except (pypdf.errors.PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OSError):
        found.fault(name, "hela filen", "corrupt")
    end = raw.rfind(b"%%EOF")
    if end < 0 or raw[end + 5 :].strip():
        found.fault(name, "efter filens slut", "trailing_bytes")
    if raw.count(b"startxref") > 1 and b"/Linearized" not in raw[:2000]:
        found.fault(name, "tidigare versioner i filen", "earlier_revision")


def _metadata(name: str, reader: pypdf.PdfReader, root: Any, found: Contents) -> None:
    for key, value in (reader.metadata or {}).items():
        kind = "author" if key == "/Author" else "metadata"
        found.text(name, f"metadata {key.removeprefix('/')}", str(value), kind)
    if "/Metadata" in root:
        xmp = root["/Metadata"].get_object().get_data().decode("utf-8", "replace")
        for text in re.findall(r">([^<>]+)<|=\"([^\"]*)\"", xmp):
            if not text[1].startswith("http://"):
                found.texts(name, "XMP-metadata", text, "metadata")


def _catalogue(name: str, root: Any, found: Contents) -> None:
    layers = root.get("/OCProperties")
    if layers is not None:
        settings = layers.get_object().get("/D", {})
        hidden = "/OFF" in settings.get_object() and settings.get_object()["/OFF"]
        found.fault(name, "lager", "hidden_layer" if hidden else "layer")
    for key, place in (("/OpenAction", "öppningshändelse"), ("/AA", "händelser"), ("/AcroForm", "formulär")):
        if key in root:
            found.fault(name, place, "macro")
    names = root.get("/Names")
    if names is not None and "/JavaScript" in names.get_object():
        found.fault(name, "skript", "macro")


def _attachments(name: str, reader: pypdf.PdfReader, found: Contents, inner: ReadInner) -> None:
    for attached, contents in reader.attachments.items():
        found.fault(name, f"bilagan {attached}", "attachment")
        found.text(name, "bilagans namn", attached, "name", hidden=True)
        for content in contents if isinstance(contents, list) else [contents]:
            inner(f"{name} ⟩ {attached}", content, found)
    for entry in _outline(reader.outline):
        found.text(name, "bokmärken", entry)


def _outline(entries: Any) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, list):
            yield from _outline(entry)
        else:
            yield str(entry.title)


def _page(name: str, place: str, page: Any, fonts: dict[int, _Font | None], found: Contents) -> None:
    for reference in page.get("/Annots") or ():
        note = reference.get_object()
        kind = note.get("/Subtype")
        for key in ("/Contents", "/T", "/TU", "/V", "/RC"):
            if key in note:
                found.text(name, f"{place}, kommentar", str(note[key]), "author" if key == "/T" else "text", hidden=True)
        if kind not in ("/Link", "/Popup"):
            found.fault(name, f"{place}, {kind}", "attachment" if kind == "/FileAttachment" else "comment")
        action = note.get("/A")
        if action is not None:
            found.text(name, f"{place}, länk", str(action.get_object().get("/URI", "")), "name")
            if action.get_object().get("/S") in ("/Launch", "/JavaScript", "/SubmitForm", "/ImportData"):
                found.fault(name, place, "macro")
    box = [float(edge) for edge in page.mediabox]
    try:
        run = _Run(fonts, (box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2))
        contents = page.get_contents()
        run.read(contents.get_data() if contents is not None else b"", page.get("/Resources", {}).get_object(), ONE, 0)
    except Unmapped:
        found.text(name, place, page.extract_text())
        return
    found.text(name, place, run.visible())
    for words, rule in ((run.unseen, "invisible_text"), (run.outside, "off_page")):
        if words:
            found.fault(name, place, rule)
            found.text(
                name,
                f"{place}, osynlig text" if rule == "invisible_text" else f"{place}, utanför sidan",
                " ".join(words),
                hidden=True,
            )


class _Run:
    """The page's content stream, and those of the forms it draws, read in order."""

    def __init__(self, fonts: dict[int, _Font | None], box: tuple[float, ...]) -> None:
        self.fonts, self.box = fonts, box
        self.lines: list[tuple[float, str]] = []
        self.unseen: list[str] = []
        self.outside: list[str] = []

    def visible(self) -> str:
        """The words in the order they are drawn, a tab between runs and a line feed where the height changes."""
        parts: list[str] = []
        last: float | None = None
        for height, text in self.lines:
            parts.append(("" if last is None else "\t" if abs(height - last) < 1 else "\n") + text)
            last = height
        return "".join(parts)

    def read(self, data: bytes, resources: Any, matrix: Matrix, depth: int) -> None:
        maps = {key.encode("latin-1")[1:]: ref for key, ref in _plain(resources.get("/Font")).items()}
        forms = _plain(resources.get("/XObject"))
        stack: list[tuple[Matrix, _Font | None, int]] = []
        font: _Font | None = None
        mode, text_matrix, shown = 0, ONE, 0
        for token in _TOKEN.finditer(data):
            kind = token.lastgroup
            if kind == "show":
                shown += 1
                self._show(token["show"], font, mode, _times(text_matrix, matrix))
            elif kind == "kind":
                six = _six(data[max(0, token.start() - MATRIX_BYTES) : token.start()])
                matrix, text_matrix = (_times(six, matrix), text_matrix) if token["kind"] == b"cm" else (matrix, six)
            elif kind == "state":
                if token["state"] == b"q":
                    stack.append((matrix, font, mode))
                elif stack:
                    matrix, font, mode = stack.pop()
            elif kind == "font":
                font = self._font(maps.get(token["font"]))
            elif kind == "mode":
                mode = int(token["mode"])
            elif kind == "form":
                self._form(forms.get("/" + token["form"].decode("latin-1")), resources, matrix, depth)
            elif kind == "actual":
                self.lines.append((-1.0, _literal(token["actual"].removeprefix(b"/ActualText").strip())))

        if shown != len(_SHOWING.findall(_PIECE.sub(b"", data))):
            raise Unmapped

    def _form(self, ref: Any, resources: Any, matrix: Matrix, depth: int) -> None:
        form = ref.get_object() if ref is not None else None
        if form is None or form.get("/Subtype") != "/Form" or depth > 8:
            return
        own: Any = tuple(float(part) for part in form.get("/Matrix", ONE))
        inner = form.get("/Resources", resources)
        self.read(form.get_data(), inner.get_object(), _times(own, matrix), depth + 1)

    def _font(self, ref: Any) -> _Font | None:
        if ref is None:
            return None
        number = getattr(ref, "idnum", id(ref))
        if number not in self.fonts:
            font = ref.get_object()
            usable = font.get("/Subtype") == "/Type0" and "/ToUnicode" in font
            self.fonts[number] = _Font(_unicode_map(font["/ToUnicode"].get_object().get_data())) if usable else None
        return self.fonts[number]

    def _show(self, raw: bytes, font: _Font | None, mode: int, place: Matrix) -> None:
        if font is None:
            raise Unmapped
        known = font.texts.get(raw)
        text = font.texts[raw] = font.read(raw) if known is None else known
        if not (self.box[0] <= place[4] <= self.box[2] and self.box[1] <= place[5] <= self.box[3]):
            self.outside.append(text)
        elif mode in {3, 7}:
            self.unseen.append(text)
        else:
            self.lines.append((place[5], text))


class _Font:
    """A font's letters by code, and what has been read with it: the same numbers and words are drawn over and over."""

    def __init__(self, letters: dict[int, str]) -> None:
        self.letters = letters
        self.texts: dict[bytes, str] = {}

    def read(self, raw: bytes) -> str:
        """What the strings of one operator say. Raises Unmapped: a letter that the font's map doesn't have."""
        codes = [
            code
            for piece in map(_bytes, _PIECE.findall(raw))
            for code in unpack(f">{len(piece) // 2}H", piece[: len(piece) // 2 * 2])
        ]
        try:
            return "".join([self.letters[code] for code in codes])
        except KeyError as error:
            raise Unmapped from error


def _six(before: bytes) -> Matrix:
    """The six numbers that stand before an operator."""
    try:
        a, b, c, d, e, f = (float(part) for part in before.split()[-6:])
    except ValueError as error:
        raise Unmapped from error
    return a, b, c, d, e, f


def _plain(found: Any) -> dict[str, Any]:
    return {key: found.get_object().raw_get(key) for key in found.get_object()} if found is not None else {}


def _times(a: Matrix, b: Matrix) -> Matrix:
    return (
        a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4], a[4] * b[1] + a[5] * b[3] + b[5],
    )  # fmt: skip


def _bytes(piece: bytes) -> bytes:
    if piece.startswith(b"<"):
        digits = re.sub(rb"\s", b"", piece[1:-1])
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    return _ESCAPE.sub(_unescape, piece[1:-1]) if b"\\" in piece else piece[1:-1]


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code[:1].isdigit():
        return bytes([int(code, 8) & 255])
    return _ESCAPED.get(code, code)


def _literal(piece: bytes) -> str:
    raw = _bytes(piece)
    return raw.decode("utf-16", "replace") if raw[:2] in (b"\xfe\xff", b"\xff\xfe") else raw.decode("latin-1")


def _unicode_map(raw: bytes) -> dict[int, str]:
    """Code -> letters of a ToUnicode map: its `bfchar` and `bfrange` lists."""
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", raw, re.DOTALL):
        for code, letters in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f\s]+)>", block):
            found[int(code, 16)] = _letters(letters)
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", raw, re.DOTALL):
        for low, high, letters in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            for step in range(int(high, 16) - int(low, 16) + 1):
                found[int(low, 16) + step] = _letters(b"%0*x" % (len(letters), int(letters, 16) + step))
        for low, listed in re.findall(rb"<([0-9A-Fa-f]+)>\s*<[0-9A-Fa-f]+>\s*\[(.*?)\]", block, re.DOTALL):
            for step, letters in enumerate(re.findall(rb"<([0-9A-Fa-f]+)>", listed)):
                found[int(low, 16) + step] = _letters(letters)
    return found


def _letters(digits: bytes) -> str:
    return bytes.fromhex(re.sub(rb"\s", b"", digits).decode("ascii")).decode("utf-16-be", "replace")
