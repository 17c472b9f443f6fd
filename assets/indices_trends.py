"""Indices layer: has a series changed since the wave before, and does it go one way over the waves? One run over all waves.

Not sliced by wave: a corrected wave changes the comparisons of the waves after it.
"""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg
import polars as pl

from assets.asset_keys import only_reached
from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import require_cutoffs
from assets.failures import as_failure
from assets.indices import ESTIMATES, INDICATOR_ESTIMATES, PERSONS, SCALE_ESTIMATES, counted_answers, removing
from assets.methods.bands import FOCUS_BAND
from assets.methods.change_table import change_table
from assets.methods.indicators import indicator_values
from assets.methods.pomp import pomp_values
from assets.methods.psu_sums import SCORE_UNITS
from assets.methods.school_changes import SCHEMA, school_changes, school_sums
from assets.methods.series_breaks import series_breaks
from assets.methods.series_estimates import CHUNK, VALUE_UNITS
from assets.methods.wave_trends import CELL, GROUP, by_areas, earlier_waves, latest_earlier
from assets.slices import WAVES
from assets.texts import asset_text
from assets.worker_pool import shared_out
from pipelines.resources import RunChoices, Store
from pipelines.warehouse import TableName, Warehouse

TRENDS = TableName("indices", "trends")
SEPARATOR = ":"
BACKGROUND = ["wave", "grade", "sex", "municipality_code", "district_code", "school_code"]
_NUMBERS = ["estimate", "se", "df", "n", "n_psu", "sum_w"]


@dg.asset(
    key=["indices", "trends"],
    deps=[
        dg.AssetDep(key, partition_mapping=dg.AllPartitionMapping())
        for key in only_reached(
            *("indices/area_estimates", "indices/indicator_estimates", "indices/scale_estimates"),
            *("indices/person_scores", "validated/survey_responses"),
        )
    ],
    group_name="indices",
    description=asset_text("indices", "trends"),
)
def indices_trends(store: Store, choices: RunChoices) -> dg.Output[pl.DataFrame]:
    """Compare every series with its earlier comparable waves."""
    catalogue = load_catalogue()
    with as_failure():
        require_cutoffs(store.warehouse, PERSONS, catalogue)
        table = trends(store.warehouse, catalogue, removal=removing(catalogue, choices))
    verdicts = catalogue.statistics.trend.verdicts
    counts = table["verdict"].drop_nulls().value_counts().sort("verdict").iter_rows()
    return dg.Output(table, metadata={f"förändringar: {verdicts[verdict].text_sv}": n for verdict, n in counts})


def trends(warehouse: Warehouse, catalogue: Catalogue, *, removal: bool, waves: Sequence[int] = WAVES) -> pl.DataFrame:
    """`indices.trends` of the warehouse's estimates and answers; `waves`: those that the survey has had, in order."""
    cells, comparable = trend_cells(warehouse, catalogue), series_breaks(catalogue.series(), waves)
    schools = common_schools(warehouse, catalogue, cells, comparable, removal=removal)
    return change_table(cells, comparable, schools, catalogue.statistics.trend.change_rules())


def trend_cells(warehouse: Warehouse, catalogue: Catalogue) -> pl.DataFrame:
    """The waves' own estimates that have a trend: shares in focus bands and means of indices, shares and 0-100 means."""
    points = catalogue.statistics.trend.minimum_points
    focus = {i.key: f"share_band{FOCUS_BAND[i.kind]}" for i in catalogue.indices}
    parts = []
    if focus:
        rows = warehouse.read(ESTIMATES, {"measure": [*sorted(set(focus.values())), "mean"]})
        named = pl.col("index_key").replace_strict(focus)
        rows = rows.filter((pl.col("measure") == named) | (pl.col("measure") == "mean"))
        measure = pl.when(pl.col("measure") == "mean").then(pl.lit("mean")).otherwise(pl.lit("share_focus"))
        smallest = 0.0 if catalogue.index_file.model == "pcm" else points
        least = pl.when(pl.col("measure") == "mean").then(smallest).otherwise(points / 100)
        parts.append(
            rows.with_columns(minimum=least).with_columns(series_kind=pl.lit("index"), series="index_key", measure=measure)
        )
    if catalogue.indicator_file.indicators:
        rows = warehouse.read(INDICATOR_ESTIMATES, {"measure": ["share"]})
        parts.append(rows.with_columns(series_kind=pl.lit("indicator"), series="indicator", minimum=pl.lit(points / 100)))
    if catalogue.indicator_file.indices:
        rows = warehouse.read(SCALE_ESTIMATES, {"measure": ["mean"]})
        parts.append(rows.with_columns(series_kind=pl.lit("scale"), series="indicator", minimum=pl.lit(points, pl.Float64)))
    return pl.concat([part.select(*CELL, *_NUMBERS, "minimum") for part in parts]).sort(CELL)


def common_schools(
    warehouse: Warehouse, catalogue: Catalogue, cells: pl.DataFrame, comparable: pl.DataFrame, *, removal: bool
) -> pl.DataFrame:
    """`GROUP`, `from_wave, wave, se, df` of changes with the school as unit; none for a survey with a design of its own.

    The schools' sums are made wave by wave, a few at a time in the processes of the pass, so that the answers of those waves only
    are in memory; a wave's sums are let go after the last pair that needs them.
    """
    wanted = pl.concat(latest_earlier(earlier_waves(some, comparable)) for some in by_areas(cells))
    parts: list[pl.DataFrame] = [pl.DataFrame(schema=SCHEMA)]
    if not catalogue.profile.design_columns and wanted.height:
        units = _units(catalogue)
        sums: dict[int, pl.DataFrame] = {}
        named = wanted.with_columns(column=pl.concat_str("series_kind", "series", "measure", separator=SEPARATOR))
        pairs = named.select("from_wave", "wave").unique().sort("from_wave", "wave").rows()
        needed = sorted({wave for pair in pairs for wave in pair})
        answers = ((*_answered(warehouse, catalogue, wave, removal=removal), catalogue, units) for wave in needed)
        coming = zip(needed, shared_out(_wave_sums, answers, light=True), strict=True)
        for at, (first, last) in enumerate(pairs):
            sums = {wave: table for wave, table in sums.items() if any(wave in pair for pair in pairs[at:])}
            while not {first, last} <= set(sums):
                sums |= [next(coming)]
            columns = named.filter((pl.col("from_wave") == first) & (pl.col("wave") == last))["column"].unique().sort().to_list()
            both = pl.concat([sums[first], sums[last]])
            parts.append(school_changes(both, units, (first, last), catalogue.profile.area_levels, columns))
    words = (
        pl.col("column").str.split_exact(SEPARATOR, 2).struct.rename_fields(["series_kind", "series", "measure"]).alias("words")
    )
    return pl.concat(parts).with_columns(words).unnest("words").select(*GROUP, "from_wave", "wave", "se", "df")


def _units(catalogue: Catalogue) -> dict[str, int]:
    """Column of the schools' sums -> the units that its values are counted in."""
    file = catalogue.indicator_file
    indices = [{f"index:{i.key}:share_focus": 1, f"index:{i.key}:mean": SCORE_UNITS} for i in catalogue.indices]
    shares = {f"indicator:{i.id}:share": 1 for i in file.indicators}
    scales = {f"scale:{i.id}:mean": VALUE_UNITS["mean"] for i in file.indices}
    return {name: unit for part in (*indices, shares, scales) for name, unit in part.items()}


def _answered(
    warehouse: Warehouse, catalogue: Catalogue, wave: int, *, removal: bool
) -> tuple[pl.DataFrame | None, pl.DataFrame]:
    """One wave's scores (None in a survey without indices) and answers."""
    keys = [i.key for i in catalogue.indices]
    columns = [*BACKGROUND, *keys, *(f"{key}_band" for key in keys)]
    persons = warehouse.read(PERSONS, {"wave": [wave]}, columns) if keys else None
    return persons, counted_answers(warehouse, catalogue, [wave], removal=removal)


def _wave_sums(
    persons: pl.DataFrame | None, answers: pl.DataFrame, catalogue: Catalogue, units: Mapping[str, int]
) -> pl.DataFrame:
    """One wave's sums per school of all series."""
    found: list[pl.DataFrame] = []
    for values in _values(persons, answers, catalogue):
        here = {name: unit for name, unit in units.items() if name in values.columns}
        part = school_sums(values, here)
        found.append(part if not found else part.select(pl.exclude("^(municipality|school|district)_code|grade|sex|wave$")))
    return pl.concat(found, how="horizontal")


def _values(persons: pl.DataFrame | None, answers: pl.DataFrame, catalogue: Catalogue) -> Iterator[pl.DataFrame]:
    """Pupils' values, some columns at a time; every frame has the same pupils, so that their sums have the same rows."""
    if persons is not None:
        shares = [
            (pl.col(f"{i.key}_band") == FOCUS_BAND[i.kind]).cast(pl.Int8).alias(f"index:{i.key}:share_focus")
            for i in catalogue.indices
        ]
        yield persons.select(*BACKGROUND, *shares, *(pl.col(i.key).alias(f"index:{i.key}:mean") for i in catalogue.indices))
    file = catalogue.indicator_file
    for at in range(0, len(file.indicators), CHUNK):
        some = file.indicators[at : at + CHUNK]
        values = indicator_values(answers, some, catalogue.survey)
        yield values.select(*BACKGROUND, *(pl.col(i.id).alias(f"indicator:{i.id}:share") for i in some))
    if file.indices:
        values = pomp_values(answers, file.indices, catalogue.survey)
        yield values.select(*BACKGROUND, *(pl.col(i.id).alias(f"scale:{i.id}:mean") for i in file.indices))


ASSETS = [indices_trends]
