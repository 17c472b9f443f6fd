"""Writes runs in the ledger: `did kor` through `recorded`, a run in Dagster through the I/O manager that every asset has.

A run that fails or is interrupted is written too. One whose process is killed has no ending, and the next run to begin says so.
What `did kor` and the job `everything` run inside themselves carries the tag `PASS` and is a part of them, not a run of its own.
"""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from assets.catalogue.hygiene import load_hygiene
from assets.ledger import snapshots, state, store
from assets.ledger.alive import living
from assets.ledger.types import DONE, FAILED, INTERRUPTED, Check, DagsterRun, Ending, Output, Start
from assets.methods.errors import PipelineError
from pipelines.old_runs import forget_old_runs
from pipelines.paths import Paths
from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    import dagster as dg

PASS = "did/korning"
"""Tag of a Dagster run that is part of a pass: the pass's key in the ledger."""
COMMAND = "did kor"
STOPPED = "Körningen avbröts av den som startade den."
A_BUG = "Ett fel i programmet ({kind}). Mer står i Dagster och i det som skrevs på skärmen."


class Recording:
    """A run under way: its key, and where Dagster tells what its parts did."""

    def __init__(self) -> None:
        self.key = uuid.uuid4().hex
        self.instance: dg.DagsterInstance | None = None

    def tags(self, instance: dg.DagsterInstance) -> Mapping[str, str]:
        """Tags for the Dagster runs of this one."""
        self.instance = instance
        return {PASS: self.key}


@contextlib.contextmanager
def recorded(paths: Paths, job: str, by: str, choices: Mapping[str, str]) -> Iterator[Recording]:
    """Write in the ledger that a run begins and how it ends.

    Raises:
        PipelineError: `warehouse_busy`; and whatever the block raises.
    """
    run = Recording()
    with living(paths.history_locks, run.key):
        store.begin(paths, Start(run.key, job, by, choices))
        try:
            yield run
        except BaseException as error:
            # What stopped the run may stop this too (a full disk, a held file): then the next run says that it was interrupted.
            with contextlib.suppress(PipelineError, OSError, *_of_databases()):
                _end(paths, run.key, _failed(error), run.instance)
            raise
        _end(paths, run.key, Ending(DONE), run.instance)


def _of_databases() -> tuple[type[Exception], ...]:
    """What DuckDB and Dagster's storage raise when they can't write."""
    import duckdb
    from sqlalchemy.exc import SQLAlchemyError

    return (duckdb.Error, SQLAlchemyError)


def _failed(error: BaseException) -> Ending:
    if isinstance(error, PipelineError):
        return Ending(FAILED, str(error))
    if isinstance(error, KeyboardInterrupt):
        return Ending(INTERRUPTED, STOPPED)
    return Ending(FAILED, A_BUG.format(kind=type(error).__name__))


def _end(paths: Paths, key: str, ending: Ending, instance: dg.DagsterInstance | None) -> None:
    runs, checks = told_by_dagster(instance, key) if instance else ((), ())
    close(paths, key, Ending(ending.outcome, ending.sentence, runs, checks))
    if instance:
        forget_old_runs(instance)


def close(paths: Paths, key: str, ending: Ending) -> None:
    """Write the ending with the tables as they are now, and keep their released numbers."""
    outputs = state.outputs(Warehouse(paths.warehouse))
    if ending.outcome == DONE:
        snapshots.keep(paths, outputs)
    store.finish(paths, key, ending, outputs)
    latest = [one for one in store.runs(paths) if one.outcome == DONE]
    hashes = [
        [two.content_hash for two in snapshots.numbered(store.listed(paths, Output, one.outputs_id))]
        for one in latest[: load_hygiene().history.runs]
    ]
    snapshots.prune(paths, hashes, load_hygiene().history)


def told_by_dagster(instance: dg.DagsterInstance, key: str) -> tuple[tuple[DagsterRun, ...], tuple[Check, ...]]:
    """The Dagster runs with the tag of a pass in the order they were made, and their checks counted by verdict."""
    import dagster as dg

    records = instance.get_run_records(filters=dg.RunsFilter(tags={PASS: key}), ascending=True)
    runs = [record.dagster_run for record in records]
    counted: Counter[tuple[str, str, str, bool]] = Counter()
    for run in runs:
        counted += checks_of(instance, run.run_id)
    told = tuple(DagsterRun(run.run_id, run.job_name, run.is_success) for run in runs)
    return told, as_checks(counted)


def checks_of(instance: dg.DagsterInstance, run_id: str) -> Counter[tuple[str, str, str, bool]]:
    """The evaluations of a Dagster run by table, check, severity and verdict."""
    import dagster as dg

    counted: Counter[tuple[str, str, str, bool]] = Counter()
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        one = entry.dagster_event.asset_check_evaluation_data
        counted[("/".join(one.asset_key.path), one.check_name, one.severity.value, one.passed)] += 1
    return counted


def as_checks(counted: Mapping[tuple[str, str, str, bool], int]) -> tuple[Check, ...]:
    """Counted verdicts as the ledger has them."""
    return tuple(Check(*key, count) for key, count in sorted(counted.items()))
