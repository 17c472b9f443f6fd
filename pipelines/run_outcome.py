"""When a run is red: a stopping rule failed or a file was set aside in it (docs/steward/lagesoversikt.md).

The bundles of all other municipalities are made first: this is asked last. A run in which nothing was looked at again is green
also when an older file still waits; the Lägesöversikt tells of that one. What belongs to a pass is told by its runs and by what
lay there when it began, never by a clock: one that is set back while a pass runs would make it green.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping

import dagster as dg

from assets.asset_keys import asset_key, reached
from assets.catalogue.load import load_catalogue
from assets.overview.gather import gather
from assets.quality_overview import quality_run_status
from expectations.suite import load_suite, suite_tables
from pipelines.paths import Paths
from pipelines.recorder import PASS
from pipelines.set_aside import lying

SHOW = "show_status"
LYING = "did/avvisade_fore"
"""Tag of a run of the whole chain: the set-aside files when it began."""
MOST_RANGES = 20
"""Ranges of partitions that a job is run over in one pass, at most: each tries a rule once."""


def blocking_checks() -> list[dg.AssetCheckKey]:
    """The stopping rules of the active profile's tables."""
    tables = [table for table in suite_tables() if reached(*table.split("/"))]
    return [
        dg.AssetCheckKey(asset_key(*table.split("/")), rule.id)
        for table in tables
        for rule in load_suite(table).rules
        if rule.severity == "critical"
    ]


def remember_lying(instance: dg.DagsterInstance, run_id: str, paths: Paths) -> None:
    """Keep with a run which set-aside files lay there when it began."""
    instance.add_run_tags(run_id, {LYING: json.dumps(lying(paths))})


def lay_before(instance: dg.DagsterInstance, runs: Iterable[str]) -> dict[str, int]:
    """What lay there when the first of the runs began that said so; nothing, so that all of it is told, when none did."""
    found = [run.tags[LYING] for run in map(instance.get_run_by_id, runs) if run and LYING in run.tags]
    return dict(json.loads(found[0])) if found else {}


def attempts_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    """Ids of a run and of the other attempts at the same, the first one first."""
    first, group = instance.get_run_group(run.run_id) or (run.run_id, [])
    return list(dict.fromkeys([first, *(one.run_id for one in group), run.run_id]))


def failed_checks(instance: dg.DagsterInstance, keys: Iterable[dg.AssetCheckKey], runs: Collection[str]) -> list[str]:
    """What the stopping rules that failed in these runs say, by table and rule.

    A rule that failed for some waves and held for others since then has failed.
    """
    said = []
    for key in sorted(keys, key=lambda one: (one.asset_key.path, one.name)):
        records = instance.event_log_storage.get_asset_check_execution_history(key, limit=MOST_RANGES)
        tried = [record.evaluation for record in records if record.run_id in runs and record.evaluation]
        said += [one.description or key.name for one in tried if not one.passed][:1]
    return said


def set_aside_after(paths: Paths, before: Mapping[str, int]) -> list[str]:
    """Sentences of files that were set aside after `before` (`set_aside.lying`) and still wait."""
    now = lying(paths)
    new = {name for name, written in now.items() if before.get(name) != written}
    return [file.sentence for file in gather(paths, load_catalogue()).files if f"{file.stored}.txt" in new]


def stopped_in(paths: Paths, instance: dg.DagsterInstance, passes: Iterable[str], before: Mapping[str, int]) -> list[str]:
    """Everything that was stopped in a pass, as sentences that also say what to do; none: the run is green.

    Args:
        passes: keys of the pass, one per attempt. before: the set-aside files that lay there when it began.
    """
    runs = {run.run_id for key in passes for run in instance.get_runs(dg.RunsFilter(tags={PASS: key}))}
    return [*set_aside_after(paths, before), *failed_checks(instance, blocking_checks(), runs)]


def status_config(sentences: list[str] | None) -> dict[str, object]:
    """Run config of the job that shows the status; a profile's prefix is on the asset's key and not on its op."""
    return {"ops": {quality_run_status.op.name: {"config": {"stoppat": sentences}}}}
