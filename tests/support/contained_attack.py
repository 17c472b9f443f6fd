"""An attacker on weighted single-question series of areas that hold other areas' pupils, by linear programming.

Shares no code with the disclosure control it tests. It is told more than is published: every number of pupils (or sum of weights)
in a denominator exactly, and, when it attacks the pupils, their own share rounded to whole per cent instead of the weighted one.
It knows that girls and boys are all, that the inner areas together are the outer one, and which indicator is part of which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import polars as pl

from tests.support.attacker import LinearSystem, stacked

CELL = ["area_code", "wave", "grade", "sex", "indicator"]
ENOUGH = 12.0
"""A hidden number whose interval is known to be this wide (pupils) is not looked at further."""
Table = Literal["pupils", "weights"]


def known_shares(results: pl.DataFrame, counts: pl.DataFrame, estimates: pl.DataFrame, table: Table) -> pl.DataFrame:
    """What the attacker sees and what it is told, a row per area, wave, grade, sex and indicator.

    Args:
        results: `release.indicator_results`. counts, estimates: the exact tables behind it.

    Returns:
        `CELL`, `shown`, `share` (per cent, when shown), `size` and `yes` (pupils or sums of weights: they add up over areas),
        `unit` (what one pupil of the area counts there: 1, or the area's mean weight).
    """
    own = estimates.filter(pl.col("measure") == "share").select(*CELL, "estimate", "sum_w")
    rows = results.filter((pl.col("measure") == "share") & ~pl.col("reason").is_in(["no_delivery", "no_pupils", "not_asked"]))
    rows = rows.select(*CELL, "value", shown=pl.col("reason") == "ok")
    rows = rows.join(counts.select(*CELL, "n_valid", "n_yes"), on=CELL).join(own, on=CELL)
    if table == "pupils":
        percent = 100 * pl.col("n_yes") / pl.col("n_valid")
        return rows.with_columns(
            size=pl.col("n_valid").cast(pl.Float64), yes=pl.col("n_yes").cast(pl.Float64), unit=1.0, share=(percent + 0.5).floor()
        )
    whole = pl.col("sex") == "all"
    place = ["area_code", "wave", "grade"]
    mean = pl.col("sum_w").filter(whole).sum().over(place) / pl.col("n_valid").filter(whole).sum().over(place)
    return rows.with_columns(size="sum_w", yes=pl.col("sum_w") * pl.col("estimate"), unit=mean, share="value")


def attack(
    rows: pl.DataFrame, contains: Mapping[str, Sequence[str]], nested: Sequence[tuple[str, str]], step: float = 1.0
) -> pl.DataFrame:
    """Bounds on every hidden yes of one wave and grade.

    Args:
        rows: from `known_shares`, of areas that are known together. contains: outer -> all its parts. nested: (inner, outer)
            indicators. step: to what the shares are rounded, per cent.

    Returns:
        `CELL`, `lo`, `hi` and `yes` of the hidden rows, in pupils of the area.
    """
    outer = {code for code in contains if code in set(rows["area_code"])}
    leaves = sorted(rows.filter(~pl.col("area_code").is_in(sorted(outer)), pl.col("sex") != "all")
                    .select("area_code", "sex", "indicator").rows())  # fmt: skip
    at = {leaf: n for n, leaf in enumerate(leaves)}
    system = LinearSystem(len(at))

    def yes(area: str, sex: str, indicator: str) -> dict[int, float]:
        areas = contains[area] if area in outer else (area,)
        sexes = ("girl", "boy") if sex == "all" else (sex,)
        return {at[one, s, indicator]: 1.0 for one in areas for s in sexes if (one, s, indicator) in at}

    hidden = []
    for row in rows.iter_rows(named=True):
        place = yes(row["area_code"], row["sex"], row["indicator"])
        size = row["size"]
        if row["shown"]:
            low, high = ((row["share"] + side * step / 2) * size / 100 for side in (-1, 1))
            system.know(place, max(low, 0) - 1e-6, min(high, size) + 1e-6)
        else:
            system.know(place, 0, max(size, row["yes"]))
            hidden.append((row, place))
    present = set(rows["indicator"])
    for inner, whole in (pair for pair in nested if set(pair) <= present):
        for area, sex, indicator in leaves:
            if indicator == inner and (area, sex, whole) in at:
                system.know({at[area, sex, whole]: 1.0, at[area, sex, inner]: -1.0}, 0, np.inf)
    system.compile()
    lo, hi = np.full(len(hidden), np.inf), np.full(len(hidden), -np.inf)
    all_hidden = stacked([place for _, place in hidden], system.unknowns)
    units = np.array([row["unit"] for row, _ in hidden])
    for n, (_, target) in enumerate(hidden):
        for sign in (1, -1):
            if hi[n] - lo[n] > ENOUGH * units[n]:
                continue
            point = system.extreme(target, sign)
            assert point is not None
            values = all_hidden @ point
            np.minimum(lo, values, out=lo)
            np.maximum(hi, values, out=hi)
    keys = [{name: row[name] for name in CELL} | {"yes": row["yes"] / row["unit"]} for row, _ in hidden]
    frame = pl.DataFrame(keys, schema=dict.fromkeys(CELL, pl.String) | {"wave": pl.Int32, "yes": pl.Float64})
    return frame.with_columns(pl.Series("lo", lo / units), pl.Series("hi", hi / units))


def narrow(found: pl.DataFrame, sensitive: Sequence[str]) -> pl.DataFrame:
    """Hidden numbers that are known to within the policy's width: 4, or 9 for sensitive questions."""
    width = pl.when(pl.col("indicator").is_in(list(sensitive))).then(9).otherwise(4)
    return found.filter(pl.col("hi") - pl.col("lo") <= width)
