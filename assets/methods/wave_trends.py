"""Change since the wave before, and the slope of all comparable waves, for every series at once. Pure.

A change is judged like other differences: a t test, adjusted for the number of comparisons (Benjamini & Hochberg 1995) within the
family of one area's profile, and a least change that matters. `stable` needs its whole interval inside that band; otherwise it
cannot be told ("kan inte avgöras"). Slopes: weighted least squares with known variances and Cochran's Q, as `trends.trend` has
them, with the same adjustment. Never across a major break in the question.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from assets.methods import intervals
from assets.methods.interval_limits import leaves_out
from assets.methods.multiplicity import adjust_families
from assets.methods.trends import PERIOD

ChangeVerdict = Literal["increase", "decrease", "stable", "cannot_tell"]
GROUP = ["area_level", "area_code", "grade", "sex", "series_kind", "series", "measure"]
CELL = [*GROUP, "wave"]
FAMILY = ("area_code", "wave", "grade", "sex", "series_kind", "measure")
"""One area's profile: all series of a kind and measure, in a wave, grade and sex. Changes and slopes are two families."""
NOISE = 1e-9
AT_ONCE = 20_000
"""Cells that are compared at a time: pairs of waves and points of lines take room that grows with the square of the waves."""


@dataclass(frozen=True)
class ChangeRules:
    """Level of tests and intervals; `least_waves` for a slope; schools needed per wave before they are the unit of a change."""

    alpha: float = 0.05
    least_waves: int = 3
    least_schools: int = 6
    level: float = 0.95


def by_areas(cells: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The cells, all of some areas at a time: no area's changes, nor the tests they are adjusted with, look at another's."""
    if cells.is_empty():
        yield cells
    sizes = cells.group_by("area_code").len().sort("area_code").with_columns(before=pl.col("len").cum_sum() - pl.col("len"))
    for codes in sizes.group_by(pl.col("before") // AT_ONCE, maintain_order=True).agg("area_code")["area_code"]:
        yield cells.filter(pl.col("area_code").is_in(codes))


def earlier_waves(cells: pl.DataFrame, comparable: pl.DataFrame) -> pl.DataFrame:
    """Every cell with every earlier cell of the same series that it may be compared with.

    Args:
        cells: `CELL` columns; one row per cell that has data. comparable: `series_kind, series, wave, comparable_from` of
            `series_breaks`; a wave that the series isn't defined for has no row there, and is compared with nothing.

    Returns:
        `CELL` and `from_wave`, sorted.
    """
    since = comparable.select("series_kind", "series", "wave", "comparable_from")
    known = cells.select(CELL).join(since, on=["series_kind", "series", "wave"], how="inner", maintain_order="left")
    earlier = known.select(*GROUP, from_wave="wave")
    pairs = known.join(earlier, on=GROUP, how="inner")
    inside = (pl.col("from_wave") < pl.col("wave")) & (pl.col("from_wave") >= pl.col("comparable_from"))
    return pairs.filter(inside).select(*CELL, "from_wave").sort(*CELL, "from_wave")


def latest_earlier(pairs: pl.DataFrame) -> pl.DataFrame:
    """Of `earlier_waves`, the pair with the latest earlier wave of each cell."""
    return pairs.group_by(CELL, maintain_order=True).agg(pl.col("from_wave").max())


def judge_changes(frame: pl.DataFrame, rules: ChangeRules) -> pl.DataFrame:
    """Add interval, test and verdict to changes.

    Args:
        frame: `FAMILY` columns, `change`, `se`, `df`, `minimum` (least change that matters, same unit; 0 = any).

    Returns:
        `frame` with `low, high, p_value, p_adjusted` (null without a standard error or a degree of freedom) and `verdict`
        (`ChangeVerdict`; null where there is no change to judge). Row order is kept.
    """
    change, se, df = (frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("change", "se", "df"))
    low, high = intervals.t_interval(change, se, df, rules.level)
    p = intervals.t_p_value(change, np.where(np.isfinite(low), se, np.nan), df)
    numbers = {"low": low, "high": high, "p_value": p}
    tested = frame.with_columns(pl.Series(name, values).fill_nan(None) for name, values in numbers.items())
    return with_verdict(adjust_families(tested, FAMILY), rules.alpha)


def with_verdict(frame: pl.DataFrame, alpha: float) -> pl.DataFrame:
    """Add `verdict` from `change, low, high, p_adjusted, minimum`; clear needs an interval that leaves out 0 as well."""
    clear = (pl.col("p_adjusted") < alpha).fill_null(False) & leaves_out(0) & (pl.col("change").abs() >= pl.col("minimum"))
    inside = ((pl.col("low") > -pl.col("minimum")) & (pl.col("high") < pl.col("minimum"))).fill_null(False)
    return frame.with_columns(
        verdict=pl.when(pl.col("change").is_null()).then(None)
        .when(clear & (pl.col("change") > 0)).then(pl.lit("increase"))
        .when(clear).then(pl.lit("decrease"))
        .when(inside).then(pl.lit("stable"))
        .otherwise(pl.lit("cannot_tell"))
    )  # fmt: skip


def points_of(values: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The points of the lines: each cell's own and those of its earlier comparable waves.

    Args:
        values: `CELL`, `estimate`, `variance`, `minimum`. pairs: of `earlier_waves`.
    """
    own = values.select(*CELL, at="wave")
    wanted = pl.concat([pairs.select(*CELL, at="from_wave"), own])
    at = values.select(*GROUP, "estimate", "variance", at="wave")
    return wanted.join(at, on=[*GROUP, "at"], how="inner").join(values.select(*CELL, "minimum"), on=CELL, how="inner")


def slopes(points: pl.DataFrame, rules: ChangeRules) -> pl.DataFrame:
    """Slope over the comparable waves up to each wave.

    Args:
        points: one row per cell and comparable wave, the cell's own included: `CELL`, `at` (the wave of the point), `estimate`,
            `variance`, `minimum`. Points without both are left out; without its own point a cell has no trend.

    Returns:
        One row per cell that has points, sorted: `CELL`, `first_wave, n_waves`, `slope, slope_low, slope_high` per two years
        (null unless a line describes enough waves), `trend_verdict` and `trend_reason` as in `trends.trend`.
    """
    from scipy.special import chdtrc, ndtr, ndtri

    usable = points.filter(pl.col("estimate").is_not_null(), pl.col("variance") > 0).sort(*CELL, "at")
    usable = usable.filter((pl.col("at") == pl.col("wave")).any().over(CELL))
    w, t, y = 1 / pl.col("variance"), pl.col("at").cast(pl.Float64), pl.col("estimate")
    total = w.sum().over(CELL)
    centred = usable.with_columns(w=w, t=t - (w * t).sum().over(CELL) / total, y=y - (w * y).sum().over(CELL) / total)
    w, t, y = pl.col("w"), pl.col("t"), pl.col("y")
    centred = centred.with_columns(room=(w * t * t).sum().over(CELL))
    centred = centred.with_columns(slope=(w * t * y).sum().over(CELL) / pl.col("room"))
    rest = y - pl.col("slope") * t
    lines = centred.group_by(CELL, maintain_order=True).agg(
        first_wave=pl.col("at").first(),
        n_waves=pl.len().cast(pl.Int64),
        slope=pl.col("slope").first() * PERIOD,
        slope_se=PERIOD / pl.col("room").first().sqrt(),
        q=(w * rest * rest).sum(),
        minimum=pl.col("minimum").first(),
    )
    z = float(ndtri(0.5 + rules.level / 2))
    slope, se, q = (lines[name].fill_null(np.nan).to_numpy() for name in ("slope", "slope_se", "q"))
    enough = lines["n_waves"].to_numpy() >= max(rules.least_waves, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        q_p = np.where(enough, chdtrc(np.maximum(lines["n_waves"].to_numpy() - 2, 1), q), np.nan)
        straight = enough & ((lines["n_waves"].to_numpy() < 3) | ~(q_p < rules.alpha))
        p = np.where(straight, 2 * ndtr(-np.abs(slope / se)), np.nan)
    shown = {"slope": slope, "slope_se": se, "slope_low": slope - z * se, "slope_high": slope + z * se}
    lines = lines.with_columns(
        *(pl.Series(name, np.where(straight, values, np.nan)).fill_nan(None) for name, values in shown.items()),
        pl.Series("slope_p", p).fill_nan(None),
        pl.Series("heterogeneity_p", q_p).fill_nan(None),
        enough=pl.Series(enough),
        straight=pl.Series(straight),
    )
    lines = adjust_families(lines, FAMILY, "slope_p").rename({"p_adjusted": "slope_p_adjusted"})
    return _trend_words(lines, rules.alpha).drop("q", "minimum", "enough", "straight").sort(CELL)


def _trend_words(lines: pl.DataFrame, alpha: float) -> pl.DataFrame:
    whole = pl.col("slope").abs() * (pl.col("wave") - pl.col("first_wave")) / PERIOD
    reason = (
        pl.when(~pl.col("enough")).then(pl.lit("too_few_waves"))
        .when(~pl.col("straight")).then(pl.lit("not_linear"))
        .when((pl.col("slope_p_adjusted") >= alpha).fill_null(True)).then(pl.lit("too_uncertain"))
        .when(whole < pl.col("minimum") - NOISE).then(pl.lit("too_small"))
        .otherwise(pl.lit("ok"))
    )  # fmt: skip
    verdict = (
        pl.when(pl.col("trend_reason") == "not_linear").then(pl.lit("not_linear"))
        .when(pl.col("trend_reason") != "ok").then(pl.lit("cannot_tell"))
        .when(pl.col("slope") > 0).then(pl.lit("increase"))
        .otherwise(pl.lit("decrease"))
    )  # fmt: skip
    return lines.with_columns(trend_reason=reason).with_columns(trend_verdict=verdict)
