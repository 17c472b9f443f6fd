"""Trends of many series at once, as a table. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.methods.trends import TrendRule, trend

SCHEMA = {
    "first_wave": pl.Int64,
    "last_wave": pl.Int64,
    "n_waves": pl.Int64,
    "slope": pl.Float64,
    "se": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "level": pl.Float64,
    "p_value": pl.Float64,
    "heterogeneity": pl.Float64,
    "heterogeneity_p": pl.Float64,
    "verdict": pl.String,
    "method": pl.String,
    "reason": pl.String,
}


def trend_table(
    rows: pl.DataFrame,
    by: Sequence[str],
    rule: TrendRule,
    breaks: Mapping[str, Sequence[int]],
    series: str = "index_key",
    level: float = 0.95,
) -> pl.DataFrame:
    """Judge every series.

    Args:
        rows: `by` columns (with `series` among them), `wave`, `estimate`, `se`; one row per series and wave, nulls where there
            is no estimate.
        rule: in the estimate's unit.
        breaks: value of `series` -> first waves of changed questions (major breaks).

    Returns:
        `by`, sorted, and `SCHEMA`: `slope` per two years (null unless a line describes enough comparable waves), `first_wave`,
        `last_wave`, `n_waves` of those compared, `verdict` and `reason` as in `trends.trend`.

    Raises:
        PipelineError: a series has a wave twice.
    """
    found = []
    for key, group in rows.sort(*by, "wave").group_by(by, maintain_order=True):
        named = dict(zip(by, key, strict=True))
        columns = (group[name].to_list() for name in ("wave", "estimate", "se"))
        got = trend(*columns, breaks=breaks.get(named[series], ()), rule=rule, level=level)
        ends = (got.waves[0], got.waves[-1]) if got.waves else (None, None)
        numbers = {name: getattr(got, name) for name in SCHEMA if hasattr(got, name)}
        found.append(named | {"first_wave": ends[0], "last_wave": ends[1], "n_waves": len(got.waves), "level": level} | numbers)
    return pl.DataFrame(found, schema={name: rows.schema[name] for name in by} | SCHEMA)
