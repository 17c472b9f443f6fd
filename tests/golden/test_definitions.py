"""What Dagster knows: assets, checks, jobs and sensors, so that none disappears or changes its name without anyone meaning it.

Update after a wanted change: `DID_UPDATE_GOLDEN=1 python -m pytest tests/golden/test_definitions.py`, then read the diff.
"""

import json
import os
from pathlib import Path

import dagster as dg

from pipelines.definitions import build_definitions

PATH = Path(__file__).with_name("definitions.json")


def partitions(definition: dg.PartitionsDefinition | None) -> str:
    """How an asset is sliced, in a few words."""
    if definition is None:
        return "none"
    if isinstance(definition, dg.MultiPartitionsDefinition):
        return " x ".join(f"{d.name}: {partitions(d.partitions_def)}" for d in definition.partitions_defs)
    keys = definition.get_partition_keys()
    return f"{type(definition).__name__} {keys[0]}..{keys[-1]} ({len(keys)})"


def as_json(defs: dg.Definitions) -> str:
    """The definitions as sorted JSON."""
    repository = defs.get_repository_def()
    graph = defs.resolve_asset_graph()
    assets = {
        key.to_user_string(): {
            "group": graph.get(key).group_name,
            "partitions": partitions(graph.get(key).partitions_def),
            "one run for a range": graph.get(key).backfill_policy is not None,
            "executable": graph.get(key).is_executable,
            "from": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
        }
        for key in graph.get_all_asset_keys()
    }
    checks = {
        f"{key.asset_key.to_user_string()}: {key.name}": "blocks" if graph.get(key).blocking else "tells"
        for key in graph.asset_check_keys
    }
    jobs = {
        job.name: sorted(node.name for node in job.graph.nodes)
        for job in repository.get_all_jobs()
        if not job.name.startswith("__")
    }
    sensors = {sensor.name: sorted(target.job_name for target in sensor.targets) for sensor in repository.sensor_defs}
    found = {"assets": assets, "checks": checks, "jobs": jobs, "sensors": sensors}
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def test_definitions_are_as_they_were(tmp_path):
    now = as_json(build_definitions(tmp_path))
    if os.environ.get("DID_UPDATE_GOLDEN") == "1":
        PATH.write_text(now, encoding="utf-8", newline="\n")
    assert PATH.is_file(), f"{PATH.name} saknas; skapa den med DID_UPDATE_GOLDEN=1"
    assert json.loads(PATH.read_text(encoding="utf-8")) == json.loads(now), f"{PATH.name} har ändrats"


def test_two_builds_are_the_same_and_share_nothing(tmp_path):
    assert as_json(build_definitions(tmp_path / "a")) == as_json(build_definitions(tmp_path / "b", edition="publik"))
    assert list(tmp_path.iterdir()) == [], "building definitions touches no disk"
