"""Release layer: what non-response weights would change, protected beyond the unweighted results (docs/adr/0022)."""

from collections.abc import Sequence

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import released_editions
from assets.failures import as_failure
from assets.indices_weights import CELLS, WEIGHTED
from assets.methods.disclosure import load_policy
from assets.methods.editions import both_editions, masked
from assets.methods.weighted_publish import weighted_comparison
from assets.methods.withheld import without_exact
from assets.release_compared import INDEX_RESULTS
from assets.slices import ONE_RUN, WAVES, int_keys, survey_waves
from assets.table_metadata import BY_WAVE
from assets.texts import asset_text
from pipelines.resources import Store
from pipelines.warehouse import Warehouse, Where


@dg.asset(
    key=["release", "weighted_comparison"],
    deps=[["indices", "weighted_estimates"], ["indices", "weight_cells"], ["release", "index_results"]],
    group_name="release",
    metadata=BY_WAVE,
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
    description=asset_text("release", "weighted_comparison"),
)
def release_weighted_comparison(context: dg.AssetExecutionContext, store: Store) -> dg.Output[pl.DataFrame]:
    """Focus shares with and without weights, where the difference can't ring in a small group."""
    catalogue, where = load_catalogue(), {"wave": int_keys(context, WAVES)}
    with as_failure():
        table = released_weighted(store.warehouse, catalogue, released_editions(catalogue), where)
    largest = table["difference"].abs().max()
    return dg.Output(table, metadata={"största ändring, procentenheter": int(largest or 0)})


def released_weighted(warehouse: Warehouse, catalogue: Catalogue, editions: Sequence[str], where: Where) -> pl.DataFrame:
    """`release.weighted_comparison` with the rows of all editions; what the first one hides the others hide too."""
    policy = load_policy(catalogue.disclosure)
    weighted, cells = warehouse.read(WEIGHTED, where), warehouse.read(CELLS, where)
    results = warehouse.read(INDEX_RESULTS, {**where, "sex": ["all"]})
    parts = {
        edition: weighted_comparison(
            weighted,
            cells,
            results,
            catalogue.estimates.weights,
            policy.numbers(edition),
            edition,
            frozenset(policy.sensitive_indices),
            catalogue.area_names,
        )
        for edition in editions
    }
    rest = {edition: masked("weighted_comparison", parts[editions[0]], parts[edition]) for edition in editions[1:]}
    return both_editions("weighted_comparison", without_exact("weighted_comparison", parts | rest, policy))


ASSETS = [release_weighted_comparison]
