"""`release.edition_differences`: the cells in which public differs from internal, and why. No values. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.methods.editions import AREA, INTERN, PUBLIC, TABLES, EditionTable

SHOWN, HIDDEN, COARSER, RECOMPUTED = "shown", "hidden", "coarser", "recomputed"
COLUMNS = {
    "table_name": pl.String,
    "area_level": pl.String,
    "area_code": pl.String,
    "wave": pl.Int32,
    "grade": pl.String,
    "sex": pl.String,
    "key": pl.String,
    "measure": pl.String,
    "intern": pl.String,
    "publik": pl.String,
    "rule": pl.String,
}
LOG_OF = {
    "index_results": "suppression_log",
    "indicator_results": "indicator_suppression_log",
    "accumulated_results": "accumulated_suppression_log",
}
"""Table -> the log that says which rule hid a cell of it."""
_PLACES = (*AREA, "sex")


def edition_differences(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Cells that differ between the editions.

    Args:
        tables: name -> rows of both editions, of the tables in `editions.TABLES`, and their suppression logs. A table that isn't
            there, or is empty, has no differences.

    Returns:
        `COLUMNS`, sorted. `publik`: `hidden`; `coarser` (the value alone, without its interval or number of pupils); `recomputed`
        (made anew of the public rows, another number). `rule`: id in `disclosure.yml` of what hid it in public, `districts` (the
        edition has none), else `derived`: it follows from other public cells.
    """
    parts = [_of_table(name, tables[name], tables.get(LOG_OF.get(name, ""))) for name in TABLES if _held(tables, name)]
    return pl.concat([pl.DataFrame(schema=COLUMNS), *parts]).sort(pl.all())


def _held(tables: Mapping[str, pl.DataFrame], name: str) -> bool:
    return name in tables and tables[name].width > 0


def _of_table(name: str, table: pl.DataFrame, log: pl.DataFrame | None) -> pl.DataFrame:
    spec = TABLES[name]
    intern, public = (table.filter(pl.col("edition") == edition) for edition in (INTERN, PUBLIC))
    keys = list(spec.keys)
    there = public.with_columns(_there=pl.lit(True))
    rows = intern.join(there, on=keys, how="left", suffix="_public", maintain_order="left", nulls_equal=True)
    rest = [c for c in intern.columns if c not in (*keys, *spec.cells, "edition") and not c.endswith("reason")]
    less = [pl.col(c).ne_missing(pl.col(f"{c}_public")) for c in rest]
    rows = rows.with_columns(_less=pl.any_horizontal(less))
    cells = [_cells(rows, spec, column, ending) for column, ending in spec.cells.items()]
    found = pl.concat(cells).filter(pl.col("publik").is_not_null())
    rules = found.with_columns(_rule=pl.lit(None, pl.String)) if log is None else _ruled(found, spec, log)
    district = ~pl.col("_there").fill_null(False) & (pl.col("area_level") == "district")
    return rules.select(
        pl.lit(name).alias("table_name"),
        *(pl.col(c) if c in keys else pl.lit(None, COLUMNS[c]).alias(c) for c in _PLACES),
        pl.concat_str([pl.col(c) for c in spec.name] or [pl.lit("")], separator="/").alias("key"),
        pl.col("measure_told").alias("measure"),
        pl.lit(SHOWN).alias("intern"),
        "publik",
        pl.when(pl.col("publik") == RECOMPUTED).then(pl.lit(RECOMPUTED)).when(district).then(pl.lit("districts"))
        .when(pl.col("publik") == COARSER).then(pl.lit("count_interval")).otherwise(pl.col("_rule").fill_null("derived"))
        .alias("rule"),
    ).cast(COLUMNS)  # fmt: skip


def _cells(rows: pl.DataFrame, spec: EditionTable, column: str, ending: str) -> pl.DataFrame:
    """One row per cell of a column: what public does with what intern shows; null where nothing differs."""
    own, theirs = pl.col(column), pl.col(f"{column}_public")
    first = column == next(iter(spec.cells))
    others = pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"{c}_public")) for c in spec.cells)
    less = pl.col("_less") & ~others if first else pl.lit(False)
    state = (
        pl.when(own.is_null()).then(None)
        .when(theirs.is_null()).then(pl.lit(HIDDEN))
        .when(own != theirs).then(pl.lit(RECOMPUTED))
        .when(less).then(pl.lit(RECOMPUTED if spec.recomputed else COARSER))
    )  # fmt: skip
    names = [pl.col("measure")] if "measure" in spec.keys else []
    told = pl.concat_str([*names, *([pl.lit(ending)] if ending else [])], separator=":")
    area = [] if "area_level" in spec.keys else [pl.lit(None, pl.String).alias("area_level")]
    return rows.select(*spec.keys, "_there", *area, told.alias("measure_told"), state.alias("publik"))


def _ruled(found: pl.DataFrame, spec: EditionTable, log: pl.DataFrame) -> pl.DataFrame:
    """The rows with the rule that hid them in public, `_rule`."""
    name = spec.name[0]
    about = "index_key" if name == "count_key" else name
    rules = log.filter(pl.col("edition") == PUBLIC).select(*_PLACES, pl.col(about).alias(name), measure="cell", _rule="rule")
    rules = rules.unique([*_PLACES, name, "measure"], keep="first", maintain_order=True)
    return found.join(rules, on=[*_PLACES, name, "measure"], how="left", maintain_order="left")
