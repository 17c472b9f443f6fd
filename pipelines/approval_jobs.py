"""Jobs and sensor for approval: a decision typed in Dagster, decisions dropped as files, and the publication itself.

Open-source Dagster has no roles: whoever can start a run can type a name. What is recorded is therefore a declaration, kept with
its reason inside the sealed bundle (docs/adr/0047).
"""

import json
from datetime import date
from pathlib import Path
from typing import Literal

import dagster as dg
from pydantic import Field

from assets.asset_keys import asset_key, reached
from assets.failures import as_failure
from assets.intake.names import in_markdown
from assets.overview.now import refresh
from assets.published import Publication, published_sealed_bundles
from assets.sealing.approvals import APPROVED, REFUSED, State
from assets.sealing.taken_in import approve, take_in
from assets.texts import automation_texts, shown_as, ui_texts
from pipelines.attempts import tick
from pipelines.flat_form import flat_form, no_fields
from pipelines.resources import Store
from pipelines.sensors import content_hashes, content_key, inbox_state

TEXTS, NEXT = ui_texts(), automation_texts()["next"]
DecisionWord = Literal[APPROVED, REFUSED]  # type: ignore[valid-type]
FOLDER, RECEIVE = "godkannanden", "ta_emot_godkannanden"
NOTHING = "Inga godkännanden ligger i inbox/godkannanden."
SAME = "Inget nytt i inbox/godkannanden sedan förra körningen."


@shown_as("godkann")
class Decision(dg.Config):
    """One person's decision about one bundle."""

    paket: str = Field(default="", description=TEXTS["fields"]["paket"])
    namn: str = Field(default="", description=TEXTS["fields"]["beslutande"])
    roll: str = Field(default="", description=TEXTS["fields"]["roll"])
    skal: str = Field(default="", description=TEXTS["fields"]["skal"])
    beslut: DecisionWord = Field(default=APPROVED, description=TEXTS["fields"]["beslut"])


@dg.op(description=TEXTS["ops"]["godkann"])
def decide(context: dg.OpExecutionContext, config: Decision, store: Store) -> None:
    """Record the decision about the bundle as it is now."""
    with as_failure():
        bundle, state = approve(
            store.paths, _today(), paket=config.paket, namn=config.namn, roll=config.roll, skal=config.skal, beslut=config.beslut
        )
    told = {State.WAITING_ONE: "decided_one", State.APPROVED: "decided_two"}.get(state)
    then = {"nästa steg": NEXT[told]} if told else {}
    context.add_output_metadata({"paket": bundle, "läge": state.value, **then})
    refresh(context, store.paths)


@dg.op(description=TEXTS["ops"]["ta_emot_godkannanden"])
def take_in_approvals(context: dg.OpExecutionContext, store: Store) -> None:
    """Take in the approval files of the inbox."""
    with as_failure():
        found = take_in(store.paths, _today())
    for sentence in found.refused:
        context.log.warning(sentence)

    def listed(lines: tuple[str, ...], none: str) -> dg.MarkdownMetadataValue:
        return dg.MetadataValue.md("\n".join(f"- {in_markdown(line)}" for line in lines) or none)

    context.add_output_metadata({
        "mottagna": listed(found.kept, "Inga godkännanden togs emot."),
        "avvisade filer": len(found.refused),
        "avvisade": listed(found.refused, "Inga filer sattes åt sidan."),
    })  # fmt: skip
    refresh(context, store.paths)


@dg.job(name="godkann", description=TEXTS["jobs"]["godkann"], config=flat_form(Decision, decide.name))
def godkann() -> None:
    """One decision."""
    decide()


@dg.job(name=RECEIVE, description=TEXTS["jobs"]["ta_emot_godkannanden"], config=no_fields)
def ta_emot_godkannanden() -> None:
    """The decisions in the inbox."""
    take_in_approvals()


publicera = dg.define_asset_job(
    "publicera",
    selection=dg.AssetSelection.assets(asset_key("published", "sealed_bundles")),
    description=TEXTS["jobs"]["publicera"],
    config=flat_form(Publication, published_sealed_bundles.op.name),
)


def evaluate_approvals(folder: Path, cursor: str | None) -> tuple[str | None, str, str]:
    """Decide what the sensor does: a run once the files lie still, keyed by their content and by how many runs came before.

    A file leaves the inbox when it has been taken in or set aside, so the same file can come again (once its bundle is there,
    say) and is then news: the count tells the second time from the first.

    Returns:
        run key (None: no run), reason in Swedish, and the new cursor.
    """
    before = json.loads(cursor) if cursor else {}
    state, batch = inbox_state({FOLDER: folder}), int(before.get("batch", 0))

    def after(*, asked: bool, count: int) -> str:
        return json.dumps({"state": state, "asked": asked, "batch": count})

    if not state:
        return None, NOTHING, after(asked=False, count=batch)
    if before.get("state") != state:
        return None, "Väntar tills filerna i inbox/godkannanden är färdigkopierade.", after(asked=False, count=batch)
    if before.get("asked"):
        return None, SAME, after(asked=True, count=batch)
    key = content_key([*content_hashes({FOLDER: folder}), str(batch + 1)])
    return key, "Nya godkännanden i inkorgen.", after(asked=True, count=batch + 1)


@dg.sensor(
    job_name=RECEIVE,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=TEXTS["sensors"]["approvals_sensor"],
)
def approvals_sensor(context: dg.SensorEvaluationContext, store: Store) -> dg.SensorResult | dg.SkipReason:
    """Start `ta_emot_godkannanden` once the inbox has new, complete approval files."""
    folder = store.paths.approvals_inbox
    return tick(context, lambda cursor: evaluate_approvals(folder, cursor), RECEIVE, {"startad_av": "inkorgen"})


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the day on the calendar where the person sits


HAS_BUNDLES = reached("published", "sealed_bundles")
APPROVAL_JOBS = (godkann, ta_emot_godkannanden, publicera) if HAS_BUNDLES else ()
APPROVAL_SENSORS = (approvals_sensor,) if HAS_BUNDLES else ()
