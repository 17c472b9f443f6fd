"""What a published row tells of the numbers of pupils: the least and greatest count that rounds to it. Pure, on whole numbers.

A block is a table's numbers of one area, wave, grade and key (index, question, number of factors): for girls, boys and all, the
number of pupils (slot 0) and its parts (slots 1..P), which add up to it. A question has the parts yes and no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.release_register.history import HIDDEN
from assets.release_register.inputs import STATE

IntArray = NDArray[np.int64]
Flags = NDArray[np.bool_]
MANY = 10_000_000
"""More pupils than there are: the upper end of what nothing is known about."""
SEXES = ("girl", "boy", "all")
PLACE = ("area_level", "area_code", "wave", "grade", "key")
FIRST_STEPS = (5, 1)
"""To what numbers of pupils and shares were rounded while the register did not say so."""
ROUNDS = 8
TRIED = 12
"""A number of pupils with no more possible values than this (and one) is tried value by value."""


@dataclass(frozen=True)
class Family:
    """Rows of a table about the same pupils. `total`: the measure of their number; `takes_n`: rows carry it in `n` as well;
    `moments`: means and spreads of the same pupils; `counted`: whether the parts are numbers of pupils (not shares of points)."""

    table: str
    total: str
    parts: tuple[str, ...]
    takes_n: bool = True
    moments: tuple[str, ...] = ()
    counted: bool = True

    @property
    def measures(self) -> tuple[str, ...]:
        """The measure of each slot; of a single share the last slot is those outside it."""
        return (self.total, *(self.parts if len(self.parts) > 1 else self.parts * 2))


FAMILIES = (
    Family("index_results", "n_scored", ("share_band1", "share_band2", "share_band3"), moments=("mean", "sd")),
    Family("index_results", "n_respondents", ("share_unscored",), takes_n=False),
    Family("accumulated_results", "n_counted", ("share_none", "share_some", "share_most")),
    Family("indicator_results", "n_valid", ("share",)),
    Family("indicator_results", "n_valid", ("mean",), moments=("mean",), counted=False),
)


@dataclass(frozen=True)
class Rules:
    """What the readers of one edition have, and how wide a number that it hides must be.

    Attributes:
        edition: whose hidden numbers are judged, by its own widths.
        steps: of every edition that they read (the innermost: all) -> rounding of counts (pupils) and of shares (per cent) as it
            is now; each release's own is a column of its cells (`inputs.SHOWN`).
        group_floor, cell_floor: (ordinary, sensitive), the lowest of those editions and of all releases, so that nothing is
            believed that isn't so. shown_district: the same for what is shown of a district.
        few_below: what `too_few` may mean: fewer pupils than this, in a municipality and in a district.
        width: (ordinary, sensitive); an interval must be wider.
        district_floor, min_schools: what a part of a municipality must have to be published.
        sensitive: keys with the wider limits.
        means: table -> to what its means are rounded, and the width of their scale (both in the scale's unit).
    """

    edition: str
    steps: Mapping[str, tuple[int, int]]
    group_floor: tuple[int, int]
    cell_floor: tuple[int, int]
    width: tuple[int, int]
    few_below: tuple[int, int]
    shown_district: int
    district_floor: int
    min_schools: int
    sensitive: frozenset[str] = frozenset()
    means: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """What is published of blocks, before anything is concluded.

    Attributes:
        number: [block, sex, 2] least and greatest number of pupils. shares: [block, sex, part, 2] in half per cent, the upper end
            not reached. shown: [block, sex, slot]. cell: [block] least count in and outside a shown share.
    """

    number: IntArray
    shares: IntArray
    shown: Flags
    cell: IntArray

    def at(self, places: IntArray) -> Told:
        """Some of the blocks."""
        return Told(self.number[places], self.shares[places], self.shown[places], self.cell[places])

    def and_also(self, other: Told) -> Told:
        """Both at once, of the same pupils."""
        low, high = (
            [np.maximum(self.number[..., 0], other.number[..., 0]), np.minimum(self.number[..., 1], other.number[..., 1])],
            [np.maximum(self.shares[..., 0], other.shares[..., 0]), np.minimum(self.shares[..., 1], other.shares[..., 1])],
        )
        return Told(np.stack(low, axis=-1), np.stack(high, axis=-1), self.shown | other.shown, self.cell)


@dataclass(frozen=True)
class Windows:
    """Blocks with least and greatest counts [block, sex, slot].

    Attributes:
        shown, hidden: in some edition; hidden by a rule in every edition where it stands.
        shown_in, hidden_in: [edition, block, sex, slot]. The public edition hides more than the internal one by design.
        strict: [block] whether the key is sensitive.
    """

    blocks: pl.DataFrame
    told: Told
    low: IntArray
    high: IntArray
    shown: Flags
    hidden: Flags
    shown_in: Flags
    hidden_in: Flags
    strict: Flags


def windows(cells: pl.DataFrame, family: Family, rules: Rules) -> Windows:
    """What all cells of a family tell, the same pupils' cells of several editions and releases taken together.

    Args:
        cells: of `history` or the current release: cells with `STATE`, `release_id, published_on`.

    Returns:
        One block per place and state; `blocks` has `PLACE`, `STATE`, `release_id, published_on`.
    """
    own = cells.filter(
        pl.col("table_name") == family.table,
        pl.col("measure").is_in([family.total, *family.parts]),
        pl.col("sex").is_in(SEXES),
        pl.col("edition").is_in(list(rules.steps)),
    )
    keys = [*PLACE, *STATE]
    blocks = own.group_by(keys, maintain_order=True).agg(pl.col("release_id", "published_on").first()).with_row_index("block")
    own = own.join(blocks.select(*keys, "block"), on=keys, nulls_equal=True, maintain_order="left")
    strict = blocks["key"].is_in(list(rules.sensitive)).to_numpy()
    size = (blocks.height, len(SEXES))
    number, shares = np.zeros((*size, 2), np.int64), np.zeros((*size, len(family.parts), 2), np.int64)
    number[..., 1], shares[..., 1] = MANY, 200
    shown_in, hidden_in = (np.zeros((len(rules.steps), *size, len(family.measures)), bool) for _ in range(2))
    district = (blocks["area_level"] == "district").to_numpy()
    floors = np.where(strict, rules.group_floor[1], rules.group_floor[0])
    floors = np.where(district, np.maximum(floors, rules.shown_district), floors)
    # linked questions take the limits of the most sensitive one, so few may mean fewer than the stricter limit
    few_below = np.where(district, rules.few_below[1], rules.few_below[0])
    for place_of, (edition, (count_step, share_step)) in enumerate(rules.steps.items()):
        rows = own.filter(pl.col("edition") == edition).with_columns(
            pl.col("count_step").fill_null(min(count_step, FIRST_STEPS[0])),
            pl.col("share_step").fill_null(min(share_step, FIRST_STEPS[1])),
        )
        _totals(rows, family, number)
        for slot, measure in enumerate((family.total, *family.parts)):
            mine = rows.filter(pl.col("measure") == measure)
            at, value, is_shown, is_hidden, few = _rows(mine)
            np.logical_or.at(shown_in[place_of, ..., slot], at, is_shown)
            np.logical_or.at(hidden_in[place_of, ..., slot], at, is_hidden)
            if slot:
                place, small = tuple(axis[is_shown] for axis in at), tuple(axis[few] for axis in at)
                step = mine["share_step"].to_numpy()[is_shown]
                np.maximum.at(shares[..., slot - 1, 0], place, 2 * value[is_shown] - step)
                np.minimum.at(shares[..., slot - 1, 1], place, 2 * value[is_shown] + step)
                np.minimum.at(number[..., 1], small, few_below[small[0]] - 1)
    if len(family.parts) == 1:
        shown_in[..., 2], hidden_in[..., 2] = shown_in[..., 1], hidden_in[..., 1]
    shown, hidden = shown_in.any(axis=0), hidden_in.any(axis=0)
    number[..., 0] = np.where(shown[..., 1:].any(axis=-1), np.maximum(number[..., 0], floors[:, None]), number[..., 0])
    told = Told(number, shares, shown, np.where(strict, rules.cell_floor[1], rules.cell_floor[0]))
    low, high, _ = bounds(told)
    return Windows(blocks.drop("block"), told, low, high, shown, hidden & ~shown, shown_in, hidden_in, strict)


def _rows(rows: pl.DataFrame) -> tuple[tuple[IntArray, IntArray], IntArray, Flags, Flags, Flags]:
    """Place (block, sex), whole value, and whether each row is shown, hidden by a rule, and hidden for its few pupils."""
    sex = rows["sex"].replace_strict(SEXES, range(3), return_dtype=pl.Int64).to_numpy()
    value = rows["value"].fill_null(0).round().cast(pl.Int64).to_numpy()
    shown = (rows["value"].is_not_null() & (rows["reason"] == "ok")).to_numpy()
    at = (rows["block"].cast(pl.Int64).to_numpy(), sex)
    return at, value, shown, rows["reason"].is_in(HIDDEN).to_numpy(), (rows["reason"] == "too_few").to_numpy()


def _totals(rows: pl.DataFrame, family: Family, number: IntArray) -> None:
    """Narrow the number of pupils by every rounded number of them, in place."""
    told = [rows.filter(pl.col("measure") == family.total).with_columns(n="value")]
    if family.takes_n:
        told.append(rows)
    for part in told:
        at, _, _, _, _ = _rows(part)
        known = part["n"].is_not_null().to_numpy()
        rounded = part["n"].fill_null(0).round().cast(pl.Int64).to_numpy()[known]
        step = part["count_step"].to_numpy()[known]
        place = tuple(axis[known] for axis in at)
        np.maximum.at(number[..., 0], place, np.maximum(rounded - step // 2, 0))
        np.minimum.at(number[..., 1], place, rounded + (step - 1) // 2)


def parts_between(told: Told, least: IntArray, most: IntArray) -> tuple[IntArray, IntArray]:
    """Least and greatest count [block, sex, part] of each part when the number of pupils lies between the two.

    A shown share says besides that enough pupils are in it and outside it (the published floors).
    """
    n_low, n_high, cell = least[..., None], most[..., None], told.cell[:, None, None]
    parts = told.shares.shape[2]
    low = np.maximum(-(-n_low * told.shares[..., 0] // 200), cell)
    high = np.minimum(-(-n_high * told.shares[..., 1] // 200) - 1, n_high - cell)
    if parts == 1:
        rest_low = np.maximum(n_low * (200 - told.shares[..., 1]) // 200 + 1, cell)
        rest_high = np.minimum(n_high * (200 - told.shares[..., 0]) // 200, n_high - cell)
        low, high = np.concatenate([low, rest_low], axis=-1), np.concatenate([high, rest_high], axis=-1)
    shown = told.shown[..., 1:]
    return np.where(shown, low, 0), np.where(shown, high, n_high)


def bounds(told: Told) -> tuple[IntArray, IntArray, Flags]:
    """Least and greatest counts [block, sex, slot], and [block] whether any counts fit what is published.

    Where the number of pupils has few possible values each is tried by itself: then the parts' windows are narrower.
    """
    least, most = told.number[..., 0], told.number[..., 1]
    part_low, part_high = parts_between(told, least, most)
    low, high = np.concatenate([least[..., None], part_low], axis=-1), np.concatenate([most[..., None], part_high], axis=-1)
    low, high = tighten(low, high)
    few = high[..., 0] - low[..., 0] <= TRIED
    new_low, new_high, fits = np.full_like(low, MANY), np.zeros_like(high), np.zeros(few.shape, bool)
    for step in range(TRIED + 1):
        n = low[..., 0] + step
        at_low, at_high = parts_between(told, n, n)
        at_low, at_high = np.maximum(at_low, low[..., 1:]), np.minimum(at_high, high[..., 1:])
        under, over = n[..., None] - at_high.sum(axis=-1, keepdims=True), n[..., None] - at_low.sum(axis=-1, keepdims=True)
        at_low, at_high = np.maximum(at_low, under + at_high), np.minimum(at_high, over + at_low)
        good = few & (n <= high[..., 0]) & (at_low <= at_high).all(axis=-1)
        fits |= good
        one_low, one_high = (np.concatenate([n[..., None], part], axis=-1) for part in (at_low, at_high))
        new_low = np.where(good[..., None], np.minimum(new_low, one_low), new_low)
        new_high = np.where(good[..., None], np.maximum(new_high, one_high), new_high)
    low, high = np.where(fits[..., None], new_low, low), np.where(fits[..., None], new_high, high)
    low, high = tighten(low, high)
    return low, high, (fits | ~few).all(axis=-1) & (low <= high).all(axis=(1, 2))


def tighten(low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
    """Interval arithmetic over the block's sums: pupils = its parts, all = girls + boys; repeated until it gives little more.

    Every step is a consequence, so the true counts stay inside; it is no linear program, so it may leave too much.
    """
    low, high = low.copy(), high.copy()
    for _ in range(ROUNDS):
        _sum(low[..., 0], high[..., 0], [(low[..., p], high[..., p]) for p in range(1, low.shape[-1])])
        _sum(low[:, 2], high[:, 2], [(low[:, sex], high[:, sex]) for sex in (0, 1)])
    return low, high


def _sum(low: IntArray, high: IntArray, parts: list[tuple[IntArray, IntArray]]) -> None:
    """Narrow a sum by its parts and each part by the sum less the others, in place."""
    least, most = sum(part[0] for part in parts), sum(part[1] for part in parts)
    np.maximum(low, least, out=low)
    np.minimum(high, most, out=high)
    for part_low, part_high in parts:
        others_least, others_most = least - part_low, most - part_high
        new_low, new_high = np.maximum(part_low, low - others_most), np.minimum(part_high, high - others_least)
        least, most = others_least + new_low, others_most + new_high
        part_low[...], part_high[...] = new_low, new_high
