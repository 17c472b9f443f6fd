"""Areas that hold other areas' respondents too: for disclosure control the inner ones are parts of the outer. Pure.

New York City's sample is the same students as its five boroughs', so its counts are the sums of theirs. Published side by side as
equals, one hidden borough would be the city minus the other four. Disclosure control knows sums over areas in the form
municipality and districts (`disclosure_margins`); `as_parts` puts an outer area and its parts into that form, and `own_levels`
brings the result back. Weighted estimates of the outer area keep their own weights: only counts have to add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.methods.errors import PipelineError, count_sv

LEVEL, PART = "municipality", "district"
JOIN = "-"
GROUP = ("wave", "grade")
COUNTS = ("n_respondents", "n_scored", "band1", "band2", "band3", "n_valid", "n_yes")


def as_parts(frame: pl.DataFrame, contains: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Rows of areas (counts or estimates) with the inner ones as districts of the outer one.

    An inner area in a wave and grade without its outer one stays as it is. A part's schools are its PSUs when the delivery
    names no schools.

    Args:
        frame: `area_level, area_code, wave, grade` and more. contains: outer area -> its parts (`Municipality.contained`).

    Returns:
        The same rows; a part has `area_level` `district` and `area_code` `<outer>-<part>`.
    """
    outer_of = {part: outer for outer, parts in contains.items() for part in parts}
    present = frame.select("area_code", *GROUP).unique().rename({"area_code": "_outer"}).with_columns(_has=pl.lit(True))
    known = frame.with_columns(_outer=pl.col("area_code").replace_strict(outer_of, default=None, return_dtype=pl.String))
    known = known.join(present, on=["_outer", *GROUP], how="left", maintain_order="left")
    part = pl.col("_has").fill_null(False)
    columns = [
        pl.when(part).then(pl.lit(PART)).otherwise(pl.col("area_level")).alias("area_level"),
        pl.when(part).then(pl.format("{}{}{}", "_outer", pl.lit(JOIN), "area_code")).otherwise("area_code").alias("area_code"),
    ]
    if {"n_schools", "n_psu"} <= set(frame.columns):
        named = pl.col("n_schools").sum().over("area_code", *GROUP) > 0
        columns.append(pl.when(part & ~named).then("n_psu").otherwise("n_schools").alias("n_schools"))
    return known.with_columns(columns).drop("_outer", "_has")


def own_levels(frame: pl.DataFrame, contains: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Rows as they were before `as_parts`."""
    codes = {f"{outer}{JOIN}{part}": part for outer, parts in contains.items() for part in parts}
    part = pl.col("area_code").is_in(list(codes))
    return frame.with_columns(
        area_level=pl.when(part).then(pl.lit(LEVEL)).otherwise(pl.col("area_level")),
        area_code=pl.col("area_code").replace(codes),
    )


def require_sums(counts: pl.DataFrame, contains: Mapping[str, Sequence[str]]) -> None:
    """Check that no outer area has fewer pupils in a count than its parts together.

    Raises:
        PipelineError: `parts_exceed_whole`: then the areas are not the same respondents, and the protection would be none.
    """
    keys = [*GROUP, *(name for name in ("sex", "index_key", "indicator") if name in counts.columns)]
    held = [name for name in COUNTS if name in counts.columns]
    for outer, parts in contains.items():
        whole = counts.filter(pl.col("area_code") == outer).select(*keys, *held)
        summed = (
            counts.filter(pl.col("area_code").is_in(list(parts))).group_by(keys).agg(pl.col(held).sum().name.suffix("_parts"))
        )
        both = whole.join(summed, on=keys)
        bad = both.filter(pl.any_horizontal(pl.col(f"{name}_parts") > pl.col(name) for name in held)).height
        if bad:
            raise PipelineError(
                "parts_exceed_whole",
                f"Området {outer}",
                "minst så många svarande som i områdena det innehåller",
                f"färre i {count_sv(bad, 'cell', 'celler')}",
                "Kontrollera kolumnen contains i areas/municipalities.csv.",
            )
