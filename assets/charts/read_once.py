"""What has been read out of a published table, kept while the same table is read: charts ask for the same cells again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import polars as pl

Read = TypeVar("Read")


class ReadOnce(Generic[Read]):
    """Results by what was asked of one table; forgotten when another table is read. The results must not be changed."""

    def __init__(self) -> None:
        self._held: tuple[pl.DataFrame | None, dict[Hashable, Read]] = (None, {})

    def get(self, table: pl.DataFrame, asked: Hashable, read: Callable[[], Read]) -> Read:
        """What `read` gives for this table and question; it is called the first time only.

        Args:
            table: the very object that is read, which is held so that no other can be taken for it.
            asked: all else that decides the result.
        """
        of, found = self._held
        if of is not table:
            found = {}
            self._held = (table, found)
        if asked not in found:
            found[asked] = read()
        return found[asked]
