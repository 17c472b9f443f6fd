"""Estimators under any survey design: totals, means, shares, ratios, quantiles, contrasts, and tables of domains. Pure.

Influences after Binder (1983) and Deville (1999); quantiles with Woodruff's interval (1952, JASA 47:635); area against a whole
that contains it by joint linearisation. A missing value lies outside the domain but stays in the design.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl

from assets.methods import intervals
from assets.methods.design import Floats, Mask, Sample, Statistic

Reason = Literal["ok", "no_answers", "no_weight", "no_degrees_of_freedom", "no_spread", "lonely_stratum", "not_positive"]
NOISE = 1e-6  # a standard error below this is the rounding of a spread of 0
SCHEMA = {
    "statistic": pl.String,
    "estimate": pl.Float64,
    "se": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "level": pl.Float64,
    "df": pl.Int64,
    "n": pl.Int64,
    "n_psu": pl.Int64,
    "sum_w": pl.Float64,
    "deff": pl.Float64,
    "method": pl.String,
    "reason": pl.String,
}


def total(sample: Sample, value: str, where: pl.Expr | None = None) -> Statistic:
    """Weighted total of a column among those who fulfil a condition and have a value."""
    y, domain = _known(sample, value, where)
    return Statistic(float(np.sum(sample.weight * y)), y, domain)


def ratio(sample: Sample, numerator: str, denominator: str, where: pl.Expr | None = None) -> Statistic:
    """Ratio of two totals, over those who have both; NaN when the denominator adds to 0."""
    y, has = _known(sample, numerator, where)
    x, domain = _known(sample, denominator, where)
    return _ratio(sample, np.where(domain & has, y, 0.0), np.where(domain & has, x, 0.0), domain & has)


def mean(sample: Sample, value: str, where: pl.Expr | None = None) -> Statistic:
    """Weighted mean; a share when the value is 0 or 1."""
    y, domain = _known(sample, value, where)
    return _ratio(sample, y, domain.astype(float), domain)


def _known(sample: Sample, value: str, where: pl.Expr | None) -> tuple[Floats, Mask]:
    y = sample.column(value)
    domain = sample.where(where) & np.isfinite(y)
    return np.where(domain, y, 0.0), domain


def _ratio(sample: Sample, y: Floats, x: Floats, domain: Mask) -> Statistic:
    whole = float(np.sum(sample.weight * x))
    if not domain.any() or whole == 0:
        return Statistic(np.nan, np.full(len(y), np.nan), domain)
    value = float(np.sum(sample.weight * y)) / whole
    return Statistic(value, (y - value * x) / whole, domain)


def log_ratio(part: Statistic, whole: Statistic) -> Statistic:
    """log(part / whole), for a ratio interval that stays above 0."""
    return part.log().minus(whole.log())


def design_effect(sample: Sample, value: str, statistic: Statistic, with_replacement: bool = True) -> float:
    """Variance of a mean over that of a simple random sample of as many persons (Kish 1965); NaN without spread."""
    y, domain = _known(sample, value, None)
    domain &= statistic.domain
    n, whole = int((domain & (sample.weight > 0)).sum()), float(sample.weight[domain].sum())
    spread = float(np.sum(sample.weight[domain] * (y[domain] - statistic.value) ** 2))
    if n < 2 or spread == 0:
        return np.nan
    simple = spread / whole / (n - 1)
    if not with_replacement:
        simple *= (whole - n) / whole
    return sample.variance(statistic) / simple


def quantile(
    sample: Sample, value: str, share: float, where: pl.Expr | None = None, level: float = 0.95
) -> tuple[float, float, float, float]:
    """(quantile, se, low, high): the least value at which the weights up to it reach `share` (R survey's rule `math`).

    Interval: the t interval of the share at or below the quantile, carried back through the distribution (Woodruff); se is the
    interval's width over two t quantiles. NaN where nothing can be said; a limit outside the values' range is NaN.
    """
    if not 0 < share < 1:
        raise ValueError("share must lie between 0 and 1")
    y, domain = _known(sample, value, where)
    domain &= sample.weight > 0
    if not domain.any():
        return (np.nan,) * 4
    values, position = np.unique(y[domain], return_inverse=True)
    weight = np.bincount(position, sample.weight[domain])
    reached = np.cumsum(weight) / weight.sum()
    found = float(values[_at(reached, share)])
    below = _ratio(sample, np.where(domain, (y <= found).astype(float), 0.0), domain.astype(float), domain)
    df = sample.degrees_of_freedom(domain)
    spread = float(np.sqrt(sample.variance(below))) if df >= 1 else np.nan
    half = float(intervals.t_quantile(df, level)) * spread
    if not half > 0:
        return found, np.nan, np.nan, np.nan
    low, high = share - half, share + half
    limits = [float(values[_at(reached, limit)]) if 0 < limit < 1 else np.nan for limit in (low, high)]
    return found, (limits[1] - limits[0]) / (2 * float(intervals.t_quantile(df, level))), *limits


def quantile_row(
    sample: Sample, value: str, share: float, where: pl.Expr | None = None, level: float = 0.95
) -> dict[str, float | int | str | None]:
    """`quantile` as a row of `SCHEMA`; an interval that reaches beyond the values, or has no width, is null (`no_spread`)."""
    found, se, low, high = quantile(sample, value, share, where, level)
    _, domain = _known(sample, value, where)
    row = described(sample, Statistic(np.nan, np.zeros(len(domain)), domain), f"p{100 * share:g}", level)
    row["method"] = "woodruff"
    if not np.isfinite(found):
        return row
    row |= {"estimate": found}
    if row["df"] < 1:
        return row | {"reason": "no_degrees_of_freedom"}
    if not (np.isfinite(low) and np.isfinite(high) and high > low):
        return row | {"reason": "no_spread"}
    return row | {"se": se, "low": low, "high": high, "reason": "ok"}


def _at(reached: Floats, share: float) -> int:
    return min(int(np.searchsorted(reached, share * (1 - 1e-12), side="left")), len(reached) - 1)


def described(
    sample: Sample, statistic: Statistic, name: str, level: float = 0.95, kind: Literal["t", "logit", "log"] = "t"
) -> dict[str, float | int | str | None]:
    """A row of a table of estimates: see `SCHEMA`. Null carries its reason; there is never an interval of width 0.

    Args:
        kind: `t`; `logit` for shares (falls back to no interval at 0 and 1); `log` when the statistic is the log of a ratio,
            which is then reported as the ratio with the standard error of the ratio.
    """
    domain = statistic.domain & (sample.weight > 0)
    row = dict.fromkeys(SCHEMA) | {
        "statistic": name,
        "level": level,
        "n": int(domain.sum()),
        "n_psu": sample.units(domain),
        "sum_w": float(sample.weight[domain].sum()),
        "df": max(sample.degrees_of_freedom(domain), 0),
        "method": f"taylor_{kind}",
    }
    if not np.isfinite(statistic.value):
        return row | {"reason": _absent(statistic, row["n"])}
    value = float(np.exp(statistic.value)) if kind == "log" else statistic.value
    variance = sample.variance(statistic)
    row |= {"estimate": value}
    if not np.isfinite(variance):
        return row | {"reason": "lonely_stratum"}
    se = float(np.sqrt(variance))
    row |= {"se": 0.0 if se < NOISE * min(1.0, abs(statistic.value) or 1.0) else se * (value if kind == "log" else 1.0)}
    if row["df"] < 1:
        return row | {"reason": "no_degrees_of_freedom", "se": None}
    if not row["se"] > 0:
        return row | {"reason": "no_spread"}
    low, high = (intervals.logit_t if kind == "logit" else intervals.t_interval)(statistic.value, se, row["df"], level)
    if not np.isfinite(low):
        return row | {"reason": "no_spread"}
    low, high = (np.exp(low), np.exp(high)) if kind == "log" else (low, high)
    return row | {"low": float(low), "high": float(high), "reason": "ok"}


def _absent(statistic: Statistic, n: int) -> Reason:
    if not statistic.domain.any():
        return "no_answers"
    return "no_weight" if n == 0 else "not_positive"


def domain_table(
    sample: Sample,
    value: str,
    by: Sequence[str] = (),
    kind: Literal["mean", "share", "total", "ratio"] = "mean",
    denominator: str | None = None,
    level: float = 0.95,
) -> pl.DataFrame:
    """One estimate per domain.

    Args:
        value: column; for `ratio` the numerator. by: columns whose values make the domains; a null there lies outside.

    Returns:
        The `by` columns and `SCHEMA`, sorted by `by`. `deff` only for means and shares.
    """
    if (kind == "ratio") != (denominator is not None):
        raise ValueError("a ratio, and nothing else, needs a denominator")
    domains = sample.frame.select(by).drop_nulls().unique().sort(by) if by else pl.DataFrame({"": [None]})
    rows = []
    for domain in domains.iter_rows(named=True):
        where = pl.all_horizontal(pl.col(name) == code for name, code in domain.items()) if by else None
        if kind == "total":
            found = total(sample, value, where)
        elif kind == "ratio":
            found = ratio(sample, value, str(denominator), where)
        else:
            found = mean(sample, value, where)
        row = described(sample, found, kind, level, "logit" if kind == "share" else "t")
        effect = design_effect(sample, value, found) if kind in ("mean", "share") and row["se"] is not None else np.nan
        rows.append((domain if by else {}) | row | {"deff": effect if np.isfinite(effect) else None})
    schema = {name: sample.frame.schema[name] for name in by} | SCHEMA
    return pl.DataFrame(rows, schema=schema)


def against_whole(sample: Sample, value: str, area: str, scope: pl.Expr | None = None, level: float = 0.95) -> pl.DataFrame:
    """Every area against the whole that contains it, with the covariance of the two.

    Args:
        area: column of area codes. scope: which persons the whole consists of (one county and wave); None = all.

    Returns:
        `area` column and `SCHEMA`, six rows per area: `area`, `county`, `rest` (the whole without the area), `diff` (area minus
        whole), `diff_rest` (area minus rest), `ratio` (area over whole; interval on the log scale). A test of `diff` is a test of
        `diff_rest`.
    """
    scope = pl.lit(True) if scope is None else scope
    whole = mean(sample, value, scope)
    rows = []
    for code in sample.frame[area].drop_nulls().unique().sort():
        inside = scope & (pl.col(area) == code)
        part, rest = mean(sample, value, inside), mean(sample, value, scope & (pl.col(area) != code))
        found = {"area": part, "county": whole, "rest": rest, "diff": part.minus(whole), "diff_rest": part.minus(rest)}
        plain = [described(sample, s, name, level) for name, s in found.items()]
        plain.append(described(sample, log_ratio(part, whole), "ratio", level, "log"))
        size = {"df": plain[0]["df"], "n": plain[0]["n"], "n_psu": plain[0]["n_psu"], "sum_w": plain[0]["sum_w"]}
        rows += [
            {area: code} | (own_size(row, size, level) if row["statistic"] in ("diff", "diff_rest") else row) for row in plain
        ]
    return pl.DataFrame(rows, schema={area: sample.frame.schema[area]} | SCHEMA)


def own_size(row: dict, size: dict, level: float) -> dict:
    """A contrast is as sure as its smaller part: its size and degrees of freedom are the area's."""
    row = row | size
    if row["se"] is None or not row["se"] > 0:
        return row
    low, high = intervals.t_interval(row["estimate"], row["se"], size["df"], level)
    if not np.isfinite(low):
        return row | {"low": None, "high": None, "reason": "no_degrees_of_freedom"}
    return row | {"low": float(low), "high": float(high), "reason": "ok"}
