"""How coarsely a delivery's number of rows must be rounded, so that rows less respondents tell of no few pupils. Pure.

A delivery has rows for pupils who are neither girl nor boy or have not said, and for answers that the screening leaves out. They
are no respondents of the tables, so rows less published respondents are those few. The step follows from published numbers
alone: which step was used tells nothing about the rows.
"""

from __future__ import annotations

import polars as pl

ROWS_TO = (25, 50, 100, 250, 500)
"""Steps tried, finest first; the last is used where none will do."""


def row_steps(results: pl.DataFrame, width: int, floor: int, count_step: int) -> pl.DataFrame:
    """The step for each municipality x wave with respondents: `area_code, wave, step`.

    With the step s, shown rows end at some whole number t, and those beside the respondents (n) are at most t - n. A step will do
    where no t lies within `width` above any n that a reader may think of, whichever way the rows were rounded. Where n is hidden
    but numbers of scored pupils are shown, the greatest of them stands for it: nobody may learn that nearly all have a score.

    Args:
        results: `release.index_results`. width: what an interval of a hidden number must be wider than.
        floor: least number of respondents that is shown. count_step: to what they are rounded.
    """
    whole = results.filter((pl.col("area_level") == "municipality") & (pl.col("sex") == "all"))
    number, down = pl.col("value").max().cast(pl.Int64), count_step // 2
    place = ["area_code", "wave", "grade"]
    scored = whole.filter(pl.col("measure") == "n_scored").group_by(place).agg(number.alias("scored"))
    grades = (
        whole.filter(pl.col("measure") == "n_respondents")
        .group_by(place)
        .agg(number.alias("n"), (pl.col("reason") == "no_pupils").all().alias("none"))
        .join(scored, on=place, how="left")
        .with_columns(n=pl.coalesce("n", "scored"))
    )
    bounds = (
        grades.with_columns(
            least=pl.when(pl.col("n").is_null()).then(0).otherwise(pl.col("n") - down),
            most=pl.when(pl.col("none"))
            .then(0)
            .when(pl.col("n").is_null())
            .then(floor)
            .otherwise(pl.col("n") + count_step - 1 - down),
        )
        .group_by("area_code", "wave")
        .agg(pl.col("least", "most").sum())
        .sort("area_code", "wave")
    )
    step = pl.coalesce(
        *(pl.when(_will_do(s, width)).then(pl.lit(s, pl.Int64)) for s in ROWS_TO[:-1]), pl.lit(ROWS_TO[-1], pl.Int64)
    )
    return bounds.select("area_code", "wave", step=step)


def _will_do(step: int, width: int) -> pl.Expr:
    last = step - 1 - step // 2  # rows shown as r are at most r + last
    first_end = pl.col("least") + (last - pl.col("least")) % step
    return first_end > pl.col("most") + width
