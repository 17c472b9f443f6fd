"""Text files: encoding, delimiter, rows of cells."""

from __future__ import annotations

import csv
import io
import re

from assets.intake.cells import HEADER_SEARCH_ROWS
from assets.methods.errors import PipelineError

_UNDEFINED_IN_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
_SWEDISH_UTF8 = re.compile(rb"\xc3[\x84\x85\x96\xa4\xa5\xa9\xb6]")
_SWEDISH_CP1252 = re.compile(rb"(?<![\xc2\xc3])[\xc4\xc5\xd6\xe4\xe5\xe9\xf6](?![\x80-\xbf])")
_TWICE_ENCODED = re.compile("Ã[¥¤¶„…–©]")


def decode(name: str, content: bytes) -> tuple[str, str]:
    """The text of a file and the Swedish name of its encoding.

    Raises:
        PipelineError: `wrong_encoding` for UTF-16, binary content, mixed encodings and text that was encoded twice.
    """
    label = "UTF-8"
    if content.startswith(b"\xef\xbb\xbf"):
        content, label = content[3:], "UTF-8 med BOM"
    if b"\x00" in content or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _wrong(name, "UTF-16 eller binärt innehåll")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        if _UNDEFINED_IN_CP1252 & set(content):
            raise _wrong(name, "bytes som inte hör hemma i UTF-8 eller Windows-1252") from None
        if _SWEDISH_UTF8.search(content) and _SWEDISH_CP1252.search(content):
            raise _wrong(name, "en blandning av UTF-8 och Windows-1252") from None
        text, label = content.decode("cp1252"), "Windows-1252"
    if _TWICE_ENCODED.search(text):
        raise _wrong(name, "text där å, ä och ö har kodats om två gånger")
    return text, label


def _wrong(name: str, got: str) -> PipelineError:
    return PipelineError(
        "wrong_encoding",
        name,
        "text i UTF-8 eller Windows-1252",
        got,
        "Spara om filen som CSV UTF-8 och lägg den i inkorgen igen.",
    )


def split_rows(name: str, text: str) -> tuple[list[list[str]], str]:
    """Rows of cells and the delimiter: of semicolon, tab and comma the one that some early line has most of.

    Raises:
        PipelineError: `unreadable` when the text cannot be split into cells.
    """
    lines = text[:20_000].splitlines()[: HEADER_SEARCH_ROWS + 1]
    delimiter = max(";\t,", key=lambda d: max((line.count(d) for line in lines), default=0))
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)), delimiter
    except csv.Error as error:
        raise PipelineError(
            "unreadable",
            name,
            "en textfil med en rad per elev",
            "text som inte går att dela i celler, troligen ett citattecken som aldrig stängs",
            "Exportera filen på nytt och lägg den i inkorgen igen.",
        ) from error
