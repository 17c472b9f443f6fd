"""Numbers that files show and no release table holds, made anew here from released ones, so that they can be traced too."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import polars.selectors as cs

STEP = 5
NAME = "derived_counts"
USE, USE_SUMS = "use_of_results", "derived_use"


def with_derived(released: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The release tables, with answers left after the plausibility screen and the county's sums of how results are used."""
    return _with_sums(_with_counts(released))


def _with_sums(released: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """`derived_use`: the sum over all municipalities of each number of `use_of_results`; forms and meetings, no pupils."""
    use = released.get(USE)
    if use is None or not use.height:
        return released
    return {**released, USE_SUMS: use.select((cs.numeric() - cs.by_name("wave", require_all=False)).cast(pl.Int64).sum())}


def _with_counts(released: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """`derived_counts` (`area_code, wave, grade, n`): answers left after the plausibility screen.

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
