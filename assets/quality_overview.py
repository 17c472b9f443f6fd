"""The quality room: the Lägesöversikt, and an asset that is red when something was stopped. Nothing reads them."""

import dagster as dg
from pydantic import Field

from assets.asset_keys import asset_key, only_reached
from assets.catalogue.load import load_catalogue
from assets.failures import as_failure
from assets.intake.names import in_markdown
from assets.methods.errors import PipelineError
from assets.overview.gather import gather
from assets.overview.plain import markdown, stopped_sentences, summary
from assets.overview.table import status_overview
from assets.overview.texts import overview_texts, rule_says
from assets.overview.types import Facts, Overview
from assets.overview.write import tell_beside, write_overview
from assets.texts import asset_text, ui_texts
from pipelines.paths import Paths
from pipelines.resources import Store

MADE_OF = (
    *("raw/survey_deliveries", "raw/form_files", "validated/deliveries", "validated/rule_outcomes"),
    *("indices/area_counts", "indices/indicator_counts", "release/provenance", "release/audit"),
    *("reports/municipality_bundle", "published/sealed_bundles"),
)


def overview_now(paths: Paths) -> tuple[Facts, Overview]:
    """The overview as everything lies now."""
    catalogue = load_catalogue()
    facts = gather(paths, catalogue)
    return facts, status_overview(facts, catalogue, overview_texts(), rule_says)


@dg.asset(
    key=["quality", "overview"],
    deps=[dg.AssetDep(key, partition_mapping=dg.AllPartitionMapping()) for key in only_reached(*MADE_OF)],
    group_name="quality",
    description=asset_text("quality", "overview"),
)
def quality_overview(store: Store) -> dg.MaterializeResult:
    """Write the page, and what each set-aside file touches in the text file beside it."""
    with as_failure():
        return dg.MaterializeResult(metadata=written(store.paths))


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


class Stopped(dg.Config):
    """What was stopped in the run that asks."""

    stoppat: list[str] | None = Field(default=None, description=ui_texts()["fields"]["stoppat"])


@dg.asset(
    key=["quality", "run_status"],
    deps=[dg.AssetDep(key, partition_mapping=dg.AllPartitionMapping()) for key in only_reached("validated/deliveries")],
    group_name="quality",
    description=asset_text("quality", "run_status"),
)
def quality_run_status(config: Stopped, store: Store) -> dg.MaterializeResult:
    """Fail, with the sentences, when something was stopped in the run; materialised by hand: when something is stopped now."""
    with as_failure():
        sentences = stopped_sentences(overview_now(store.paths)[1]) if config.stoppat is None else config.stoppat
    if sentences:
        raise stop(sentences)
    return dg.MaterializeResult(metadata={"läget": overview_texts()["run"]["green"]})


def stop(sentences: list[str]) -> dg.Failure:
    """The failure that makes the run red: how much was stopped, and each sentence."""
    words = overview_texts()["run"]
    one, several = words["things"]
    count = f"{len(sentences)}\u00a0{one if len(sentences) == 1 else several}"
    listed = "\n".join(f"- {in_markdown(sentence)}" for sentence in sentences)
    text = "\n".join([words["stopped"].format(count=count), *(f"- {sentence}" for sentence in sentences)])
    return dg.Failure(text, metadata={"stoppat": dg.MetadataValue.md(listed), "antal": len(sentences)}, allow_retries=False)


ASSETS = [quality_overview, quality_run_status]
