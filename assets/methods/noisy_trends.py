"""Changes over the waves of shares with noise: the noise of both waves is part of the standard error. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from assets.methods.noisy_counts import noise_variance
from assets.methods.wave_trends import CELL, GROUP


def noisy_evidence(
    evidence: pl.DataFrame, index_results: pl.DataFrame, focus: Mapping[str, str], table: pl.DataFrame
) -> pl.DataFrame:
    """`indices.trends` with the noise of the published focus shares in `se` and `se_estimate` (shares 0..1).

    Args:
        evidence: `CELL`, `from_wave`, `se`, `se_estimate`. index_results: of one edition, as published (per cent, `n`).
        focus: index key -> measure of its focus share. table: `cell_key.noise_table`.
    """
    named = pl.col("index_key").replace_strict(dict(focus), default=None)
    shown = index_results.filter((pl.col("measure") == named) & pl.col("value").is_not_null() & (pl.col("n") > 0))
    share, whole = (shown["value"] / 100).to_numpy(), shown["n"].cast(pl.Int64).to_numpy()
    part = np.rint(share * whole).astype(np.int64)
    spread = (noise_variance(part, table) + share**2 * noise_variance(whole, table)) / np.maximum(whole, 1) ** 2
    cells = shown.with_columns(
        series_kind=pl.lit("index"), series="index_key", measure=pl.lit("share_focus"), _noise=pl.Series(spread, dtype=pl.Float64)
    ).select(*CELL, "_noise")
    before = cells.select(*GROUP, from_wave="wave", _before="_noise")
    rows = evidence.join(cells, on=CELL, how="left", maintain_order="left")
    rows = rows.join(before, on=[*GROUP, "from_wave"], how="left", maintain_order="left")
    own, earlier = pl.col("_noise").fill_null(0.0), pl.col("_before").fill_null(0.0)
    return rows.with_columns(
        se=(pl.col("se") ** 2 + own + earlier).sqrt(), se_estimate=(pl.col("se_estimate") ** 2 + own).sqrt()
    ).select(evidence.columns)
