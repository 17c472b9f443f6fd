"""Indices layer: scores per respondent and estimates per area. Microdata and exact counts: never rendered, never leaves."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import dagster as dg
import polars as pl

from assets.catalogue.indicator_models import PompIndex
from assets.catalogue.load import Catalogue, load_catalogue
from assets.catalogue.models import Survey
from assets.cutoff_guard import COLUMN, require_cutoffs
from assets.failures import as_failure
from assets.methods.cell_key_sums import with_cell_keys
from assets.methods.estimate import area_counts, area_estimates, in_order
from assets.methods.indicator_tables import in_order as series_in_order
from assets.methods.indicator_tables import indicator_tables
from assets.methods.indicators import indicator_values
from assets.methods.persons import score_persons
from assets.methods.pomp import in_order as means_in_order
from assets.methods.pomp import pomp_means, pomp_values
from assets.methods.screen_sensitivity import (
    KEYS,
    base_indicators,
    base_indices,
    removed_indicators,
    removed_indices,
    removed_respondents,
    with_and_without,
)
from assets.methods.screening import without_removed
from assets.methods.series_estimates import series_estimates
from assets.record_keys import keyed
from assets.slices import ONE_RUN, WAVES, int_keys, survey_waves
from assets.table_metadata import BY_WAVE, count_table, counted_table
from assets.table_parts import TableParts
from assets.texts import asset_text, op_text
from assets.validated import RESPONSES
from assets.worker_pool import shared_out
from pipelines.paths import Paths
from pipelines.resources import RunChoices, Store
from pipelines.warehouse import TableName, Warehouse

PERSONS = TableName("indices", "person_scores")
COUNTS = TableName("indices", "area_counts")
ESTIMATES = TableName("indices", "area_estimates")
INDICATOR_COUNTS = TableName("indices", "indicator_counts")
INDICATOR_ESTIMATES = TableName("indices", "indicator_estimates")
SCALE_MEANS = TableName("indices", "scale_means")
SCALE_ESTIMATES = TableName("indices", "scale_estimates")
SENSITIVITY = TableName("indices", "screen_sensitivity")
Made = TypeVar("Made")


def removing(catalogue: Catalogue, choices: RunChoices) -> bool:
    """Whether screened-out answers are left out: the catalogue's removal rule is in use and the run doesn't switch it off."""
    return catalogue.screening.removal.active and choices.remove_screened


def counted_answers(
    warehouse: Warehouse, catalogue: Catalogue, waves: list[int], *, removal: bool, columns: Sequence[str] = ()
) -> pl.DataFrame:
    """Validated answers of the waves (some columns, or all); screened-out pupils stay as respondents but have no answers."""
    answers = warehouse.read(RESPONSES, {"wave": waves}, [*columns, "screened_out"] if columns else None)
    return without_removed(answers, [item.key for item in catalogue.survey.items], active=removal)


def wave_by_wave(
    work: Callable[[pl.DataFrame], Made], warehouse: Warehouse, catalogue: Catalogue, waves: Sequence[int], *, removal: bool
) -> list[Made]:
    """What the work gives for each wave's answers, a few waves at a time in the processes of the pass.

    Only those waves' answers are in memory, however many the survey has. `work` can be pickled.
    """
    return list(shared_out(work, ((counted_answers(warehouse, catalogue, [wave], removal=removal),) for wave in waves)))


def scored_persons(warehouse: Warehouse, catalogue: Catalogue, wave: int, *, removal: bool) -> pl.DataFrame:
    """`indices.person_scores` of a wave, in order."""
    answers = keyed(counted_answers(warehouse, catalogue, [wave], removal=removal), catalogue, Paths(warehouse.path.parent))
    scored = score_persons(answers, catalogue.index_file, catalogue.cutoffs, catalogue.item_scores())
    return scored.with_columns(pl.lit(catalogue.cutoffs.id).alias(COLUMN))


def estimated_areas(warehouse: Warehouse, catalogue: Catalogue, waves: Sequence[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`indices.area_counts` and `indices.area_estimates` of the waves, from their scores.

    A wave at a time: no count, design effect or difference looks at another wave, and comparing classes with counties over all
    waves at once takes room that grows with the square of their number.
    """
    parts = shared_out(_estimated_areas, ((warehouse.read(PERSONS, {"wave": [wave]}), catalogue) for wave in waves))
    keys = [i.key for i in catalogue.indices]
    counts, estimates = (in_order(pl.concat(tables), keys) for tables in zip(*parts, strict=True))
    return counts, estimates


def _estimated_areas(persons: pl.DataFrame, catalogue: Catalogue) -> tuple[pl.DataFrame, pl.DataFrame]:
    kinds = {i.key: i.kind for i in catalogue.indices}
    own = "weight" in persons.columns and persons["weight"].null_count() == 0  # a survey with a sampling design of its own
    stratum = "stratum" if own else None
    counts = area_counts(persons, list(kinds), stratum=stratum).with_columns(pl.lit(catalogue.cutoffs.id).alias(COLUMN))
    counts = with_cell_keys(counts, persons, list(kinds), stratum=stratum)
    return counts, area_estimates(persons, kinds, weight="weight" if own else None, stratum=stratum, rest=True, quantiles=True)


def tables_of_indicators(
    warehouse: Warehouse, catalogue: Catalogue, waves: Sequence[int], *, removal: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`indices.indicator_counts` and `indices.indicator_estimates` of the waves."""
    chosen, levels = catalogue.indicator_file.indicators, catalogue.profile.area_levels

    of_wave = partial(indicator_tables, indicators=chosen, survey=catalogue.survey, levels=levels)
    parts = wave_by_wave(of_wave, warehouse, catalogue, waves, removal=removal)
    counts, estimates = (series_in_order(pl.concat(tables), [one.id for one in chosen]) for tables in zip(*parts, strict=True))
    return counts, estimates


def tables_of_scales(
    warehouse: Warehouse, catalogue: Catalogue, waves: Sequence[int], *, removal: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`indices.scale_means` and `indices.scale_estimates` of the waves."""
    scales, levels = catalogue.indicator_file.indices, catalogue.profile.area_levels
    ids = [i.id for i in scales]
    of_wave = partial(_tables_of_scales, scales=scales, survey=catalogue.survey, levels=levels)
    means, estimates = zip(*wave_by_wave(of_wave, warehouse, catalogue, waves, removal=removal), strict=True)
    return means_in_order(pl.concat(means), ids), series_in_order(pl.concat(estimates), ids, "mean")


def _tables_of_scales(
    answers: pl.DataFrame, scales: Sequence[PompIndex], survey: Survey, levels: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One wave's rows of both."""
    values = pomp_values(answers, scales, survey)
    return pomp_means(values, scales, levels), series_estimates(values, [i.id for i in scales], "mean", levels)


@dg.asset(
    key=["indices", "person_scores"],
    deps=[["validated", "survey_responses"]],
    group_name="indices",
    metadata=BY_WAVE,
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
    description=asset_text("indices", "person_scores"),
)
def indices_person_scores(context: dg.AssetExecutionContext, store: Store, choices: RunChoices) -> dg.Output[TableParts]:
    """Score the respondents of the run's waves; those whose answers are left out by the screen get no score."""
    catalogue = load_catalogue()
    removal, waves = removing(catalogue, choices), int_keys(context, WAVES)
    by = ["wave", "grade"]
    pupils = [store.warehouse.read(RESPONSES, {"wave": [wave]}, by).group_by(by).len().sort(by) for wave in waves]
    metadata = {
        "elever": counted_table(pl.concat(pupils), ["mättillfälle", "årskurs"]),
        "poängsättning": catalogue.index_file.estimator,
        "theta_range": str(catalogue.index_file.theta_range),
        "gränser": catalogue.cutoffs.id,
        "trösklar": catalogue.index_file.parameters_version,
        "oseriösa svar räknas bort": removal,
    }
    parts = TableParts(tuple(waves), lambda wave: scored_persons(store.warehouse, catalogue, wave, removal=removal))
    return dg.Output(parts, metadata=metadata)


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
    description=op_text("indices_areas"),
    group_name="indices",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def indices_areas(context: dg.AssetExecutionContext, store: Store):
    """Counts and estimates per area, wave, grade, sex and index."""
    catalogue = load_catalogue()
    waves = int_keys(context, WAVES)
    with as_failure():
        require_cutoffs(store.warehouse, PERSONS, catalogue, waves)
    counts, estimates = estimated_areas(store.warehouse, catalogue, waves)
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
    },
    deps=[["validated", "survey_responses"]],
    name="indices_indicators",
    description=op_text("indices_indicators"),
    group_name="indices",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def indices_indicators(context: dg.AssetExecutionContext, store: Store, choices: RunChoices):
    """Single-question series with their denominators."""
    catalogue = load_catalogue()
    waves, removal = int_keys(context, WAVES), removing(catalogue, choices)
    counts, estimates = tables_of_indicators(store.warehouse, catalogue, waves, removal=removal)
    indicators = len(catalogue.indicator_file.indicators)
    yield dg.Output(counts, output_name="indicator_counts", metadata={"indikatorer": indicators})
    yield dg.Output(estimates, output_name="indicator_estimates")


@dg.multi_asset(
    outs={
        "scale_means": dg.AssetOut(
            key=["indices", "scale_means"], metadata=BY_WAVE, description=asset_text("indices", "scale_means")
        ),
        "scale_estimates": dg.AssetOut(
            key=["indices", "scale_estimates"], metadata=BY_WAVE, description=asset_text("indices", "scale_estimates")
        ),
    },
    deps=[["validated", "survey_responses"]],
    name="indices_scales",
    description=op_text("indices_scales"),
    group_name="indices",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def indices_scales(context: dg.AssetExecutionContext, store: Store, choices: RunChoices):
    """The city's 0-100 indices."""
    catalogue = load_catalogue()
    waves, removal = int_keys(context, WAVES), removing(catalogue, choices)
    means, estimates = tables_of_scales(store.warehouse, catalogue, waves, removal=removal)
    yield dg.Output(means, output_name="scale_means", metadata={"index": len(catalogue.indicator_file.indices)})
    yield dg.Output(estimates, output_name="scale_estimates")


@dg.asset(
    key=["indices", "screen_sensitivity"],
    deps=[
        ["validated", "survey_responses"],
        ["indices", "area_counts"],
        ["indices", "area_estimates"],
        ["indices", "indicator_counts"],
    ],
    group_name="indices",
    metadata=BY_WAVE,
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
    description=asset_text("indices", "screen_sensitivity"),
)
def indices_screen_sensitivity(context: dg.AssetExecutionContext, store: Store, choices: RunChoices) -> dg.Output[pl.DataFrame]:
    """The county's headline results with and without the answers that the screen leaves out."""
    catalogue = load_catalogue()
    table = screen_sensitivity(store.warehouse, catalogue, int_keys(context, WAVES), removal=removing(catalogue, choices))
    return dg.Output(table, metadata={"serier": table["series"].n_unique()})


def screen_sensitivity(warehouse: Warehouse, catalogue: Catalogue, waves: list[int], *, removal: bool) -> pl.DataFrame:
    """`indices.screen_sensitivity` of the waves; only the left-out pupils are scored again."""
    parts = [_sensitivity_of(warehouse, catalogue, wave, removal=removal) for wave in waves]
    return pl.concat([pl.concat(tables).sort(KEYS) for tables in zip(*parts, strict=True)])


def _sensitivity_of(warehouse: Warehouse, catalogue: Catalogue, wave: int, *, removal: bool) -> tuple[pl.DataFrame, ...]:
    """One wave's rows of indices, indicators and respondents."""
    where = {"wave": [wave]}
    kinds = {i.key: i.kind for i in catalogue.indices}
    chosen = [i for i in catalogue.indicator_file.indicators if i.id in catalogue.screening.sensitivity_indicators]
    ids = [i.id for i in chosen]
    keys = warehouse.read(RESPONSES, where, ["municipality_code", "wave", "grade", "sex", "screened_out"])
    gone = warehouse.read(RESPONSES, where | {"screened_out": [True]})
    persons = score_persons(gone, catalogue.index_file, catalogue.cutoffs, catalogue.item_scores())
    indices = base_indices(warehouse.read(COUNTS, where), warehouse.read(ESTIMATES, where), kinds)
    indicators = base_indicators(warehouse.read(INDICATOR_COUNTS, where), ids)
    left_out = removed_indicators(indicator_values(gone, chosen, catalogue.survey), ids)
    return (
        with_and_without(indices, removed_indices(persons, kinds), "index", removal=removal),
        with_and_without(indicators, left_out, "indicator", removal=removal),
        removed_respondents(keys, removal=removal),
    )


ASSETS = [indices_person_scores, indices_areas, indices_indicators, indices_scales, indices_screen_sensitivity]
