"""Indices layer: scores per respondent and estimates per area. Microdata and exact counts: never rendered, never leaves."""

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.methods.estimate import area_counts, area_estimates
from assets.methods.indicator_tables import indicator_tables
from assets.methods.persons import score_persons
from assets.methods.pomp import pomp_means, pomp_values
from assets.methods.series_estimates import series_estimates
from assets.slices import ONE_RUN, WAVES, int_keys, survey_waves
from assets.table_metadata import BY_WAVE, count_table
from assets.texts import asset_text
from assets.validated import RESPONSES
from pipelines.resources import Store
from pipelines.warehouse import TableName

PERSONS = TableName("indices", "person_scores")
COUNTS = TableName("indices", "area_counts")
ESTIMATES = TableName("indices", "area_estimates")
INDICATOR_COUNTS = TableName("indices", "indicator_counts")
INDICATOR_ESTIMATES = TableName("indices", "indicator_estimates")
SCALE_MEANS = TableName("indices", "scale_means")
SCALE_ESTIMATES = TableName("indices", "scale_estimates")


@dg.asset(
    key=["indices", "person_scores"],
    deps=[["validated", "survey_responses"]],
    group_name="indices",
    metadata=BY_WAVE,
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
    description=asset_text("indices", "person_scores"),
)
def indices_person_scores(context: dg.AssetExecutionContext, store: Store) -> dg.Output[pl.DataFrame]:
    """Score the respondents of the run's waves."""
    catalogue = load_catalogue()
    answers = store.warehouse.read(RESPONSES, {"wave": int_keys(context, WAVES)})
    persons = score_persons(answers, catalogue.index_file, catalogue.cutoffs, catalogue.item_scores())
    metadata = {
        "elever": count_table(persons, ["wave", "grade"], ["mättillfälle", "årskurs"]),
        "theta_range": str(catalogue.index_file.theta_range),
        "gränser": catalogue.cutoffs.id,
        "trösklar": catalogue.index_file.parameters_version,
    }
    return dg.Output(persons, metadata=metadata)


@dg.multi_asset(
    outs={
        "area_counts": dg.AssetOut(
            key=["indices", "area_counts"],
            metadata=BY_WAVE,
            description=asset_text("indices", "area_counts"),
        ),
        "area_estimates": dg.AssetOut(
            key=["indices", "area_estimates"],
            metadata=BY_WAVE,
            description=asset_text("indices", "area_estimates"),
        ),
    },
    deps=[["indices", "person_scores"]],
    name="indices_areas",
    group_name="indices",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def indices_areas(context: dg.AssetExecutionContext, store: Store):
    """Counts and estimates per area, wave, grade, sex and index."""
    catalogue = load_catalogue()
    persons = store.warehouse.read(PERSONS, {"wave": int_keys(context, WAVES)})
    kinds = {i.key: i.kind for i in catalogue.indices}
    own = "weight" in persons.columns and persons["weight"].null_count() == 0  # a survey with a sampling design of its own
    stratum = "stratum" if own else None
    counts = area_counts(persons, list(kinds), stratum=stratum)
    estimates = area_estimates(persons, kinds, weight="weight" if own else None, stratum=stratum)
    yield dg.Output(
        counts, output_name="area_counts", metadata={"rader": count_table(counts, ["wave", "grade"], ["mättillfälle", "årskurs"])}
    )
    yield dg.Output(estimates, output_name="area_estimates")


@dg.multi_asset(
    outs={
        "indicator_counts": dg.AssetOut(
            key=["indices", "indicator_counts"], metadata=BY_WAVE, description=asset_text("indices", "indicator_counts")
        ),
        "indicator_estimates": dg.AssetOut(
            key=["indices", "indicator_estimates"], metadata=BY_WAVE, description=asset_text("indices", "indicator_estimates")
        ),
        "scale_means": dg.AssetOut(
            key=["indices", "scale_means"], metadata=BY_WAVE, description=asset_text("indices", "scale_means")
        ),
        "scale_estimates": dg.AssetOut(
            key=["indices", "scale_estimates"], metadata=BY_WAVE, description=asset_text("indices", "scale_estimates")
        ),
    },
    deps=[["validated", "survey_responses"]],
    name="indices_indicators",
    group_name="indices",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def indices_indicators(context: dg.AssetExecutionContext, store: Store):
    """Single-question series with their denominators, and the city's 0-100 indices."""
    catalogue = load_catalogue()
    answers, file = store.warehouse.read(RESPONSES, {"wave": int_keys(context, WAVES)}), catalogue.indicator_file
    counts, estimates = indicator_tables(answers, file.indicators, catalogue.survey)
    yield dg.Output(counts, output_name="indicator_counts", metadata={"indikatorer": len(file.indicators)})
    yield dg.Output(estimates, output_name="indicator_estimates")
    values, ids = pomp_values(answers, file.indices, catalogue.survey), [i.id for i in file.indices]
    yield dg.Output(pomp_means(values, file.indices), output_name="scale_means", metadata={"index": len(ids)})
    yield dg.Output(series_estimates(values, ids, "mean"), output_name="scale_estimates")


ASSETS = [indices_person_scores, indices_areas, indices_indicators]
