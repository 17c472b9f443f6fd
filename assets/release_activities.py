"""Release layer for activities: the same rows with the municipality's name, in the internal edition alone: working material."""

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.failures import as_failure
from assets.methods.activities import released_activities
from assets.methods.editions import INTERN
from assets.texts import asset_text
from pipelines.resources import Store
from pipelines.warehouse import TableName


def _released(store: Store, table: str) -> dg.Output[pl.DataFrame]:
    with as_failure():
        rows = store.warehouse.read(TableName("indices", table))
        found = released_activities(rows, INTERN, load_catalogue().area_names)
    return dg.Output(found, metadata={"utgåva": INTERN, "rader": found.height})


@dg.asset(
    key=["release", "activity_status"],
    deps=[["indices", "activity_status"]],
    group_name="release",
    description=asset_text("release", "activity_status"),
)
def release_activity_status(store: Store) -> dg.Output[pl.DataFrame]:
    """Activities per municipality and round."""
    return _released(store, "activity_status")


@dg.asset(
    key=["release", "activity_coverage"],
    deps=[["indices", "activity_coverage"]],
    group_name="release",
    description=asset_text("release", "activity_coverage"),
)
def release_activity_coverage(store: Store) -> dg.Output[pl.DataFrame]:
    """Coverage per municipality and cell."""
    return _released(store, "activity_coverage")


ASSETS = [release_activity_status, release_activity_coverage]
