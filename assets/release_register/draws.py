"""How many times the noise of a municipality's wave has been drawn anew in what is published. Pure.

Every new set of answers gets its own noise, and the mean of several draws tells more of the pupils who are in all of them than
one does (variance / draws). So there is a limit to how many sets are released with noise. And what has gone
out with noise stays so: the exact numbers beside it would tell the noise.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from assets.release_register.conflicts import CONFLICT_SCHEMA

DRAWS, EXACT = "draws", "exact"
_SET = ["area_code", "wave", "deliveries", "screen"]


def too_many_draws(earlier: pl.DataFrame, current: pl.DataFrame, tables: Collection[str], most: int) -> pl.DataFrame:
    """Municipalities and waves that would be released with more than `most` sets of answers, columns `CONFLICT_SCHEMA`.

    Args:
        earlier: from `history`. current: the new release's cells in the same form. tables: those with noise.

    A set that has been released before is no new draw. A row per municipality, wave and table; the release named is the latest.
    """
    own = (pl.col("area_level") == "municipality") & pl.col("table_name").is_in(list(tables))
    before = earlier.filter(own).unique(["table_name", *_SET], keep="first", maintain_order=True)
    now = current.filter(own).unique(["table_name", *_SET], keep="first", maintain_order=True)
    new = now.join(before, on=["table_name", *_SET], how="anti").select("table_name", "area_level", "area_code", "wave")
    drawn = before.group_by("table_name", "area_code", "wave").agg(pl.len(), pl.col("release_id", "published_on").last())
    return _told(new.join(drawn, on=["table_name", "area_code", "wave"]).filter(pl.col("len") >= most), DRAWS)


def noise_taken_off(earlier: pl.DataFrame, current: pl.DataFrame) -> pl.DataFrame:
    """Areas and waves released with noise that are exact now, which would tell the noise; columns `CONFLICT_SCHEMA`.

    A row per area, wave and table; the release named is the latest. Arguments as in `too_many_draws`.
    """
    place = ["table_name", "area_level", "area_code", "wave"]
    before = earlier.filter(pl.col("noisy")).group_by(place).agg(pl.col("release_id", "published_on").last())
    return _told(before.join(current.filter(~pl.col("noisy")), on=place, how="semi"), EXACT)


def _told(found: pl.DataFrame, kind: str) -> pl.DataFrame:
    told = found.with_columns(pl.lit(kind).alias("kind"))
    empty = pl.DataFrame(schema=CONFLICT_SCHEMA)
    return pl.concat([empty, told.select(c for c in CONFLICT_SCHEMA if c in told.columns)], how="diagonal").sort(pl.all())
