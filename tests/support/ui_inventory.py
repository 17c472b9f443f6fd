"""Everything that a steward can read about in the Dagster UI, with its text: `python -m tests.support.ui_inventory PROFILE`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import dagster as dg
from dagster._config import ConfigType, Field

Entry = tuple[str, str, str]
"""Kind, name and text."""
OF_DAGSTER = ("execution", "loggers")
"""Settings that Dagster itself brings to every job; their texts can't be changed."""


def inventory(defs: dg.Definitions) -> list[Entry]:
    """Assets, checks, jobs, ops, sensors, schedules, and every field and group of fields of a run's configuration."""
    repository, graph = defs.get_repository_def(), defs.resolve_asset_graph()
    found = [("asset", key.to_user_string(), graph.get(key).description or "") for key in graph.get_all_asset_keys()]
    for one in defs.asset_checks or []:
        specs = one.check_specs if isinstance(one, dg.AssetChecksDefinition) else ()
        found += [("check", f"{spec.asset_key.to_user_string()}: {spec.name}", spec.description or "") for spec in specs]
    for job in repository.get_all_jobs():
        if job.name.startswith("__"):
            continue
        found.append(("job", job.name, job.description or ""))
        found += [("op", f"{job.name}: {node.name}", node.definition.description or "") for node in job.graph.nodes]
        found += [("field", f"{job.name}: {name}", text) for name, text in _fields(job.run_config_schema.config_type, "")]
        found += [("config", f"{job.name}: {name}", text) for name, text in _groups(job.run_config_schema.config_type, "")]
    for key, resource in repository.get_top_level_resources().items():
        found += [("resource field", f"{key}{name}", text) for name, text in _fields(resource.config_schema.config_type, "")]
    found += [("sensor", one.name, one.description or "") for one in repository.sensor_defs]
    found += [("schedule", one.name, one.description or "") for one in repository.schedule_defs]
    return sorted(set(found))


def _fields(kind: ConfigType, place: str) -> Iterator[tuple[str, str]]:
    """Path and description of each field that is no group of fields."""
    children: dict[str, Field] = getattr(kind, "fields", None) or {}
    for name, field in children.items():
        if not place and name in OF_DAGSTER:
            continue
        if getattr(field.config_type, "fields", None) is not None:
            yield from _fields(field.config_type, f"{place}.{name}")
        elif name != "config":  # an op without configuration takes anything there
            yield f"{place}.{name}", field.description or ""


def _groups(kind: ConfigType, place: str) -> Iterator[tuple[str, str]]:
    """Path and description of each group of fields that has one; Dagster's own groups stand at the top."""
    children: dict[str, Field] = getattr(kind, "fields", None) or {}
    for name, field in children.items():
        if not place and name in OF_DAGSTER:
            continue
        told = {field.description, getattr(field.config_type, "description", None)} - {None, ""}
        if place and getattr(field.config_type, "fields", None) is not None:
            yield from ((f"{place}.{name}", text) for text in sorted(told))
        yield from _groups(field.config_type, f"{place}.{name}")


if __name__ == "__main__":
    from assets.catalogue.base_profile import BASE_PROFILE
    from pipelines.profile_location import choose

    if sys.argv[1] != BASE_PROFILE:
        choose(sys.argv[1])
    from pipelines.definitions import build_definitions

    json.dump(inventory(build_definitions()), sys.stdout)
