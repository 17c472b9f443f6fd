"""Work over bundles comes back in order, with a few tasks in memory, whether other processes are used or not."""

from __future__ import annotations

import os

import pytest

from assets.reports import InHand
from assets.worker_pool import over_workers


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
