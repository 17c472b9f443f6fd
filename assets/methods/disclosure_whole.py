"""Pupils are whole numbers, and a shown share stands for at least `cell_floor` of them: what holds against who knows it. Pure.

Shares in whole per cent of a small group allow few numbers of pupils, often one. Then a hidden number of scored pupils is no
secret, and respondents less scored tells how few lack a score. What protects those few is that the *respondents* are unknown:
where the numbers are too narrow, respondents and unscored shares are hidden, and the numbers of scored pupils are shown instead.

For given numbers of girls and boys each band is a set {girls, boys, both within bounds} of whole pupils. With its bounds
tightened that is an integral generalized polymatroid, and the sum of such sets has the sums of their bounds (Frank & Tardos
1988): the bands can be whole exactly when the numbers of girls, boys and both lie within those sums. All indices of a group
count the same respondents, so what is possible is what all of them allow. Looked at are numbers around the true ones; what is
wide there is wide. Sums over areas are left to `disclosure_margins`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.methods.disclosure_blocks import ALL, BOY, GIRL, ROW_KEYS, Blocks
from assets.methods.disclosure_counts import COUNT_RULE
from assets.methods.disclosure_numbers import PolicyNumbers
from assets.methods.disclosure_policy import INNERMOST, DisclosurePolicy
from assets.methods.disclosure_rounding import FloatArray, IntArray, half_away, nearest, share_percent
from assets.methods.disclosure_rows import SHARES, keys_frame
from assets.methods.disclosure_state import RULES, SPLIT, Floors, Hidden, mark

SYMMETRIC = "logit_t"
"""The method whose intervals are symmetric on the logit scale: their middle tells the share once more."""
UNKNOWN = np.iinfo(np.int64).max
_TINY = 1e-9
_NONE, _SEXES, _EVERY = np.zeros(3, dtype=bool), np.array([True, True, False]), np.ones(3, dtype=bool)
_WAYS = (
    # respondents, unscored shares and numbers of scored pupils that are hidden, the least loss first
    (_SEXES, _SEXES, _NONE),
    (_SEXES, _EVERY, _NONE),
    (_SEXES, _EVERY, _SEXES),
    (_SEXES, _EVERY, _EVERY),
    (_EVERY, _EVERY, _NONE),
    (_EVERY, _EVERY, _SEXES),
    (_EVERY, _EVERY, _EVERY),
)


def share_windows(proof: pl.DataFrame, blocks: Blocks, step: int) -> FloatArray:
    """[group, index, sex, band, least and greatest] where the exact share (0..1) lies for who sees it rounded, with its interval.

    Args:
        proof: from `evidence`. step: of shares, in per cent.
    """
    rounded = share_percent(blocks.bands, blocks.scored[..., None], step).astype(np.float64)
    windows = np.stack([rounded - step / 2, rounded + step / 2], axis=-1)
    found = proof.filter(pl.col("measure").is_in(list(SHARES)) & (pl.col("interval_method") == SYMMETRIC))
    at = found.drop_nulls(["low", "high"]).join(keys_frame(blocks), on=list(ROW_KEYS), how="inner")
    low, high = (half_away(100 * at[name].to_numpy(), 0) for name in ("low", "high"))
    inside = (low > 0.5) & (high < 99.5)
    band = at["measure"].replace_strict(SHARES, range(len(SHARES)), return_dtype=pl.Int64).to_numpy()
    flat, place = windows.reshape(-1, len(SHARES), 2), (at["slot"].to_numpy()[inside], band[inside])
    low, high = low[inside], high[inside]
    flat[(*place, 0)] = np.maximum(flat[(*place, 0)], _middle(low - 0.5, high - 0.5))
    flat[(*place, 1)] = np.minimum(flat[(*place, 1)], _middle(low + 0.5, high + 0.5))
    # the share itself is always possible, whatever an interval was made of
    exact = 100 * blocks.bands / np.maximum(blocks.scored[..., None], 1)
    found = flat.reshape(windows.shape)
    return np.stack([np.minimum(found[..., 0], exact), np.maximum(found[..., 1], exact)], axis=-1) / 100


def _middle(low: FloatArray, high: FloatArray) -> FloatArray:
    return 100 / (1 + np.exp(-(np.log(low / (100 - low)) + np.log(high / (100 - high))) / 2))


@dataclass(frozen=True)
class Told:
    """What rules and shares tell beside the pattern.

    Attributes:
        windows: from `share_windows`; weighted: [group, index, sex] shares that aren't those of the pupils.
        cells: [index, edition] least pupils in a shown share and outside it. least: [edition] least pupils of a shown number.
        innermost: whether reasons tell on which side of the floor a hidden number lies; other editions have one for all.
        most: [group] pupils of the grade, girls and boys, where a register tells them: no more can have answered; else `UNKNOWN`.
    """

    windows: FloatArray
    weighted: np.ndarray
    cells: IntArray
    least: IntArray
    innermost: bool
    most: IntArray


def told_by_rules(
    blocks: Blocks,
    policy: DisclosurePolicy,
    windows: FloatArray,
    weighted: FloatArray | None,
    edition: str,
    enrolled: pl.DataFrame | None = None,
) -> Told:
    """What the rules of all editions tell of a shown share: an attacker may have each of them.

    Args:
        windows: from `share_windows`. weighted: [group, index, sex, band] weighted shares, NaN where the pupils' own is shown.
        enrolled: `area_code, wave, grade, enrolled` of an open register.
    """
    every = [policy.numbers(one) for one in policy.editions]
    sensitive = np.array([key in policy.sensitive_indices for key in blocks.index_keys], dtype=bool)[:, None]
    cells = np.where(sensitive, [one.cell_floor_sensitive for one in every], [one.cell_floor for one in every])
    estimated = np.zeros(blocks.scored.shape, dtype=bool) if weighted is None else np.isfinite(weighted).any(axis=-1)
    least = np.unique([one.group_floor for one in every])
    return Told(windows, estimated, cells, least, edition == INNERMOST, _most(blocks, enrolled))


def _most(blocks: Blocks, enrolled: pl.DataFrame | None) -> IntArray:
    """[group] the register's pupils, or the respondents where they are more: pupils move after the register's day."""
    if enrolled is None:
        return np.full(blocks.groups.height, UNKNOWN)
    keys = ["area_code", "wave", "grade"]
    known = blocks.groups.join(enrolled.unique(keys), on=keys, how="left", maintain_order="left")["enrolled"]
    most = known.fill_null(UNKNOWN).to_numpy().astype(np.int64)
    return np.maximum(most, blocks.respondents[:, ALL])


def bands_fit(values: IntArray, low: IntArray, high: IntArray) -> np.ndarray:
    """[pair] whether whole numbers of girls, boys and all can be divided into bands within bounds.

    Args:
        values: [pair, sex] numbers, all the sum of both. low, high: [pair, sex, band] bounds.
    """
    (low_g, low_b, low_t), (high_g, high_b, high_t) = np.moveaxis(low, 1, 0), np.moveaxis(high, 1, 0)
    tight = [
        (np.maximum(low_g, low_t - high_b), np.minimum(high_g, high_t - low_b)),
        (np.maximum(low_b, low_t - high_g), np.minimum(high_b, high_t - low_g)),
        (np.maximum(low_t, low_g + low_b), np.minimum(high_t, high_g + high_b)),
    ]
    ok = (low <= high).all(axis=(1, 2))
    for sex, (least, most) in enumerate(tight):
        ok &= (least <= most).all(axis=-1)
        ok &= (least.sum(axis=-1) <= values[:, sex]) & (values[:, sex] <= most.sum(axis=-1))
    return ok


class _Group:
    """All whole numbers around the true ones of one group, and which of them a pattern leaves possible."""

    def __init__(self, blocks: Blocks, hidden: Hidden, floors: Floors, numbers: PolicyNumbers, told: Told, at: int) -> None:
        self.floors, self.step = floors, numbers
        reach = floors.respondents_spread + 2
        self.offsets = np.arange(-reach, reach + 1)
        self.true, self.scored, self.unscored = blocks.respondents[at], blocks.scored[at], blocks.unscored[at]
        girls, boys = (one.ravel() for one in np.meshgrid(self.offsets, self.offsets, indexing="ij"))
        self.square = np.stack([girls, boys, girls + boys], axis=-1)
        self.indices = np.flatnonzero(blocks.present[at])
        people = self.true + self.square
        possible = self._sided(people, self.true, floors.respondents, told) & (people[:, ALL] <= told.most[at])
        self.respondents = people[possible]
        self.near_respondents = self._rounded(self.respondents, self.true)
        self.pairs = {}
        for index in self.indices:
            values = self.scored[index] + self.square
            ok = self._sided(values, self.scored[index], int(floors.count[index]), told)
            ok &= self._bands_ok(values, blocks.bands[at, index], hidden.bands[at, index] == 0, told, (at, int(index)))
            self.pairs[index] = values[ok], self._rounded(values[ok], self.scored[index]), told.cells[index]

    def _rounded(self, values: IntArray, true: IntArray) -> np.ndarray:
        """[value, sex] which values are published as the true one is."""
        return nearest(np.maximum(values, 0), self.step.count_step) == nearest(true, self.step.count_step)

    def _sided(self, values: IntArray, true: IntArray, floor: int, told: Told) -> np.ndarray:
        """[value] which values lie on the true one's side of the floor, and above those of editions that may show it."""
        ok = (values >= 0).all(axis=-1)
        if told.innermost:
            ok &= ((values >= floor) == (true >= floor)).all(axis=-1)
        for limit in told.least:
            ok &= ((values >= limit) | (true < limit)).all(axis=-1)
        return ok

    def _bands_ok(self, values: IntArray, bands: IntArray, shown: np.ndarray, told: Told, place: tuple[int, int]) -> np.ndarray:
        """[pair] whether the bands can be whole."""
        part = np.minimum(bands, self.scored[place[1]][:, None] - bands)[..., None]
        floor = np.where(part >= told.cells[place[1]], told.cells[place[1]], 0).max(axis=-1)
        shown = shown & ~told.weighted[place][:, None]
        windows = told.windows[place]
        number = values[:, :, None]
        low = np.where(shown, np.maximum(np.ceil(number * windows[..., 0] - _TINY), floor), 0).astype(np.int64)
        high = np.where(shown, np.minimum(np.floor(number * windows[..., 1] + _TINY), number - floor), number).astype(np.int64)
        return bands_fit(values, low, high)

    def wide(self, respondents: np.ndarray, scored: np.ndarray, unscored: np.ndarray) -> bool:
        """Whether all that a pattern hides is wide enough.

        Args:
            respondents: [sex] hidden. scored, unscored: [index, sex] hidden.
        """
        kept = (self.near_respondents | respondents).all(axis=1)
        people = self.respondents[kept]
        together = np.ones(len(people), dtype=bool)
        held = []
        for index in self.indices:
            values, near, cells = self.pairs[index]
            values = values[(near | scored[index]).all(axis=1)]
            ok = self._left_ok(index, values, people, ~unscored[index], cells)
            together &= ok.any(axis=0)
            held.append((index, values, ok))
        if (respondents & (_span(people[together]) < self.floors.respondents_spread)).any():
            return False
        for index, values, alone in held:
            if not (scored[index] | unscored[index]).any():
                continue
            ok = alone & together
            need = self.floors.spread[index]
            if (scored[index] & (_span(values[ok.any(axis=1)]) < need)).any():
                return False
            at, beside = np.nonzero(ok)
            if (unscored[index] & (_span(people[beside] - values[at]) < need)).any():
                return False
        return True

    def _left_ok(self, index: int, values: IntArray, people: IntArray, shown: np.ndarray, cells: IntArray) -> np.ndarray:
        """[scored pair, respondents pair] whether the unscored agree with the shown shares of them."""
        ok = np.ones((len(values), len(people)), dtype=bool)
        for sex in (GIRL, BOY, ALL):
            left, whole = people[None, :, sex] - values[:, None, sex], people[None, :, sex]
            ok &= left >= 0
            if shown[sex]:
                true, part = self.unscored[index, sex], min(self.unscored[index, sex], self.scored[index, sex])
                floor = max((int(cell) for cell in cells if part >= cell), default=0)
                percent = share_percent(np.maximum(left, 0), whole, self.step.share_step)
                ok &= percent == share_percent(true, self.true[sex], self.step.share_step)
                ok &= (left >= floor) & (whole - left >= floor)
        return ok


def _span(values: IntArray) -> IntArray:
    """[sex] greatest less least; the true numbers are always among them."""
    return values.max(axis=0) - values.min(axis=0)


def protect_whole(
    blocks: Blocks,
    hidden: Hidden,
    floors: Floors,
    numbers: PolicyNumbers,
    told: Told,
    held: Sequence[np.ndarray] | None,
) -> bool:
    """Hide respondents and unscored shares, in place, where whole numbers would tell too much; whether anything changed.

    Numbers of scored pupils that only `count_interval` hides are shown in their place.

    Args:
        held: arrays as `Hidden.arrays` of what another edition hides; stays hidden.
    """
    changed = False
    anything = (hidden.respondents > 0).any(axis=1) | ((hidden.unscored > 0) | (hidden.scored > 0)).any(axis=(1, 2))
    for at in np.flatnonzero(anything):
        group = _Group(blocks, hidden, floors, numbers, told, int(at))
        if group.wide(hidden.respondents[at] > 0, hidden.scored[at] > 0, hidden.unscored[at] > 0):
            continue
        changed = True
        if _hide_numbers(group, hidden, int(at), held):
            continue
        # numbers that have to stay hidden and that the shares tell: the sexes' shares go, then everything
        split = np.zeros(hidden.bands[at].shape, dtype=bool)
        split[:, SPLIT] = True
        mark(hidden.bands[at], split, COUNT_RULE)
        if not _hide_numbers(_Group(blocks, hidden, floors, numbers, told, int(at)), hidden, int(at), held):
            hidden.group(np.array([at]), "whole_group")
    return changed


def _hide_numbers(group: _Group, hidden: Hidden, at: int, held: Sequence[np.ndarray] | None) -> bool:
    """Hide the first way's numbers that leaves all wide; whether there is one."""
    arrays = hidden.respondents[at], hidden.scored[at], hidden.unscored[at]
    stays = ~np.isin(arrays[1], [0, RULES.index(COUNT_RULE)])
    if held is not None:
        stays |= held[1][at] > 0
    for respondents, unscored, scored in _WAYS:
        chosen = (arrays[0] > 0) | respondents, stays | scored, (arrays[2] > 0) | unscored
        if group.wide(*chosen):
            arrays[1][~chosen[1]] = 0
            for array, which in zip(arrays, chosen, strict=True):
                mark(array, which, COUNT_RULE)
            return True
    return False
