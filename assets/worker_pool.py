"""Work on one bundle after another, in worker processes when a run may have any."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import current_process, get_context
from typing import Any, TypeVar

Done = TypeVar("Done")


def over_workers(work: Callable[..., Done], tasks: Iterable[tuple[Any, ...]], workers: int) -> Iterator[Done]:
    """What the work gives for each task, in order; only a few tasks are in memory at a time.

    Args:
        work: can be pickled, as its arguments and what it gives can. tasks: its arguments, made as they are needed.
        workers: how many processes; with fewer than two, or one task only, no other process is started. Nor is any by a
            process that is itself one of many (Celery's): it may have no children.
    """
    waiting = iter(tasks)
    first = list(islice(waiting, 2 * max(workers, 1)))
    if workers < 2 or len(first) < 2 or current_process().daemon:
        yield from (work(*task) for task in chain(first, waiting))
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        batch = first
        while batch:
            yield from pool.map(work, *zip(*batch, strict=True))
            batch = list(islice(waiting, 2 * workers))
