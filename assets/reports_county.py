"""Reports layer: the page that sets the county's municipalities beside each other. Reads the release layer and nothing else."""

from math import ceil
from pathlib import Path

import dagster as dg

from assets.bundle.county import PAGE, comparison_page
from assets.bundle.picture_cache import PictureCache, draw_missing
from assets.bundle.render import with_fallback_fonts
from assets.bundle.writer import OVERVIEW, edition_page, write_page
from assets.catalogue.load import load_catalogue
from assets.charts.types import COUNTY_CODE, ChartCard
from assets.cutoff_guard import released_editions
from assets.failures import as_failure
from assets.reports import picture_cache, report_meta
from assets.reports_told import first_page
from assets.slices import ONE_RUN, int_keys, survey_waves
from assets.texts import asset_text
from assets.worker_pool import worker_pool
from pipelines.resources import ReleaseReader, RunChoices

TABLES = ("rank_sets", "funnel")


def draw_all(cards: list[ChartCard], workers: int, cache: PictureCache) -> list[str]:
    """SVG texts of the cards in order. Those that aren't held are drawn in other processes when the run may have any."""

    def draw(missing: list[ChartCard]) -> list[str]:
        if workers < 2:
            return [cache.svg(card) for card in missing]
        with worker_pool(workers) as pool:
            return list(pool.map(cache.svg, missing, chunksize=ceil(len(missing) / workers)))

    return [with_fallback_fonts(svg) for svg in draw_missing(cards, cache, draw)]


@dg.asset(
    key=["reports", "county_comparison"],
    deps=[
        *(dg.AssetDep(["release", name], partition_mapping=dg.AllPartitionMapping()) for name in TABLES),
        dg.AssetDep(["release", "audit"]),
    ],
    group_name="reports",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
    description=asset_text("reports", "county_comparison"),
)
def reports_county_comparison(
    context: dg.AssetExecutionContext, release_reader: ReleaseReader, choices: RunChoices
) -> dg.MaterializeResult:
    """Write the page for each wave of the run; a wave where too few municipalities can be compared has none."""
    catalogue = load_catalogue()
    meta = report_meta(catalogue)
    target, cache, pages = Path(release_reader.data_dir) / "reports", picture_cache(release_reader), []
    with as_failure():
        for wave in int_keys(context, []):
            for edition in choices.editions_of(COUNTY_CODE, released_editions(catalogue)):
                ranks, funnel = (release_reader.read(name, wave=[wave], edition=[edition]) for name in TABLES)
                back_to = edition_page(OVERVIEW, edition)
                page = comparison_page(ranks, funnel, meta, wave, lambda cards: draw_all(cards, choices.workers, cache), back_to)
                place = target / str(wave) / edition_page(PAGE, edition)
                if page:
                    pages.append(write_page(page, place))
                else:
                    place.unlink(missing_ok=True)
    shown = "\n".join(f"- `{page}`" for page in pages) or "Ingen sida: för få kommuner att jämföra."
    return dg.MaterializeResult(
        metadata={"dagster/row_count": len(pages), "sidor": dg.MetadataValue.md(shown)} | first_page(pages)
    )


ASSETS = [reports_county_comparison]
