"""From person rows to integer sums per class (PSU), area and sex: the one pass over persons that every published number rests on.

Sums of integers do not depend on the order of rows or threads, and the tables are sorted before anything becomes a float. So the
same persons give the same bits. Scores enter as whole millionths of a logit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.methods.errors import PipelineError

AREA_LEVELS = ("county", "municipality", "district")
SEXES = ("girl", "boy", "all")
SCORE_UNITS = 1_000_000
MAX_WEIGHT = 100

DOMAIN = ["area_code", "wave", "grade"]
_CLASS = ["wave", "grade", "municipality_code", "school_code", "psu"]
_SUMS = ("n", "w", "w1", "w2", "w3", "y", "q")
"""Per index: scored persons, their weights, weights in bands 1-3, weighted score and squared score in (squared) score units."""


def sum_name(index_key: str, what: str) -> str:
    """Name of a sum's column."""
    return f"{index_key}:{what}"


def psu_sums(persons: pl.DataFrame | pl.LazyFrame, index_keys: Sequence[str], weight: str | None = None) -> pl.DataFrame:
    """Sum the persons by class, district of living and sex.

    Args:
        persons: `wave`, `grade`, `sex`, `municipality_code`, `district_code`, `school_code`, `psu`, and per index `<key>` (score
            in logits) and `<key>_band` (1, 2, 3; null exactly where the score is). Rows with another sex than girl or boy, or
            without wave, grade or municipality, are in no published table and are left out. A class is known by municipality,
            wave, grade, school and `psu`; persons without `psu` form one class of their school.
        weight: name of a column of integer weights 1..100; None = 1.

    Returns:
        Sorted by the keys: `wave, grade, municipality_code, school_code, psu, district_code, sex`, `respondents`, per index the
        sums `<key>:n` and so on (Int64), and dense numbers `stratum_id` (municipality x grade x wave), `psu_id`, `school_id`.

    Raises:
        PipelineError: a column is absent, or the bands of an index do not fit its scores.
    """
    frame = persons.lazy()
    needed = [*_CLASS, "district_code", "sex", *index_keys, *(f"{key}_band" for key in index_keys), *([weight] if weight else [])]
    _require(frame, needed)
    weights = pl.col(weight).cast(pl.Int64) if weight else pl.lit(1, dtype=pl.Int64)
    if weight:
        _check_weights(frame, weight)
    sums = [expr for key in index_keys for expr in _index_sums(key, weights)]
    keys = [*_CLASS, "district_code", "sex"]
    known = [
        pl.col("sex").is_in(["girl", "boy"]),
        *(pl.col(name).is_not_null() for name in ("wave", "grade", "municipality_code")),
    ]
    table = (
        frame.filter(*known)
        .select(*keys, pl.lit(1, dtype=pl.Int64).alias("respondents"), *sums)
        .group_by(keys)
        .agg(pl.all().sum())
        .collect(engine="streaming")
        .sort(keys)
    )
    _check_bands(table, index_keys)
    _check_size(frame, table, index_keys)
    return table.with_columns(
        stratum_id=pl.struct("wave", "grade", "municipality_code").rle_id().cast(pl.Int64),
        psu_id=pl.struct(_CLASS).rle_id().cast(pl.Int64),
        school_id=pl.when(pl.col("school_code").is_not_null()).then(pl.struct("municipality_code", "school_code").rank("dense")),
    )


def _index_sums(key: str, weights: pl.Expr) -> list[pl.Expr]:
    score, band = pl.col(key), pl.col(f"{key}_band")
    units = (score * SCORE_UNITS).round().cast(pl.Int64).fill_null(0)
    scored = score.is_not_null()
    parts = {"n": scored.cast(pl.Int64), "w": pl.when(scored).then(weights).otherwise(0), "y": units * weights}
    parts["q"] = units * units * weights
    parts |= {f"w{b}": pl.when(band == b).then(weights).otherwise(0) for b in (1, 2, 3)}
    return [parts[what].alias(sum_name(key, what)) for what in _SUMS]


def _require(frame: pl.LazyFrame, needed: Sequence[str]) -> None:
    absent = sorted(set(needed) - set(frame.collect_schema().names()))
    if absent:
        raise PipelineError(
            code="column_missing",
            where="Tabellen med personpoäng",
            expected=f"kolumnerna {', '.join(absent)}",
            got="en tabell utan dem",
            hint="Kör om stegen före beräkningen av områdenas resultat.",
        )


def _check_weights(frame: pl.LazyFrame, weight: str) -> None:
    column = pl.col(weight)
    bad = column.is_null() | (column < 1) | (column > MAX_WEIGHT) | (column != column.cast(pl.Int64))
    rows = frame.select(bad.sum()).collect().item()
    if rows:
        raise PipelineError(
            code="weight_out_of_range",
            where=f"Vikten {weight}",
            expected=f"hela tal från 1 till {MAX_WEIGHT}",
            got=f"{rows} rader med annat",
            hint="Räkna om vikterna till hela tal.",
        )


def _check_bands(table: pl.DataFrame, index_keys: Sequence[str]) -> None:
    for key in index_keys:
        banded = sum(table[sum_name(key, f"w{b}")] for b in (1, 2, 3))
        if (banded != table[sum_name(key, "w")]).any():
            raise PipelineError(
                code="bands_do_not_fit",
                where=f"Indexet {key}",
                expected="en nivå för varje poäng",
                got="poäng utan nivå, eller nivå utan poäng",
                hint="Räkna om nivåerna ur poängen.",
            )


def _check_size(frame: pl.LazyFrame, table: pl.DataFrame, index_keys: Sequence[str]) -> None:
    """Squared scores are summed in 64 bits: on a scale to 100 that is room for 900 persons of a sex in one class."""
    if table.is_empty():
        return
    highest = frame.select(pl.col(key).cast(pl.Float64).abs().max() for key in index_keys).collect().row(0, named=True)
    for key in index_keys:
        if table[sum_name(key, "w")].max() * ((highest[key] or 0.0) * SCORE_UNITS) ** 2 >= 2**63:
            raise PipelineError(
                code="class_too_large",
                where=f"Indexet {key}",
                expected="klasser eller skolor med högst några hundra elever",
                got="en så stor grupp utan klass och skola att summorna inte ryms",
                hint="Lägg till skola eller klass i leveransen.",
            )


def by_area(table: pl.DataFrame, level: str) -> pl.DataFrame:
    """The rows of `psu_sums` that belong to areas of a level, with `area_code`; a county is a municipality code's first two."""
    if level == "county":
        return table.with_columns(area_code=pl.col("municipality_code").str.slice(0, 2))
    if level == "municipality":
        return table.with_columns(area_code=pl.col("municipality_code"))
    if level == "district":
        return table.filter(pl.col("district_code").is_not_null()).with_columns(area_code=pl.col("district_code"))
    raise ValueError(f"unknown area level {level}")


@dataclass(frozen=True)
class AreaSums:
    """Class sums of one area level as arrays: a row per class and area, sorted by area, wave, grade, stratum, class."""

    domains: pl.DataFrame  # area_code, wave, grade; one row per domain, in order
    domain: npt.NDArray[np.int64]  # per row
    stratum: npt.NDArray[np.int64]  # per row
    psu: npt.NDArray[np.int64]  # per row
    sums: dict[str, npt.NDArray[np.int64]]  # name -> [rows, 3]: girl, boy, all


def area_sums(table: pl.DataFrame, level: str, index_keys: Sequence[str]) -> AreaSums:
    """Sum `psu_sums` to class x area and lay the sexes side by side."""
    names = [sum_name(key, what) for key in index_keys for what in _SUMS]
    keys = [*DOMAIN, "stratum_id", "psu_id"]
    long = by_area(table, level).group_by(*keys, "sex").agg(pl.col(names).sum()).sort(*keys, "sex")
    long = long.with_columns(row=pl.struct(keys).rle_id(), domain=pl.struct(DOMAIN).rle_id().cast(pl.Int64))
    rows = long.unique("row", keep="first", maintain_order=True)
    values = np.zeros((rows.height, 3, len(names)), dtype=np.int64)
    sex = np.where(long["sex"].to_numpy() == "girl", 0, 1)
    values[long["row"].to_numpy(), sex] = long.select(names).to_numpy()
    values[:, 2] = values[:, 0] + values[:, 1]
    return AreaSums(
        domains=rows.select(DOMAIN).unique(maintain_order=True),
        domain=rows["domain"].to_numpy(),
        stratum=rows["stratum_id"].to_numpy(),
        psu=rows["psu_id"].to_numpy(),
        sums={name: np.ascontiguousarray(values[:, :, column]) for column, name in enumerate(names)},
    )


def psus_per_stratum(table: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Number of classes of every stratum, at the position of its `stratum_id`."""
    classes = table.unique("psu_id", keep="first", maintain_order=True)
    return np.bincount(classes["stratum_id"].to_numpy()).astype(np.int64)
