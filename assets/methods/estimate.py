"""Counts and estimates per area, wave, grade, sex and index, with design-based uncertainty.

Model: respondents are a stratified cluster sample with replacement from a superpopulation: stratum = municipality x grade x
wave, PSU = class, no finite population correction, weights 1; or the strata, PSUs and weights of the survey's own sampling design
when it has one (`psu_sums.py`). An area is a domain inside its strata: classes without a member count with 0, and city districts
are domains of their municipality's stratum (a class may have pupils in several). Formulas: `linearise.py`.

Intervals. Shares strictly between 0 and 1: logit-t. Shares of 0 or 1 have no Taylor variance: Clopper-Pearson on n divided by the
design effect pooled over the index (same wave and sex, all municipalities), at least that of the cell's own weights (Kish 1965:
n sum w^2 / (sum w)^2) and at least 1. Means and differences: t. The degrees of
freedom of a difference are those of its smaller part (area; girls or boys), which is cautious. Nothing gets an interval when the
classes leave no degree of freedom, or of width 0; a difference in which a share is 0 or 1 has an estimate only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.methods import intervals, percentiles
from assets.methods.bands import FOCUS_BAND, Kind
from assets.methods.estimate_reasons import reason_of_estimate
from assets.methods.linearise import Floats, Ints, Layout, Lonely, add, covariance, degrees_of_freedom, layout, ratios, variance
from assets.methods.primary_rules import CONTRIBUTORS, contributor, two_largest
from assets.methods.psu_sums import (
    AREA_LEVELS,
    DOMAIN,
    SCORE_UNITS,
    SEXES,
    SQUARE_SHRINK,
    WEIGHT_SQUARES,
    WEIGHT_UNITS,
    AreaSums,
    area_sums,
    by_area,
    psu_sums,
    psus_per_stratum,
    sum_name,
    weight_units,
)
from assets.methods.rest_of_county import Totals, differences_to_rest

MEASURES = (
    "share_band1",
    "share_band2",
    "share_band3",
    "mean",
    "sd",
    "diff_share_focus",
    "diff_mean",
    "sex_gap_share_focus",
    "sex_gap_mean",
)
REST_MEASURES = ("diff_rest_share_focus", "diff_rest_mean")
_ORDER = (*MEASURES, *REST_MEASURES, *percentiles.MEASURES)
NOISE = 1e-6  # a standard error (share or logits) below this is the rounding of a spread of 0
METHOD = "taylor_strat_cluster"
WEIGHTED_METHOD = "taylor_strat_cluster_weighted"
Persons = pl.DataFrame | pl.LazyFrame
_KEYS = ["area_level", *DOMAIN, "sex", "index_key"]
_MEAN = slice(9, 12)  # columns of a block: 3 bands and the mean, each girl, boy, all


def area_counts(
    persons: Persons, index_keys: Sequence[str], levels: Sequence[str] = AREA_LEVELS, stratum: str | None = None
) -> pl.DataFrame:
    """Count respondents, scored pupils and bands.

    Args:
        persons: see `psu_sums.psu_sums`; `school_code` may be null (then the school is not counted).

    Returns:
        One row per area, wave and grade with respondents x sex (girl, boy, all) x index, sorted so: `area_level, area_code,
        wave, grade, sex, index_key`, `n_respondents, n_scored, n_unscored, band1, band2, band3` (persons), `n_schools, n_psu`
        (schools and classes with a scored pupil), `largest_school, second_school` (scored pupils of the two largest schools, a
        class where no school is named); Int64. Bands sum to n_scored, `all` to girls + boys.
    """
    table = psu_sums(persons, index_keys, stratum=stratum).with_columns(contributor("school_id", "psu_id"))
    parts = []
    for level in levels:
        rows = by_area(table, level)
        domains = rows.select(DOMAIN).unique()
        for sex in SEXES:
            chosen = rows if sex == "all" else rows.filter(pl.col("sex") == sex)
            found = chosen.group_by(DOMAIN).agg(pl.col("respondents").sum(), *(e for key in index_keys for e in _counts(key)))
            largest = two_largest(chosen, DOMAIN, {sum_name(key, "n"): key for key in index_keys})
            cells = domains.join(found, on=DOMAIN, how="left").join(largest, on=DOMAIN, how="left").fill_null(0)
            parts += [_count_rows(cells, key).with_columns(area_level=pl.lit(level), sex=pl.lit(sex)) for key in index_keys]
    columns = [*_KEYS, "n_respondents", "n_scored", "n_unscored", "band1", "band2", "band3", "n_schools", "n_psu", *CONTRIBUTORS]
    return in_order(pl.concat(parts), index_keys).select(columns)


def _counts(key: str) -> list[pl.Expr]:
    sums = [pl.col(sum_name(key, what)).sum() for what in ("n", "w1", "w2", "w3")]
    scored = pl.col(sum_name(key, "n")) > 0
    units = {"schools": pl.col("school_id"), "psu": pl.col("psu_id")}
    return sums + [unit.filter(scored).drop_nulls().n_unique().alias(sum_name(key, what)) for what, unit in units.items()]


def _count_rows(cells: pl.DataFrame, key: str) -> pl.DataFrame:
    wanted = {"n_scored": "n", "band1": "w1", "band2": "w2", "band3": "w3", "n_schools": "schools", "n_psu": "psu"}
    return cells.select(
        *DOMAIN,
        pl.lit(key).alias("index_key"),
        pl.col("respondents").alias("n_respondents"),
        (pl.col("respondents") - pl.col(sum_name(key, "n"))).alias("n_unscored"),
        *(pl.col(sum_name(key, what)).cast(pl.Int64).alias(name) for name, what in wanted.items()),
        *(pl.col(sum_name(key, name)).alias(name) for name in CONTRIBUTORS),
    )


def area_estimates(
    persons: pl.DataFrame | pl.LazyFrame,
    kinds: Mapping[str, Kind],
    levels: Sequence[str] = AREA_LEVELS,
    confidence_level: float = 0.95,
    lonely: Lonely = "adjust",
    weight: str | None = None,
    stratum: str | None = None,
    *,
    rest: bool = False,
    quantiles: bool = False,
) -> pl.DataFrame:
    """Estimate shares in bands, means, and differences to the county and between the sexes.

    Args:
        persons: see `psu_sums.psu_sums`. kinds: index key -> risk or protective, which decides the focus band.
        levels: the area levels wanted; differences compare with the county that contains the area, from the same persons.
        lonely: what to do with a municipality that has one class in a grade: `adjust` (its spread around the county's mean
            counts in county figures; alone it has no interval) or `fail`.
        weight: column of weights, see `psu_sums.psu_sums`; None = 1.
        stratum: column of design strata; None = municipality x grade x wave.
        rest: also differences to the rest of the county (`REST_MEASURES`, see `rest_of_county.py`).
        quantiles: also percentiles of the scores (`percentiles.MEASURES`).

    Returns:
        One row per area, wave and grade with respondents x sex x index x measure, sorted so: `area_level, area_code, wave,
        grade, sex, index_key, measure`, `estimate, se, low, high` (shares 0..1, else logits), `df`, `n` (scored persons), `n_psu`
        (classes with one), `sum_w` (their weights; n without), `method` (`METHOD`; `WEIGHTED_METHOD` with weights),
        `interval_method, confidence_level, p_value` (two-sided t test of no difference; differences only), `reason` (why the
        estimate or its interval is null, `estimate_reasons.py`). Measures: `MEASURES`; differences to the county only for
        smaller areas, sex gaps (girl minus boy) only on `all`.
        `sd` is the spread between pupils (n - 1), without interval. Null: it cannot be estimated. Scores count in millionths.

    Raises:
        PipelineError: see `psu_sums.psu_sums`; or `fail` and a stratum has one class.
    """
    table = psu_sums(persons, list(kinds), weight, stratum)
    if table.is_empty():
        return _empty()
    psus = psus_per_stratum(table)
    needed = dict.fromkeys(("county", "municipality", *levels))
    areas = {level: area_sums(table, level, list(kinds)) for level in needed}
    areas = {level: area for level, area in areas.items() if area.domains.height}
    rows = {level: layout(area.domain, area.stratum, psus, lonely=lonely) for level, area in areas.items()}
    parts = []
    for key, kind in kinds.items():
        blocks = {level: _block(key, areas[level], rows[level], weight_units(weight)) for level in areas}
        effects = _pooled_design_effects(blocks["municipality"])
        for level in (level for level in levels if level in blocks):
            parts.append(_own_rows(blocks[level], effects, confidence_level).with_columns(index_key=pl.lit(key)))
            gap = _gap_rows(blocks[level], kind, confidence_level)
            parts.append(gap.with_columns(index_key=pl.lit(key)))
            parts[-2:] = [part.with_columns(area_level=pl.lit(level)) for part in parts[-2:]]
            if level != "county":
                diff = [_difference_rows(blocks[level], blocks["county"], kind, confidence_level, len(psus))]
                if rest:
                    diff.append(_rest_rows(blocks[level], blocks["county"], kind, confidence_level))
                parts += [part.with_columns(area_level=pl.lit(level), index_key=pl.lit(key)) for part in diff]
    if quantiles:
        wanted = {level: areas[level] for level in levels if level in areas}
        found = percentiles.percentile_rows(persons, table, wanted, rows, list(kinds), confidence_level, weight)
        parts.append(found.with_columns(method=pl.lit(METHOD)))
    floats = ["estimate", "se", "low", "high", "df", "p_value"]
    result = pl.concat(parts, how="diagonal").with_columns(pl.col(floats).fill_nan(None), confidence_level=confidence_level)
    result = result.with_columns(
        pl.col("method").replace({METHOD: WEIGHTED_METHOD}) if weight else "method", reason_of_estimate()
    )
    return in_order(result, list(kinds)).select(_empty().columns).cast(_empty().schema)


@dataclass(frozen=True)
class _Block:
    """One index at one level. 12 columns: bands 1-3 and the mean in score units, each girl, boy, all."""

    area: AreaSums
    rows: Layout
    estimate: Floats  # [domains, 12]
    residual: Floats  # [rows, 12]
    variance: Floats  # [domains, 12]
    n: Floats  # [domains, 3]
    n_psu: Floats
    df: Floats
    sd: Floats
    kish: Floats  # [domains, 3]
    sum_w: Floats  # [domains, 3]
    totals: Totals  # [rows, 12]


def _block(key: str, area: AreaSums, rows: Layout, units: int) -> _Block:
    sums = {what: area.sums[sum_name(key, what)] for what in ("n", "w", "w1", "w2", "w3", "y", "q")}
    weight, *bands = (sums[what].astype(float) / units for what in ("w", "w1", "w2", "w3"))
    total = np.hstack([*bands, sums["y"].astype(float)])
    estimate, residual = ratios(total, np.tile(weight, (1, 4)), rows)
    n_psu, df = degrees_of_freedom(sums["n"], rows)
    n = add(sums["n"], rows.domain_start).astype(float)
    kish = kish_effect(n, weight, area.sums.get(sum_name(key, WEIGHT_SQUARES)), rows)
    spread = _standard_deviations(sums, rows, units)
    sum_w, totals = add(weight, rows.domain_start), Totals(total, np.tile(weight, (1, 4)), rows)
    return _Block(area, rows, estimate, residual, variance(residual, rows), n, n_psu, df, spread, kish, sum_w, totals)


def kish_effect(n: Floats, weight: Floats, squares: np.ndarray | None, rows: Layout) -> Floats:
    """Design effect of unequal weights per domain (Kish 1965): n sum w^2 / (sum w)^2; 1 without weights or persons."""
    if squares is None:
        return np.ones_like(n)
    total, second = add(weight, rows.domain_start), add(squares.astype(float), rows.domain_start) / WEIGHT_UNITS
    return np.maximum(1.0, n * second / np.where(total > 0, total, 1.0) ** 2)


def _standard_deviations(sums: Mapping[str, np.ndarray], rows: Layout, units: int) -> Floats:
    """Spread between persons in score units, from exact whole-number sums; NaN with fewer than two."""
    n, w, y = (add(sums[what], rows.domain_start).astype(object) for what in ("n", "w", "y"))
    high, low = (add(part, rows.domain_start).astype(object) for part in (sums["q"] >> 32, sums["q"] & 0xFFFFFFFF))
    squares = high * 2**32 + low
    shrunk = 1 if units == 1 else SQUARE_SHRINK
    pairs = zip(n.flat, w.flat, y.flat, (squares * shrunk).flat, strict=True)  # w is in weight units, y and squares are not
    spread = [(b * d * units - c * c * units**2) * a / (b * b * (a - 1)) if a > 1 else np.nan for a, b, c, d in pairs]
    return np.sqrt(np.maximum(np.array(spread, dtype=float), 0.0)).reshape(n.shape)


def _pooled_design_effects(block: _Block) -> dict[tuple[int, int], float]:
    """(wave, column of sex) -> design effect of a share, averaged over municipalities, grades and bands by n; at least 1."""
    waves = block.area.domains["wave"].to_numpy()
    pooled = {}
    for sex in range(3):
        share, spread = block.estimate[:, sex:9:3], block.variance[:, sex:9:3]
        n = np.repeat(block.n[:, [sex]], 3, axis=1)
        usable = (share > 0) & (share < 1) & (block.df[:, [sex]] > 0)
        simple = np.where(usable, share * (1 - share), 1.0)
        for wave in np.unique(waves):
            chosen = usable & (waves == wave)[:, None]
            weights = n[chosen].sum()
            effect = (n[chosen] * spread[chosen] * n[chosen] / simple[chosen]).sum() / weights if weights else 1.0
            pooled[int(wave), sex] = max(1.0, float(effect))
    return pooled


def _own_rows(block: _Block, effects: Mapping[tuple[int, int], float], level: float) -> pl.DataFrame:
    """Shares, mean and sd of every domain and sex."""
    waves = block.area.domains["wave"].to_list()
    parts = []
    for sex in range(len(SEXES)):
        n, df = block.n[:, sex], block.df[:, sex]
        for column, measure in enumerate(MEASURES[:3]):
            share, se = block.estimate[:, 3 * column + sex], _se(block.variance[:, 3 * column + sex], df)
            low, high = intervals.logit_t(share, se, df, level)
            extreme = ((share == 0) | (share == 1)) & (df > 0)
            effective = n / np.maximum(block.kish[:, sex], np.array([effects[wave, sex] for wave in waves]))
            exact = intervals.clopper_pearson(np.where(share == 1, effective, 0.0), effective, level)
            low, high = (np.where(extreme, limit, inner) for limit, inner in zip(exact, (low, high), strict=True))
            kind = np.where(extreme, "clopper_pearson_deff", "logit_t")
            parts.append(_rows(block, sex, measure, share, se, df, low, high, kind))
        mean, se = block.estimate[:, _MEAN][:, sex] / SCORE_UNITS, _se(block.variance[:, _MEAN][:, sex], df, SCORE_UNITS)
        parts.append(_rows(block, sex, "mean", mean, se, df, *intervals.t_interval(mean, se, df, level), "t"))
        nothing = np.full(len(n), np.nan)
        parts.append(_rows(block, sex, "sd", block.sd[:, sex] / SCORE_UNITS, nothing, nothing, nothing, nothing, None))
    return pl.concat(parts, how="diagonal")


def _difference_rows(block: _Block, county: _Block, kind: Kind, level: float, n_strata: int) -> pl.DataFrame:
    """Area minus county, with the covariance of the two: they share classes."""
    columns = _focus_and_mean(kind)
    at, place = _in_county(block, county)
    domains = int(county.area.domain.max()) + 1
    county_residual = county.residual[:, columns]
    stratum_sum = np.zeros((n_strata, domains, len(columns)))
    stratum_sum[county.rows.pair_stratum, county.area.domain[county.rows.pair_start]] = add(
        county_residual, county.rows.pair_start
    )
    rows = block.rows
    same = county_residual[place]
    sums = stratum_sum[rows.pair_stratum, at[block.area.domain[rows.pair_start]]]
    shared = covariance(block.residual[:, columns], same, rows, sums)
    whole = county.estimate[:, columns][at]
    spread = np.maximum(block.variance[:, columns] + county.variance[:, columns][at] - 2 * shared, 0.0)
    part = block.estimate[:, columns]
    parts = []
    for column in range(6):
        sex, is_share = column % 3, column < 3
        known = (part[:, column] > 0) & (part[:, column] < 1) if is_share else np.array(True)
        measure = "diff_share_focus" if is_share else "diff_mean"
        difference = part[:, column] - whole[:, column]
        parts.append(_test_rows(block, sex, measure, difference, spread[:, column], block.df[:, sex], known, level))
    return pl.concat(parts, how="diagonal")


def _in_county(block: _Block, county: _Block) -> tuple[Ints, Ints]:
    """(the county's domain of every domain, the county's row of every row). In a survey's own design a PSU has pupils in several
    grades, so county rows are known by PSU and domain."""
    own = block.area.domains.with_columns(county_code=pl.col("area_code").str.slice(0, 2))
    position = county.area.domains.rename({"area_code": "county_code"}).with_row_index("at")
    at = (
        own.join(position, on=["county_code", "wave", "grade"], how="left", maintain_order="left")["at"].cast(pl.Int64).to_numpy()
    )
    county_row = np.empty((int(county.area.psu.max()) + 1, int(county.area.domain.max()) + 1), dtype=np.int64)
    county_row[county.area.psu, county.area.domain] = np.arange(len(county.area.psu))
    return at, county_row[block.area.psu, at[block.area.domain]]


def _rest_rows(block: _Block, county: _Block, kind: Kind, level: float) -> pl.DataFrame:
    """Area minus the rest of its county."""
    columns = _focus_and_mean(kind)
    at, place = _in_county(block, county)
    chosen = [Totals(part.totals.value[:, columns], part.totals.weight[:, columns], part.rows) for part in (block, county)]
    difference, spread, rest = differences_to_rest(*chosen, place, at)
    parts = []
    for column in range(6):
        sex, is_share = column % 3, column < 3
        shares = np.stack([block.estimate[:, columns[column]], rest[:, column]])
        known = ((shares > 0) & (shares < 1)).all(axis=0) if is_share else np.array(True)
        measure = REST_MEASURES[0 if is_share else 1]
        parts.append(_test_rows(block, sex, measure, difference[:, column], spread[:, column], block.df[:, sex], known, level))
    return pl.concat(parts, how="diagonal")


def _gap_rows(block: _Block, kind: Kind, level: float) -> pl.DataFrame:
    """Girl minus boy, linearised jointly: they share classes."""
    columns = _focus_and_mean(kind)
    girl, boy = [columns[0], columns[3]], [columns[1], columns[4]]
    spread = variance(block.residual[:, girl] - block.residual[:, boy], block.rows)
    difference = block.estimate[:, girl] - block.estimate[:, boy]
    df = block.df[:, :2].min(axis=1)
    shares = block.estimate[:, [girl[0], boy[0]]]
    inside = ((shares > 0) & (shares < 1)).all(axis=1)
    share = _test_rows(block, 2, "sex_gap_share_focus", difference[:, 0], spread[:, 0], df, inside, level)
    mean = _test_rows(block, 2, "sex_gap_mean", difference[:, 1], spread[:, 1], df, np.array(True), level)
    return pl.concat([share, mean], how="diagonal")


def _focus_and_mean(kind: Kind) -> list[int]:
    first = 3 * (FOCUS_BAND[kind] - 1)
    return [*range(first, first + 3), *range(9, 12)]


def _test_rows(
    block: _Block, sex: int, measure: str, difference: Floats, spread: Floats, df: Floats, known: np.ndarray, level: float
) -> pl.DataFrame:
    scale = 1.0 if "share" in measure else SCORE_UNITS
    estimate = difference / scale
    se = np.where(known, _se(spread, df, scale), np.nan)
    p_value = intervals.t_p_value(estimate, se, df)
    frame = _rows(block, sex, measure, estimate, se, df, *intervals.t_interval(estimate, se, df, level), "t")
    return frame.hstack([pl.Series("p_value", p_value)])


def _se(spread: Floats, df: Floats, scale: float = 1.0) -> Floats:
    """Without a degree of freedom the classes say nothing about their spread; below `NOISE` only rounding is left of it."""
    se = np.sqrt(spread) / scale
    return np.where(df > 0, np.where(se < NOISE, 0.0, se), np.nan)


def _rows(
    block: _Block, sex: int, measure: str, estimate: Floats, se: Floats, df: Floats, low: Floats, high: Floats, kind: object
) -> pl.DataFrame:
    has_interval, domains = np.isfinite(low) & np.isfinite(high), block.area.domains
    kinds = np.where(has_interval, np.broadcast_to(np.array(kind, dtype=object), len(low)), None)
    texts = {"sex": SEXES[sex], "measure": measure, "method": METHOD if measure != "sd" else "standard_deviation"}
    numbers = {
        "estimate": estimate,
        "se": np.where(np.isfinite(estimate), se, np.nan),
        "low": np.where(has_interval, low, np.nan),
        "high": np.where(has_interval, high, np.nan),
        "df": df,
        "n": block.n[:, sex].astype(np.int64),
        "n_psu": block.n_psu[:, sex].astype(np.int64),
        "sum_w": block.sum_w[:, sex],
    }
    columns = [pl.Series(name, [text] * domains.height, dtype=pl.String) for name, text in texts.items()]
    columns += [pl.Series(name, values) for name, values in numbers.items()]
    return domains.hstack([*columns, pl.Series("interval_method", kinds.tolist(), dtype=pl.String)])


def in_order(frame: pl.DataFrame, index_keys: Sequence[str]) -> pl.DataFrame:
    """The rows as both tables have them: level, area, wave, grade, sex, the indices as they are listed, and the measures."""
    orders = {"area_level": AREA_LEVELS, "sex": SEXES, "index_key": list(index_keys), "measure": _ORDER}
    columns = [*_KEYS, "measure"] if "measure" in frame.columns else _KEYS
    rank = [pl.col(name).replace_strict(orders[name], range(len(orders[name]))) if name in orders else name for name in columns]
    return frame.sort(rank)


def _empty() -> pl.DataFrame:
    texts = [*_KEYS, "measure", "method", "interval_method", "reason"]
    order = [*_KEYS, "measure", "estimate", "se", "low", "high", "df", "n", "n_psu", "sum_w", "method", "interval_method"]
    types = {"wave": pl.Int32, "n": pl.Int64, "n_psu": pl.Int64}
    order += ["confidence_level", "p_value", "reason"]
    return pl.DataFrame(schema={name: types.get(name, pl.String if name in texts else pl.Float64) for name in order})
