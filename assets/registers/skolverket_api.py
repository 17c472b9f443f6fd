"""Skolverket's open API "planned educations": indicators per school unit, raw text rows to typed rows. Pure.

Not part of the register values: a municipality's figure isn't the plain mean of its schools (defect D46 of the predecessor), and
the source has no weights. Skolverket's own word for why a value is absent is kept beside the reason.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.methods.errors import PipelineError
from assets.registers.numbers import integer_text, swedish_number
from assets.registers.raw import missing_columns
from assets.registers.reading import SKOLVERKET_API_COLUMNS

INDICATOR_SCHEMA: dict[str, pl.DataType] = {
    "school_code": pl.String(),
    "school_name": pl.String(),
    "municipality_code": pl.String(),
    "school_form": pl.String(),
    "variable": pl.String(),
    "year": pl.Int32(),
    "value": pl.Float64(),
    "reason": pl.String(),
    "value_type": pl.String(),
}
#: `valueType` -> reason. A rounded value is a value; `value_type` says that it is rounded.
VALUE_TYPES = {
    "EXISTS": "ok",
    "ROUNDED_OFF_DUE_TO_FEW_PUPILS_NOT_ELIGIBLE": "ok",
    "OMITTED_DUE_TO_BASED_ON_FEW_PUPILS": "masked_at_source",
    "TEACHERS_EXCLUDED_DUE_TO_NO_REQUIRED_LEGITIMATION": "not_applicable",
    "MISSING": "missing",
}
#: `type` -> school form: preschool class, compulsory school, upper secondary school.
FORMS = {"fsk": "preschool_class", "gr": "compulsory", "gy": "upper_secondary"}
KEY = ["school_code", "school_form", "variable", "year"]


def parse(raw: pl.DataFrame, areas: Sequence[str], file_name: str) -> pl.DataFrame:
    """Indicators of the schools in the wanted municipalities.

    Args:
        raw: all text, with the columns of the download.
        areas: municipality codes wanted.
        file_name: for messages.

    Returns:
        `INDICATOR_SCHEMA` sorted by key. `year` is null where the source gives no period. A value under a reason is emptied.

    Raises:
        PipelineError: `unknown_layout`, `unknown_code` (value type or school form), `bad_number`, `duplicate_rows`, `no_areas`.
    """
    missing_columns(raw, {*SKOLVERKET_API_COLUMNS, "Skolenhetsnamn"}, file_name)
    local = raw.with_columns(integer_text("Kommunkod", 4), integer_text("Skolenhetskod", 8)).filter(
        pl.col("Kommunkod").is_in(list(areas))
    )
    if local.is_empty():
        raise PipelineError("no_areas", file_name, "skolor i länets kommuner", "ingen", "Hämta uppgifterna för länets kommuner.")
    for column, known in (("valueType", VALUE_TYPES), ("type", FORMS)):
        _no_unknown(local, column, set(known), file_name)
    reason = pl.col("valueType").replace_strict(VALUE_TYPES, return_dtype=pl.String)
    typed = local.select(
        pl.col("Skolenhetskod").alias("school_code"),
        pl.col("Skolenhetsnamn").alias("school_name"),
        pl.col("Kommunkod").alias("municipality_code"),
        pl.col("type").replace_strict(FORMS, return_dtype=pl.String).alias("school_form"),
        "variable",
        integer_text("timePeriod").cast(pl.Int32, strict=False).alias("year"),
        swedish_number("value"),
        reason.alias("reason"),
        pl.col("valueType").alias("value_type"),
        (pl.col("value").is_not_null() & swedish_number("value").is_null()).alias("_broken"),
    )
    _check(typed, file_name)
    shown = pl.col("reason") == "ok"
    return (
        typed.with_columns(
            value=pl.when(shown).then(pl.col("value")),
            reason=pl.when(shown & pl.col("value").is_null()).then(pl.lit("missing")).otherwise(pl.col("reason")),
        )
        .select([pl.col(name).cast(kind) for name, kind in INDICATOR_SCHEMA.items()])
        .sort(KEY, nulls_last=True)
    )


def _no_unknown(frame: pl.DataFrame, column: str, known: set[str], file_name: str) -> None:
    unknown = sorted(str(code) for code in set(frame[column].unique().to_list()) - known)
    if unknown:
        raise PipelineError(
            "unknown_code",
            f"{file_name}, kolumnen ”{column}”",
            "en av koderna " + ", ".join(sorted(known)),
            "okända koder: " + ", ".join(unknown),
            "Kontrollera i Skolverkets dokumentation vad koden betyder och komplettera assets/registers/skolverket_api.py.",
        )


def _check(typed: pl.DataFrame, file_name: str) -> None:
    broken = typed.filter("_broken").height
    if broken:
        raise PipelineError(
            "bad_number", f"{file_name}, kolumnen ”value”", "tal", f"{broken} rader med annat", "Hämta filen på nytt."
        )
    doubled = typed.height - typed.unique(KEY).height
    if doubled:
        raise PipelineError(
            "duplicate_rows", file_name, "ett värde per skola, mått och år", f"{doubled} för mycket", "Hämta filen på nytt."
        )
