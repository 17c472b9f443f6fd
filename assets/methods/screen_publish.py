"""What may be told about the effect of leaving out unserious answers. Pure.

A result with and one without some pupils, side by side, is a differencing attack: the difference is about those pupils. So

- a series is told at county level only, and only when at least the group floor of pupils is left out of each sex;
- it is told only when somebody who knows every exact count of the results without them, and exactly how many they are, still
  can't ring in how many of them are in the numerator to an interval as narrow as the policy's `interval_width`: what is rounded
  to whole per cent of thousands of pupils then hides them. Girls, boys and all are judged together, since they add up;
- when one sex fails, all three are hidden;
- of a municipality only the whole per cent left out is told, for large grades, and not even that when the county's number and
  the other municipalities would ring in the number of one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from assets.methods.disclosure_policy import DisclosurePolicy, PolicyNumbers
from assets.methods.disclosure_rounding import IntArray, count_window, half_away, nearest, share_percent
from assets.methods.psu_sums import SCORE_UNITS, SEXES
from assets.methods.screen_sensitivity import COUNTY_LEVEL, SCREEN

RESULT_KEYS = ("area_level", "area_code", "wave", "grade", "sex", "series_type", "series", "measure")
RESULT_COLUMNS = (
    "edition",
    "area_level",
    "area_code",
    "area_name",
    *RESULT_KEYS[2:],
    "value",
    "unit",
    "reason",
    "removal",
)
_FAMILY = ["area_code", "wave", "grade", "series_type", "series"]
MINIMUM_MUNICIPALITIES = 3
"""With fewer the county's number of left-out pupils is in practice a municipality's."""


def share_window(percent: IntArray, total: IntArray) -> tuple[IntArray, IntArray]:
    """Least and greatest count of `total` that rounds to `percent` (whole per cent, a tie upwards)."""
    low = -((-(2 * percent - 1) * total) // 200)
    high = -((-(2 * percent + 1) * total) // 200) - 1
    return np.maximum(low, 0), np.minimum(high, total)


def removed_bounds(n_all: IntArray, yes_all: IntArray, n_kept: IntArray, yes_kept: IntArray) -> tuple[IntArray, IntArray]:
    """Bounds on how many of the left-out pupils are in the numerator, for one who knows all but `yes_all`, of which the rounded
    share is known. Arrays [families, 3] for girls, boys and all; the sexes add up."""
    low, high = share_window(share_percent(yes_all, n_all), n_all)
    low = np.clip(low - yes_kept, 0, n_all - n_kept)
    high = np.clip(high - yes_kept, 0, n_all - n_kept)
    girl, boy, both = (slice(i, i + 1) for i in range(3))
    tight_low, tight_high = low.copy(), high.copy()
    for one, other in ((girl, boy), (boy, girl)):
        tight_low[:, one] = np.maximum(low[:, one], low[:, both] - high[:, other])
        tight_high[:, one] = np.minimum(high[:, one], high[:, both] - low[:, other])
    tight_low[:, both] = np.maximum(low[:, both], low[:, girl] + low[:, boy])
    tight_high[:, both] = np.minimum(high[:, both], high[:, girl] + high[:, boy])
    return tight_low, tight_high


def published_sensitivity(
    counts: pl.DataFrame,
    results: pl.DataFrame,
    policy: DisclosurePolicy,
    edition: str,
    sensitive: frozenset[str],
    focus: Mapping[str, int],
    area_names: Mapping[str, str],
    municipality_from: int,
) -> pl.DataFrame:
    """`release.screen_sensitivity`.

    Args:
        counts: `indices.screen_sensitivity`. results: `release.index_results`; an index that is hidden for the county there is
            hidden here too.
        sensitive: series that need the wider margins. focus: index key -> focus band.
        municipality_from: least number of respondents for a municipality's per cent.

    Returns:
        `RESULT_COLUMNS`, sorted by `RESULT_KEYS`. Measures of a series: `share_all` and `share_kept` (whole per cent; indices
        only), `diff_share` (kept minus all, whole points, of the rounded shares), `mean_all, mean_kept, diff_mean` (logits, two
        decimals). `series_type` `screen`: the county's `n_removed` (nearest five), municipalities' `removed_pct` (whole per
        cent). `reason` is `ok`, `too_few` or `suppressed`; `removal` says which of the two the other tables hold.
    """
    numbers = policy.numbers(edition)
    series = counts.filter(pl.col("series_type") != SCREEN)
    hidden = sensitive | frozenset(policy.sensitive_indices)
    rows = [
        _series_rows(series, _shown_indices(results, focus), numbers, hidden),
        _removed_rows(counts.filter(pl.col("series_type") == SCREEN), numbers, municipality_from),
    ]
    named = pl.concat(rows).with_columns(
        edition=pl.lit(edition), area_name=pl.col("area_code").replace_strict(dict(area_names), return_dtype=pl.String)
    )
    return named.select(RESULT_COLUMNS).sort(RESULT_KEYS)


def _shown_indices(results: pl.DataFrame, focus: Mapping[str, int]) -> pl.DataFrame:
    """Cells of the county whose focus share, and mean, is published: `wave, grade, sex, series`."""
    focus_rows = pl.format("{}:{}", "index_key", "measure").is_in([f"{key}:share_band{band}" for key, band in focus.items()])
    shown = results.filter((pl.col("area_level") == COUNTY_LEVEL) & (focus_rows | (pl.col("measure") == "mean")))
    cells = shown.group_by("wave", "grade", "sex", series="index_key").agg(shown=(pl.col("reason") == "ok").all())
    return cells.filter("shown").drop("shown")


def _series_rows(counts: pl.DataFrame, shown: pl.DataFrame, numbers: PolicyNumbers, sensitive: frozenset[str]) -> pl.DataFrame:
    order = counts.with_columns(pl.col("sex").cast(pl.Enum(SEXES))).sort(*_FAMILY, "sex")
    families = order.select(_FAMILY).unique(maintain_order=True)
    if order.height != 3 * families.height:
        raise ValueError("every series needs a row for girl, boy and all")
    wide = {c: order[c].fill_null(0).to_numpy().reshape(-1, 3) for c in ("n_all", "yes_all", "n_kept", "yes_kept")}
    safe = _safe(wide, families["series"].is_in(list(sensitive)).to_numpy(), numbers)
    shown_too = order.with_columns(pl.col("sex").cast(pl.String)).join(
        shown.with_columns(published=pl.lit(True)), on=["wave", "grade", "sex", "series"], how="left", maintain_order="left"
    )
    is_index = (order["series_type"] == "index").to_numpy().reshape(-1, 3)
    safe &= (shown_too["published"].fill_null(False).to_numpy().reshape(-1, 3) | ~is_index).all(axis=1)
    plain = order.with_columns(pl.col("sex").cast(pl.String), safe=pl.Series(np.repeat(safe, 3)))
    return pl.concat([_shares(plain), _means(plain.filter(pl.col("series_type") == "index"), numbers)])


def _safe(wide: Mapping[str, IntArray], sensitive: np.ndarray, numbers: PolicyNumbers) -> np.ndarray:
    """Which families hold the rules; one answer per family."""
    floor = np.where(sensitive, numbers.group_floor_sensitive, numbers.group_floor)[:, None]
    cell = np.where(sensitive, numbers.cell_floor_sensitive, numbers.cell_floor)[:, None]
    width = np.where(sensitive, numbers.interval_width_sensitive, numbers.interval_width)[:, None]
    low, high = removed_bounds(**wide)
    holds = (wide["n_all"] - wide["n_kept"] >= floor) & (high - low > width)
    for n, yes in (("n_all", "yes_all"), ("n_kept", "yes_kept")):
        holds &= (wide[yes] >= cell) & (wide[n] - wide[yes] >= cell) & (wide[n] >= floor)
    return holds.all(axis=1)


def _shares(rows: pl.DataFrame) -> pl.DataFrame:
    shares = {k: share_percent(rows[f"yes_{k}"].to_numpy(), rows[f"n_{k}"].to_numpy()).astype(float) for k in ("all", "kept")}
    index = rows["series_type"] == "index"
    both = [_long(rows.filter(index), f"share_{k}", pl.Series(v).filter(index), "percent") for k, v in shares.items()]
    return pl.concat([*both, _long(rows, "diff_share", pl.Series(shares["kept"] - shares["all"]), "points")])


def _means(rows: pl.DataFrame, numbers: PolicyNumbers) -> pl.DataFrame:
    means = {}
    for k in ("all", "kept"):
        n = np.maximum(rows[f"n_{k}"].to_numpy(), 1)
        means[k] = half_away(rows[f"units_{k}"].fill_null(0).to_numpy() / n / SCORE_UNITS, numbers.mean_decimals)
    parts = [_long(rows, f"mean_{k}", pl.Series(v), "logit") for k, v in means.items()]
    difference = half_away(means["kept"] - means["all"], numbers.mean_decimals)
    return pl.concat([*parts, _long(rows, "diff_mean", pl.Series(difference), "logit")])


def _long(rows: pl.DataFrame, measure: str, value: pl.Series, unit: str) -> pl.DataFrame:
    shown = rows["safe"]
    return rows.select(
        *RESULT_KEYS[:-1],
        pl.lit(measure).alias("measure"),
        pl.when(shown).then(value.cast(pl.Float64)).alias("value"),
        pl.lit(unit).alias("unit"),
        pl.when(shown).then(pl.lit("ok")).otherwise(pl.lit("suppressed")).alias("reason"),
        "removal",
    )


def _removed_rows(counts: pl.DataFrame, numbers: PolicyNumbers, municipality_from: int) -> pl.DataFrame:
    parts = [
        _removed_in(part, numbers, municipality_from)
        for _, part in counts.sort("wave", "grade", "area_code").group_by("wave", "grade", maintain_order=True)
    ]
    return pl.concat([_long(counts.clear().with_columns(safe=pl.lit(True)), "", pl.Series([], dtype=pl.Float64), ""), *parts])


def _removed_in(part: pl.DataFrame, numbers: PolicyNumbers, municipality_from: int) -> pl.DataFrame:
    """The county's number and the municipalities' per cent of one wave and grade."""
    removed = pl.col("n_all") - pl.col("n_kept")
    county = part.filter(pl.col("area_level") == COUNTY_LEVEL).with_columns(removed=removed)
    own = part.filter(pl.col("area_level") != COUNTY_LEVEL).with_columns(removed=removed)
    enough = own.height >= MINIMUM_MUNICIPALITIES
    county = county.with_columns(safe=(pl.col("removed") >= numbers.group_floor) & pl.lit(enough))
    rounded = pl.Series(nearest(county["removed"].to_numpy(), numbers.count_step))
    n, gone = own["n_all"].to_numpy(), own["removed"].to_numpy()
    percent = share_percent(gone, n)
    low, high = share_window(percent, n)
    low = np.maximum(low, numbers.group_floor)
    safe = (n >= municipality_from) & (gone >= numbers.group_floor) & (high - low > numbers.interval_width)
    if county["safe"].any():
        window = count_window(rounded.to_numpy(), numbers.count_step)
        safe &= not _ringed_in(n, low, high, safe, window, numbers.interval_width)
        alone = _ringed_in(n, low, high, np.zeros_like(safe), window, numbers.interval_width)
        county = county.with_columns(safe=pl.col("safe") & pl.lit(not alone))
    own = own.with_columns(safe=pl.Series(safe, dtype=pl.Boolean))
    return pl.concat([_long(county, "n_removed", rounded, "count"), _long(own, "removed_pct", pl.Series(percent), "percent")])


def _ringed_in(
    n: IntArray, low: IntArray, high: IntArray, shown: np.ndarray, county: tuple[IntArray, IntArray], width: int
) -> bool:
    """Whether a municipality's number, hidden or shown as a per cent, is rung in by the county's number and the others."""
    least, most = np.where(shown, low, 0), np.where(shown, high, n)
    from_below = np.maximum(least, county[0].sum() - (most.sum() - most))
    from_above = np.minimum(most, county[1].sum() - (least.sum() - least))
    narrowed = (from_below > 0) | (from_above < n)
    return bool((narrowed & (from_above - from_below <= width)).any())
