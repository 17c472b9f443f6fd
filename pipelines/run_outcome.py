"""When a run is red: a stopping rule failed or a file was set aside in it (docs/steward/lagesoversikt.md).

The bundles of all other municipalities are made first: this is asked last. A run in which nothing was looked at again is green
also when an older file still waits; the Lägesöversikt tells of that one.
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from assets.asset_keys import asset_key, reached
from assets.catalogue.load import load_catalogue
from assets.overview.gather import gather
from assets.quality_overview import quality_run_status
from expectations.suite import load_suite, suite_tables
from pipelines.paths import Paths

SHOW = "show_status"
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


def failed_checks(instance: dg.DagsterInstance, keys: Iterable[dg.AssetCheckKey], since: float) -> list[str]:
    """What the stopping rules that failed since a moment say, by table and rule.

    Args:
        since: seconds since 1970. A rule that failed for some waves and held for others since then has failed.
    """
    said = []
    for key in sorted(keys, key=lambda one: (one.asset_key.path, one.name)):
        records = instance.event_log_storage.get_asset_check_execution_history(key, limit=MOST_RANGES)
        tried = [record.evaluation for record in records if record.create_timestamp >= since and record.evaluation]
        said += [one.description or key.name for one in tried if not one.passed][:1]
    return said


def set_aside_since(paths: Paths, since: float) -> list[str]:
    """Sentences of files that were set aside since a moment and still wait."""
    return [
        file.sentence
        for file in gather(paths, load_catalogue()).files
        if file.stored and (paths.rejected / f"{file.stored}.txt").stat().st_mtime >= since
    ]


def stopped_since(paths: Paths, instance: dg.DagsterInstance, since: float) -> list[str]:
    """Everything that was stopped since a moment, as sentences that also say what to do; none: the run is green."""
    return [*set_aside_since(paths, since), *failed_checks(instance, blocking_checks(), since)]


def status_config(sentences: list[str] | None) -> dict[str, object]:
    """Run config of the job that shows the status; a profile's prefix is on the asset's key and not on its op."""
    return {"ops": {quality_run_status.op.name: {"config": {"stoppat": sentences}}}}
