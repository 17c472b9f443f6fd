"""Many tests at once: false discovery rate, or any false claim at all, within a stated family."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl


def benjamini_hochberg(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Adjusted p values of one family (Benjamini & Hochberg 1995, J R Stat Soc B 57:289).

    Args:
        p_values: 0..1; NaN means no test was made: it stays NaN and is left out of the family's size.

    Returns:
        Adjusted values in the same order, not decreasing in p; equal p give equal values.
    """
    from scipy.stats import false_discovery_control

    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    tested = ~np.isnan(p)
    if tested.any():
        adjusted[tested] = false_discovery_control(p[tested], method="bh")
    return adjusted


def benjamini_yekutieli(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Like Benjamini-Hochberg, but right under any dependence (Benjamini & Yekutieli 2001, Ann Stat 29:1165)."""
    p = np.asarray(p_values, dtype=float)
    tested = int((~np.isnan(p)).sum())
    return np.minimum(benjamini_hochberg(p) * np.sum(1 / np.arange(1, tested + 1)), 1.0) if tested else np.full(p.shape, np.nan)


def holm(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Adjusted p values that keep the risk of any false claim (Holm 1979, Scand J Stat 6:65): when one would be costly.

    Args:
        p_values: 0..1; NaN means no test was made: it stays NaN and is left out of the family's size.
    """
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    order = np.flatnonzero(~np.isnan(p))[np.argsort(p[~np.isnan(p)], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return adjusted


def bonferroni(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """p times the number of tests, at most 1; NaN stays NaN and is not counted."""
    p = np.asarray(p_values, dtype=float)
    return np.minimum(p * (~np.isnan(p)).sum(), 1.0)


def adjust_families(frame: pl.DataFrame, family: Sequence[str], p_value: str = "p_value") -> pl.DataFrame:
    """Add `p_adjusted` (Float64, null where `p_value` is null): Benjamini-Hochberg within every group of `family` columns.

    A family is for instance one index over all municipalities, or one municipality's indices. Row order is kept. All families at
    once: `benjamini_hochberg` of each, which a test holds it to.
    """
    known = (
        frame.select(*family, __p=pl.col(p_value).cast(pl.Float64)).with_row_index("__row").filter(pl.col("__p").is_not_null())
    )
    ordered = known.with_columns(__family=pl.struct(family).rank("dense")).sort("__family", "__p", "__row")
    rank, tests = pl.int_range(1, pl.len() + 1).over("__family"), pl.len().over("__family")
    ordered = ordered.with_columns(__stepped=pl.col("__p") * (tests / rank))
    least = pl.col("__stepped").cum_min(reverse=True).over("__family").clip(0.0, 1.0)
    adjusted = ordered.select("__row", p_adjusted=least)
    numbered = frame.with_row_index("__row").join(adjusted, on="__row", how="left", maintain_order="left")
    return numbered.drop("__row")
