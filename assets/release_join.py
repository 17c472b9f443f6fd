"""Release layer: the join of need, activities and preconditions, and the suggested order. Internal only; reads the release."""

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.catalogue.priority import load_priority
from assets.failures import as_failure
from assets.methods.editions import INTERN
from assets.methods.factor_overview import factor_overview
from assets.methods.priority import OK, priority_order
from assets.texts import asset_text
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

JOINED = ("index_results", "trends", "activity_coverage", "readiness")
MEASURES = ["share_band1", "share_band3", "diff_share_focus", "sex_gap_share_focus"]


@dg.asset(
    key=["release", "factor_overview"],
    deps=[dg.AssetDep(["release", name], partition_mapping=dg.AllPartitionMapping()) for name in JOINED[:2]]
    + [["release", name] for name in JOINED[2:]],
    group_name="release",
    description=asset_text("release", "factor_overview"),
)
def release_factor_overview(store: Store) -> dg.Output[pl.DataFrame]:
    """Level, known activities and preconditions per factor."""
    with as_failure():
        table = joined_factors(store.warehouse, load_catalogue(), INTERN)
    return dg.Output(table, metadata={"utgåva": INTERN})


@dg.asset(
    key=["release", "priority_order"],
    deps=[["release", "factor_overview"]],
    group_name="release",
    description=asset_text("release", "priority_order"),
)
def release_priority_order(store: Store) -> dg.Output[pl.DataFrame]:
    """The suggested order and how stable it is."""
    with as_failure():
        table = priority_order(store.warehouse.read(TableName("release", "factor_overview")), load_priority())
    placed = table.filter(pl.col("reason") == OK)
    counts = {
        "faktorer med plats": placed.height,
        "varav stabila": placed["stable"].sum(),
        "utan plats": table.height - placed.height,
    }
    return dg.Output(table, metadata={"utgåva": INTERN} | counts)


def joined_factors(warehouse: Warehouse, catalogue: Catalogue, edition: str) -> pl.DataFrame:
    """`release.factor_overview` of the edition's release; activities and preconditions may not have been asked about yet."""
    where = {"edition": [edition]}
    results = warehouse.read(
        TableName("release", "index_results"), where | {"measure": MEASURES, "sex": ["all"], "area_level": ["municipality"]}
    )
    trends = warehouse.read(TableName("release", "trends"), where | {"series_kind": ["index"], "sex": ["all"]})
    coverage, readiness = (warehouse.read(TableName("release", name), where) for name in JOINED[2:])
    return factor_overview(results, trends, coverage, readiness, {index.key: index.kind for index in catalogue.indices})


ASSETS = [release_factor_overview, release_priority_order]
