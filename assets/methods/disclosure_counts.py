"""Complementary suppression of the numbers of pupils: respondents, scored and unscored per sex.

Published are n_respondents (one number for all indices), n_scored and the unscored share, rounded, for girls, boys and all. A
hidden unscored count is n_respondents - n_scored, so the roundings alone decide how well it is hidden. This module looks
for other numbers of pupils that would have given exactly the same publication: whole-number changes of (respondents girls,
respondents boys, scored girls, scored boys) under which every shown number keeps its rounded value, the bands following in
proportion. The span of such changes is a guaranteed part of the attacker's interval, so a span that is wide enough is safe.
Where it is too narrow, numbers are hidden step by step, the sex split first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from assets.methods.disclosure_blocks import ALL, BOY, GIRL, Blocks
from assets.methods.disclosure_policy import PolicyNumbers
from assets.methods.disclosure_rounding import FloatArray, IntArray, count_window, half_away, nearest, share_percent
from assets.methods.disclosure_state import SPLIT, Floors, Hidden, mark
from assets.methods.errors import PipelineError

COUNT_RULE = "count_interval"
_CHUNK = 24
_FINE = 5
"""Least steps each way. With wider intervals the changes are many (their fourth power), so larger steps are tried: about one
shown number of pupils in a hundred fewer, in a sixth of the time."""
_MANY = 1 << 40
_TINY = 1e-9
_LAST_BLOCK_STEP, _WHOLE_GROUP = 4, 4


def _limits(value: IntArray, shown: np.ndarray, breaks: tuple[IntArray, ...], step: int) -> tuple[IntArray, IntArray]:
    """Least and greatest count an attacker must reckon with.

    A shown count is bounded by its rounding. The reason given for a value that is not shown tells which side of a floor the
    count lies on, so every count is also bounded by the floors around it (`breaks`).
    """
    low, high = np.zeros_like(value), np.full_like(value, _MANY)
    for limit in breaks:
        above = value >= limit
        low = np.where(above, np.maximum(low, limit), low)
        high = np.where(above, high, np.minimum(high, limit - 1))
    window_low, window_high = count_window(nearest(value, step), step)
    low = np.where(shown, np.maximum(low, window_low), low)
    return low, np.where(shown, np.minimum(high, window_high), high)


class CountSearch:
    """All whole-number changes of one chunk of groups within `reach` pupils, or of them those in steps of `stride` pupils."""

    _BY_INDEX: ClassVar[tuple[str, ...]] = (
        "scored", "unscored", "bands", "present", "shown_scored", "shown_unscored", "shown_bands", "share_floor",
        "county_percent",
    )  # fmt: skip

    def __init__(
        self, blocks: Blocks, hidden: Hidden, floors: Floors, numbers: PolicyNumbers, at: IntArray, stride: int = 1
    ) -> None:
        steps = floors.respondents_spread // stride
        self.offsets = stride * np.arange(-steps, steps + 1)
        self.sums = stride * np.arange(-2 * steps, 2 * steps + 1)
        self.sum_at = np.add.outer(np.arange(2 * steps + 1), np.arange(2 * steps + 1))
        self.respondents, self.scored = blocks.respondents[at], blocks.scored[at]
        self.unscored, self.bands, self.present = blocks.unscored[at], blocks.bands[at], blocks.present[at]
        self.shown_respondents, self.shown_scored = hidden.respondents[at] == 0, hidden.scored[at] == 0
        self.shown_unscored, self.shown_bands = hidden.unscored[at] == 0, hidden.bands[at] == 0
        self.count_floor, self.share_floor = floors.count[None, :, None], floors.share[at][:, :, None]
        self.respondents_floor = np.int64(floors.respondents)
        self.numbers = numbers
        county = blocks.county[at]
        self.has_county = county >= 0
        self.county_percent = 100 * blocks.bands[county][..., ALL, :] / np.maximum(blocks.scored[county][..., ALL, None], 1)
        self.districts_floor = self.share_floor.max(axis=1)

    def of_one_index(self, index: IntArray) -> None:
        """Look at one index of each group only, in place.

        Args:
            index: [group] its position.
        """
        groups = np.arange(len(index))
        self.count_floor = self.count_floor[0, index][:, None]
        for name in self._BY_INDEX:
            setattr(self, name, getattr(self, name)[groups, index][:, None])

    def shifted(self, array: IntArray, sex: int) -> IntArray:
        return array[..., sex, None] + (self.sums if sex == ALL else self.offsets)

    def _grid(self, ok: list[np.ndarray]) -> np.ndarray:
        """[..., girls, boys] from what holds for girls, boys and their sum."""
        return ok[GIRL][..., :, None] & ok[BOY][..., None, :] & ok[ALL][..., self.sum_at]

    def _respondents_ok(self) -> np.ndarray:
        breaks = (self.respondents_floor, self.districts_floor)
        low, high = _limits(self.respondents, self.shown_respondents, breaks, self.numbers.count_step)
        ok = []
        for sex in (GIRL, BOY, ALL):
            value = self.shifted(self.respondents, sex)
            ok.append((value >= low[:, sex, None]) & (value <= high[:, sex, None]))
        return self._grid(ok)

    def scored_ok(self) -> np.ndarray:
        breaks = (self.count_floor, self.share_floor)
        low, high = _limits(self.scored, self.shown_scored, breaks, self.numbers.count_step)
        ok = []
        for sex in (GIRL, BOY, ALL):
            value = self.shifted(self.scored, sex)
            ok.append((value >= low[..., sex, None]) & (value <= high[..., sex, None]))
        return self._grid(ok) & self._bands_ok()

    def _total_windows(self) -> tuple[FloatArray, FloatArray]:
        """[group, index, band] the per cents that the shares of all, and their differences to the county, may round from.

        Which outer band the difference is about is not known here, so both are held to it.
        """
        half = self.numbers.share_step / 2
        rounded = share_percent(self.bands, self.scored[..., None], self.numbers.share_step)[..., ALL, :]
        percent = 100 * self.bands[..., ALL, :] / np.maximum(self.scored[..., ALL, None], 1)
        difference = percent - self.county_percent
        slack = half_away(difference, 0) - difference
        compared = self.has_county[:, None, None] & np.array([True, False, True])
        low = np.where(compared, np.maximum(rounded - half, percent + slack - 0.5), rounded - half)
        high = np.where(compared, np.minimum(rounded + half, percent + slack + 0.5), rounded + half)
        return low - _TINY, high + _TINY

    def _bands_ok(self) -> np.ndarray:
        """Where the bands follow the sexes' own shares, the totals' shown shares must keep their rounding.

        Bands hidden for both sexes divide what is left between them as they like, so only their sum is held to the totals.
        """
        share = self.bands / np.maximum(self.scored, 1)[..., None]
        girls = np.maximum(self.shifted(self.scored, GIRL), 0)[..., :, None]
        boys = np.maximum(self.shifted(self.scored, BOY), 0)[..., None, :]
        total = np.maximum(girls + boys, 1)
        shown = self.shown_bands[..., ALL, :]
        low, high = self._total_windows()
        low, high = np.where(shown, low, 0.0), np.where(shown, high, 100.0 + _TINY)
        split = self.shown_bands[..., SPLIT, :].any(axis=2)
        result = np.ones(total.shape, dtype=bool)
        left = np.zeros(total.shape)
        for band in range(3):
            percent = 100 * (share[..., GIRL, band, None, None] * girls + share[..., BOY, band, None, None] * boys) / total
            inside = (percent >= low[..., band, None, None]) & (percent <= high[..., band, None, None])
            result &= inside | ~split[..., band, None, None]
            left += np.where(split[..., band, None, None], 0.0, percent)
        least, most = (np.where(split, 0.0, edge).sum(axis=-1)[..., None, None] for edge in (low, high))
        return result & (left >= least - _TINY) & (left <= most + _TINY)

    def _unscored_ok(self, sex: int) -> np.ndarray:
        """[group, index, respondents, scored] for one sex, on sums of changes for all."""
        respondents = self.shifted(self.respondents, sex)[:, None, :, None]
        scored = self.shifted(self.scored, sex)[:, :, None, :]
        left = respondents - scored
        percent = share_percent(np.maximum(left, 0), respondents, self.numbers.share_step)
        truth = share_percent(self.unscored[..., sex], self.respondents[:, None, sex], self.numbers.share_step)
        hidden = ~self.shown_unscored[..., sex]
        return (left >= 0) & ((percent == truth[..., None, None]) | hidden[..., None, None])

    def possible(self) -> np.ndarray:
        """[group, index, respondents girls, boys, scored girls, boys] changes that each index for itself allows."""
        together = self._unscored_ok(ALL)[:, :, self.sum_at[:, :, None, None], self.sum_at[None, None]]
        return (
            self._respondents_ok()[:, None, :, :, None, None]
            & self.scored_ok()[:, :, None, None, :, :]
            & self._unscored_ok(GIRL)[:, :, :, None, :, None]
            & self._unscored_ok(BOY)[:, :, None, :, None, :]
            & together
        )

    def by_respondents(self, possible: np.ndarray) -> np.ndarray:
        """[group, index, respondents girls, boys] the changes of respondents that each index for itself allows."""
        return possible.any(axis=(4, 5)) | ~self.present[:, :, None, None]

    def spans(self) -> tuple[IntArray, IntArray, IntArray]:
        """Span of respondents [group, sex], scored and unscored [group, index, sex] over all possible changes."""
        possible = self.possible()
        joint = self.by_respondents(possible).all(axis=1)
        total = self.offsets[:, None] + self.offsets[None, :]
        respondents = [_span(joint.any(axis=2), self.offsets), _span(joint.any(axis=1), self.offsets), _span(joint, total)]
        return np.stack(respondents, axis=-1), *self.spans_within(possible, joint)

    def spans_within(self, possible: np.ndarray, joint: np.ndarray) -> tuple[IntArray, IntArray]:
        """Span of scored and unscored [group, index, sex] over the changes that all indices together allow.

        Args:
            possible: from `possible`; narrowed in place. joint: [group, respondents girls, boys].
        """
        possible &= joint[:, None, :, :, None, None]
        total = self.offsets[:, None] + self.offsets[None, :]
        difference = self.offsets[:, None] - self.offsets[None, :]
        scored = possible.any(axis=(2, 3))
        numbers = [_span(scored.any(axis=3), self.offsets), _span(scored.any(axis=2), self.offsets), _span(scored, total)]
        left = [
            _span(possible.any(axis=(3, 5)), difference),
            _span(possible.any(axis=(2, 4)), difference),
            _span(possible, total[:, :, None, None] - total[None, None]),
        ]
        return np.stack(numbers, axis=-1), np.stack(left, axis=-1)


def _span(possible: np.ndarray, values: np.ndarray) -> IntArray:
    """Greatest minus least of `values` where `possible` holds, over the trailing axes of `values`."""
    flat = possible.reshape(*possible.shape[: possible.ndim - values.ndim], -1)
    order = np.argsort(values.ravel(), kind="stable")
    ranked, ascending = flat[..., order], values.ravel()[order]
    return ascending[-1 - ranked[..., ::-1].argmax(axis=-1)] - ascending[ranked.argmax(axis=-1)]


def protect_counts(blocks: Blocks, hidden: Hidden, floors: Floors, numbers: PolicyNumbers) -> None:
    """Hide numbers of pupils, in place, until every hidden one could have been `floors.spread` greater or smaller.

    Steps of a block: its own n_scored; the sexes' n_scored; all three; the sexes' bands, which tie the numbers together.
    Steps of a group: the sexes' n_respondents with their other numbers; the sexes' bands; all numbers; the whole group.

    Raises:
        PipelineError: a group that is hidden altogether can still be derived (a contradiction in the policy).
    """
    block_step = np.zeros(blocks.present.shape, dtype=np.int64)
    group_step = np.zeros(len(block_step), dtype=np.int64)
    anything = (hidden.respondents > 0).any(axis=1) | ((hidden.unscored > 0) | (hidden.scored > 0)).any(axis=(1, 2))
    active = np.flatnonzero(anything)
    while len(active):
        narrow_group, narrow = narrow_rows(blocks, hidden, floors, numbers, active)
        narrow_block = narrow.any(axis=2)
        bad = narrow_group | narrow_block.any(axis=1)
        active, narrow, narrow_group = active[bad], narrow[bad], narrow_group[bad]
        if not len(active):
            return
        if (group_step[active] >= _WHOLE_GROUP).any():
            raise PipelineError(
                code="cannot_protect",
                where="Röjandekontrollen",
                expected="att en helt dold grupp inte kan räknas fram",
                got=f"{int((group_step[active] >= _WHOLE_GROUP).sum())} grupper som kan räknas fram",
                hint="Höj group_floor i disclosure.yml.",
            )
        escalate = narrow_group | (narrow_block[bad] & (block_step[active] >= _LAST_BLOCK_STEP)).any(axis=1)
        group_step[active[escalate]] += 1
        block_step[active] += narrow_block[bad]
        _hide_more(hidden, active, narrow, block_step, group_step)


def stride_of(floors: Floors) -> int:
    """The steps, in pupils, of the changes that are looked at."""
    return max(1, floors.respondents_spread // _FINE)


def narrow_rows(
    blocks: Blocks,
    hidden: Hidden,
    floors: Floors,
    numbers: PolicyNumbers,
    active: IntArray,
    search: Callable[[IntArray, int], CountSearch] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Groups whose n_respondents, and rows [group, index, sex] whose scored or unscored, are hidden too narrowly.

    Changes in larger steps are some of all changes, so what they leave wide is wide.

    Args:
        active: groups to look at. search: makes the search of some groups in steps of so many pupils, when it is to know more.
    """
    make = search or (lambda at, stride: CountSearch(blocks, hidden, floors, numbers, at, stride))
    stride = stride_of(floors)
    groups, rows = [], []
    for start in range(0, len(active), _CHUNK):
        at = active[start : start + _CHUNK]
        respondents, scored, unscored = make(at, stride).spans()
        groups.append(((hidden.respondents[at] > 0) & (respondents < floors.respondents_spread)).any(axis=1))
        need = floors.spread[None, :, None]
        few = ((hidden.scored[at] > 0) & (scored < need)) | ((hidden.unscored[at] > 0) & (unscored < need))
        rows.append(few & blocks.present[at][:, :, None])
    return np.concatenate(groups), np.concatenate(rows)


def _hide_more(hidden: Hidden, active: IntArray, narrow: np.ndarray, block_step: IntArray, group_step: IntArray) -> None:
    """Carry out the step that each failing block and group has reached."""
    failing = np.zeros(block_step.shape, dtype=bool)
    failing[active] = narrow.any(axis=2)
    own = np.zeros(hidden.scored.shape, dtype=bool)
    own[active] = narrow
    sexes = np.zeros(3, dtype=bool)
    sexes[SPLIT] = True
    groups = np.zeros(len(group_step), dtype=bool)
    groups[active] = group_step[active] > 0

    mark(hidden.scored, own & failing[..., None], COUNT_RULE)
    blocks_split = (failing & (block_step >= 2)) | groups[:, None]
    blocks_all = (failing & (block_step >= 3)) | (groups & (group_step >= 3))[:, None]
    blocks_bands = (failing & (block_step >= 4)) | (groups & (group_step >= 2))[:, None]
    for array in (hidden.scored, hidden.unscored):
        mark(array, (blocks_split[..., None] & sexes) | blocks_all[..., None], COUNT_RULE)
    mark(hidden.bands, (blocks_bands[..., None] & sexes)[..., None], COUNT_RULE)
    mark(hidden.respondents, (groups[:, None] & sexes) | (groups & (group_step >= 3))[:, None], COUNT_RULE)
    hidden.group(groups & (group_step >= _WHOLE_GROUP), "whole_group")
