"""requirements.lock: exact, hashed, without any address, and enough for pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import start

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "requirements.lock").read_text(encoding="utf-8")
SCALE = (ROOT / "requirements-scale.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ENTRY = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+))? \\$", flags=re.MULTILINE)


def entries(text=TEXT):
    """name -> list of (version, marker or None)."""
    found = {}
    for match in ENTRY.finditer(text):
        found.setdefault(match["name"], []).append((match["version"], match["marker"]))
    return found


@pytest.mark.parametrize("text", [TEXT, SCALE])
def test_no_address_anywhere(text):
    assert "://" not in text
    assert "http" not in re.sub(r"^(http[a-z0-9-]*==.*)$", "", text, flags=re.MULTILINE)
    assert not re.search(r"^--(?!hash)", text, flags=re.MULTILINE)


@pytest.mark.parametrize("text", [TEXT, SCALE])
def test_every_line_is_a_pin_a_hash_or_the_header(text):
    for line in text.splitlines():
        assert line.startswith("#") or ENTRY.match(line) or re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), line


def test_every_pin_has_a_hash():
    for name in entries():
        assert "--hash=sha256:" in start.lock_entry(name, TEXT), name


def test_covers_everything_the_project_asks_for():
    locked = entries()
    for text in [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]:
        wanted = Requirement(text)
        versions = locked.get(canonicalize_name(wanted.name))
        assert versions, f"{wanted.name} saknas i requirements.lock: kör make lock"
        assert all(wanted.specifier.contains(version) for version, _ in versions), text


def test_the_lock_for_more_machines_has_the_same_versions_and_the_extra():
    usual, more = entries(), entries(SCALE)
    assert {name for name in more if name in usual and more[name] != usual[name]} == set()
    wanted = {canonicalize_name(Requirement(text).name) for text in PROJECT["project"]["optional-dependencies"]["scale"]}
    assert wanted <= more.keys() - usual.keys()


def test_the_bootstrap_installs_the_uv_that_is_locked():
    assert entries()["uv"] == [(start.UV, None)]


def test_one_version_of_a_package_for_every_supported_machine():
    """Two entries for one name need markers that tell them apart."""
    for name, versions in entries().items():
        markers = [marker for _, marker in versions]
        assert len(versions) == 1 or None not in markers, name
        for marker in filter(None, markers):
            Marker(marker)


def test_the_oldest_python_is_the_same_everywhere():
    oldest = ".".join(str(part) for part in start.OLDEST_PYTHON)
    assert PROJECT["project"]["requires-python"] == f">={oldest}"
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")
