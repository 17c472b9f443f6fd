"""A job over many bundles as one run per municipality, on the workers of the instance's run launcher.

Which launcher that is stands in the instance's settings (`dagster.yaml`), not here: with Dagster's own one the job runs in this
process as ever, with any other (Celery, Kubernetes) its parts are launched and waited for. Workers read the release and write
files; nobody writes in the warehouse meanwhile (docs/adr/0059).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableRepository
from dagster._core.launcher import DefaultRunLauncher
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher

from assets.methods.errors import PipelineError
from assets.slices import MUNICIPALITIES, bundle_range

SPREAD = ("publish_bundles", "publish_kits")
"""Jobs whose partitions need nothing of each other and write files only."""
QUEUE = {"dagster-celery/queue": "paket"}
"""The bundles' own queue: a run that waits for them never takes their worker."""
ATTEMPTS = 3
"""How many workers may die over one municipality."""
FIRST, LAST = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
POLL_SECONDS = 1.0
STALLED_SECONDS = 1800.0
"""With nothing begun or ended for this long, no worker is there; a bundle takes seconds."""
MATERIALIZED, CHECKED = dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION


def spreads(instance: dg.DagsterInstance, name: str) -> bool:
    """Whether the job's parts go to the workers of a launcher."""
    return name in SPREAD and not isinstance(instance.run_launcher, (DefaultRunLauncher, SyncInMemoryRunLauncher))


@dataclass(frozen=True)
class SpreadResult:
    """What the parts did, with the names of `dagster.ExecuteInProcessResult`."""

    instance: dg.DagsterInstance
    runs: tuple[dg.DagsterRun, ...]

    def each(self) -> list[SpreadResult]:
        """The parts one by one."""
        return [SpreadResult(self.instance, (run,)) for run in self.runs]

    @property
    def dagster_run(self) -> dg.DagsterRun:
        """The first part that failed, else the first."""
        return next((run for run in self.runs if not run.is_success), self.runs[0])

    @property
    def run_id(self) -> str:
        """Of `dagster_run`."""
        return self.dagster_run.run_id

    @property
    def success(self) -> bool:
        """Whether every part succeeded."""
        return all(run.is_success for run in self.runs)

    @property
    def all_events(self) -> list[dg.DagsterEvent]:
        """Events of `dagster_run`."""
        return [entry.dagster_event for entry in self.instance.all_logs(self.run_id) if entry.dagster_event]

    def get_asset_materialization_events(self) -> list[dg.DagsterEvent]:
        """Of all parts."""
        return self._of_all(MATERIALIZED)

    def get_asset_check_evaluations(self) -> list[dg.AssetCheckEvaluation]:
        """Of all parts."""
        return [event.asset_check_evaluation_data for event in self._of_all(CHECKED)]

    def _of_all(self, kind: dg.DagsterEventType) -> list[dg.DagsterEvent]:
        logs = (self.instance.all_logs(run.run_id, of_type=kind) for run in self.runs)
        return [entry.dagster_event for entries in logs for entry in entries if entry.dagster_event]


def per_municipality(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """The tags of a run over a range of bundles as those of one run per municipality."""
    (first, wave), (last, _) = (tags[end].split("|") for end in (FIRST, LAST))
    return [{**tags, **bundle_range(int(wave), (code, code))} for code in MUNICIPALITIES if first <= code <= last]


def run_spread(
    job: dg.JobDefinition, instance: dg.DagsterInstance, tags: Mapping[str, str], run_config: Mapping[str, object]
) -> SpreadResult:
    """Launch a run per municipality and wait for all. One whose worker has died is launched again, as its bundle is whole or
    not there; one that failed by itself is not.

    Raises:
        PipelineError: `workers_gone`, nothing has begun or ended for half an hour.
    """
    origin = ReconstructableRepository.for_module("pipelines.definitions", "defs").get_reconstructable_job(job.name)

    def launch(part: Mapping[str, str]) -> str:
        run = instance.create_run_for_job(
            job, tags={**part, **QUEUE}, run_config=dict(run_config), job_code_origin=origin.get_python_origin()
        )
        instance.launch_run(run.run_id, workspace=None)  # no launcher of runs by code origin looks at it
        return run.run_id

    parts = per_municipality(tags)
    under_way = {launch(part): (part, 1) for part in parts}
    ended: list[dg.DagsterRun] = []
    seen, changed = {}, time.monotonic()
    while under_way:
        runs = [run for run in map(instance.get_run_by_id, list(under_way)) if run is not None]
        now = {run.run_id: run.status for run in runs}
        if now != seen:
            seen, changed = now, time.monotonic()
        elif time.monotonic() - changed > STALLED_SECONDS:
            raise _workers_gone(len(under_way))
        for run in (one for one in runs if one.is_finished):
            part, attempt = under_way.pop(run.run_id)
            if lost(instance, run) and attempt < ATTEMPTS:
                under_way[launch(part)] = (part, attempt + 1)
            else:
                ended.append(run)
        if under_way:
            time.sleep(POLL_SECONDS)
    return SpreadResult(instance, _in_order(ended))


def lost(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a failed run failed in none of its steps: what ran it is gone."""
    failed = run.status == dg.DagsterRunStatus.FAILURE
    return failed and not instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)


def _in_order(runs: Sequence[dg.DagsterRun]) -> tuple[dg.DagsterRun, ...]:
    return tuple(sorted(runs, key=lambda run: run.tags[FIRST]))


def _workers_gone(waiting: int) -> PipelineError:
    return PipelineError(
        "workers_gone",
        "Rapportpaketen",
        "arbetare som tar emot körningar",
        f"{waiting} körningar som ingen har rört på en halvtimme",
        "Starta arbetarna (docs/development/scale.md) och kör igen; det som redan är skrivet görs inte om.",
    )
