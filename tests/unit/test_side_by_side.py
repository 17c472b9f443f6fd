"""The parts that the test suite is run in."""

from __future__ import annotations

import json

import pytest

from tests.support import side_by_side
from tests.support.side_by_side import CHAINS, blocks, files_of_tests, measured, parts

ALL = files_of_tests()
CHAIN = {
    f"{CHAINS}test_a.py": "def test_one(small_demo): ...",
    f"{CHAINS}test_b.py": "def test_two(tmp_path, copy_of_demo, run_job): ...",
    f"{CHAINS}test_c.py": "def test_three(tmp_path): small_demo = 1",
    "tests/unit/test_d.py": "def test_four(): ...",
    "tests/unit/test_e.py": "def lupp(lupp): ...",
}


def test_every_file_is_in_one_part_and_chains_come_last():
    found = parts(ALL, measured())
    assert sorted(name for part in found for name in part) == sorted(ALL)
    for part in found:
        chains = [name.startswith(CHAINS) for name in part]
        assert chains == sorted(chains)


def test_what_is_built_once_per_process_is_built_in_one_of_them():
    assert blocks(CHAIN) == [[f"{CHAINS}test_a.py", f"{CHAINS}test_b.py"], *([name] for name in list(CHAIN)[2:])]
    shared = {name for block in blocks(ALL) if len(block) > 1 for name in block}
    assert {f"{CHAINS}test_chain.py", f"{CHAINS}test_weighted_release.py", "tests/unit/test_workbench.py"} <= shared


def test_the_parts_take_about_as_long():
    seconds = measured()
    taken = [sum(seconds.get(name, side_by_side.UNKNOWN) for name in part) for part in parts(ALL, seconds)]
    assert max(taken) < 1.2 * sum(taken) / len(taken), "a block of chains has outgrown the others"
    assert parts({"a": "", "b": "", "c": ""}, {"a": 4, "b": 2, "c": 1}, 2) == [["a"], ["b", "c"]]


@pytest.mark.parametrize(("shown", "beside", "code"), [(0, 0, 0), (1, 0, 1), (0, 2, 2)])
def test_any_failure_counts_and_the_time_is_told(monkeypatch, capfd, shown, beside, code):
    commands = []

    class Running:
        def __init__(self, command, stdout, **how):
            commands.append(command)
            stdout.write(b"en annan dels rader\n")

        def wait(self):
            return beside

    monkeypatch.setattr(side_by_side.subprocess, "Popen", Running)
    monkeypatch.setattr(side_by_side.subprocess, "call", lambda command, **how: commands.append(command) or shown)
    assert side_by_side.run_all(["-q"]) == code
    told = [{word for word in command if word.startswith("tests/")} for command in commands]
    assert set.union(*told) == set(ALL)
    assert all("-q" in command and "--durations=25" in command for command in commands)
    *rows, time_taken = capfd.readouterr().out.splitlines()
    assert rows == ["en annan dels rader"] * (side_by_side.PROCESSES - 1)
    assert time_taken == "Testerna tog 0,0 min; delarna var klara efter 0, 0, 0 s."


def test_files_lie_in_memory_where_there_is_plenty_only(monkeypatch, tmp_path):
    monkeypatch.setattr(side_by_side, "MEMORY", tmp_path)
    monkeypatch.setattr(side_by_side, "ROOM", 1)
    assert side_by_side.scratch() == tmp_path
    monkeypatch.setattr(side_by_side, "ROOM", 2**60)
    assert side_by_side.scratch() is None
    monkeypatch.setattr(side_by_side, "MEMORY", tmp_path / "not-there")
    assert side_by_side.scratch() is None


def test_measured_seconds_are_kept_beside_those_of_the_other_part(monkeypatch, tmp_path):
    monkeypatch.setattr(side_by_side, "DURATIONS", tmp_path / "durations.json")
    here, there = list(ALL)[:2]
    side_by_side.remember({here: 2.34, there: 0.14})
    side_by_side.remember({there: 5.0, "tests/unit/test_gone.py": 0.2})
    assert json.loads((tmp_path / "durations.json").read_text("utf-8")) == {here: 2.3, there: 5.0}
