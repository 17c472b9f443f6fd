"""How much the headline results change when unserious answers are left out: counts with and without, at county level. Pure.

Exact counts, for the disclosure control in `screen_publish.py` only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.methods.bands import FOCUS_BAND, Kind
from assets.methods.psu_sums import SCORE_UNITS, SEXES

KEYS = ("area_level", "area_code", "wave", "grade", "sex", "series_type", "series")
COUNTY_LEVEL = "county"
SCREEN = "screen"
"""`series_type` of the rows that count respondents instead of answers to a series; their `series` is `removed`."""
_CELL = ["wave", "grade", "sex"]
_KNOWN = pl.col("sex").is_in(["girl", "boy"])


def removed_indices(persons: pl.DataFrame, kinds: Mapping[str, Kind]) -> pl.DataFrame:
    """What the left-out pupils would add to the county's indices: `wave, grade, sex, series, n, yes, units`.

    Args:
        persons: scores (`persons.score_persons`) of the left-out pupils alone. kinds: index key -> kind.

    Returns:
        Per cell and index: scored pupils, those in the focus band, and the sum of scores in millionths of a logit (Int64).
    """
    return pl.concat([
        _sexes(
            persons.filter(_KNOWN).select(
                *_CELL,
                n=pl.col(key).is_not_null().cast(pl.Int64),
                yes=(pl.col(f"{key}_band") == FOCUS_BAND[kind]).fill_null(False).cast(pl.Int64),
                units=(pl.col(key) * SCORE_UNITS).round().cast(pl.Int64).fill_null(0),
            )
        ).with_columns(series=pl.lit(key))
        for key, kind in kinds.items()
    ])  # fmt: skip


def removed_indicators(values: pl.DataFrame, ids: Sequence[str]) -> pl.DataFrame:
    """As `removed_indices` for indicators (`indicators.indicator_values` of the left-out pupils); `units` is null."""
    whole = dict.fromkeys(("n", "yes", "units"), pl.Int64)
    nothing = values.select(*_CELL).clear().with_columns(pl.lit(None, kind).alias(name) for name, kind in whole.items())
    return pl.concat([
        nothing.with_columns(series=pl.lit("")),  # a survey without screening rules has no indicator to follow
        *(
            _sexes(
                values.filter(_KNOWN).select(
                    *_CELL,
                    n=pl.col(key).is_not_null().cast(pl.Int64),
                    yes=pl.col(key).fill_null(0).cast(pl.Int64),
                    units=pl.lit(None, pl.Int64),
                )
            ).with_columns(series=pl.lit(key))
            for key in ids
        ),
    ])  # fmt: skip


def _sexes(rows: pl.DataFrame) -> pl.DataFrame:
    both = pl.concat([rows, rows.with_columns(sex=pl.lit("all"))])
    units = pl.when(pl.col("units").count() > 0).then(pl.col("units").sum())
    return both.group_by(_CELL).agg(pl.col("n", "yes").sum(), units=units).sort(_CELL)


def base_indices(counts: pl.DataFrame, estimates: pl.DataFrame, kinds: Mapping[str, Kind]) -> pl.DataFrame:
    """The county's counts in `area_counts` and `area_estimates`, in the columns of `removed_indices`."""
    means = estimates.filter((pl.col("area_level") == COUNTY_LEVEL) & (pl.col("measure") == "mean"))
    cell = [*_CELL, "index_key"]
    county = counts.filter(pl.col("area_level") == COUNTY_LEVEL)
    county = county.join(means.select(*cell, mean="estimate"), on=cell, how="left", maintain_order="left")
    focus = pl.when(pl.col("index_key").is_in([k for k, kind in kinds.items() if FOCUS_BAND[kind] == 1])).then("band1")
    units = (pl.col("mean") * pl.col("n_scored") * SCORE_UNITS).round().cast(pl.Int64).fill_null(0)
    return county.select("area_code", *_CELL, n="n_scored", yes=focus.otherwise("band3"), units=units, series="index_key")


def base_indicators(counts: pl.DataFrame, ids: Sequence[str]) -> pl.DataFrame:
    """The county's counts of `indices.indicator_counts`: the columns of `removed_indices`."""
    county = counts.filter((pl.col("area_level") == COUNTY_LEVEL) & pl.col("indicator").is_in(list(ids)))
    return county.select("area_code", *_CELL, n="n_valid", yes="n_yes", units=pl.lit(None, pl.Int64), series=pl.col("indicator"))


def with_and_without(base: pl.DataFrame, removed: pl.DataFrame, series_type: str, *, removal: bool) -> pl.DataFrame:
    """Counts with all answers and with those that are kept.

    Args:
        base: the county's counts. removed: of the left-out pupils. series_type: `index` or `indicator`.
        removal: whether the left-out pupils are already absent from `base`.

    Returns:
        `KEYS`, `n_all, yes_all, units_all, n_kept, yes_kept, units_kept` (Int64; units in millionths of a logit, null for
        indicators), `removal` (Boolean), sorted.
    """
    both = base.join(removed, on=[*_CELL, "series"], how="left", suffix="_gone", maintain_order="left")
    columns = []
    for name in ("n", "yes", "units"):
        gone = pl.col(f"{name}_gone").fill_null(0)
        columns.append((pl.col(name) + gone if removal else pl.col(name)).alias(f"{name}_all"))
        columns.append((pl.col(name) if removal else pl.col(name) - gone).alias(f"{name}_kept"))
    frame = both.with_columns(columns).with_columns(
        area_level=pl.lit(COUNTY_LEVEL), series_type=pl.lit(series_type), removal=pl.lit(removal)
    )
    return frame.select(*KEYS, *COUNTS, "removal").sort(KEYS)


COUNTS = ("n_all", "yes_all", "units_all", "n_kept", "yes_kept", "units_kept")


def removed_respondents(answers: pl.DataFrame, *, removal: bool) -> pl.DataFrame:
    """How many respondents the rule leaves out, per county and municipality, wave and grade: rows of `series_type` `screen`.

    Args:
        answers: `municipality_code, wave, grade, sex, screened_out`. Girls and boys are counted, as in every published table.

    Returns:
        As `with_and_without`; `n_all` respondents, `n_kept` those who are not left out, `yes_` and `units_` null.
    """
    known = answers.filter(_KNOWN)
    county = known.with_columns(area_level=pl.lit(COUNTY_LEVEL), area_code=pl.col("municipality_code").str.slice(0, 2))
    own = known.with_columns(area_level=pl.lit("municipality"), area_code=pl.col("municipality_code"))
    out = pl.col("screened_out").fill_null(False)
    rows = pl.concat([county, own]).group_by("area_level", "area_code", "wave", "grade").agg(
        n_all=pl.len().cast(pl.Int64), n_kept=(~out).sum().cast(pl.Int64)
    )  # fmt: skip
    fixed = {"sex": pl.lit(SEXES[-1]), "series_type": pl.lit(SCREEN), "series": pl.lit("removed"), "removal": pl.lit(removal)}
    empty = [pl.lit(None, pl.Int64).alias(name) for name in COUNTS if name not in ("n_all", "n_kept")]
    return rows.with_columns(*empty, **fixed).select(*KEYS, *COUNTS, "removal").sort(KEYS)
