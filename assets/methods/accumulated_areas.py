"""Pupils by their number of risk factors, or of weak protective ones, per area: exact counts and design-based estimates. Pure.

The three published groups of numbers stand where an index has its three bands, so that the one cube (`estimate.py`) and the one
disclosure control (`disclosure.py`) serve both: band 1 none, band 2 some, band 3 the most. The score is the number itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.methods.accumulated import CountRule, with_counts
from assets.methods.estimate import area_counts, area_estimates
from assets.methods.psu_sums import AREA_LEVELS, DOMAIN, SEXES, by_area, class_table

Starts = Mapping[str, tuple[int, int, int]]
KEYS = ["area_level", *DOMAIN, "sex", "index_key"]
SHARE_MEASURES = ("share_band1", "share_band2", "share_band3", "diff_share_focus", "sex_gap_share_focus")
SWAPS = ("swaps_out", "swaps_in")
_PERSON = ["municipality_code", "district_code", "wave", "grade", "sex", "school_code", "psu"]


def needed_columns(rules: Sequence[CountRule]) -> list[str]:
    """The columns of `indices.person_scores` that are counted from."""
    return [*_PERSON, *dict.fromkeys(f"{index}_band" for rule in rules for index in rule.indices)]


def counted_persons(persons: pl.DataFrame, rules: Sequence[CountRule], starts: Starts) -> pl.DataFrame:
    """Add per rule `<key>` (Float64, the number of factors, null with too few scored) and `<key>_band` (1, 2, 3: the group).

    Args:
        persons: `needed_columns`. starts: key -> least number in each group.
    """
    counted = with_counts(persons, rules)
    added = []
    for rule in rules:
        number, (_, second, third) = pl.col(f"{rule.key}_count"), starts[rule.key]
        band = pl.when(number.is_null()).then(None).when(number >= third).then(3).when(number >= second).then(2).otherwise(1)
        added += [number.cast(pl.Float64).alias(rule.key), band.cast(pl.Int8).alias(f"{rule.key}_band")]
    return counted.with_columns(added)


def accumulated_counts(persons: pl.DataFrame, rules: Sequence[CountRule], starts: Starts) -> pl.DataFrame:
    """Count pupils per area, wave, grade, sex and rule.

    Args:
        persons: from `counted_persons`.

    Returns:
        The columns of `estimate.area_counts` (`index_key` the rule, `n_scored` pupils with a count, `band1..3` the groups);
        `exactly_0` .. `exactly_<k>` for the rule with the most indices (Int64, null beyond a rule's own number of indices);
        `least_linked`, the smallest number that the groups and the published bands of the single indices give together: pupils
        who have a factor but not a certain one, and how far the numbers of factors lie from the ends of their groups;
        `swaps_out`, `swaps_in`: how many pairs of pupils can swap their answers on one index so that one leaves the top group and
        one the lowest (or the other way round). A swap changes no number of any single index.
    """
    counts = area_counts(persons, [rule.key for rule in rules])
    most = max(len(rule.indices) for rule in rules)
    found = pl.concat([_linked(persons, rule, starts[rule.key], most) for rule in rules])
    joined = counts.join(found, on=KEYS, how="left", maintain_order="left")
    size = pl.col("index_key").replace_strict({rule.key: len(rule.indices) for rule in rules}, return_dtype=pl.Int64)
    exactly = [
        pl.when(pl.lit(k) <= size).then(pl.col(f"exactly_{k}").fill_null(0)).alias(f"exactly_{k}") for k in range(most + 1)
    ]
    return joined.with_columns(*exactly, pl.col("least_linked", *SWAPS).fill_null(0))


def accumulated_estimates(persons: pl.DataFrame, rules: Sequence[CountRule]) -> pl.DataFrame:
    """Shares of the groups with their design-based intervals, and the top group's differences; columns of `area_estimates`."""
    estimates = area_estimates(persons, {rule.key: "risk" for rule in rules})  # the focus is the top group of either kind
    return estimates.filter(pl.col("measure").is_in(SHARE_MEASURES))


def _linked(persons: pl.DataFrame, rule: CountRule, starts: tuple[int, int, int], most: int) -> pl.DataFrame:
    """`exactly_*`, `least_linked` and the swaps of one rule per area and sex with a pupil."""
    k_max, columns = len(rule.indices), [f"{rule.key}_count", *(f"{index}_band" for index in rule.indices)]
    table = class_table(persons, columns, [expr.cast(pl.Int64).alias(name) for name, expr in _flags(rule, starts).items()])
    names = list(_flags(rule, starts))
    parts = []
    for level in AREA_LEVELS:
        rows = by_area(table, level)
        for sex in SEXES:
            chosen = rows if sex == "all" else rows.filter(pl.col("sex") == sex)
            part = chosen.group_by(DOMAIN).agg(pl.col(names).sum())
            parts.append(part.with_columns(area_level=pl.lit(level), sex=pl.lit(sex), index_key=pl.lit(rule.key)))
    cells = [*_other_factors(rule), *_distances(k_max, starts)]
    beyond = [pl.lit(None, pl.Int64).alias(f"exactly_{k}") for k in range(k_max + 1, most + 1)]
    exactly = [f"exactly_{k}" for k in range(most + 1)]
    frame = pl.concat(parts).with_columns(*beyond, *_swaps(rule), least_linked=pl.min_horizontal(cells))
    return frame.select(*KEYS, *exactly, "least_linked", *SWAPS)


def _flags(rule: CountRule, starts: tuple[int, int, int]) -> dict[str, pl.Expr]:
    """What is counted of each pupil: the number of factors, and per index whether it can be given or taken in a swap."""
    number, top = pl.col(f"{rule.key}_count"), starts[2]
    flags = {f"exactly_{k}": (number == k) for k in range(len(rule.indices) + 1)}
    for index in rule.indices:
        band = pl.col(f"{index}_band")
        has = (band >= 2) if rule.kind == "risk" else (band == 1)
        flags[f"has:{index}"] = number.is_not_null() & has
        flags |= {f"top_has:{index}": (number == top) & has, f"none_may:{index}": (number == 0) & ~has}
        flags |= {f"below_may:{index}": (number == top - 1) & ~has, f"one_has:{index}": (number == starts[1]) & has}
    return {name: flag.fill_null(False) for name, flag in flags.items()}


def _swaps(rule: CountRule) -> list[pl.Expr]:
    """At least so many swaps, those on the index that allows most."""
    pairs = {"swaps_out": ("top_has", "none_may"), "swaps_in": ("below_may", "one_has")}
    return [
        pl.max_horizontal(pl.min_horizontal(*(f"{what}:{index}" for what in pair)) for index in rule.indices).alias(name)
        for name, pair in pairs.items()
    ]


def _other_factors(rule: CountRule) -> list[pl.Expr]:
    """Pupils who have a factor, but not this one: those with any less those with this one, who are part of them."""
    some = pl.sum_horizontal(f"exactly_{k}" for k in range(1, len(rule.indices) + 1))
    return [some - pl.col(f"has:{index}") for index in rule.indices]


def _distances(k_max: int, starts: tuple[int, int, int]) -> list[pl.Expr]:
    """All factors of all pupils (the sum of the single indices) less the least and the most that the groups allow.

    With 0 as distance the groups would tell every pupil's number exactly. Groups of one number each tell it anyhow.
    """
    ends = [*(start - 1 for start in starts[1:]), k_max]
    if all(start == end for start, end in zip(starts, ends, strict=True)):
        return []
    group = [max(i for i, start in enumerate(starts) if k >= start) for k in range(k_max + 1)]
    above = pl.sum_horizontal(pl.col(f"exactly_{k}") * (k - starts[group[k]]) for k in range(k_max + 1))
    below = pl.sum_horizontal(pl.col(f"exactly_{k}") * (ends[group[k]] - k) for k in range(k_max + 1))
    return [above, below]
