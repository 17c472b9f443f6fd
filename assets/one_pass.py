"""What the steps of one pass share instead of making it anew: worker processes, and verdicts on rows that are the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assets.worker_pool import begin_ahead, kept_workers
from expectations.kept_outcomes import kept_outcomes

DRAWN_BY = ("assets.indices", "assets.release_series", "assets.bundle.render", "assets.kit.kit", "altair", "typst", "pptx")
"""What the worker processes of a pass over everything import, as its heaviest steps ask for it."""


def draws_much() -> None:
    """Say of the pass that is going on that it has nearly everything to do: its processes are started at once."""
    begin_ahead(*DRAWN_BY)


@contextmanager
def one_pass(workers: int) -> Iterator[None]:
    """Everything that is shared is let go at the end, however it comes; without a pass each step makes its own."""
    with kept_workers(workers), kept_outcomes():
        yield
