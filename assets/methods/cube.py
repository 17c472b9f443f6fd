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

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.methods import intervals
from assets.methods.pattern_sums import WEIGHT_UNITS, ClassSums, MeanScoreIndex

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Limits = Literal["normal", "t"]

NOISE = 1e-6
"""A standard error below this, in points of 0-100, is the rounding of a spread of 0 (51-performance)."""
NORMAL_95 = 1.959963984540054
_PARTS = ("n", "psus", "strata", "w", "y", "r", "ww", "wy", "yy", "wr", "rr")
_AT = {name: position for position, name in enumerate(_PARTS)}


@dataclass(frozen=True)
class Moments:
    """Sums and moments per stratum: `values` [index, stratum, sex, part], parts as in `_PARTS`; sexes first, second, both.

    `exact`: [index, stratum, sex, 3] weights, weighted score units and weighted pupils at risk in millionths, whole numbers.
    `units`: per index the score units in 100. Scores and shares in `values` are centred at the mean of everybody.
    """

    strata: pl.DataFrame
    values: Floats
    exact: Ints
    units: Floats


def moments(sums: ClassSums, indices: Sequence[MeanScoreIndex], workers: int = 2) -> Moments:
    """Second moments of the class sums, stratum by stratum.

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
    values = np.zeros((len(indices), len(n), 3, len(_PARTS)))
    exact = np.zeros((len(indices), len(n), 3, 3), dtype=np.int64)
    rows = starts if len(starts) < len(sums.psu) else None

    def one(k: int) -> None:
        scale = 100 / indices[k].unit
        by_sex = [_weighted(sums, k, sex, rows) for sex in (0, 1)]
        by_sex.append(tuple(a + b for a, b in zip(*by_sex, strict=True)))
        weights, scores, risks = (int(part.sum()) for part in by_sex[2][1:])
        middle = (scores / weights, risks / weights) if weights else (0.0, 0.0)
        for sex, (count, weight, score, risk) in enumerate(by_sex):
            w = weight / WEIGHT_UNITS
            y = (score / WEIGHT_UNITS - middle[0] * w) * scale
            r = risk / WEIGHT_UNITS - middle[1] * w
            values[k, :, sex] = _stratum_parts(count, w, y, r, first, factor, share)
            exact[k, :, sex] = np.stack([np.add.reduceat(part, first) for part in (weight, score, risk)], axis=1)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, range(len(indices))))
    return Moments(sums.strata, values, exact, np.array([index.unit for index in indices], dtype=float))


def _weighted(sums: ClassSums, index: int, sex: int, starts: Ints | None) -> tuple[Ints, Ints, Ints, Ints]:
    """Pupils, weights, weighted score units and weighted pupils at risk per PSU, all whole numbers."""
    count, score, risk = sums.unpack(index, sex)
    parts = (count, count * sums.weight, score * sums.weight, risk * sums.weight)
    return parts if starts is None else tuple(np.add.reduceat(part, starts) for part in parts)


def _stratum_parts(count: Ints, w: Floats, y: Floats, r: Floats, first: Ints, factor: Floats, share: Floats) -> Floats:
    def total(values: npt.NDArray[np.generic]) -> Floats:
        return np.add.reduceat(values, first).astype(float)

    members = total((count > 0).astype(np.int64))
    sum_w, sum_y, sum_r = total(w), total(y), total(r)

    def moment(a: Floats, b: Floats, sum_a: Floats, sum_b: Floats) -> Floats:
        return factor * (total(a * b) - sum_a * sum_b * share)

    parts = [total(count), members, (members > 0).astype(float), sum_w, sum_y, sum_r, moment(w, w, sum_w, sum_w)]
    parts += [moment(w, y, sum_w, sum_y), moment(y, y, sum_y, sum_y), moment(w, r, sum_w, sum_r), moment(r, r, sum_r, sum_r)]
    return np.stack(parts, axis=1)


def domain_moments(table: Moments, by: Sequence[str]) -> Moments:
    """Moments of coarser domains: strata that agree in the columns `by` added up, sorted by them."""
    if not by:
        whole = pl.DataFrame({"_all": [0]}).drop("_all")
        return Moments(whole, *(part.sum(axis=1, keepdims=True) for part in (table.values, table.exact)), table.units)
    numbered = table.strata.select(by).with_row_index("_row").sort(*by, maintain_order=True)
    at = numbered.select(pl.struct(by).rle_id()).to_series().to_numpy()
    first = np.flatnonzero(np.diff(at.astype(np.int64), prepend=-1))
    rows = numbered["_row"].to_numpy()
    values, exact = (np.add.reduceat(part[:, rows], first, axis=1) for part in (table.values, table.exact))
    return Moments(numbered.unique(by, keep="first", maintain_order=True).select(by), values, exact, table.units)


@dataclass(frozen=True)
class Measure:
    """Estimate (score 0-100 or share 0..1) and variance, [index, domain, sex]; NaN where nobody has a score."""

    estimate: Floats
    variance: Floats
    offset: Floats  # estimate minus the centre
    weight: Floats


def measure(table: Moments, what: Literal["mean", "risk"]) -> Measure:
    """Mean score or share at risk of every domain with its linearised variance."""
    y, wy, yy = ("y", "wy", "yy") if what == "mean" else ("r", "wr", "rr")
    part = {name: table.values[..., _AT[name]] for name in ("w", y, wy, yy, "ww")}
    position, scale = (1, 100 / table.units[:, None, None]) if what == "mean" else (2, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        offset = part[y] / part["w"]
        spread = (part[yy] - 2 * offset * part[wy] + offset**2 * part["ww"]) / part["w"] ** 2
        estimate = table.exact[..., position] / table.exact[..., 0] * scale
    return Measure(estimate, np.maximum(spread, 0.0), offset, part["w"])


def difference(area: Moments, whole: Moments, at: Ints, what: Literal["mean", "risk"]) -> tuple[Floats, Floats]:
    """Area minus the whole that contains it: (difference, variance), [index, area, sex].

    Args:
        at: per area, its whole's position in `whole`.
    """
    own, all_of = measure(area, what), measure(whole, what)
    wy, yy = ("wy", "yy") if what == "mean" else ("wr", "rr")
    part = {name: area.values[..., _AT[name]] for name in (wy, yy, "ww")}
    outer, weight = all_of.offset[:, at], all_of.weight[:, at]
    with np.errstate(invalid="ignore", divide="ignore"):
        shared = part[yy] - (own.offset + outer) * part[wy] + own.offset * outer * part["ww"]
        shared = shared / (own.weight * weight)
    spread = own.variance + all_of.variance[:, at] - 2 * shared
    return own.offset - outer, np.maximum(spread, 0.0)


def standard_error(variance: Floats, scale: float) -> Floats:
    """Square root, where what is left of rounding counts as 0; `scale`: 1 for scores, 100 for shares (points per unit)."""
    se = np.sqrt(variance)
    return np.where(se * scale < NOISE, 0.0, se)


def plain_table(
    table: Moments, indices: Sequence[MeanScoreIndex], limits: Limits = "t", sexes: Sequence[int] = (0, 1)
) -> pl.DataFrame:
    """Mean and share at risk per stratum, sex and index.

    Args:
        limits: `normal` or `t` with PSUs minus strata degrees of freedom. Shares: on the logit scale; none for 0 and 1.

    Returns:
        The stratum columns, `sex` (1, 2, 0 = both), `index` (key), `n`, `n_psu`, `df`, `mean, mean_se, mean_lo, mean_hi` (0-100),
        `risk, risk_se, risk_lo, risk_hi` (0..1); rows with somebody in them, sorted by stratum, sex and index.
    """
    return long_table(table.strata, wide_columns(table, limits), indices, sexes)


def wide_columns(table: Moments, limits: Limits) -> dict[str, Floats]:
    """The columns of `plain_table` as arrays [index, domain, sex]."""
    mean, risk = measure(table, "mean"), measure(table, "risk")
    columns = {name: table.values[..., _AT[name]] for name in ("n", "psus", "strata")}
    df = np.maximum(columns["psus"] - columns["strata"], 0.0)
    mean_se, risk_se = standard_error(mean.variance, 1.0), standard_error(risk.variance, 100.0)
    wide = {"n": columns["n"], "n_psu": columns["psus"], "df": df, "mean": mean.estimate, "mean_se": mean_se}
    wide["mean_lo"], wide["mean_hi"] = _symmetric(mean.estimate, mean_se, df, limits)
    wide |= {"risk": risk.estimate, "risk_se": risk_se}
    wide["risk_lo"], wide["risk_hi"] = _logit(risk.estimate, risk_se, df, limits)
    return wide


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
    parts = []
    for groups in ([group], []):
        small, whole = domain_moments(table, [wave, area, *groups]), domain_moments(table, [wave, *groups])
        key = [wave, *groups]
        position = whole.strata.with_columns(_at=pl.int_range(pl.len()))
        at = small.strata.join(position, on=key, how="left", maintain_order="left")["_at"].to_numpy()
        own = wide_columns(small, limits)
        for what, scale in (("mean", 1.0), ("risk", 100.0)):
            value, spread = difference(small, whole, at, what)
            own |= {f"diff_{what}": value, f"diff_{what}_se": standard_error(spread, scale)}
        parts.append(long_table(small.strata, own, indices, (0, 1, 2)))
        parts.append(long_table(whole.strata, wide_columns(whole, limits), indices, (0, 1, 2)))
    result = pl.concat(parts, how="diagonal").select(wave, area, group, pl.exclude(wave, area, group))
    return result.sort(wave, area, group, "sex", maintain_order=True)


def long_table(
    domains: pl.DataFrame, wide: dict[str, Floats], indices: Sequence[MeanScoreIndex], sexes: Sequence[int] = (0, 1)
) -> pl.DataFrame:
    """Arrays [index, domain, sex] as rows with somebody in them, sorted by domain, sex and index."""
    kept = list(sexes)
    rows, count = domains.height, len(indices)
    shape = (rows, len(kept), count)
    names = pl.Series([index.key for index in indices])
    where = np.arange(rows).repeat(len(kept) * count)
    sex = np.array([1, 2, 0], dtype=np.int8)[kept]
    flat = {name: np.moveaxis(values[:, :, kept], 0, 2).reshape(-1) for name, values in wide.items()}
    some = flat["n"] > 0
    frame = pl.DataFrame({name: values[some] for name, values in flat.items()})
    counts = [name for name in ("n", "n_psu", "df") if name in frame.columns]
    frame = frame.with_columns(pl.col(counts).cast(pl.Int64), pl.col(pl.Float64).exclude(counts).fill_nan(None))
    at_sex = np.broadcast_to(sex[None, :, None], shape).reshape(-1)[some]
    at_index = np.broadcast_to(np.arange(count)[None, None, :], shape).reshape(-1)[some]
    keys = domains[where[some]].with_columns(sex=pl.Series(at_sex), index=names[at_index])
    return pl.concat([keys, frame], how="horizontal")


def _quantile(df: Floats, limits: Limits) -> Floats:
    if limits == "normal":
        return np.full(df.shape, NORMAL_95)
    return intervals.t_quantile(df, 0.95)


def _symmetric(estimate: Floats, se: Floats, df: Floats, limits: Limits) -> tuple[Floats, Floats]:
    half = _quantile(df, limits) * se
    return estimate - half, estimate + half


def _logit(share: Floats, se: Floats, df: Floats, limits: Limits) -> tuple[Floats, Floats]:
    inside = (share > 0) & (share < 1)
    safe = np.where(inside, share, 0.5)
    middle, half = np.log(safe / (1 - safe)), _quantile(df, limits) * se / (safe * (1 - safe))
    low, high = (np.where(inside, 1 / (1 + np.exp(-(middle + sign * half))), np.nan) for sign in (-1, 1))
    return low, high
