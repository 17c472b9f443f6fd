"""Indices layer: what is known of each activity per municipality and round, and how much of the palette that covers."""

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.catalogue.prevention import load_activities
from assets.failures import as_failure
from assets.methods.activities import ANSWER_SCHEMA, activity_status, legal_duties, newest_rounds
from assets.methods.activity_coverage import activity_coverage
from assets.texts import asset_text
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

ANSWERS = TableName("harmonised", "activity_answers")
STATUS = TableName("indices", "activity_status")
COVERAGE = TableName("indices", "activity_coverage")


@dg.asset(
    key=["indices", "activity_status"],
    deps=[["harmonised", "activity_answers"]],
    group_name="indices",
    description=asset_text("indices", "activity_status"),
)
def indices_activity_status(store: Store) -> dg.Output[pl.DataFrame]:
    """One row per municipality, round and activity."""
    with as_failure():
        table = status(store.warehouse)
    newest = newest_rounds(table)
    return dg.Output(
        table,
        metadata={
            "kommuner med svar": table.filter(pl.col("n_respondents") > 0)["municipality_code"].n_unique(),
            "uppgifter som skiljer sig": newest.filter(pl.col("exists") == "disagreed").height,
            "lagkrav utan verksamhet": legal_duties(table, load_activities()).filter(pl.col("gap")).height,
        },
    )


@dg.asset(
    key=["indices", "activity_coverage"],
    deps=[["harmonised", "activity_answers"], ["indices", "activity_status"]],
    group_name="indices",
    description=asset_text("indices", "activity_coverage"),
)
def indices_activity_coverage(store: Store) -> dg.Output[pl.DataFrame]:
    """One row per municipality and cell of factor, arena, level and age."""
    with as_failure():
        table = coverage(store.warehouse)
    return dg.Output(table, metadata={"rader": table.height})


def status(warehouse: Warehouse) -> pl.DataFrame:
    """`indices.activity_status`."""
    return activity_status(_answers(warehouse), load_activities(), sorted(load_catalogue().municipality_by_code))


def coverage(warehouse: Warehouse) -> pl.DataFrame:
    """`indices.activity_coverage`."""
    return activity_coverage(warehouse.read(STATUS), _answers(warehouse), load_activities())


def _answers(warehouse: Warehouse) -> pl.DataFrame:
    answers = warehouse.read(ANSWERS)
    return answers if answers.width else pl.DataFrame(schema=ANSWER_SCHEMA)


ASSETS = [indices_activity_status, indices_activity_coverage]
