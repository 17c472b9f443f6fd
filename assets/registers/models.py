"""What the register parsers share: the columns they hand over, raw registers, and the catalogue of sources.

Pure: no file system, no database. `files.py` reads; this module only says what things are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl
from pydantic import Field, model_validator

from assets.catalogue.models import Strict

Kind = Literal["kolada", "skolverket_csv", "skolverket_parquet", "skolenkaten"]
Section = Literal["familj", "skola", "fritid", "narsamhalle", "brott"]

COUNTY_CODE = "01"

#: `release.register_values` without `area_name` and `edition`; one row per source x indicator x area x year x sex.
VALUE_SCHEMA: dict[str, pl.DataType] = {
    "source": pl.String(),
    "indicator_key": pl.String(),
    "area_level": pl.String(),
    "area_code": pl.String(),
    "year": pl.Int32(),
    "sex": pl.String(),
    "value": pl.Float64(),
    "n": pl.Int64(),
    "unit": pl.String(),
    "reason": pl.String(),
    "vintage": pl.String(),
}
VALUE_KEY = ("source", "indicator_key", "area_level", "area_code", "year", "sex")

#: `raw/register_values`: every row of every file as text, with where it stood. Null cells are empty in the source.
RAW_SCHEMA: dict[str, pl.DataType] = {
    "source_file": pl.String(),
    "source_sha256": pl.String(),
    "source_sheet": pl.String(),
    "source_row": pl.Int64(),
    "cells": pl.List(pl.String()),
}


@dataclass(frozen=True)
class RawRegister:
    """One register file as it arrived: nothing but text.

    Attributes:
        kind: which parser it belongs to; decided by content, never by the file's name.
        source_file, source_sha256: the file's name (no folder) and the hash of its bytes.
        rows: `source_sheet` ("" when the file has one table), `source_row` (1-based line or sheet row; 0 = the column names
            of a parquet file), `cells` (list of text).
        meta: what the content says about itself: `vintage` (kolada, from the date in the file's name), `school_year` and
            `year` (skolverket_csv), `year` and `grade` (skolenkaten).
    """

    kind: Kind
    source_file: str
    source_sha256: str
    rows: pl.DataFrame = field(repr=False)
    meta: Mapping[str, str] = field(default_factory=dict)


class Unit(Strict):
    """What stands after a number (`short_sv`) and what an axis says (`axis_sv`)."""

    key: str
    short_sv: str
    axis_sv: str


class UnitFile(Strict):
    """All units of register values."""

    units: tuple[Unit, ...]


class Indicator(Strict):
    """One register indicator.

    `expected`: whether the bundled vintage holds it. `header`: text that its columns carry in the source (skolenkaten).
    `index`: the index a question belongs to. `shown`: False when it is fetched but drawn nowhere.
    """

    key: str
    title_sv: str
    title_official: str | None = None
    section: Section
    unit: str
    decimals: int = Field(ge=0, le=3)
    by_sex: bool = False
    expected: Literal["present", "absent_in_vintage"] = "present"
    role: Literal["value", "index", "question", "response_rate"] = "value"
    header: str | None = None
    index: str | None = None
    note_sv: str | None = None
    shown: bool = True


class RegisterSource(Strict):
    """A source of register data: who publishes it, under which terms, and what its indicators are."""

    source: Literal["kolada", "skolverket", "skolenkaten"]
    title_sv: str
    publisher_sv: str
    source_line_sv: str
    licence_sv: str
    vintage: str
    years: tuple[int, int] | None = None
    notes_sv: tuple[str, ...]
    indicators: tuple[Indicator, ...]

    @model_validator(mode="after")
    def _unique_and_linked(self) -> RegisterSource:
        keys = [i.key for i in self.indicators]
        problems = [f"{k}: står två gånger" for k in sorted({k for k in keys if keys.count(k) > 1})]
        problems += [f"{i.key}: okänt index {i.index}" for i in self.indicators if i.index and i.index not in keys]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def by_key(self) -> dict[str, Indicator]:
        """Indicators by key."""
        return {i.key: i for i in self.indicators}


@dataclass(frozen=True)
class RegisterCatalogue:
    """All register sources with their units, and the names under which a municipality runs its schools.

    `organisers`: organiser name as published ("Danderyds kommun") -> municipality code. `municipalities`: codes in order.
    """

    sources: Mapping[str, RegisterSource]
    units: Mapping[str, Unit]
    organisers: Mapping[str, str]
    municipalities: tuple[str, ...]

    def indicator(self, source: str, key: str) -> Indicator:
        """The indicator `key` of `source`. Raises KeyError when there is none."""
        return self.sources[source].by_key[key]


def value_frame(rows: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """Rows as a frame in `VALUE_SCHEMA`, sorted by its key."""
    return pl.DataFrame(list(rows), schema=VALUE_SCHEMA).sort(VALUE_KEY)


def finish_values(frame: pl.DataFrame) -> pl.DataFrame:
    """Bring a frame into `VALUE_SCHEMA`: enforce that a hidden value is null and a null value has a reason, then sort.

    A row that claims `ok` (or `not_reconciled`) without a value gets `missing`; a value under any other reason is emptied.
    """
    shown = pl.col("reason").is_in(["ok", "not_reconciled"])
    return (
        frame.with_columns(
            reason=pl.when(shown & pl.col("value").is_null()).then(pl.lit("missing")).otherwise(pl.col("reason")),
            value=pl.when(shown).then(pl.col("value")),
        )
        .select([pl.col(name).cast(kind) for name, kind in VALUE_SCHEMA.items()])
        .sort(VALUE_KEY)
    )
