"""Release layer: what differs between the editions, cell by cell, and why. Reads nothing but the release; holds no value."""

import dagster as dg
import polars as pl

from assets.asset_keys import reached
from assets.failures import as_failure
from assets.methods.edition_differences import edition_differences
from assets.methods.editions import SURVEY_LOGS, TABLES, require_nested_tables
from assets.table_metadata import count_table
from assets.texts import asset_text
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

SLICED = (
    *("index_results", "indicator_results", "accumulated_results", "response_rates", "response_by_school_type"),
    *("screen_sensitivity", "weighted_comparison", *SURVEY_LOGS),
)
"""Tables of the release that are written wave by wave."""
READ = tuple(name for name in (*TABLES, *SURVEY_LOGS) if reached("release", name))


@dg.asset(
    key=["release", "edition_differences"],
    deps=[
        dg.AssetDep(["release", name], partition_mapping=dg.AllPartitionMapping()) if name in SLICED else ["release", name]
        for name in READ
    ],
    group_name="release",
    description=asset_text("release", "edition_differences"),
)
def release_edition_differences(store: Store) -> dg.Output[pl.DataFrame]:
    """Cells that the public edition hides or shows less of."""
    with as_failure():
        table = differing_cells(store.warehouse)
    counts = count_table(table, ["table_name", "publik", "rule"], ["tabell", "publik", "regel"], nearest=1)
    return dg.Output(table, metadata={"celler som skiljer": table.height, "skäl": counts})


def differing_cells(warehouse: Warehouse) -> pl.DataFrame:
    """`release.edition_differences` of the warehouse's release.

    Raises:
        PipelineError: `not_nested`: what is stored isn't two editions with one inside the other.
    """
    tables = {name: warehouse.read(TableName("release", name)) for name in READ}
    require_nested_tables(tables)
    return edition_differences(tables)


ASSETS = [release_edition_differences]
