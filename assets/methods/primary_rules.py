"""Primary rules where schools contribute: which cells may not be shown, whatever stands around them. Pure.

Threshold, all or none, few contributors, dominance (1, k) and p per cent as in Hundepool et al. (2012), *Statistical Disclosure
Control*, ch. 4, and in the rules that acro (2023) checks. All comparisons are of whole numbers, so no rounding decides.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

SCHOOL = "_school"
"""What contributes: the school, or where none is named the class (its PSU)."""
LARGEST, SECOND = "largest_school", "second_school"
CONTRIBUTORS = (LARGEST, SECOND)
IntArray = np.ndarray[Any, np.dtype[np.int64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]


def dominated(total: IntArray, largest: IntArray, percent: int) -> BoolArray:
    """(1, k) rule: the largest contributor has more than `percent` of all."""
    return 100 * largest > percent * total


def p_percent(total: IntArray, largest: IntArray, second: IntArray, percent: int) -> BoolArray:
    """p per cent rule: all but the two largest are together less than `percent` of the largest.

    The second largest then knows the largest's contribution to within `percent`. An empty cell is not flagged.
    """
    return 100 * (total - largest - second) < percent * largest


def few_contributors(contributors: IntArray, least: int) -> BoolArray:
    """Fewer contributors than `least`; an empty cell has none and is not flagged."""
    return (contributors > 0) & (contributors < least)


def below(count: IntArray, floor: int) -> BoolArray:
    """Some, but fewer than `floor`."""
    return (count > 0) & (count < floor)


def all_or_none(part: IntArray, total: IntArray) -> BoolArray:
    """Nobody or everybody of a group that isn't empty: tells of every one in it."""
    return (total > 0) & ((part == 0) | (part == total))


def contributor(school: str, unit: str) -> pl.Expr:
    """Number of the school, of the class or PSU where no school is named, and one number for all who have neither."""
    named, unnamed = pl.col(school).cast(pl.Int64), -2 - pl.col(unit).cast(pl.Int64)
    return pl.coalesce(named, unnamed, pl.lit(-1, pl.Int64)).alias(SCHOOL)


def largest_two(column: str) -> dict[str, pl.Expr]:
    """`largest_school`, `second_school` of a group with one row per contributor; 0 where there is no second one."""
    second = pl.col(column).top_k(2).sort(descending=True).get(1, null_on_oob=True)
    return {LARGEST: pl.col(column).max().cast(pl.Int64), SECOND: second.fill_null(0).cast(pl.Int64)}


def two_largest(rows: pl.DataFrame | pl.LazyFrame, by: list[str], counts: dict[str, str]) -> pl.DataFrame:
    """The largest and the second largest contributor per cell.

    Args:
        rows: `by`, `_school` (a contributor's number; null is left out) and whole-number columns, several rows per contributor.
        by: columns of the cell. counts: column of pupils -> stem of the two columns made of it.

    Returns:
        `by`, `<stem>:largest_school`, `<stem>:second_school` (Int64; 0 where there is no such contributor), in no order.
    """
    schools = rows.lazy().filter(pl.col(SCHOOL).is_not_null()).group_by(*by, SCHOOL).agg(pl.col(list(counts)).sum())
    top = [part.alias(f"{stem}:{name}") for column, stem in counts.items() for name, part in largest_two(column).items()]
    return schools.group_by(by).agg(top).collect()
