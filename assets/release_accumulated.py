"""Release layer for the numbers of factors: disclosure control beside the published indices of the same pupils."""

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import require_cutoffs
from assets.failures import as_failure
from assets.indices_accumulated import ACCUMULATED_COUNTS, ACCUMULATED_ESTIMATES, count_rules
from assets.methods.accumulated_publish import finish_accumulated, protect_accumulated
from assets.methods.publish import absent_rows, with_clarity
from assets.release_earlier import kept_cells
from assets.release_register.history import keep
from assets.release_series import INDEX_RESULTS
from assets.slices import ONE_RUN, WAVES, int_keys, survey_waves
from assets.table_metadata import BY_WAVE, count_table
from assets.texts import asset_text
from assets.validated import RESPONSES
from pipelines.resources import RunChoices, Store
from pipelines.warehouse import Warehouse


@dg.multi_asset(
    outs={
        "accumulated_results": dg.AssetOut(
            key=["release", "accumulated_results"], metadata=BY_WAVE, description=asset_text("release", "accumulated_results")
        ),
        "accumulated_suppression_log": dg.AssetOut(
            key=["release", "accumulated_suppression_log"],
            metadata=BY_WAVE,
            description=asset_text("release", "accumulated_suppression_log"),
        ),
    },
    deps=[
        ["indices", "accumulated_counts"],
        ["indices", "accumulated_estimates"],
        ["release", "index_results"],
        ["validated", "survey_responses"],
    ],
    name="release_accumulated",
    group_name="release",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def release_accumulated(context: dg.AssetExecutionContext, store: Store, choices: RunChoices):
    """Protect the numbers of factors of the run's waves."""
    catalogue, waves = load_catalogue(), int_keys(context, WAVES)
    with as_failure():
        require_cutoffs(store.warehouse, INDEX_RESULTS, catalogue, waves)
        results, log = released_counts(store.warehouse, catalogue, choices.edition, waves)
    shown = count_table(results, ["wave", "reason"], ["mättillfälle", "skäl"])
    yield dg.Output(results, output_name="accumulated_results", metadata={"utgåva": choices.edition, "celler": shown})
    yield dg.Output(log, output_name="accumulated_suppression_log")


def released_counts(
    warehouse: Warehouse, catalogue: Catalogue, edition: str, waves: list[int]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`release.accumulated_results` and its log for the waves."""
    where = {"wave": waves}
    counts = warehouse.read(ACCUMULATED_COUNTS, where)
    estimates = with_clarity(warehouse.read(ACCUMULATED_ESTIMATES, where), catalogue.comparison)
    beside, rules = warehouse.read(INDEX_RESULTS, where), count_rules(catalogue)
    safe = keep(
        lambda kept: protect_accumulated(counts, estimates, beside, rules, catalogue.disclosure, edition, kept),
        kept_cells(warehouse, catalogue, edition, "accumulated_results"),
        "accumulated_results",
    )
    delivered = warehouse.read(RESPONSES, where, ["municipality_code", "wave"]).unique()
    municipalities = sorted(catalogue.municipality_by_code)
    absent = absent_rows(safe.results, municipalities, waves, delivered, catalogue.profile.grade_keys)
    return finish_accumulated(safe.results, absent, catalogue.area_names, edition, catalogue.cutoffs.id), safe.log


ASSETS = [release_accumulated]
