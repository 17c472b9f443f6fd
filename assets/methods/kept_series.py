"""Single-question series that stay hidden because an earlier release about the same pupils hid them. Pure.

The earlier pattern was an end of the same rules, so where nothing has changed it hides nothing more. What a changed rule would
open stays hidden, and what would reveal it is hidden with it, as for any other cell.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from assets.methods.disclosure_blocks import SEXES
from assets.methods.disclosure_series_state import KEYS, Series
from assets.methods.disclosure_state import RULES

KEPT = ("kept_share", "kept_number")
"""Whether the share (or mean) stays hidden, and whether its number of pupils does."""


def on_rows(kept: pl.DataFrame | None, counts: pl.DataFrame, means: pl.DataFrame) -> pl.DataFrame | None:
    """Kept rows on the rows of this release, every one of them, so that areas are known there as they are here.

    Args:
        kept: `KEYS` and `KEPT`; None: nothing has been published.
        counts: `indices.indicator_counts`. means: `indices.scale_means`.
    """
    if kept is None:
        return None
    rows = pl.concat([counts.select(KEYS), means.rename({"index_id": "indicator"}).select(KEYS)])
    found = rows.join(kept, on=list(KEYS), how="left", maintain_order="left")
    return found.with_columns(pl.col(name).fill_null(value=False) for name in KEPT)


def kept_arrays(kept: pl.DataFrame | None, series: Series) -> tuple[np.ndarray, ...] | None:
    """Kept rows as the arrays `hidden, quiet, no_count` of a pattern; None without such rows."""
    if kept is None:
        return None
    places = series.groups.with_row_index("group").join(pl.DataFrame({"sex": SEXES, "at": range(len(SEXES))}), how="cross")
    rows = kept.join(places, on=[*series.groups.columns, "sex"], how="inner", maintain_order="left").filter(
        pl.col("indicator").is_in(series.keys)
    )
    one = rows["indicator"].replace_strict(series.keys, range(len(series.keys)), return_dtype=pl.Int64).to_numpy()
    at = (rows["group"].cast(pl.Int64).to_numpy(), one, rows["at"].cast(pl.Int64).to_numpy())
    hidden, no_count = np.zeros(series.valid.shape, np.int8), np.zeros(series.valid.shape, bool)
    hidden[at] = np.where(rows["kept_share"].to_numpy(), RULES.index("linked"), 0)
    no_count[at] = rows["kept_number"].to_numpy()
    return hidden, np.zeros_like(no_count), no_count
