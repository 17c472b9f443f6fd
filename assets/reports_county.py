"""Reports layer: the page that sets the county's municipalities beside each other. Reads the release layer and nothing else."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import dagster as dg

from assets.bundle.county import PAGE, comparison_page
from assets.bundle.render import with_fallback_fonts
from assets.bundle.writer import write_page
from assets.catalogue.load import load_catalogue
from assets.charts.svg import to_svg
from assets.charts.types import ChartCard
from assets.failures import as_failure
from assets.reports import report_meta
from assets.slices import ONE_RUN, int_keys, survey_waves
from assets.texts import asset_text
from pipelines.resources import ReleaseReader, RunChoices

TABLES = ("rank_sets", "funnel")


def draw_all(cards: list[ChartCard], workers: int) -> list[str]:
    """SVG texts of the cards in order; in a process of their own when the run may have any, which gives its memory back."""
    if workers < 2:
        return [with_fallback_fonts(to_svg(card)) for card in cards]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return [with_fallback_fonts(svg) for svg in pool.map(to_svg, cards, chunksize=len(cards))]


@dg.asset(
    key=["reports", "county_comparison"],
    deps=[dg.AssetDep(["release", name], partition_mapping=dg.AllPartitionMapping()) for name in TABLES],
    group_name="reports",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
    description=asset_text("reports", "county_comparison"),
)
def reports_county_comparison(
    context: dg.AssetExecutionContext, release_reader: ReleaseReader, choices: RunChoices
) -> dg.MaterializeResult:
    """Write the page for each wave of the run; a wave where too few municipalities can be compared has none."""
    meta = report_meta(load_catalogue())
    target, pages = Path(release_reader.data_dir) / "reports", []
    with as_failure():
        for wave in int_keys(context, []):
            ranks, funnel = (release_reader.read(name, wave=[wave], edition=[choices.edition]) for name in TABLES)
            page = comparison_page(ranks, funnel, meta, wave, lambda cards: draw_all(cards, choices.workers))
            place = target / str(wave) / PAGE
            if page:
                pages.append(write_page(page, place))
            else:
                place.unlink(missing_ok=True)
    shown = "\n".join(f"- `{page}`" for page in pages) or "Ingen sida: för få kommuner att jämföra."
    return dg.MaterializeResult(metadata={"dagster/row_count": len(pages), "sidor": dg.MetadataValue.md(shown)})


ASSETS = [reports_county_comparison]
