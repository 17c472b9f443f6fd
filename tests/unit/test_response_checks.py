"""The asset check on more answers than pupils: it warns and says where and what to do."""

from __future__ import annotations

import dagster as dg
import polars as pl
import pytest

from pipelines.resources import Store
from pipelines.response_checks import response_over_100
from pipelines.warehouse import TableName

KINDS = {"area_name": pl.String, "wave": pl.Int32, "grade": pl.String, "school_type": pl.String, "reason": pl.String}


@pytest.fixture
def store(tmp_path):
    """A warehouse with two small release tables."""
    made = Store(data_dir=str(tmp_path))
    made.paths.make()
    rates = pl.DataFrame([("Botkyrka", 2024, "ak9", "over_100"), ("Salem", 2024, "ak9", "ok")], orient="row",
                         schema={k: v for k, v in KINDS.items() if k != "school_type"})  # fmt: skip
    by_type = pl.DataFrame([("Salem", 2022, "ak9", "independent", "over_100"), ("Botkyrka", 2024, "ak9", "all", "over_100")],
                           schema=KINDS, orient="row")  # fmt: skip
    made.warehouse.replace(TableName("release", "response_rates"), rates, None)
    made.warehouse.replace(TableName("release", "response_by_school_type"), by_type, None)
    return made


def test_it_names_municipality_grade_wave_and_what_to_do(store):
    result = response_over_100(store)
    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert "Botkyrka, åk 9, 2024 (alla skolor)" in result.description
    assert "Salem, åk 9, 2022 (fristående skolor)" in result.description
    assert "Kontrollera att skolkommunen är rätt" in result.description
    assert result.metadata["platser"].value == 2


def test_it_passes_when_nothing_is_over(store):
    for name in ("response_rates", "response_by_school_type"):
        table = TableName("release", name)
        store.warehouse.replace(table, store.warehouse.read(table).with_columns(reason=pl.lit("ok")), None)
    assert response_over_100(store).passed
