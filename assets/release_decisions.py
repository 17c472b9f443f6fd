"""Release layer for the loop: decisions, what happened to their indicators, and how much the results are used. Internal only."""

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.failures import as_failure
from assets.methods.decisions import LoopRules, loop_rules, released_decisions, use_of_results
from assets.methods.editions import INTERN
from assets.texts import asset_text
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse


def _rules() -> LoopRules:
    """What is due is decided by the publication's day, an input of the run, never by the clock."""
    catalogue = load_catalogue()
    return loop_rules(catalogue, edition=INTERN, as_of=catalogue.publication.released)


def followed_up(warehouse: Warehouse, rules: LoopRules) -> pl.DataFrame:
    """`release.decisions`; of the large table of changes only the rows of municipalities with decisions are read."""
    decisions = warehouse.read(TableName("harmonised", "decisions"))
    areas = sorted(decisions["municipality_code"].unique()) if decisions.height else []
    where = {"edition": [rules.edition], "area_level": ["municipality"], "sex": ["all"], "area_code": areas}
    return released_decisions(decisions, warehouse.read(TableName("release", "trends"), where), rules)


@dg.asset(
    key=["release", "decisions"],
    deps=[["harmonised", "decisions"], dg.AssetDep(["release", "trends"], partition_mapping=dg.AllPartitionMapping())],
    group_name="release",
    description=asset_text("release", "decisions"),
)
def release_decisions(store: Store) -> dg.Output[pl.DataFrame]:
    """What was decided at workshops and whether the follow-up indicators have moved."""
    with as_failure():
        table = followed_up(store.warehouse, _rules())
    states = dict(table["follow_up_state"].value_counts(sort=True).sort("follow_up_state").iter_rows())
    return dg.Output(table, metadata={"utgåva": INTERN, "kommuner": table["area_code"].n_unique()} | states)


@dg.asset(
    key=["release", "use_of_results"],
    deps=[["raw", "form_files"], ["release", "decisions"]],
    group_name="release",
    description=asset_text("release", "use_of_results"),
)
def release_use_of_results(store: Store) -> dg.Output[pl.DataFrame]:
    """Workshops held, forms returned and decisions followed up."""
    with as_failure():
        forms = store.warehouse.read(TableName("raw", "form_files"))
        table = use_of_results(forms, store.warehouse.read(TableName("release", "decisions")), _rules())
    counts = {"workshoppar": table["workshops"].sum(), "beslut": table["decisions"].sum()}
    return dg.Output(table, metadata={"utgåva": INTERN} | counts)


ASSETS = [release_decisions, release_use_of_results]
