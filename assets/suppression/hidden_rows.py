"""Hiding chosen rows of finished release tables, with all that would tell the same. Pure.

What an audit has found calls for it, after the suppressors. Nothing is ever opened, so a table in which rows have been hidden
tells less than it did; and what is hidden in the internal edition is hidden in the public one.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.methods.withheld import held_back

FAMILY = ("edition", "wave", "grade", "index_key")
PLACE = ("area_level", "area_code", "sex")
BANDS = ("share_band1", "share_band2", "share_band3")
NUMBERS = ("n_respondents", "n_scored")
KEYS = (*FAMILY, *PLACE, "measure")
INDICES = "index_results"
KEY_OF = {INDICES: "index_key", "accumulated_results": "count_key", "indicator_results": "indicator"}
"""Table in which rows can be hidden -> the column that says what a row is about."""
HELD_BACK = ("screen_sensitivity", "cutoff_sensitivity", "associations", "response_by_school_type")
"""Tables with exact numbers of parts of the same pupils: a cell of theirs holds back the whole table for its wave and grade."""
RULE = "repair"
CELL = {name: pl.Int32 if name == "wave" else pl.String for name in (
    "table_name", "edition", "area_level", "area_code", "wave", "grade", "sex", "key", "measure"
)}  # fmt: skip
"""What tells a cell of any of these tables, as the audit names them."""
_CLEARED = ("value", "low", "high", "n", "method", "interval_method", "confidence_level", "verdict")
_GROUP = ("area_level", "area_code", "wave", "grade")
_NESTED = {"intern": ("intern", "publik"), "publik": ("publik",)}


def hide_cells(
    table: str, rows: pl.DataFrame, cells: pl.DataFrame, focus: Mapping[str, int], key: str | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of a release table with the cells hidden, and the rows of its log for what was shown before.

    Args:
        table: a key of `KEY_OF`. rows: of one edition or both.
        cells: columns `CELL`, of any table; those of others are left alone.
        focus: index key -> the band that is compared between areas and sexes.
        key: the column of `rows` that says what a row is about, where it isn't the table's.

    Returns:
        `rows`, and `edition, area_level, area_code, wave, grade, sex, <key>, cell, kind, rule`.
    """
    about = key or KEY_OF[table]
    mine = cells.filter(pl.col("table_name") == table).rename({"key": about})
    if table == INDICES:
        return hide(rows, mine, focus=focus)
    return _hide_lines(rows, mine, about)


def hide_in(tables: Mapping[str, pl.DataFrame], cells: pl.DataFrame, focus: Mapping[str, int]) -> dict[str, pl.DataFrame]:
    """The tables with the cells hidden; tables in which nothing can be hidden stand as they are."""

    def hidden(name: str, rows: pl.DataFrame) -> pl.DataFrame:
        if name in HELD_BACK:
            return hold_back(name, rows, cells)
        return hide_cells(name, rows, cells, focus)[0] if name in KEY_OF else rows

    return {name: hidden(name, rows) for name, rows in tables.items()}


def hold_back(table: str, rows: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """A table of `HELD_BACK` without numbers in the waves and grades, and editions, of the cells that are its own."""
    slices = ["edition", "wave", "grade"]
    mine = _in_editions(cells.filter(pl.col("table_name") == table).select(slices).unique()).select(slices)
    return held_back(table, rows, mine.cast({"wave": rows.schema["wave"]})) if mine.height and rows.width else rows


def shown_still(tables: Mapping[str, pl.DataFrame], cells: pl.DataFrame, focus: Mapping[str, int]) -> int:
    """How many rows the cells would hide that are shown: none when they have been hidden."""
    lines = sum(hide_cells(name, rows, cells, focus)[1].height for name, rows in tables.items() if name in KEY_OF and rows.width)
    return lines + sum(
        _shown_rows(rows) - _shown_rows(hold_back(name, rows, cells))
        for name, rows in tables.items()
        if name in HELD_BACK and rows.width
    )


def _shown_rows(rows: pl.DataFrame) -> int:
    return rows.filter(pl.col("reason") == "ok").height


def _hide_lines(rows: pl.DataFrame, cells: pl.DataFrame, about: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Hide whole rows of pupils (area and sex): every measure of them, and the differences in which one side is hidden."""
    line = ["edition", *_GROUP, "sex", about]
    hidden = _in_editions(cells.select(line).unique())
    county = pl.col("area_code").str.slice(0, 2)
    # to the county, and between the sexes
    whole = hidden.filter(pl.col("area_level") == "county").select(*_without(line, "area_level", "area_code"), _at="area_code")
    split = hidden.filter(pl.col("sex") != "all").select(_without(line, "sex")).unique()
    marks = {"_own": (hidden, line), "_whole": (whole, [*_without(line, "area_level", "area_code"), "_at"])}
    marks["_split"] = (split, _without(line, "sex"))
    marked = rows.with_columns(_at=county)
    for name, (found, on) in marks.items():
        marked = marked.join(found.with_columns(pl.lit(True).alias(name)), on=on, how="left", maintain_order="left")
    measure = pl.col("measure")
    go = pl.col("_own").fill_null(False)
    go |= pl.col("_whole").fill_null(False) & measure.str.starts_with("diff_")
    go |= pl.col("_split").fill_null(False) & measure.str.starts_with("sex_gap_")
    return _emptied(marked.with_columns(_go=go & (pl.col("reason") == "ok")), rows.columns, about, RULE)


def _without(names: list[str], *gone: str) -> list[str]:
    return [name for name in names if name not in gone]


def _emptied(marked: pl.DataFrame, columns: list[str], about: str, rule: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows marked `_go` with nothing left but their keys and the reason `suppressed`, and their log."""
    log = marked.filter("_go").select(
        "edition", *_GROUP, "sex", about, cell="measure", kind=pl.lit("secondary"), rule=pl.lit(rule)
    )
    hidden = marked.with_columns(
        *(pl.when("_go").then(None).otherwise(pl.col(name)).alias(name) for name in _CLEARED if name in columns),
        reason=pl.when("_go").then(pl.lit("suppressed")).otherwise("reason"),
    )
    return hidden.select(columns), log


def hide(
    rows: pl.DataFrame, keys: pl.DataFrame, rule: str = RULE, focus: Mapping[str, int] | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with the keyed ones hidden and all that would tell the same, and the log of what was hidden.

    With a band or a number of pupils go the mean and the spread of the same pupils and every comparison made from them, with a
    number also the `n` beside other rows; a number of respondents goes for all indices, where it is the same. What is hidden in
    the internal edition is hidden in the public one.

    Args:
        rows: `release.index_results`.
        keys: `KEYS` of rows to hide.
        rule: the rule named in the log.
        focus: index key -> the band that is compared between areas and sexes; 3 where nothing is given.
    """
    wanted = _with_what_hangs_on(rows, _in_editions(keys.select(KEYS)), focus or {})
    marked = rows.join(wanted.with_columns(_go=pl.lit(True)), on=list(KEYS), how="left", maintain_order="left")
    marked = marked.with_columns(_go=pl.col("_go").fill_null(False) & (pl.col("reason") == "ok"))
    hidden, log = _emptied(marked, marked.columns, "index_key", rule)
    numbers = wanted.filter(pl.col("measure") == "n_scored").drop("measure").with_columns(_number=pl.lit(True))
    hidden = hidden.join(numbers, on=[*FAMILY, *PLACE], how="left", maintain_order="left").with_columns(
        n=pl.when(pl.col("_number").is_null()).then(pl.col("n"))
    )
    return hidden.select(rows.columns), log


def _in_editions(keys: pl.DataFrame) -> pl.DataFrame:
    """The keys in every edition that lies within theirs."""
    editions = pl.col("edition").replace_strict(_NESTED, default=pl.concat_list("edition"), return_dtype=pl.List(pl.String))
    return keys.with_columns(edition=editions).explode("edition").unique().sort(pl.all())


def _with_what_hangs_on(rows: pl.DataFrame, keys: pl.DataFrame, focus: Mapping[str, int]) -> pl.DataFrame:
    """`KEYS` of all rows to hide: those of `keys` and what is computed from them."""
    same = [name for name in KEYS if name not in ("index_key", "measure")]
    respondents = keys.filter(pl.col("measure") == "n_respondents").drop("index_key")
    every = rows.select(KEYS).join(respondents, on=[*same, "measure"], how="semi")
    bands = keys.filter(pl.col("measure").is_in(BANDS))
    compared = bands.filter(
        pl.col("measure") == pl.format("share_band{}", pl.col("index_key").replace_strict(dict(focus), default=3))
    )
    # the total's mean is the sexes' means, weighed with their numbers: with two of them the third's weight is known
    meant = pl.concat([keys, every]).filter(pl.col("measure").is_in([*BANDS, *NUMBERS]))
    found = [keys, every, *_derived(rows, meant, ("mean", "sd"), "mean"), *_derived(rows, compared, (), "share_focus")]
    return pl.concat([part.select(KEYS) for part in found]).unique().sort(KEYS)


def _derived(rows: pl.DataFrame, keys: pl.DataFrame, own: tuple[str, ...], compared: str) -> list[pl.DataFrame]:
    """Rows computed from the keyed groups: their own measures, their difference to the county, the gap between the sexes."""
    place = [*FAMILY, *PLACE]
    here = rows.select(KEYS).join(keys.select(place).unique(), on=place, how="semi")
    found = [here.filter(pl.col("measure").is_in([*own, f"diff_{compared}"]))]
    counties = keys.filter(pl.col("area_level") == "county").select(*FAMILY, "sex").unique()
    difference = rows.select(KEYS).filter(pl.col("measure") == f"diff_{compared}")
    found.append(difference.join(counties, on=[*FAMILY, "sex"], how="semi"))
    sexes = keys.filter(pl.col("sex") != "all").select(*FAMILY, "area_level", "area_code").unique()
    gap = rows.select(KEYS).filter(pl.col("measure") == f"sex_gap_{compared}")
    found.append(gap.join(sexes, on=[*FAMILY, "area_level", "area_code"], how="semi"))
    return found
