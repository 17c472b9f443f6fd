"""Release layer for the numbers of factors: disclosure control beside the published indices of the same pupils."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import dagster as dg
import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import released_editions, require_cutoffs
from assets.failures import as_failure
from assets.indices_accumulated import ACCUMULATED_COUNTS, ACCUMULATED_ESTIMATES, count_rules
from assets.methods.accumulated_publish import finish_accumulated, perturb_accumulated, protect_accumulated
from assets.methods.disclosure import ProtectedRelease, load_policy
from assets.methods.edition_patterns import Outer
from assets.methods.editions import allowed_areas, both_editions
from assets.methods.perturbed_release import with_noise
from assets.methods.publish import absent_rows, with_clarity
from assets.release_earlier import kept_cells
from assets.release_register.history import keep
from assets.release_repairs import current_repairs, repaired
from assets.release_series import INDEX_RESULTS
from assets.slices import ONE_RUN, WAVES, int_keys, survey_waves
from assets.table_metadata import BY_WAVE, count_table
from assets.texts import asset_text, op_text
from assets.validated import RESPONSES
from pipelines.resources import Store
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
    description=op_text("release_accumulated"),
    group_name="release",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def release_accumulated(context: dg.AssetExecutionContext, store: Store):
    """Protect the numbers of factors of the run's waves in every edition."""
    catalogue, waves = load_catalogue(), int_keys(context, WAVES)
    with as_failure():
        require_cutoffs(store.warehouse, INDEX_RESULTS, catalogue, waves)
        results, log = released_counts(store.warehouse, catalogue, released_editions(catalogue), waves)
    shown = count_table(results, ["edition", "wave", "reason"], ["utgåva", "mättillfälle", "skäl"])
    yield dg.Output(results, output_name="accumulated_results", metadata={"celler": shown})
    yield dg.Output(log, output_name="accumulated_suppression_log")


def released_counts(
    warehouse: Warehouse, catalogue: Catalogue, editions: Sequence[str], waves: list[int]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`release.accumulated_results` and its log for the waves, with the rows of all editions; the first one is the widest."""
    where = {"wave": waves}
    counts = warehouse.read(ACCUMULATED_COUNTS, where)
    indices, policy = warehouse.read(INDEX_RESULTS, where), load_policy(catalogue.disclosure)
    estimates = warehouse.read(ACCUMULATED_ESTIMATES, where)
    if policy.cell_key.active:
        estimates = with_noise(counts, estimates, policy, {})
    estimates = with_clarity(estimates, catalogue.comparison)
    delivered = warehouse.read(RESPONSES, where, ["municipality_code", "wave"]).unique()
    municipalities, grades = sorted(catalogue.municipality_by_code), catalogue.profile.grade_keys
    repairs = current_repairs(warehouse, catalogue, waves)
    parts, logs, within = {}, [], None
    for edition in editions:
        allowed = [allowed_areas(table, policy, edition) for table in (counts, estimates)]
        beside = indices.filter(pl.col("edition") == edition)
        safe = keep(
            partial(_protected, allowed, beside, repairs, catalogue, edition, within),
            kept_cells(warehouse, catalogue, edition, "accumulated_results"),
            "accumulated_results",
        )
        within = within or safe.pattern
        absent = absent_rows(safe.results, municipalities, waves, delivered, grades)
        parts[edition] = finish_accumulated(safe.results, absent, catalogue.area_names, edition, catalogue.cutoffs.id)
        logs.append(safe.log)
    return both_editions("accumulated_results", parts), pl.concat(logs)


def _protected(
    tables: Sequence[pl.DataFrame],
    beside: pl.DataFrame,
    repairs: pl.DataFrame,
    catalogue: Catalogue,
    edition: str,
    within: Outer | None,
    kept: pl.DataFrame | None,
) -> ProtectedRelease:
    """The numbers of factors of one edition beside its indices, with the earlier pattern `kept` and what `repairs` hide."""
    counts, estimates = tables
    if load_policy(catalogue.disclosure).cell_key.active:
        return perturb_accumulated(counts, estimates, count_rules(catalogue), catalogue.disclosure, edition)
    made = protect_accumulated(counts, estimates, beside, count_rules(catalogue), catalogue.disclosure, edition, within, kept)
    results, log = repaired("accumulated_results", made.results, made.log, repairs, catalogue)
    return replace(made, results=results, log=log)


ASSETS = [release_accumulated]
