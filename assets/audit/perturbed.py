"""Tables with noise: what would tell the noise is an exact number of the same pupils. Pure.

An attacker who has an exact count beside a noisy one has the noise too, and with it what the noise was to hide. So no exact
number of the same pupils may be shown; of two linked tables not one may have noise and the other none.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.audit.types import CELL_KEY, REPORT_SCHEMA, AuditRules

LINKED = ("index_results", "accumulated_results")
NAMES = ("index_key", "count_key", "series", "factor", "school_type")
MEANS = ("mean", "sd", "diff_mean", "sex_gap_mean")
"""Measures of perturbed tables that no noise is added to."""
_NO_NUMBERS = ("edition", "wave")


def exact_cells(published: Mapping[str, pl.DataFrame], rules: AuditRules) -> pl.DataFrame:
    """`REPORT_SCHEMA`, one row per exact number shown of pupils whose other numbers have noise: verdict `narrow`, no bounds."""
    if not rules.perturbed:
        return pl.DataFrame(schema=REPORT_SCHEMA)
    parts = [_rows(name, published[name], _shows_number(published[name])) for name in sorted(rules.withheld & set(published))]
    for name in LINKED:
        if name in published:
            rows, shown = published[name], pl.col("value").is_not_null()
            exact = shown if name not in rules.perturbed else shown & pl.col("measure").is_in(MEANS)
            parts.append(_rows(name, rows, exact))
    found = pl.concat([pl.DataFrame(schema={name: REPORT_SCHEMA[name] for name in CELL_KEY}), *parts])
    need = float(min(one.width for one in rules.editions.values()))
    return found.with_columns(
        low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64), width=pl.lit(0.0), required=pl.lit(need),
        verdict=pl.lit("narrow"), attack=pl.lit("linked"),
    ).select(*REPORT_SCHEMA)  # fmt: skip


def _shows_number(rows: pl.DataFrame) -> pl.Expr:
    numbers = [name for name, kind in rows.schema.items() if kind.is_numeric() and name not in _NO_NUMBERS]
    return pl.any_horizontal(pl.col(name).is_not_null() for name in numbers) if numbers else pl.lit(value=False)


def _rows(name: str, rows: pl.DataFrame, exact: pl.Expr) -> pl.DataFrame:
    key = next((column for column in NAMES if column in rows.columns), None)
    given = {"table_name": pl.lit(name), "key": pl.col(key) if key else pl.lit("")}
    columns = [
        given.get(column, pl.col(column) if column in rows.columns else pl.lit("")).cast(REPORT_SCHEMA[column]).alias(column)
        for column in CELL_KEY
    ]
    return rows.filter(exact).select(columns)
