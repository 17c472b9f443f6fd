"""What a register changed between two vintages: new values, revised values, withdrawn values, and levels that jump. Pure.

Registers revise old values without saying so, sometimes a whole key figure at once, and may change what a number is counted in
under an unchanged id. The first is told; the second is a stop signal.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import polars as pl

from assets.methods.errors import PipelineError
from assets.registers.models import Indicator

#: `release.register_revisions`, one row per cell that differs between two vintages in a row.
REVISION_SCHEMA: dict[str, pl.DataType] = {
    "source": pl.String(),
    "indicator_key": pl.String(),
    "area_level": pl.String(),
    "area_code": pl.String(),
    "year": pl.Int32(),
    "sex": pl.String(),
    "vintage_old": pl.String(),
    "vintage_new": pl.String(),
    "change": pl.String(),
    "value_old": pl.Float64(),
    "value_new": pl.Float64(),
    "relative_change": pl.Float64(),
    "visible": pl.Boolean(),
    "reason_old": pl.String(),
    "reason_new": pl.String(),
}
#: One row per indicator whose level can be compared.
LEVEL_SCHEMA: dict[str, pl.DataType] = {
    "source": pl.String(),
    "indicator_key": pl.String(),
    "vintage_old": pl.String(),
    "vintage_new": pl.String(),
    "basis": pl.String(),
    "cells": pl.Int64(),
    "median_old": pl.Float64(),
    "median_new": pl.Float64(),
    "ratio": pl.Float64(),
    "jump": pl.Boolean(),
}
CHANGES = ("new", "revised", "digits", "withdrawn", "not_fetched")
JUMP = 5.0
"""A median over five times, or under a fifth of, what it was: about an order of magnitude, and never a normal year's change."""
_CELL = ["source", "indicator_key", "area_level", "area_code", "year", "sex"]
_SHOWN = ("ok", "not_reconciled")
_DIGITS = 1e-6
"""Relative difference up to which the source has only changed how many decimals it sends."""


def compare(old: pl.DataFrame, new: pl.DataFrame, indicators: Sequence[Indicator]) -> pl.DataFrame:
    """Cells that differ between two vintages of one source.

    Args:
        old, new: `VALUE_SCHEMA`, each of one vintage.
        indicators: for the number of decimals shown.

    Returns:
        `REVISION_SCHEMA` sorted by cell. `change`: `new` (a value where there was none), `revised` (another value), `digits`
        (the same value with more or fewer decimals), `withdrawn` (a value that is gone) or `not_fetched` (gone because the whole
        year lies outside the new vintage). `relative_change` is new / old - 1, null unless revised and the old value isn't 0.
        `visible`: the change shows at the decimals people see.

    Raises:
        ValueError: when a frame holds more than one vintage.
    """
    before, after = _vintage(old), _vintage(new)
    first, last = new["year"].min(), new["year"].max()
    decimals = {i.key: i.decimals for i in indicators}
    joined = _side(old, "old").join(_side(new, "new"), on=_CELL, how="full", coalesce=True)
    changed = joined.with_columns(_change(first, last)).filter(pl.col("change").is_not_null())
    digits = pl.col("indicator_key").replace_strict(decimals, default=3, return_dtype=pl.Int32)
    seen = [_rounded("value_old", digits), _rounded("value_new", digits)]
    return (
        changed.with_columns(
            vintage_old=pl.lit(before),
            vintage_new=pl.lit(after),
            relative_change=pl.when((pl.col("change") == "revised") & (pl.col("value_old") != 0)).then(
                pl.col("value_new") / pl.col("value_old") - 1
            ),
            visible=seen[0].ne_missing(seen[1]),
        )
        .select([pl.col(name).cast(kind) for name, kind in REVISION_SCHEMA.items()])
        .sort(_CELL)
    )


def compare_all(vintages: Sequence[pl.DataFrame], indicators: Sequence[Indicator]) -> pl.DataFrame:
    """`compare` for each vintage and the one before it; empty with fewer than two."""
    ordered = sorted(vintages, key=_vintage)
    found = [compare(old, new, indicators) for old, new in itertools.pairwise(ordered)]
    return pl.concat(found) if found else pl.DataFrame(schema=REVISION_SCHEMA)


def _side(frame: pl.DataFrame, which: str) -> pl.DataFrame:
    return frame.select(*_CELL, pl.col("value").alias(f"value_{which}"), pl.col("reason").alias(f"reason_{which}"))


def _change(first: object, last: object) -> pl.Expr:
    was, is_now = pl.col("value_old").is_not_null(), pl.col("value_new").is_not_null()
    differs = (pl.col("value_new") - pl.col("value_old")).abs()
    digits = _DIGITS * pl.max_horizontal(pl.lit(1.0), pl.col("value_old").abs())
    outside = ~pl.col("year").is_between(pl.lit(first), pl.lit(last))
    return (
        pl.when(was & is_now & (differs > digits))
        .then(pl.lit("revised"))
        .when(was & is_now & (differs > 0))
        .then(pl.lit("digits"))
        .when(~was & is_now)
        .then(pl.lit("new"))
        .when(was & ~is_now)
        .then(pl.when(outside).then(pl.lit("not_fetched")).otherwise(pl.lit("withdrawn")))
        .alias("change")
    )


def _rounded(column: str, digits: pl.Expr) -> pl.Expr:
    scale = pl.lit(10.0).pow(digits)
    return (pl.col(column) * scale + 0.5).floor() / scale


def _vintage(frame: pl.DataFrame) -> str:
    held = frame["vintage"].unique().to_list()
    if len(held) != 1:
        raise ValueError(f"values of exactly one vintage are needed, got {len(held)}")
    return str(held[0])


def levels(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """How each indicator's level moved, `LEVEL_SCHEMA`.

    Two bases: `same_cells`, the medians of the cells that both vintages show; `new_years`, the median of the last year that
    the old vintage shows against that of the years after it. `jump` when the ratio passes `JUMP` in either direction.
    """
    rows = []
    for key in sorted(set(old["indicator_key"]) & set(new["indicator_key"])):
        before, after = _shown(old, key), _shown(new, key)
        both = before.join(after, on=_CELL, how="inner", suffix="_new")
        rows.append((key, "same_cells", both["value"], both["value_new"]))
        if before.height:
            last = before["year"].max()
            rows.append(
                (key, "new_years", before.filter(pl.col("year") == last)["value"], after.filter(pl.col("year") > last)["value"])
            )
    return pl.DataFrame(
        [
            (old["source"][0], key, _vintage(old), _vintage(new), basis, len(b), *_ratio(a, b))
            for key, basis, a, b in rows
            if len(a) and len(b)
        ],
        schema=LEVEL_SCHEMA,
        orient="row",
    )


def _shown(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    shown = (pl.col("indicator_key") == key) & pl.col("reason").is_in(_SHOWN) & (pl.col("sex") == "all")
    return frame.filter(shown).select(*_CELL, "value")


def _ratio(before: pl.Series, after: pl.Series) -> tuple[float, float, float | None, bool]:
    a, b = float(before.median() or 0.0), float(after.median() or 0.0)
    if a <= 0 or b <= 0:
        return a, b, None, False
    return a, b, b / a, abs(math.log(b / a)) >= math.log(JUMP)


def stop_sentences(moved: pl.DataFrame, indicators: Sequence[Indicator]) -> list[str]:
    """A Swedish sentence per indicator whose level jumped; an empty list is a go-ahead.

    Args:
        moved: what `levels` returned.
        indicators: for their titles.
    """
    titles = {i.key: i.title_sv for i in indicators}
    jumped = moved.filter(pl.col("jump")).unique("indicator_key", maintain_order=True)
    return [
        f"{r['indicator_key']} ({titles.get(r['indicator_key'], '')}): nivån är {_times(r['ratio'])} än i årgången "
        f"{r['vintage_old']}. Enheten kan ha ändrats."
        for r in jumped.iter_rows(named=True)
    ]


def _times(ratio: float) -> str:
    factor = ratio if ratio >= 1 else 1 / ratio
    return f"{factor:.1f}".replace(".", ",") + (" gånger högre" if ratio >= 1 else " gånger lägre")


def require_same_level(old: pl.DataFrame, new: pl.DataFrame, indicators: Sequence[Indicator]) -> None:
    """Stop when an indicator's level jumped.

    Raises:
        PipelineError: `level_jump`, with every indicator that did.
    """
    sentences = stop_sentences(levels(old, new), indicators)
    if sentences:
        raise PipelineError(
            "level_jump",
            f"Årgången {_vintage(new)}",
            "ungefär samma nivåer som förut",
            f"{len(sentences)} nyckeltal med en annan storleksordning: " + " ".join(sentences),
            "Kontrollera enheten hos källan. Är den nya rätt: ändra katalogens enhet och ta bort den gamla årgången ur inkorgen.",
        )


def summary(changes: pl.DataFrame) -> pl.DataFrame:
    """Per pair of vintages and indicator: a count for each of `CHANGES`, `visible` (revised cells that people see), largest.

    `largest` is the largest relative change, in absolute terms, as a share.
    """
    counts = [(pl.col("change") == c).sum().cast(pl.Int64).alias(c) for c in CHANGES]
    seen = ((pl.col("change") == "revised") & pl.col("visible")).sum().cast(pl.Int64).alias("visible")
    largest = pl.col("relative_change").abs().max().alias("largest")
    keys = ["source", "vintage_old", "vintage_new", "indicator_key"]
    return changes.group_by(keys).agg(*counts, seen, largest).sort(keys)
