"""Release layer for changes over the waves: formed from what is published, with what has to stay hidden left out."""

from collections.abc import Mapping, Sequence

import dagster as dg
import polars as pl

from assets.asset_keys import only_reached
from assets.catalogue.load import Catalogue, load_catalogue
from assets.cutoff_guard import INTERNAL, released_editions
from assets.failures import as_failure
from assets.indices_trends import TRENDS
from assets.methods.bands import FOCUS_BAND
from assets.methods.cell_key_policy import noise
from assets.methods.disclosure import load_policy
from assets.methods.editions import both_editions, nested_trends
from assets.methods.noisy_trends import noisy_evidence
from assets.methods.published_trends import published_cells, published_trends
from assets.methods.score_scale import LOGIT, POINTS_OF_100, policy_for
from assets.methods.series_breaks import series_breaks
from assets.methods.wave_trends import CELL
from assets.slices import WAVES
from assets.texts import asset_text
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

INDEX_RESULTS = TableName("release", "index_results")
INDICATOR_RESULTS = TableName("release", "indicator_results")
READ = ["edition", "area_name", "area_level", "area_code", "grade", "sex", "measure", "wave", "value", "reason", "unit"]
EVIDENCE = [*CELL, "from_wave", "method", "df", "se", "se_estimate"]


@dg.asset(
    key=["release", "trends"],
    deps=[
        dg.AssetDep(key, partition_mapping=dg.AllPartitionMapping())
        for key in only_reached("release/index_results", "release/indicator_results")
    ]
    + [["indices", "trends"]],
    group_name="release",
    description=asset_text("release", "trends"),
)
def release_trends(store: Store) -> dg.Output[pl.DataFrame]:
    """Changes and slopes of the published values of every edition."""
    catalogue = load_catalogue()
    with as_failure():
        table = released_trends(store.warehouse, catalogue, released_editions(catalogue))
    verdicts = catalogue.statistics.trend.verdicts
    counts = table.filter(pl.col("edition") == INTERNAL)["verdict"].drop_nulls().value_counts().sort("verdict").iter_rows()
    metadata = {f"förändringar: {verdicts[verdict].text_sv}": n for verdict, n in counts}
    return dg.Output(table, metadata=metadata)


def released_trends(warehouse: Warehouse, catalogue: Catalogue, editions: Sequence[str]) -> pl.DataFrame:
    """`release.trends` of the warehouse's release and of `indices.trends`; the other editions' are cut out of the first one's."""
    first = editions[0]
    parts = {
        first: published_trends(
            _cells(warehouse, catalogue, first),
            _evidence(warehouse, catalogue, first),
            series_breaks(catalogue.series(), WAVES),
            rounding_steps(catalogue, first),
            catalogue.statistics.trend.minimum_points,
            catalogue.statistics.trend.change_rules(),
        )
    }
    for edition in editions[1:]:
        parts[edition] = nested_trends(parts[first], _cells(warehouse, catalogue, edition), edition)
    return both_editions("trends", parts)


def _evidence(warehouse: Warehouse, catalogue: Catalogue, edition: str) -> pl.DataFrame:
    """The standard errors of the changes; with noise by cell key in use that of the noise too."""
    rows, policy = warehouse.read(TRENDS, columns=EVIDENCE), load_policy(catalogue.disclosure).cell_key
    if not policy.active:
        return rows
    focus = {i.key: f"share_band{FOCUS_BAND[i.kind]}" for i in catalogue.indices}
    shown = warehouse.read(INDEX_RESULTS, {"edition": [edition]}, [*READ, "index_key", "n"])
    return noisy_evidence(rows, shown, focus, noise(policy))


def _cells(warehouse: Warehouse, catalogue: Catalogue, edition: str) -> pl.DataFrame:
    """The edition's published values."""
    where = {"edition": [edition]}
    focus = {i.key: f"share_band{FOCUS_BAND[i.kind]}" for i in catalogue.indices}
    index_measures = {"measure": [*sorted(set(focus.values())), "mean"]}
    indices = warehouse.read(INDEX_RESULTS, where | index_measures, [*READ, "index_key"]) if focus else pl.DataFrame()
    series = warehouse.read(INDICATOR_RESULTS, where | {"measure": ["share", "mean"]}, [*READ, "indicator"])
    return published_cells(indices, focus, series)


def rounding_steps(catalogue: Catalogue, edition: str) -> Mapping[str, float]:
    """Unit -> the steps that its published values are rounded to."""
    numbers = load_policy(policy_for(catalogue.disclosure, catalogue.index_file)).numbers(edition)
    means = 10.0**-numbers.mean_decimals
    return {"percent": float(numbers.share_step), LOGIT: means, POINTS_OF_100: means, "scale_0_100": 1.0}


ASSETS = [release_trends]
