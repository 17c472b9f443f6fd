"""Work on one bundle after another, in worker processes when a run may have any."""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from itertools import islice
from multiprocessing import current_process, get_context, parent_process
from threading import Thread
from typing import Any, TypeVar

Done = TypeVar("Done")
_kept: dict[int, ProcessPoolExecutor] = {}
"""Number of processes -> those that wait for the next step of a pass."""
_passes: list[int] = []
"""How many processes each pass that this process is in may have."""
NEW_OBJECTS = 20_000
"""Objects made and not freed since the last time, before a worker process looks for those that only hold each other."""
FEWEST = 3
"""Parts of one step for which it is worth starting processes."""
WORKERS = 2
"""How many processes a pass has when nobody has said."""


def over_workers(
    work: Callable[..., Done], tasks: Iterable[tuple[Any, ...]], workers: int, at_once: int | None = None
) -> Iterator[Done]:
    """What the work gives for each task, in order; only a few tasks are in memory at a time.

    Args:
        work: can be pickled, as its arguments and what it gives can. tasks: its arguments, made as they are needed.
        workers: how many processes; with fewer than two, or one task only, no other process is started. Nor is any by a
            process that is itself one of many (Celery's): it may have no children.
        at_once: how many tasks are in memory at a time, two for each worker when it isn't said.
    """
    waiting = iter(tasks)
    first = deque(islice(waiting, at_once or 2 * max(workers, 1)))
    if workers < 2 or len(first) < 2 or current_process().daemon:
        yield from (work(*task) for task in _let_go(first, waiting))
        return
    with worker_pool(workers) as pool:
        under_way = deque(pool.submit(work, *task) for task in _let_go(first, ()))
        try:
            while under_way:
                yield under_way.popleft().result()
                under_way.extend(pool.submit(work, *task) for task in islice(waiting, 1))
        finally:
            _give_up(under_way)


def shared_out(
    work: Callable[..., Done], tasks: Iterable[tuple[Any, ...]], at_once: int | None = None, *, light: bool = False
) -> Iterator[Done]:
    """As `over_workers` for the parts of one step, in the processes of the pass; in this process outside of a pass.

    Nor are processes started for fewer parts than `FEWEST`, as their imports would cost more. One more than the processes is in
    memory at a time when `at_once` doesn't say.

    Args:
        light: all parts together cost less than to start a process; those that run already get them.
    """
    if not _passes:
        yield from (work(*task) for task in tasks)
        return
    waiting, workers = iter(tasks), _passes[-1]
    first = deque(islice(waiting, FEWEST))
    worth = workers in _kept or (len(first) == FEWEST and not light)
    yield from over_workers(work, _let_go(first, waiting), workers if worth else 1, at_once or workers + 1)


def begun(work: Callable[..., Done], *arguments: Any) -> Callable[[], Done]:
    """Work for a process of the pass, and what gives its result; done here, when that is asked for, if none has been started."""
    if _passes and _passes[-1] in _kept:
        with worker_pool(_passes[-1]) as pool:
            return pool.submit(work, *arguments).result
    return partial(work, *arguments)


def begin_ahead(*modules: str) -> None:
    """Start the processes of the pass now, and let them import while this one does what it can't share.

    Nothing is started outside of a pass, nor in one that has a single process.
    """
    if not _passes or _passes[-1] < 2 or current_process().daemon:
        return
    with worker_pool(_passes[-1]) as pool:
        for _ in range(_passes[-1]):  # each begins a process while none is free
            pool.submit(_get_ready, modules)


@contextmanager
def worker_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes to give work to: those of the pass that is going on, else new ones that end with the work."""
    if not _passes:
        with _started(workers) as pool:
            yield pool
        return
    if workers not in _kept:
        _kept[workers] = _started(workers)
    try:
        yield _kept[workers]
    except BrokenProcessPool:  # a process was ended from outside; the next step gets new ones
        _kept.pop(workers).shutdown(wait=False, cancel_futures=True)
        raise


@contextmanager
def kept_workers(workers: int) -> Iterator[None]:
    """Let the steps of a pass share their processes: each imports what draws and counts once, not once a step."""
    _passes.append(workers)
    try:
        yield
    finally:
        _passes.pop()
        while _kept and not _passes:
            _kept.popitem()[1].shutdown(cancel_futures=True)


def _started(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(workers,))


def _begin(workers: int) -> None:
    """What a new process, one of so many, sets before its first task.

    The processes share the cores: more threads in each would wait for one another, and waking them costs more than small tables
    take. Fewer walks through all objects: a bundle makes millions of them, hardly any in circles, and the usual walk after 700
    new ones frees next to nothing.
    """
    os.environ.setdefault("POLARS_MAX_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
    gc.set_threshold(NEW_OBJECTS, 20, 20)
    _end_with_parent()


def _get_ready(modules: tuple[str, ...]) -> None:
    for module in modules:
        import_module(module)


def _end_with_parent() -> None:
    """Let this process end when the one that gives it work is killed: it would wait for work for ever."""
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def _let_go(first: deque[tuple[Any, ...]], rest: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The first tasks and the rest; those that have been given are held no longer."""
    while first:
        yield first.popleft()
    yield from rest


def _give_up(under_way: Iterable[Future[Any]]) -> None:
    """Work that nobody waits for any longer isn't begun."""
    for one in under_way:
        one.cancel()
