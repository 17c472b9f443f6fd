"""Disclosure control of register values that are made of counts of children (an imported table). Pure.

Sums tie the cells: girls and boys to their total, municipalities to the county. With a floor f a count below f is hidden (0 too,
so that a hidden count can be any of 0..f-1), and of a share also the rest below f. Then what would give a hidden cell back goes:

- one sex hidden: the other is hidden too, and with the same reason, so that nobody sees which one was small;
- their total is shown only from 2f - 1 on: below that, one sex under f and the other not under f leave fewer than f choices
  (a total of f would say 0 and f), and two small ones could be told from their sum;
- a municipality hidden: the county's cell of the same sex is hidden.

A hidden cell loses its rate, interval, count and population. Published values without counts (Kolada, SCB, Skolenkäten) keep
their source's own protection and pass unchanged.
"""

from __future__ import annotations

import polars as pl

HIDDEN = "suppressed"
SHARE_UNIT = "percent"
"""Of counts in per cent the population has two parts, and each can be small."""
_SERIES = ["source", "indicator_key", "year"]
_NUMBERS = ("value", "events", "population", "low", "high", "interval_method", "confidence_level")


def protect_register_counts(values: pl.DataFrame, floor: int) -> pl.DataFrame:
    """Register values with small counts, and what would reveal them, hidden; rows and their order are unchanged.

    Args:
        values: `VALUE_SCHEMA`, every area and sex of the series that it holds.
        floor: the smallest count that is shown.
    """
    counted = pl.col("events").is_not_null()
    at_county = pl.col("area_level") == "county"
    whole = pl.col("sex") == "all"
    marked = values.with_columns(_hide=counted & _below(floor))
    marked = marked.with_columns(_hide=_with_sexes(floor))
    lacking = (pl.col("_hide") & ~at_county).any().over([*_SERIES, "sex"])
    marked = marked.with_columns(_hide=pl.col("_hide") | (counted & at_county & lacking))
    # The county's total may be gone while its sexes stand: together they would be the total again.
    both_ways = (pl.col("_hide") & whole).any().over([*_SERIES, "area_code"])
    marked = marked.with_columns(_hide=pl.col("_hide") | (counted & ~whole & both_ways))
    marked = marked.with_columns(_hide=_with_sexes(floor))
    hidden = pl.col("_hide")
    return marked.with_columns(
        *(pl.when(~hidden).then(pl.col(name)).alias(name) for name in _NUMBERS),
        reason=pl.when(hidden).then(pl.lit(HIDDEN)).otherwise("reason"),
    ).drop("_hide")


def _below(least: int) -> pl.Expr:
    """Whether a cell's count, its population or, of a share, those who aren't in the count, are fewer than `least`."""
    rest = (pl.col("unit") == SHARE_UNIT) & (pl.col("population") - pl.col("events") < least)
    return (pl.col("events") < least) | (pl.col("population") < least) | rest


def _with_sexes(floor: int) -> pl.Expr:
    """`_hide` with the other sex, and with a total too small to stand beside hidden sexes."""
    whole = pl.col("sex") == "all"
    one_hidden = (pl.col("_hide") & ~whole).any().over([*_SERIES, "area_code"])
    counted = pl.col("events").is_not_null()
    return pl.col("_hide") | (counted & one_hidden & (~whole | _below(2 * floor - 1)))
