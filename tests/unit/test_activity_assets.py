"""The assets of activities run by Dagster on a warehouse of their own: from harmonised rows to the release."""

from __future__ import annotations

import dagster as dg
import polars as pl
import pytest

from assets import indices_activities, release_activities
from assets.catalogue.load import load_catalogue
from pipelines.io_managers import DuckDBTables
from pipelines.paths import Paths
from pipelines.resources import RunChoices, Store
from pipelines.warehouse import TableName, Warehouse
from tests.support.activity_answers import answers


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    folder = tmp_path_factory.mktemp("activities")
    made = Warehouse(Paths(folder).warehouse)
    said = answers(("skola", "library", "exists", "yes"), ("polis", "library", "exists", "no"))
    made.replace(indices_activities.ANSWERS, said, None)
    given = {
        "store": Store(data_dir=str(folder)),
        "choices": RunChoices(),
        "io_manager": DuckDBTables(data_dir=str(folder)),
    }
    run = dg.materialize([*indices_activities.ASSETS, *release_activities.ASSETS], resources=given)
    assert run.success
    told = run.asset_materializations_for_node("indices__activity_status")[0].metadata
    assert told["uppgifter som skiljer sig"].value == 1
    return made


def test_every_municipality_has_a_row_per_activity(warehouse):
    table = warehouse.read(indices_activities.STATUS)
    assert table.height == 27 * len(load_catalogue().municipalities)
    assert table.filter(pl.col("exists") == "disagreed").height == 1


def test_coverage_reads_back_what_the_status_wrote(warehouse):
    table = warehouse.read(indices_activities.COVERAGE)
    whole = (pl.col("arena") == "*") & (pl.col("level") == "*") & (pl.col("age_band") == "*") & (pl.col("factor") == "leisure")
    counts = table.filter(whole & (pl.col("municipality_code") == "0127")).row(0, named=True)
    assert (counts["n_activities"], counts["n_disagreed"], counts["n_not_inventoried"]) == (9, 1, 8)


def test_the_release_has_the_same_rows_under_the_edition(warehouse):
    for name in ("activity_status", "activity_coverage"):
        released, before = warehouse.read(TableName("release", name)), warehouse.read(TableName("indices", name))
        assert released.columns[:4] == ["edition", "area_code", "area_name", "round"]
        assert released.height == before.height
        assert released.filter(pl.col("area_code") == "0127")["area_name"].unique().to_list() == ["Botkyrka"]


def test_without_any_form_the_tables_are_empty_but_whole(tmp_path):
    empty = Warehouse(tmp_path / "warehouse.duckdb")
    assert indices_activities.status(empty).is_empty()
    assert indices_activities.status(empty).width > 20
