"""Swedish numbers as they stand in register files, and why a cell has none.

Pure expressions on text columns. A mark for "hidden" or "absent" is never turned into zero.
"""

from __future__ import annotations

import polars as pl

#: Space, no-break space, thin and narrow no-break space: all are used between thousands.
_THOUSANDS = "[\u0020\u00a0\u2009\u202f]"
_NUMBER = r"^[-\u2212]?\d+(\.\d+)?$"


def swedish_number(column: str) -> pl.Expr:
    """Text to Float64: decimal comma or point, any kind of space between thousands. Null when it is no number."""
    text = pl.col(column).str.strip_chars().str.replace_all(_THOUSANDS, "").str.replace("\u2212", "-").str.replace(",", ".")
    return pl.when(text.str.contains(_NUMBER)).then(text.cast(pl.Float64, strict=False)).alias(column)


def integer_text(column: str, width: int | None = None) -> pl.Expr:
    """Codes that arrive as floats ("71387206.0") back to their digits, left-padded with zeros to `width`."""
    text = pl.col(column).str.strip_chars().str.replace(r"\.0+$", "")
    return (text if width is None else text.str.pad_start(width, "0")).alias(column)


def mark_reason(column: str) -> pl.Expr:
    """Reason of a cell that holds no number, by the marks Swedish authorities use; null for anything unknown.

    `..`, `*`, `**`, `***`, `-` and approximations (`~100`, `cirka 100`) are hidden by the source; `.` and empty are missing.
    """
    text = pl.col(column).str.strip_chars()
    return (
        pl.when(text.is_null() | text.is_in(["", "."]))
        .then(pl.lit("missing"))
        .when(text.is_in(["..", "*", "**", "***", "-", "–"]) | text.str.contains(r"^(~|(?i:cirka|ca)\b)"))
        .then(pl.lit("masked_at_source"))
    )
