"""All raw registers together: which parser takes which, and the two tables that come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from assets.methods.errors import PipelineError
from assets.registers import kolada, skolenkaten, skolverket
from assets.registers.models import VALUE_KEY, VALUE_SCHEMA, RawRegister, RegisterCatalogue
from assets.registers.raw import named_table


@dataclass(frozen=True)
class RegisterTables:
    """What the registers become.

    `values`: `VALUE_SCHEMA`, all sources. `schools`: `skolverket.SCHOOL_SCHEMA`, one row per school unit and year.
    """

    values: pl.DataFrame = field(repr=False)
    schools: pl.DataFrame = field(repr=False)


def check_file(raw: RawRegister, catalogue: RegisterCatalogue) -> None:
    """Parse one file and throw the result away, so that a bad file can be set aside before it stops the others.

    Raises:
        PipelineError: as the file's parser says, with the file's name in `where`.
    """
    if raw.kind.startswith("skolverket"):
        parse_schools(raw)
    else:
        parse_values(raw, catalogue)


def parse_schools(raw: RawRegister) -> pl.DataFrame:
    """School rows of one Skolverket file of either kind (`skolverket.SCHOOL_SCHEMA`)."""
    if raw.kind == "skolverket_csv":
        return skolverket.parse_rows(raw.rows, raw.source_file)
    if raw.kind == "skolverket_parquet":
        return skolverket.parse_parquet_rows(named_table(raw.rows, 0, raw.source_file), raw.source_file)
    raise ValueError(f"{raw.kind} holds no schools")


def parse_values(raw: RawRegister, catalogue: RegisterCatalogue) -> pl.DataFrame:
    """Register values of one Kolada or Skolenkäten file (`VALUE_SCHEMA`)."""
    if raw.kind == "kolada":
        read = _kolada
    elif raw.kind == "skolenkaten":
        read = _skolenkaten
    else:
        raise ValueError(f"{raw.kind} holds no values by itself: add its schools up")
    try:
        return read(raw, catalogue)
    except PipelineError as error:
        if error.where.startswith(raw.source_file):
            raise
        raise replace(error, where=f"{raw.source_file}: {error.where}") from error


def _kolada(raw: RawRegister, catalogue: RegisterCatalogue) -> pl.DataFrame:
    table = named_table(raw.rows, 0, raw.source_file)
    return kolada.parse(table, catalogue.sources["kolada"].indicators, catalogue.municipalities, raw.meta["vintage"])


def _skolenkaten(raw: RawRegister, catalogue: RegisterCatalogue) -> pl.DataFrame:
    return skolenkaten.parse(raw.rows, catalogue.sources["skolenkaten"], catalogue.organisers, catalogue.municipalities)


def build(raws: Sequence[RawRegister], catalogue: RegisterCatalogue) -> RegisterTables:
    """Parse all register files and put them together.

    Of several Kolada vintages only the newest is used: values from different vintages are never mixed.

    Raises:
        PipelineError: whatever a parser raises; `duplicate_rows` when two files give the same value.
    """
    vintages = sorted((raw for raw in raws if raw.kind == "kolada"), key=lambda raw: raw.meta["vintage"])
    frames = [parse_values(raw, catalogue) for raw in [*vintages[-1:], *(r for r in raws if r.kind == "skolenkaten")]]
    schools = [parse_schools(raw) for raw in raws if raw.kind.startswith("skolverket")]
    combined = skolverket.combine_schools(schools) if schools else pl.DataFrame(schema=skolverket.SCHOOL_SCHEMA)
    if schools:
        frames.append(skolverket.municipality_totals(combined, catalogue.sources["skolverket"], catalogue.municipalities))
    values = pl.concat(frames).sort(VALUE_KEY) if frames else pl.DataFrame(schema=VALUE_SCHEMA)
    doubled = values.height - values.unique(VALUE_KEY).height
    if doubled:
        raise PipelineError(
            "duplicate_rows",
            "registerfilerna",
            "en fil per källa och år",
            f"{doubled} värden som finns i två filer",
            "Ta bort den ena av de två filerna för samma år.",
        )
    return RegisterTables(values=values, schools=combined)
