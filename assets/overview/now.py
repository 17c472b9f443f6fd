"""Write the overview as everything lies now: by its asset, and by steps that have changed where bundles stand.

Apart from the quality room's assets, so that what is published can have it written without reading anything of that room.
"""

from __future__ import annotations

import dagster as dg

from assets.asset_keys import asset_key
from assets.catalogue.load import load_catalogue
from assets.methods.errors import PipelineError
from assets.overview.gather import gather
from assets.overview.plain import markdown, summary
from assets.overview.table import status_overview
from assets.overview.texts import overview_texts, rule_says
from assets.overview.types import Facts, Overview
from assets.overview.write import tell_beside, write_overview
from pipelines.paths import Paths


def overview_now(paths: Paths) -> tuple[Facts, Overview]:
    """The overview as everything lies now."""
    catalogue = load_catalogue()
    facts = gather(paths, catalogue)
    return facts, status_overview(facts, catalogue, overview_texts(), rule_says)


def written(paths: Paths) -> dict[str, object]:
    """Write the overview as everything lies now; what Dagster shows of it.

    Raises:
        PipelineError: as `gather`, or the page can't be written.
    """
    texts = overview_texts()
    facts, overview = overview_now(paths)
    place = write_overview(paths.quality, overview, texts)
    for file, told in zip(facts.files, overview.files, strict=True):
        if file.stored:
            tell_beside(paths.rejected, file, told.touches, texts)
    latest = overview.of(overview.waves[0]) if overview.waves else ()
    return {
        "dagster/row_count": len(overview.rows),
        "i korthet": summary(latest, overview.steps, texts) if latest else texts["no_wave"],
        "stoppade": sum(row.stopped for row in overview.rows),
        "filer som väntar": len(overview.files),
        "sidan": dg.MetadataValue.path(str(place)),
        "läget": dg.MetadataValue.md(markdown(overview, texts)),
    }


def refresh(context: dg.OpExecutionContext | dg.AssetExecutionContext, paths: Paths) -> None:
    """Write the overview at the end of a step that has changed where bundles stand; what the step has done stands also when
    the page can't be written.
    """
    try:
        shown = written(paths)
    except PipelineError as error:
        context.log.warning(f"Lägesöversikten är inte uppdaterad. {error}")
        return
    context.log_event(dg.AssetMaterialization(asset_key("quality", "overview"), metadata=shown))
