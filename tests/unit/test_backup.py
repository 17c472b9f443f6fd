"""Backup and restore: everything comes back, nothing half, nothing over what is there, and nothing that was purged."""

from __future__ import annotations

import base64
import json
import os
import shutil
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import polars as pl
import pytest

from assets.hygiene import purged
from assets.hygiene.keys import VARIABLE
from assets.hygiene.traces import files_below
from assets.ledger.alive import living
from assets.methods.errors import PipelineError
from pipelines import migrations, restore
from pipelines.backup import make_backup
from pipelines.backup_commands import aterstall, place, sakerhetskopia
from pipelines.backup_format import LIST, opened
from pipelines.cli import parser
from pipelines.paths import Paths
from pipelines.warehouse import TableName, Warehouse

NAME = "Enkät 2024 Åby.csv"
CONTENT = "\n".join(f"rad {n} KANARIE-{n * 7919}" for n in range(300)).encode()
DIGEST = sha256(CONTENT).hexdigest()
ROWS = TableName("raw", "survey_deliveries")


@pytest.fixture
def home(tmp_path) -> Path:
    """A data folder with a delivery, a bundle, keys, what is left out, and a profile of its own."""
    root = tmp_path / "plats" / "data"
    for one in (root, root / "profiler" / "lupp"):
        paths = Paths(one)
        paths.make()
        name, digest = (NAME, DIGEST) if one == root else ("Lupp.csv", "b" * 64)
        delivery = {"delivery_id": [digest[:12]], "wave": [2024], "source_file": [name], "source_sha256": [digest], "rows": [300]}
        Warehouse(paths.warehouse).replace(ROWS, pl.DataFrame(delivery), None)
    paths = Paths(root)
    (paths.surveys / NAME).write_bytes(CONTENT)
    os.utime(paths.surveys / NAME, ns=(10**18, 10**18 + 7))
    (paths.archive / DIGEST).mkdir()
    (paths.archive / DIGEST / NAME).write_bytes(CONTENT)
    (paths.reports / "2024").mkdir()
    (paths.reports / "2024" / "sida.html").write_text("åäö", encoding="utf-8")
    for folder in ("nycklar", "cache", "dagster", "ovning"):
        (root / folder).mkdir()
        (root / folder / "fil").write_text(folder, encoding="utf-8")
    (root / "inbox" / "enkat" / "halv.csv.del").write_text("halv", encoding="utf-8")
    return root


def content(home: Path) -> dict[str, bytes]:
    """Path -> bytes of everything but the warehouses, whose bytes may differ."""
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in files_below(home) if path.suffix != ".duckdb"}


def copy_of(home: Path, **choices: bool) -> Path:
    """A backup beside the data folder."""
    return make_backup(home, home.parent / "kopia.didkopia", **choices).path


def code_of(error: pytest.ExceptionInfo[PipelineError]) -> str:
    """Which mistake it was, told in one sentence."""
    assert "\n" not in str(error.value)
    return error.value.code


def test_everything_comes_back_with_its_time_and_nothing_else(home, tmp_path):
    file, before = copy_of(home), content(home)
    target = tmp_path / "ny" / "data"
    done = restore.restore(file, target)
    left_out = {"nycklar/fil", "cache/fil", "dagster/fil", "ovning/fil", "inbox/enkat/halv.csv.del"}
    assert content(target) == {name: held for name, held in before.items() if name not in left_out}
    assert (target / "inbox" / "enkat" / NAME).stat().st_mtime_ns == 10**18 + 7
    for part in (".", "profiler/lupp"):
        now, then = (Warehouse(Paths(root / part).warehouse).read(ROWS) for root in (target, home))
        assert now.equals(then)
    assert done.aside is None
    assert "inga nycklar" in done.keys
    assert [path.name for path in target.parent.iterdir()] == ["data"], "nothing is left beside"
    with ZipFile(file) as packed:
        assert len(packed.namelist()) - 1 < done.files, "equal files are kept once"


def test_keys_and_dagster_come_along_when_asked_for(home, tmp_path):
    file = copy_of(home, with_keys=True, with_dagster=True)
    restore.restore(file, tmp_path / "data")
    assert (tmp_path / "data" / "nycklar" / "fil").read_text() == "nycklar"
    assert (tmp_path / "data" / "dagster" / "fil").read_text() == "dagster"


def test_what_is_there_is_never_replaced_unasked_and_kept_beside(home):
    file = copy_of(home)
    (home / "reports" / "2024" / "sida.html").write_text("nyare", encoding="utf-8")
    (home / "sakerhetskopior").mkdir()
    (home / "sakerhetskopior" / "annan.didkopia").write_bytes(b"x")
    before = content(home)
    with pytest.raises(PipelineError) as caught:
        restore.restore(file, home)
    assert code_of(caught) == "data_in_the_way"
    assert content(home) == before
    done = restore.restore(file, home, replace=True)
    assert (home / "reports" / "2024" / "sida.html").read_text(encoding="utf-8") == "åäö"
    assert (done.aside / "reports" / "2024" / "sida.html").read_text(encoding="utf-8") == "nyare"
    assert (home / "nycklar" / "fil").read_text() == "nycklar", "keys that are there stay"
    assert (home / "sakerhetskopior" / "annan.didkopia").exists(), "and so do other backups"


def test_a_purged_delivery_does_not_come_back(home, tmp_path, capsys):
    file = copy_of(home)
    purged.remember(home, [DIGEST])
    command = parser().parse_args(["aterstall", str(file), "--ja"])
    assert aterstall(command, home) == 0
    assert "1 leverans som har gallrats" in capsys.readouterr().out
    assert Warehouse(Paths(home).warehouse).read(ROWS).is_empty()
    assert not any(CONTENT[:40] in held for held in content(home).values())
    assert purged.hashes(home) == {DIGEST}
    fresh, log = tmp_path / "tom", tmp_path / "gallrade.jsonl"
    shutil.copy(home / "gallrade.jsonl", log)
    restore.restore(file, fresh, purge_log=log)
    assert Warehouse(Paths(fresh).warehouse).read(ROWS).is_empty()
    assert purged.hashes(fresh) == {DIGEST}


CHANGES = {
    "outside": {"path": "../../utanfor"},
    "root": {"path": "/utanfor"},
    "up": {"path": "inbox/../../../utanfor"},
    "zero": {"path": "inbox/a\0b"},
    "long": {"path": "inbox/" + "a" * 300},
    "below": {"path": "inbox"},
    "size": {"size": "12"},
    "negative": {"size": -1},
    "time": {"mtime_ns": None},
}
"""What a list may not say of a file; `below`: a file with the name of a folder of another."""


@pytest.mark.parametrize("damage", ["shorter", "changed", "entry", "list", "newer", "foreign", "text", *CHANGES])
def test_a_file_that_is_no_whole_backup_of_ours_changes_nothing(home, damage, tmp_path):
    file = copy_of(home)
    _damage(file, damage, tmp_path)
    before = content(home)
    with pytest.raises(PipelineError) as caught:
        restore.restore(file, home, replace=True)
    assert code_of(caught) in {"newer": ("backup_newer",)}.get(damage, ("damaged_backup", "not_backup"))
    assert content(home) == before
    assert sorted(path.name for path in home.parent.iterdir()) == ["data", "kopia.didkopia"]
    assert not (home.parent.parent / "utanfor").exists()


def _damage(file: Path, how: str, folder: Path) -> None:
    held = file.read_bytes()
    if how == "shorter":
        file.write_bytes(held[: len(held) // 2])
    elif how == "changed":
        with ZipFile(file) as packed:
            inside = packed.getinfo("innehall/000000").header_offset + 100
        file.write_bytes(held[:inside] + bytes([held[inside] ^ 1]) + held[inside + 1 :])
    elif how == "text":
        file.write_text("ingen säkerhetskopia", encoding="utf-8")
    else:
        with ZipFile(file) as packed:
            parts = {name: packed.read(name) for name in packed.namelist()}
        told = json.loads(parts[LIST])
        if how == "entry":
            parts["innehall/000000"] += b"mer"
        elif how == "list":
            told["files"][0].pop("sha256")
        elif how in CHANGES:
            told["files"][0] |= CHANGES[how]
        elif how == "newer":
            told["schema"] = migrations.newest() + 1
        else:
            told["format"] = "något annat"
        parts[LIST] = json.dumps(told).encode()
        with ZipFile(file, "w", ZIP_DEFLATED) as packed:
            for name, part in parts.items():
                packed.writestr(name, part)


def test_with_a_key_it_is_encrypted_and_needs_it(home, tmp_path, monkeypatch, capsys):
    command = parser().parse_args(["sakerhetskopia", str(tmp_path), "--kryptera"])
    with pytest.raises(PipelineError) as caught:
        sakerhetskopia(command, home)
    assert code_of(caught) == "no_key"
    monkeypatch.setenv(VARIABLE, base64.b64encode(b"k" * 32).decode())
    assert sakerhetskopia(command, home) == 0
    assert "Den är krypterad" in capsys.readouterr().out
    (file,) = tmp_path.glob("*.krypterad")
    assert NAME.encode() not in file.read_bytes()
    restore.restore(file, tmp_path / "data")
    assert (tmp_path / "data" / "inbox" / "enkat" / NAME).read_bytes() == CONTENT
    monkeypatch.setenv(VARIABLE, base64.b64encode(b"m" * 32).decode())
    with pytest.raises(PipelineError) as caught:
        restore.restore(file, tmp_path / "annan")
    assert code_of(caught) == "wrong_key"
    assert not (tmp_path / "annan").exists()


def test_an_exchange_that_was_interrupted_is_finished(home, monkeypatch):
    file = copy_of(home)
    with monkeypatch.context() as patch:
        patch.setattr(restore, "finish_interrupted", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            restore.restore(file, home, replace=True)
    assert not home.exists(), "between the two steps"
    assert restore.finish_interrupted(home)
    assert (home / "inbox" / "enkat" / NAME).read_bytes() == CONTENT
    assert not (home / restore.READY).exists()
    assert not restore.finish_interrupted(home)


def test_nothing_is_copied_or_replaced_while_a_run_goes_on(home):
    file = copy_of(home)
    with living(Paths(home).history_locks, "k"):
        for act in (lambda: make_backup(home, home.parent / "ny"), lambda: restore.restore(file, home, replace=True)):
            with pytest.raises(PipelineError) as caught:
                act()
            assert code_of(caught) == "run_under_way"
    assert not (home.parent / "ny").exists()


def test_an_earlier_file_is_never_written_over_and_a_folder_gets_a_dated_one(home):
    file = copy_of(home)
    with pytest.raises(PipelineError) as caught:
        copy_of(home)
    assert code_of(caught) == "backup_exists"
    assert place(None, home).parent == home / "sakerhetskopior"
    assert place(str(home.parent), home).parent == home.parent
    assert place(str(file), home) == file


def test_a_damaged_database_can_be_restored_over_but_not_backed_up(home):
    file = copy_of(home)
    Paths(home).warehouse.write_bytes(b"trasig" * 5000)
    with pytest.raises(PipelineError) as caught:
        make_backup(home, home.parent / "ny")
    assert code_of(caught) == "warehouse_unreadable"
    restore.restore(file, home, replace=True)
    assert Warehouse(Paths(home).warehouse).read(ROWS).height == 1


def test_a_file_name_that_only_windows_refuses_comes_back_here_and_not_there(home, tmp_path, monkeypatch):
    from pipelines import backup_format

    name = "inbox/enkat/Täby 10:30 aux.csv"
    (home / name).write_text("svar", encoding="utf-8")
    file = copy_of(home)
    restore.restore(file, tmp_path / "ny")
    assert (tmp_path / "ny" / name).read_text(encoding="utf-8") == "svar"
    monkeypatch.setattr(backup_format, "ON_WINDOWS", True)
    with pytest.raises(PipelineError) as caught:
        restore.restore(file, tmp_path / "annan")
    assert code_of(caught) == "damaged_backup"
    for part in ("C:x", "a\\b", "AUX", "com1.csv", "nul .txt"):
        assert not backup_format._is_safe_name(part)


def test_a_backup_with_any_byte_changed_is_opened_or_told_of_in_a_sentence(tmp_path: Path) -> None:
    """`zipfile` has no error class of its own for a damaged list of contents."""
    path, told = tmp_path / "kopia.zip", set()
    with ZipFile(path, "w") as packed:
        packed.writestr("a.txt", "x")
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            opened(path, path.name).close()
        except PipelineError as error:
            told.add(error.code)
    assert told == {"not_backup"}
