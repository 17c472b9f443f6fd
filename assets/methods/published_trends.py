"""`release.trends`: changes and slopes that tell nothing beyond the numbers that are published already. Pure.

Everything is formed from the published (rounded) values (docs/adr/0010, 0020): the change is their difference, the slope a line
through them, and the interval lies symmetrically around the published change, so its middle tells nothing about the unrounded
one. From the unrounded table comes the standard error only, and rounding is added to it (a number rounded to steps of s has the
variance s^2/12 on top). Tests are made on these numbers, in families of the shown rows alone, and p values stay behind.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from assets.methods.disclosure_rounding import half_away
from assets.methods.wave_trends import (
    CELL,
    GROUP,
    ChangeRules,
    earlier_waves,
    judge_changes,
    latest_earlier,
    points_of,
    slopes,
    with_verdict,
)

ABSENT = ("no_delivery", "no_pupils", "not_asked")
"""Waves with these reasons have nothing to compare with; the wave before them is taken."""
COLUMNS = (
    *("edition", "area_level", "area_code", "area_name", "wave", "grade", "sex", "series_kind", "series", "measure", "unit"),
    *("value", "from_wave", "value_from", "change", "low", "high", "confidence_level", "verdict", "reason", "method"),
    *("first_wave", "n_waves", "slope", "slope_low", "slope_high", "trend_verdict", "trend_reason"),
)
SLOPE_DIGITS = 10.0
"""A slope per two years is shown with one decimal more than the values it goes through."""
LEVEL_UNITS = {"percent": "points"}


def published_cells(index_results: pl.DataFrame, focus: Mapping[str, str], indicator_results: pl.DataFrame) -> pl.DataFrame:
    """The published values that have a trend, in one form.

    Args:
        index_results, indicator_results: the release tables (either may be empty). focus: index key -> its focus share's measure.

    Returns:
        `edition, area_name`, `CELL`, `value, reason, unit`; sorted by `CELL`.
    """
    parts = []
    keep = ["edition", "area_name", *CELL, "value", "reason", "unit"]
    if index_results.width:
        named = pl.col("index_key").replace_strict(dict(focus), default=None)
        rows = index_results.filter((pl.col("measure") == named) | (pl.col("measure") == "mean"))
        measure = pl.when(pl.col("measure") == "mean").then(pl.lit("mean")).otherwise(pl.lit("share_focus"))
        parts.append(rows.with_columns(series_kind=pl.lit("index"), series="index_key", measure=measure).select(keep))
    if indicator_results.width:
        rows = indicator_results.filter(pl.col("measure").is_in(["share", "mean"]))
        kind = pl.when(pl.col("measure") == "mean").then(pl.lit("scale")).otherwise(pl.lit("indicator"))
        parts.append(rows.with_columns(series_kind=kind, series="indicator").select(keep))
    return pl.concat(parts).sort(CELL)


def published_trends(
    cells: pl.DataFrame,
    evidence: pl.DataFrame,
    comparable: pl.DataFrame,
    steps: Mapping[str, float],
    minimum_points: float,
    rules: ChangeRules,
) -> pl.DataFrame:
    """Changes and slopes of the published values.

    Args:
        cells: of `published_cells`. evidence: `indices.trends`. comparable: see `earlier_waves`.
        steps: unit -> what its values are rounded to. minimum_points: least change that matters; for means of logits there is
            none.

    Returns:
        `COLUMNS`, sorted by `CELL`; one row per published cell. `change`, `low`, `high` in the value's unit (points for per
        cent), `slope` per two years. `reason` is the cell's own, that of the wave it is compared with, `series_break` or
        `no_earlier_wave`; unless it is `ok` nothing of the change is there. Hidden values are in no change and no line.
    """
    frame = _with_earlier(cells, comparable)
    proof = evidence.select(
        *CELL, "from_wave", "method", "df",
        se=pl.col("se") * _scale(), se_estimate=pl.col("se_estimate") * _scale(),
    )  # fmt: skip
    own = proof.select(*CELL, "se_estimate")
    pair = proof.filter(pl.col("from_wave").is_not_null()).select(*CELL, "from_wave", "method", "df", "se")
    frame = frame.join(pair, on=[*CELL, "from_wave"], how="left", maintain_order="left")
    step = pl.col("unit").replace_strict(dict(steps), return_dtype=pl.Float64)
    points = pl.col("unit").is_in(["percent", "scale_0_100", "score_0_100"])
    frame = frame.with_columns(step=step, minimum=pl.when(points).then(minimum_points).otherwise(0.0))
    frame = frame.with_columns(se=(pl.col("se") ** 2 + pl.col("step") ** 2 / 6).sqrt())
    shown = judge_changes(frame.filter(pl.col("reason") == "ok"), rules)
    shown = with_verdict(_rounded(shown), rules.alpha).with_columns(confidence_level=pl.lit(rules.level))
    shown = shown.select(*CELL, "low", "high", "verdict", "confidence_level", "method")
    hidden = pl.col("reason") != "ok"
    result = frame.drop("method").join(shown, on=CELL, how="left", maintain_order="left")
    result = result.with_columns(pl.when(~hidden).then(name).alias(name) for name in ("change", "value_from"))
    lines = _lines(frame, own, comparable, rules)
    result = result.join(lines, on=CELL, how="left", maintain_order="left")
    no_line = pl.when(pl.col("value").is_null()).then(pl.lit("no_estimate")).otherwise(pl.lit("too_few_waves"))
    unit = pl.col("unit").replace(LEVEL_UNITS)
    result = result.with_columns(
        pl.when(pl.col("value").is_not_null()).then(pl.col("trend_verdict").fill_null("cannot_tell")).alias("trend_verdict"),
        pl.col("trend_reason").fill_null(no_line),
        unit=unit,
    )
    return result.select(COLUMNS).sort(CELL)


def _with_earlier(cells: pl.DataFrame, comparable: pl.DataFrame) -> pl.DataFrame:
    """The cells with `from_wave, value_from, change` and the reason of the whole."""
    there = cells.filter(~pl.col("reason").is_in(ABSENT))
    found = latest_earlier(earlier_waves(there, comparable))
    before = there.select(*GROUP, from_wave="wave", value_from="value", reason_from="reason")
    first = there.group_by(GROUP).agg(earliest=pl.col("wave").min())
    frame = cells.join(found, on=CELL, how="left", maintain_order="left")
    frame = frame.join(before, on=[*GROUP, "from_wave"], how="left", maintain_order="left")
    frame = frame.join(first, on=GROUP, how="left", maintain_order="left")
    reason = (
        pl.when(pl.col("value").is_null()).then("reason")
        .when(pl.col("from_wave").is_null() & (pl.col("earliest") < pl.col("wave"))).then(pl.lit("series_break"))
        .when(pl.col("from_wave").is_null()).then(pl.lit("no_earlier_wave"))
        .when(pl.col("value_from").is_null()).then("reason_from")
        .otherwise(pl.lit("ok"))
    )  # fmt: skip
    change = (pl.col("value") - pl.col("value_from")).round(6)
    return frame.with_columns(reason=reason, change=change).drop("reason_from", "earliest")


def _scale() -> pl.Expr:
    """Shares are 0..1 in the indices layer and per cent here."""
    return pl.when(pl.col("measure").str.starts_with("share")).then(100.0).otherwise(1.0)


def _rounded(frame: pl.DataFrame) -> pl.DataFrame:
    """The interval in whole steps around the published change, never without width."""
    half = ((pl.col("high") - pl.col("low")) / 2 / pl.col("step")).round(6)
    steps = pl.Series(half_away(frame.select(half).to_series().fill_null(np.nan).to_numpy(), 0)).fill_nan(None)
    frame = frame.with_columns(half=pl.max_horizontal(steps, pl.lit(1.0)) * pl.col("step"))
    frame = frame.with_columns(half=pl.when(pl.col("low").is_not_null()).then("half"))
    return frame.with_columns(low=(pl.col("change") - pl.col("half")).round(6), high=(pl.col("change") + pl.col("half")).round(6))


def _lines(frame: pl.DataFrame, own: pl.DataFrame, comparable: pl.DataFrame, rules: ChangeRules) -> pl.DataFrame:
    shown = frame.filter(pl.col("value").is_not_null()).join(own, on=CELL, how="inner", maintain_order="left")
    shown = shown.filter(pl.col("se_estimate") > 0)
    values = shown.select(*CELL, "minimum", estimate="value", variance=pl.col("se_estimate") ** 2 + pl.col("step") ** 2 / 12)
    lines = slopes(points_of(values, earlier_waves(values, comparable)), rules)
    lines = lines.join(frame.select(*CELL, "step"), on=CELL, how="left", maintain_order="left")
    tenth = pl.col("step") / SLOPE_DIGITS
    numbers = ["slope", "slope_low", "slope_high"]
    lines = lines.with_columns(((pl.col(name) / tenth).round(0) * tenth).round(6).alias(name) for name in numbers)
    return lines.select(*CELL, "first_wave", "n_waves", *numbers, "trend_verdict", "trend_reason")
