"""SCB: raw text rows of one fetched table to register values. Pure.

Nothing is added up. From reference year 2025 SCB's figures carry random noise (Cell Key Method), so a county isn't the sum of
its municipalities and both sexes aren't girls plus boys: each is the published figure. `perturbed_years` says which years.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.catalogue.active import COUNTY_CODE
from assets.methods.errors import PipelineError
from assets.registers.models import RegisterSource, ScbTable, finish_values
from assets.registers.numbers import swedish_number
from assets.registers.raw import missing_columns

#: SCB's marks for a cell without a number (SCB, Statistikdatabasen, "Teckenförklaring").
STATUS = {"..": "missing", ".": "not_applicable", "-": "not_applicable"}
FIXED = {"scb_table", "value", "status", "perturbed", "updated", "title"}
_KEY = ["indicator_key", "area_code", "year", "sex"]


def parse(raw: pl.DataFrame, source: RegisterSource, areas: Sequence[str], vintage: str) -> pl.DataFrame:
    """Register values of the catalogue's indicators.

    Args:
        raw: all text: `scb_table`, one `dim_<code>` per dimension, `value`, `status`, `perturbed`, `updated`, `title`.
        source: catalogue `scb.yml`.
        areas: municipality codes wanted; the county's own row is taken too when there is one.
        vintage: the day the data was fetched, ISO.

    Returns:
        `VALUE_SCHEMA`, a row per area for each year and sex of the table; a cell that isn't there is `missing`.

    Raises:
        PipelineError: `unknown_layout`, `bad_number`, `duplicate_rows`, `no_areas`.
    """
    table = _table(source)
    picked = {name for indicator in source.indicators for name in indicator.where}
    dimensions = {
        f"dim_{name}" for name in {table.region, table.time, *table.fixed, *picked, *([table.sex] if table.sex else [])}
    }
    missing_columns(raw, FIXED | dimensions, "SCB")
    here = raw.filter((pl.col("scb_table") == table.id) & pl.col(f"dim_{table.region}").is_in([*areas, COUNTY_CODE]))
    if here.is_empty():
        raise PipelineError(
            "no_areas", "SCB", f"tabellen {table.id} för länets kommuner", "en fil utan dem", "Hämta den med did hamta scb."
        )
    typed = pl.concat(_indicator(here, table, indicator.key, indicator.unit, indicator.where) for indicator in source.indicators)
    _check(typed)
    levels = pl.when(pl.col("area_code") == COUNTY_CODE).then(pl.lit("county")).otherwise(pl.lit("municipality"))
    return finish_values(
        _complete(typed, areas).with_columns(
            source=pl.lit(source.source), area_level=levels, n=pl.lit(None, pl.Int64), vintage=pl.lit(vintage)
        )
    )


def perturbed_years(raw: pl.DataFrame, source: RegisterSource) -> tuple[int, ...]:
    """Years of a fetched table whose figures carry SCB's noise: don't add them up and don't test that parts make totals."""
    years = raw.filter(pl.col("perturbed").str.to_lowercase() == "true")[f"dim_{_table(source).time}"].str.slice(0, 4)
    return tuple(sorted({int(year) for year in years}))


def _table(source: RegisterSource) -> ScbTable:
    if source.table is None:
        raise ValueError(f"{source.source} has no table")
    return source.table


def _indicator(here: pl.DataFrame, table: ScbTable, key: str, unit: str, where: dict[str, str]) -> pl.DataFrame:
    wanted = [pl.col(f"dim_{name}") == code for name, code in {**table.fixed, **where}.items()]
    sex = pl.lit("all")
    if table.sex:
        given = pl.col(f"dim_{table.sex}")
        together = given.is_null() | (given == "") | (given == (table.sex_total or ""))
        sex = pl.when(together).then(pl.lit("all")).otherwise(given.replace_strict(table.sex_codes, default=None))
    text = pl.col("status").str.strip_chars().fill_null("")
    return here.filter(*wanted).select(
        pl.lit(key).alias("indicator_key"),
        pl.col(f"dim_{table.region}").alias("area_code"),
        pl.col(f"dim_{table.time}").str.slice(0, 4).cast(pl.Int32, strict=False).alias("year"),
        sex.alias("sex"),
        swedish_number("value").alias("value"),
        (pl.col("value").is_not_null() & swedish_number("value").is_null()).alias("_broken"),
        pl.when(swedish_number("value").is_not_null())
        .then(pl.lit("ok"))
        .otherwise(text.replace_strict(STATUS, default="missing", return_dtype=pl.String))
        .alias("reason"),
        pl.lit(unit).alias("unit"),
    )


def _check(typed: pl.DataFrame) -> None:
    broken = typed.filter(pl.col("_broken") | pl.col("year").is_null() | pl.col("sex").is_null()).height
    if broken:
        raise PipelineError("bad_number", "SCB", "tal, år och kön", f"{broken} rader med annat", "Hämta tabellen på nytt.")
    doubled = typed.height - typed.unique(_KEY).height
    if doubled:
        raise PipelineError(
            "duplicate_rows", "SCB", "ett värde per område, år och kön", f"{doubled} för mycket", "Hämta tabellen på nytt."
        )


def _complete(typed: pl.DataFrame, areas: Sequence[str]) -> pl.DataFrame:
    held = [*areas, *([COUNTY_CODE] if COUNTY_CODE in set(typed["area_code"]) else [])]
    grid = typed.select("indicator_key", "year", "sex", "unit").unique().join(pl.DataFrame({"area_code": held}), how="cross")
    return (
        grid.sort(_KEY)
        .join(typed.drop("_broken", "unit"), on=_KEY, how="left", maintain_order="left")
        .with_columns(pl.col("reason").fill_null("missing"))
    )
