"""Functions called in another process, one call at a time: Polars' threads must not be there when the next attempt is forked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

Call = Callable[..., Any]


@contextmanager
def elsewhere() -> Iterator[Call]:
    """Gives `call(function, *arguments)`, which answers what the function does there.

    Raises:
        RuntimeError: the function raised; its traceback is on standard error.
    """
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    there.close()

    def call(function: Call, *arguments: object) -> object:
        here.send((function, arguments))
        try:
            return here.recv()
        except EOFError:
            raise RuntimeError(f"{function.__name__} failed") from None

    try:
        yield call
    finally:
        here.close()
        process.join(5)


def _serve(asked: Connection) -> None:
    while True:
        try:
            function, arguments = asked.recv()
        except EOFError:
            return
        asked.send(function(*arguments))
