"""Dagster keeps every run for ever, a database file each; here the oldest are forgotten, so that the disk doesn't fill up.

What happened in them stands in the ledger (`did historik`), which outlives them. A run stays, however old, while it is the last
one that made a table's partition or tried a rule: Dagster's pages show those.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from assets.catalogue.hygiene import load_hygiene

if TYPE_CHECKING:
    import dagster as dg


def forget_old_runs(instance: dg.DagsterInstance, newest: int | None = None) -> int:
    """Take away finished runs beyond the newest ones; how many went.

    Args:
        newest: how many are kept whatever they hold; `history.dagster_runs` in `hygiene.yml` when none is given.
    """
    import dagster as dg

    kept = load_hygiene().history.dagster_runs if newest is None else newest
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    old = [run.run_id for run in instance.get_runs(dg.RunsFilter(statuses=ended))[kept:]]
    if not old:
        return 0
    shown = _last_of_something(instance)
    return sum(_forget(instance, run_id) for run_id in old if run_id not in shown)


def _last_of_something(instance: dg.DagsterInstance) -> set[str]:
    """Runs with the latest materialization of a partition, or the latest evaluation of a check."""
    import sqlalchemy as sa
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable

    events, checks = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c
    made = events.dagster_event_type == "ASSET_MATERIALIZATION"
    latest = sa.select(sa.func.max(events.id)).where(made).group_by(events.asset_key, events.partition)
    tried = sa.select(sa.func.max(checks.id)).group_by(checks.asset_key, checks.check_name)
    with instance.event_log_storage.index_connection() as connection:
        found = [
            *connection.execute(sa.select(events.run_id).where(events.id.in_(latest))),
            *connection.execute(sa.select(checks.run_id).where(checks.id.in_(tried))),
        ]
    return {run_id for (run_id,) in found}


def _forget(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Take away a run, its events, evaluations and logs; False when another program holds its file (only on Windows)."""
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
    from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        file = Path(storage.path_for_shard(run_id))
        try:
            for path in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
                path.unlink(missing_ok=True)
        except PermissionError:
            return False
        with storage.index_connection() as connection:
            storage.delete_events_for_run(connection, run_id)
        instance.run_storage.delete_run(run_id)
    else:
        instance.delete_run(run_id)
    with storage.index_connection() as connection:  # Dagster's own removal leaves them
        connection.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))
    shutil.rmtree(Path(instance.storage_directory()) / run_id, ignore_errors=True)
    return True
