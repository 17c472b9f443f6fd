"""Release layer for the preconditions: the same rows under the edition, with the municipality's name."""

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.failures import as_failure
from assets.methods.readiness import released_readiness
from assets.texts import asset_text
from pipelines.resources import RunChoices, Store
from pipelines.warehouse import TableName


def _released(store: Store, choices: RunChoices, table: str) -> dg.Output[pl.DataFrame]:
    with as_failure():
        rows = store.warehouse.read(TableName("indices", table))
        found = released_readiness(rows, choices.edition, load_catalogue().area_names)
    return dg.Output(found, metadata={"utgåva": choices.edition})


@dg.asset(
    key=["release", "readiness"],
    deps=[["indices", "readiness"]],
    group_name="release",
    description=asset_text("release", "readiness"),
)
def release_readiness(store: Store, choices: RunChoices) -> dg.Output[pl.DataFrame]:
    """Conditions per municipality and round."""
    return _released(store, choices, "readiness")


@dg.asset(
    key=["release", "readiness_statements"],
    deps=[["indices", "readiness_statements"]],
    group_name="release",
    description=asset_text("release", "readiness_statements"),
)
def release_readiness_statements(store: Store, choices: RunChoices) -> dg.Output[pl.DataFrame]:
    """Statements per municipality and round."""
    return _released(store, choices, "readiness_statements")


ASSETS = [release_readiness, release_readiness_statements]
