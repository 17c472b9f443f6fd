"""An attacker who has only what is published: bounds on every hidden count by linear programming.

Shares no code with the disclosure control it tests. The attacker knows the rounding rules, the floors behind the reasons, and
how counts add up: bands to scored, scored and unscored to respondents, girls and boys to all, municipalities to the county,
districts to at most their municipality. Differences are formed from the published shares (`test_disclosure.py` holds that), so
they add nothing.
Means and interval limits are not used (they are no linear functions of the counts).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import highspy
import numpy as np
import polars as pl
from scipy.sparse import csr_array

Coefficients = Mapping[int, float]
INFINITY = float("inf")
LEAVES = ("share_band1", "share_band2", "share_band3", "share_unscored")
BAND_MEASURES = LEAVES[:3]
HIDEABLE = (*LEAVES, "n_scored", "n_respondents")
KEYS = ("area_level", "area_code", "wave", "grade", "sex", "index_key", "measure")
SHOWN_FLOOR, DISTRICT_FLOOR = 10, 30
PRIMAL = 4
"""HiGHS's primal simplex: a basis that is feasible stays so when only the objective is another."""


@dataclass
class LinearSystem:
    """Non-negative unknowns and what is known of them: low <= sum of coefficient x unknown <= high."""

    unknowns: int
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    def know(self, coefficients: Coefficients, low: float, high: float) -> None:
        self.rows.append((dict(coefficients), low, high))

    def compile(self) -> None:
        """Give the solver everything that is known; what is said of the same sum more than once as one row."""
        known: dict[frozenset[tuple[int, float]], tuple[float, float]] = {}
        for coefficients, low, high in self.rows:
            row = frozenset((k, float(v)) for k, v in coefficients.items())
            least, most = known.get(row, (-INFINITY, INFINITY))
            known[row] = max(low, least), min(high, most)
        lp, matrix = highspy.HighsLp(), stacked([dict(sorted(row)) for row in known], self.unknowns)
        lp.num_col_, lp.num_row_ = self.unknowns, len(known)
        lp.col_cost_, lp.col_lower_ = np.zeros(self.unknowns), np.zeros(self.unknowns)
        lp.col_upper_ = np.full(self.unknowns, INFINITY)
        lp.row_lower_, lp.row_upper_ = (np.array([limits[end] for limits in known.values()], dtype=float) for end in (0, 1))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
        self._solver, self._all = highspy.Highs(), np.arange(self.unknowns, dtype=np.int32)
        for option, value in (("output_flag", False), ("threads", 1), ("simplex_strategy", PRIMAL)):
            self._solver.setOptionValue(option, value)
        self._solver.passModel(lp)

    def extreme(self, coefficients: Coefficients, sign: int) -> np.ndarray | None:
        """A point where the sum is least (sign 1) or greatest (-1); None when it has no bound.

        The search goes on from the point that the last one ended at, which any objective may start from.
        """
        objective = np.zeros(self.unknowns)
        for k, v in coefficients.items():
            objective[k] = sign * v
        self._solver.changeColsCost(self.unknowns, self._all, objective)
        status = self._solve()
        if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnbounded):
            self._solver.clearSolver()  # from nothing, in case it was led astray on its way
            status = self._solve()
        if status in (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            raise AssertionError(f"the published numbers contradict each other: {self._solver.modelStatusToString(status)}")
        return np.asarray(self._solver.getSolution().col_value)

    def _solve(self) -> highspy.HighsModelStatus:
        self._solver.run()
        return self._solver.getModelStatus()


def stacked(targets: Sequence[Coefficients], unknowns: int) -> csr_array:
    """Sums of unknowns as the rows of a matrix, whose product with a point is the value of each."""
    sizes = np.cumsum([0, *map(len, targets)])
    places = np.fromiter((k for target in targets for k in target), dtype=np.int32, count=sizes[-1])
    values = np.fromiter((v for target in targets for v in target.values()), dtype=float, count=sizes[-1])
    return csr_array((values, places, sizes.astype(np.int32)), shape=(len(targets), unknowns))


def value_at(coefficients: Coefficients, point: np.ndarray) -> float:
    return float(sum(v * point[k] for k, v in coefficients.items()))


def bounds(
    leaves: int, published: Sequence[tuple[Coefficients, float, float]], targets: Sequence[Coefficients]
) -> list[tuple[float, float]]:
    """Least and greatest value of each target over all non-negative leaves that agree with what is published."""
    system = LinearSystem(leaves)
    for coefficients, low, high in published:
        system.know(coefficients, low, high)
    system.compile()
    found = []
    for target in targets:
        low, high = system.extreme(target, 1), system.extreme(target, -1)
        found.append((
            -INFINITY if low is None else value_at(target, low), INFINITY if high is None else value_at(target, high)
        ))  # fmt: skip
    return found


def attack(
    results: pl.DataFrame, only: pl.Expr | None = None, enough: float | None = None, floor: int = SHOWN_FLOOR
) -> pl.DataFrame:
    """Bounds on every hidden count of a release.

    Args:
        results: rows of `release.index_results`.
        only: which hidden cells to attack (an expression on the keys); all of `results` is used as knowledge.
        enough: stop at a cell when points found so far already show a wider interval than this; its lo and hi are then
            inside the true interval.
        floor: the least number of pupils that is shown, known from the published rules.

    Returns:
        The keys of each hidden count with `lo` and `hi`.
    """
    known = results.filter(~pl.col("reason").is_in(["no_delivery", "no_pupils"]))
    found = []
    for _, part in known.group_by("wave", "grade", "index_key", maintain_order=True):
        hidden = part.filter((pl.col("reason") != "ok") & pl.col("measure").is_in(HIDEABLE))
        hidden = hidden if only is None else hidden.filter(only)
        if hidden.height:
            found.append(_attack_family(part, hidden.select(KEYS), enough, floor))
    empty = results.select(KEYS).clear().with_columns(lo=pl.lit(None, pl.Float64), hi=pl.lit(None, pl.Float64))
    return pl.concat([empty, *found])


def _attack_family(part: pl.DataFrame, hidden: pl.DataFrame, enough: float | None, floor: int) -> pl.DataFrame:
    family = _Family(part, floor)
    keys = list(hidden.iter_rows(named=True))
    targets = [family.measured(row["area_level"], row["area_code"], row["sex"], row["measure"]) for row in keys]
    lo, hi = np.full(len(keys), INFINITY), np.full(len(keys), -INFINITY)
    all_targets = stacked(targets, family.system.unknowns)

    def see(point: np.ndarray) -> None:
        values = all_targets @ point
        np.minimum(lo, values, out=lo)
        np.maximum(hi, values, out=hi)

    if enough is not None:
        for chosen in (targets, targets[::2], targets[1::2], targets[::3], targets[1::3]):
            for sign in (1, -1):
                point = family.system.extreme(_total(chosen), sign)
                if point is not None:
                    see(point)
    for at, target in enumerate(targets):
        for sign in (1, -1):
            if enough is not None and hi[at] - lo[at] > enough:
                continue
            point = family.system.extreme(target, sign)
            if point is None:
                lo[at], hi[at] = (-INFINITY, hi[at]) if sign == 1 else (lo[at], INFINITY)
            else:
                see(point)
    return hidden.with_columns(pl.Series("lo", lo), pl.Series("hi", hi))


def _total(expressions: Sequence[Coefficients]) -> dict[int, float]:
    total: dict[int, float] = defaultdict(float)
    for expression in expressions:
        for k, v in expression.items():
            total[k] += v
    return total


class _Family:
    """All areas and sexes of one wave, grade and index as one linear system; unknowns are leaves per area and sex."""

    def __init__(self, part: pl.DataFrame, floor: int) -> None:
        self.floor = floor
        self.shown = {
            (r["area_level"], r["area_code"], r["sex"], r["measure"]): (r["value"] if r["reason"] == "ok" else None, r["reason"])
            for r in part.iter_rows(named=True)
        }
        self.areas = sorted({key[:2] for key in self.shown})
        self.municipalities = [a for a in self.areas if a[0] == "municipality"]
        own = [a for a in self.areas if a[0] != "county"]
        self.first = {area: 8 * i for i, area in enumerate(own)}
        self.system = LinearSystem(8 * len(own))
        self._know()
        self.system.compile()

    def leaf(self, level: str, code: str, sex: str, name: str) -> dict[int, float]:
        if level == "county":
            return _total([self.leaf(*area, sex, name) for area in self.municipalities])
        at = self.first[level, code] + LEAVES.index(name)
        return {"girl": {at: 1.0}, "boy": {at + 4: 1.0}, "all": {at: 1.0, at + 4: 1.0}}[sex]

    def measured(self, level: str, code: str, sex: str, measure: str) -> dict[int, float]:
        parts = {"n_scored": BAND_MEASURES, "n_respondents": LEAVES}.get(measure, (measure,))
        return _total([self.leaf(level, code, sex, name) for name in parts])

    def _know(self) -> None:
        shares = self._share_intervals()
        for (level, code, sex, measure), (value, reason) in self.shown.items():
            if measure in ("n_scored", "n_respondents"):
                self._know_count(self.measured(level, code, sex, measure), value, reason)
            elif measure in LEAVES:
                base = self.measured(level, code, sex, "n_respondents" if measure == "share_unscored" else "n_scored")
                self._know_share(self.leaf(level, code, sex, measure), base, shares[level, code, sex, measure])
                floor = DISTRICT_FLOOR if level == "district" and reason == "ok" else self.floor
                if measure != "share_unscored":
                    self.system.know(base, *((0, floor - 1) if reason == "too_few" else (floor, INFINITY)))
        self._know_districts()

    def _know_count(self, expression: Coefficients, value: float | None, reason: str) -> None:
        if value is not None:
            self.system.know(expression, max(value - 2, self.floor), value + 2)
        elif reason == "too_few":
            self.system.know(expression, 0, self.floor - 1)
        else:
            self.system.know(expression, self.floor, INFINITY)

    def _know_share(self, part: Coefficients, base: Coefficients, interval: tuple[float, float]) -> None:
        low, high = interval
        if high < 1:
            self.system.know(_total([part, {k: -high * v for k, v in base.items()}]), -INFINITY, 0)
        if low > 0:
            self.system.know(_total([part, {k: -low * v for k, v in base.items()}]), 0, INFINITY)

    def _know_districts(self) -> None:
        for parent in self.municipalities:
            children = [a for a in self.areas if a[0] == "district" and a[1].startswith(parent[1] + "-")]
            for sex in ("girl", "boy") if children else ():
                for name in LEAVES:
                    inside = _total([self.leaf(*child, sex, name) for child in children])
                    outside = {k: -v for k, v in inside.items()}
                    self.system.know(_total([self.leaf(*parent, sex, name), outside]), 0, INFINITY)

    def _share_intervals(self) -> dict[tuple[str, str, str, str], tuple[float, float]]:
        """Share intervals from the rounded shares. Published differences are differences of these and narrow nothing."""
        intervals = {
            key: (0.0, 1.0) if value is None else (max(value - 0.5, 0) / 100, min(value + 0.5, 100) / 100)
            for key, (value, _) in self.shown.items()
            if key[3] in LEAVES
        }
        return {key: (low - 1e-9, high + 1e-9) for key, (low, high) in intervals.items()}
