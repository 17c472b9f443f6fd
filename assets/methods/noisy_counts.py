"""Counts and estimates with noise by cell key: what a perturbed table is published from. Pure.

Shares are those of two noisy counts, and the noise is part of their uncertainty: its variance is added to the squared standard
error before the interval is formed. A share of 0 or 1 has no interval: whether nobody is there or the noise took them away is
not to be told. Differences are those of two noisy shares.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from assets.methods import intervals
from assets.methods.cell_key import perturb
from assets.methods.cell_key_sums import COUNTS, KEY_COLUMNS
from assets.methods.disclosure_blocks import ROW_KEYS
from assets.methods.disclosure_rounding import FloatArray, IntArray
from assets.methods.errors import PipelineError
from assets.methods.estimate import WEIGHTED_METHOD

METHOD = "taylor_strat_cluster_cell_key"
"""Method of estimates from noisy counts, the noise in their intervals."""
COUNT_METHOD = "count_cell_key"
BANDS = ("band1", "band2", "band3")
MEASURES = (*(f"share_{band}" for band in BANDS), "diff_share_focus", "sex_gap_share_focus")
"""Estimates that are formed from noisy counts; of the others nothing is published."""
_PLACE = ["area_level", "area_code", "wave", "grade", "index_key"]


def noisy_counts(counts: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """Every count with the noise of its own cell key.

    Args:
        counts: `area_counts` with `KEY_COLUMNS`. table: `cell_key.noise_table`.

    Returns:
        `ROW_KEYS` and `COUNTS` (Int64, >= 0), in the order of `counts`. Bands may sum to something else than `n_scored`.

    Raises:
        PipelineError: `no_cell_keys`, the counts were made before the noise was switched on.
    """
    if any(name not in counts.columns or counts[name].null_count() for name in KEY_COLUMNS):
        raise PipelineError(
            code="no_cell_keys",
            where="Tabellen indices.area_counts",
            expected="cellnycklar, eftersom reglerna har brus (cell_key i disclosure.yml)",
            got="antal som räknades innan bruset slogs på",
            hint="Kör hela kedjan igen för mättillfällena, från harmonised och framåt.",
        )
    noisy = {
        name: perturb(counts[name].cast(pl.Int64).to_numpy(), counts[key].to_numpy(), table)
        for name, key in zip(COUNTS, KEY_COLUMNS, strict=True)
    }
    return counts.select(*ROW_KEYS, *(pl.Series(name, values, dtype=pl.Int64) for name, values in noisy.items()))


def noise_variance(shown: IntArray, table: pl.DataFrame) -> FloatArray:
    """Variance of the noise of noisy counts; where several true counts may lie behind one, the greatest of theirs."""
    own = table.group_by("count").agg(variance=(pl.col("p") * pl.col("noise") ** 2).sum()).sort("count")
    by_count = own["variance"].to_numpy()
    last, reach = int(own["count"].max()), int(table["noise"].abs().max())
    behind = [by_count[max(k - reach, 0) : min(k + reach, last) + 1].max(initial=by_count[-1]) for k in range(last + reach + 1)]
    return np.array(behind)[np.minimum(np.asarray(shown, dtype=np.int64), last + reach)]


def noisy_estimates(estimates: pl.DataFrame, noisy: pl.DataFrame, table: pl.DataFrame, focus: Mapping[str, int]) -> pl.DataFrame:
    """`area_estimates` of the noisy counts: shares and their differences, with the noise in `se, low, high, p_value`.

    Means and spreads are left as they are, and are not published. Columns beyond those of `area_estimates` are kept.

    Args:
        noisy: of `noisy_counts`. focus: index key -> the band (1..3) that is compared; 3 where nothing is given.

    Raises:
        PipelineError: `cell_key_weighted`, the survey is weighted: its shares are no shares of counts.
    """
    if (estimates["method"] == WEIGHTED_METHOD).any():
        raise PipelineError(
            code="cell_key_weighted",
            where="Reglerna för röjandekontroll (disclosure.yml)",
            expected="en enkät utan egna vikter för brus med cellnyckel",
            got="vägda andelar, som inte är andelar av antal",
            hint="Stäng av bruset för profilen (cell_key: tables: []).",
        )
    shares = _shares(noisy, table)
    compared = _compared(shares, focus)
    found = pl.concat([shares, compared]).rename({"estimate": "_estimate"})
    rows = estimates.join(found, on=[*ROW_KEYS, "measure"], how="left", maintain_order="left")
    changed = rows["measure"].is_in(MEASURES).to_numpy()
    limits = _limits(rows)
    columns = [
        pl.Series(name, np.where(changed, values, rows[name].cast(pl.Float64).to_numpy())).fill_nan(None)
        for name, values in limits.items()
        if name in rows.columns
    ]
    kind = pl.when(pl.col("measure").str.starts_with("share_")).then(pl.lit("logit_t")).otherwise(pl.lit("t"))
    told = rows.with_columns(columns).with_columns(
        interval_method=pl.when(pl.lit(pl.Series(changed))).then(pl.when(pl.col("low").is_not_null()).then(kind)).otherwise("interval_method"),
        method=pl.when(pl.lit(pl.Series(changed))).then(pl.lit(METHOD)).otherwise("method"),
    )  # fmt: skip
    return told.select(estimates.columns)


def _shares(noisy: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """`ROW_KEYS, measure, estimate` (0..1) and `_noise`, the variance that the noise of both counts adds (delta method)."""
    whole = noisy["n_scored"].to_numpy()
    safe = np.where(whole > 0, whole, np.nan)
    parts = []
    for band in BANDS:
        part = np.minimum(noisy[band].to_numpy(), whole)
        share = part / safe
        spread = (noise_variance(part, table) + share**2 * noise_variance(whole, table)) / safe**2
        columns = [pl.Series("estimate", share).fill_nan(None), pl.Series("_noise", spread).fill_nan(None)]
        parts.append(noisy.select(*ROW_KEYS, pl.lit(f"share_{band}").alias("measure"), *columns))
    return pl.concat(parts)


def _compared(shares: pl.DataFrame, focus: Mapping[str, int]) -> pl.DataFrame:
    """Differences of focus shares to the county and between girls and boys; noises of different cells are independent."""
    own = pl.format("share_band{}", pl.col("index_key").replace_strict(dict(focus), default=3, return_dtype=pl.Int64))
    # a side of 0 or 1 leaves the difference without an interval, whether its true share is 0 or 1 or the noise made it so
    inside = pl.col("estimate").is_between(0, 1, closed="none")
    rows = shares.filter(pl.col("measure") == own).drop("measure").with_columns(_noise=pl.when(inside).then("_noise"))
    county = rows.filter(pl.col("area_level") == "county").select(
        "wave", "grade", "index_key", "sex", _county="area_code", _e="estimate", _v="_noise"
    )
    below = rows.filter(pl.col("area_level") != "county").with_columns(_county=pl.col("area_code").str.slice(0, 2))
    diff = below.join(county, on=["_county", "wave", "grade", "index_key", "sex"], how="inner")
    girls, boys = (rows.filter(pl.col("sex") == sex).drop("sex") for sex in ("girl", "boy"))
    gap = girls.join(boys.select(*_PLACE, _e="estimate", _v="_noise"), on=_PLACE, how="inner").with_columns(sex=pl.lit("all"))
    noise = pl.col("_noise") + pl.col("_v")
    return pl.concat([
        part.select(
            *ROW_KEYS, pl.lit(name).alias("measure"), estimate=pl.col("estimate") - pl.col("_e"), _noise=noise
        )
        for name, part in (("diff_share_focus", diff), ("sex_gap_share_focus", gap))
    ])  # fmt: skip


def _limits(rows: pl.DataFrame) -> dict[str, FloatArray]:
    """`estimate, se, low, high, p_value` with the noise; NaN where there is no interval."""
    names = ("_estimate", "_noise", "se", "df", "confidence_level")
    estimate, noise, se, df, level = (rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in names)
    is_share = rows["measure"].str.starts_with("share_").to_numpy()
    wider = np.sqrt(se**2 + noise)
    confidence = float(np.nanmax(level)) if np.isfinite(level).any() else 0.95
    inside = np.where((estimate > 0) & (estimate < 1) & is_share, estimate, 0.5)
    known = np.isfinite(wider) & np.isfinite(df)
    safe_se, safe_df = np.where(known, wider, np.nan), np.where(known, df, 1.0)
    on_logit = intervals.logit_t(inside, safe_se, safe_df, confidence)
    plain = intervals.t_interval(estimate, safe_se, safe_df, confidence)
    extreme = is_share & ((estimate <= 0) | (estimate >= 1))
    low, high = (
        np.where(extreme | ~known, np.nan, np.where(is_share, own, other)) for own, other in zip(on_logit, plain, strict=True)
    )
    p_value = np.where(is_share, np.nan, intervals.t_p_value(estimate, safe_se, safe_df))
    return {"estimate": estimate, "se": np.where(extreme, np.nan, wider), "low": low, "high": high, "p_value": p_value}
