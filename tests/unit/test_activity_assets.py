"""The assets of activities on a warehouse of their own: from harmonised rows to the release."""

from __future__ import annotations

import polars as pl
import pytest

from assets import indices_activities
from assets.catalogue.load import load_catalogue
from assets.methods.activities import released_activities
from pipelines.warehouse import Warehouse
from tests.support.activity_answers import answers


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    made = Warehouse(tmp_path_factory.mktemp("activities") / "warehouse.duckdb")
    said = answers(("skola", "library", "exists", "yes"), ("polis", "library", "exists", "no"))
    made.replace(indices_activities.ANSWERS, said, None)
    made.replace(indices_activities.STATUS, indices_activities.status(made), None)
    return made


def test_every_municipality_has_a_row_per_activity(warehouse):
    table = warehouse.read(indices_activities.STATUS)
    assert table.height == 27 * len(load_catalogue().municipalities)
    assert table.filter(pl.col("exists") == "disagreed").height == 1


def test_coverage_reads_back_what_the_status_wrote(warehouse):
    table = indices_activities.coverage(warehouse)
    whole = (pl.col("arena") == "*") & (pl.col("level") == "*") & (pl.col("age_band") == "*") & (pl.col("factor") == "leisure")
    counts = table.filter(whole & (pl.col("municipality_code") == "0127")).row(0, named=True)
    assert (counts["n_activities"], counts["n_disagreed"], counts["n_not_inventoried"]) == (9, 1, 8)


def test_the_release_has_the_same_rows_under_the_edition(warehouse):
    table = warehouse.read(indices_activities.STATUS)
    released = released_activities(table, "2024", load_catalogue().area_names)
    assert released.columns[:4] == ["edition", "area_code", "area_name", "round"]
    assert released.height == table.height
    assert released.filter(pl.col("area_code") == "0127")["area_name"].unique().to_list() == ["Botkyrka"]


def test_without_any_form_the_tables_are_empty_but_whole(tmp_path):
    empty = Warehouse(tmp_path / "warehouse.duckdb")
    assert indices_activities.status(empty).is_empty()
    assert indices_activities.status(empty).width > 20
