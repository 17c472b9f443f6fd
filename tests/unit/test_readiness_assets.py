"""What the assets of the preconditions and the join make of a warehouse: empty, and with forms and results."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.indices_readiness import RATINGS, rated, rated_statements
from assets.methods.readiness import released_readiness
from assets.release_join import joined_factors
from pipelines.warehouse import TableName, Warehouse
from tests.support.readiness_sample import ratings
from tests.support.sample_release import sample_release

CATALOGUE = load_catalogue()


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path / "warehouse.duckdb")


def test_an_empty_inbox_gives_empty_tables_with_their_columns(warehouse):
    assert rated(warehouse).is_empty()
    assert "role_medians" in rated(warehouse).columns
    assert rated_statements(warehouse).is_empty()


def test_every_municipality_has_a_row_per_round_and_condition(warehouse):
    warehouse.replace(RATINGS, ratings(), None)
    table = rated(warehouse)
    assert table.height == 7 * 2 * len(CATALOGUE.municipality_by_code)
    assert set(table.filter(pl.col("municipality_code") != "0127")["reason"]) == {"not_inventoried"}
    assert rated_statements(warehouse).filter(pl.col("reason") == "ok")["n_raters"].to_numpy().min() >= 3


def test_the_join_reads_the_editions_release_and_needs_no_forms(warehouse):
    frames = sample_release()
    warehouse.replace(TableName("release", "index_results"), frames.index_results, None)
    warehouse.replace(TableName("release", "trends"), frames.trends, None)
    without = joined_factors(warehouse, CATALOGUE, "intern")
    assert set(without["reason_readiness"]) == {"not_inventoried"}
    warehouse.replace(RATINGS, ratings(), None)
    released = released_readiness(rated(warehouse), "intern", CATALOGUE.area_names)
    warehouse.replace(TableName("release", "readiness"), released, None)
    joined = joined_factors(warehouse, CATALOGUE, "intern")
    assert joined.height == without.height > 0
    own = joined.filter(pl.col("area_code") == "0127")
    assert set(own["reason_readiness"]) == {"ok"}
    assert set(joined.filter(pl.col("area_code") != "0127")["reason_readiness"]) == {"not_inventoried"}
    assert joined_factors(warehouse, CATALOGUE, "publik").is_empty()
