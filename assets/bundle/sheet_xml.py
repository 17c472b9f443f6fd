"""The rows of a worksheet as SpreadsheetML text (ECMA-376 part 1, 18.3.1), made a column at a time.

`workbook.py` lets xlsxwriter make the workbook and puts these rows in: one Python call per cell would take seconds, and hundreds
of megabytes, for the largest municipality. Texts are inline strings, never formulas, whatever they begin with. Cells stand in
order and without a reference of their own, which the standard lets one leave out: references made up two thirds of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

BATCH = 4000
UNIT_COLUMNS = ("Enhet", "Förändringens enhet")
MARK, OWN_MARK, NEAREST = "Märke", ", märke", "(närmaste"
MOST_DECIMALS = 4
EMPTY = "<c/>"
"""Holds the place of a cell without content."""
PLACES = "_decimals"
"""Column that isn't shown: decimals of the row's numbers."""
_ILLEGAL = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]"
"""Characters that XML can't hold."""
_SPECIAL = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f&<>]"
"""Those, and what XML wants in other words."""


@dataclass(frozen=True)
class Styles:
    """Numbers of the cell formats in the workbook: text, year, and numbers by decimals (0 to 4)."""

    text: int
    year: int
    number: tuple[int, ...]


@dataclass(frozen=True)
class MarkRule:
    """Which marks stand in the place of a number.

    `empty`: marks of reasons that hide the value. `protected`: what stands for a rounded count that is missing although the row
    has a value, or only lacks something else (`not_applicable`).
    """

    empty: tuple[str, ...]
    protected: str
    not_applicable: str


def with_marks(frame: pl.DataFrame, rule: MarkRule) -> dict[str, pl.Expr]:
    """Numeric column -> the mark to show where it is null (null: the cell stays empty).

    A column `X` or `X, ...` with a column `X, märke` beside it takes its mark from there, all others from `Märke`.
    """
    own = [name.removesuffix(OWN_MARK) for name in frame.columns if name.endswith(OWN_MARK)]
    found = {}
    for name, kind in frame.schema.items():
        if not kind.is_numeric():
            continue
        source = next((f"{p}{OWN_MARK}" for p in own if name == p or name.startswith(f"{p}, ")), MARK)
        if source not in frame.columns:
            continue
        mark = pl.when(pl.col(source).is_in(rule.empty)).then(pl.col(source))
        if NEAREST in name:
            counted = pl.col(source).is_in(rule.empty) & (pl.col(source) != rule.not_applicable)
            found[name] = pl.when(counted).then(pl.col(source)).otherwise(pl.lit(rule.protected))
        else:
            found[name] = mark
    return found


def rows_xml(
    frame: pl.DataFrame, first_row: int, styles: Styles, rule: MarkRule, years: Sequence[str], decimals: dict[str, int]
) -> Iterator[bytes]:
    """`<row>` elements of the frame, some thousand rows at a time.

    Args:
        frame: numbers and texts; an empty text leaves the cell empty.
        first_row: number of the first row in the sheet, from 1.
        styles: cell formats.
        rule: which marks replace missing numbers.
        years: columns that are shown without a thousands separator.
        decimals: unit in words -> decimals; other numbers get as many as they need, at most four.
    """
    marks = with_marks(frame, rule)
    if re.search(_SPECIAL, "".join((*rule.empty, rule.protected))):
        marks = {name: _clean(mark) for name, mark in marks.items()}
    names = [name for name in frame.columns if name != PLACES]
    special = frame.select(pl.col(pl.String).str.contains(_SPECIAL).any())  # hardly any column has one, and the rest costs more
    cleaned = {name for name in special.columns if special[name][0]}
    unit = next((column for column in UNIT_COLUMNS if column in frame.columns), None)
    shown = set(frame[unit].unique()) if unit else set()
    places = [(pl.col(unit) == word, decimals[word]) for word in decimals if word in shown] if unit else []
    cells = [_cell(frame, name, styles, marks.get(name), years, places, name in cleaned) for name in names]
    row = pl.concat_str(pl.lit('<row r="'), pl.col("_row"), pl.lit('">'), *cells, pl.lit("</row>"))
    numbered = frame.with_row_index("_row", offset=first_row)
    for part in numbered.iter_slices(BATCH):
        yield part.select(row.str.join("")).item().encode("utf-8")


def _cell(
    frame: pl.DataFrame,
    name: str,
    styles: Styles,
    mark: pl.Expr | None,
    years: Sequence[str],
    places: Sequence[tuple[pl.Expr, int]],
    special: bool,
) -> pl.Expr:
    """`places`: rows of a unit, and decimals of their numbers. `special`: some text holds what XML can't."""
    if not frame.schema[name].is_numeric():
        text = pl.col(name).cast(pl.String)
        return _text(_clean(text) if special or frame.schema[name] != pl.String else text, styles.text)
    style = pl.lit(styles.year) if name in years else _number_style(frame, name, styles, places)
    number = pl.format('<c s="{}"><v>{}</v></c>', style, pl.col(name).cast(pl.String))
    other = _text(mark, styles.number[0]) if mark is not None else pl.lit(EMPTY)
    return number.fill_null(other)


def _clean(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(_ILLEGAL, "").str.replace_many(["&", "<", ">"], ["&amp;", "&lt;", "&gt;"])


def _text(text: pl.Expr, style: int) -> pl.Expr:
    """Cells of texts that hold nothing special; an empty one where there is none."""
    return pl.format(f'<c s="{style}" t="inlineStr"><is><t>{{}}</t></is></c>', text.replace("", None)).fill_null(EMPTY)


def _number_style(frame: pl.DataFrame, name: str, styles: Styles, units: Sequence[tuple[pl.Expr, int]]) -> pl.Expr:
    if frame.schema[name].is_integer():
        return pl.lit(styles.number[0])
    if PLACES in frame.columns:
        return pl.col(PLACES).replace_strict(dict(enumerate(styles.number)), return_dtype=pl.Int64)
    value = pl.col(name)
    style = pl.lit(styles.number[MOST_DECIMALS])
    for places in range(MOST_DECIMALS - 1, -1, -1):
        style = pl.when((value - value.round(places)).abs() < 1e-9).then(pl.lit(styles.number[places])).otherwise(style)
    for of_unit, places in units:
        # a confidence level of 0.95 is not shown as 1 because the row is in logits
        whole = (value - value.round(places)).abs() < 1e-9
        style = pl.when(of_unit & whole).then(pl.lit(styles.number[places])).otherwise(style)
    return style
