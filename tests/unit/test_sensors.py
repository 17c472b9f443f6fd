"""The inbox sensor: waits for whole files, one run for many, never the same content twice."""

from __future__ import annotations

import json
import os
from pathlib import Path

import dagster as dg
import pytest

import pipelines.sensors
from assets.intake.readers import SURVEY_SUFFIXES
from pipelines.resources import Store
from pipelines.sensors import NOTHING_NEW, evaluate_inbox, inbox_sensor


class Inbox:
    """Two inbox folders and the sensor's memory between ticks."""

    def __init__(self, root: Path) -> None:
        self.folders = {"enkat": root / "inbox" / "enkat", "register": root / "inbox" / "register"}
        for folder in self.folders.values():
            folder.mkdir(parents=True)
        self.cursor: str | None = None
        self.clock = 1_000_000_000

    def drop(self, name: str, content: bytes, kind: str = "enkat") -> Path:
        """Put a file there; every write has a time of its own."""
        path = self.folders[kind] / name
        path.write_bytes(content)
        self.clock += 1_000_000_000
        os.utime(path, ns=(self.clock, self.clock))
        return path

    def tick(self) -> tuple[str | None, str]:
        """What the sensor decides now."""
        key, reason, self.cursor = evaluate_inbox(self.folders, self.cursor)
        return key, reason


@pytest.fixture
def inbox(tmp_path):
    """An empty inbox."""
    return Inbox(tmp_path)


def test_an_empty_inbox_says_where_files_go(inbox):
    assert inbox.tick() == (
        None,
        f"Inkorgen är tom. Lägg filer i inbox/enkat eller inbox/register ({', '.join(SURVEY_SUFFIXES)}).",
    )


def test_a_file_counts_when_it_is_the_same_on_two_ticks(inbox):
    path = inbox.drop("täby.sav", b"a")
    assert inbox.tick() == (None, "Väntar tills filerna är färdigkopierade: täby.sav.")
    inbox.drop("täby.sav", b"ab")
    assert inbox.tick()[0] is None, "it grew"
    os.utime(path, ns=(1, 1))
    assert inbox.tick()[0] is None, "the same size at another time is another file"
    key, reason = inbox.tick()
    assert len(key) == 64
    assert reason == "1 fil i inkorgen."
    assert inbox.tick() == (None, NOTHING_NEW)


def test_a_whole_file_waits_for_one_that_is_being_copied(inbox):
    inbox.drop("a.sav", b"a")
    inbox.tick()
    inbox.drop("b.sav", b"b")
    assert inbox.tick() == (None, "Väntar tills filerna är färdigkopierade: b.sav.")
    assert inbox.tick()[1] == "2 filer i inkorgen."


def test_a_hundred_dropped_files_make_one_run(inbox):
    for number in range(100):
        inbox.drop(f"{number:03}.csv", str(number).encode(), "register" if number % 2 else "enkat")
    assert inbox.tick() == (
        None,
        "Väntar tills filerna är färdigkopierade: 000.csv, 002.csv, 004.csv, 006.csv, 008.csv och 95 till.",
    )
    keys = [inbox.tick()[0] for _ in range(10)]
    assert [key is not None for key in keys] == [True] + [False] * 9


def test_the_same_content_never_runs_twice(inbox):
    path = inbox.drop("a.sav", b"a")
    inbox.tick()
    first, _ = inbox.tick()
    assert first
    path.rename(path.with_name("annat namn.sav"))
    inbox.drop("kopia.sav", b"a")
    inbox.tick()
    assert inbox.tick() == (None, NOTHING_NEW), "another name, another time, a copy: nothing new"
    inbox.drop("b.sav", b"b")
    inbox.tick()
    second, _ = inbox.tick()
    assert second not in {None, first}
    inbox.drop("b.sav", b"a")
    inbox.tick()
    assert inbox.tick() == (None, NOTHING_NEW)


def test_a_file_that_the_run_sets_aside_starts_no_new_run(inbox):
    bad = inbox.drop("trasig.sav", b"x")
    inbox.drop("a.sav", b"a")
    inbox.tick()
    assert inbox.tick()[0]
    bad.unlink()
    assert inbox.tick() == (None, NOTHING_NEW)
    inbox.drop("trasig.sav", b"x")
    inbox.tick()
    assert inbox.tick() == (None, NOTHING_NEW), "the same bad file again is known to be bad"


def test_emptying_the_inbox_forgets_nothing(inbox):
    path = inbox.drop("a.sav", b"a")
    inbox.tick()
    inbox.tick()
    path.unlink()
    assert inbox.tick()[1].startswith("Inkorgen är tom.")
    inbox.drop("a.sav", b"a")
    inbox.tick()
    assert inbox.tick() == (None, NOTHING_NEW)


def test_lock_files_and_folders_are_no_content(inbox):
    inbox.drop("~$a.xlsx", b"x")
    (inbox.folders["enkat"] / "mapp").mkdir()
    assert inbox.tick()[1].startswith("Inkorgen är tom.")


def test_contents_are_hashed_only_when_something_changed(inbox, monkeypatch):
    inbox.drop("a.sav", b"a")
    inbox.tick()
    inbox.tick()

    def no_reading(path):
        raise AssertionError(f"{path.name} was read")

    monkeypatch.setattr(pipelines.sensors, "file_hash", no_reading)
    assert inbox.tick() == (None, NOTHING_NEW)
    inbox.drop("a.sav", b"b")
    inbox.tick()
    with pytest.raises(AssertionError, match=r"a\.sav was read"):
        inbox.tick()


def test_folders_that_do_not_exist_are_empty(tmp_path):
    assert evaluate_inbox({"enkat": tmp_path / "saknas"}, None)[0] is None


def test_the_sensor_asks_for_one_run_of_everything(tmp_path):
    store = Store(data_dir=str(tmp_path))
    store.paths.make()
    instance = dg.DagsterInstance.ephemeral()
    (store.paths.surveys / "a.sav").write_bytes(b"a")
    first = dg.build_sensor_context(instance, resources={"store": store})
    assert isinstance(inbox_sensor(first), dg.SkipReason)
    second = dg.build_sensor_context(instance, resources={"store": store}, cursor=first.cursor)
    result = inbox_sensor(second)
    (request,) = result.run_requests
    assert inbox_sensor.job_name == "everything"
    assert request.tags == {"startad_av": "inkorgen"}
    third = dg.build_sensor_context(instance, resources={"store": store}, cursor=second.cursor)
    skipped = inbox_sensor(third)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == NOTHING_NEW
    assert json.loads(json.loads(third.cursor)["folder"])["settled"] is True
