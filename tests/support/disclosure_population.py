"""Seeded counts and estimates in the shape of the `indices` tables, for tests of disclosure control."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

INDICES = ("acting_out", "school_bonding", "wellbeing")
PROTECTIVE = ("school_bonding", "wellbeing")
KEYS = ["area_level", "area_code", "wave", "grade", "sex", "index_key"]
COUNTS = ("n_respondents", "n_scored", "n_unscored", "band1", "band2", "band3")
SCHOOLS = ("n_schools", "n_psu", "largest_school", "second_school")


def largest(scored: int, schools: int) -> tuple[int, int]:
    """The two largest of schools with as equal a number of pupils as can be."""
    return -(-scored // schools), -(-(scored - 1) // schools) if scored else 0


def population(
    seed: int,
    sizes: Sequence[int],
    districts: Sequence[int] = (),
    outside: int = 0,
    grades: Sequence[str] = ("ak9",),
    waves: Sequence[int] = (2024,),
    indices: Sequence[str] = INDICES,
) -> pl.DataFrame:
    """`area_counts` of municipalities of the given sizes; with `districts` there is a Stockholm of them and `outside` pupils.

    The smallest municipality has no gy2.
    """
    random = np.random.default_rng(seed)
    rows = []
    for wave in waves:
        for grade in grades:
            leaves = {
                ("municipality", f"01{20 + i}"): _leaves(random, size, indices)
                for i, size in enumerate(sizes)
                if grade == "ak9" or size != min(sizes)
            }
            parts = {("district", f"0180-{101 + i}"): _leaves(random, size, indices) for i, size in enumerate(districts)}
            if districts:
                leaves["municipality", "0180"] = sum(parts.values()) + _leaves(random, outside, indices)
            county = {("county", "01"): sum(leaves.values())}
            for (level, code), area in (county | leaves | parts).items():
                rows += _rows((level, code, wave, grade), area, indices)
    types = {"wave": pl.Int32} | dict.fromkeys((*COUNTS, *SCHOOLS), pl.Int64)
    columns = [*KEYS, *COUNTS, *SCHOOLS]
    return pl.DataFrame(rows, schema=columns, orient="row").cast(types)


def _leaves(random: np.random.Generator, size: int, indices: Sequence[str]) -> np.ndarray:
    """[index, girl or boy, (band1, band2, band3, unscored)]"""
    girls = int(random.binomial(size, 0.5))
    area = np.zeros((len(indices), 2, 4), dtype=np.int64)
    for index in range(len(indices)):
        for sex, pupils in enumerate((girls, size - girls)):
            unscored = int(random.binomial(pupils, random.choice([0.01, 0.05, 0.1])))
            area[index, sex, :3] = random.multinomial(pupils - unscored, random.dirichlet([12, 3, 2]))
            area[index, sex, 3] = unscored
    return area


def _rows(group: tuple[str, str, int, str], area: np.ndarray, indices: Sequence[str]) -> list[tuple[object, ...]]:
    rows = []
    for index, key in enumerate(indices):
        for sex, leaf in (("girl", area[index, 0]), ("boy", area[index, 1]), ("all", area[index].sum(axis=0))):
            *bands, unscored = (int(count) for count in leaf)
            scored = sum(bands)
            rows.append((*group, sex, key, scored + unscored, scored, unscored, *bands, 7, 20, *largest(scored, 7)))
    return rows


def estimates(counts: pl.DataFrame) -> pl.DataFrame:
    """`area_estimates` that follow from the counts, with made-up means and intervals."""
    shares = counts.with_columns((pl.col(f"band{k}") / pl.col("n_scored")).alias(f"share_band{k}") for k in (1, 2, 3))
    focus = pl.when(pl.col("index_key").is_in(PROTECTIVE)).then(pl.col("share_band1")).otherwise(pl.col("share_band3"))
    shares = shares.with_columns(focus.alias("focus"))
    match = ["wave", "grade", "sex", "index_key"]
    county = shares.filter(pl.col("area_level") == "county").select(*match, county="focus")
    area = [key for key in KEYS if key != "sex"]
    girls, boys = (shares.filter(pl.col("sex") == sex).select(*area, pl.col("focus").alias(sex)) for sex in ("girl", "boy"))
    wide = (
        shares.join(county, on=match, how="left")
        .join(girls, on=area, how="left")
        .join(boys, on=area, how="left")
        .with_columns(
            mean=pl.col("focus") - 1.0,
            sd=pl.lit(1.005),
            diff_mean=pl.col("focus") - pl.col("county"),
            diff_share_focus=pl.col("focus") - pl.col("county"),
            sex_gap_share_focus=pl.col("girl") - pl.col("boy"),
        )
    )
    measures = [*(f"share_band{k}" for k in (1, 2, 3)), "mean", "sd", "diff_share_focus", "diff_mean", "sex_gap_share_focus"]
    long = wide.unpivot(measures, index=KEYS, variable_name="measure", value_name="estimate")
    long = long.filter((pl.col("sex") == "all") | ~pl.col("measure").str.starts_with("sex_gap"))
    return long.with_columns(
        low=pl.col("estimate") - 0.03,
        high=pl.col("estimate") + 0.03,
        method=pl.lit("linearised"),
        interval_method=pl.lit("logit_t"),
        confidence_level=pl.lit(0.95),
        is_clear=pl.col("estimate").abs() > 0.05,
    )
