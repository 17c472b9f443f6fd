"""Focus shares as they are published, with a standard error read back from the published interval. Pure.

What is computed from published numbers alone tells nobody more than they do, whatever is computed. So models, rank sets and
funnels start here and need no disclosure control of their own (docs/adr/0022).
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import polars as pl

KEYS = ("area_level", "area_code", "wave", "grade", "index_key")
COUNTY, MUNICIPALITY = "county", "municipality"
SHOWN = ("ok", "not_reconciled")
NEARLY_HALF = 0.44
"""Of a rounding step: a number so far from a published one still rounds to it, also after rounding to a tenth."""


def released_shares(results: pl.DataFrame, focus: Mapping[str, str], edition: str, step: float = 1.0) -> pl.DataFrame:
    """Girls and boys together: the focus share of every county and municipality, wave, grade and index.

    Args:
        results: `release.index_results`. focus: index key -> the measure that is its focus share. edition: rows of this one.
        step: what shares are rounded to, in percentage points.

    Returns:
        Sorted by `KEYS`: these, `area_name`, `measure`, `share` (0..1, null when hidden), `variance` (of the share: half the
        published interval over the normal quantile, and step^2 / 12 for the rounding; null without an interval), `n` (pupils with
        a score, else respondents, to the nearest 5; null when both are hidden), `respondents`, `reason`.
    """
    own = results.filter(pl.col("edition") == edition, pl.col("sex") == "all", pl.col("area_level").is_in([COUNTY, MUNICIPALITY]))
    answered = own.filter(pl.col("measure") == "n_respondents").select(*KEYS, respondents=pl.col("value").cast(pl.Int64))
    is_focus = pl.any_horizontal((pl.col("index_key") == key) & (pl.col("measure") == measure) for key, measure in focus.items())
    rows = own.filter(is_focus).join(answered, on=KEYS, how="left", maintain_order="left")
    level = pl.col("confidence_level").fill_null(0.95).replace_strict(_quantiles(own), return_dtype=pl.Float64)
    half = pl.max_horizontal((pl.col("high") - pl.col("low")) / 2, pl.lit(step / 2))
    variance = (half / level) ** 2 + step**2 / 12
    known = pl.all_horizontal(pl.col("value", "low", "high").is_not_null())
    return rows.select(
        *KEYS,
        "area_name",
        "measure",
        share=pl.col("value") / 100,
        variance=pl.when(known).then(variance / 100**2),
        n=pl.coalesce("n", "respondents").cast(pl.Int64),
        respondents="respondents",
        reason="reason",
    ).sort(KEYS)


def _quantiles(rows: pl.DataFrame) -> dict[float, float]:
    levels = {0.95, *rows["confidence_level"].drop_nulls().unique().to_list()}
    return {level: normal_quantile(level) for level in sorted(levels)}


def normal_quantile(level: float) -> float:
    """Half the width of a two-sided normal interval in standard errors."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def within_rounding(value: float, published: float | None, step: float = 0.01) -> float:
    """The number nearest to `value` that rounds to what is published (both 0..1); `value` when nothing is published."""
    if published is None:
        return value
    half = NEARLY_HALF * step
    return min(max(value, published - half), published + half)
