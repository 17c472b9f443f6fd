"""`indices.trends`: the change of every series since the wave before, and its slope, on unrounded estimates. Pure.

Which sample a change has: the schools, with what the waves share (`school_changes.py`), when each wave has enough of them, else
two independent samples of classes, whose variances add; the latter also for surveys with a sampling design of their own.
Independent samples are cautious: what the same schools have in common would make the uncertainty smaller.
"""

from __future__ import annotations

import polars as pl

from assets.methods.wave_trends import (
    CELL,
    GROUP,
    ChangeRules,
    by_areas,
    earlier_waves,
    judge_changes,
    latest_earlier,
    points_of,
    slopes,
)

COMMON_SCHOOLS, INDEPENDENT = "wave_change_common_schools", "wave_change_independent"
NOISE = 1e-9
_TEXTS = (*GROUP, "verdict", "method", "reason", "trend_verdict", "trend_reason")
_WAVES = ("wave", "from_wave", "first_wave")
_COUNTS = ("n", "n_psu", "n_from", "n_waves")
_ORDER = (
    *(*GROUP, "wave", "estimate", "se_estimate", "n", "n_psu", "sum_w"),
    *("from_wave", "estimate_from", "n_from", "change", "se", "df"),
    *("low", "high", "confidence_level", "p_value", "p_adjusted", "verdict", "method", "reason"),
    *("first_wave", "n_waves", "slope", "slope_se", "slope_low", "slope_high", "slope_p", "slope_p_adjusted"),
    *("heterogeneity_p", "trend_verdict", "trend_reason"),
)
SCHEMA = {
    name: pl.String if name in _TEXTS else pl.Int32 if name in _WAVES else pl.Int64 if name in _COUNTS else pl.Float64
    for name in _ORDER
}


def change_table(cells: pl.DataFrame, comparable: pl.DataFrame, schools: pl.DataFrame, rules: ChangeRules) -> pl.DataFrame:
    """Every cell with its change since the latest earlier comparable wave that has data, and the slope up to it.

    Args:
        cells: `CELL`, `estimate, se, df, n, n_psu, sum_w` of the wave alone, and `minimum` (least change that matters, same unit;
            0 = any); one row per cell, shares 0..1.
        comparable: see `earlier_waves`. schools: `GROUP`, `from_wave, wave, se, df`, for the series that have common schools.

    Returns:
        `SCHEMA`, sorted by `CELL`. `reason`: `ok`, `no_estimate`, `no_earlier_wave`, `series_break` (earlier waves only before a
        break), `no_degrees_of_freedom`, `no_spread` (nobody or everybody in one of the waves, or no variance). `verdict` is null
        where there is no change. Nothing is NaN.
    """
    return pl.concat(_changes(some, comparable, schools, rules) for some in by_areas(cells)).sort(CELL)


def _changes(cells: pl.DataFrame, comparable: pl.DataFrame, schools: pl.DataFrame, rules: ChangeRules) -> pl.DataFrame:
    """The rows of some areas."""
    have = cells.filter(pl.col("n") > 0, pl.col("estimate").is_not_null())
    pairs = earlier_waves(have, comparable)
    before = have.select(*GROUP, from_wave="wave", **{f"{name}_from": pl.col(name) for name in ("estimate", "se", "df", "n")})
    known = schools.filter(pl.col("area_code").is_in(cells["area_code"].unique())).select(
        *GROUP, "from_wave", "wave", se_schools="se", df_schools="df"
    )
    table = cells.join(latest_earlier(pairs), on=CELL, how="left", maintain_order="left")
    table = table.join(before, on=[*GROUP, "from_wave"], how="left", maintain_order="left")
    table = table.join(known, on=[*GROUP, "from_wave", "wave"], how="left", maintain_order="left")
    first = have.group_by(GROUP).agg(earliest=pl.col("wave").min())
    table = table.join(first, on=GROUP, how="left", maintain_order="left")
    table = _with_uncertainty(table, rules)
    judged = judge_changes(table, rules).with_columns(reason=_reason(), confidence_level=pl.lit(rules.level))
    values = have.select(*CELL, "estimate", "minimum", variance=pl.col("se") ** 2)
    judged = judged.join(slopes(points_of(values, pairs), rules), on=CELL, how="left", maintain_order="left")
    judged = judged.with_columns(
        pl.col("trend_verdict").fill_null("cannot_tell"), pl.col("trend_reason").fill_null("no_estimate")
    )
    return judged.select(list(SCHEMA)).cast(SCHEMA)


def _with_uncertainty(table: pl.DataFrame, rules: ChangeRules) -> pl.DataFrame:
    """`change, se, df, method`: a share of 0 or 1 has no Taylor variance, so a change from or to one has no standard error."""
    change = pl.col("estimate") - pl.col("estimate_from")
    common = (pl.col("df_schools") >= rules.least_schools - 1).fill_null(False)
    share = pl.col("measure").str.starts_with("share")
    extreme = share & pl.any_horizontal(pl.col(name).is_in([0.0, 1.0]) for name in ("estimate", "estimate_from"))
    se = pl.when(common).then("se_schools").otherwise((pl.col("se") ** 2 + pl.col("se_from") ** 2).sqrt())
    df = pl.when(common).then("df_schools").otherwise(pl.min_horizontal("df", "df_from"))
    method = pl.when(common).then(pl.lit(COMMON_SCHOOLS)).otherwise(pl.lit(INDEPENDENT))
    return table.with_columns(
        change=change,
        se_estimate="se",
        se=pl.when(change.is_not_null() & ~extreme & (se > NOISE)).then(se),
        df=pl.when(change.is_not_null()).then(df),
        method=pl.when(change.is_not_null()).then(method),
    )


def _reason() -> pl.Expr:
    return (
        pl.when(pl.col("estimate").is_null()).then(pl.lit("no_estimate"))
        .when(pl.col("from_wave").is_null() & (pl.col("earliest") < pl.col("wave"))).then(pl.lit("series_break"))
        .when(pl.col("from_wave").is_null()).then(pl.lit("no_earlier_wave"))
        .when((pl.col("df") < 1).fill_null(True)).then(pl.lit("no_degrees_of_freedom"))
        .when(pl.col("se").is_null()).then(pl.lit("no_spread"))
        .otherwise(pl.lit("ok"))
    )  # fmt: skip
