"""Limits of an interval as they are published: rounded, and never one and the same. Pure.

Rounding to whole per cent can bring both limits of a narrow interval to the published number: 2,7 to 3,2 per cent becomes 3 to 3,
which reads as certainty. Such an interval is told as one step to either side. Limits rounded outwards would be as right and
sometimes shorter, but they would tell on which side of the published number the exact one lies; a step to either side tells
exactly what the two equal limits told.
"""

from __future__ import annotations

import polars as pl


def kept_apart(step: pl.Expr, least: pl.Expr, most: pl.Expr) -> list[pl.Expr]:
    """The columns `low` and `high`, moved a step outwards each where they are equal; null limits stay null.

    Args:
        step: what limits are rounded to, in their unit. least, most: what they may not pass; null where nothing stops them. They
            lie at least a step apart, so no interval is left without width.
    """
    equal = pl.col("low") >= pl.col("high")
    moved = {"low": pl.max_horizontal(pl.col("low") - step, least), "high": pl.min_horizontal(pl.col("high") + step, most)}
    return [pl.when(equal).then(limit).otherwise(pl.col(name)).alias(name) for name, limit in moved.items()]


def leaves_out(number: float) -> pl.Expr:
    """Whether the interval `low` to `high` lies wholly on one side of `number`; no interval leaves out nothing."""
    return ((pl.col("low") > number) | (pl.col("high") < number)).fill_null(value=False)
