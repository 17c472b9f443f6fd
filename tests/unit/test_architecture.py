"""The walls: what may import what, and which assets may lead to which."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import dagster as dg
import pytest
import yaml

from assets.catalogue.load import profile_ids
from assets.texts import ui_guide
from pipelines.definitions import build_definitions, defs

ROOT = Path(__file__).resolve().parents[2]
PURE = ("assets/methods", "assets/charts", "assets/audit", "assets/suppression")
QUALITY_IO = {"settings.py", "writer.py"}
"""The two files of the quality room that may touch the file system; the rest of it is pure."""
SEALING_IO = {"store.py", "keys.py", "taken_in.py", "publish.py", "wired.py"}
"""Files of the sealing room that touch files or name places; what a receiver checks with is pure."""
FORBIDDEN_IN_PURE = {
    "dagster",
    "duckdb",
    "great_expectations",
    "pathlib",
    "os",
    "io",
    "shutil",
    "requests",
    "urllib",
    "pipelines",
    "expectations",
}
ORDER = ("inbox", "raw", "harmonised", "validated", "indices", "release", "reports", "published", "quality")
SCAN_IO = {"store.py"}
"""The one file of the scan of finished files that may touch the file system; the rest takes bytes, and streams over bytes."""
MAY_NAME_PIPELINES = {"pipelines.resources", "pipelines.warehouse", "pipelines.paths", "pipelines.provenance"}


def imports(path: Path) -> set[str]:
    """Full names of all modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def files(folder: str) -> list[Path]:
    """Python files below a folder."""
    return sorted((ROOT / folder).rglob("*.py"))


def pure_files() -> list[Path]:
    """Files that may not touch Dagster, the warehouse or the file system."""
    rooms = (("assets/quality", QUALITY_IO), ("assets/sealing", SEALING_IO), ("assets/release_register", {"store.py"}))
    return [
        *(p for folder in PURE for p in files(folder)),
        *(p for folder, touching in rooms for p in files(folder) if p.name not in touching),
    ]


@pytest.mark.parametrize("path", pure_files(), ids=lambda p: p.name)
def test_pure_code_imports_no_io(path):
    tops = {name.split(".")[0] for name in imports(path)}
    assert not tops & FORBIDDEN_IN_PURE, f"{path.name} imports {sorted(tops & FORBIDDEN_IN_PURE)}"


@pytest.mark.parametrize("path", [p for p in files("assets/file_scan") if p.name not in SCAN_IO], ids=lambda p: p.name)
def test_the_scan_of_finished_files_takes_bytes_and_knows_no_writer(path):
    named = imports(path)
    tops = {name.split(".")[0] for name in named}
    assert not tops & (FORBIDDEN_IN_PURE - {"io", "urllib"}), path.name
    assert not {name for name in named if name.startswith("assets.bundle")}, path.name


@pytest.mark.parametrize("path", [p for p in files("assets")], ids=lambda p: p.name)
def test_assets_name_only_the_resources_of_the_orchestration(path):
    named = {n for n in imports(path) if n.split(".")[0] == "pipelines"}
    assert named <= MAY_NAME_PIPELINES, f"{path.name} imports {sorted(named - MAY_NAME_PIPELINES)}"


@pytest.mark.parametrize("path", files("expectations"), ids=lambda p: p.name)
def test_expectations_know_no_orchestration(path):
    assert not {n.split(".")[0] for n in imports(path)} & {"dagster", "duckdb", "pipelines"}


@pytest.mark.parametrize("path", files("assets/audit"), ids=lambda p: p.name)
def test_the_audit_shares_no_code_with_what_it_audits(path):
    """Only itself and libraries: a slip of the suppressor that both share would go unseen."""
    own = {n for n in imports(path) if n.split(".")[0] in {"assets", "pipelines", "expectations", "tests"}}
    assert all(n == "assets.audit" or n.startswith("assets.audit.") for n in own), f"{path.name} imports {sorted(own)}"


def test_what_suppresses_knows_nothing_of_the_audit():
    for path in [*files("assets/methods"), *files("assets/suppression")]:
        assert not {n for n in imports(path) if n.startswith("assets.audit")}, path.name


def test_no_report_is_made_before_the_audit():
    graph = defs.resolve_asset_graph()
    audit = dg.AssetKey(["release", "audit"])
    for key in (k for k in graph.get_all_asset_keys() if k.path[0] == "reports"):
        assert audit in graph.get(key).parent_keys, key.to_user_string()


def test_simulator_imports_nothing_from_the_scoring():
    for path in files("assets/demo"):
        named = {n for n in imports(path) if n.startswith("assets.methods")}
        assert named <= {"assets.methods.errors"}, f"{path.name} imports {sorted(named)}"


SURVEY_LAYERS = ("raw", "harmonised", "validated", "indices", "release")


def test_report_code_reaches_only_the_release():
    """Neither the reports' asset module nor the bundle code can name a table of another layer."""
    for path in [*(ROOT / "assets").glob("reports*.py"), *files("assets/bundle"), *files("assets/charts")]:
        named = imports(path)
        layers = {p.stem for p in (ROOT / "assets").glob("*.py") if p.stem.split("_")[0] in SURVEY_LAYERS}
        assert not named & {f"assets.{layer}" for layer in layers}, path.name
        assert "pipelines.warehouse" not in named, path.name


def test_the_quality_room_is_a_dead_end():
    """Steward's pages may read candidates, so nothing that is published may lead through them, as an asset or as an import."""
    graph = defs.resolve_asset_graph()
    rooms = {key: graph.get(key) for key in graph.get_all_asset_keys() if key.path[0] == "quality"}
    assert rooms
    for key, node in rooms.items():
        assert not node.child_keys, key.to_user_string()
        if key.path[-1] != "overview":  # tells how far everything has come, and shows no number
            assert {parent.path[0] for parent in node.parent_keys} <= {"raw", "harmonised", "validated"}
    for path in files("assets"):
        if path.parent.name != "quality" and path.name not in {"delivery_reports.py", "schemas.py"}:
            named = {n for n in imports(path) if n.startswith(("assets.quality", "assets.delivery_reports"))}
            assert not named, f"{path.name} imports {sorted(named)}"


def test_data_flows_one_way():
    graph = defs.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        for parent in graph.get(key).parent_keys:
            assert ORDER.index(parent.path[0]) <= ORDER.index(key.path[0]), f"{parent.to_user_string()} -> {key.to_user_string()}"


def test_no_path_from_microdata_to_reports_avoids_the_release():
    graph = defs.resolve_asset_graph()

    def leads_to_microdata(key: dg.AssetKey) -> bool:
        if key.path[0] == "release":
            return False
        if key.path[0] in {"raw", "harmonised", "validated", "indices"}:
            return True
        return any(leads_to_microdata(parent) for parent in graph.get(key).parent_keys)

    reports = [k for k in graph.get_all_asset_keys() if k.path[0] == "reports"]
    assert reports
    for key in reports:
        assert not any(leads_to_microdata(parent) for parent in graph.get(key).parent_keys), key.to_user_string()


def test_every_asset_and_check_says_in_swedish_what_it_is():
    graph = defs.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        assert graph.get(key).description, key.to_user_string()
        assert graph.get(key).group_name == ui_guide()["layers"][key.path[0]]["group"]
    for check in build_definitions().asset_checks:
        assert all(spec.description for spec in check.check_specs)


def test_workspace_and_dg_settings_name_the_same_definitions():
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))["load_from"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["dg"]["project"]
    modules = [entry["python_module"]["module_name"] for entry in workspace]
    base, *others = modules
    assert base == project["code_location_target_module"]
    assert others == [f"pipelines.definitions_{profile}" for profile in profile_ids()[1:]]
    assert workspace[0]["python_module"]["location_name"] == project["code_location_name"]
    assert {entry["python_module"]["working_directory"] for entry in workspace} == {"."}


def test_importing_the_definitions_stays_light():
    """Great Expectations, Altair and SciPy cost seconds; they are imported where they are used."""
    import subprocess
    import sys

    heavy = ("great_expectations", "altair", "scipy", "vl_convert", "pandas")
    code = f"import sys, pipelines.definitions; print([m for m in {heavy} if m in sys.modules])"
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_models_and_comparisons_of_areas_read_nothing_but_the_release():
    """They need no disclosure control of their own because they can't see what is hidden (docs/adr/0022)."""
    graph = defs.resolve_asset_graph()
    for name in ("model_estimates", "rank_sets", "funnel"):
        parents = graph.get(dg.AssetKey(["release", name])).parent_keys
        assert {parent.path[0] for parent in parents} == {"release"}, name
    tables = {name for name in imports(ROOT / "assets/release_compared.py") if name.startswith("assets.")}
    assert not tables & {"assets.indices", "assets.validated", "assets.raw", "assets.harmonised"}


def test_the_suppressor_of_linked_tables_knows_nothing_of_the_audit():
    """What hides and what checks share no code: a fault in one must not be a fault in the other."""
    for path in files("assets/suppression"):
        assert not {n for n in imports(path) if n.startswith("assets.audit")}, path.name
