"""Release layer for the preconditions: the same rows in the internal edition, with the municipality's name."""

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.catalogue.readiness import load_readiness, load_rounds
from assets.failures import as_failure
from assets.methods.editions import INTERN
from assets.methods.published_rounds import closed, kept
from assets.methods.readiness import released_readiness
from assets.texts import asset_text
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse


def _released(store: Store, table: str) -> dg.Output[pl.DataFrame]:
    with as_failure():
        found, old, waiting = publishable(store.warehouse, INTERN, table)
    about = {
        "rader som står kvar från en tidigare publicering": old,
        "omgångar som inte är stängda": ", ".join(waiting) or "inga",
    }
    return dg.Output(found, metadata={"utgåva": INTERN, **about})


def publishable(warehouse: Warehouse, edition: str, table: str) -> tuple[pl.DataFrame, int, list[str]]:
    """The released table, how many of its rows stand from before, and the rounds that are still open."""
    catalogue, name = load_catalogue(), TableName("release", table)
    rows = warehouse.read(TableName("indices", table))
    whole = released_readiness(rows, edition, catalogue.area_names)
    shown = closed(whole, load_rounds().last_day, catalogue.publication.released)
    found, old = kept(shown, warehouse.read(name), load_readiness().minimum_raters_per_role)
    return found, old, sorted(set(whole["round"]) - set(shown["round"]))


@dg.asset(
    key=["release", "readiness"],
    deps=[["indices", "readiness"]],
    group_name="release",
    description=asset_text("release", "readiness"),
)
def release_readiness(store: Store) -> dg.Output[pl.DataFrame]:
    """Conditions per municipality and round."""
    return _released(store, "readiness")


@dg.asset(
    key=["release", "readiness_statements"],
    deps=[["indices", "readiness_statements"]],
    group_name="release",
    description=asset_text("release", "readiness_statements"),
)
def release_readiness_statements(store: Store) -> dg.Output[pl.DataFrame]:
    """Statements per municipality and round."""
    return _released(store, "readiness_statements")


ASSETS = [release_readiness, release_readiness_statements]
