"""The published cube from class sums: estimates of every area, total and difference from second moments per stratum.

For stratum h with n_h PSUs, and PSU sums a_c and b_c of two variables, let

    m_h(a, b) = (1 - f_h) n_h / (n_h - 1) (sum of a_c b_c - (sum of a_c)(sum of b_c) / n_h)

A domain made of whole strata with weight sum W and mean R = sum of y / W has the linearised variance (Binder 1983, Int Stat Rev
51:279; Woodruff 1971) V = (m(y,y) - 2 R m(w,y) + R^2 m(w,w)) / W^2, the moments summed over its strata; two domains A and B that
share strata have the covariance (m(y,y) - (R + S) m(w,y) + R S m(w,w)) / (W_A W_B) over the shared ones. So five moments per
stratum and sex give municipalities, the county, all totals and the differences with their covariance, without going back to the
classes. Scores are centred at the mean of everybody first, else the squares cancel in the last digits.

Sums are whole numbers until each class is squared, in sorted order on one thread: the same answers give the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.methods import intervals
from benchmarks.cube_task.pattern_sums import SEX_VALUES, WEIGHT_UNITS, ClassSums, MeanScoreIndex

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Limits = Literal["normal", "t"]

NOISE = 1e-6
"""A standard error below this, in points of 0-100, counts as 0 (as in the oracle files of R survey)."""
ROUNDING = 1e-14
"""A variance below this part of the terms that cancel in it is their rounding: some fifty units in the last place."""
NORMAL_95 = 1.959963984540054
_PARTS = ("n", "psus", "strata", "w", "y", "r", "ww", "wy", "yy", "wr", "rr")
_COUNTS = ("n", "n_psu", "df")
_SCALES: tuple[tuple[Literal["mean", "risk"], float], ...] = (("mean", 1.0), ("risk", 100.0))
SEX_CODES = (*SEX_VALUES, 0)
"""The sexes of an array's last axis as the tables write them; 0 = both."""
_BOTH_FIRST = (2, 0, 1)
_AT = {name: position for position, name in enumerate(_PARTS)}


@dataclass(frozen=True)
class Moments:
    """Sums and moments per stratum: `values` [part, stratum, sex, index], parts as in `_PARTS`; sexes first, second, and both
    if asked for.

    `exact`: [3, stratum, sex, index] weights, weighted score units and weighted pupils at risk in millionths, whole numbers.
    `units`: per index the score units in 100. Scores and shares in `values` are centred at the mean of everybody.
    """

    strata: pl.DataFrame
    values: Floats
    exact: Ints
    units: Floats


def moments(sums: ClassSums, indices: Sequence[MeanScoreIndex], workers: int = 2, *, both: bool = True) -> Moments:
    """Second moments of the class sums, stratum by stratum; `both`: also of the sexes together, which a table of each needs not.

    A stratum with one PSU has no spread of its own: it is centred at the grand mean (0 for a linearised ratio) with factor
    1 - f_h, as R survey's `adjust`.
    """
    starts = np.flatnonzero(np.diff(sums.psu, prepend=-1))
    stratum = sums.stratum[starts]
    first = np.flatnonzero(np.diff(stratum, prepend=-1))
    n = np.bincount(stratum).astype(float)
    free = 1.0 if sums.population is None else 1.0 - n / sums.population
    factor = free * np.where(n > 1, n / np.maximum(n - 1, 1), 1.0)
    share = np.where(n > 1, 1.0 / n, 0.0)
    rows = starts if len(starts) < len(sums.psu) else None
    # written stratum after stratum, turned once at the end
    values = np.empty((len(indices), 2 + both, len(_PARTS), len(n)))
    exact = np.empty((len(indices), 2 + both, 3, len(n)), dtype=np.int64)

    def one(k: int, room: _Room) -> None:
        unit = 100 / indices[k].unit
        whole = [_weighted(sums, k, sex, rows, room.whole[sex]) for sex in (0, 1)]
        totals = [[np.add.reduceat(part, first) for part in parts] for parts in whole]
        totals.append([a + b for a, b in zip(*totals, strict=True)])
        weight, score, risk = (int(part.sum()) for part in totals[2][1:])
        middle = (score / weight * unit, risk / weight) if weight else (0.0, 0.0)
        variables = [_centred(*parts[1:], unit, middle, room.centred[sex], room.product) for sex, parts in enumerate(whole)]
        if both:
            variables.append(np.add(*variables, out=room.centred[2]))
        for sex, (_, *sum_of) in enumerate(totals[: len(variables)]):
            exact[k, sex] = sum_of
            into = dict(zip(_PARTS, values[k, sex], strict=True))
            into["n"][:] = totals[sex][0]
            pupils = whole[sex][0] if sex < 2 else np.add(whole[0][0], whole[1][0], out=room.counted)
            into["psus"][:] = np.add.reduceat(np.minimum(pupils, 1, out=room.counted), first)
            into["strata"][:] = into["psus"] > 0
            into["w"][:], into["y"][:], into["r"][:] = _centred(*sum_of, unit, middle)
            w, y, r = variables[sex]
            for name, a, b in (("ww", w, w), ("wy", w, y), ("yy", y, y), ("wr", w, r), ("rr", r, r)):
                np.add.reduceat(np.multiply(a, b, out=room.product), first, out=into[name])
                into[name] -= into[name[0]] * into[name[1]] * share
                into[name] *= factor

    def several(start: int) -> None:
        room = _Room.of(len(sums.psu), len(starts))
        for k in range(start, len(indices), workers):
            one(k, room)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(several, range(workers)))
    units = np.array([index.unit for index in indices], dtype=float)
    turned = (np.ascontiguousarray(array.transpose(2, 3, 1, 0)) for array in (values, exact))
    return Moments(sums.strata, *turned, units)


@dataclass(frozen=True)
class _Room:
    """One thread's arrays for all its indices: fresh memory for every step costs several times the arithmetic."""

    whole: Ints  # [sex, 4, row]
    centred: Floats  # [sex or both, 3, PSU]
    product: Floats
    counted: Ints

    @classmethod
    def of(cls, rows: int, psus: int) -> _Room:
        """For so many rows of class sums and so many PSUs."""
        whole = np.empty((2, 4, rows), dtype=np.int64)
        return cls(whole, np.empty((3, 3, psus)), np.empty(psus), np.empty(psus, dtype=np.int64))


def _weighted(sums: ClassSums, index: int, sex: int, starts: Ints | None, out: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Pupils, weights, weighted score units and weighted pupils at risk per PSU, all whole numbers. `out`: [4, row]."""
    count, score, risk = sums.unpack(index, sex, out[:3])
    weight = np.multiply(count, sums.weight, out=out[3])
    parts = (count, weight, np.multiply(score, sums.weight, out=score), np.multiply(risk, sums.weight, out=risk))
    return parts if starts is None else tuple(np.add.reduceat(part, starts) for part in parts)


def _centred(
    weight: Ints,
    score: Ints,
    risk: Ints,
    unit: float,
    middle: tuple[float, float],
    out: Floats | None = None,
    spare: Floats | None = None,
) -> Floats:
    """Weights, weighted scores (0-100) and weighted pupils at risk as floats, the latter two less the mean of everybody."""
    found = np.empty((3, len(weight))) if out is None else out
    scratch = np.empty(len(weight)) if spare is None else spare
    np.true_divide(weight, WEIGHT_UNITS, out=found[0])
    np.multiply(score, unit / WEIGHT_UNITS, out=found[1])
    np.true_divide(risk, WEIGHT_UNITS, out=found[2])
    for part, mean in zip(found[1:], middle, strict=True):
        np.subtract(part, np.multiply(found[0], mean, out=scratch), out=part)
    return found


def domain_moments(table: Moments, by: Sequence[str]) -> Moments:
    """Moments of coarser domains: strata that agree in the columns `by` added up, sorted by them."""
    if not by:
        whole = pl.DataFrame({"_all": [0]}).drop("_all")
        return Moments(whole, *(part.sum(axis=1, keepdims=True) for part in (table.values, table.exact)), table.units)
    numbered = table.strata.select(by).with_row_index("_row").sort(*by, maintain_order=True)
    at = numbered.select(pl.struct(by).rle_id().cast(pl.Int64)).to_series().to_numpy()
    first = np.flatnonzero(np.diff(at, prepend=-1))
    rows = numbered["_row"].to_numpy()
    values, exact = table.values, table.exact
    if (np.diff(rows.astype(np.int64)) != 1).any():
        values, exact = values[:, rows], exact[:, rows]
    if len(first) < len(rows):
        values, exact = np.add.reduceat(values, first, axis=1), np.add.reduceat(exact, first, axis=1)
    return Moments(numbered.select(by)[first], values, exact, table.units)


@dataclass(frozen=True)
class Measure:
    """Estimate (score 0-100 or share 0..1) and variance, [domain, sex, index]; NaN where nobody has a score."""

    estimate: Floats
    variance: Floats
    offset: Floats  # estimate minus the centre
    weight: Floats


def measure(table: Moments, what: Literal["mean", "risk"]) -> Measure:
    """Mean score or share at risk of every domain with its linearised variance."""
    y, wy, yy = ("y", "wy", "yy") if what == "mean" else ("r", "wr", "rr")
    part = {name: table.values[_AT[name]] for name in ("w", y, wy, yy, "ww")}
    position, scale = (1, 100 / table.units) if what == "mean" else (2, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        offset = part[y] / part["w"]
        terms = (part[yy], -2 * offset * part[wy], offset**2 * part["ww"])
        spread = _less_rounding(terms) / part["w"] ** 2
        estimate = table.exact[position] / table.exact[0] * scale
    return Measure(estimate, spread, offset, part["w"])


def difference(area: Moments, own: Measure, all_of: Measure, at: Ints, what: Literal["mean", "risk"]) -> tuple[Floats, Floats]:
    """Area minus the whole that contains it: (difference, variance), [area, sex, index].

    Args:
        own, all_of: the measures of the areas and of the wholes.
        at: per area, its whole's position in `all_of`.
    """
    wy, yy = ("wy", "yy") if what == "mean" else ("wr", "rr")
    part = {name: area.values[_AT[name]] for name in (wy, yy, "ww")}
    outer, weight = all_of.offset[at], all_of.weight[at]
    with np.errstate(invalid="ignore", divide="ignore"):
        shared = part[yy] - (own.offset + outer) * part[wy] + own.offset * outer * part["ww"]
        terms = (own.variance, all_of.variance[at], -2 * shared / (own.weight * weight))
    return own.offset - outer, _less_rounding(terms)


def _less_rounding(terms: tuple[Floats, ...]) -> Floats:
    """Sum of the terms of a variance; what is left of rounding when they cancel counts as 0."""
    total, size = terms[0].copy(), np.abs(terms[0])
    for term in terms[1:]:
        total += term
        size += np.abs(term)
    total[total <= ROUNDING * size] = 0.0
    return total


def standard_error(variance: Floats, scale: float) -> Floats:
    """Square root, 0 below `NOISE`; `scale`: points per unit, 1 for scores and 100 for shares."""
    se = np.sqrt(variance)
    return np.where(se * scale < NOISE, 0.0, se)


def plain_table(
    table: Moments, indices: Sequence[MeanScoreIndex], limits: Limits = "t", sexes: Sequence[int] = (0, 1)
) -> pl.DataFrame:
    """Mean and share at risk per stratum, sex and index.

    Args:
        limits: `t` with PSUs minus strata degrees of freedom: null where se is 0, which would claim certainty. `normal`: estimate
            -/+ 1.96 se as most programs print it. Shares: on the logit scale, null for 0 and 1.

    Returns:
        The stratum columns, `sex` (1, 2, 0 = both), `index` (key), `n`, `n_psu`, `df`, `mean, mean_se, mean_lo, mean_hi` (0-100),
        `risk, risk_se, risk_lo, risk_hi` (0..1); rows with somebody in them, sorted by stratum, sex and index.
    """
    return long_table(table.strata, wide_columns(table, _measures(table), limits), indices, sexes)


def _measures(table: Moments) -> dict[Literal["mean", "risk"], Measure]:
    return {"mean": measure(table, "mean"), "risk": measure(table, "risk")}


def wide_columns(table: Moments, measures: Mapping[Literal["mean", "risk"], Measure], limits: Limits) -> dict[str, Floats]:
    """The columns of `plain_table` as arrays [domain, sex, index]."""
    mean, risk = measures["mean"], measures["risk"]
    columns = {name: table.values[_AT[name]] for name in ("n", "psus", "strata")}
    df = np.maximum(columns["psus"] - columns["strata"], 0.0)
    mean_se, risk_se = standard_error(mean.variance, 1.0), standard_error(risk.variance, 100.0)
    wide = {"n": columns["n"], "n_psu": columns["psus"], "df": df, "mean": mean.estimate, "mean_se": mean_se}
    mean_lo, mean_hi, risk_lo, risk_hi = _limits(mean.estimate, mean_se, risk.estimate, risk_se, df, limits)
    wide |= {"mean_lo": mean_lo, "mean_hi": mean_hi, "risk": risk.estimate, "risk_se": risk_se}
    return wide | {"risk_lo": risk_lo, "risk_hi": risk_hi}


def full_table(
    table: Moments, indices: Sequence[MeanScoreIndex], wave: str, area: str, group: str, limits: Limits = "t"
) -> pl.DataFrame:
    """The cube with all totals: areas and their whole, each group and all groups, each sex and both; and the differences.

    Args:
        wave, area, group: the stratum columns; areas of a wave make up one whole (the county).

    Returns:
        As `plain_table`, with null in `area` for the whole and in `group` for all groups, and `diff_mean, diff_mean_se`
        (0-100), `diff_risk, diff_risk_se` (0..1): area minus whole with the covariance of the two; null on the whole.
    """
    domains: list[pl.DataFrame] = []
    wide: list[dict[str, Floats]] = []
    wholes = domain_moments(table, [wave, group])
    for groups in ([group], []):
        small, whole = domain_moments(table, [wave, area, *groups]), domain_moments(wholes, [wave, *groups])
        position = whole.strata.with_columns(_at=pl.int_range(pl.len()))
        at = small.strata.join(position, on=[wave, *groups], how="left", maintain_order="left")["_at"].to_numpy()
        none = np.full(whole.values.shape[1:], np.nan)
        of_small, of_whole = _measures(small), _measures(whole)
        own, all_of = wide_columns(small, of_small, limits), wide_columns(whole, of_whole, limits)
        for what, scale in _SCALES:
            value, spread = difference(small, of_small[what], of_whole[what], at, what)
            own |= {f"diff_{what}": value, f"diff_{what}_se": standard_error(spread, scale)}
            all_of |= {f"diff_{what}": none, f"diff_{what}_se": none}
        domains += [small.strata, whole.strata]
        wide += [own, all_of]
    # the few domains are put in order, not the many rows
    keys = pl.concat(domains, how="diagonal").select(wave, area, group).with_row_index("_row").sort(wave, area, group)
    place = np.argsort(keys["_row"].to_numpy())
    together = {name: _placed([part[name] for part in wide], place, _BOTH_FIRST) for name in wide[0]}
    return _rows(keys.drop("_row"), together, indices, _BOTH_FIRST)


def _placed(parts: Sequence[Floats], place: Ints, sexes: Sequence[int]) -> Floats:
    """Blocks of domains as one array, each domain at its place and the sexes in their order: copied once."""
    whole = np.empty((len(place), *parts[0].shape[1:]))
    start = 0
    for part in parts:
        own = place[start : start + len(part)]
        for to, sex in enumerate(sexes):
            whole[own, to] = part[:, sex]
        start += len(part)
    return whole


def long_table(
    domains: pl.DataFrame, wide: dict[str, Floats], indices: Sequence[MeanScoreIndex], sexes: Sequence[int] = (0, 1)
) -> pl.DataFrame:
    """Arrays [domain, sex, index] as rows with somebody in them, sorted by domain, sex and index."""
    return _rows(domains, {name: values[:, list(sexes)] for name, values in wide.items()}, indices, sexes)


def _rows(
    domains: pl.DataFrame, wide: dict[str, Floats], indices: Sequence[MeanScoreIndex], sexes: Sequence[int]
) -> pl.DataFrame:
    """`long_table` of arrays that hold these sexes in this order."""
    kept, count = list(sexes), len(indices)
    flat = {name: values.reshape(-1) for name, values in wide.items()}
    cells = (flat["n"] > 0).nonzero()[0]
    if len(cells) < len(flat["n"]):
        flat = {name: values[cells] for name, values in flat.items()}
    frame = pl.DataFrame({name: values.astype(np.int64) if name in _COUNTS else values for name, values in flat.items()})
    sex = np.array(SEX_CODES, dtype=np.int8)[kept][cells // count % len(kept)]
    keys = domains[cells // (count * len(kept))].with_columns(
        sex=pl.Series(sex), index=pl.Series([index.key for index in indices], dtype=pl.String)[cells % count]
    )
    return pl.concat([keys, frame.with_columns(pl.col(pl.Float64).fill_nan(None))], how="horizontal")


def _limits(mean: Floats, mean_se: Floats, risk: Floats, risk_se: Floats, df: Floats, limits: Limits) -> list[Floats]:
    """Lower and upper limits of mean and share; the t limits are those of every other table (`intervals`)."""
    if limits == "t":
        return [*intervals.t_interval(mean, mean_se, df), *intervals.logit_t(risk, risk_se, df)]
    half = NORMAL_95 * mean_se
    inside = (risk > 0) & (risk < 1)
    safe = np.where(inside, risk, 0.5)
    middle, reach = np.log(safe / (1 - safe)), NORMAL_95 * risk_se / (safe * (1 - safe))
    back = [np.where(inside, 1 / (1 + np.exp(-(middle + sign * reach))), np.nan) for sign in (-1, 1)]
    return [mean - half, mean + half, *back]
