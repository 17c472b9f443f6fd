"""Indices layer: how many risk factors, and weak protective ones, pupils have. Exact counts: never rendered, never leave."""

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import require_cutoffs
from assets.failures import as_failure
from assets.indices import PERSONS
from assets.methods.accumulated import CountRule
from assets.methods.accumulated_areas import accumulated_counts, accumulated_estimates, counted_persons, needed_columns
from assets.methods.cell_key_sums import with_cell_keys
from assets.methods.estimate import in_order
from assets.methods.record_identity import COLUMN as RECORD_KEY
from assets.slices import ONE_RUN, WAVES, int_keys, survey_waves
from assets.table_metadata import BY_WAVE, count_table
from assets.texts import asset_text, op_text
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

ACCUMULATED_COUNTS = TableName("indices", "accumulated_counts")
ACCUMULATED_ESTIMATES = TableName("indices", "accumulated_estimates")


def count_rules(catalogue: Catalogue) -> list[CountRule]:
    """Which indices are counted together in the survey."""
    return [group.rule() for group in catalogue.factors.accumulated]


@dg.multi_asset(
    outs={
        "accumulated_counts": dg.AssetOut(
            key=["indices", "accumulated_counts"], metadata=BY_WAVE, description=asset_text("indices", "accumulated_counts")
        ),
        "accumulated_estimates": dg.AssetOut(
            key=["indices", "accumulated_estimates"], metadata=BY_WAVE, description=asset_text("indices", "accumulated_estimates")
        ),
    },
    deps=[["indices", "person_scores"]],
    name="indices_accumulated",
    description=op_text("indices_accumulated"),
    group_name="indices",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def indices_accumulated(context: dg.AssetExecutionContext, store: Store):
    """Count the factors of the pupils of the run's waves."""
    catalogue, waves = load_catalogue(), int_keys(context, WAVES)
    with as_failure():
        require_cutoffs(store.warehouse, PERSONS, catalogue, waves)
    counts, estimates = accumulated_tables(store.warehouse, catalogue, waves)
    rows = count_table(counts, ["wave", "grade"], ["mättillfälle", "årskurs"])
    yield dg.Output(counts, output_name="accumulated_counts", metadata={"rader": rows})
    yield dg.Output(estimates, output_name="accumulated_estimates")


def accumulated_tables(warehouse: Warehouse, catalogue: Catalogue, waves: list[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`indices.accumulated_counts` and `indices.accumulated_estimates` of the waves, made one wave at a time."""
    parts = [_tables_of_wave(warehouse, catalogue, wave) for wave in waves]
    keys = [rule.key for rule in count_rules(catalogue)]
    counts, estimates = (in_order(pl.concat(tables), keys) for tables in zip(*parts, strict=True))
    return counts, estimates


def _tables_of_wave(warehouse: Warehouse, catalogue: Catalogue, wave: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Only bands and design are read."""
    rules = count_rules(catalogue)
    starts = {group.key: group.starts for group in catalogue.factors.accumulated}
    keyed = [RECORD_KEY] if RECORD_KEY in warehouse.columns(PERSONS) else []
    persons = counted_persons(warehouse.read(PERSONS, {"wave": [wave]}, [*needed_columns(rules), *keyed]), rules, starts)
    counts = with_cell_keys(accumulated_counts(persons, rules, starts), persons, [rule.key for rule in rules])
    return counts, accumulated_estimates(persons, rules)


ASSETS = [indices_accumulated]
