"""Checks before a file is parsed: size on disk and what its header claims, so that no memory is spent on a lie.

The header fields read here are those of the public descriptions of the formats: SPSS system files (PSPP developer's guide,
"System File Format": `case_size` at byte 68, `compression` at 72, `ncases` at 80) and Stata files (Stata, `help dta`).
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

from assets.intake.limits import IntakeLimits
from assets.methods.errors import PipelineError

DEFLATE_LIMIT = 1032
"""No deflate stream is more than this many times smaller than its content (zlib's technical notes)."""
SEGMENTS = 8
"""The width in an SPSS header counts pieces of 8 bytes, so a long text counts many times; this many per cell are let through."""
HEADER_BYTES = 4096
_STATA_TAGGED = re.compile(rb"^<stata_dta><header><release>(\d{3})</release><byteorder>(MSF|LSF)</byteorder><K>")
_OLD_STATA = range(102, 116)
AGAIN = "Exportera filen på nytt och lägg den i inkorgen igen."


def check_size(path: Path, highest: int) -> None:
    """Refuse a file that is larger than allowed, before a byte of it is read.

    Raises:
        PipelineError: `too_large`.
    """
    size = path.stat().st_size
    if size > highest:
        raise too_large(path.name, f"högst {megabytes(highest)}", megabytes(size))


def check_table(name: str, rows: int, columns: int, limits: IntakeLimits, cells: int) -> None:
    """Refuse a table with more rows, columns or cells than allowed.

    Raises:
        PipelineError: `too_large`.
    """
    for count, highest, word in (
        (rows, limits.max_rows, "rader"),
        (columns, limits.max_columns, "kolumner"),
        (rows * columns, cells, "celler"),
    ):
        if count > highest:
            raise too_large(name, f"högst {highest} {word}", f"{count} {word}")


def too_large(name: str, expected: str, got: str) -> PipelineError:
    """The error for what is larger than the limits in `intake.yml`."""
    return PipelineError(
        "too_large",
        name,
        expected,
        got,
        "Dela upp filen eller ta bort det som inte hör till enkäten; är filen rätt höjs gränsen i intake.yml.",
    )


def megabytes(count: int) -> str:
    """Bytes as text: `12 MB`."""
    return f"{max(1, round(count / 1_000_000))} MB"


def check_sav_header(name: str, content: bytes, limits: IntakeLimits) -> None:
    """Refuse an SPSS file whose header promises more rows or columns than its bytes can hold.

    Raises:
        PipelineError: `truncated` when the file is too small for its claim, `too_large` when the claim is above the limits.
    """
    if len(content) < 176:
        return  # the parser says that it is cut
    order = "<" if content[64:68] in (b"\x02\0\0\0", b"\x03\0\0\0") else ">"
    width, _, _, rows = struct.unpack(f"{order}4i", content[68:84])
    width, rows = max(width, 1), max(rows, 0)
    factor = DEFLATE_LIMIT if content[:4] == b"$FL3" else 1
    if rows * width > (len(content) - 176) * factor:
        raise damaged(name, "SPSS")
    check_table(name, rows, 1, limits, limits.max_cells)
    if rows * width > limits.max_cells * SEGMENTS:
        raise too_large(name, f"högst {limits.max_cells} celler", "fler celler än så")


def check_dta_header(name: str, content: bytes, limits: IntakeLimits) -> None:
    """Refuse a Stata file that is no Stata file, or whose header promises more than its bytes can hold.

    Raises:
        PipelineError: `unreadable`, `truncated` or `too_large`.
    """
    tagged = _STATA_TAGGED.match(content[:HEADER_BYTES])
    if tagged:
        order = ">" if tagged[2] == b"MSF" else "<"
        release, at = int(tagged[1]), tagged.end()
        wide, long = ("I" if release >= 119 else "H"), ("I" if release == 117 else "Q")
        rows_at = at + struct.calcsize(wide) + len(b"</K><N>")
        if len(content) < rows_at + struct.calcsize(long):
            return
        (columns,), (rows,) = struct.unpack_from(order + wide, content, at), struct.unpack_from(order + long, content, rows_at)
    elif len(content) >= 10 and content[0] in _OLD_STATA and content[1] in (1, 2):
        columns, rows = struct.unpack_from(">Hi" if content[1] == 1 else "<Hi", content, 4)
    elif content[0] in _OLD_STATA or content.startswith(b"<stata_dta>"):
        return  # the parser says that it is cut or damaged
    else:
        raise PipelineError(
            "unreadable",
            name,
            "en Stata-fil",
            "ett innehåll som inte är Stata trots filnamnet",
            "Exportera enkäten som .dta eller .sav på nytt och lägg den i inkorgen igen.",
        )
    if max(rows, 0) * max(columns, 1) > len(content):
        raise damaged(name, "Stata")
    check_table(name, max(rows, 0), columns, limits, limits.max_cells)


def damaged(name: str, program: str) -> PipelineError:
    """The error for an SPSS or Stata file that holds less than it promises or cannot be understood."""
    return PipelineError(
        "truncated",
        name,
        f"en hel {program}-fil",
        "en fil som tar slut i förtid eller är skadad",
        "Kopiera eller exportera filen på nytt; kontrollera att överföringen blev klar.",
    )
