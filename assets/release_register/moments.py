"""Means and spreads that moved between two releases: a corrected answer can move them and no share. Pure.

A mean rounded to steps of `h` over `n` pupils tells their sum of points to `h * n / 2` either way, so two releases tell the
change of the sum within an interval of the width `h * n + h' * n'`. Where that is narrower than the scale, a number that moved
says something about the few whose answers differ (docs/trials/2026-11-angripare.md, attack 3).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.release_register.inputs import STATE
from assets.release_register.windows import PLACE, SEXES, Family, Flags, IntArray, Rules, Windows

MOVED = "moved"
"""The kind of these conflicts."""
FIRST_STEP = 0.01
"""To what means were rounded while the register did not say so."""
DIFFERING = ("other_pupils", "screened", "districts")
"""How the pupils may differ for this to say something: other limits move no mean, other definitions move everybody's."""
_ENDS = ("value", "low", "high")


def moved(
    cells: Sequence[pl.DataFrame], sides: Sequence[Windows], pairs: Sequence[IntArray], family: Family, rules: Rules
) -> Flags:
    """[pair, sex, measure] whether a shown mean or spread, or its interval, is another number in the same edition of the two
    releases, and the change bounds the sum of points more narrowly than the scale does.

    Args:
        cells, sides, pairs: of the new release and the earlier one: cells, `windows(...)` of the family, the pairs' blocks.
    """
    width, steps = rules.means[family.table][1], [_step(one, family, rules) for one in cells]
    # on the coarser grid, so that a number that is only rounded otherwise than before has not moved
    new, old = (
        np.rint(_numbers(one, side, family, rules)[:, at] / max(steps)) for one, side, at in zip(cells, sides, pairs, strict=True)
    )
    changed = (np.isfinite(new) & np.isfinite(old) & (new != old)).any(axis=-1)
    told = sum(step * side.told.number[at][..., 0] for step, side, at in zip(steps, sides, pairs, strict=True))
    return changed.any(axis=0) & (told < width)[..., None]


def _step(cells: pl.DataFrame, family: Family, rules: Rules) -> float:
    """To what the release's means are rounded, at the finest."""
    now, decimals = rules.means[family.table][0], cells["mean_decimals"].max()
    if family.table != "index_results":
        return now
    return min(now, FIRST_STEP) if decimals is None else 10.0**-decimals


def _numbers(cells: pl.DataFrame, side: Windows, family: Family, rules: Rules) -> NDArray[np.float64]:
    """[edition, block, sex, measure, end] the published means and spreads; NaN where none is shown."""
    keys = [*PLACE, *STATE]
    blocks = side.blocks.select(keys).with_row_index("block")
    own = cells.filter(
        pl.col("table_name") == family.table,
        pl.col("measure").is_in(family.moments),
        pl.col("sex").is_in(SEXES),
        pl.col("reason") == "ok",
    ).join(blocks, on=keys, how="inner", nulls_equal=True, maintain_order="left")
    found = np.full((len(rules.steps), blocks.height, len(SEXES), len(family.moments), len(_ENDS)), np.nan)
    for place, edition in enumerate(rules.steps):
        rows = own.filter(pl.col("edition") == edition)
        at = (
            rows["block"].cast(pl.Int64).to_numpy(),
            rows["sex"].replace_strict(SEXES, range(len(SEXES)), return_dtype=pl.Int64).to_numpy(),
            rows["measure"].replace_strict(family.moments, range(len(family.moments)), return_dtype=pl.Int64).to_numpy(),
        )
        for end, name in enumerate(_ENDS):
            found[(place, *at, end)] = rows[name].to_numpy()
    return found
