"""What may be told about results under weights. Pure.

A weighted share is one more equation about the pupils of the unweighted one. With weights that differ between response cells the
two together ring in the cells' numbers. So a weighted share is shown only where the unweighted is, for large groups, as whole per
cent, and only when linear programming finds every cell's numerator as wide as the policy asks (`weighted_audit.py`).
Means under weights are not published.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from assets.catalogue.estimate_models import NonResponseWeights
from assets.methods.disclosure_policy import PolicyNumbers
from assets.methods.disclosure_rounding import half_away
from assets.methods.interval_limits import kept_apart
from assets.methods.weighted_audit import safe_areas
from assets.methods.weighted_results import COUNTY, MUNICIPALITY

KEYS = ["area_level", "area_code", "wave", "grade", "index_key", "measure"]
SCHEMA = {
    "edition": pl.String,
    "area_level": pl.String,
    "area_code": pl.String,
    "area_name": pl.String,
    "wave": pl.Int32,
    "grade": pl.String,
    "sex": pl.String,
    "index_key": pl.String,
    "measure": pl.String,
    "unweighted": pl.Float64,
    "weighted": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "difference": pl.Float64,
    "unit": pl.String,
    "n": pl.Int64,
    "weight_effect": pl.Float64,
    "method": pl.String,
    "confidence_level": pl.Float64,
    "reason": pl.String,
}
SHOWN = ("ok", "not_reconciled")


def weighted_comparison(
    estimates: pl.DataFrame,
    cells: pl.DataFrame,
    results: pl.DataFrame,
    rules: NonResponseWeights,
    numbers: PolicyNumbers,
    edition: str,
    sensitive: frozenset[str] = frozenset(),
    names: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """`release.weighted_comparison`: focus shares with and without weights, county and municipalities.

    Args:
        estimates: `indices.weighted_estimates`. cells: `indices.weight_cells`. results: `release.index_results` of the same
            waves. numbers: the edition's.
        sensitive: indices with the stricter limits. names: area code -> name.

    Returns:
        `SCHEMA`, sorted. `unweighted`: as released; `weighted`, `low`, `high` (of `confidence_level`): whole per cent;
        `difference`: of the two rounded shares, points; `weight_effect`: one decimal. A null `weighted` has no level, and the
        reason of the released share, of the register, or
        `suppressed` (`too_few` below `shown_from` pupils).
    """
    own = results.filter((pl.col("edition") == edition) & (pl.col("sex") == "all"))
    released = own.select(*KEYS, released="value", n_released="n", why="reason")
    answered = own.filter(pl.col("measure") == "n_respondents").select(*KEYS[:-1], respondents="value")
    shares = estimates.filter(pl.col("measure").str.starts_with("share_"))
    rows = shares.join(released, on=KEYS, how="left", maintain_order="left")
    rows = rows.join(answered, on=KEYS[:-1], how="left", maintain_order="left").sort(KEYS)
    size = pl.coalesce("n_released", "respondents").fill_null(0)  # as released: an exact one would tell of hidden counts
    safe = _safe(rows, cells, numbers, sensitive)
    reason = (
        pl.when(~pl.col("why").fill_null("missing").is_in(SHOWN))
        .then(pl.col("why").fill_null("missing"))
        .when(~pl.col("reason").is_in(SHOWN))
        .then("reason")
        .when(size < rules.shown_from)
        .then(pl.lit("too_few"))
        .when(~safe)
        .then(pl.lit("suppressed"))
        .otherwise("reason")
    )
    rows = rows.with_columns(told=reason).with_columns(shown=pl.col("told").is_in(SHOWN) & pl.col("low").is_not_null())
    rounded = {
        name: _percent(rows[column], numbers.share_step)
        for name, column in (("weighted", "estimate"), ("low", "low"), ("high", "high"))
    }
    rows = rows.with_columns(pl.Series(name, values) for name, values in rounded.items())
    rows = rows.with_columns(kept_apart(pl.lit(float(numbers.share_step)), pl.lit(0.0), pl.lit(100.0)))
    only = [pl.when("shown").then(pl.col(name)).alias(name) for name in ("weighted", "low", "high")]
    return rows.select(
        pl.lit(edition).alias("edition"),
        *("area_level", "area_code"),
        pl.col("area_code").replace_strict(dict(names or {}), default="", return_dtype=pl.String).alias("area_name"),
        *("wave", "grade", "sex", "index_key", "measure"),
        pl.col("released").alias("unweighted"),
        *only,
        pl.when("shown").then(pl.col("weighted") - pl.col("released")).alias("difference"),
        pl.lit("percent").alias("unit"),
        pl.col("n_released").alias("n"),
        pl.when("shown").then(pl.col("weight_effect").round(1)).alias("weight_effect"),
        "method",
        pl.when("shown").then("confidence_level").alias("confidence_level"),
        pl.when(pl.col("told").is_in(SHOWN) & ~pl.col("shown")).then(pl.lit("suppressed")).otherwise("told").alias("reason"),
    ).cast(SCHEMA)  # fmt: skip


def _safe(rows: pl.DataFrame, cells: pl.DataFrame, numbers: PolicyNumbers, sensitive: frozenset[str]) -> pl.Series:
    """Whether the weighted share leaves every response cell wide, and holds no small number itself."""
    told = rows.filter(pl.col("released").is_not_null())
    safe: set[tuple[object, ...]] = set()
    for key, group in cells.group_by("wave", "grade", "index_key", maintain_order=True):
        wave, grade, index = key
        strict = index in sensitive
        here = told.filter((pl.col("wave") == wave) & (pl.col("grade") == grade) & (pl.col("index_key") == index))
        shown = {level: dict(part.select("area_code", "released").iter_rows()) for (level,), part in here.group_by("area_level")}
        county = next(iter(shown.get(COUNTY, {}).values()), None)
        width = numbers.interval_width_sensitive if strict else numbers.interval_width
        areas, whole = safe_areas(group, shown.get(MUNICIPALITY, {}), county, width, numbers.share_step)
        safe |= {(MUNICIPALITY, area, *key) for area in areas}
        safe |= {(COUNTY, area, *key) for area in shown.get(COUNTY, {}) if whole}
    floor = np.where(rows["index_key"].is_in(list(sensitive)).to_numpy(), numbers.cell_floor_sensitive, numbers.cell_floor)
    share, n = (rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("estimate", "n"))
    with np.errstate(invalid="ignore"):
        enough = np.minimum(share, 1 - share) * n >= floor
    wide = [row in safe for row in rows.select("area_level", "area_code", "wave", "grade", "index_key").iter_rows()]
    return pl.Series(np.array(wide, dtype=bool) & enough)


def _percent(share: pl.Series, step: int) -> pl.Series:
    values = share.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return pl.Series(half_away(100 * values / step, 0) * step).fill_nan(None)
