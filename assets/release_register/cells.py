"""Every number a bundle publishes, one row each, as canonical text that has a hash. Pure.

A cell is found again by table, area, wave, grade, sex, key and measure. Texts (verdicts, sentences) are no cells: they are formed
from these numbers, and the bundle's manifest has the hash of every file. Register values are left out: open data, or counts of an
imported table, which have a protection of their own (`assets/methods/register_protection.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields

import polars as pl

from assets.charts.types import ReleaseFrames

CELL_KEYS = ("table_name", "edition", "area_level", "area_code", "wave", "grade", "sex", "key", "measure")
NUMBERS = ("value", "low", "high", "n")
CELL_COLUMNS = (*CELL_KEYS, *NUMBERS, "reason")
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = (
    dict.fromkeys(CELL_KEYS, pl.String) | {"wave": pl.Int32} | dict.fromkeys(NUMBERS, pl.Float64) | {"reason": pl.String}
)
OPEN = ("register_values", "series_breaks", "previous_tables")
"""Tables without numbers about this survey's pupils; `previous_tables` are those of an earlier release, registered as such."""
KEY_SEPARATOR = "|"
SETTINGS = ("confidence_level",)
"""Numbers that are choices of the method and the same for all."""
NULL = "\u2400"
MILLION = 1_000_000
_PLACES = ("edition", "area_level", "area_code", "wave", "grade", "sex")
KEY_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "index_results": ("index_key",),
    "indicator_results": ("indicator",),
    "accumulated_results": ("count_key",),
    "screen_sensitivity": ("series_type", "series"),
    "weighted_comparison": ("index_key",),
    "model_estimates": ("index_key", "method"),
    "cutoff_sensitivity": ("index_key", "cut_set"),
    "associations": ("factor", "outcome"),
    "trends": ("series_kind", "series"),
    "response_by_school_type": ("school_type",),
    "index_anatomy": ("index_key", "part", "key"),
    "delivery_quality": ("item",),
    "factor_overview": ("factor",),
    "priority_order": ("factor",),
    "activity_status": ("round", "activity_id", "own_name"),
    "activity_coverage": ("round", "factor_kind", "factor", "arena", "level", "age_band"),
    "readiness": ("round", "condition"),
    "readiness_statements": ("round", "condition", "statement"),
    "decisions": ("round", "decision_id"),
    "rank_sets": ("index_key",),
    "funnel": ("index_key",),
}
"""Columns that, with place, wave, grade and sex, name a row of a table; none where they do so alone."""


def published_cells(frames: ReleaseFrames) -> pl.DataFrame:
    """The cells of all tables that one bundle sees, sorted; columns `CELL_COLUMNS`."""
    return cells_of({field.name: getattr(frames, field.name) for field in fields(frames)})


def cells_of(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The cells of release tables, by name; columns `CELL_COLUMNS`, sorted.

    A table that has `measure` and `value` gives its row as it is; any further number of it, and all numbers of other tables, come
    as cells of their own with the column's name behind a colon (`share:change`), so no number is left out.
    """
    parts = [_table(name, frame) for name, frame in sorted(tables.items()) if name not in OPEN and frame.height]
    if not parts:
        return pl.DataFrame(schema=SCHEMA)
    return pl.concat(parts).unique().sort(pl.all())


def _table(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    keys = [pl.col(one).cast(pl.String).fill_null(NULL) for one in KEY_COLUMNS.get(name, ()) if one in frame.columns]
    places = [pl.col(one) if one in frame.columns else pl.lit(None, SCHEMA[one]).alias(one) for one in _PLACES]
    base = frame.with_columns(
        *places,
        table_name=pl.lit(name),
        key=pl.concat_str(keys, separator=KEY_SEPARATOR) if keys else pl.lit(""),
        reason=pl.col("reason") if "reason" in frame.columns else pl.lit(None, pl.String),
        measure=pl.col("measure") if "measure" in frame.columns else pl.lit(""),
    )
    long = "value" in frame.columns
    known = {*_PLACES, *KEY_COLUMNS.get(name, ()), *(NUMBERS if long else ()), *SETTINGS}
    more = [column for column, kind in frame.schema.items() if column not in known and kind.is_numeric()]
    parts = [_row(base, list(NUMBERS))] if long else []
    for column in more:
        named = base.with_columns(
            measure=pl.when(pl.col("measure") == "")
            .then(pl.lit(column))
            .otherwise(pl.format("{}:{}", "measure", pl.lit(column))),
            value=pl.col(column).cast(pl.Float64),
        )
        parts.append(_row(named.filter(pl.col(column).is_not_null()), ["value"]))
    return pl.concat(parts) if parts else pl.DataFrame(schema=SCHEMA)


def _row(frame: pl.DataFrame, numbers: list[str]) -> pl.DataFrame:
    """The cell columns, with the numbers the frame has; the others are null."""
    own = [name for name in numbers if name in frame.columns]
    return frame.select(
        *(pl.col(name).cast(SCHEMA[name]) for name in CELL_KEYS),
        *(
            pl.col(name).cast(pl.Float64, strict=False) if name in own else pl.lit(None, pl.Float64).alias(name)
            for name in NUMBERS
        ),
        pl.col("reason").cast(pl.String),
    )


def canonical_text(cells: pl.DataFrame) -> bytes:
    """One line a row: fields with tabs between, numbers with at most six decimals and no trailing zero, null as a sign."""
    words = [pl.col(name).cast(pl.String).str.replace_all(r"[\t\n\r]", " ").fill_null(NULL) for name in CELL_KEYS]
    reason = pl.col("reason").str.replace_all(r"[\t\n\r]", " ").fill_null(NULL)
    lines = cells.select(line=pl.concat_str([*words, *(_number(name) for name in NUMBERS), reason], separator="\t")).to_series()
    return "".join(f"{line}\n" for line in lines.sort().to_list()).encode()


def _number(name: str) -> pl.Expr:
    """The number as text, from whole millionths, so that no program's way of writing floats decides."""
    millionths = (pl.col(name) * MILLION).round().cast(pl.Int64)
    rest = (millionths.abs() % MILLION).cast(pl.String).str.zfill(6).str.strip_chars_end("0")
    whole = (millionths.abs() // MILLION).cast(pl.String)
    sign = pl.when(millionths < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    text = pl.concat_str([sign, whole, pl.when(rest == "").then(pl.lit("")).otherwise(pl.concat_str(pl.lit("."), rest))])
    return text.fill_null(NULL).alias(name)


def cells_hash(cells: pl.DataFrame) -> str:
    """SHA-256 of the cells as canonical text: `cells_sha256` of manifests and of the register. Independent of row order."""
    return hashlib.sha256(canonical_text(cells)).hexdigest()


def as_tables(cells: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The cells as release tables again, by name: key columns, `measure`, numbers and `reason`.

    A table whose rows had several numbers gets one row per number, with the number's name as `measure`.
    """
    tables = {}
    for (name,), rows in cells.group_by("table_name", maintain_order=True):
        columns = KEY_COLUMNS.get(str(name), ())
        parts = pl.col("key").str.split(KEY_SEPARATOR)
        keys = [parts.list.get(place, null_on_oob=True).replace(NULL, None).alias(c) for place, c in enumerate(columns)]
        tables[str(name)] = rows.select(
            *_PLACES, *keys, *(c for c in ("measure", *NUMBERS) if c not in columns), "reason"
        )  # fmt: skip
    return tables
