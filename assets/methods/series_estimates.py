"""Shares and 0-100 means of many series at once: estimates with design-based uncertainty per area, wave, grade and sex. Pure.

The model and formulas are those of `estimate.py` (the tests hold them to the same numbers), but a series is one ratio instead of
three bands and a mean, and a chunk of series is one matrix. A share of 0 or 1 has a Clopper-Pearson interval on the number of
pupils over the design effect, other shares logit-t, means and differences t.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from assets.methods import intervals
from assets.methods.estimate import METHOD, NOISE, WEIGHTED_METHOD
from assets.methods.estimate_reasons import reason_of_estimate
from assets.methods.linearise import Floats, Layout, add, covariance, degrees_of_freedom, layout, ratios, variance
from assets.methods.psu_sums import (
    AREA_LEVELS,
    DOMAIN,
    SEXES,
    WEIGHT_SQUARES,
    WEIGHT_UNITS,
    AreaSums,
    area_sums,
    class_table,
    psus_per_stratum,
    sum_name,
    weight_squares,
    weight_units,
    weighted,
)

SeriesKind = Literal["share", "mean"]
MEASURES: Mapping[str, tuple[str, str, str]] = {
    "share": ("share", "diff_share", "sex_gap_share"),
    "mean": ("mean", "diff_mean", "sex_gap_mean"),
}
VALUE_UNITS = {"share": 1, "mean": 10_000_000}
"""Values count in whole units of this size: shares are 0 or 1, a mean's values keep seven decimals."""
CHUNK = 16
COLUMNS = {
    **dict.fromkeys(("area_level", "area_code"), pl.String), "wave": pl.Int32,
    **dict.fromkeys(("grade", "sex", "indicator", "measure"), pl.String),
    **dict.fromkeys(("estimate", "se", "low", "high", "df"), pl.Float64), "n": pl.Int64, "n_psu": pl.Int64, "sum_w": pl.Float64,
    "method": pl.String, "interval_method": pl.String, "confidence_level": pl.Float64, "p_value": pl.Float64,
    "reason": pl.String,
}  # fmt: skip
_ENUMS = {
    "area_level": pl.Enum(AREA_LEVELS),
    "sex": pl.Enum(SEXES),
    "measure": pl.Enum([name for names in MEASURES.values() for name in names]),
}


def series_estimates(
    values: pl.DataFrame,
    keys: Sequence[str],
    kind: SeriesKind,
    levels: Sequence[str] = AREA_LEVELS,
    confidence_level: float = 0.95,
) -> pl.DataFrame:
    """Estimate shares or means, their differences to the county, and girl minus boy.

    Args:
        values: from `indicator_values` or `pomp_values`: pupil columns and per series `<key>`, 0 or 1 (`share`) or 0..100
            (`mean`), null outside the denominator. With a column `weight` the survey's own weights, strata and PSUs are used.
        keys: the series. levels: the area levels wanted; with `county` among them smaller areas are compared with theirs.

    Returns:
        One row per area, wave and grade with respondents x sex x series x measure, sorted so (series in the order of `keys`):
        columns `COLUMNS`; `n` pupils and `sum_w` their weights; estimates 0..1 for shares and 0..100 for means. Differences to
        the county only for smaller areas, sex gaps only on `all`. What cannot be estimated is null, and `reason` says why.

    Raises:
        PipelineError: see `psu_sums.class_table`.
    """
    weight = "weight" if "weight" in values.columns else None
    parts = [_chunk(values, keys[at : at + CHUNK], kind, levels, confidence_level, weight) for at in range(0, len(keys), CHUNK)]
    parts = [part for part in parts if part.height]
    if not parts:
        return pl.DataFrame(schema=COLUMNS)
    method = pl.lit(WEIGHTED_METHOD if weight else METHOD).alias("method")
    frame = pl.concat(parts).with_columns(method, pl.col("estimate", "se", "low", "high", "df", "p_value").fill_nan(None))
    frame = frame.with_columns(reason_of_estimate())
    enums = {**_ENUMS, "indicator": pl.Enum(list(keys))}
    order = ["area_level", *DOMAIN, "sex", "indicator", "measure"]
    frame = frame.with_columns(pl.col(name).cast(kind) for name, kind in enums.items()).sort(order)
    return frame.with_columns(pl.col(list(enums)).cast(pl.String), confidence_level=confidence_level).select(
        pl.col(name).cast(kind) for name, kind in COLUMNS.items()
    )


@dataclass(frozen=True)
class _Level:
    """A chunk of series at one area level; columns are sex x series (sex first)."""

    name: str
    keys: Sequence[str]
    kind: SeriesKind
    area: AreaSums
    rows: Layout
    estimate: Floats  # [domains, 3 x series]
    residual: Floats  # [rows, 3 x series]
    variance: Floats
    n: Floats
    n_psu: Floats
    df: Floats
    sum_w: Floats
    kish: Floats

    def by_sex(self, array: np.ndarray) -> np.ndarray:
        """[..., sex, series]"""
        return array.reshape(*array.shape[:-1], 3, len(self.keys))


def _chunk(
    values: pl.DataFrame, keys: Sequence[str], kind: SeriesKind, levels: Sequence[str], confidence: float, weight: str | None
) -> pl.DataFrame:
    table = class_table(values, keys, list(_sums(keys, kind, weight)), weight, "stratum" if weight else None)
    if table.is_empty():
        return pl.DataFrame(schema=COLUMNS)
    psus = psus_per_stratum(table)
    found = {}
    for name in dict.fromkeys(("municipality", *levels)):
        area = area_sums(table, name, keys, ("n", "w", "y"))
        if area.domains.height:
            found[name] = _level(name, keys, kind, area, layout(area.domain, area.stratum, psus), weight)
    effects = _pooled_effects(found["municipality"]) if kind == "share" else None
    parts = []
    for level in (found[name] for name in levels if name in found):
        parts += [_own(level, effects, confidence), _gap(level, confidence)]
        if level.name != "county" and "county" in found:
            parts.append(_difference(level, found["county"], len(psus), confidence))
    return pl.concat(parts)


def _sums(keys: Sequence[str], kind: SeriesKind, weight: str | None) -> Iterator[pl.Expr]:
    for key in keys:
        value, valid = pl.col(key).cast(pl.Float64), pl.col(key).is_not_null()
        yield valid.cast(pl.Int64).alias(sum_name(key, "n"))
        yield weighted(pl.when(valid).then(1.0), weight, weight_units(weight)).alias(sum_name(key, "w"))
        units = VALUE_UNITS[kind] if weight is None or kind == "mean" else WEIGHT_UNITS
        yield weighted(value, weight, units).alias(sum_name(key, "y"))
        if weight:
            yield weight_squares(key, valid, weight)


def _level(name: str, keys: Sequence[str], kind: SeriesKind, area: AreaSums, rows: Layout, weight: str | None) -> _Level:
    def columns(what: str, units: int) -> Floats:
        stacked = np.stack([area.sums[sum_name(key, what)] for key in keys], axis=-1).astype(float)
        return stacked.reshape(len(stacked), -1) / units

    value_units = VALUE_UNITS[kind] if weight is None or kind == "mean" else WEIGHT_UNITS
    n, w, y = columns("n", 1), columns("w", weight_units(weight)), columns("y", value_units)
    estimate, residual = ratios(y, w, rows)
    n_psu, df = degrees_of_freedom(n, rows)
    total, size = add(w, rows.domain_start), add(n, rows.domain_start)
    kish = np.ones_like(size)
    if weight:
        squares = add(columns(WEIGHT_SQUARES, WEIGHT_UNITS), rows.domain_start)
        kish = np.maximum(1.0, size * squares / np.where(total > 0, total, 1.0) ** 2)
    return _Level(name, keys, kind, area, rows, estimate, residual, variance(residual, rows), size, n_psu, df, total, kish)


def _pooled_effects(level: _Level) -> Floats:
    """[domains' wave position, 3 x series] design effect of a share, averaged over municipalities and grades by n; at least 1.

    A share and its complement have the same design effect, so this is the pooling of `estimate.py` over bands.
    """
    waves = level.area.domains["wave"].to_numpy()
    share, n = level.estimate, level.n
    usable = (share > 0) & (share < 1) & (level.df > 0)
    simple = np.where(usable, share * (1 - share), 1.0)
    products = np.where(usable, n * level.variance * n / simple, 0.0)
    effects = np.ones((int(waves.max()) + 1, share.shape[1]))
    for wave in np.unique(waves):
        at = waves == wave
        weights = np.where(usable, n, 0.0)[at].sum(axis=0)
        effects[wave] = np.maximum(1.0, products[at].sum(axis=0) / np.where(weights > 0, weights, 1.0))
    return effects


def _own(level: _Level, effects: Floats | None, confidence: float) -> pl.DataFrame:
    se = _se(level.variance, level.df)
    if effects is None:
        low, high = intervals.t_interval(level.estimate, se, level.df, confidence)
        return _frame(level, 0, level.estimate, se, low, high, "t")
    low, high = intervals.logit_t(level.estimate, se, level.df, confidence)
    extreme = ((level.estimate == 0) | (level.estimate == 1)) & (level.df > 0)
    effective = level.n / np.maximum(level.kish, effects[level.area.domains["wave"].to_numpy()])
    exact = intervals.clopper_pearson(np.where(level.estimate == 1, effective, 0.0), effective, confidence)
    low, high = (np.where(extreme, limit, inner) for limit, inner in zip(exact, (low, high), strict=True))
    return _frame(level, 0, level.estimate, se, low, high, np.where(extreme, "clopper_pearson_deff", "logit_t"))


def _difference(level: _Level, county: _Level, n_strata: int, confidence: float) -> pl.DataFrame:
    """Area minus county, with the covariance of the two: they share classes."""
    own = level.area.domains.with_columns(county_code=pl.col("area_code").str.slice(0, 2))
    position = county.area.domains.rename({"area_code": "county_code"}).with_row_index("at")
    at = own.join(position, on=["county_code", "wave", "grade"], how="left", maintain_order="left")["at"].to_numpy()
    county_row = np.empty((int(county.area.psu.max()) + 1, int(county.area.domain.max()) + 1), dtype=np.int64)
    county_row[county.area.psu, county.area.domain] = np.arange(len(county.area.psu))
    stratum_sum = np.zeros((n_strata, int(county.area.domain.max()) + 1, county.residual.shape[1]))
    county_pair_domain = county.area.domain[county.rows.pair_start]
    stratum_sum[county.rows.pair_stratum, county_pair_domain] = add(county.residual, county.rows.pair_start)
    rows = level.rows
    pair_county = at[level.area.domain[rows.pair_start]]
    same = county.residual[county_row[level.area.psu, at[level.area.domain]]]
    shared = covariance(level.residual, same, rows, stratum_sum[rows.pair_stratum, pair_county])
    spread = np.maximum(level.variance + county.variance[at] - 2 * shared, 0.0)
    inside = (level.estimate > 0) & (level.estimate < 1) if level.kind == "share" else np.array(True)
    return _tested(level, 1, level.estimate - county.estimate[at], spread, level.df, inside, confidence)


def _gap(level: _Level, confidence: float) -> pl.DataFrame:
    """Girl minus boy, linearised jointly; rows of `all` only."""
    residual, estimate, df = (level.by_sex(array) for array in (level.residual, level.estimate, level.df))
    spread = variance(residual[:, 0] - residual[:, 1], level.rows)
    inside = ((estimate[:, :2] > 0) & (estimate[:, :2] < 1)).all(axis=1) if level.kind == "share" else np.array(True)
    return _tested(level, 2, estimate[:, 0] - estimate[:, 1], spread, df[:, :2].min(axis=1), inside, confidence)


def _tested(
    level: _Level, measure: int, difference: Floats, spread: Floats, df: Floats, known: np.ndarray, confidence: float
) -> pl.DataFrame:
    se = np.where(known, _se(spread, df), np.nan)
    low, high = intervals.t_interval(difference, se, df, confidence)
    return _frame(level, measure, difference, se, low, high, "t", df, intervals.t_p_value(difference, se, df))


def _se(spread: Floats, df: Floats) -> Floats:
    se = np.sqrt(spread)
    return np.where(df > 0, np.where(se < NOISE, 0.0, se), np.nan)


def _frame(
    level: _Level, measure: int, estimate: Floats, se: Floats, low: Floats, high: Floats, kind: object,
    df: Floats | None = None, p_value: Floats | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Arrays [domains, sexes x series] as rows; without the sexes the row is that of `all`."""
    domains, series = level.area.domains, len(level.keys)
    sexes = SEXES if estimate.shape[1] == 3 * series else ("all",)

    def of_sexes(array: Floats) -> Floats:
        return array if len(sexes) == 3 else level.by_sex(array)[:, 2]

    count = len(sexes) * series
    has_interval = np.isfinite(low) & np.isfinite(high)
    numbers = {
        "estimate": estimate,
        "se": np.where(np.isfinite(estimate), se, np.nan),
        "low": np.where(has_interval, low, np.nan),
        "high": np.where(has_interval, high, np.nan),
        "df": of_sexes(level.df) if df is None else df,
        "p_value": np.full(estimate.shape, np.nan) if p_value is None else p_value,
    }
    words = np.where(has_interval, np.broadcast_to(np.array(kind, dtype=object), has_interval.shape), None)
    return domains[np.repeat(np.arange(domains.height), count)].with_columns(
        *(pl.Series(name, array.ravel()) for name, array in numbers.items()),
        pl.Series("n", of_sexes(level.n).ravel()).cast(pl.Int64),
        pl.Series("n_psu", of_sexes(level.n_psu).ravel()).cast(pl.Int64),
        pl.Series("sum_w", of_sexes(level.sum_w).ravel()),
        pl.Series("interval_method", words.ravel().tolist(), dtype=pl.String),
        pl.Series("sex", np.tile(np.repeat(sexes, series), domains.height).tolist(), dtype=_ENUMS["sex"]).cast(pl.String),
        pl.Series("indicator", list(level.keys) * (len(sexes) * domains.height), dtype=pl.String),
        area_level=pl.lit(level.name),
        measure=pl.lit(MEASURES[level.kind][measure]),
    )
