"""What charts read from a table is read once, and never taken from another table."""

from __future__ import annotations

import polars as pl

from assets.charts.read_once import ReadOnce


def test_the_same_question_to_the_same_table_is_read_once_and_another_table_anew():
    first, read = pl.DataFrame({"value": [1]}), []

    def total(table: pl.DataFrame) -> int:
        read.append(table)
        return int(table["value"].sum())

    kept: ReadOnce[int] = ReadOnce()
    assert [kept.get(first, "sum", lambda: total(first)) for _ in range(3)] == [1, 1, 1]
    assert kept.get(first, "other", lambda: total(first)) == 1
    second = pl.DataFrame({"value": [2]})
    assert kept.get(second, "sum", lambda: total(second)) == 2
    assert kept.get(first, "sum", lambda: total(first)) == 1
    assert [table["value"][0] for table in read] == [1, 1, 2, 1]
