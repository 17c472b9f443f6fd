"""How many have answered at least, where their number is hidden: told by the published numbers of scored pupils. Pure.

Every scored pupil is a respondent, so the greatest published number of them is one that the respondents aren't below. It is made
of published rows alone, so it tells nothing that they don't.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

KEYS = ["edition", "area_level", "area_code", "wave", "grade"]
_ENROLLED_HALF = 2
"""Pupils of the register are shown to the nearest five, so they may be so many more."""


def with_least(rates: pl.DataFrame, results: pl.DataFrame, steps: Mapping[str, int]) -> pl.DataFrame:
    """The response rates with `respondents_least` and `response_least_pct` (Int64), null where the respondents are shown.

    The first is the least number that the greatest published number of scored pupils can stand for, the second how many per cent
    of the pupils in the register that is at least, rounded down; null where the register has fewer pupils or tells no number.

    Args:
        rates: `release.response_rates`. results: `release.index_results`.
        steps: edition -> to what numbers of pupils are rounded; none for an edition whose numbers have noise.
    """
    if not rates.width:
        return rates
    if not results.width:  # a survey without indices
        none = pl.lit(None, pl.Int64)
        return rates.with_columns(respondents_least=none, response_least_pct=none)
    step = pl.col("edition").replace_strict(dict(steps), default=None, return_dtype=pl.Int64)
    greatest = (
        results.filter(pl.col("measure") == "n_scored", pl.col("sex") == "all", pl.col("reason") == "ok")
        .group_by(KEYS)
        .agg(greatest=pl.col("value").max().cast(pl.Int64))
    )
    least = pl.when(pl.col("respondents").is_null()).then(pl.col("greatest") - step // 2)
    most = pl.col("enrolled") + _ENROLLED_HALF
    percent = pl.when(pl.col("respondents_least") <= most).then(100 * pl.col("respondents_least") // most)
    found = rates.join(greatest, on=KEYS, how="left", maintain_order="left").with_columns(respondents_least=least)
    return found.with_columns(response_least_pct=percent).drop("greatest")
