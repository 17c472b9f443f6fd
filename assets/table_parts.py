"""A table that is made and written a partition at a time, because all of it at once would not fit in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class TableParts:
    """What an asset returns instead of a frame that has one row per pupil.

    The I/O manager makes and writes one part, lets it go, and takes the next. Each part is a transaction of its own: what stops
    the run in the middle leaves whole partitions, those that were not reached as they were, and the step as not done.

    Attributes:
        keys: the run's partitions, at least one, in the order that they are written.
        make: key -> all rows of that partition.
    """

    keys: tuple[int, ...]
    make: Callable[[int], pl.DataFrame]
