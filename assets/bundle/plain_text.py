"""Text that people have written themselves, made harmless for spreadsheet programs. Pure."""

from __future__ import annotations

import polars as pl

CALCULATES = r"^\s*[=+\-@]"
"""How a text begins that a spreadsheet program takes for a formula when it opens a CSV file (OWASP, CSV injection)."""
BEGINS = r"^(?:\s*[=+\-@]|[\t\r])"
"""As `CALCULATES`, and with the characters that some programs skip before they look (OWASP, the same page)."""
NUMBER = r"^[+\-]?\d+(?:[.,]\d+)?(?:\u00a0%)?(?:[ \u00a0]till[ \u00a0][+\u2212]?\d+(?:,\d+)?(?:\u00a0%)?)?$"
"""A signed number as text, which calculates to itself, or our own interval of two (`+3 till +14`), which is no formula."""


def without_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """The table with an apostrophe first in texts that a program might calculate; a plain number stays one, null stays null."""
    begins = frame.select(pl.col(pl.String).str.contains(BEGINS).any())  # hardly any column has one, and the rest costs more
    if not begins.width or not any(begins.row(0)):
        return frame
    texts = [name for name, found in zip(begins.columns, begins.row(0), strict=True) if found]
    return frame.with_columns(
        pl.when(pl.col(name).str.contains(BEGINS) & ~pl.col(name).str.contains(NUMBER))
        .then(pl.concat_str(pl.lit("'"), name))
        .otherwise(name)
        .alias(name)
        for name in texts
    )


def harmless(text: pl.Expr) -> pl.Expr:
    """The text with an apostrophe first where a program might calculate it, and line breaks as blanks; null stays null."""
    one_line = text.str.replace_all(r"[\r\n\t]+", " ")
    return pl.when(one_line.str.contains(CALCULATES)).then(pl.concat_str(pl.lit("'"), one_line)).otherwise(one_line)
