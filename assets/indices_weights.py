"""Indices layer: results under non-response weights, beside the unweighted ones. Exact: never rendered."""

from collections.abc import Iterator, Sequence

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import require_cutoffs
from assets.failures import as_failure
from assets.indices import PERSONS
from assets.methods.bands import FOCUS_BAND
from assets.methods.weighted_results import CELLS_SCHEMA, SCHEMA, weighted_estimates
from assets.slices import ONE_RUN, WAVES, int_keys, survey_waves
from assets.table_metadata import BY_WAVE
from assets.texts import asset_text, op_text
from assets.worker_pool import shared_out
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

WEIGHTED = TableName("indices", "weighted_estimates")
CELLS = TableName("indices", "weight_cells")
REGISTER_VALUES = TableName("validated", "register_values")
SCHOOLS = TableName("harmonised", "schools")
KEYS = ["respondent_key", "municipality_code", "wave", "grade", "sex", "school_code", "psu", "stratum"]


@dg.multi_asset(
    outs={
        name: dg.AssetOut(key=["indices", name], metadata=BY_WAVE, description=asset_text("indices", name))
        for name in ("weighted_estimates", "weight_cells")
    },
    deps=[
        ["indices", "person_scores"],
        dg.AssetDep(["validated", "register_values"], partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep(["harmonised", "schools"], partition_mapping=dg.AllPartitionMapping()),
    ],
    name="indices_weights",
    description=op_text("indices_weights"),
    group_name="indices",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def indices_weights(context: dg.AssetExecutionContext, store: Store):
    """Shares and means under weights, wave by wave; empty tables when the catalogue doesn't use weights."""
    catalogue = load_catalogue()
    waves = int_keys(context, WAVES)
    with as_failure():
        require_cutoffs(store.warehouse, PERSONS, catalogue, waves)
        parts = list(weighted(store.warehouse, catalogue, waves))
    estimates, cells = (pl.concat(tables) for tables in zip(*parts, strict=True))
    yield dg.Output(estimates, output_name="weighted_estimates", metadata={"vikter används": catalogue.estimates.weights.in_use})
    yield dg.Output(cells, output_name="weight_cells")


def weighted(warehouse: Warehouse, catalogue: Catalogue, waves: Sequence[int]) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """`indices.weighted_estimates` and `indices.weight_cells`, wave by wave."""
    if not catalogue.estimates.weights.in_use:
        return iter([(pl.DataFrame(schema=SCHEMA), pl.DataFrame(schema=CELLS_SCHEMA))])
    return shared_out(weighted_estimates, (to_weigh(warehouse, catalogue, wave) for wave in waves))


def to_weigh(warehouse: Warehouse, catalogue: Catalogue, wave: int) -> tuple[object, ...]:
    """The arguments of `weighted_estimates` for one wave."""
    rules, profile = catalogue.estimates.weights, catalogue.profile
    columns = [name for index in catalogue.indices for name in (index.key, f"{index.key}_band")]
    persons = warehouse.read(PERSONS, {"wave": [wave]}, [*KEYS, *columns])
    grade_of = {g.pupils: g.key for g in profile.grades if g.pupils}
    values = warehouse.read(REGISTER_VALUES, {"year": [wave], "indicator_key": sorted(grade_of)})
    pupils = values.filter(pl.col("area_level") == "municipality").select(
        pl.col("area_code").alias("municipality_code"),
        pl.col("year").cast(pl.Int32).alias("wave"),
        pl.col("indicator_key").replace_strict(grade_of, return_dtype=pl.String).alias("grade"),
        "sex",
        pl.col("value").alias("enrolled"),
        "reason",
    )
    return (
        persons,
        warehouse.read(SCHOOLS),
        pupils,
        {index.key: FOCUS_BAND[index.kind] for index in catalogue.indices},
        rules,
        [(g.key, bool(g.pupils)) for g in profile.grades],
        profile.county.code if profile.county else None,
    )


ASSETS = [indices_weights]
