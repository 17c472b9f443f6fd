"""The documents tell the truth: the README's commands exist, every command is documented."""

import re
import subprocess
from pathlib import Path

import pytest

import start
from pipelines import cli

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BINARY = {".parquet", ".xlsx", ".xls", ".sav", ".png", ".jpg", ".zip", ".pdf", ".ico", ".woff2"}
MACHINE_PATHS = re.compile(r"(?<![\w.:/~-])/(?:root|work|home|Users|mnt|opt)/\w|[A-Z]:\\{1,2}Users\\", flags=re.ASCII)


def fenced_blocks(text):
    """The contents of the fenced blocks, in order."""
    return [block.strip() for block in re.findall(r"^```[^\n]*\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)]


def make_targets():
    """target -> recipe line."""
    return dict(re.findall(r"^([a-z]+):.*\n\t(.+)$", MAKEFILE, flags=re.MULTILINE))


def project_files():
    """Every text file of the project: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


def did_commands():
    """Subcommand -> its own long options."""
    choices = next(action.choices for action in cli.parser()._actions if action.dest == "command")
    return {
        name: [word for action in one._actions for word in action.option_strings if word.startswith("--") and word != "--help"]
        for name, one in choices.items()
    }


def test_the_three_first_blocks_are_demo_test_and_ui():
    assert fenced_blocks(README)[:3] == ["make demo", "make test", "make ui"]


def test_every_make_target_is_the_same_command_of_start_py():
    targets = make_targets()
    assert set(targets) - {"help"} == set(start.COMMANDS)
    for name in start.COMMANDS:
        assert targets[name] == f"@$(PY) start.py {name} $(ARGS)"


def test_every_make_target_is_listed_by_help():
    listed = subprocess.run(["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  make ([a-z]+) +\S", listed, flags=re.MULTILINE) == list(
        re.findall(r"^([a-z]+):.*##", MAKEFILE, re.MULTILINE)
    )
    assert len(listed.splitlines()) == len(start.COMMANDS) + 1


def test_every_command_is_documented():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for name in start.COMMANDS:
        assert f"`{name}`" in index, name
    for name, options in did_commands().items():
        assert f"`did {name}`" in README, name
        assert name in start.COMMANDS
        for option in options:
            assert option in README, f"did {name} {option}"


def test_no_command_is_promised_that_does_not_exist():
    for text in (path.read_text(encoding="utf-8") for path in DOCUMENTS):
        assert set(re.findall(r"`make ([a-z]+)", text)) <= set(make_targets())
        assert set(re.findall(r"start\.py ([a-z]+)", text)) <= set(start.COMMANDS)
        assert set(re.findall(r"`did ([a-z]+)", text)) <= set(did_commands())


def test_every_decision_is_in_the_index_under_its_own_number():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        assert f"[{title}](adr/{path.name})" in index


@pytest.mark.parametrize("part", ["Status:", "## Problem", "## Decision", "## Consequences"])
def test_a_decision_has_all_its_parts(part):
    for path in (ROOT / "docs" / "adr").glob("*.md"):
        assert part in path.read_text(encoding="utf-8"), path.name


def test_readme_names_the_page_the_demo_ends_on():
    assert "data/reports/<våg>/lansoversikt.html" in README


def test_changelog_has_an_open_section():
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_ci_runs_the_second_block():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    program = re.search(r"awk '([^']+)' README\.md", script)[1]
    printed = subprocess.run(["awk", program, "README.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed == "make test\n"
    assert "set -euo pipefail" in script
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_no_file_names_a_place_on_somebodys_machine():
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in project_files()
        if (match := MACHINE_PATHS.search(path.read_text(encoding="utf-8-sig", errors="replace")))
    ]
    assert found == []


def test_the_pattern_for_machine_paths_finds_them():
    for place in ("/ro" + "ot/x", "se /ho" + "me/anna", "C:\\Us" + "ers\\anna"):
        assert MACHINE_PATHS.search(place)
    for place in ("data/wo" + "rk/x", "https://example.org/wo" + "rk/x", "~/home/x", "/homework"):
        assert not MACHINE_PATHS.search(place)
