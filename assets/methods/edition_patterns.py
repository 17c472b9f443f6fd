"""What one edition hides, handed to the suppressor of an edition that lies within it. Pure.

A cell that is hidden in the wider edition starts out hidden in the narrower one, so its pattern can only be larger, and the
narrower edition's own widths are asked of that cell too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.methods.errors import PipelineError

KEYS = ("area_level", "area_code", "wave", "grade")


@dataclass(frozen=True)
class Outer:
    """A pattern over groups (area x wave x grade).

    Attributes:
        groups: the group keys. keys: what each group holds (indices, series).
        arrays: the first axis is the group; not 0 is hidden.
    """

    groups: pl.DataFrame
    keys: tuple[str, ...]
    arrays: tuple[np.ndarray, ...]


def groups_in(outer: Outer | None, groups: pl.DataFrame, keys: Sequence[str]) -> tuple[np.ndarray, ...] | None:
    """The pattern's arrays for the given groups, in their order; None without a pattern.

    Raises:
        PipelineError: `not_nested`: a group, or what the groups hold, isn't in the pattern.
    """
    if outer is None:
        return None
    numbered = outer.groups.select(KEYS).with_row_index("at")
    at = groups.select(KEYS).join(numbered, on=KEYS, how="left", maintain_order="left")["at"]
    if at.null_count() or tuple(keys) != outer.keys:
        raise PipelineError(
            "not_nested",
            "Röjandekontrollen av två utgåvor",
            "att den snävare utgåvan bara har områden och frågor som den vidare också har",
            f"{at.null_count()} grupper som den vidare saknar" if at.null_count() else "andra frågor eller index",
            "Räkna om alla utgåvor i samma körning.",
        )
    return tuple(array[at.to_numpy()] for array in outer.arrays)


def keep_hidden(arrays: Sequence[np.ndarray], outer: Sequence[np.ndarray] | None) -> None:
    """Hide, in place, what the wider edition hides and is still shown; codes of rules stand as they are."""
    for own, theirs in zip(arrays, outer or [], strict=outer is not None):
        np.copyto(own, theirs, where=(own == 0) & (theirs != 0))
