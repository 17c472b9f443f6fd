"""Release layer, made of released numbers only: model-supported estimates for small groups, rank sets and funnel.

Not sliced by wave: a pooled estimate holds several waves, so a new or corrected wave makes the tables anew. They read nothing but
the release, so they tell no more than it does (docs/adr/0022).
"""

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import INTERNAL, released_editions
from assets.failures import as_failure
from assets.methods.bands import FOCUS_BAND
from assets.methods.compared_areas import published_funnel, published_ranks
from assets.methods.disclosure import load_policy
from assets.methods.editions import both_editions
from assets.methods.model_estimates import model_estimates
from assets.texts import asset_text, op_text
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

INDEX_RESULTS = TableName("release", "index_results")
SERIES_BREAKS = TableName("release", "series_breaks")
NEEDED = ["edition", "area_level", "area_code", "area_name", "wave", "grade", "sex", "index_key", "measure"]
READ = [*NEEDED, "value", "low", "high", "n", "reason", "confidence_level"]
RESULTS = dg.AssetDep(["release", "index_results"], partition_mapping=dg.AllPartitionMapping())
BREAKS = dg.AssetDep(["release", "series_breaks"], partition_mapping=dg.AllPartitionMapping())


def focus_measures(catalogue: Catalogue) -> dict[str, str]:
    """Index key -> the measure of its focus band."""
    return {index.key: f"share_band{FOCUS_BAND[index.kind]}" for index in catalogue.indices}


def share_step(catalogue: Catalogue, edition: str) -> float:
    """What the edition's shares are rounded to, in percentage points."""
    return float(load_policy(catalogue.disclosure).numbers(edition).share_step)


def focus_results(warehouse: Warehouse, catalogue: Catalogue) -> pl.DataFrame:
    """Released rows that the comparisons need, of all waves."""
    measures = sorted({*focus_measures(catalogue).values(), "n_respondents"})
    return warehouse.read(INDEX_RESULTS, {"measure": measures, "sex": ["all"]}, READ)


@dg.asset(
    key=["release", "model_estimates"],
    deps=[RESULTS, BREAKS],
    group_name="release",
    description=asset_text("release", "model_estimates"),
)
def release_model_estimates(store: Store) -> dg.Output[pl.DataFrame]:
    """Pooled waves and the Fay-Herriot model, in a table of their own."""
    catalogue = load_catalogue()
    with as_failure():
        results, breaks = focus_results(store.warehouse, catalogue), store.warehouse.read(SERIES_BREAKS)
        focus, rules = focus_measures(catalogue), catalogue.estimates.small_areas
        parts = {
            edition: model_estimates(results, breaks, focus, rules, edition, share_step(catalogue, edition))
            for edition in released_editions(catalogue)
        }
        table = both_editions("model_estimates", parts)
    return dg.Output(table, metadata={"små grupper": int(parts[INTERNAL]["small"].sum()) // 2})


@dg.multi_asset(
    outs={name: dg.AssetOut(key=["release", name], description=asset_text("release", name)) for name in ("rank_sets", "funnel")},
    deps=[RESULTS],
    name="release_comparison",
    description=op_text("release_comparison"),
    group_name="release",
)
def release_comparison(store: Store):
    """Municipalities beside each other: sets of ranks, never a rank, and the limits of chance."""
    catalogue = load_catalogue()
    rules, editions = catalogue.estimates.compared, released_editions(catalogue)
    with as_failure():
        results, focus = focus_results(store.warehouse, catalogue), focus_measures(catalogue)
        steps = {edition: share_step(catalogue, edition) for edition in editions}
        ranks = both_editions("rank_sets", {e: published_ranks(results, focus, rules, e, steps[e]) for e in editions})
        limits = both_editions("funnel", {e: published_funnel(results, focus, rules, e, steps[e]) for e in editions})
    yield dg.Output(ranks, output_name="rank_sets")
    outside = int((limits.filter(pl.col("edition") == INTERNAL)["position"].fill_null("inside") != "inside").sum())
    yield dg.Output(limits, output_name="funnel", metadata={"utanför tratten": outside})


ASSETS = [release_model_estimates, release_comparison]
