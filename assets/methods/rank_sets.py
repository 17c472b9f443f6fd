"""Rank sets instead of bare ranks (Klein, Wright & Wieczorek 2020, J R Stat Soc C 69:589). Pure and deterministic."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

Joint = Literal["bonferroni", "independent"]


def rank_sets(
    areas: pl.DataFrame, joint: Joint = "bonferroni", level: float = 0.95, estimate: str = "estimate", se: str = "se"
) -> pl.DataFrame:
    """The ranks that each area may have, all of them right at once with the given confidence.

    Joint intervals estimate -/+ z se, z at 1 - alpha / 2k (Bonferroni; always valid) or from (1 - alpha)^(1/k) (independent
    areas). Best rank = 1 + areas that lie wholly above; worst = k - areas that lie wholly below. 1 = highest.

    Args:
        areas: `estimate` and `se` (above 0); a null in either leaves the area out.

    Returns:
        `areas` with `best_rank`, `worst_rank`, `ranked` (areas compared), Int64, and `rank_reason` (`ok`, `no_estimate`). Row
        order is kept. There is no column with a single rank on purpose.
    """
    from scipy.special import ndtri

    value, spread = (areas[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in (estimate, se))
    known = np.isfinite(value) & np.isfinite(spread) & (spread > 0)
    k = int(known.sum())
    best, worst = np.zeros(len(value), np.int64), np.zeros(len(value), np.int64)
    if k:
        alpha = 1 - level
        z = float(ndtri(1 - alpha / (2 * k) if joint == "bonferroni" else 0.5 + level ** (1 / k) / 2))
        low, high = value - z * spread, value + z * spread
        for i in np.flatnonzero(known):
            best[i] = 1 + int((low[known] > high[i]).sum())
            worst[i] = k - int((high[known] < low[i]).sum())
    columns = {"best_rank": best, "worst_rank": worst, "ranked": np.full(len(value), k)}
    numbers = [
        pl.Series(name, [int(v) if ok else None for v, ok in zip(column, known, strict=True)], dtype=pl.Int64)
        for name, column in columns.items()
    ]
    reason = pl.Series("rank_reason", np.where(known, "ok", "no_estimate").tolist(), dtype=pl.String)
    given = [pl.col(name).cast(pl.Float64).fill_nan(None) for name in (estimate, se)]
    return areas.with_columns(*given, *numbers, reason)
