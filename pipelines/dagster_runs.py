"""A run that somebody starts in Dagster, in the ledger: begun when its resources are made, ended when they are let go."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from assets.ledger import store
from assets.ledger.alive import living
from assets.ledger.types import DONE, FAILED, INTERRUPTED, DagsterRun, Ending, Start
from assets.methods.errors import PipelineError
from pipelines.old_runs import forget_old_runs
from pipelines.paths import Paths
from pipelines.recorder import PASS, STOPPED, as_checks, checks_of, close, told_by_dagster

if TYPE_CHECKING:
    import dagster as dg

NO_SENTENCE = "Steget {step} misslyckades. Öppna körningen i Dagster för att se varför."


class RunOfDagster:
    """Holds a run's lock as long as it lives. Parts of a pass, and runs on an instance that is thrown away, have none."""

    def __init__(self, paths: Paths, run: dg.DagsterRun, instance: dg.DagsterInstance) -> None:
        self._paths, self._run, self._instance = paths, run, instance
        self._lock = contextlib.ExitStack()

    @property
    def run_id(self) -> str:
        """Dagster's id of it, and its key in the ledger."""
        return self._run.run_id

    @staticmethod
    def is_one(run: dg.DagsterRun | None, instance: dg.DagsterInstance | None) -> bool:
        """Whether a run has a place of its own in the ledger."""
        return run is not None and instance is not None and not instance.is_ephemeral and PASS not in run.tags

    def begin(self) -> None:
        """Write that it begins; a held warehouse stops it later with a sentence of its own."""
        self._lock.enter_context(living(self._paths.history_locks, self._run.run_id))
        with contextlib.suppress(PipelineError):
            self._write_start()

    def _write_start(self) -> None:
        shown = {name: value for name, value in sorted(self._run.tags.items()) if "partition" in name}
        store.begin(self._paths, Start(self._run.run_id, self._run.job_name, _by(self._run), shown))

    def end(self) -> None:
        """Write how it ended; when the warehouse is held, the next run says that this one was interrupted."""
        with self._lock, contextlib.suppress(PipelineError):
            self._write_start()  # once more, should the file have been held when the run began
            close(self._paths, self._run.run_id, self._ending())
            forget_old_runs(self._instance)

    def _ending(self) -> Ending:
        import dagster as dg

        own, kinds = self._run.run_id, dg.DagsterEventType
        counted = checks_of(self._instance, own)
        children, of_children = told_by_dagster(self._instance, own)
        checks = (*as_checks(counted), *of_children)
        failures = self._instance.all_logs(own, of_type=kinds.STEP_FAILURE)
        runs = (DagsterRun(own, self._run.job_name, not failures), *children)
        if failures:
            event = failures[0].dagster_event
            told = event.step_failure_data.user_failure_data
            sentence = (told.description if told else "") or NO_SENTENCE.format(step=event.step_key)
            return Ending(FAILED, sentence, runs, checks)
        begun, done = (
            {entry.dagster_event.step_key for entry in self._instance.all_logs(own, of_type=kind)}
            for kind in (kinds.STEP_START, kinds.STEP_SUCCESS)
        )
        now = self._instance.get_run_by_id(own)
        stopped = begun - done or (
            now is not None and now.status in (dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED)
        )
        return Ending(INTERRUPTED, STOPPED, runs, checks) if stopped else Ending(DONE, "", runs, checks)


def _by(run: dg.DagsterRun) -> str:
    """The name that the one who started the run typed, if any."""
    config = run.run_config if isinstance(run.run_config, dict) else {}
    said = [config.get("resources", {}).get("choices", {}).get("config", {}).get("prepared_by", "")]
    said += [config.get("av", "")]  # `everything` has a flat form of its own
    said += [op.get("config", {}).get("av", "") for op in config.get("ops", {}).values()]
    return next((str(name) for name in said if name), "")
