"""What two releases tell together about those who came between them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def differences(first: pl.DataFrame, second: pl.DataFrame, keys: Sequence[str], below: int, count: str = "count") -> pl.DataFrame:
    """Cells shown in both releases, how many people came between, and whether so few came that the difference tells on them.

    Late answers only add people, but a corrected delivery may also remove some: both are few or not few in the same way.

    Args:
        first, second: one row per shown cell, `keys` and the column `count`; null where a cell is not shown.
        below: a difference of 1..below-1 people is disclosive.

    Returns:
        `keys`, `difference`, `disclosive`, in the order of `first`.
    """
    later = second.select(*keys, _later=pl.col(count).cast(pl.Int64))
    both = first.join(later, on=list(keys), how="inner", maintain_order="left").filter(
        pl.col(count).is_not_null() & pl.col("_later").is_not_null()
    )
    difference = pl.col("_later") - pl.col(count).cast(pl.Int64)
    return both.select(*keys, difference=difference).with_columns(disclosive=pl.col("difference").abs().is_between(1, below - 1))
