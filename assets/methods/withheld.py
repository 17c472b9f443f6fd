"""Tables with exact numbers of pupils whose other tables have noise: they show nothing, or they would tell the noise. Pure."""

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


def _without_numbers(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    told = (*TABLES[table].keys, "edition", "reason")
    silent = [pl.lit(None, kind).alias(name) for name, kind in rows.schema.items() if name not in told]
    return masked(table, rows.with_columns(silent), rows)
