"""An attacker who has the index tables and the numbers of factors of the same pupils: bounds by linear programming.

Shares no code with the disclosure control it tests. The unknowns are how many girls and boys of each municipality have each
pattern of bands (none, 1, 2 or 3 per index): every published cell of both tables is a sum of them. It knows the rounding, the
floors behind the reasons, the rule of counting, and that municipalities make the county and girls and boys make all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import polars as pl

from assets.methods.accumulated import CountRule
from tests.support.attacker import INFINITY, LinearSystem, stacked

FLOOR = 10
CELL = ["area_code", "sex", "key", "measure"]
INDEX_BANDS = {"share_band1": 1, "share_band2": 2, "share_band3": 3}
GROUPS = {"share_none": 0, "share_some": 1, "share_most": 2}
SEXES = {"girl": ("girl",), "boy": ("boy",), "all": ("girl", "boy")}


@dataclass(frozen=True)
class Rule:
    """What the attacker knows of a count."""

    key: str
    indices: tuple[str, ...]
    risk: bool
    least_scored: int
    starts: tuple[int, int, int]

    @classmethod
    def of(cls, rule: CountRule, starts: tuple[int, int, int]) -> Rule:
        return cls(rule.key, rule.indices, rule.kind == "risk", rule.least_scored, starts)

    def has(self, band: int) -> bool:
        return band >= 2 if self.risk else band == 1

    def number(self, pattern: Sequence[int]) -> int | None:
        """Factors of a pupil with this pattern (0 = no score); None with too few scored."""
        if sum(band > 0 for band in pattern) < self.least_scored:
            return None
        return sum(self.has(band) for band in pattern)

    def group(self, pattern: Sequence[int]) -> int | None:
        number = self.number(pattern)
        return None if number is None else sum(number >= start for start in self.starts) - 1


class World:
    """One wave and grade as a linear system over patterns."""

    def __init__(self, index_results: pl.DataFrame, count_results: pl.DataFrame, rule: Rule) -> None:
        self.rule = rule
        self.patterns = list(product(range(4), repeat=len(rule.indices)))
        real = ~pl.col("reason").is_in(["no_delivery", "no_pupils"])
        own = index_results.filter(real & pl.col("index_key").is_in(list(rule.indices))).rename({"index_key": "key"})
        counts = count_results.filter(real & (pl.col("count_key") == rule.key)).rename({"count_key": "key"})
        kept = ["n_respondents", "n_scored", "share_unscored", *INDEX_BANDS, "n_counted", *GROUPS]
        columns = ["area_level", *CELL, "value", "reason"]
        self.rows = pl.concat([own.select(columns), counts.select(columns)]).filter(pl.col("measure").is_in(kept))
        areas = self.rows.filter(pl.col("area_level") == "municipality")["area_code"].unique().sort().to_list()
        self.county = set(self.rows.filter(pl.col("area_level") == "county")["area_code"])
        self.leaves = {(area, sex): n * len(self.patterns) for n, (area, sex) in enumerate(product(areas, ("girl", "boy")))}
        self.system = LinearSystem(len(self.leaves) * len(self.patterns))
        for row in self.rows.iter_rows(named=True):
            self._know(row)
        self.system.compile()

    def cell(self, area: str, sex: str, key: str, measure: str) -> dict[int, float]:
        """The count behind a measure as a sum of unknowns."""
        chosen = [n for n, pattern in enumerate(self.patterns) if self._counts(pattern, key, measure)]
        places = [at for (code, one), at in self.leaves.items() if one in SEXES[sex] and (area in self.county or code == area)]
        return {at + n: 1.0 for at in places for n in chosen}

    def _counts(self, pattern: Sequence[int], key: str, measure: str) -> bool:
        if measure == "n_respondents":
            return True
        if key == self.rule.key:
            group = self.rule.group(pattern)
            if measure == "uncounted":
                return group is None
            return group is not None if measure == "n_counted" else group == GROUPS[measure]
        if measure.startswith("other:"):  # has a factor, but not this one
            own = pattern[self.rule.indices.index(key)]
            return bool(self.rule.number(pattern)) and not self.rule.has(own)
        band = pattern[self.rule.indices.index(key)]
        return {"n_scored": band > 0, "share_unscored": band == 0}.get(measure, band == INDEX_BANDS.get(measure))

    def _know(self, row: Mapping[str, object]) -> None:
        area, sex, key, measure = (str(row[name]) for name in CELL)
        value, few = row["value"], row["reason"] == "too_few"
        shown = row["reason"] == "ok" and isinstance(value, float)
        if measure.startswith("n_"):
            low, high = (
                (max(float(value) - 2, FLOOR), float(value) + 2) if shown else (0, FLOOR - 1) if few else (FLOOR, INFINITY)
            )
            self.system.know(self.cell(area, sex, key, measure), low, high)
            return
        base_name = {"share_unscored": "n_respondents"}.get(measure, "n_counted" if key == self.rule.key else "n_scored")
        base = self.cell(area, sex, key, base_name)
        self.system.know(base, *((0, FLOOR - 1) if few else (FLOOR, INFINITY)))
        if shown:
            part = self.cell(area, sex, key, measure)
            for edge, sign in ((float(value) - 0.5) / 100 - 1e-9, 1), ((float(value) + 0.5) / 100 + 1e-9, -1):
                row_of = {k: sign * (part.get(k, 0.0) - edge) for k in base.keys() | part.keys()}
                self.system.know({k: v for k, v in row_of.items() if v}, 0, INFINITY)

    def attack(self, targets: pl.DataFrame, enough: float) -> pl.DataFrame:
        """Add `lo` and `hi` of each target (`CELL`); the search for a cell stops when it is known to be wider than `enough`."""
        cells = [self.cell(*row) for row in targets.select(CELL).iter_rows()]
        lo, hi = np.full(len(cells), INFINITY), np.full(len(cells), -INFINITY)
        all_cells = stacked(cells, self.system.unknowns)
        for at, target in enumerate(cells):
            for sign in (1, -1):
                if hi[at] - lo[at] > enough:
                    continue
                point = self.system.extreme(target, sign)
                if point is None:
                    hi[at] = INFINITY
                    continue
                values = all_cells @ point
                np.minimum(lo, values, out=lo)
                np.maximum(hi, values, out=hi)
        return targets.with_columns(pl.Series("lo", lo, dtype=pl.Float64), pl.Series("hi", hi, dtype=pl.Float64))

    def hidden(self) -> pl.DataFrame:
        """Every hidden cell of both tables. Behind a hidden number with a count stand those without one."""
        cells = self.rows.filter(pl.col("reason") != "ok").select(CELL)
        return cells.with_columns(pl.col("measure").replace({"n_counted": "uncounted"}))

    def others(self) -> pl.DataFrame:
        """The cells that no table holds but both together could give: a factor, but not this one."""
        places = self.rows.select("area_code", "sex").unique(maintain_order=True)
        keys = pl.DataFrame({"key": list(self.rule.indices), "measure": ["other:"] * len(self.rule.indices)})
        return places.join(keys, how="cross").select(CELL)
