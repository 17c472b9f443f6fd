"""Release layer: what non-response weights would change, protected beyond the unweighted results (docs/adr/0022)."""

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.failures import as_failure
from assets.indices_weights import CELLS, WEIGHTED
from assets.methods.disclosure import load_policy
from assets.methods.weighted_publish import weighted_comparison
from assets.release_compared import INDEX_RESULTS
from assets.slices import ONE_RUN, WAVES, int_keys, survey_waves
from assets.table_metadata import BY_WAVE
from assets.texts import asset_text
from pipelines.resources import RunChoices, Store


@dg.asset(
    key=["release", "weighted_comparison"],
    deps=[["indices", "weighted_estimates"], ["indices", "weight_cells"], ["release", "index_results"]],
    group_name="release",
    metadata=BY_WAVE,
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
    description=asset_text("release", "weighted_comparison"),
)
def release_weighted_comparison(context: dg.AssetExecutionContext, store: Store, choices: RunChoices) -> dg.Output[pl.DataFrame]:
    """Focus shares with and without weights, where the difference can't ring in a small group."""
    catalogue, where = load_catalogue(), {"wave": int_keys(context, WAVES)}
    with as_failure():
        policy = load_policy(catalogue.disclosure)
        table = weighted_comparison(
            store.warehouse.read(WEIGHTED, where),
            store.warehouse.read(CELLS, where),
            store.warehouse.read(INDEX_RESULTS, where | {"sex": ["all"]}),
            catalogue.estimates.weights,
            policy.numbers(choices.edition),
            choices.edition,
            frozenset(policy.sensitive_indices),
            catalogue.area_names,
        )
    largest = table["difference"].abs().max()
    return dg.Output(table, metadata={"utgåva": choices.edition, "största ändring, procentenheter": int(largest or 0)})


ASSETS = [release_weighted_comparison]
