"""Tables with exact numbers of parts of the same pupils, held back whole: where the others have noise, they would tell it; where
an audit has found that they tell a hidden number, its wave and grade show nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.methods.disclosure_policy import DisclosurePolicy
from assets.methods.editions import TABLES, masked


def without_exact(table: str, parts: Mapping[str, pl.DataFrame], policy: DisclosurePolicy) -> dict[str, pl.DataFrame]:
    """The editions' rows as they are; with noise by cell key in use without a number, `suppressed`."""
    if not policy.cell_key.active:
        return dict(parts)
    return {edition: _without_numbers(table, rows) for edition, rows in parts.items()}


def held_back(table: str, rows: pl.DataFrame, slices: pl.DataFrame) -> pl.DataFrame:
    """The rows without a number, `suppressed`, in the slices.

    Args:
        table: a key of `editions.TABLES`. slices: `edition, wave, grade`, unique.
    """
    place = rows.with_row_index("_place")
    gone = place.join(slices, on=slices.columns, how="semi", maintain_order="left")
    kept = place.join(slices, on=slices.columns, how="anti", maintain_order="left")
    parts = gone.partition_by("edition", maintain_order=True)  # a row's keys tell it within its edition
    silent = [_without_numbers(table, part.drop("_place")).insert_column(0, part["_place"]) for part in parts]
    return pl.concat([kept, *silent]).sort("_place").drop("_place")


def _without_numbers(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    told = (*TABLES[table].keys, "edition", "reason")
    silent = [pl.lit(None, kind).alias(name) for name, kind in rows.schema.items() if name not in told]
    return masked(table, rows.with_columns(silent), rows)
