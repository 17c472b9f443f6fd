"""Numbers of pupils that were hidden step by step but prove unneeded are shown again.

`protect_counts` hides the sexes' numbers together and whole columns at a time, which is quick and more than is needed. Here each
number it hid is shown again where every hidden number of its area stays as wide as the policy asks, the totals before the sexes.
Areas are independent of each other in that check, so all are tried at once.
"""

from __future__ import annotations

import numpy as np

from assets.methods.disclosure_blocks import ALL, BOY, GIRL, Blocks
from assets.methods.disclosure_counts import narrow_rows
from assets.methods.disclosure_policy import PolicyNumbers
from assets.methods.disclosure_state import RULES, Floors, Hidden

_CODE = RULES.index("count_interval")


def show_again(
    blocks: Blocks, hidden: Hidden, floors: Floors, numbers: PolicyNumbers, outer: tuple[np.ndarray, ...] | None = None
) -> None:
    """Show numbers hidden by `count_interval` again, in place, where nothing hidden gets too narrow by it.

    Args:
        outer: what a wider edition hides, in the order of `Hidden.arrays`: that stays hidden.
    """
    held = outer[1:3] if outer is not None else (np.zeros(hidden.scored.shape),) * 2
    for array, kept in zip((hidden.scored, hidden.unscored), held, strict=True):
        for sex in (ALL, GIRL, BOY):
            tried = (array[..., sex] == _CODE) & blocks.present & (kept[..., sex] == 0)
            if tried.any():
                _try(array[..., sex], tried, (blocks, hidden, floors, numbers))


def _try(codes: np.ndarray, tried: np.ndarray, world: tuple[Blocks, Hidden, Floors, PolicyNumbers]) -> None:
    """Show the tried cells of one sex, then hide those of indices that got narrow, then all of areas that still are narrow.

    Args:
        codes: [group, index] view into the pattern.
        tried: [group, index] cells to show.
    """
    codes[tried] = 0
    active = np.flatnonzero(tried.any(axis=1))
    narrow_group, narrow = narrow_rows(*world, active)
    back = tried[active] & (narrow.any(axis=2) | narrow_group[:, None])
    codes[active] = np.where(back, _CODE, codes[active])
    # an index may also have narrowed another, through the respondents that they share
    active = active[narrow_group | narrow.any(axis=(1, 2))]
    if not len(active):
        return
    narrow_group, narrow = narrow_rows(*world, active)
    active = active[narrow_group | narrow.any(axis=(1, 2))]
    codes[active] = np.where(tried[active], _CODE, codes[active])
