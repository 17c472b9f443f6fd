"""Write the overview in Dagster: by its asset, and by steps that have changed where bundles stand.

Apart from the quality room's assets, so that what is published can have it written without reading anything of that room.
"""

from __future__ import annotations

import dagster as dg

from assets.asset_keys import asset_key
from assets.methods.errors import PipelineError
from assets.overview.current import write_now
from assets.overview.plain import markdown, summary
from assets.overview.texts import overview_texts
from pipelines.paths import Paths


def written(paths: Paths) -> dict[str, object]:
    """Write the overview as everything lies now; what Dagster shows of it.

    Raises:
        PipelineError: as `gather`, or the page can't be written.
    """
    texts = overview_texts()
    overview, page = write_now(paths)
    latest = overview.of(overview.waves[0]) if overview.waves else ()
    return {
        "dagster/row_count": len(overview.rows),
        "i korthet": summary(latest, overview.steps, texts) if latest else texts["no_wave"],
        "stoppade": sum(row.stopped for row in overview.rows),
        "filer som väntar": len(overview.files),
        "sidan": dg.MetadataValue.path(str(page)),
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
