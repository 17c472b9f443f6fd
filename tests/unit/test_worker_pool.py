"""Work over bundles comes back in order, with a few tasks in memory, whether other processes are used or not."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import pytest

from assets.methods.errors import PipelineError
from assets.reports import InHand
from assets.worker_pool import begin_ahead, begun, kept_workers, over_workers, shared_out


def squared(number: int, offset: int) -> tuple[int, int]:
    return number * number + offset, os.getpid()


@pytest.mark.parametrize(("workers", "tasks"), [(1, 5), (2, 1), (0, 3)])
def test_few_tasks_or_workers_start_no_process(workers, tasks):
    done = list(over_workers(squared, ((n, 1) for n in range(tasks)), workers))
    assert done == [(n * n + 1, os.getpid()) for n in range(tasks)]


def test_the_order_is_kept_and_tasks_are_made_as_they_are_needed():
    made = []

    def tasks():
        for number in range(9):
            made.append(number)
            yield number, 1

    results = over_workers(squared, tasks(), 2)
    first = next(results)
    assert first[0] == 1
    assert len(made) == 4, "two for each worker"
    rest = list(results)
    assert [value for value, _ in (first, *rest)] == [n * n + 1 for n in range(9)]
    assert os.getpid() not in {process for _, process in rest}


def test_the_rows_of_a_bundle_are_read_once_and_let_go():
    read = []
    drawn = InHand(lambda scope: read.append(scope) or f"rader {scope}", meta="definitioner")
    tasks = drawn.tasks(["a", "b", "c"])
    assert [next(tasks), next(tasks)] == [("rader a", "a", "definitioner"), ("rader b", "b", "definitioner")]
    assert (drawn.take("a"), read, list(drawn.held)) == ("rader a", ["a", "b"], ["b"])


def test_the_steps_of_a_pass_share_their_processes_and_end_with_it():
    with kept_workers(2):
        assert list(shared_out(squared, [(2, 0)])) == [(4, os.getpid())], "no process for one part"
        first = list(shared_out(squared, ((n, 0) for n in range(5))))
        other = begun(squared, 3, 1)
        second = list(over_workers(squared, ((n, 1) for n in range(3)), 2))
        found = [*first, *second, other()]
    assert [value for value, _ in found] == [0, 1, 4, 9, 16, 1, 2, 5, 10]
    processes = {process for _, process in found}
    assert os.getpid() not in processes
    assert len(processes) <= 2
    assert list(shared_out(squared, [(2, 0)] * 4)) == [(4, os.getpid())] * 4, "no pass, no process"
    assert begun(squared, 2, 0)() == (4, os.getpid())


def test_processes_begun_ahead_take_also_what_none_would_be_started_for():
    begin_ahead("colorsys")
    assert next(shared_out(squared, [(2, 0)] * 2)) == (4, os.getpid()), "no pass, no process"
    with kept_workers(2):
        assert {process for _, process in shared_out(squared, [(2, 0)] * 2)} == {os.getpid()}, "too few parts"
        assert {process for _, process in shared_out(squared, [(2, 0)] * 9, light=True)} == {os.getpid()}, "too light"
        begin_ahead("colorsys")
        assert os.getpid() not in {process for _, process in shared_out(squared, [(2, 0)] * 2, light=True)}


def test_a_mistake_to_mend_comes_whole_from_another_process():
    told = PipelineError("unknown_code", "Filen a.csv", expected="en kod", got="ingen", hint="Rätta filen.")
    came = pickle.loads(pickle.dumps(told))
    assert (type(came), came.code, str(came)) == (PipelineError, told.code, str(told))


WAITS = """
import time
from assets.worker_pool import kept_workers, over_workers

if __name__ == "__main__":
    with kept_workers(2):
        list(over_workers(time.sleep, [(0.01,)] * 4, 2))
        print("waits", flush=True)
        time.sleep(600)
"""


def test_processes_end_when_the_one_that_they_wait_for_is_killed(tmp_path):
    program = tmp_path / "waits.py"
    program.write_text(WAITS, encoding="utf-8")
    command, where = [sys.executable, str(program)], {**os.environ, "PYTHONPATH": os.getcwd()}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=where, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waits\n"
        process.kill()
        told, _ = process.communicate(timeout=60)  # comes to its end when nobody holds the pipe any longer
    assert not told
