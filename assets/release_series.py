"""Release layer for single-question series and 0-100 scales: disclosure control, and which waves may be compared."""

from collections.abc import Mapping, Sequence

import dagster as dg
import polars as pl

from assets.asset_keys import only_reached
from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import released_editions
from assets.failures import as_failure
from assets.indices import INDICATOR_COUNTS, INDICATOR_ESTIMATES, SCALE_ESTIMATES, SCALE_MEANS
from assets.methods.contained_areas import own_levels, require_sums
from assets.methods.disclosure import load_policy
from assets.methods.editions import both_editions
from assets.methods.pomp import pomp_means
from assets.methods.protect_series import SeriesRelease, series_shape
from assets.methods.protected_editions import GROUP, PLACE, hidden_respondents, nearly_all, protected_series
from assets.methods.publish import absent_rows, finish_series, with_clarity
from assets.methods.series_breaks import series_breaks
from assets.release_earlier import kept_questions
from assets.release_repairs import current_repairs, repaired
from assets.slices import ONE_RUN, WAVES, int_keys, survey_waves
from assets.table_metadata import BY_WAVE, count_table
from assets.texts import asset_text, op_text
from assets.validated import RESPONSES
from assets.worker_pool import shared_out
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

INDEX_RESULTS = TableName("release", "index_results")
SUPPRESSION_LOG = TableName("release", "suppression_log")
RATES = TableName("release", "response_rates")


@dg.multi_asset(
    outs={
        "indicator_results": dg.AssetOut(
            key=["release", "indicator_results"], metadata=BY_WAVE, description=asset_text("release", "indicator_results")
        ),
        "indicator_suppression_log": dg.AssetOut(
            key=["release", "indicator_suppression_log"],
            metadata=BY_WAVE,
            description=asset_text("release", "indicator_suppression_log"),
        ),
    },
    deps=only_reached(
        *("indices/indicator_counts", "indices/indicator_estimates", "indices/scale_means", "indices/scale_estimates"),
        *("release/index_results", "validated/survey_responses"),
    ),
    name="release_indicators",
    description=op_text("release_indicators"),
    group_name="release",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
)
def release_indicators(context: dg.AssetExecutionContext, store: Store):
    """Protect the single-question series of the run's waves in every edition, wave by wave."""
    waves = int_keys(context, WAVES)
    catalogue = load_catalogue()
    with as_failure():
        editions = released_editions(catalogue)
        kept = kept_questions(store.warehouse, catalogue, editions)
        parts = indicator_tables(store.warehouse, catalogue, editions, waves, kept)
    results, log = (pl.concat(tables) for tables in zip(*parts, strict=True))
    shown = count_table(results, ["edition", "wave", "reason"], ["utgåva", "mättillfälle", "skäl"])
    yield dg.Output(results, output_name="indicator_results", metadata={"celler": shown})
    yield dg.Output(log, output_name="indicator_suppression_log")


def indicator_tables(
    warehouse: Warehouse,
    catalogue: Catalogue,
    editions: Sequence[str],
    waves: Sequence[int],
    kept: Mapping[str, pl.DataFrame | None],
) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    """`release.indicator_results` and its log wave by wave, with the rows of all editions; the first one is the widest.

    Args:
        kept: per edition what an earlier release hid, from `kept_questions`.
    """
    policy, contains = load_policy(catalogue.disclosure), contained(catalogue)

    def task(wave: int) -> tuple[object, ...]:
        inputs = series_inputs(warehouse, catalogue, wave)
        hidden = concealed(warehouse, catalogue, wave, editions, inputs[0])
        return inputs, hidden, kept, contains, catalogue.indicator_file, catalogue.survey, policy

    tasks = (task(wave) for wave in waves)
    released = zip(waves, shared_out(protected_series, tasks), strict=True)
    return [finished(warehouse, catalogue, wave, dict(zip(editions, made, strict=True))) for wave, made in released]


def finished(
    warehouse: Warehouse, catalogue: Catalogue, wave: int, made: Mapping[str, SeriesRelease]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One wave's protected series of each edition with repairs, and with the rows that tell who has no answers."""
    contains, where = contained(catalogue), {"wave": [wave]}
    delivered = warehouse.read(RESPONSES, where, ["municipality_code", "wave"]).unique()
    shape = series_shape(catalogue.indicator_file, county=catalogue.profile.county is not None)
    municipalities, grades = sorted(catalogue.municipality_by_code), catalogue.profile.grade_keys
    repairs = current_repairs(warehouse, catalogue, [wave])
    parts, logs = {}, []
    for edition, safe in made.items():
        own = (own_levels(table, contains) for table in (safe.results, safe.log))
        results, log = repaired("indicator_results", *own, repairs, catalogue)
        absent = absent_rows(results, municipalities, [wave], delivered, grades, shape)
        parts[edition] = finish_series(results, absent, catalogue.area_names, edition)
        logs.append(log)
    return both_editions("indicator_results", parts), pl.concat(logs)


def contained(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Municipality code -> codes of the areas that are counted within it."""
    return {m.municipality_code: m.contained for m in catalogue.municipalities if m.contained}


def series_inputs(warehouse: Warehouse, catalogue: Catalogue, wave: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Counts, means of scales and estimates (with `is_clear`) of the single-question series of one wave."""
    where = {"wave": [wave]}
    counts, estimates = warehouse.read(INDICATOR_COUNTS, where), warehouse.read(INDICATOR_ESTIMATES, where)
    require_sums(counts, contained(catalogue))
    means = pomp_means(counts, ())  # as when there are no scales
    if catalogue.indicator_file.indices:
        means = warehouse.read(SCALE_MEANS, where)
        estimates = pl.concat([estimates, warehouse.read(SCALE_ESTIMATES, where)])
    estimates = with_clarity(estimates, catalogue.comparison)
    points = pl.col("estimate").abs() >= catalogue.comparison.minimum_points  # of a scale from 0 to 100
    clear = pl.col("is_clear") & (points | ~pl.col("measure").str.ends_with("_mean"))
    return counts, means, estimates.with_columns(is_clear=clear)


def concealed(
    warehouse: Warehouse, catalogue: Catalogue, wave: int, editions: Sequence[str], counts: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Per edition the areas, grades and sexes whose respondents the questions may not tell; a survey without indices has none."""
    policy, made = load_policy(catalogue.disclosure), {}
    enrolled = warehouse.read(RATES, {"wave": [wave]}, [*PLACE, "enrolled"])
    close = nearly_all(counts, enrolled, policy) if enrolled.width else None
    for edition in editions:
        where = {"edition": [edition], "wave": [wave]}
        found = warehouse.read(INDEX_RESULTS, where | {"measure": ["n_respondents"]}, [*GROUP, "measure", "reason"])
        log = warehouse.read(SUPPRESSION_LOG, where | {"cell": ["n_respondents"]}, [*GROUP, "cell", "rule"])
        none = pl.DataFrame(schema={name: pl.Int32 if name == "wave" else pl.String for name in GROUP})
        made[edition] = hidden_respondents(found, log, policy, close) if found.width else none
    return made


@dg.asset(
    key=["release", "series_breaks"],
    group_name="release",
    metadata=BY_WAVE,
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
    description=asset_text("release", "series_breaks"),
)
def release_series_breaks(context: dg.AssetExecutionContext) -> dg.Output[pl.DataFrame]:
    """The break register per series and wave: from which wave on numbers may be compared."""
    table = series_breaks(load_catalogue().series(), WAVES)
    chosen = table.filter(pl.col("wave").is_in(int_keys(context, WAVES)))
    return dg.Output(chosen, metadata={"brott": int((chosen["break_level"] == "major").sum())})


ASSETS = [release_indicators, release_series_breaks]
