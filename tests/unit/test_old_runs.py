"""Dagster's own runs don't fill the disk: the oldest go, those whose tables and checks are still shown stay."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from pipelines.old_runs import forget_old_runs


@dg.asset
def often() -> None:
    """Made in every run."""


@dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="once")])
def once() -> dg.MaterializeResult:
    """Made and checked in the first run alone."""
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True, check_name="holds")])


def test_runs_beyond_the_newest_go_and_what_is_shown_last_stays(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        first = dg.materialize([once], instance=instance).run_id
        often_made = [dg.materialize([often], instance=instance).run_id for _ in range(4)]
        shards = {run: next(tmp_path.rglob(f"{run}.db")) for run in (first, *often_made)}
        assert forget_old_runs(instance, newest=2) == 2
        assert {run.run_id for run in instance.get_runs()} == {first, *often_made[2:]}
        assert [run for run, shard in shards.items() if shard.exists()] == [first, *often_made[2:]]
        gone = often_made[0]
        assert not list(tmp_path.rglob(f"{gone}*")), "logs and events of a run that is gone"
        latest = instance.get_latest_materialization_event(dg.AssetKey("once"))
        assert latest is not None
        assert latest.run_id == first
        assert forget_old_runs(instance, newest=2) == 0


def test_evaluations_of_a_forgotten_run_go_with_it(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        runs = [dg.materialize([once], instance=instance).run_id for _ in range(3)]
        assert forget_old_runs(instance, newest=1) == 2
        key = dg.AssetCheckKey(dg.AssetKey("once"), "holds")
        kept = instance.event_log_storage.get_asset_check_execution_history(key, limit=10)
        assert [record.run_id for record in kept] == runs[-1:]
