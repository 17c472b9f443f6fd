"""Indices layer: the preconditions as medians and spread. Safe to show already: nothing holds fewer raters than the minimum."""

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.catalogue.readiness import load_readiness
from assets.failures import as_failure
from assets.methods.readiness import OK, readiness, readiness_statements
from assets.texts import asset_text
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

RATINGS = TableName("harmonised", "readiness_ratings")


def _municipalities() -> list[str]:
    return sorted(load_catalogue().municipality_by_code)


def rated(warehouse: Warehouse) -> pl.DataFrame:
    """`indices.readiness`."""
    return readiness(warehouse.read(RATINGS), load_readiness(), _municipalities())


def rated_statements(warehouse: Warehouse) -> pl.DataFrame:
    """`indices.readiness_statements`."""
    return readiness_statements(warehouse.read(RATINGS), load_readiness(), _municipalities())


def _shown(table: pl.DataFrame) -> dict[str, int]:
    shown = table.filter(pl.col("reason") == OK)
    return {"kommuner med något att visa": shown["municipality_code"].n_unique(), "rader att visa": shown.height}


@dg.asset(
    key=["indices", "readiness"],
    deps=[["harmonised", "readiness_ratings"]],
    group_name="indices",
    description=asset_text("indices", "readiness"),
)
def indices_readiness(store: Store) -> dg.Output[pl.DataFrame]:
    """Conditions per municipality and round."""
    with as_failure():
        table = rated(store.warehouse)
    return dg.Output(table, metadata=_shown(table))


@dg.asset(
    key=["indices", "readiness_statements"],
    deps=[["harmonised", "readiness_ratings"]],
    group_name="indices",
    description=asset_text("indices", "readiness_statements"),
)
def indices_readiness_statements(store: Store) -> dg.Output[pl.DataFrame]:
    """Statements per municipality and round."""
    with as_failure():
        table = rated_statements(store.warehouse)
    return dg.Output(table, metadata=_shown(table))


ASSETS = [indices_readiness, indices_readiness_statements]
