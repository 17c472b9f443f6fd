"""What disclosure control costs: cells shown and hidden per area, by rule, and how many answers lie behind the hidden. Pure.

A cell is a row of a released table that is shown or hidden by disclosure control; what was not asked, has no pupils or no
estimate is none. Numbers of pupils are the published ones (rounded to 5), so nothing here is nearer a hidden count than they are.
Counts of cells by rule are for the steward: a rule says more of a cell than the published reason (docs/adr/0050).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.methods.editions import HIDDEN, INTERN

FAMILIES = {
    "index": ("index_results", "suppression_log", "index_key"),
    "question": ("indicator_results", "indicator_suppression_log", "indicator"),
    "accumulated": ("accumulated_results", "accumulated_suppression_log", "count_key"),
}
"""Family of linked tables -> its table, its log and the column that says what a cell is about."""
PLACE = ("edition", "area_level", "area_code", "wave", "family")
UNKNOWN = "unlogged"
"""Rule of a hidden cell that no log tells about; there are none in a whole release."""
SAME = "same"
MUNICIPALITIES = 10
"""Fewest municipalities that a step may be told of together."""
UTILITY = {
    **dict.fromkeys(("edition", "area_level", "area_code"), pl.String),
    "wave": pl.Int32,
    "family": pl.String,
    **dict.fromkeys(
        ("cells", "shown", "hidden_primary", "hidden_secondary", "headline", "headline_shown", "answers", "answers_hidden"),
        pl.Int64,
    ),
    "cells_without_number": pl.Int64,
}
RULES = {name: UTILITY[name] for name in PLACE} | {"kind": pl.String, "rule": pl.String, "cells": pl.Int64}
STEP = {name: UTILITY[name] for name in PLACE} | {"grade": pl.String, "step": pl.String, "cells": pl.Int64, "shown": pl.Int64}
_GROUP = ("area_level", "own_code", "wave", "grade", "sex")
_CELL = ("edition", *_GROUP, "key", "measure")


def utility(tables: Mapping[str, pl.DataFrame], headline: Mapping[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`release.utility` and `release.utility_rules`.

    Args:
        tables: name -> rows of both editions, of the tables and logs in `FAMILIES`; one that isn't there has no cells.
        headline: index key -> the measure of its focus share.

    Returns:
        Per edition, area (a city's districts together, under the city's code), wave and family. First: `cells` = `shown` +
        `hidden_primary` + `hidden_secondary`; `headline` cells (the focus share, or the question's share or mean, of all pupils
        of a grade) and how many are shown; `answers`: the published number of pupils summed over the cells, `answers_hidden` over
        the hidden ones, without the `cells_without_number`, whose group has no published number in the internal edition.
        Second: `cells` hidden by each `rule` of a `kind`; they add up to the hidden ones.
    """
    pupils = _pupils(tables.get("index_results"))
    cells = _all_cells(tables, headline, pupils)
    shown, hidden = pl.col("shown"), ~pl.col("shown")
    known = pl.col("pupils").fill_null(0)
    counted = cells.group_by(PLACE).agg(
        cells=pl.len(),
        shown=shown.sum(),
        hidden_primary=(hidden & (pl.col("kind") == "primary")).sum(),
        hidden_secondary=(hidden & (pl.col("kind") != "primary")).sum(),
        headline=pl.col("headline").sum(),
        headline_shown=(pl.col("headline") & shown).sum(),
        answers=known.sum(),
        answers_hidden=known.filter(hidden).sum(),
        cells_without_number=pl.col("pupils").is_null().sum(),
    )
    rules = cells.filter(hidden).group_by(*PLACE, "kind", "rule").agg(cells=pl.len())
    return _ordered(counted, UTILITY), _ordered(rules, RULES)


def counted_step(step: str, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Rows of `release.utility_steps`: cells and shown cells per place and grade, of results under the numbers of one step.

    Args:
        tables: name -> rows, of the tables in `FAMILIES` that were protected anew.
    """
    found = [_cells(family, tables[name], {}) for family, (name, _, _) in FAMILIES.items() if name in tables]
    rows = pl.concat(found).group_by(*PLACE, "grade").agg(cells=pl.len(), shown=pl.col("shown").sum())
    return _ordered(rows.with_columns(step=pl.lit(step)), STEP)


def told_steps(steps: pl.DataFrame) -> pl.DataFrame:
    """What bundles may tell of the steps: `edition, wave, step, pct`, whole per cent of the municipalities' cells that are shown.

    Only of all municipalities and families together: per municipality a step would tell which counts lie exactly at a floor.
    Nothing when there are fewer than `MUNICIPALITIES`. Source: docs/adr/0050.
    """
    schema = {"edition": pl.String, "wave": pl.Int32, "step": pl.String, "pct": pl.Int64}
    if not steps.width:
        return pl.DataFrame(schema=schema)
    rows = steps.filter(area_level="municipality")
    if rows["area_code"].n_unique() < MUNICIPALITIES:
        return pl.DataFrame(schema=schema)
    sums = rows.group_by("edition", "wave", "step").agg(pl.col("shown", "cells").sum()).filter(pl.col("cells") > 0)
    percent = (200 * pl.col("shown") + pl.col("cells")) // (2 * pl.col("cells"))
    return sums.with_columns(pct=percent).select(pl.col(name).cast(kind) for name, kind in schema.items()).sort(pl.all())


def _ordered(frame: pl.DataFrame, schema: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items()).sort(pl.all())


def _all_cells(tables: Mapping[str, pl.DataFrame], headline: Mapping[str, str], pupils: pl.DataFrame) -> pl.DataFrame:
    """One row per cell with its rule and kind (null where it is shown) and its group's published number of pupils."""
    parts = []
    for family, (name, log, about) in FAMILIES.items():
        if name in tables and tables[name].width:
            cells = _cells(family, tables[name], headline)
            parts.append(cells.join(_ruled(tables.get(log), about), on=_CELL, how="left"))
    if not parts:
        empty = {name: UTILITY[name] for name in PLACE} | dict.fromkeys(("shown", "headline"), pl.Boolean)
        return pl.DataFrame(schema=empty | {"kind": pl.String, "rule": pl.String, "pupils": pl.Int64})
    told = pl.concat(parts).join(pupils, on=_GROUP, how="left")
    return told.with_columns(
        pl.when(~pl.col("shown")).then(pl.col(name).fill_null(other)).alias(name)
        for name, other in (("kind", "secondary"), ("rule", UNKNOWN))
    )


def _cells(family: str, results: pl.DataFrame, headline: Mapping[str, str]) -> pl.DataFrame:
    about = FAMILIES[family][2]
    if family == "index":
        is_headline = pl.col("measure") == pl.col(about).replace_strict(dict(headline), default=None, return_dtype=pl.String)
    elif family == "question":
        is_headline = pl.col("measure").is_in(["share", "mean"])
    else:
        is_headline = pl.col("measure").str.starts_with("share_")
    rows = results.filter(pl.col("reason").is_in(["ok", *HIDDEN]))
    return rows.select(
        "edition",
        "area_level",
        pl.col("area_code").str.split("-").list.first(),  # the districts of a city are told together
        pl.col("wave").cast(pl.Int32),
        pl.lit(family).alias("family"),
        pl.col("area_code").alias("own_code"),
        "grade",
        "sex",
        pl.col(about).alias("key"),
        "measure",
        (pl.col("reason") == "ok").alias("shown"),
        (is_headline.fill_null(False) & (pl.col("sex") == "all")).alias("headline"),
    )


def _ruled(log: pl.DataFrame | None, about: str) -> pl.DataFrame:
    """The log with the keys of the cells; each cell once."""
    if log is None or not log.width:
        schema = dict.fromkeys((*_CELL, "kind", "rule"), pl.String) | {"wave": pl.Int32}
        return pl.DataFrame(schema=schema)
    key = about if about in log.columns else "index_key"
    named = log.rename({"area_code": "own_code", key: "key", "cell": "measure"})
    rows = named.select(*(pl.col(name).cast(pl.Int32) if name == "wave" else name for name in _CELL), "kind", "rule")
    return rows.unique(list(_CELL), keep="first", maintain_order=True)


def _pupils(results: pl.DataFrame | None) -> pl.DataFrame:
    """The number of pupils per area, wave, grade and sex that the internal edition publishes, rounded as it is there."""
    schema = dict.fromkeys(_GROUP, pl.String) | {"wave": pl.Int32, "pupils": pl.Int64}
    if results is None or not results.width:
        return pl.DataFrame(schema=schema)
    told = results.filter(edition=INTERN, measure="n_respondents").drop_nulls("value").rename({"area_code": "own_code"})
    rows = told.with_columns(pl.col("wave").cast(pl.Int32)).group_by(_GROUP).agg(pupils=pl.col("value").max().cast(pl.Int64))
    return rows.select(list(schema))
