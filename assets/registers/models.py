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

Kind = Literal["kolada", "skolverket_csv", "skolverket_parquet", "skolverket_api", "skolenkaten", "scb", "table"]
Section = Literal["familj", "skola", "fritid", "narsamhalle", "brott"]

#: `release.register_values` without `area_name` and `edition`; one row per source x indicator x area x year x sex. From `events`
#: on only an imported table fills the columns: count and population of a rate or share, its interval, and its own words.
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
    "events": pl.Int64(),
    "population": pl.Int64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "interval_method": pl.String(),
    "confidence_level": pl.Float64(),
    "title_sv": pl.String(),
    "publisher_sv": pl.String(),
}
ONLY_IMPORTED = frozenset(
    {"events", "population", "low", "high", "interval_method", "confidence_level", "title_sv", "publisher_sv"}
)
VALUE_KEY = ("source", "indicator_key", "area_level", "area_code", "year", "sex")

#: `raw/register_values`: every row of every file as text, with where it stood. Null cells are empty in the source.
RAW_SCHEMA: dict[str, pl.DataType] = {
    "source_file": pl.String(),
    "source_sha256": pl.String(),
    "source_sheet": pl.String(),
    "source_row": pl.Int64(),
    "cells": pl.List(pl.String()),
}


#: Sheet of the raw rows that holds a table's mapping file. Excel forbids square brackets in names of sheets.
MAPPING_SHEET = "[mappning]"


@dataclass(frozen=True)
class RawRegister:
    """One register file as it arrived: nothing but text.

    Attributes:
        kind: which parser it belongs to; decided by content, never by the file's name.
        source_file, source_sha256: the file's name (no folder) and the hash of its bytes.
        rows: `source_sheet` ("" when the file has one table), `source_row` (1-based line or sheet row; 0 = the column names
            of a parquet file), `cells` (list of text). A `table` also has the sheet `MAPPING_SHEET`: its mapping file, line by
            line.
        meta: what the content says about itself: `vintage` (kolada, scb, from the date in the file's name), `school_year` and
            `year` (skolverket_csv), `year` and `grade` (skolenkaten: `ak5`, `ak8`, `gy2`), `source` (table).
    """

    kind: Kind
    source_file: str
    source_sha256: str
    rows: pl.DataFrame = field(repr=False)
    meta: Mapping[str, str] = field(default_factory=dict)


class Unit(Strict):
    """What stands after a number (`short_sv`), what an axis says (`axis_sv`), and per how many persons a rate is told (`per`)."""

    key: str
    short_sv: str
    axis_sv: str
    per: int | None = Field(default=None, ge=1)


class UnitFile(Strict):
    """All units of register values."""

    units: tuple[Unit, ...]


class Indicator(Strict):
    """One register indicator.

    `expected`: whether the bundled vintage holds it. `header`: text that its columns carry in the source (skolenkaten).
    `index`: the index a question belongs to. `shown`: False when it is fetched but drawn nowhere. `where`: what picks the
    indicator's rows in a table with several: dimension -> code (scb), header -> cell (imported tables). `unit_text`: what the
    unit column of an imported table must say.
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
    where: dict[str, str] = Field(default_factory=dict)
    unit_text: str | None = None


class ScbTable(Strict):
    """How a table of SCB's PxWeb API v2 is asked for.

    `label`: what the table's title must begin with. `region`, `time`, `sex`: its dimensions. `sex_codes`: the table's code ->
    ours. `sex_total`: the code of both sexes; without one the dimension is left out of a second question, which gives the
    published total. `fixed`: dimension -> the one code wanted. `first_year`: earlier periods aren't asked for. `period`: pattern
    of the periods wanted. `perturbed_from`: first reference year to which SCB adds noise (Cell Key Method).
    """

    id: str
    label: str
    region: str = "Region"
    time: str = "Tid"
    sex: str | None = "Kon"
    sex_codes: dict[str, str] = Field(default_factory=dict)
    sex_total: str | None = None
    fixed: dict[str, str]
    first_year: int
    period: str = r"^\d{4}$"
    perturbed_from: int = 2025


class RegisterSource(Strict):
    """A source of register data: who publishes it, under which terms, and what its indicators are."""

    source: str = Field(pattern="^[a-z][a-z0-9_]*$")
    title_sv: str
    publisher_sv: str
    source_line_sv: str
    licence_sv: str
    vintage: str
    years: tuple[int, int] | None = None
    notes_sv: tuple[str, ...]
    table: ScbTable | None = None
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

    `sources`: those with bundled files, by name. `more`: those that arrive only when somebody fetches or drops them, by the name
    of their catalogue file (`scb`, `skolenkaten_ak5`, `skolenkaten_gy2`). `organisers`: organiser name as published ("Danderyds
    kommun") -> municipality code. `municipalities`: codes in order. `names`: name of a municipality -> its code.
    """

    sources: Mapping[str, RegisterSource]
    units: Mapping[str, Unit]
    organisers: Mapping[str, str]
    municipalities: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, RegisterSource] = field(default_factory=dict)

    def indicator(self, source: str, key: str) -> Indicator:
        """The indicator `key` of `source`. Raises KeyError when there is none."""
        held = [self.sources[source]] if source in self.sources else []
        held += [other for other in self.more.values() if other.source == source]
        for one in held:
            if key in one.by_key:
                return one.by_key[key]
        raise KeyError(f"{source}: {key}")

    def skolenkaten(self, grade: str) -> RegisterSource | None:
        """The indicators of Skolenkäten for a grade (`ak5`, `ak8`, `gy2`), or None."""
        return self.sources["skolenkaten"] if grade == "ak8" else self.more.get(f"skolenkaten_{grade}")


def value_frame(rows: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """Rows as a frame in `VALUE_SCHEMA`, sorted by its key."""
    return pl.DataFrame(list(rows), schema=VALUE_SCHEMA).sort(VALUE_KEY)


def finish_values(frame: pl.DataFrame) -> pl.DataFrame:
    """Bring a frame into `VALUE_SCHEMA`: enforce that a hidden value is null and a null value has a reason, then sort.

    A row that claims `ok` (or `not_reconciled`) without a value gets `missing`; a value under any other reason is emptied.
    Columns that only imported tables have are null in the others.
    """
    shown = pl.col("reason").is_in(["ok", "not_reconciled"])
    absent = [pl.lit(None, kind).alias(name) for name, kind in VALUE_SCHEMA.items() if name in ONLY_IMPORTED - set(frame.columns)]
    return (
        frame.with_columns(absent)
        .with_columns(
            reason=pl.when(shown & pl.col("value").is_null()).then(pl.lit("missing")).otherwise(pl.col("reason")),
            value=pl.when(shown).then(pl.col("value")),
        )
        .select([pl.col(name).cast(kind) for name, kind in VALUE_SCHEMA.items()])
        .sort(VALUE_KEY)
    )
