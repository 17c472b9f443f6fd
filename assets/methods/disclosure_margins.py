"""Sums over areas: the county is the sum of its municipalities, Stockholm at least the sum of its districts.

Protection inside an area holds against whoever knows the area's own published numbers. A sum over areas could add to that
only if the other areas were known so well that what is left pins the hidden cell. They are not, as long as their roundings
leave much more room than a hidden cell needs (`cross_line_margin` times as much), or pupils without a district do. Where
that room is missing, the sum itself is not published: the county's row, or all districts of the wave and grade.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from assets.methods.disclosure_blocks import ALL, Blocks
from assets.methods.disclosure_policy import PolicyNumbers
from assets.methods.disclosure_rounding import FloatArray, IntArray, count_window, nearest, share_percent
from assets.methods.disclosure_state import SPLIT, Floors, Hidden, mark


def families(groups: pl.DataFrame) -> list[tuple[int, IntArray, bool]]:
    """(parent group, its children, whether the children are districts) per wave and grade; groups by position in the frame."""
    groups = groups.with_row_index("group").with_columns(
        stem=pl.col("area_code").str.split("-").list.first(),
    )
    found = []
    for (level, _, _), part in groups.group_by(
        pl.when(pl.col("area_level") == "district").then(pl.col("stem")).otherwise(pl.lit("county")),
        "wave",
        "grade",
        maintain_order=True,
    ):
        if level == "county":
            parents, children = (part.filter(pl.col("area_level") == name) for name in ("county", "municipality"))
        else:
            same = (pl.col("wave") == part["wave"][0]) & (pl.col("grade") == part["grade"][0])
            parents = groups.filter(same & (pl.col("area_level") == "municipality") & (pl.col("area_code") == level))
            children = part
        if parents.height and children.height:
            found.append((int(parents["group"][0]), children["group"].to_numpy().astype(np.int64), level != "county"))
    return found


def _room(value: IntArray, shown: np.ndarray, step: int) -> tuple[IntArray, IntArray]:
    """How far down and up a shown rounded count may lie from its true value; 0 for a hidden one."""
    low, high = count_window(nearest(value, step), step)
    return np.where(shown, value - low, 0), np.where(shown, high - value, 0)


def _beside(value: IntArray, shown: np.ndarray, step: int) -> tuple[IntArray, IntArray]:
    """How far down and up numbers may go together (first axis kept, of length one) beside a hidden one of them.

    Nobody knows a hidden number better than if it were shown rounded. The hidden one that is looked at counts for nothing: the
    roomiest of them.
    """
    down, up = (
        room.sum(axis=0, keepdims=True) - np.where(shown, 0, room).max(axis=0, keepdims=True, initial=0)
        for room in _room(value, np.ones_like(shown), step)
    )
    return down, up


def _share_room(count: IntArray, total: IntArray, shown: np.ndarray, step: int) -> tuple[FloatArray, FloatArray]:
    rounded = share_percent(count, total, step)
    low, high = (rounded - step / 2) * total / 100, (rounded + step / 2) * total / 100
    return np.where(shown, count - np.maximum(low, 0), 0.0), np.where(shown, high - count, 0.0)


def _least(room: tuple[np.ndarray, np.ndarray], parent: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Room for a change of one hidden cell, in the tighter direction.

    A cell may fall as far as the other areas (first axis) may rise together and the parent's own rounding lets the sum fall;
    and the other way round.
    """
    return np.minimum(room[1].sum(axis=0) + parent[0], room[0].sum(axis=0) + parent[1])


def _open(room: tuple[np.ndarray, np.ndarray], shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A sum that is not published sets no limit."""
    return np.where(shown, room[0], np.inf), np.where(shown, room[1], np.inf)


def protect_sums(blocks: Blocks, hidden: Hidden, floors: Floors, numbers: PolicyNumbers) -> bool:
    """Hide sums that could bind, in place; returns whether anything changed, so that the counts must be checked again."""
    changed = False
    for parent, children, are_districts in families(blocks.groups):
        split_tight, bands_tight, counts_tight, respondents_tight = _tight_lines(
            blocks, hidden, floors, numbers, (parent, children)
        )
        at = children if are_districts else np.array([parent])
        if respondents_tight:
            hidden.group(at, "cross_area")
        hidden.blocks(at, bands_tight, counts_tight, "cross_area")
        hidden.split_bands(at, split_tight, "cross_area")
        changed = changed or respondents_tight or bool((split_tight | bands_tight | counts_tight).any())
    return changed


def protect_respondents(blocks: Blocks, hidden: Hidden, floors: Floors, numbers: PolicyNumbers) -> bool:
    """Hide sums of respondents that could bind a hidden number of them, in place; returns whether anything changed.

    A hidden number can rise as far as those beside it may fall within their rounding and the sum within its own. With a sum's
    respondents go its unscored shares, which would tell them.
    """
    changed = False
    for parent, children, _ in families(blocks.groups):
        shown, value = hidden.respondents[children] == 0, blocks.respondents[children]
        down = _beside(value, shown, numbers.count_step)[0][0] + blocks.respondents[parent] - value.sum(axis=0)
        up = _room(blocks.respondents[parent], hidden.respondents[parent] == 0, numbers.count_step)[1]
        tight = ~shown.all(axis=0) & (down + up < floors.respondents_spread) & (hidden.respondents[parent] == 0)
        if tight.any():
            mark(hidden.respondents[parent], tight, "cross_area")
            mark(hidden.unscored[parent], np.broadcast_to(tight, hidden.unscored[parent].shape), "cross_area")
            changed = True
    return changed


def _tight_lines(
    blocks: Blocks, hidden: Hidden, floors: Floors, numbers: PolicyNumbers, family: tuple[int, IntArray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """Which sums can bind: per index the bands of a sex, those of all, scored or unscored pupils; and the respondents.

    Pupils outside all districts, when there are as many as a hidden cell needs, take up any change of that cell.
    """
    parent, children = family
    need = numbers.cross_line_margin * floors.spread
    scored, bands, respondents = blocks.scored[children], blocks.bands[children], blocks.respondents[children]
    shown_bands, shown_scored = hidden.bands[children] == 0, hidden.scored[children] == 0
    shown_unscored, shown_respondents = hidden.unscored[children] == 0, hidden.respondents[children] == 0
    outside_bands = blocks.bands[parent] - bands.sum(axis=0)
    outside_scored = blocks.scored[parent] - scored.sum(axis=0)
    outside_respondents = blocks.respondents[parent] - respondents.sum(axis=0)

    step, count_step = numbers.share_step, numbers.count_step
    sums = hidden.bands[parent] == 0, hidden.scored[parent] == 0, hidden.respondents[parent] == 0
    band_room = _least(
        _share_room(bands, scored[..., None], shown_bands, step),
        _open(_share_room(blocks.bands[parent], blocks.scored[parent][..., None], sums[0], step), sums[0]),
    )
    scored_room = _least(
        _room(scored, shown_scored, count_step), _open(_room(blocks.scored[parent], sums[1], count_step), sums[1])
    )
    respondents_room = _least(
        _beside(respondents, shown_respondents, count_step),
        _open(_room(blocks.respondents[parent], sums[2], count_step), sums[2]),
    )
    unscored_room = scored_room + respondents_room + outside_respondents - outside_scored

    tight_bands = (band_room < need[:, None, None]) & (outside_bands < floors.spread[:, None, None])
    tight_counts = (scored_room + outside_scored < need[:, None]) | (unscored_room < need[:, None])
    tight_respondents = bool((respondents_room + outside_respondents < need.max(initial=0)).any())
    in_bands = ~shown_bands.all(axis=(0, 2, 3))
    in_counts = ~(shown_scored & shown_unscored).all(axis=(0, 2))
    tight_bands &= in_bands[:, None, None]
    respondents_tight = tight_respondents and bool(in_counts.any() or not shown_respondents.all())
    return (
        tight_bands[:, SPLIT].any(axis=(1, 2)),
        tight_bands[:, ALL].any(axis=1),
        in_counts & tight_counts.any(axis=1),
        respondents_tight,
    )
