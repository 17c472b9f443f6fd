"""What may be told about how much the choice of limit means: shares of the county under each limit. Pure.

Two limits close to each other cut out the pupils between them, so two shares side by side are a difference about those pupils.
Shares in whole per cent of many pupils hide them: the number between two limits is known to within a hundredth of the pupils,
which must be wider than the policy's interval. Only the county is told of, and only an index whose own share is published there;
a group below the cell floor on either side of any limit hides all limits of the index.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from assets.methods.bands import FOCUS_BAND
from assets.methods.cutoff_sets import COUNT_KEYS
from assets.methods.disclosure import load_policy
from assets.methods.disclosure_rounding import nearest, share_percent

RESULT_COLUMNS = (
    *("edition", "area_level", "area_code", "area_name", "wave", "grade", "sex", "index_key", "cut_set", "rule", "in_use"),
    *("focus_cut", "value", "n", "unit", "reason"),
)
RESULT_KEYS = ("area_code", "wave", "grade", "index_key", "cut_set")
_BLOCK = ["area_code", "wave", "grade", "index_key"]


def published_alternatives(
    counts: pl.DataFrame,
    cuts: pl.DataFrame,
    index_results: pl.DataFrame,
    kinds: Mapping[str, str],
    disclosure: Mapping[str, Any],
    edition: str,
    area_names: Mapping[str, str],
) -> pl.DataFrame:
    """`release.cutoff_sensitivity`.

    Args:
        counts, cuts: `indices.cutoff_counts`, `indices.cutoff_alternatives`. index_results: `release.index_results`.
        kinds: index key -> risk or protective. disclosure: `disclosure.yml` as a mapping.

    Returns:
        `RESULT_COLUMNS`, sorted: `value` whole per cent in the focus group (null unless `reason` is `ok`), `n` scored pupils to
        the nearest five (null where the index table hides its number), `focus_cut` the limit to three decimals.
    """
    policy = load_policy(disclosure)
    numbers = policy.numbers(edition)
    strict = pl.col("index_key").is_in(list(policy.sensitive_indices))
    cell = pl.when(strict).then(numbers.cell_floor_sensitive).otherwise(numbers.cell_floor)
    width = pl.when(strict).then(numbers.interval_width_sensitive).otherwise(numbers.interval_width)
    focus = pl.col("index_key").replace_strict({k: f"share_band{FOCUS_BAND[kind]}" for k, kind in kinds.items()}, default="")
    shown = index_results.filter(
        (pl.col("area_level") == "county") & (pl.col("sex") == "all") & (pl.col("measure") == focus)
        & (pl.col("reason") == "ok")
    ).select(*_BLOCK, shown=pl.lit(True), n_shown=pl.col("n").is_not_null())  # fmt: skip
    table = counts.sort(COUNT_KEYS).join(cuts.drop("kind"), on=["cut_set", "index_key"], how="left", maintain_order="left")
    table = table.with_columns(pl.col("wave").cast(pl.Int32)).join(shown, on=_BLOCK, how="left", maintain_order="left")
    small = pl.min_horizontal("n_focus", pl.col("n_scored") - pl.col("n_focus")) < cell
    coarse = pl.col("n_scored") * numbers.share_step > 100 * (width + 1)
    safe = (pl.col("shown").fill_null(False) & ~small & coarse).all().over(_BLOCK)
    share = pl.Series(
        share_percent(table["n_focus"].to_numpy(), table["n_scored"].to_numpy(), numbers.share_step), dtype=pl.Float64
    )
    n = pl.Series(nearest(table["n_scored"].to_numpy(), numbers.count_step), dtype=pl.Int64)
    named = table.with_columns(safe=safe, share=share, rounded=n).with_columns(
        pl.lit(edition).alias("edition"),
        pl.lit("county").alias("area_level"),
        pl.lit("all").alias("sex"),
        pl.lit("percent").alias("unit"),
        pl.col("area_code").replace_strict(dict(area_names), return_dtype=pl.String).alias("area_name"),
        pl.col("focus_cut").round(3),
        value=pl.when("safe").then("share"),
        n=pl.when(pl.col("safe") & pl.col("n_shown")).then("rounded"),
        reason=pl.when("safe").then(pl.lit("ok")).otherwise(pl.lit("suppressed")),
    )
    return named.select(RESULT_COLUMNS).sort(RESULT_KEYS)
