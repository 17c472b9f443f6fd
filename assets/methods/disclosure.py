"""Disclosure control: from counts and estimates per area to what may be published, with a reason on every cell.

Primary rules (floors) decide what may not be shown, complementary suppression hides what would reveal it: the bands inside
an area (`disclosure_lines`), the numbers of pupils (`disclosure_counts`) and the sums over areas (`disclosure_margins`). What was
hidden on the way and isn't needed in the end is shown again (`disclosure_reopened`). Where the policy asks for it,
numbers are also held against who reckons with whole pupils and our floors (`disclosure_whole`). Every
hidden count is left with an interval wider than the policy's `interval_width` against an attacker who knows all published
numbers, how they are rounded and how they add up. Everything is deterministic and depends on no row order.

In a weighted survey the published shares are the weighted estimates. The floors then hold both for the pupils and for the
weighted share turned into pupils, and no pattern inside an area is trusted: where one band must be hidden, all of the index are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.methods.disclosure_blocks import ALL, Blocks, build_blocks
from assets.methods.disclosure_counts import protect_counts
from assets.methods.disclosure_lines import protect_bands
from assets.methods.disclosure_margins import protect_respondents, protect_sums
from assets.methods.disclosure_means import mean_windows, search_with_means, telling_means, told_means
from assets.methods.disclosure_policy import DisclosurePolicy, PolicyNumbers, PolicyRule, load_policy
from assets.methods.disclosure_reopened import Search, show_again
from assets.methods.disclosure_rows import (
    RESULT_COLUMNS,
    SHARES,
    barred_rows,
    base_rows,
    evidence,
    keys_frame,
    published,
    suppression_log,
    weighted_shares,
)
from assets.methods.disclosure_state import Floors, Hidden, floors_of, hide_small_sexes, mark, primary
from assets.methods.disclosure_whole import protect_whole, share_windows, told_by_rules
from assets.methods.edition_patterns import Outer, groups_in, keep_hidden

__all__ = ["DisclosurePolicy", "PolicyRule", "ProtectedRelease", "load_policy", "protect"]


@dataclass(frozen=True)
class ProtectedRelease:
    """What may be published.

    Attributes:
        results: rows of `release.index_results` without area_name and cutoff_set; see the contracts.
        log: rows of `release.suppression_log`, one per hidden row of `results`.
        pattern: what is hidden, for an edition that is to lie within this one.
    """

    results: pl.DataFrame
    log: pl.DataFrame
    pattern: Outer | None = None


def protect(
    counts: pl.DataFrame,
    estimates: pl.DataFrame,
    policy: DisclosurePolicy,
    edition: str = "intern",
    focus: Mapping[str, int] | None = None,
    barred: pl.DataFrame | None = None,
    within: Outer | None = None,
    enrolled: pl.DataFrame | None = None,
) -> ProtectedRelease:
    """Results that reveal no small count, and the log of what is hidden.

    Args:
        counts: `indices.area_counts`; every block has a row for girl, boy and all, also when it is empty.
        estimates: `indices.area_estimates`, with a boolean `is_clear` on rows of differences (null counts as unclear).
            Shares are shown from the counts and the estimates lend them their interval; weighted shares are the estimates.
        policy: from `load_policy`.
        edition: one of the policy's editions.
        focus: index key -> the band (1..3) whose share is compared between areas and sexes; 3 where nothing is given.
        barred: rows (keys of `counts`) that another publication about the same pupils forbids: their bands where `bars_bands`,
            their numbers where `bars_counts`. What would reveal them is hidden as for any other cell.
        within: the pattern of the edition that this one lies within: what is hidden there is hidden here.
        enrolled: `area_code, wave, grade, enrolled` of an open register, which bounds the respondents for all to see.

    Raises:
        PipelineError: the tables do not hold together, the edition is unknown, or it has an area that `within` lacks.
    """
    numbers = policy.numbers(edition) if within is None else policy.numbers(edition).on_steps()
    blocks = build_blocks(counts)
    proof = evidence(estimates, keys_frame(blocks))
    floors = floors_of(blocks, policy, numbers)
    outer = groups_in(within, blocks.groups, blocks.index_keys)
    weighted = weighted_shares(proof, blocks)
    hidden = suppress(blocks, floors, numbers, weighted, barred_rows(barred, blocks), outer and outer[:-1])
    bands = {key: (focus or {}).get(key, 3) for key in blocks.index_keys}
    positions = np.array([band - 1 for band in bands.values()], dtype=np.int64)
    compared = {key: SHARES[band - 1] for key, band in bands.items()}
    windows = mean_windows(proof, blocks, numbers.mean_decimals)
    telling = telling_means(blocks, hidden, floors, numbers, windows)
    if outer is not None:
        telling |= outer[-1]
    told = told_means(blocks, hidden, windows) & ~telling

    def search_in(pattern: Hidden) -> Search:
        return search_with_means(blocks, pattern, floors, numbers, windows, told)

    show_again(blocks, hidden, floors, numbers, outer, search_in)
    if policy.whole_numbers:
        windows = share_windows(proof, blocks, numbers.share_step)
        known = told_by_rules(blocks, policy, windows, weighted, edition, enrolled)
        while protect_whole(blocks, hidden, floors, numbers, known, outer):
            if not protect_respondents(blocks, hidden, floors, numbers):
                break
    rows = base_rows(blocks, hidden, floors, numbers, positions, telling)
    rows = published(rows, proof, edition, numbers.mean_decimals, compared)
    pattern = Outer(blocks.groups, tuple(blocks.index_keys), (*hidden.arrays, telling))
    return ProtectedRelease(results=rows.select(RESULT_COLUMNS), log=suppression_log(rows, policy), pattern=pattern)


def suppress(
    blocks: Blocks,
    floors: Floors,
    numbers: PolicyNumbers,
    weighted: np.ndarray | None = None,
    barred: tuple[np.ndarray, np.ndarray] | None = None,
    outer: tuple[np.ndarray, ...] | None = None,
) -> Hidden:
    """The pattern: primary cells and all that must be hidden with them.

    Args:
        weighted: [group, index, sex, band] weighted shares 0..1, NaN where the pupils' own share is shown; None without weights.
        barred: [group, index, sex, band] and (numbers) [group, index, sex] hidden for a reason outside these tables.
        outer: codes of what another edition hides, in the order of `Hidden.arrays`; hidden here by the same rules.
    """
    hidden = primary(blocks, floors, numbers)
    keep_hidden(hidden.arrays, outer)
    if barred is not None:
        mark(hidden.bands, barred[0], "linked")
        mark(hidden.scored, barred[1], "linked")
        mark(hidden.unscored, barred[1], "linked")
    if weighted is not None:
        _hide_weighted(blocks, floors, hidden, weighted)
    small = hide_small_sexes(blocks, floors, hidden)
    _hide_bands(blocks, floors, hidden, small)
    protect_counts(blocks, hidden, floors, numbers)
    if protect_sums(blocks, hidden, floors, numbers):
        protect_counts(blocks, hidden, floors, numbers)
    return hidden


def _hide_weighted(blocks: Blocks, floors: Floors, hidden: Hidden, weighted: np.ndarray) -> None:
    """Hide all bands of a weighted block when one of them is below the cell floor, in pupils or in the weighted share."""
    share = np.nan_to_num(weighted, nan=0.5)
    pupils = np.minimum(share, 1 - share) * blocks.scored[..., None]
    mark(hidden.bands, pupils < floors.cell[None, :, None, None] - 1e-6, "cell_floor")
    block = np.isfinite(weighted).any(axis=(2, 3)) & (hidden.bands > 0).any(axis=(2, 3))
    mark(hidden.bands, block[..., None, None], "line_rule")


def _hide_bands(blocks: Blocks, floors: Floors, hidden: Hidden, small: np.ndarray) -> None:
    """Complete the band pattern of every block whose sexes are large enough to be treated with known totals.

    Where a sex is below the floor both are hidden altogether and the total is shown or hidden as a whole: every band then
    runs from 0 to the least of its total and the unknown size of the group (`hide_small_sexes`).
    """
    at = np.nonzero(blocks.present & ~small & (blocks.scored[:, :, ALL] > 0))
    required = np.broadcast_to(floors.spread, blocks.present.shape)[at]
    pattern = protect_bands(blocks.bands[at], hidden.bands[at] > 0, required)
    extra = np.zeros(hidden.bands.shape, dtype=bool)
    extra[at] = pattern
    mark(hidden.bands, extra, "line_rule")
