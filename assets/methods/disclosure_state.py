"""Which cells are hidden and by which rule, and the primary flags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.methods.disclosure_blocks import ALL, BOY, GIRL, Blocks
from assets.methods.disclosure_policy import DisclosurePolicy, PolicyNumbers
from assets.methods.disclosure_rounding import IntArray
from assets.methods.primary_rules import dominated, p_percent

RULES = (
    "",
    "group_floor",
    "group_floor_sensitive",
    "district_floor",
    "min_schools",
    "cell_floor",
    "cell_floor_sensitive",
    "line_rule",
    "small_sex_group",
    "count_interval",
    "whole_group",
    "cross_area",
    "derived",
    "sensitive_sex_split",
    "linked",
    "dominance",
    "p_percent",
)
"""Rule ids by code; 0 is shown."""
SPLIT = [GIRL, BOY]


@dataclass(frozen=True)
class Floors:
    """Floors and required widths of one release, in pupils.

    Attributes:
        count: [index] least n_scored that is shown as a number.
        respondents: least n_respondents that is shown.
        share: [group, index] least n_scored for a share or mean.
        cell: [index] least numerator and complement.
        spread: [index] least difference between the greatest and the least possible value of a hidden count.
    """

    count: IntArray
    respondents: int
    share: IntArray
    cell: IntArray
    spread: IntArray

    @property
    def respondents_spread(self) -> int:
        return int(self.spread.max(initial=1))


def floors_of(blocks: Blocks, policy: DisclosurePolicy, numbers: PolicyNumbers) -> Floors:
    """Floors per index (sensitive or ordinary) and per group (district or other)."""
    sensitive = np.array([key in policy.sensitive_indices for key in blocks.index_keys], dtype=bool)
    count = np.where(sensitive, numbers.group_floor_sensitive, numbers.group_floor)
    share = np.where(blocks.districts[:, None], np.maximum(count, numbers.district_floor), count[None, :])
    return Floors(
        count=count,
        respondents=int(count.max(initial=numbers.group_floor)),
        share=share,
        cell=np.where(sensitive, numbers.cell_floor_sensitive, numbers.cell_floor),
        spread=1 + np.where(sensitive, numbers.interval_width_sensitive, numbers.interval_width),
    )


@dataclass
class Hidden:
    """Code of the rule (see `RULES`) that hides each cell, 0 where it is shown."""

    respondents: np.ndarray
    scored: np.ndarray
    unscored: np.ndarray
    bands: np.ndarray

    @classmethod
    def nothing(cls, blocks: Blocks) -> Hidden:
        return cls(*(np.zeros(array.shape, dtype=np.int8) for array in blocks_arrays(blocks)))

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """The arrays in the order of the fields."""
        return self.respondents, self.scored, self.unscored, self.bands

    def group(self, at: np.ndarray, rule: str) -> None:
        """Hide everything of the groups in the mask or list `at`."""
        for array in self.arrays:
            mask = np.zeros(array.shape, dtype=bool)
            mask[at] = True
            mark(array, mask, rule)

    def blocks(self, at: IntArray, bands: np.ndarray, counts: np.ndarray, rule: str) -> None:
        """Hide the bands, or scored and unscored, of the indices [index] in the masks, in the groups listed in `at`."""
        for array, which in ((self.bands, bands), (self.scored, counts), (self.unscored, counts)):
            mask = np.zeros(array.shape, dtype=bool)
            mask[np.ix_(at, which)] = True
            mark(array, mask, rule)

    def split_bands(self, at: IntArray, which: np.ndarray, rule: str) -> None:
        """Hide the bands of both sexes of the indices [index] in the mask, in the groups listed in `at`.

        With the totals shown, a cell then has an interval at least as wide as the least total or complement.
        """
        mask = np.zeros(self.bands.shape, dtype=bool)
        mask[np.ix_(at, which, SPLIT)] = True
        mark(self.bands, mask, rule)


def blocks_arrays(blocks: Blocks) -> tuple[np.ndarray, ...]:
    """The counts in the order of the fields of `Hidden`."""
    return blocks.respondents, blocks.scored, blocks.unscored, blocks.bands


def mark(array: np.ndarray, mask: np.ndarray, rule: str) -> None:
    """Give the cells of the mask that are still shown the code of `rule`."""
    array[np.broadcast_to(mask, array.shape) & (array == 0)] = RULES.index(rule)


def school_rules(
    districts: np.ndarray, schools: IntArray, pupils: IntArray, largest: IntArray, second: IntArray, numbers: PolicyNumbers
) -> dict[str, np.ndarray]:
    """Rule -> cells [group, key, sex] of districts that are in practice one or two schools' numbers.

    Args:
        districts: [group]. schools, pupils: contributing schools, and their pupils. largest, second: pupils of the two largest.
    """
    here = districts[:, None, None]
    return {
        "min_schools": here & (schools < numbers.min_schools),
        "dominance": here & dominated(pupils, largest, numbers.dominance),
        "p_percent": here & p_percent(pupils, largest, second, numbers.p_percent),
    }


def primary(blocks: Blocks, floors: Floors, numbers: PolicyNumbers) -> Hidden:
    """Cells that may not be shown whatever stands around them.

    A group without pupils is hidden like one with too few: it has no share, and its number is known to be small.
    """
    hidden = Hidden.nothing(blocks)
    sensitive = (floors.count > numbers.group_floor)[None, :, None]
    few = blocks.scored < floors.count[None, :, None]
    few_share = blocks.scored < floors.share[:, :, None]
    few_respondents = blocks.respondents < floors.respondents
    district_few = blocks.respondents[:, None, :] < floors.share[:, :, None]
    by_schools = school_rules(blocks.districts, blocks.schools, blocks.scored, blocks.largest, blocks.second, numbers)
    mark(hidden.respondents, few_respondents, "group_floor")
    mark(hidden.scored, few & sensitive, "group_floor_sensitive")
    mark(hidden.scored, few, "group_floor")
    for array, low in ((hidden.unscored, few | few_respondents[:, None, :]), (hidden.bands, few[..., None])):
        flags = sensitive if low.ndim == 3 else sensitive[..., None]
        mark(array, low & flags, "group_floor_sensitive")
        mark(array, low, "group_floor")
    mark(hidden.unscored, district_few, "district_floor")
    mark(hidden.bands, few_share[..., None], "district_floor")
    for rule, flags in by_schools.items():
        mark(hidden.unscored, flags, rule)
        mark(hidden.bands, flags[..., None], rule)
    cell = floors.cell[None, :, None]
    is_sensitive = np.broadcast_to(sensitive, blocks.scored.shape)
    small = (blocks.unscored < cell) | (blocks.scored < cell)
    part = np.minimum(blocks.bands, blocks.scored[..., None] - blocks.bands) < cell[..., None]
    for rule, flags in (("cell_floor_sensitive", is_sensitive), ("cell_floor", ~is_sensitive)):
        mark(hidden.unscored, small & flags, rule)
        mark(hidden.bands, part & flags[..., None], rule)
    return hidden


def hide_small_sexes(blocks: Blocks, floors: Floors, hidden: Hidden) -> np.ndarray:
    """Hide both sexes where either is below the floor of counts; returns the blocks [group, index] concerned."""
    few_respondents = (blocks.respondents[:, SPLIT] < floors.respondents).any(axis=1)
    both = np.zeros(3, dtype=bool)
    both[SPLIT] = True
    mark(hidden.respondents, few_respondents[:, None] & both, "small_sex_group")
    few = (blocks.scored[:, :, SPLIT] < floors.count[None, :, None]).any(axis=2) | few_respondents[:, None]
    split = few[:, :, None] & both
    mark(hidden.scored, split, "small_sex_group")
    mark(hidden.unscored, split, "small_sex_group")
    mark(hidden.bands, split[..., None], "small_sex_group")
    total = few & (hidden.bands[:, :, ALL] > 0).any(axis=2)
    mark(hidden.bands, total[:, :, None, None], "line_rule")
    return few
