"""Many tests at once: false discovery rate within a stated family."""

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


def adjust_families(frame: pl.DataFrame, family: Sequence[str], p_value: str = "p_value") -> pl.DataFrame:
    """Add `p_adjusted` (Float64, null where `p_value` is null): Benjamini-Hochberg within every group of `family` columns.

    A family is for instance one index over all municipalities, or one municipality's indices. Row order is kept.
    """
    row = frame.select(*family, p_value).with_row_index("__row")
    p = frame[p_value].cast(pl.Float64).to_numpy()
    adjusted = np.full(frame.height, np.nan)
    for _, rows in row.group_by(list(family)):
        members = rows["__row"].to_numpy()
        adjusted[members] = benjamini_hochberg(p[members])
    return frame.with_columns(pl.Series("p_adjusted", adjusted, dtype=pl.Float64).fill_nan(None))
