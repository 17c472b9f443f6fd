"""`workspace.yaml` (what `dagster dev` reads) and `[tool.dg]` (what `dg` reads) load the same definitions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget

from assets.catalogue.load import profile_ids
from pipelines.definitions import build_definitions

ROOT = Path(__file__).resolve().parents[2]
Names = dict[str, set[str]]


@pytest.fixture
def environment(tmp_path, monkeypatch) -> dict[str, str]:
    """A home of its own, so that nothing is written beside the code or in the user's folder."""
    settings = {
        "HOME": str(tmp_path),
        "DID_HOME": str(tmp_path / "data"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "VIRTUAL_ENV": sys.prefix,
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ROOT)
    return {**os.environ}


def dg_command(environment: dict[str, str], *words: str) -> str:
    """What `dg` prints."""
    command = [sys.executable, "-c", "from dagster_dg_cli.cli import main; main()", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def named_by_dg(environment: dict[str, str]) -> Names:
    """Names according to `dg list defs`."""
    text = dg_command(environment, "list", "defs", "--json")
    found = json.loads(text[text.index("{\n") :])
    return {
        "assets": {a["asset_key"] for a in found["assets"]},
        "checks": {c["key"] for c in found["asset_checks"]},
        "jobs": {j["name"] for j in found["jobs"]},
        "sensors": {s["name"] for s in found["sensors"]},
    }


def named_by_workspace(home: Path) -> dict[str, Names]:
    """Names per code location according to `workspace.yaml`, loaded in a server of its own as the web page does it."""
    target = WorkspaceFileTarget([str(ROOT / "workspace.yaml")])
    with dg.DagsterInstance.local_temp(str(home)) as instance, WorkspaceProcessContext(instance, target) as process:
        request = process.create_request_context()
        assert [e.load_error for e in request.get_code_location_entries().values() if e.load_error] == []
        return {location.name: _names(list(location.get_repositories().values())) for location in request.code_locations}


def _names(repositories: list) -> Names:
    graphs = [r.asset_graph for r in repositories]
    return {
        "assets": {key.to_user_string() for graph in graphs for key in graph.get_all_asset_keys()},
        "checks": {f"{key.asset_key.to_user_string()}:{key.name}" for graph in graphs for key in graph.asset_check_keys},
        "jobs": {job.name for r in repositories for job in r.get_all_jobs() if not job.name.startswith("__")},
        "sensors": {sensor.name for r in repositories for sensor in r.get_sensors()},
    }


def test_both_ways_load_the_same_definitions(environment, tmp_path):
    graphs = named_by_workspace(tmp_path)
    locations = list(graphs)
    assert sorted(locations) == ["data_i_dialog", *sorted(profile_ids()[1:])]
    keys = [key for location in graphs.values() for key in location["assets"]]
    assert len(keys) == len(set(keys)), "two profiles have an asset key in common"
    workspace = graphs["data_i_dialog"]
    assert workspace == named_by_dg(environment)
    own = build_definitions()
    assert workspace["assets"] == {key.to_user_string() for key in own.resolve_asset_graph().get_all_asset_keys()}
    assert {"ingest", "build_indices", "publish_bundles", "everything"} <= workspace["jobs"]
    assert workspace["sensors"] == {"inbox_sensor", "approvals_sensor", "failure_notices"}
    assert not (Path(environment["DID_HOME"])).exists(), "loading the definitions writes nothing"


def test_dg_finds_nothing_wrong(environment):
    assert "All definitions loaded successfully." in dg_command(environment, "check", "defs")
