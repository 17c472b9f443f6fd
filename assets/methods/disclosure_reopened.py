"""Numbers of pupils that were hidden for others' sake and need not have been: shown again, dearest first. Pure.

`disclosure_counts` hides numbers of pupils in steps until everything hidden is wide enough, and never goes back, so an early step
can be made needless by a later one. Here each number hidden by that rule alone is shown on trial: it stays shown when all that is
still hidden keeps its width in the same search, with the means of girls, boys and all that are told. What remains cannot be
made smaller by showing any one number (an inclusion-minimal pattern; Fischetti & Salazar 2001 clean theirs likewise).
Losses are weighed as in `assets/suppression/published.py`.

Sums over areas were tried before (`disclosure_margins`). There a shown part of a sum leaves it more room than a hidden one, so
showing parts keeps what was found; a sum itself (a county, a municipality with districts) is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from assets.methods.disclosure_blocks import ALL, Blocks
from assets.methods.disclosure_counts import COUNT_RULE, CountSearch, narrow_rows, stride_of
from assets.methods.disclosure_margins import families
from assets.methods.disclosure_numbers import PolicyNumbers
from assets.methods.disclosure_rounding import IntArray
from assets.methods.disclosure_state import RULES, Floors, Hidden, mark

Search = Callable[[IntArray, int], CountSearch]
_CHUNK = 24
_MANY_CELLS = 10_000
_GROUP, _INDEX, _SEX, _KIND = range(4)


def show_again(
    blocks: Blocks,
    hidden: Hidden,
    floors: Floors,
    numbers: PolicyNumbers,
    held: Sequence[np.ndarray] | None,
    search_in: Callable[[Hidden], Search],
) -> None:
    """Show, in place, the numbers and unscored shares that nothing hidden needs.

    Each group gets the cheaper of two patterns: what is left of the one found, and of one that begins with all unscored shares of
    the group hidden, so that numbers of scored pupils, which weigh more, can be shown in their place.

    Args:
        held: arrays as `Hidden.arrays` of what another edition hides; stays hidden.
        search_in: gives, for a pattern, what makes the search of some groups in steps of so many pupils; that reads the pattern
            when it is called.
    """
    other = Hidden(*(array.copy() for array in hidden.arrays))
    more = _unscored_as_well(blocks, hidden) & (hidden.unscored == 0)
    mark(other.unscored, more, COUNT_RULE)
    _reopen(blocks, hidden, floors, numbers, _trials(blocks, hidden, held), search_in(hidden))
    at = np.flatnonzero(more.any(axis=(1, 2)))
    if not len(at):
        return
    trials = _trials(blocks, other, held)
    trials = trials[np.isin(trials[:, _GROUP], at)]
    _reopen(blocks, other, floors, numbers, trials[np.lexsort((trials[:, _KIND], trials[:, _GROUP]))], search_in(other))
    group, rows = narrow_rows(blocks, other, floors, numbers, at, search_in(other))
    better = at[~group & ~rows.any(axis=(1, 2)) & (_loss(other, at) < _loss(hidden, at))]
    for mine, theirs in zip(hidden.arrays, other.arrays, strict=True):
        mine[better] = theirs[better]


def _loss(hidden: Hidden, at: IntArray) -> IntArray:
    """[group] what is lost with the hidden numbers: totals more than a breakdown; of equal loss, the fewer cells."""
    by_sex = np.where(np.arange(3) == ALL, 4, 1)
    scored, unscored = hidden.scored[at] > 0, hidden.unscored[at] > 0
    weighed = (by_sex * (2 * scored + unscored)).sum(axis=(1, 2))
    return _MANY_CELLS * weighed + scored.sum(axis=(1, 2)) + unscored.sum(axis=(1, 2))


def _unscored_as_well(blocks: Blocks, hidden: Hidden) -> np.ndarray:
    """[group, index, sex] unscored shares of groups where numbers are hidden by the rule.

    Only of indices of which some area of the same sum hides a number already: else the sum would have to be looked at anew.
    """
    rule = RULES.index(COUNT_RULE)
    own = ((hidden.scored == rule) | (hidden.unscored == rule)).any(axis=(1, 2)) & ~_sums(blocks)
    closed = ((hidden.scored > 0) | (hidden.unscored > 0)).any(axis=2)
    known = np.ones_like(closed)
    for _, children, _ in families(blocks.groups):
        known[children] &= closed[children].any(axis=0)
    return np.repeat((own[:, None] & known & blocks.present)[..., None], 3, axis=2)


def _sums(blocks: Blocks) -> np.ndarray:
    """[group] the county, and what is the sum of other areas."""
    found = (blocks.groups["area_level"] == "county").to_numpy().copy()
    found[[parent for parent, _, _ in families(blocks.groups)]] = True
    return found


def _reopen(blocks: Blocks, hidden: Hidden, floors: Floors, numbers: PolicyNumbers, trials: IntArray, search: Search) -> None:
    """Carry out the trials, one of each group at a time."""
    active = np.unique(trials[:, _GROUP])
    allowed = _allowed(search, active, stride_of(floors), len(blocks.index_keys))
    turn = _turns(trials)
    for at in range(int(turn.max(initial=-1)) + 1):
        now = trials[turn == at]
        for start in range(0, len(now), _CHUNK):
            _try(blocks, hidden, floors, numbers, now[start : start + _CHUNK], active, allowed, search)


def _trials(blocks: Blocks, hidden: Hidden, held: Sequence[np.ndarray] | None) -> IntArray:
    """[trial, (group, index, sex, kind)] numbers (kind 0) and unscored shares (1) hidden by the rule alone, in order of trial."""
    found = np.stack([hidden.scored, hidden.unscored], axis=-1) == RULES.index(COUNT_RULE)
    if held is not None:
        found &= np.stack([held[1], held[2]], axis=-1) == 0
    found[_sums(blocks)] = False
    trials = np.argwhere(found).astype(np.int64)
    part, share = (trials[:, _SEX] != ALL).astype(np.int64), trials[:, _KIND]
    return trials[np.lexsort((trials[:, _INDEX], trials[:, _SEX], share, part, trials[:, _GROUP]))]


def _turns(trials: IntArray) -> IntArray:
    """[trial] how many trials of its group come before it: trials of one turn are about different groups."""
    group = trials[:, _GROUP]
    first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if len(group) else np.empty(0, dtype=np.int64)
    return np.arange(len(group)) - np.repeat(first, np.diff(np.r_[first, len(group)]))


def _allowed(search: Search, active: IntArray, stride: int, indices: int) -> np.ndarray:
    """[active group, index, respondents girls, boys] changes of respondents that each index allows."""
    found = []
    for start in range(0, len(active), _CHUNK):
        made = search(active[start : start + _CHUNK], stride)
        found.append(made.by_respondents(made.possible()))
    return np.concatenate(found) if found else np.ones((0, indices, 1, 1), dtype=bool)


def _try(
    blocks: Blocks,
    hidden: Hidden,
    floors: Floors,
    numbers: PolicyNumbers,
    trials: IntArray,
    active: IntArray,
    allowed: np.ndarray,
    search: Search,
) -> None:
    """Show one number of each of some groups, and hide it again where something would be known too well."""
    at, index = trials[:, _GROUP], trials[:, _INDEX]
    _set(hidden, trials, 0)
    made = search(at, stride_of(floors))
    made.of_one_index(index)
    possible = made.possible()
    own = made.by_respondents(possible)[:, 0]
    place = np.searchsorted(active, at)
    before = allowed[place].all(axis=1)
    now = allowed[place]
    now[np.arange(len(at)), index] = own
    joint = now.all(axis=1)
    scored, unscored = made.spans_within(possible, joint)
    need = floors.spread[index][:, None]
    bad = ((hidden.scored[at, index] > 0) & (scored[:, 0] < need)).any(axis=1)
    bad |= ((hidden.unscored[at, index] > 0) & (unscored[:, 0] < need)).any(axis=1)
    # the other indices of the group are concerned only when fewer changes of respondents are left
    unsure = np.flatnonzero(~bad & (joint != before).any(axis=(1, 2)))
    if len(unsure):
        group, rows = narrow_rows(blocks, hidden, floors, numbers, at[unsure], search)
        bad[unsure] = group | rows.any(axis=(1, 2))
    _set(hidden, trials[bad], RULES.index(COUNT_RULE))
    allowed[place[~bad], index[~bad]] = own[~bad]


def _set(hidden: Hidden, trials: IntArray, code: int) -> None:
    for kind, array in enumerate((hidden.scored, hidden.unscored)):
        chosen = trials[trials[:, _KIND] == kind]
        array[chosen[:, _GROUP], chosen[:, _INDEX], chosen[:, _SEX]] = code
