"""From person rows to integer sums per class (PSU), area and sex: the one pass over persons that every published number rests on.

Sums of integers do not depend on the order of rows or threads, and the tables are sorted before anything becomes a float. So the
same persons give the same bits. Scores enter as whole millionths of a logit, weights as whole millionths (`WEIGHT_UNITS`): a
weight with six decimals or fewer, as survey weights have, is exact.

Two designs. Without `stratum` a class is the PSU and municipality x grade x wave the stratum (docs/adr/0007). With it, the column
holds the strata of the survey's own sampling design and `psu` numbers are nested in them; grades are then domains like any other,
and all PSUs of a stratum count, also those where nobody of a grade or sex answered.
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
MAX_WEIGHT = 10_000
WEIGHT_UNITS = 1_000_000
SQUARE_SHRINK = 10  # weighted squares are kept in tens, or a large school would overflow an Int64

DOMAIN = ["area_code", "wave", "grade"]
_CLASS = ["wave", "grade", "municipality_code", "school_code", "psu"]
_SUMS = ("n", "w", "w1", "w2", "w3", "y", "q")
"""Per index: scored persons, their weights, weights in bands 1-3 (in weight units), weighted score and squared score in (squared)
score units (the weight itself, not in units)."""
WEIGHT_SQUARES = "ww"
"""Sum of squared weights, in weight units: only in weighted tables."""


def sum_name(index_key: str, what: str) -> str:
    """Name of a sum's column."""
    return f"{index_key}:{what}"


def weight_units(weight: str | None) -> int:
    """What a person of weight 1 counts in the sums of weights."""
    return 1 if weight is None else WEIGHT_UNITS


def psu_sums(
    persons: pl.DataFrame | pl.LazyFrame, index_keys: Sequence[str], weight: str | None = None, stratum: str | None = None
) -> pl.DataFrame:
    """Sum the persons by class, district of living and sex.

    Args:
        persons: `wave`, `grade`, `sex`, `municipality_code`, `district_code`, `school_code`, `psu`, and per index `<key>` (score
            in logits) and `<key>_band` (1, 2, 3; null exactly where the score is). Rows with another sex than girl or boy, or
            without wave, grade or municipality, are in no published table and are left out. A class is known by municipality,
            wave, grade, school and `psu`; persons without `psu` form one class of their school.
        weight: name of a column of weights, a millionth to `MAX_WEIGHT`; None = 1.
        stratum: name of a column of design strata, see the module; None = municipality x grade x wave.

    Returns:
        Sorted by the keys: `wave, grade, municipality_code, school_code, psu, district_code, sex`, `respondents`, per index the
        sums `<key>:n` and so on (Int64), and dense numbers `stratum_id`, `psu_id`, `school_id`.

    Raises:
        PipelineError: see `class_table`; or the bands of an index do not fit its scores.
    """
    weights = _weight(weight)
    sums = [expr for key in index_keys for expr in _index_sums(key, weights, weight)]
    needed = [*index_keys, *(f"{key}_band" for key in index_keys)]
    table = class_table(persons, needed, sums, weight, stratum)
    _check_bands(table, index_keys)
    _check_size(persons.lazy(), table, index_keys, weight)
    return table


def class_table(
    persons: pl.DataFrame | pl.LazyFrame,
    needed: Sequence[str],
    sums: Sequence[pl.Expr],
    weight: str | None = None,
    stratum: str | None = None,
) -> pl.DataFrame:
    """`psu_sums` for any whole-number expressions `sums` over the columns `needed`.

    Raises:
        PipelineError: a column is absent, holds something that is no number, or a weight or the design is impossible.
    """
    frame = persons.lazy()
    design = [stratum] if stratum else []
    _require(frame, [*_CLASS, "district_code", "sex", *needed, *design, *([weight] if weight else [])])
    _check_numbers(frame, needed)
    if weight:
        _check_weights(frame, weight)
    if stratum:
        _check_strata(frame, stratum)
    keys = [*_CLASS, *design, "district_code", "sex"]
    table = (
        frame.filter(
            pl.col("sex").is_in(["girl", "boy"]),
            *(pl.col(name).is_not_null() for name in ("wave", "grade", "municipality_code")),
        )
        .select(*keys, pl.lit(1, dtype=pl.Int64).alias("respondents"), *sums)
        .group_by(keys)
        .agg(pl.all().sum())
        .collect(engine="streaming")
        .sort(keys)
    )
    table = table.with_columns(
        stratum_id=pl.struct("wave", "grade", "municipality_code").rle_id().cast(pl.Int64),
        psu_id=pl.struct(_CLASS).rle_id().cast(pl.Int64),
        school_id=pl.when(pl.col("school_code").is_not_null()).then(pl.struct("municipality_code", "school_code").rank("dense")),
    )
    return _numbered_by_design(table, frame, stratum) if stratum else table


def _numbered_by_design(table: pl.DataFrame, frame: pl.LazyFrame, stratum: str) -> pl.DataFrame:
    """Replace the numbers of strata and PSUs by those of the sampling design, and add the PSUs of each stratum (`stratum_psus`).

    All rows of the design count there, also pupils whose sex or grade isn't known.
    """
    units = frame.select("wave", stratum, "psu").unique().collect().sort("wave", stratum, "psu")
    units = units.with_columns(
        stratum_id=pl.struct("wave", stratum).rle_id().cast(pl.Int64), psu_id=pl.int_range(pl.len(), dtype=pl.Int64)
    ).with_columns(stratum_psus=pl.len().over("stratum_id").cast(pl.Int64))
    keys = ["wave", stratum, "psu"]
    return table.drop("stratum_id", "psu_id").join(units, on=keys, how="left", nulls_equal=True, maintain_order="left")


def _weight(weight: str | None) -> pl.Expr:
    return pl.col(weight).cast(pl.Float64) if weight else pl.lit(1, dtype=pl.Int64)


def weighted(value: pl.Expr, weight: str | None, units: int) -> pl.Expr:
    """Value x weight in whole `units` of a weight of 1; null counts 0."""
    if weight is None:
        return (value * units).round().cast(pl.Int64).fill_null(0)
    return (value * pl.col(weight) * units).round().cast(pl.Int64).fill_null(0)


def _index_sums(key: str, weights: pl.Expr, weight: str | None) -> list[pl.Expr]:
    score, band = pl.col(key), pl.col(f"{key}_band")
    units = (score * SCORE_UNITS).round().cast(pl.Int64).fill_null(0)
    scored = score.is_not_null()
    in_units = weights if weight is None else (weights * WEIGHT_UNITS).round().cast(pl.Int64)
    parts = {"n": scored.cast(pl.Int64), "w": pl.when(scored).then(in_units).otherwise(0)}
    parts["y"] = units * weights if weight is None else (units * weights).round().cast(pl.Int64)
    squares = units.cast(pl.Float64).pow(2) * weights / SQUARE_SHRINK
    parts["q"] = units * units * weights if weight is None else squares.round().cast(pl.Int64)
    parts |= {f"w{b}": pl.when(band == b).then(in_units).otherwise(0) for b in (1, 2, 3)}
    named = [parts[what].alias(sum_name(key, what)) for what in _SUMS]
    return named if weight is None else [*named, weight_squares(key, scored, weight)]


def weight_squares(key: str, valid: pl.Expr, weight: str) -> pl.Expr:
    """Sum of squared weights of those with a value, for Kish's design effect."""
    squares = (pl.col(weight) * pl.col(weight) * WEIGHT_UNITS).round().cast(pl.Int64)
    return pl.when(valid).then(squares).otherwise(0).alias(sum_name(key, WEIGHT_SQUARES))


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


def _check_numbers(frame: pl.LazyFrame, needed: Sequence[str]) -> None:
    """A value that is neither a number nor missing would be no whole number of units."""
    schema = frame.collect_schema()
    floats = [name for name in needed if schema[name].is_float()]
    if not floats:
        return
    bad = frame.select((pl.col(name).is_finite().not_()).sum() for name in floats).collect().row(0, named=True)
    if any(bad.values()):
        raise PipelineError(
            code="not_a_number",
            where=f"Kolumnen {', '.join(name for name, rows in bad.items() if rows)}",
            expected="ett tal för varje elev, eller tomt",
            got=f"{max(bad.values())} rader med något annat",
            hint="Räkna om stegen före beräkningen av områdenas resultat.",
        )


def _check_weights(frame: pl.LazyFrame, weight: str) -> None:
    column = pl.col(weight).cast(pl.Float64)
    least = 1 / WEIGHT_UNITS  # a smaller weight would count as nobody
    bad = ~(column.is_finite() & (column >= least) & (column <= MAX_WEIGHT)).fill_null(False)
    rows = frame.select(bad.sum()).collect().item()
    if rows:
        raise PipelineError(
            code="weight_out_of_range",
            where=f"Vikten {weight}",
            expected=f"tal från en miljondel till {MAX_WEIGHT} för varje elev",
            got=f"{rows} rader med annat",
            hint="Rätta vikterna i leveransen, eller lämna den utan vikter.",
        )


def _check_strata(frame: pl.LazyFrame, stratum: str) -> None:
    rows = frame.select((pl.col(stratum).is_null() | pl.col("psu").is_null()).sum()).collect().item()
    if rows:
        raise PipelineError(
            code="design_incomplete",
            where=f"Urvalsplanens kolumner {stratum} och psu",
            expected="stratum och urvalsenhet för varje elev",
            got=f"{rows} rader utan",
            hint="Rätta leveransen, eller lämna den utan kolumnen med strata.",
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


def _check_size(frame: pl.LazyFrame, table: pl.DataFrame, index_keys: Sequence[str], weight: str | None) -> None:
    """Squared scores are summed in 64 bits: on a scale to 100 that is room for 900 persons of a sex in one class."""
    shrink = 1 if weight is None else SQUARE_SHRINK * weight_units(weight)
    if table.is_empty():
        return
    highest = frame.select(pl.col(key).cast(pl.Float64).abs().max() for key in index_keys).collect().row(0, named=True)
    for key in index_keys:
        if table[sum_name(key, "w")].max() / shrink * ((highest[key] or 0.0) * SCORE_UNITS) ** 2 >= 2**63:
            raise PipelineError(
                code="class_too_large",
                where=f"Indexet {key}",
                expected="klasser eller skolor med högst några hundra elever",
                got="en så stor grupp utan klass och skola att summorna inte ryms",
                hint="Lägg till skola eller klass i leveransen.",
            )


def persons_of_rows(
    persons: pl.DataFrame | pl.LazyFrame, table: pl.DataFrame, values: Sequence[pl.Expr], weight: str | None = None
) -> pl.DataFrame:
    """The persons in `table` (from `psu_sums`): number of their `row` in it, `sex`, `weight` in weight units, and `values`."""
    keys = table.columns[: table.columns.index("respondents")]
    weights = pl.lit(1, pl.Int64) if weight is None else (_weight(weight) * WEIGHT_UNITS).round().cast(pl.Int64)
    rows = table.select(keys).with_row_index("row").lazy()
    chosen = persons.lazy().select(*keys, *values, weights.alias("weight"))
    found = chosen.join(rows, on=keys, how="inner", nulls_equal=True)
    return found.select(pl.col("row").cast(pl.Int64), pl.exclude("row", *(set(keys) - {"sex"}))).collect()


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


def area_sums(table: pl.DataFrame, level: str, index_keys: Sequence[str], sums: Sequence[str] = _SUMS) -> AreaSums:
    """Sum `psu_sums` to class x area and lay the sexes side by side."""
    names = [name for key in index_keys for what in (*sums, WEIGHT_SQUARES) if (name := sum_name(key, what)) in table.columns]
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
    if "stratum_psus" in table.columns:
        strata = table.select("stratum_id", "stratum_psus").unique().sort("stratum_id")
        psus = np.ones(int(strata["stratum_id"][-1]) + 1, dtype=np.int64)
        psus[strata["stratum_id"].to_numpy()] = strata["stratum_psus"].to_numpy()
        return psus
    classes = table.unique("psu_id", keep="first", maintain_order=True)
    return np.bincount(classes["stratum_id"].to_numpy()).astype(np.int64)
