"""Estimates for small groups of pupils, made from published numbers only: pooled waves and a Fay-Herriot model. Pure.

A pooled estimate is the mean of a municipality's published shares over the latest comparable waves, weighted by answers. The
model sets all municipalities of a wave beside each other on the logit scale and draws an uncertain share to the county's; a
municipality whose own share is hidden gets the model's value alone. Neither is a direct estimate, and no row stands among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.catalogue.estimate_models import SmallAreas
from assets.methods.beta_binomial import pooled_waves
from assets.methods.design import Floats
from assets.methods.released_shares import COUNTY, KEYS, MUNICIPALITY, SHOWN, normal_quantile, released_shares, within_rounding
from assets.methods.small_area import area_estimates_supported, fit_areas, smoothed_variances

COLUMNS = {
    "edition": pl.String,
    "area_level": pl.String,
    "area_code": pl.String,
    "area_name": pl.String,
    "wave": pl.Int32,
    "grade": pl.String,
    "sex": pl.String,
    "index_key": pl.String,
    "measure": pl.String,
    "method": pl.String,
    "source": pl.String,
    "model_label": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "unit": pl.String,
    "confidence_level": pl.Float64,
    "own_weight_pct": pl.Int64,
    "waves": pl.String,
    "n": pl.Int64,
    "areas": pl.Int64,
    "small": pl.Boolean,
    "direct_reason": pl.String,
    "reason": pl.String,
    "model_reason": pl.String,
}
ORDER = ["area_level", "area_code", "wave", "grade", "index_key", "method"]
POOLED, MODEL = "pooled_waves", "fay_herriot_reml"
HIDDEN = ("suppressed", "too_few")


def model_estimates(
    results: pl.DataFrame,
    breaks: pl.DataFrame,
    focus: Mapping[str, str],
    rules: SmallAreas,
    edition: str,
    step: float = 1.0,
) -> pl.DataFrame:
    """`release.model_estimates`: for every municipality, wave, grade and index one pooled and one model-supported row.

    Args:
        results: `release.index_results` of all waves. breaks: `release.series_breaks`: waves before `comparable_from` are not
            pooled. focus: index key -> measure of its focus share. rules: `estimates.yml`. step: rounding of shares in points.

    Returns:
        `COLUMNS`, sorted. Shares in whole per cent, limits rounded outwards, so no interval has width 0. `own_weight_pct`: how
        much of a value is the municipality's own shares; `n`: its answers behind, to the nearest 5, null without; `areas`:
        municipalities in the model. A null has `reason` (`reasons.yml`) and `model_reason` (`statistics.yml`).
    """
    shares = released_shares(results, focus, edition, step)
    areas = shares.filter(pl.col("area_level") == MUNICIPALITY)
    county = {row[:3]: row[3] for row in shares.filter(pl.col("area_level") == COUNTY).select(*KEYS[2:], "share").iter_rows()}
    start = breaks.filter(pl.col("series_kind") == "index").select("wave", "comparable_from", index_key="series")
    pooled = _pooled(areas.join(start, on=["wave", "index_key"], how="left", maintain_order="left"), rules)
    parts = [pooled]
    for key, group in areas.group_by("wave", "grade", "index_key", maintain_order=True):
        parts.append(_modelled(group, rules, county.get(key), step))
    found = pl.concat([part.select(_NUMBERS) for part in parts])
    table = areas.join(found, on=list(KEYS), how="inner", maintain_order="left", suffix="_model")
    return _finished(table, rules, edition)


_NUMBERS = (*(*KEYS, "method", "source", "estimate", "low", "high", "own_weight", "waves", "n_used", "areas", "model_reason"),)


def _pooled(areas: pl.DataFrame, rules: SmallAreas) -> pl.DataFrame:
    """The latest comparable waves of every cell together."""
    rows = areas.select(
        "area_level", "area_code", "wave", "grade", "index_key", "n", estimate="share", se=pl.col("variance").sqrt()
    )
    all_waves = sorted(areas["wave"].unique().to_list())
    parts = []
    for (wave, key, first), cells in areas.group_by("wave", "index_key", "comparable_from", maintain_order=True):
        usable = [w for w in all_waves if (first or wave) <= w <= wave][-rules.most_waves :]
        here = rows.filter(pl.col("index_key") == key, pl.col("wave").is_in(usable))
        got = pooled_waves(here, ["area_level", "area_code", "grade", "index_key"], usable)
        parts.append(got.with_columns(wave=pl.lit(wave, pl.Int32)).join(
            cells.select(*KEYS), on=list(KEYS), how="semi", maintain_order="left"
        ))  # fmt: skip
    found = pl.concat(parts)
    z = normal_quantile(rules.confidence_level)
    p = pl.col("estimate")
    half = z * pl.col("se") / (p * (1 - p))
    middle = (p / (1 - p)).log()
    inside = (p > 0) & (p < 1)
    return found.with_columns(
        method=pl.lit(POOLED),
        estimate=pl.when(inside).then(p),
        low=pl.when(inside).then(1 / (1 + (half - middle).exp())),
        high=pl.when(inside).then(1 / (1 + (-half - middle).exp())),
        own_weight=pl.when(inside).then(pl.lit(1.0)),
        waves=pl.col("waves").cast(pl.List(pl.String)).list.join(" "),
        n_used=pl.col("n").cast(pl.Int64),
        areas=pl.lit(None, pl.Int64),
        model_reason=pl.when(inside | (pl.col("reason") != "ok")).then("reason").otherwise(pl.lit("no_estimate")),
    )


@dataclass(frozen=True)
class _Logit:
    """Shares of some areas on the logit scale, with the variances that the model takes. NaN where an area has no share."""

    y: Floats
    d: Floats


def _on_logit(cells: pl.DataFrame, step: float) -> _Logit:
    """Variances are smoothed over the areas (one design effect), since an own one on few classes is itself uncertain."""
    share, variance = (cells[name].fill_null(np.nan).to_numpy() for name in ("share", "variance"))
    n = cells["n"].cast(pl.Float64).fill_null(0.0).to_numpy()
    edge = step / 100 / 2
    inside = np.clip(share, edge, 1 - edge)  # a share that rounds to 0 is not 0
    known = np.isfinite(share) & np.isfinite(variance)
    if not known.any():
        return _Logit(np.full(len(share), np.nan), np.full(len(share), np.nan))
    mean = float(np.average(inside[known], weights=np.maximum(n[known], 1)))
    smooth = (
        smoothed_variances(np.where(known, variance, np.nan), np.where(known, n, 0.0), inside) if n[known].any() else variance
    )
    used = np.where(np.isfinite(smooth), smooth, variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        logit = np.log(inside / (1 - inside))
    return _Logit(np.where(known, logit, np.nan), np.where(known, used / (mean * (1 - mean)) ** 2, np.nan))


def _modelled(cells: pl.DataFrame, rules: SmallAreas, county: float | None, step: float) -> pl.DataFrame:
    """The model of one wave, grade and index; a row per municipality."""
    base = cells.select(*KEYS, wave_text=pl.col("wave").cast(pl.String), n_used="n", direct="reason")
    logit = _on_logit(cells, step)
    known = np.isfinite(logit.y) & np.isfinite(logit.d)
    asked = base["direct"].is_in([*SHOWN, *HIDDEN])
    ones = np.ones((cells.height, 1))
    if known.sum() < rules.least_areas:
        empty = {name: pl.lit(None, pl.Float64) for name in ("estimate", "low", "high", "own_weight")}
        return base.with_columns(
            method=pl.lit(MODEL), source=pl.lit("synthetic"), waves="wave_text", areas=pl.lit(int(known.sum()), pl.Int64),
            model_reason=pl.lit("no_estimate"), **empty,
        )  # fmt: skip
    model = fit_areas(logit.y[known], logit.d[known], ones[known])
    got = area_estimates_supported(model, logit.y, logit.d, ones)
    z = normal_quantile(rules.confidence_level)
    middle = got["estimate"].to_numpy()
    half = z * np.sqrt(got["mse"].to_numpy())
    point, low, high = (1 / (1 + np.exp(-value)) for value in (middle, middle - half, middle + half))
    factor = _benchmark(point, cells["respondents"].cast(pl.Float64).fill_null(0.0).to_numpy(), asked.to_numpy(), county, step)
    columns = {"estimate": point * factor, "low": low * factor, "high": high * factor, "own_weight": got["gamma"].to_numpy()}
    if model.boundary:  # the interval would leave out that A itself is uncertain
        columns |= {"low": np.full(len(point), np.nan), "high": np.full(len(point), np.nan)}
    shown = [pl.when(asked).then(pl.Series(name, values)).fill_nan(None).alias(name) for name, values in columns.items()]
    reason = pl.when(asked).then(got["reason"]).otherwise(pl.lit("no_estimate"))
    return base.with_columns(
        *shown, got["source"], method=pl.lit(MODEL), waves="wave_text", areas=pl.lit(model.areas, pl.Int64), model_reason=reason
    )


def _benchmark(share: Floats, weight: Floats, asked: np.ndarray, county: float | None, step: float) -> float:
    """The one factor that makes the municipalities' weighted mean round to the county's published share."""
    counted = asked & (weight > 0)
    if not counted.any():
        return 1.0
    mean = float(np.average(share[counted], weights=weight[counted]))
    return within_rounding(mean, county, step / 100) / mean


def _finished(table: pl.DataFrame, rules: SmallAreas, edition: str) -> pl.DataFrame:
    """Whole per cent, labels and reasons."""
    has = pl.col("estimate").is_not_null() & pl.col("reason").is_in([*SHOWN, *HIDDEN])
    value = (pl.col("estimate") * 100).round(0).cast(pl.Float64) + 0.0

    def outwards(limit: pl.Expr) -> pl.Expr:
        return pl.when(has & pl.col("low").is_not_null()).then(limit.clip(0.0, 100.0))  # a horizontal minimum skips nulls

    small = pl.col("respondents").is_null() | (pl.col("respondents") < rules.small_below)
    present = pl.col("reason").is_in([*SHOWN, *HIDDEN])
    own = pl.when(present).then(pl.lit("not_applicable")).otherwise(pl.col("reason"))
    return table.select(
        pl.lit(edition).alias("edition"),
        *("area_level", "area_code", "area_name", "wave", "grade"),
        pl.lit("all").alias("sex"),
        *("index_key", "measure", "method", "source"),
        pl.col("source").replace_strict(dict(rules.labels), return_dtype=pl.String).alias("model_label"),
        pl.when(has).then(value).alias("value"),
        outwards(pl.min_horizontal((pl.col("low") * 100).floor(), value)).alias("low"),
        outwards(pl.max_horizontal((pl.col("high") * 100).ceil(), value)).alias("high"),
        pl.lit("percent").alias("unit"),
        pl.when(has & pl.col("low").is_not_null()).then(pl.lit(rules.confidence_level)).alias("confidence_level"),
        pl.when(has).then((pl.col("own_weight") * 100).round(0)).cast(pl.Int64).alias("own_weight_pct"),
        pl.when(has).then("waves").fill_null("").alias("waves"),
        pl.when(has & (pl.col("own_weight") > 0)).then("n_used").alias("n"),
        "areas",
        (small & present).alias("small"),
        pl.col("reason").alias("direct_reason"),
        pl.when(has).then(pl.lit("ok")).otherwise(own).alias("reason"),
        "model_reason",
    ).cast(COLUMNS).sort(ORDER)  # fmt: skip
