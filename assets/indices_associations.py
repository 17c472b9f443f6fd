"""Indices layer: how factors and outcomes go together in the county, latest wave. Exact; never rendered.

Not sliced by wave: only the latest wave with answers counts, so a new wave makes the whole table anew.
"""

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import require_cutoffs
from assets.failures import as_failure
from assets.indices import PERSONS, counted_answers, removing
from assets.methods.associations_table import SCHEMA, association_table
from assets.methods.indicators import indicator_values
from assets.texts import asset_text
from assets.validated import RESPONSES
from pipelines.resources import RunChoices, Store
from pipelines.warehouse import TableName, Warehouse

ASSOCIATIONS = TableName("indices", "associations")
KEYS = ["respondent_key", "municipality_code", "district_code", "wave", "grade", "sex", "school_code"]


@dg.asset(
    key=["indices", "associations"],
    deps=[
        dg.AssetDep(["indices", "person_scores"], partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep(["validated", "survey_responses"], partition_mapping=dg.AllPartitionMapping()),
    ],
    group_name="indices",
    description=asset_text("indices", "associations"),
)
def indices_associations(store: Store, choices: RunChoices) -> dg.Output[pl.DataFrame]:
    """Set the catalogue's factors and outcomes side by side."""
    catalogue = load_catalogue()
    with as_failure():
        require_cutoffs(store.warehouse, PERSONS, catalogue)
        table = associations(store.warehouse, catalogue, removal=removing(catalogue, choices))
    return dg.Output(table, metadata={"par": len(catalogue.factors.pairs), "rader": table.height})


def associations(warehouse: Warehouse, catalogue: Catalogue, *, removal: bool) -> pl.DataFrame:
    """`indices.associations`; only the latest wave, and only the questions behind the outcomes, are read."""
    waves = warehouse.read(PERSONS, columns=["wave"])["wave"]
    if waves.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    latest = int(waves.cast(pl.Int64).to_numpy().max())
    pairs = [(pair.factor, pair.outcome) for pair in catalogue.factors.pairs]
    kinds = {key: catalogue.index(key).kind for key in sorted({factor for factor, _ in pairs})}
    wanted = {outcome for _, outcome in pairs}
    indicators = [i for i in catalogue.indicator_file.indicators if i.id in wanted]
    answers = counted_answers(warehouse, catalogue, [latest], removal=removal, columns=_columns(warehouse, catalogue, indicators))
    outcomes = indicator_values(answers, indicators, catalogue.survey).select("respondent_key", *sorted(wanted))
    persons = warehouse.read(PERSONS, {"wave": [latest]}, [*KEYS, "psu", "stratum", *(f"{key}_band" for key in kinds)]).join(
        outcomes, on="respondent_key", how="left", maintain_order="left"
    )
    statistics = catalogue.statistics
    option = statistics.designs.get().option()
    return association_table(persons, pairs, kinds, option, statistics.association.least_cell, catalogue.profile.grade_keys)


def _columns(warehouse: Warehouse, catalogue: Catalogue, indicators: list) -> list[str]:
    """The background columns and the questions behind the outcomes, with the other boxes of the same question."""
    items = {item for indicator in indicators for item in indicator.items}
    groups = {catalogue.survey.by_key[item].multi for item in items} - {None}
    items |= {item.key for item in catalogue.survey.items if item.multi in groups}
    there = set(warehouse.columns(RESPONSES))
    background = [*KEYS, "class_code", "weight", "stratum", "psu"]
    return [name for name in [*background, *sorted(items)] if name in there]


ASSETS = [indices_associations]
