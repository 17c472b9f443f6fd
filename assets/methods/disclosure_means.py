"""Means of girls, boys and all, taken together, as a way to the numbers of pupils. Pure.

The total's mean is the sexes' means weighed by how many pupils of each sex have a score. Where girls and boys differ, the three
published means bound that share, and so a hidden number of scored or unscored pupils. This module repeats the search for other
numbers of pupils (`disclosure_counts`) among those that agree with the three means as they are published, rounded and with their
intervals. Where what is left is too narrow, the sexes' means are hidden, which costs less than hiding shares.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from assets.methods.disclosure_blocks import ALL, BOY, GIRL, ROW_KEYS, Blocks
from assets.methods.disclosure_counts import CountSearch, narrow_rows
from assets.methods.disclosure_numbers import PolicyNumbers
from assets.methods.disclosure_rounding import FloatArray, IntArray, half_away
from assets.methods.disclosure_rows import keys_frame
from assets.methods.disclosure_state import Floors, Hidden

_TINY = 1e-9


class _WithMeans(CountSearch):
    """The changes of numbers of pupils that also agree with the means of girls, boys and all."""

    _BY_INDEX = (*CountSearch._BY_INDEX, "windows", "told")
    windows: FloatArray
    told: np.ndarray

    def scored_ok(self) -> np.ndarray:
        girls = np.maximum(self.shifted(self.scored, GIRL), 0)[..., :, None]
        boys = np.maximum(self.shifted(self.scored, BOY), 0)[..., None, :]
        total = np.maximum(girls + boys, 1)
        windows = np.where(self.told[..., None, None], self.windows, 0.0)[..., None, None]
        least, most = ((windows[:, :, GIRL, end] * girls + windows[:, :, BOY, end] * boys) / total for end in (0, 1))
        agrees = (least <= windows[:, :, ALL, 1] + _TINY) & (most >= windows[:, :, ALL, 0] - _TINY)
        return super().scored_ok() & (agrees | ~self.told[..., None, None])


def mean_windows(proof: pl.DataFrame, blocks: Blocks, decimals: int) -> FloatArray:
    """[group, index, sex, least and greatest] of each mean as a reader knows it; NaN where there is none.

    A published mean lies within its rounding. Its interval is symmetric, so the middle of its rounded ends tells the same once
    more, on another grid.

    Args:
        proof: from `evidence`. decimals: of published means.
    """
    found = proof.filter((pl.col("measure") == "mean") & pl.col("estimate").is_not_null())
    at = found.join(keys_frame(blocks), on=list(ROW_KEYS), how="inner")
    shown, low, high = (half_away(at[name].fill_null(np.nan).to_numpy(), decimals) for name in ("estimate", "low", "high"))
    half, middle = 0.5 / 10**decimals, (low + high) / 2
    windows = np.full((int(np.prod(blocks.scored.shape)), 2), np.nan)
    windows[at["slot"].to_numpy(), 0] = np.fmax(shown, middle) - half
    windows[at["slot"].to_numpy(), 1] = np.fmin(shown, middle) + half
    return windows.reshape(*blocks.scored.shape, 2)


def told_means(blocks: Blocks, hidden: Hidden, windows: FloatArray) -> np.ndarray:
    """[group, index] where the means of girls, boys and all are there and none is hidden with a band.

    Args:
        windows: from `mean_windows`.
    """
    return (hidden.bands == 0).all(axis=(2, 3)) & np.isfinite(windows).all(axis=(2, 3)) & blocks.present


def search_with_means(
    blocks: Blocks, hidden: Hidden, floors: Floors, numbers: PolicyNumbers, windows: FloatArray, told: np.ndarray
) -> Callable[[IntArray, int], CountSearch]:
    """What makes the search of some groups; it reads `hidden` and `told` when it is called.

    Args:
        windows: from `mean_windows`. told: [group, index] where the means are told.
    """

    def search(at: IntArray, stride: int) -> CountSearch:
        made = _WithMeans(blocks, hidden, floors, numbers, at, stride)
        made.windows, made.told = windows[at], told[at]
        return made

    return search


def telling_means(blocks: Blocks, hidden: Hidden, floors: Floors, numbers: PolicyNumbers, windows: FloatArray) -> np.ndarray:
    """[group, index] where the sexes' means would bound a hidden number of pupils too narrowly beside the total's.

    An index may narrow another through the respondents that they share. Where it isn't clear whose means do it, all of the
    group count as telling.

    Args:
        windows: from `mean_windows`.
    """
    told = told_means(blocks, hidden, windows)
    first = told.copy()
    search = search_with_means(blocks, hidden, floors, numbers, windows, told)
    hides = (hidden.respondents > 0).any(axis=1) | ((hidden.scored > 0) | (hidden.unscored > 0)).any(axis=(1, 2))
    active = np.flatnonzero(hides & told.any(axis=1))
    while len(active):
        narrow_group, narrow = narrow_rows(blocks, hidden, floors, numbers, active, search)
        own = narrow.any(axis=2) & told[active]
        unclear = narrow_group | (narrow.any(axis=2) & ~told[active]).any(axis=1)
        closed = own | (unclear & ~own.any(axis=1))[:, None]
        told[active] &= ~closed
        again = (narrow_group | narrow.any(axis=(1, 2))) & told[active].any(axis=1)
        active = active[again]
    return first & ~told
