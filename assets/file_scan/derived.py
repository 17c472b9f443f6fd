"""Numbers that files show and no release table holds, made anew here from released ones, so that they can be traced too."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

STEP = 5
NAME = "derived_counts"


def with_derived(released: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The release tables and `derived_counts` (`area_code, wave, grade, n`): answers left after the plausibility screen.

    The number is that of the report's chart of who answered: respondents less the published share that was removed, to the
    nearest 5, at least the pupils with a score and at most the respondents.
    """
    rates, screen = released.get("response_rates"), released.get("screen_sensitivity")
    if rates is None or screen is None or not rates.height or not screen.height:
        return dict(released)
    place = ["area_code", "wave", "grade"]
    removed = screen.filter((pl.col("measure") == "removed_pct") & pl.col("value").is_not_null()).select(*place, "value").unique()
    left = STEP * (pl.col("respondents") * (1 - pl.col("value") / 100) / STEP + 0.5).cast(pl.Int64)
    counts = (
        rates.filter(pl.col("respondents").is_not_null())
        .join(removed, on=place, how="inner")
        .select(*place, n=pl.min_horizontal("respondents", pl.max_horizontal(left, pl.col("scored_any").fill_null(0))))
        .sort(*place)
    )
    return {**released, NAME: counts}
