"""Percentiles of index scores per area, wave, grade and sex, with Woodruff's interval. Pure.

A percentile is the least score at which the weights up to it reach the share (R survey's rule `math`). Its interval: the t
interval of the share of pupils at or below it, with the design's variance, is put around the share that was asked for and carried
back through the distribution (Woodruff 1952, JASA 47:635). R's `svyquantile` puts it around the share at or below the percentile
instead, which many equal scores move away from the share asked for: `tests/oracle/data/percentiles/README.md` has both. The slow
and general form is `design_estimates.quantile`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.methods import intervals
from assets.methods.linearise import Floats, Ints, Layout, add, degrees_of_freedom, ratios, variance
from assets.methods.psu_sums import DOMAIN, SCORE_UNITS, SEXES, AreaSums, by_area, persons_of_rows, sum_name, weight_units

Bools = npt.NDArray[np.bool_]
SHARES = {"p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90}
MEASURES = tuple(SHARES)
INTERVAL = "woodruff_t"
_ASKED = np.array(list(SHARES.values()))
_AREA_COLUMNS = ("wave", "grade", "municipality_code", "district_code")
_NOISE = 1e-12  # a share that a rounding error puts above what is reached


@dataclass(frozen=True)
class _Pupils:
    """Pupils with a score of one index in areas of a level, sorted by domain and score."""

    units: Ints  # score
    weight: Floats  # whole numbers
    row: Ints  # of the level's `AreaSums`
    domain: Ints


@dataclass(frozen=True)
class _Distribution:
    """Where the domains lie in `_Pupils`; one without pupils is in none of these."""

    pupils: _Pupils
    reached: Floats  # per pupil: weights up to here, over all domains
    domain: Ints
    start: Ints  # per domain: its first pupil
    end: Ints  # its last
    before: Floats  # weights before it
    whole: Floats  # its weight


@dataclass(frozen=True)
class _Found:
    """[domains, 3 sexes, percentiles] in score units, NaN where nothing can be said, and [domains, 3]."""

    estimate: Floats
    low: Floats
    high: Floats
    t: Floats
    df: Floats
    n_psu: Floats


def percentile_rows(
    persons: pl.DataFrame | pl.LazyFrame,
    table: pl.DataFrame,
    areas: Mapping[str, AreaSums],
    layouts: Mapping[str, Layout],
    index_keys: Sequence[str],
    confidence_level: float,
    weight: str | None,
) -> pl.DataFrame:
    """Percentiles of every domain, sex and index at the levels of `areas`.

    Args:
        persons, weight: see `psu_sums.psu_sums`, which made `table` of them. areas, layouts: per area level.

    Returns:
        Columns of `estimate.area_estimates` but for `method`, `p_value`, `confidence_level` and `reason`; NaN for null. An
        interval that reaches beyond the scores, or whose limits are the same score, is left out with its standard error (the
        interval's width over two t quantiles).
    """
    units = [(pl.col(key) * SCORE_UNITS).round().cast(pl.Int64) for key in index_keys]
    frame = persons_of_rows(persons, table, units, weight)
    row_number, sex = frame["row"].to_numpy(), (frame["sex"] == "boy").to_numpy()
    weights = frame["weight"].to_numpy()
    places = {level: _row_of_area(table, level)[row_number] for level in areas}
    parts = []
    for level, area in areas.items():
        place, found = places[level], []
        for key in index_keys:
            scored, score = frame[key].is_not_null().to_numpy(), frame[key].fill_null(0).to_numpy()
            inside = np.flatnonzero(scored & (place >= 0))
            row, sums = place[inside], [area.sums[sum_name(key, what)] for what in ("n", "w")]
            pupils = _in_score_order(score[inside], weights[inside], row, area.domain[row], sex[inside])
            found.append(_percentiles(pupils, layouts[level], *sums, confidence_level))
        parts.append(_frame(area, found, index_keys, weight_units(weight)).with_columns(area_level=pl.lit(level)))
    return pl.concat(parts)


def _row_of_area(table: pl.DataFrame, level: str) -> Ints:
    """For every row of `psu_sums`: its row of the level's `AreaSums`, -1 when it is in none."""
    keys = [*DOMAIN, "stratum_id", "psu_id"]
    rows = by_area(table.select(*_AREA_COLUMNS, "stratum_id", "psu_id").with_row_index("at"), level).sort(keys)
    place = np.full(table.height, -1, dtype=np.int64)
    place[rows["at"].to_numpy()] = rows.select(pl.struct(keys).rle_id()).to_series().to_numpy()
    return place


def _in_score_order(units: Ints, weight: Ints, row: Ints, domain: Ints, boy: Bools) -> list[_Pupils]:
    """Girls, boys and all."""
    lowest, highest = (units.min(), units.max()) if len(units) else (0, 0)
    order = np.argsort(domain * (highest - lowest + 1) + (units - lowest))
    boys = boy[order]
    chosen = (order[~boys], order[boys], order)
    return [_Pupils(units[at], weight[at].astype(float), row[at], domain[at]) for at in chosen]


def _percentiles(pupils: Sequence[_Pupils], rows: Layout, n: Ints, w: Ints, level: float) -> _Found:
    """Percentiles of one index at one level; `n` and `w` are [rows, 3]."""
    shape = (len(rows.domain_start), 3, len(_ASKED))
    found, low, high = (np.full(shape, np.nan) for _ in range(3))
    below = np.empty((len(n), *shape[1:]))
    parts = [_distribution(part) for part in pupils]
    for sex, part in enumerate(parts):
        at = _positions(part, np.broadcast_to(_ASKED, (len(part.domain), len(_ASKED))))
        found[part.domain, sex] = part.pupils.units[at]
        below[:, sex] = _below(part, at, len(n))
    _, residual = ratios(below.reshape(len(n), -1), np.repeat(w.astype(float), len(_ASKED), axis=1), rows)
    n_psu, df = degrees_of_freedom(n, rows)
    t = intervals.t_quantile(df, level)
    half = t[:, :, None] * np.sqrt(variance(residual, rows)).reshape(shape)
    for sex, part in enumerate(parts):
        own = half[part.domain, sex]
        for limit, share in ((low, _ASKED - own), (high, _ASKED + own)):
            inside = (share > 0) & (share < 1)
            limit[part.domain, sex] = np.where(inside, part.pupils.units[_positions(part, np.where(inside, share, 0.5))], np.nan)
    known = (df > 0)[:, :, None] & (high > low)
    return _Found(found, np.where(known, low, np.nan), np.where(known, high, np.nan), t, df, n_psu)


def _distribution(pupils: _Pupils) -> _Distribution:
    start = np.flatnonzero(np.diff(pupils.domain, prepend=-1))
    end = np.append(start, len(pupils.domain))[1:] - 1
    reached = np.cumsum(pupils.weight)
    before = np.concatenate([[0.0], reached])[start]
    return _Distribution(pupils, reached, pupils.domain[start], start, end, before, reached[end] - before)


def _positions(part: _Distribution, share: Floats) -> Ints:
    """[domains, k] pupils at which the weights reach the shares of their domain."""
    wanted = part.before[:, None] + share * (1 - _NOISE) * part.whole[:, None]
    return np.clip(np.searchsorted(part.reached, wanted), part.start[:, None], part.end[:, None])


def _below(part: _Distribution, at: Ints, rows: int) -> Floats:
    """[rows, k] weights of those at or below each percentile of their domain: one count of who lies between which two."""
    k, units = at.shape[1], part.pupils.units
    last_of_score = np.append(units[1:] != units[:-1], True)[: len(units)]
    last_of_score[part.end] = True
    ends = np.flatnonzero(last_of_score)
    steps = np.bincount(ends[np.searchsorted(ends, at)].ravel() + 1, minlength=len(units) + 1)
    steps[part.end + 1] -= k
    passed = np.cumsum(steps)[: len(units)]  # how many percentiles of the domain lie below the pupil
    between = np.bincount(part.pupils.row * (k + 1) + passed, part.pupils.weight, minlength=rows * (k + 1))
    return np.cumsum(between.reshape(rows, k + 1), axis=1)[:, :k]


def _frame(area: AreaSums, found: Sequence[_Found], index_keys: Sequence[str], units: int) -> pl.DataFrame:
    """A row per index, domain, sex and percentile of one level."""
    k, domains = len(_ASKED), area.domains.height
    low, high = (np.concatenate([getattr(part, name).ravel() for part in found]) for name in ("low", "high"))
    t, df, n_psu = (np.concatenate([getattr(part, name).ravel() for part in found]) for name in ("t", "df", "n_psu"))
    starts = np.flatnonzero(np.diff(area.domain, prepend=-1))
    n, w = (np.concatenate([add(area.sums[sum_name(key, what)], starts).ravel() for key in index_keys]) for what in ("n", "w"))
    se = (high - low) / SCORE_UNITS / (2 * np.repeat(t, k))
    own = area.domains[np.tile(np.repeat(np.arange(domains), 3 * k), len(found))]
    return own.with_columns(
        pl.Series("index_key", np.repeat(list(index_keys), 3 * k * domains)),
        pl.Series("sex", np.tile(np.repeat(SEXES, k), domains * len(found))),
        pl.Series("measure", np.tile(MEASURES, 3 * domains * len(found))),
        pl.Series("estimate", np.concatenate([part.estimate.ravel() for part in found]) / SCORE_UNITS),
        pl.Series("se", se),
        pl.Series("low", low / SCORE_UNITS),
        pl.Series("high", high / SCORE_UNITS),
        pl.Series("df", np.repeat(df, k)),
        pl.Series("n", np.repeat(n, k)),
        pl.Series("n_psu", np.repeat(n_psu, k).astype(np.int64)),
        pl.Series("sum_w", np.repeat(w / units, k)),
        interval_method=pl.when(pl.Series(np.isfinite(se))).then(pl.lit(INTERVAL)),
    )
