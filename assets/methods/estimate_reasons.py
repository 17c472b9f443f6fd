"""Why an estimate or its interval is absent: one code per row of the estimate tables (`reasons` of `statistics.yml`). Pure."""

from __future__ import annotations

from typing import Literal

import polars as pl

Reason = Literal["ok", "no_answers", "not_estimable", "not_applicable", "no_degrees_of_freedom", "no_spread"]


def reason_of_estimate() -> pl.Expr:
    """The reason of a row with `measure, estimate, low, high, df`; nulls, no NaN.

    `ok`: estimate and interval are there. `no_answers`: nobody has a value (in one of the two groups of a difference).
    `not_estimable`: a spread between fewer than two pupils. `not_applicable`: a spread, which has no interval.
    `no_degrees_of_freedom`: one class. `no_spread`: all classes alike, or a difference in which nobody or everybody is counted in
    one of the groups.
    """
    spread = pl.col("measure") == "sd"
    return (
        pl.when(pl.col("estimate").is_null() & spread & (pl.col("n") > 0)).then(pl.lit("not_estimable"))
        .when(pl.col("estimate").is_null()).then(pl.lit("no_answers"))
        .when(spread).then(pl.lit("not_applicable"))
        .when(pl.col("low").is_not_null() & pl.col("high").is_not_null()).then(pl.lit("ok"))
        .when((pl.col("df") < 1).fill_null(True)).then(pl.lit("no_degrees_of_freedom"))
        .otherwise(pl.lit("no_spread"))
        .alias("reason")
    )  # fmt: skip
