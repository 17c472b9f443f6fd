"""Cell keys of the counts per area: the sum of the record keys of the pupils in each cell, modulo 10^8. Pure.

The same pupils have the same key whatever table, edition or release they are counted in.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.methods.cell_key import MODULUS
from assets.methods.psu_sums import AREA_LEVELS, DOMAIN, SEXES, by_area, class_table
from assets.methods.record_identity import COLUMN

COUNTS = ("n_respondents", "n_scored", "n_unscored", "band1", "band2", "band3")
KEY_COLUMNS = tuple(f"key_{name}" for name in COUNTS)
"""Columns of cell keys, one per count of `estimate.area_counts`."""
_KEYS = ["area_level", *DOMAIN, "sex", "index_key"]


def with_cell_keys(
    counts: pl.DataFrame,
    persons: pl.DataFrame,
    index_keys: Sequence[str],
    levels: Sequence[str] = AREA_LEVELS,
    stratum: str | None = None,
) -> pl.DataFrame:
    """`counts` (`estimate.area_counts` of the same persons) with `KEY_COLUMNS` (Int64); as they are when persons have no keys."""
    if COLUMN not in persons.columns:
        return counts
    needed = [COLUMN, *(f"{key}_band" for key in index_keys)]
    table = class_table(persons, needed, _sums(index_keys), stratum=stratum)
    parts = []
    for level in levels:
        rows = by_area(table, level)
        for sex in SEXES:
            chosen = rows if sex == "all" else rows.filter(pl.col("sex") == sex)
            found = chosen.group_by(DOMAIN).agg(pl.col("^key:.*$").sum())
            parts += [_cells(found, key).with_columns(area_level=pl.lit(level), sex=pl.lit(sex)) for key in index_keys]
    found = pl.concat(parts)
    return counts.join(found, on=_KEYS, how="left", maintain_order="left").with_columns(pl.col(KEY_COLUMNS).fill_null(0))


def _sums(index_keys: Sequence[str]) -> list[pl.Expr]:
    own = pl.col(COLUMN).cast(pl.Int64)
    bands = [
        pl.when(pl.col(f"{key}_band") == band).then(own).otherwise(0).alias(f"key:{key}:{band}")
        for key in index_keys
        for band in (1, 2, 3)
    ]
    return [own.alias("key:"), *bands]


def _cells(sums: pl.DataFrame, key: str) -> pl.DataFrame:
    band = {f"key_band{b}": pl.col(f"key:{key}:{b}") for b in (1, 2, 3)}
    scored = pl.sum_horizontal(band.values())
    cells = {"key_n_respondents": pl.col("key:"), "key_n_scored": scored, "key_n_unscored": pl.col("key:") - scored, **band}
    return sums.select(*DOMAIN, pl.lit(key).alias("index_key"), *((expr % MODULUS).alias(name) for name, expr in cells.items()))
