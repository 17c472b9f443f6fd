"""What the product keeps is readable by its owner alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from assets.hygiene import permissions
from pipelines import doctor
from pipelines.paths import Paths
from pipelines.warehouse import Warehouse


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_home(tmp_path) -> Path:
    """A data folder that others can read, with a link out of it and a folder that isn't ours."""
    for name in ("inbox/enkat", "arkiv/aa", "annat"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("inbox/enkat/a.csv", "arkiv/aa/a.csv", "annat/b.csv", "warehouse.duckdb"):
        (tmp_path / name).write_bytes(b"svar")
    for path in tmp_path.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (tmp_path / "inbox" / "länk").symlink_to(tmp_path / "annat" / "b.csv")
    return tmp_path


def test_what_others_can_read_is_closed_once_with_a_sentence(open_home):
    said = permissions.sentence(open_home)
    assert said.startswith("Andra på datorn kunde läsa inbox, arkiv, warehouse.duckdb i ")
    for name, bits in {"inbox": 0o700, "inbox/enkat/a.csv": 0o600, "arkiv/aa": 0o700, "warehouse.duckdb": 0o600}.items():
        assert mode(open_home / name) == bits, name
    assert mode(open_home / "annat" / "b.csv") == 0o644, "neither a link's target nor what isn't ours is touched"
    assert permissions.sentence(open_home) == ""


def test_what_belongs_to_somebody_else_is_said_to_stay_open(open_home, monkeypatch):
    def refuse(path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(permissions, "own", refuse)
    assert "hör till en annan användare" in permissions.sentence(open_home)


def test_doctor_sees_it_and_windows_is_told_the_truth(open_home, monkeypatch):
    (finding,) = doctor.check_permissions(open_home)
    assert (finding.mark, "inbox, arkiv, warehouse.duckdb" in finding.text) == ("note", True)
    permissions.tighten(open_home)
    assert [f.mark for f in doctor.check_permissions(open_home)] == ["ok"]
    monkeypatch.setattr(doctor, "supported", lambda: False)
    assert "Windows" in doctor.check_permissions(open_home)[0].text


def test_what_is_made_is_closed_from_the_start(tmp_path):
    before = os.umask(0o022)
    try:
        permissions.owner_only_from_now()
        Paths(tmp_path / "data").make()
        with Warehouse(tmp_path / "data" / "warehouse.duckdb").connect():
            pass
    finally:
        os.umask(before)
    made = [p for p in (tmp_path / "data").rglob("*")]
    assert {mode(p) for p in made if p.is_dir()} == {0o700}
    assert [mode(p) for p in made if p.is_file()] == [0o600]
    with Warehouse(tmp_path / "other.duckdb").connect():
        pass
    assert mode(tmp_path / "other.duckdb") == 0o600, "whatever the umask of the process"
