"""What a published row tells of the numbers of pupils: the least and greatest count that rounds to it. Pure, on whole numbers.

A block is a table's numbers of one area, wave, grade and key (index, question, number of factors): for girls, boys and all, the
number of pupils (slot 0) and its parts (slots 1..P), which add up to it. A question has the parts yes and no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
ROUNDS = 8


@dataclass(frozen=True)
class Family:
    """Rows of a table about the same pupils. `total`: the measure of their number; `takes_n`: rows carry it in `n` as well."""

    table: str
    total: str
    parts: tuple[str, ...]
    takes_n: bool = True

    @property
    def measures(self) -> tuple[str, ...]:
        """The measure of each slot; of a single share the last slot is those outside it."""
        return (self.total, *(self.parts if len(self.parts) > 1 else self.parts * 2))


FAMILIES = (
    Family("index_results", "n_scored", ("share_band1", "share_band2", "share_band3")),
    Family("index_results", "n_respondents", ("share_unscored",), takes_n=False),
    Family("accumulated_results", "n_counted", ("share_none", "share_some", "share_most")),
    Family("indicator_results", "n_valid", ("share",)),
)


@dataclass(frozen=True)
class Rules:
    """The published rules as an attacker reads them, and how wide a hidden number must be.

    Attributes:
        steps: edition -> rounding of counts (pupils) and of shares (per cent).
        group_floor, cell_floor, width: (ordinary, sensitive); an interval must be wider than `width`.
        district_floor, min_schools: what a part of a municipality must have to be published.
        sensitive: keys with the wider limits.
    """

    steps: Mapping[str, tuple[int, int]]
    group_floor: tuple[int, int]
    cell_floor: tuple[int, int]
    width: tuple[int, int]
    district_floor: int
    min_schools: int
    sensitive: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Windows:
    """Blocks with least and greatest counts [block, sex, slot], and which slots are shown or hidden by a rule."""

    blocks: pl.DataFrame
    low: IntArray
    high: IntArray
    shown: Flags
    hidden: Flags
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
    low, high = np.zeros((*size, len(family.measures)), np.int64), np.full((*size, len(family.measures)), MANY, np.int64)
    shown, hidden = np.zeros(low.shape, bool), np.zeros(low.shape, bool)
    shares = np.zeros((*size, len(family.parts), 2), np.int64)
    shares[..., 1] = 200
    floors = np.where(strict, rules.group_floor[1], rules.group_floor[0])[:, None]
    district = (blocks["area_level"] == "district").to_numpy()
    floors = np.where(district[:, None], np.maximum(floors, rules.district_floor), floors)
    # linked questions take the limits of the most sensitive one, so few may mean fewer than the stricter limit
    few_below = np.where(district, rules.district_floor, rules.group_floor[1])
    for edition, (count_step, share_step) in rules.steps.items():
        rows = own.filter(pl.col("edition") == edition)
        _totals(rows, family, count_step, low, high)
        for slot, measure in enumerate((family.total, *family.parts)):
            at, value, is_shown, is_hidden, few = _rows(rows.filter(pl.col("measure") == measure))
            shown[*at, slot] |= is_shown
            hidden[*at, slot] |= is_hidden
            if slot:
                place = tuple(axis[is_shown] for axis in at)
                np.maximum.at(shares[..., slot - 1, 0], place, 2 * value[is_shown] - share_step)
                np.minimum.at(shares[..., slot - 1, 1], place, 2 * value[is_shown] + share_step)
                small = tuple(axis[few] for axis in at)
                high[*small, 0] = np.minimum(high[*small, 0], few_below[small[0]] - 1)
    if len(family.parts) == 1:
        shown[..., 2], hidden[..., 2] = shown[..., 1], hidden[..., 1]
    _from_shares(low, high, shares, shown, floors, np.where(strict, rules.cell_floor[1], rules.cell_floor[0])[:, None, None])
    hidden &= ~shown
    low, high = tighten(low, high)
    return Windows(blocks.drop("block"), low, high, shown, hidden, strict)


def _rows(rows: pl.DataFrame) -> tuple[tuple[IntArray, IntArray], IntArray, Flags, Flags, Flags]:
    """Place (block, sex), whole value, and whether each row is shown, hidden by a rule, and hidden for its few pupils."""
    sex = rows["sex"].replace_strict(SEXES, range(3), return_dtype=pl.Int64).to_numpy()
    value = rows["value"].fill_null(0).round().cast(pl.Int64).to_numpy()
    shown = (rows["value"].is_not_null() & (rows["reason"] == "ok")).to_numpy()
    at = (rows["block"].cast(pl.Int64).to_numpy(), sex)
    return at, value, shown, rows["reason"].is_in(HIDDEN).to_numpy(), (rows["reason"] == "too_few").to_numpy()


def _totals(rows: pl.DataFrame, family: Family, step: int, low: IntArray, high: IntArray) -> None:
    """Narrow the number of pupils by every rounded number of them."""
    told = [rows.filter(pl.col("measure") == family.total).with_columns(n="value")]
    if family.takes_n:
        told.append(rows)
    for part in told:
        at, _, _, _, _ = _rows(part)
        known = part["n"].is_not_null().to_numpy()
        number = part["n"].fill_null(0).round().cast(pl.Int64).to_numpy()[known]
        place = tuple(axis[known] for axis in at)
        np.maximum.at(low[..., 0], place, np.maximum(number - step // 2, 0))
        np.minimum.at(high[..., 0], place, number + (step - 1) // 2)


def _from_shares(low: IntArray, high: IntArray, shares: IntArray, shown: Flags, floors: IntArray, cell: IntArray) -> None:
    """Counts of the parts: share x number of pupils, on whole numbers; shares are in half per cent, the upper end not reached.

    A shown share says besides that enough pupils are in it and outside it (the published floors).
    """
    parts = shares.shape[2]
    told = shown[..., 1 : parts + 1]
    low[..., 0] = np.where(told.any(axis=-1), np.maximum(low[..., 0], floors), low[..., 0])
    least, most = low[..., :1], high[..., :1]
    under = np.maximum(-(-least * shares[..., 0] // 200), cell)
    over = np.minimum(-(-most * shares[..., 1] // 200) - 1, most - cell)
    low[..., 1 : parts + 1] = np.where(told, under, 0)
    high[..., 1 : parts + 1] = np.where(told, np.maximum(over, under), most)
    if parts == 1:
        rest_under = np.maximum(least * (200 - shares[..., 1]) // 200 + 1, cell)
        rest_over = np.minimum(most * (200 - shares[..., 0]) // 200, most - cell)
        low[..., 2:] = np.where(told, rest_under, 0)
        high[..., 2:] = np.where(told, np.maximum(rest_over, rest_under), most)


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
