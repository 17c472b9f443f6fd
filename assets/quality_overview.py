"""The quality room: the Lägesöversikt, and an asset that is red when something was stopped. Nothing reads them."""

import dagster as dg
from pydantic import Field

from assets.asset_keys import only_reached
from assets.failures import as_failure
from assets.intake.names import in_markdown
from assets.ledger.store import runs
from assets.ledger.words import markdown
from assets.overview.current import overview_now
from assets.overview.html import PAGE
from assets.overview.now import written
from assets.overview.plain import stopped_sentences
from assets.overview.texts import overview_texts
from assets.texts import asset_text, shown_as, ui_texts
from pipelines.resources import Store

RECENT = 5
"""Runs that the status asset lists."""
MADE_OF = (
    *("raw/survey_deliveries", "raw/form_files", "validated/deliveries", "validated/rule_outcomes"),
    *("indices/area_counts", "indices/indicator_counts", "release/provenance", "release/audit"),
    *("reports/municipality_bundle", "published/sealed_bundles"),
)


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


@shown_as("stoppat")
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
    return dg.MaterializeResult(
        metadata={
            "läget": overview_texts()["run"]["green"],
            "sidan": dg.MetadataValue.path(str(store.paths.quality / PAGE)),
            "senaste körningarna": dg.MetadataValue.md(markdown(runs(store.paths), RECENT)),
        }
    )


def stop(sentences: list[str]) -> dg.Failure:
    """The failure that makes the run red: how much was stopped, and each sentence."""
    words = overview_texts()["run"]
    one, several = words["things"]
    count = f"{len(sentences)}\u00a0{one if len(sentences) == 1 else several}"
    listed = "\n".join(f"- {in_markdown(sentence)}" for sentence in sentences)
    text = "\n".join([words["stopped"].format(count=count), *(f"- {sentence}" for sentence in sentences)])
    return dg.Failure(text, metadata={"stoppat": dg.MetadataValue.md(listed), "antal": len(sentences)}, allow_retries=False)


ASSETS = [quality_overview, quality_run_status]
