"""What the steps of one pass share instead of making it anew: worker processes, and verdicts on rows that are the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assets.worker_pool import kept_workers
from expectations.kept_outcomes import kept_outcomes


@contextmanager
def one_pass(workers: int) -> Iterator[None]:
    """Everything that is shared is let go at the end, however it comes; without a pass each step makes its own."""
    with kept_workers(workers), kept_outcomes():
        yield
