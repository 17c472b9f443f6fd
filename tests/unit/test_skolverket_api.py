"""School indicators of Skolverket's API: typed, with Skolverket's own word for what is absent, never added up."""

from __future__ import annotations

import polars as pl
import pytest

from assets.methods.errors import PipelineError
from assets.registers import assemble, files, skolverket_api
from assets.registers.models import VALUE_SCHEMA

COLUMNS = ["Skolenhetskod", "Skolenhetsnamn", "Kommunkod", "type", "variable", "timePeriod", "value", "valueType"]


def rows(*given: tuple[str | None, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(given), schema=dict.fromkeys(COLUMNS, pl.String), orient="row")


def one(value: str | None, kind: str, period: str | None = "2023", code: str = "71387206.0") -> tuple[str | None, ...]:
    return (code, "Ek", "0114", "gr", "certifiedTeachersQuota", period, value, kind)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("87.5", "EXISTS", (87.5, "ok")),
        ("0.0", "EXISTS", (0.0, "ok")),
        ("95.0", "ROUNDED_OFF_DUE_TO_FEW_PUPILS_NOT_ELIGIBLE", (95.0, "ok")),
        (None, "OMITTED_DUE_TO_BASED_ON_FEW_PUPILS", (None, "masked_at_source")),
        ("12.0", "OMITTED_DUE_TO_BASED_ON_FEW_PUPILS", (None, "masked_at_source")),
        (None, "TEACHERS_EXCLUDED_DUE_TO_NO_REQUIRED_LEGITIMATION", (None, "not_applicable")),
        (None, "MISSING", (None, "missing")),
        (None, "EXISTS", (None, "missing")),
    ],
)
def test_a_value_type_decides_what_is_shown_and_is_kept(value: str | None, kind: str, expected: tuple) -> None:
    got = skolverket_api.parse(rows(one(value, kind)), ["0114"], "x.parquet")
    assert got.schema == pl.Schema(skolverket_api.INDICATOR_SCHEMA)
    assert got.select("value", "reason").row(0) == expected
    assert got["value_type"][0] == kind
    assert got["school_code"][0] == "71387206"


def test_a_row_without_a_period_keeps_none() -> None:
    assert skolverket_api.parse(rows(one("1.0", "EXISTS", None)), ["0114"], "x.parquet")["year"].to_list() == [None]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (rows(one("1", "PERHAPS")), "unknown_code"),
        (rows(one("många", "EXISTS")), "bad_number"),
        (rows(one("1", "EXISTS"), one("2", "EXISTS")), "duplicate_rows"),
        (rows(one("1", "EXISTS")).with_columns(Kommunkod=pl.lit("1480")), "no_areas"),
        (rows(one("1", "EXISTS")).drop("valueType"), "unknown_layout"),
        (rows(one("1", "EXISTS")).with_columns(type=pl.lit("vux")), "unknown_code"),
    ],
)
def test_what_it_does_not_know_is_refused(given: pl.DataFrame, code: str) -> None:
    with pytest.raises(PipelineError) as caught:
        skolverket_api.parse(given, ["0114"], "x.parquet")
    assert caught.value.code == code
    assert "x.parquet" in str(caught.value)
    assert "många" not in str(caught.value)


def test_school_indicators_stand_by_themselves() -> None:
    """A municipality's figure is not the mean of its schools: nothing of them is among the register values."""
    path = files.BUNDLED / "skolenheter_planned_educations_2024-12-12.parquet"
    tables = assemble.build([files.read_register_file(path)], files.load_register_catalogue())
    assert tables.values.is_empty()
    assert tables.values.schema == pl.Schema(VALUE_SCHEMA)
    assert tables.school_indicators.height == 51_697
