"""A part of a table is kept while what it was made from, and the part itself, are the same."""

from pathlib import Path

import polars as pl
import pytest

from assets import kept_tables
from assets.kept_tables import content_hash, made_or_kept
from pipelines.warehouse import TableName, Warehouse

TABLE = TableName("indices", "psychometrics")


class World:
    """A warehouse with a table of two parts, and which parts were made."""

    def __init__(self, folder: Path) -> None:
        self.warehouse, self.made = Warehouse(folder / "warehouse.duckdb"), []
        self.inputs = {"a": 1, "b": 1}

    def run(self) -> list[str]:
        """Make the table as a run does; the parts that were made anew."""
        self.made = []
        table = made_or_kept(self.warehouse, TABLE, "key", self.inputs, lambda parts: map(self.part, parts))
        self.warehouse.replace(TABLE, table, None)
        assert table["key"].to_list() == list(self.inputs)
        return self.made

    def part(self, key: str) -> pl.DataFrame:
        self.made.append(key)
        return pl.DataFrame({"key": [key], "value": [0.1 + self.inputs[key]], "empty": pl.Series([None], dtype=pl.String)})


@pytest.fixture
def world(tmp_path: Path) -> World:
    one = World(tmp_path)
    assert one.run() == ["a", "b"]
    return one


def test_only_the_part_that_is_about_something_new_is_made(world: World) -> None:
    assert world.run() == []
    world.inputs["b"] = 2
    assert world.run() == ["b"]
    assert world.warehouse.read(TABLE)["value"].to_list() == [1.1, 2.1]
    world.inputs["b"] = 1
    assert world.run() == ["b"], "what was before the last run is not kept"


def test_a_part_that_somebody_has_changed_or_lost_is_made(world: World) -> None:
    held = world.warehouse.read(TABLE)
    world.warehouse.replace(TABLE, held.with_columns(value=pl.when(pl.col("key") == "a").then(9.0).otherwise("value")), None)
    assert world.run() == ["a"]
    world.warehouse.replace(TABLE, held.filter(key="a"), None)
    assert world.run() == ["b"]
    assert world.warehouse.read(TABLE).equals(held)


def test_other_code_makes_all_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_tables, "code_version", lambda: "another")
    assert world.run() == ["a", "b"]


def test_null_and_empty_text_are_not_the_same() -> None:
    rows = pl.DataFrame({"a": ["", "x"], "b": [1.0, 2.0]})
    assert content_hash(rows) == content_hash(rows.reverse().select("b", "a"))
    assert content_hash(rows) != content_hash(rows.with_columns(a=pl.when(pl.col("a") == "x").then("a")))
    assert content_hash(pl.DataFrame()) != content_hash(rows)
