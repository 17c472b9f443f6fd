"""Kolada: raw text rows of one vintage to register values.

Kolada revises values between vintages and stops delivering key figures without saying so, so a vintage is taken whole and the
expected key figures are compared with what came (defect D32 of the predecessor). Sex is part of the key (D31). No county value
is made: the key figures' denominators aren't in the source.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.methods.errors import PipelineError
from assets.registers.models import VALUE_KEY, Indicator, finish_values
from assets.registers.numbers import integer_text, swedish_number
from assets.registers.raw import missing_columns

SEX = {"T": "all", "K": "girl", "M": "boy"}
#: Kolada's status -> reason. Empty status is a value.
STATUS = {"": "ok", "Missing": "missing", "Privacy": "masked_at_source", "Not applicable": "not_applicable"}
NEEDED = {"kpi", "municipality_id", "year", "gender", "status", "value"}
_WHERE = "Kolada"


def parse(raw: pl.DataFrame, kpis: Sequence[Indicator], areas: Sequence[str], vintage: str) -> pl.DataFrame:
    """Register values of the wanted key figures and municipalities.

    Args:
        raw: all text; at least the columns kpi, municipality_id (4 digits), year, gender (T, K, M), status, value.
        kpis: the key figures wanted (catalogue `kolada.yml`).
        areas: municipality codes wanted.
        vintage: the day the data was fetched, ISO.

    Returns:
        `VALUE_SCHEMA`; per key figure, every area has a row for each year and sex the vintage holds for any of them. A key
        figure absent from the vintage has one row per area (the vintage's last year, sex `all`, reason `absent_in_vintage`).
        Values keep the source's precision; `n` is null. A value under a status is hidden even if the source gives a number.

    Raises:
        PipelineError: `unknown_layout`, `unknown_code` (status or gender), `bad_number`, `duplicate_rows`, `no_areas`.
    """
    missing_columns(raw, NEEDED, _WHERE)
    rows = _typed(raw.filter(pl.col("kpi").is_in([k.key for k in kpis]) & pl.col("municipality_id").is_in(list(areas))))
    if rows.is_empty():
        raise PipelineError(
            "no_areas",
            _WHERE,
            "länets kommuner och katalogens nyckeltal",
            "en fil utan någon av dem",
            "Hämta nyckeltalen för länets kommuner från Kolada.",
        )
    units = pl.DataFrame({"indicator_key": [k.key for k in kpis], "unit": [k.unit for k in kpis]})
    present = _complete(rows, areas)
    absent = _absent(rows, kpis, areas)
    return finish_values(
        pl.concat([present, absent])
        .join(units, on="indicator_key", how="left", maintain_order="left")
        .with_columns(
            source=pl.lit("kolada"),
            area_level=pl.lit("municipality"),
            n=pl.lit(None, pl.Int64),
            vintage=pl.lit(vintage),
        )
    )


def surprises(values: pl.DataFrame, kpis: Sequence[Indicator]) -> tuple[list[str], list[str]]:
    """Key figures that vanished and that came back, against the catalogue: (expected but absent, absent but delivered).

    Args:
        values: what `parse` returned.
        kpis: the same key figures.
    """
    gone = set(values.filter(pl.col("reason") == "absent_in_vintage")["indicator_key"].unique().to_list())
    vanished = [k.key for k in kpis if k.expected == "present" and k.key in gone]
    returned = [k.key for k in kpis if k.expected == "absent_in_vintage" and k.key not in gone]
    return vanished, returned


def _typed(raw: pl.DataFrame) -> pl.DataFrame:
    status = pl.col("status").str.strip_chars().fill_null("")
    _no_unknown(raw.select(status.alias("status")), "status", set(STATUS))
    _no_unknown(raw, "gender", set(SEX))
    rows = raw.select(
        pl.col("kpi").alias("indicator_key"),
        pl.col("municipality_id").alias("area_code"),
        integer_text("year").cast(pl.Int32, strict=False).alias("year"),
        pl.col("gender").replace_strict(SEX, return_dtype=pl.String).alias("sex"),
        swedish_number("value").alias("value"),
        pl.col("value").is_not_null().alias("_given"),
        status.replace_strict(STATUS, return_dtype=pl.String).alias("reason"),
    )
    broken = rows.filter((pl.col("_given") & pl.col("value").is_null()) | pl.col("year").is_null()).height
    if broken:
        raise PipelineError(
            "bad_number", f"{_WHERE}, kolumnerna ”year” och ”value”", "tal", f"{broken} rader med annat", "Hämta filen på nytt."
        )
    doubled = rows.height - rows.unique(["indicator_key", "area_code", "year", "sex"]).height
    if doubled:
        raise PipelineError(
            "duplicate_rows",
            _WHERE,
            "en rad per nyckeltal, kommun, år och kön",
            f"{doubled} rader för mycket",
            "Lägg in en årgång i taget.",
        )
    return rows.drop("_given")


def _no_unknown(frame: pl.DataFrame, column: str, known: set[str]) -> None:
    unknown = sorted(str(code) for code in set(frame[column].unique().to_list()) - known)
    if unknown:
        raise PipelineError(
            "unknown_code",
            f"{_WHERE}, kolumnen ”{column}”",
            "en av koderna " + ", ".join(f"”{code}”" for code in sorted(known)),
            "okända koder: " + ", ".join(f"”{code}”" for code in unknown),
            "Kontrollera i Koladas dokumentation vad koden betyder och komplettera assets/registers/kolada.py.",
        )


def _complete(rows: pl.DataFrame, areas: Sequence[str]) -> pl.DataFrame:
    """Every area x (key figure, year, sex) of the vintage; a combination without a row is `missing`."""
    grid = rows.select("indicator_key", "year", "sex").unique().join(pl.DataFrame({"area_code": list(areas)}), how="cross")
    key = [name for name in VALUE_KEY if name in grid.columns]
    joined = grid.sort(key).join(rows, on=key, how="left", maintain_order="left")
    return joined.with_columns(pl.col("reason").fill_null("missing")).select(
        "indicator_key", "area_code", "year", "sex", "value", "reason"
    )


def _absent(rows: pl.DataFrame, kpis: Sequence[Indicator], areas: Sequence[str]) -> pl.DataFrame:
    """One row per area for each key figure that the vintage doesn't hold."""
    held = set(rows["indicator_key"].unique().to_list())
    gone = [k.key for k in kpis if k.key not in held]
    return (
        pl.DataFrame({"indicator_key": gone}, schema={"indicator_key": pl.String})
        .join(pl.DataFrame({"area_code": list(areas)}), how="cross")
        .with_columns(
            year=pl.lit(rows["year"].max(), pl.Int32),
            sex=pl.lit("all"),
            value=pl.lit(None, pl.Float64),
            reason=pl.lit("absent_in_vintage"),
        )
    )
