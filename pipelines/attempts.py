"""What a watched folder's sensor remembers between ticks: the run that it asked for, how it went, and when it tries again.

A run that failed is asked for again after one, two and four ticks for the same content; after that the sensor says so and waits
for new content. While a run is under way nothing is asked for and nothing is forgotten: what is dropped meanwhile is news later.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Literal

import dagster as dg
from dagster._core.storage.tags import RUN_KEY_TAG

from assets.methods.errors import count_sv

Status = Literal["gone", "under way", "succeeded", "failed", "canceled"]
Decide = Callable[[str | None], tuple[str | None, str, str]]
"""A folder's own decision: cursor -> run key (None: no run), reason in Swedish, new cursor."""
LARGEST_ATTEMPT = 4
LAST_STEP = "run_outcome"
"""Of the jobs that cross kinds: red when something was stopped, after everything else has been done (jobs.py)."""
UNDER_WAY = (
    dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING,
)  # fmt: skip
ENDED: dict[dg.DagsterRunStatus, Status] = {
    dg.DagsterRunStatus.SUCCESS: "succeeded",
    dg.DagsterRunStatus.FAILURE: "failed",
    dg.DagsterRunStatus.CANCELED: "canceled",
}


@dataclass(frozen=True)
class Memory:
    """A sensor's cursor.

    Attributes:
        folder: the folder's own cursor (`evaluate_inbox`, `evaluate_approvals`).
        key: the content that the last run was asked for; empty when that is settled.
        attempt: how many runs have been asked for with that content.
        waited: ticks since the last of them was seen to have failed.
    """

    folder: str | None = None
    key: str = ""
    attempt: int = 0
    waited: int = 0

    @property
    def run_key(self) -> str:
        """What tells the run of this attempt from every other."""
        return f"{self.key}-{self.attempt}"

    def dumped(self) -> str:
        """The cursor as Dagster stores it."""
        return json.dumps(asdict(self))


def remembered(cursor: str | None) -> Memory:
    """The memory in a cursor; a cursor from before there were attempts is the folder's own."""
    if not cursor:
        return Memory()
    found = json.loads(cursor)
    return Memory(**found) if "folder" in found else Memory(folder=cursor)


@dataclass(frozen=True)
class Decision:
    """What a tick ends in: a run (`run_key`) or none, the reason in Swedish, and what is remembered."""

    run_key: str | None
    reason: str
    memory: Memory


def decide(before: Memory, folder: Decide, status: Status, other: str | None, job: str) -> Decision:
    """One tick.

    Args:
        before: what the last tick remembered. folder: the folder's own decision.
        status: how the run of `before` goes. other: id of any run of the job that is under way, whoever started it.
        job: its name, for the reasons.
    """
    if other is not None:
        return Decision(
            None,
            f"Körningen {other[:8]} av {job} pågår. Det som har lagts i inkorgen sedan den började tas med efteråt. "
            "Står den still: öppna den under Runs och välj Terminate.",
            before,
        )
    key, reason, cursor = folder(before.folder)
    after = replace(before, folder=cursor)
    if key is not None:
        asked = replace(after, key=key, attempt=1, waited=0)
        return Decision(asked.run_key, reason, asked)
    if not before.key or status in ("gone", "succeeded"):
        return Decision(None, reason, replace(after, key="", attempt=0, waited=0))
    if cursor != before.folder:  # something has moved in the folder: not the content that failed, or not yet at rest
        return Decision(None, reason, after)
    if status == "canceled":
        text = (
            f"Körningen av {job} avbröts av någon. Den startas inte igen förrän något nytt läggs i inkorgen; du kan starta den "
            "själv."
        )
        return Decision(None, text, after)
    return _after_failure(after, job)


def _after_failure(before: Memory, job: str) -> Decision:
    failed = f"Körningen av {job} har misslyckats {count_sv(before.attempt, 'gång', 'gånger')} med samma innehåll"
    if before.attempt >= LARGEST_ATTEMPT:
        text = (
            f"{failed} och startas inte igen. Läs senaste filen i mappen meddelanden, gör det som står där och starta {job} "
            "själv, eller lägg nya filer i inkorgen."
        )
        return Decision(None, text, before)
    left = 2 ** (before.attempt - 1) - before.waited
    if left > 0:
        text = f"{failed}. Nytt försök om {count_sv(left, 'omgång', 'omgångar')} à 30 sekunder."
        return Decision(None, text, replace(before, waited=before.waited + 1))
    again = replace(before, attempt=before.attempt + 1, waited=0)
    return Decision(again.run_key, f"{failed}. Försöker igen.", again)


def went_through(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a run has done its work: it succeeded, or is red only because its last step says that a delivery was stopped."""
    if run.status != dg.DagsterRunStatus.FAILURE:
        return run.status == dg.DagsterRunStatus.SUCCESS
    steps = instance.get_run_step_stats(run.run_id)
    return [step.step_key for step in steps if step.status and step.status.value == "FAILURE"] == [LAST_STEP]


def run_status(instance: dg.DagsterInstance, memory: Memory, job: str) -> Status:
    """How the run goes that was last asked for; `gone` when there is none, `succeeded` also when a later run of the job has.

    A run that is red only to say that something was stopped has done its work: again it would say the same.
    """
    if not memory.key:
        return "gone"
    runs = instance.get_runs(dg.RunsFilter(tags={RUN_KEY_TAG: memory.run_key}), limit=1)
    status = ENDED.get(runs[0].status, "under way") if runs else "gone"
    if status == "failed" and went_through(instance, runs[0]):
        return "succeeded"
    if status in ("failed", "canceled"):
        latest = instance.get_runs(dg.RunsFilter(job_name=job), limit=1)
        return "succeeded" if latest and latest[0].status == dg.DagsterRunStatus.SUCCESS else status
    return status


def run_under_way(instance: dg.DagsterInstance, job: str, location: str | None) -> str | None:
    """Id of a run of the job that is queued or under way in the code location, whoever started it."""
    runs = instance.get_runs(dg.RunsFilter(job_name=job, statuses=list(UNDER_WAY)))
    return next((run.run_id for run in runs if of_location(run, location)), None)


def of_location(run: dg.DagsterRun, location: str | None) -> bool:
    """Whether a run is of the code location (a profile's), as far as is known."""
    origin = run.remote_job_origin
    return origin is None or location is None or origin.repository_origin.code_location_origin.location_name == location


def tick(
    context: dg.SensorEvaluationContext, folder: Decide, job: str, tags: dict[str, str], run_config: Callable[[], dict] = dict
) -> dg.SensorResult | dg.SkipReason:
    """One tick of a sensor over a watched folder: a run (with `run_config`, asked for only then), or the reason why not."""
    origin = context.code_location_origin
    before = remembered(context.cursor)
    other = run_under_way(context.instance, job, origin.location_name if origin else None)
    made = decide(before, folder, run_status(context.instance, before, job), other, job)
    context.update_cursor(made.memory.dumped())
    if made.run_key is None:
        return dg.SkipReason(made.reason)
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=made.run_key, tags=tags, run_config=run_config())])
