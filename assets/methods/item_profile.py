"""Answers per delivery, municipality, wave and grade as exact counts of each code. Pure.

What rules about codes, routing and drift need of the answers: a few thousand rows per wave instead of every pupil's.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from assets.catalogue.models import Routing, Survey

ROUTED = 996
SHUT = 0
"""Stands for "none of them opens it" where several questions route an item."""

PROFILE_KEY = ("delivery_id", "municipality_code", "wave", "grade", "item")
PROFILE_SCHEMA: dict[str, pl.DataType] = {
    "delivery_id": pl.String(),
    "municipality_code": pl.String(),
    "wave": pl.Int32(),
    "grade": pl.String(),
    "item": pl.String(),
    "code": pl.Int16(),
    "n": pl.Int64(),
}


def item_profile(frame: pl.DataFrame, items: Iterable[str]) -> pl.DataFrame:
    """Count every code of every item.

    Args:
        frame: harmonised rows. items: columns to count; those that the frame lacks are left out.

    Returns:
        `PROFILE_SCHEMA`: `delivery_id, municipality_code, wave, grade, item, code` (null: the cell is empty), `n` pupils; sorted.
    """
    counted_items = [item for item in items if item in frame.columns]
    if frame.is_empty() or not counted_items:
        return pl.DataFrame(schema=PROFILE_SCHEMA)
    keys = [k for k in PROFILE_KEY if k != "item"]
    cells = frame.select(keys).unique(maintain_order=True).with_row_index("cell")
    cell = frame.select(keys).join(cells, on=keys, how="left", nulls_equal=True, maintain_order="left")["cell"].to_numpy()
    parts = [_counts(frame[item], cell.astype(np.int64), cells.height) for item in counted_items]
    counted = pl.concat(parts).join(cells.cast({"cell": pl.Int64}), on="cell", how="left")
    return counted.select(list(PROFILE_SCHEMA)).cast(PROFILE_SCHEMA).sort(*PROFILE_KEY, "code")


def _counts(answers: pl.Series, cell: np.ndarray, cells: int) -> pl.DataFrame:
    """`cell, item, code, n` of one item, in whole-number bins: a grouping of all rows per item takes ten times as long."""
    codes = answers.cast(pl.Int16).cast(pl.Int64)
    lowest = (codes.min() if codes.null_count() < len(codes) else 0) - 1  # one below all codes stands for the empty cell
    at = codes.fill_null(lowest).to_numpy() - lowest
    seen = np.flatnonzero(np.bincount(at))
    place = np.zeros(seen[-1] + 1, dtype=np.int64)
    place[seen] = np.arange(len(seen))
    n = np.bincount(cell * len(seen) + place[at], minlength=cells * len(seen))
    there = np.flatnonzero(n)
    code = pl.Series("code", seen[there % len(seen)] + lowest)
    frame = pl.DataFrame({"cell": there // len(seen), "code": code, "n": n[there]})
    return frame.with_columns(item=pl.lit(answers.name), code=pl.when(code != lowest).then(code))


def routing_counts(frame: pl.DataFrame, survey: Survey) -> pl.DataFrame:
    """Follow-up questions against the question that routes them.

    Returns:
        `delivery_id, wave, item, gate_code, code, n`: pupils with each pair of codes, for every item with `routed_by`; sorted.
        Where several questions open an item, `gate_code` is the first answer that opens it when any of them does, `SHUT` when
        all that were asked say no, and null when that isn't known.
    """
    keys = ["delivery_id", "wave"]
    schema = {"delivery_id": pl.String, "wave": pl.Int32, "item": pl.String}
    schema |= {"gate_code": pl.Int16, "code": pl.Int16, "n": pl.Int64}
    parts = [pl.DataFrame(schema=schema)]
    for item in survey.items:
        if item.routed_by and {item.key, *item.routed_by.gates} <= set(frame.columns):
            pair = {"gate_code": _gate(item.routed_by), "code": pl.col(item.key)}
            counted = frame.group_by(*keys, **pair).agg(n=pl.len().cast(pl.Int64)).with_columns(item=pl.lit(item.key))
            parts.append(counted.select(list(schema)).cast(schema))
    return pl.concat(parts).sort("delivery_id", "wave", "item", "gate_code", "code")


def _gate(routing: Routing) -> pl.Expr:
    """The code of the question before; of several, what they say together."""
    if not routing.or_by:
        return pl.col(routing.item)
    opens = pl.any_horizontal(pl.col(gate).is_in(list(codes)).fill_null(value=False) for gate, codes in routing.gates.items())
    # A question that was itself routed past (996) opens nothing; one without an answer leaves it unknown.
    unknown = pl.any_horizontal((pl.col(gate) > ROUTED).fill_null(value=False) for gate in routing.gates)
    asked = pl.any_horizontal(pl.col(gate).is_not_null() for gate in routing.gates)
    first = pl.lit(routing.answered_when[0], pl.Int16)
    return pl.when(opens).then(first).when(asked & ~unknown).then(pl.lit(SHUT, pl.Int16))


def against_last_wave(profile: pl.DataFrame, earlier: pl.DataFrame, survey_breaks: dict[str, list[int]]) -> pl.DataFrame:
    """The profile beside that of the municipality's last wave before.

    Args:
        profile: `PROFILE_SCHEMA` of the waves that are judged. earlier: the same of all waves that may be compared with (rows of
            the judged waves may stand in it too). survey_breaks: item -> waves in which the question changed; a pair of waves
            with a change between them is left out.

    Returns:
        `delivery_id, municipality_code, wave, grade, item, code, n, n_before`, sorted; a code given only then has n = 0. Nothing
        for a municipality without an earlier wave.
    """
    place = ["municipality_code", "wave"]
    columns = [*PROFILE_SCHEMA, "n_before"]
    if profile.is_empty() or earlier.is_empty():
        return pl.DataFrame(schema=PROFILE_SCHEMA | {"n_before": pl.Int64()})
    waves = earlier.select("municipality_code", before="wave").unique()
    last = (
        profile.select(place)
        .unique()
        .join(waves, on="municipality_code")
        .filter(pl.col("before") < pl.col("wave"))
        .group_by(place)
        .agg(pl.col("before").max())
    )
    group = [*place, "grade", "item"]
    then = earlier.rename({"wave": "before", "n": "n_before"}).join(last, on=["municipality_code", "before"])
    then = then.select(*group, "code", "n_before", "before", n=pl.lit(0, pl.Int64))
    now = profile.join(last, on=place).select(*group, "code", "before", "n", n_before=pl.lit(0, pl.Int64))
    both = pl.concat([now, then.select(now.columns)]).group_by(*group, "code", "before").agg(pl.col("n", "n_before").sum())
    both = both.join(now.select(group).unique(), on=group, how="semi").filter(~_changed_between(survey_breaks))
    owner = profile.select(*group, "delivery_id").unique()
    return both.join(owner, on=group).select(columns).sort(columns)


def _changed_between(breaks: dict[str, list[int]]) -> pl.Expr:
    changed = [
        (pl.col("item") == item) & (pl.col("before") < year) & (pl.col("wave") >= year)
        for item, years in sorted(breaks.items())
        for year in years
    ]
    return pl.any_horizontal(changed) if changed else pl.lit(value=False)
