"""What has changed since an earlier edition of the same report: two frames of released rows in, a list out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

KEYS = ("area_code", "wave", "grade", "sex", "index_key", "measure")
VALUES = ("value", "low", "high", "n", "reason")
METHODS = ("method", "interval_method", "confidence_level", "cutoff_set")


@dataclass(frozen=True)
class Changed:
    """One kind of change of one index: `new`, `gone`, `method` or `correction`, and how many rows it touches."""

    series: str
    kind: str
    count: int


def changed_rows(earlier: pl.DataFrame, now: pl.DataFrame) -> list[Changed]:
    """Changes per index, in order of index and kind; nothing for two editions with the same rows.

    Args:
        earlier, now: `release.index_results` of the two editions; columns in `docs/development/contracts.md`. Columns that one of
            them lacks are not compared.
    Returns:
        `new`: shown now, not before. `gone`: shown before, not now. `method`: method, limits or level differ.
        `correction`: shown in both with the same method, another value, interval or count.
    """
    compared = [name for name in (*VALUES, *METHODS) if name in earlier.columns and name in now.columns]
    kinds = {name: now.schema[name] for name in (*KEYS, *compared)}
    before = earlier.select(pl.col(name).cast(kind) for name, kind in kinds.items())
    joined = before.join(now.select(*KEYS, *compared), on=KEYS, how="full", suffix="_now", coalesce=True, nulls_equal=True)
    was, shown = pl.col("value").is_not_null(), pl.col("value_now").is_not_null()
    method = _differs([name for name in METHODS if name in compared])
    value = _differs([name for name in VALUES if name in compared and name != "reason"])
    kind = (
        pl.when(shown & ~was).then(pl.lit("new"))
        .when(was & ~shown).then(pl.lit("gone"))
        .when(shown & method).then(pl.lit("method"))
        .when(shown & value).then(pl.lit("correction"))
    )  # fmt: skip
    counted = joined.with_columns(kind=kind).filter(pl.col("kind").is_not_null()).group_by("index_key", "kind").len()
    return [Changed(str(key), str(name), int(count)) for key, name, count in counted.sort("index_key", "kind").iter_rows()]


def _differs(names: Sequence[str]) -> pl.Expr:
    """Whether any of the columns is another one now; null equals null."""
    return pl.any_horizontal([pl.lit(False), *(pl.col(name).ne_missing(pl.col(f"{name}_now")) for name in names)])
