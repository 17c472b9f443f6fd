"""Taylor linearisation of ratios under a stratified cluster design, on a table with one row per PSU and domain.

A domain's mean, share or ratio is R = sum of totals / sum of weights (Binder 1983, Int Stat Rev 51:279; Woodruff 1971). PSU c
contributes t_c = (total_c - R weight_c) / W, and 0 when it has no member of the domain. With n_h PSUs in stratum h, all of them
and not only those with members, and the sampled share f_h (0 without finite population correction)

    V = sum over h of (1 - f_h) n_h / (n_h - 1) (sum of t_c squared - (sum of t_c) squared / n_h)

and likewise for the covariance of two estimates from the same PSUs. A stratum with one PSU has no spread of its own: `adjust`
centres it at the grand mean (0 for a linearised ratio) with factor 1 - f_h, `fail` refuses. Degrees of freedom: PSUs minus
strata, both counted among those with members of the domain. Agrees with R survey 4.5 (svymean, svyby, svycontrast).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.methods.errors import PipelineError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Lonely = Literal["adjust", "fail"]


@dataclass(frozen=True)
class Layout:
    """Which row is which: rows are PSU x domain, sorted by domain, then stratum. A pair is a domain's part of a stratum."""

    row_domain: Ints
    pair_start: Ints  # first row of each pair
    pair_domain_start: Ints  # first pair of each domain
    pair_stratum: Ints
    domain_start: Ints  # first row of each domain
    psus: Floats  # per pair: PSUs of the whole stratum
    factor: Floats  # per pair: (1 - f) n / (n - 1), or 1 - f for a lonely PSU
    centred: Floats  # per pair: 1, or 0 for a lonely PSU


def layout(domain: Ints, stratum: Ints, psus: Ints, sampled: Floats | None = None, lonely: Lonely = "adjust") -> Layout:
    """Describe the rows.

    Args:
        domain: per row, 0, 1, 2, ... without gaps, not falling. stratum: per row, not falling within a domain.
        psus: number of PSUs of each stratum. sampled: f_h of each stratum, 0..1; None = 0 (with replacement).
        lonely: `adjust` or `fail`, see the module.

    Raises:
        PipelineError: `fail` and a stratum has one PSU.
    """
    if lonely not in ("adjust", "fail"):
        raise ValueError("lonely must be adjust or fail")
    if lonely == "fail" and (psus == 1).any():
        raise PipelineError(
            code="lonely_psu",
            where="Osäkerhetsberäkningen",
            expected="minst två klasser i varje kommun, årskurs och år",
            got=f"{int((psus == 1).sum())} grupper med en enda klass",
            hint="Välj inställningen adjust, eller lämna ut dem utan intervall.",
        )
    new_domain = _changes(domain)
    pair_start = np.flatnonzero(new_domain | _changes(stratum))
    pair_stratum = stratum[pair_start]
    n = psus[pair_stratum].astype(float)
    free = 1.0 if sampled is None else 1.0 - sampled[pair_stratum]
    return Layout(
        row_domain=domain,
        pair_start=pair_start,
        pair_domain_start=np.flatnonzero(_changes(domain[pair_start])),
        pair_stratum=pair_stratum,
        domain_start=np.flatnonzero(new_domain),
        psus=n,
        factor=free * np.where(n > 1, n / np.maximum(n - 1, 1), 1.0),
        centred=np.where(n > 1, 1.0, 0.0),
    )


def _changes(codes: Ints) -> npt.NDArray[np.bool_]:
    return np.concatenate([[True], codes[1:] != codes[:-1]]) if len(codes) else np.zeros(0, dtype=bool)


def add(values: npt.NDArray[np.generic], starts: Ints) -> npt.NDArray[np.generic]:
    """Sums of consecutive rows, each group beginning at one of `starts`."""
    return np.add.reduceat(values, starts, axis=0)


def ratios(total: Floats, weight: Floats, rows: Layout) -> tuple[Floats, Floats]:
    """R per domain (NaN where nobody has a value) and t per row (0 there), for every column of `total` and `weight`."""
    whole = add(weight, rows.domain_start)
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = add(total, rows.domain_start) / whole
        residual = (total - estimate[rows.row_domain] * weight) / whole[rows.row_domain]
    return estimate, np.where(whole[rows.row_domain] > 0, residual, 0.0)


def covariance(first: Floats, second: Floats, rows: Layout, second_sum: Floats | None = None) -> Floats:
    """Covariance per domain of two linearised estimates.

    Args:
        first: t per row, zero outside the domain. second: t of the other estimate for the same PSUs.
        second_sum: per pair, the sum of the other estimate's t over the whole stratum, when that reaches beyond these rows.
    """
    product = add(first * second, rows.pair_start)
    if second_sum is None:
        second_sum = add(second, rows.pair_start)
    spread = product - (rows.centred / rows.psus)[:, None] * add(first, rows.pair_start) * second_sum
    return add(rows.factor[:, None] * spread, rows.pair_domain_start)


def variance(residual: Floats, rows: Layout) -> Floats:
    """Variance per domain; never below 0."""
    return np.maximum(covariance(residual, residual, rows), 0.0)


def degrees_of_freedom(weight: Floats, rows: Layout) -> tuple[Floats, Floats]:
    """(PSUs with members, PSUs minus strata with members) per domain and column; at least 0."""
    members = add((weight > 0).astype(float), rows.pair_start)
    psus = add(members, rows.pair_domain_start)
    strata = add((members > 0).astype(float), rows.pair_domain_start)
    return psus, np.maximum(psus - strata, 0.0)


@dataclass(frozen=True)
class Design:
    """Names of the design's columns; None for equal weights, single persons as PSUs, one stratum, or no correction.

    `population` holds the number of PSUs that the stratum has in the register (finite population correction).
    """

    weight: str | None = None
    psu: str | None = None
    stratum: str | None = None
    population: str | None = None
    lonely: Lonely = "adjust"


def domain_ratios(
    persons: pl.DataFrame, value: str, by: Sequence[str], design: Design, denominator: str | None = None
) -> pl.DataFrame:
    """Weighted means (shares, when the value is 0/1) or ratios by domain, for any design: the general, not the fast way.

    Args:
        persons: one row per person. `value` and `denominator` are numeric; null in either, or in a `by` column, lies outside
            the domain but stays in the design.

    Returns:
        `by` columns, `estimate`, `se`, `df`, `n` (persons), `n_psu`, `sum_w`; one row per domain with a value, sorted.
    """
    frame = _with_design(persons, design)
    strata = frame.group_by("_h").agg(n=pl.col("_c").n_unique(), population=pl.col("_N").first()).sort("_h")
    frame = frame.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in (value, denominator, *by) if name))
    weight = pl.col("_w") if denominator is None else pl.col("_w") * pl.col(denominator)
    cells = (
        frame.sort(*by, "_h", "_c", "_w", value)
        .group_by(*by, "_h", "_c", maintain_order=True)
        .agg(_n=pl.len(), _sw=pl.col("_w").sum(), _x=weight.sum(), _y=(pl.col("_w") * pl.col(value)).sum())
    )
    domain = (
        cells.select(pl.struct(by).rle_id()).to_series().to_numpy().astype(np.int64) if by else np.zeros(cells.height, np.int64)
    )
    psus = strata["n"].to_numpy().astype(np.int64)
    sampled = None if design.population is None else psus / strata["population"].to_numpy()
    rows = layout(domain, cells["_h"].to_numpy().astype(np.int64), psus, sampled, design.lonely)
    count, sum_w, x, y = (cells[name].cast(pl.Float64).to_numpy()[:, None] for name in ("_n", "_sw", "_x", "_y"))
    estimate, residual = ratios(y, x, rows)
    n_psu, df = degrees_of_freedom(sum_w, rows)
    found = {"estimate": estimate, "se": np.sqrt(variance(residual, rows)), "df": df, "n_psu": n_psu}
    found |= {"n": add(count, rows.domain_start), "sum_w": add(sum_w, rows.domain_start)}
    result = pl.DataFrame({name: column[:, 0] for name, column in found.items()})
    return pl.concat([cells.select(by).unique(maintain_order=True), result], how="horizontal") if by else result


def differences_to_whole(persons: pl.DataFrame, value: str, area: str, design: Design) -> pl.DataFrame:
    """Area minus the whole that contains it, with the standard error of the joint linearisation.

    Returns:
        `area`, `estimate`, `se`; one row per area, sorted.
    """
    by_area = _with_design(persons, design).filter(pl.col(value).is_not_null(), pl.col(area).is_not_null())
    strata = _with_design(persons, design).group_by("_h").agg(n=pl.col("_c").n_unique(), N=pl.col("_N").first()).sort("_h")
    sums = [pl.col("_w").sum().alias("x"), (pl.col("_w") * pl.col(value)).sum().alias("y")]
    psu_rows = by_area.sort(area, "_h", "_c", "_w", value).group_by(area, "_h", "_c", maintain_order=True).agg(sums)
    whole_rows = psu_rows.group_by("_h", "_c", maintain_order=True).agg(pl.col("x", "y").sum()).sort("_h", "_c")
    psus = strata["n"].to_numpy().astype(np.int64)
    sampled = None if design.population is None else psus / strata["N"].to_numpy()

    def arrays(table: pl.DataFrame, domain: Ints) -> tuple[Layout, Floats, Floats]:
        rows = layout(domain, table["_h"].to_numpy().astype(np.int64), psus, sampled, design.lonely)
        return rows, *ratios(table["y"].to_numpy()[:, None], table["x"].to_numpy()[:, None], rows)

    whole, whole_estimate, whole_t = arrays(whole_rows, np.zeros(whole_rows.height, np.int64))
    rows, estimate, t = arrays(psu_rows, psu_rows[area].rle_id().to_numpy().astype(np.int64))
    position = whole_rows.select("_h", "_c").with_row_index("at")
    at = psu_rows.join(position, on=["_h", "_c"], how="left", maintain_order="left")["at"].to_numpy()
    stratum_sum = np.zeros((len(psus), 1))
    stratum_sum[whole.pair_stratum] = add(whole_t, whole.pair_start)
    shared = covariance(t, whole_t[at], rows, stratum_sum[rows.pair_stratum])
    spread = np.maximum(variance(t, rows) + variance(whole_t, whole) - 2 * shared, 0.0)
    return (
        psu_rows.select(area)
        .unique(maintain_order=True)
        .with_columns(estimate=pl.Series((estimate - whole_estimate)[:, 0]), se=pl.Series(np.sqrt(spread)[:, 0]))
    )


def domain_contrast(persons: pl.DataFrame, value: str, first: pl.Expr, second: pl.Expr, design: Design) -> tuple[float, float]:
    """(estimate, se) of the mean in the domain `first` minus that in `second`, linearised jointly: they may share PSUs.

    Args:
        first, second: Boolean conditions on `persons`; the domains may overlap. Rows outside both stay in the design.
    """
    frame = _with_design(persons, design)
    strata = frame.group_by("_h").agg(n=pl.col("_c").n_unique(), population=pl.col("_N").first()).sort("_h")
    known = pl.col(value).is_not_null()
    inside = [pl.when(known & domain.fill_null(False)).then(pl.col("_w")).otherwise(0.0) for domain in (first, second)]
    sums = [part.sum().alias(f"x{n}") for n, part in enumerate(inside)]
    sums += [(part * pl.col(value).fill_null(0)).sum().alias(f"y{n}") for n, part in enumerate(inside)]
    cells = frame.sort("_h", "_c", "_w", value).group_by("_h", "_c", maintain_order=True).agg(sums)
    psus = strata["n"].to_numpy().astype(np.int64)
    sampled = None if design.population is None else psus / strata["population"].to_numpy()
    one = np.zeros(cells.height, dtype=np.int64)
    rows = layout(one, cells["_h"].to_numpy().astype(np.int64), psus, sampled, design.lonely)
    estimate, residual = ratios(cells.select("y0", "y1").to_numpy(), cells.select("x0", "x1").to_numpy(), rows)
    spread = variance(residual[:, [0]] - residual[:, [1]], rows)
    return float(estimate[0, 0] - estimate[0, 1]), float(np.sqrt(spread[0, 0]))


def _with_design(persons: pl.DataFrame, design: Design) -> pl.DataFrame:
    """Add `_w` weight, `_h` stratum number, `_c` PSU number and `_N` PSUs of the stratum in the register."""
    weight = pl.lit(1.0) if design.weight is None else pl.col(design.weight).cast(pl.Float64)
    stratum = pl.lit(0) if design.stratum is None else pl.col(design.stratum).rank("dense").cast(pl.Int64) - 1
    psu = pl.int_range(pl.len()) if design.psu is None else pl.col(design.psu).rank("dense").cast(pl.Int64)
    population = pl.lit(None, dtype=pl.Float64) if design.population is None else pl.col(design.population).cast(pl.Float64)
    return persons.with_columns(_w=weight, _h=stratum, _c=psu, _N=population)
