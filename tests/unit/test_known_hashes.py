"""Hashes of tables are told again only while the warehouse is as it was."""

from __future__ import annotations

import polars as pl

from pipelines.known_hashes import known_hashes
from pipelines.warehouse import TableName, Warehouse

TABLE, UNWRITTEN = TableName("release", "index_results"), TableName("release", "trends")


def test_what_is_written_in_between_is_seen_and_nothing_is_hashed_twice(tmp_path, monkeypatch):
    warehouse, asked = Warehouse(tmp_path / "warehouse.duckdb"), []
    real = Warehouse.hashes
    monkeypatch.setattr(Warehouse, "hashes", lambda self, name, *more: asked.append(name) or real(self, name, *more))
    assert known_hashes(warehouse, [TABLE]) == ("",), "no file yet"
    warehouse.replace(TABLE, pl.DataFrame({"wave": [2024], "value": [1.0]}), None)
    first = known_hashes(warehouse, [TABLE, UNWRITTEN])
    assert first[0]
    assert not first[1]
    asked.clear()
    assert known_hashes(Warehouse(warehouse.path, read_only=True), [TABLE, UNWRITTEN]) == first
    assert asked == []
    warehouse.replace(TABLE, pl.DataFrame({"wave": [2024], "value": [2.0]}), None)
    second = known_hashes(warehouse, [TABLE, UNWRITTEN])
    assert second != first
    assert second[0] == real(warehouse, TABLE)[None]
    with warehouse.held():
        warehouse.replace(TABLE, pl.DataFrame({"wave": [2024], "value": [1.0]}), None)
        assert known_hashes(warehouse, [TABLE, UNWRITTEN]) == first, "also what isn't in the file itself yet"
