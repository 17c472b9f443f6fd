"""Uncertainty of the change between two waves when the same schools take part in both. Pure.

The school is the unit and municipality x grade the stratum, without the wave; the two waves are domains of one sample, so the
covariance that common schools bring is part of the variance (as `wave_change.change_between_waves` has it, here for all areas and
series at once). Schools of one wave only count in that wave. Degrees of freedom: those of the wave that has fewer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from assets.methods.linearise import degrees_of_freedom, layout, ratios, variance
from assets.methods.psu_sums import SEXES, by_area

_UNIT = ["municipality_code", "grade", "school_code"]
KEYS = [*_UNIT, "district_code", "sex", "wave"]
SCHEMA = {
    **dict.fromkeys(("area_level", "area_code", "grade", "sex", "column"), pl.String),
    **dict.fromkeys(("from_wave", "wave"), pl.Int32),
    **dict.fromkeys(("se", "df"), pl.Float64),
}


def school_sums(values: pl.DataFrame, units: Mapping[str, int]) -> pl.DataFrame:
    """Exact sums per school, grade, sex, district of living and wave.

    Args:
        values: `wave, grade, sex, municipality_code, district_code, school_code` and a column per key of `units`, null outside
            its denominator. Pupils without a school count as one school of their municipality. units: column -> whole units that
            a value is counted in (1 for 0/1).

    Returns:
        `KEYS`, sorted, and per column `<column>:n` and `<column>:y` (Int64).
    """
    known = pl.col("sex").is_in(["girl", "boy"])
    for name in ("wave", "grade", "municipality_code"):
        known = known & pl.col(name).is_not_null()
    sums = [pl.col(name).is_not_null().cast(pl.Int64).sum().alias(f"{name}:n") for name in units]
    sums += [
        (pl.col(name).cast(pl.Float64) * unit).round().cast(pl.Int64).sum().alias(f"{name}:y") for name, unit in units.items()
    ]
    return values.filter(known).with_columns(pl.col("school_code").fill_null("")).group_by(KEYS).agg(sums).sort(KEYS)


def school_changes(
    sums: pl.DataFrame, units: Mapping[str, int], waves: tuple[int, int], levels: Sequence[str], columns: Sequence[str]
) -> pl.DataFrame:
    """Standard error and degrees of freedom of last minus first wave, for every area, grade, sex and column.

    Args:
        sums: of `school_sums`. waves: (first, last). columns: those of `units` that are wanted.

    Returns:
        `SCHEMA`; areas without anybody in one of the waves have no row, a column without values there a null.
    """
    chosen = sums.filter(pl.col("wave").is_in(waves))
    if chosen["wave"].n_unique() < 2 or not columns:
        return pl.DataFrame(schema=SCHEMA)
    schools = chosen.select(_UNIT).unique().sort("grade", "municipality_code", "school_code")
    schools = schools.with_columns(
        stratum=pl.struct("grade", "municipality_code").rle_id().cast(pl.Int64), psu=pl.int_range(pl.len(), dtype=pl.Int64)
    )
    psus = np.bincount(schools["stratum"].to_numpy()).astype(np.int64)
    table = chosen.join(schools, on=_UNIT, how="left", maintain_order="left")
    parts = [_level(by_area(table, level), level, psus, units, waves, columns) for level in levels]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *(part for part in parts if part.height)])


def _level(
    rows: pl.DataFrame, level: str, psus: np.ndarray, units: Mapping[str, int], waves: tuple[int, int], columns: Sequence[str]
) -> pl.DataFrame:
    both = pl.col("wave").n_unique().over("area_code", "grade") == 2
    rows = rows.filter(both)
    if rows.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    names = [f"{name}:{what}" for what in ("n", "y") for name in columns]
    keys = ["area_code", "grade", "stratum", "psu"]
    long = rows.group_by(*keys, "wave", "sex").agg(pl.col(names).sum()).sort(*keys, "wave", "sex")
    long = long.with_columns(row=pl.struct(keys).rle_id().cast(pl.Int64), domain=pl.struct("area_code", "grade").rle_id())
    first = long.unique("row", keep="first", maintain_order=True)
    counted = np.zeros((first.height, 2, 3, len(names)), dtype=np.int64)
    place = (
        long["row"].to_numpy(),
        (long["wave"] == waves[1]).to_numpy().astype(int),
        (long["sex"] == "boy").to_numpy().astype(int),
    )
    counted[place] = long.select(names).to_numpy()
    counted[:, :, 2] = counted[:, :, 0] + counted[:, :, 1]
    arrangement = layout(first["domain"].cast(pl.Int64).to_numpy(), first["stratum"].to_numpy(), psus)
    k, scale = len(columns), np.array([units[name] for name in columns], dtype=float)
    parts, freedom = [], []
    for wave in (0, 1):
        n = counted[:, wave, :, :k].astype(float)
        y = counted[:, wave, :, k:].astype(float) / scale
        estimate, part = ratios(y.reshape(len(y), -1), n.reshape(len(n), -1), arrangement)
        parts.append(part)
        df = degrees_of_freedom(n.reshape(len(n), -1), arrangement)[1]
        freedom.append(np.where(np.isfinite(estimate), df, np.nan))
    spread, df = np.sqrt(variance(parts[1] - parts[0], arrangement)), np.minimum(*freedom)
    domains = first.unique("domain", keep="first", maintain_order=True).select("area_code", "grade")
    count = 3 * k
    return domains[np.repeat(np.arange(domains.height), count)].select(
        pl.lit(level).alias("area_level"),
        "area_code",
        "grade",
        pl.Series("sex", np.tile(np.repeat(SEXES, k), domains.height).tolist(), dtype=pl.String),
        pl.Series("column", list(columns) * (3 * domains.height), dtype=pl.String),
        pl.lit(waves[0], dtype=pl.Int32).alias("from_wave"),
        pl.lit(waves[1], dtype=pl.Int32).alias("wave"),
        pl.Series("se", np.where(np.isfinite(df), spread, np.nan).ravel()).fill_nan(None),
        pl.Series("df", df.ravel()).fill_nan(None),
    )
