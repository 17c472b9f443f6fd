"""Published layer: bundles that two persons have approved, sealed. Reads finished bundles, and the release to check them by."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from assets.asset_keys import only_reached
from assets.catalogue.load import active_profile
from assets.failures import as_failure, failure
from assets.intake.names import in_markdown
from assets.methods.errors import PipelineError
from assets.overview.now import refresh
from assets.published_gates import checks
from assets.sealing.approvals import State
from assets.sealing.publish import Step
from assets.sealing.wired import publish_wave
from assets.slices import WAVES
from assets.texts import asset_text, automation_texts, shown_as, ui_texts
from assets.typed_areas import area_codes
from pipelines.resources import Store

FIELDS = ui_texts()["fields"]
FEW = 4
"""So many sealed archives have their path as a line of its own with a button that copies it."""
BUNDLES = ("reports/municipality_bundle", "reports/workshop_kit", "reports/county_bundle")


@shown_as("publicera")
class Publication(dg.Config):
    """Which bundles are published: those of a wave, or of some areas in it."""

    wave: int = Field(default=WAVES[-1], description=FIELDS["publicera_wave"])
    kommuner: list[str] = Field(default=[], description=FIELDS["kommuner"])


@dg.asset(
    key=["published", "sealed_bundles"],
    deps=[dg.AssetDep(key, partition_mapping=dg.AllPartitionMapping()) for key in only_reached(*BUNDLES)],
    group_name="published",
    description=asset_text("published", "sealed_bundles"),
)
def published_sealed_bundles(
    context: dg.AssetExecutionContext, config: Publication, store: Store
) -> Iterator[dg.MaterializeResult]:
    """Seal what two persons have approved, and say where each bundle is on its way out; red when a gate stops one of them.

    What isn't stopped is published first: the table and the bundles are there also when the step ends in a failure.
    """
    paths = store.paths
    with as_failure():
        steps = publish_wave(
            paths, paths.keys(active_profile()), config.wave, *checks(paths), area_codes(config.kommuner, county=True)
        )
    for step in steps:
        for sentence in step.stopped:
            context.log.warning(f"{step.bundle}: {sentence}")
    counts = {
        "dagster/row_count": sum(step.state is State.PUBLISHED for step in steps),
        "nya utgivna paket": sum(step.new for step in steps),
        "stoppade paket": sum(bool(step.stopped) for step in steps),
    }
    waiting = sum(step.state in (State.WAITING_TWO, State.WAITING_ONE) for step in steps)
    more = {"paket som väntar på godkännande": waiting, "mättillfälle": str(config.wave)}
    folder: dict[str, dg.MetadataValue] = {
        "utgivna paket ligger i": dg.MetadataValue.path(str(paths.published / str(config.wave)))
    }
    out = [step.archive for step in steps if step.archive]
    if out:
        folder |= {"nästa steg": dg.MetadataValue.text(automation_texts()["next"]["published"])}
    if len(out) <= FEW:
        folder |= {path.stem: dg.MetadataValue.path(str(path)) for path in out}
    yield dg.MaterializeResult(metadata=folder | counts | more | {"paket": dg.MetadataValue.md(state_table(steps))})
    refresh(context, paths)
    stopped = [step for step in steps if step.stopped]
    if stopped:
        raise failure(_stopped(stopped))


def _stopped(steps: list[Step]) -> PipelineError:
    """The first bundle that a gate stops, as one sentence, and how many more there are."""
    more = f" Fler står i tabellen: {len(steps) - 1} till." if len(steps) > 1 else ""
    first = steps[0]
    return PipelineError(
        "not_published", first.bundle, "ett paket som klarar alla spärrar", "ett som stoppas", f"{first.stopped[0]}{more}"
    )


def state_table(steps: list[Step]) -> str:
    """A Markdown table of each bundle's state and of what stops it."""
    if not steps:
        return "Det finns inga färdiga paket för mättillfället."
    rows = (f"| {in_markdown(s.bundle)} | {s.state.value} | {in_markdown(' '.join(s.stopped))} |" for s in steps)
    return "\n".join(["| paket | läge | vad som stoppar |", "|---|---|---|", *rows])


ASSETS = [published_sealed_bundles]
