"""The warehouse: slices replaced whole or not at all, and a plain sentence when somebody else holds the file."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import polars as pl
import pytest

from assets.methods.errors import PipelineError
from pipelines.resources import ReleaseReader, Store
from pipelines.warehouse import TableName, Warehouse

TABLE = TableName("raw", "answers")
WAVES = pl.DataFrame({"wave": [2022, 2022, 2024], "name": ["å", None, "ö"]}, schema={"wave": pl.Int32, "name": pl.String})


@pytest.fixture
def warehouse(tmp_path):
    """A warehouse with one table of two waves."""
    made = Warehouse(tmp_path / "data" / "warehouse.duckdb")
    made.replace(TABLE, WAVES, {"wave": [2022, 2024]})
    return made


def rows(warehouse: Warehouse, **where: list[object]) -> list[tuple[object, ...]]:
    """The table's rows in order."""
    return sorted(warehouse.read(TABLE, where or None).iter_rows(), key=str)


@pytest.mark.parametrize(("layer", "table"), [("rå", "t"), ("raw", "T"), ("raw", "t;drop table x"), ("raw", ""), ("main", "t")])
def test_only_layers_and_plain_names_reach_the_sql(layer, table):
    with pytest.raises(ValueError, match="no such layer"):
        TableName(layer, table)


def test_reading_what_was_never_written_is_empty(tmp_path, warehouse):
    assert Warehouse(tmp_path / "ingen.duckdb").read(TABLE).equals(pl.DataFrame())
    assert not (tmp_path / "ingen.duckdb").exists(), "reading creates nothing"
    assert not Warehouse(tmp_path / "ingen.duckdb").exists(TABLE)
    assert warehouse.read(TableName("release", "answers")).equals(pl.DataFrame())
    assert warehouse.exists(TABLE)
    assert not warehouse.exists(TableName("release", "answers"))


def test_a_frame_comes_back_as_it_was(warehouse):
    assert warehouse.read(TABLE).sort("wave", "name").equals(WAVES.sort("wave", "name"))
    nested = pl.DataFrame({"wave": [1], "cells": [["1", None, "å"]], "small": pl.Series([7], dtype=pl.Int16), "share": [0.1]})
    warehouse.replace(TableName("raw", "nested"), nested, None)
    assert warehouse.read(TableName("raw", "nested")).equals(nested)


def test_rows_and_columns_can_be_chosen(warehouse):
    assert rows(warehouse, wave=[2024]) == [(2024, "ö")]
    assert rows(warehouse, wave=[2022], name=["å"]) == [(2022, "å")]
    assert rows(warehouse, wave=[2020]) == []
    assert rows(warehouse, wave=[]) == []
    assert warehouse.read(TABLE, {"wave": [2024]}, ["name"]).to_dicts() == [{"name": "ö"}]
    assert warehouse.read(TABLE, {"name": ["' or 1=1 --"]}).height == 0


def test_only_the_slice_is_replaced(warehouse):
    warehouse.replace(TABLE, WAVES.filter(pl.col("wave") == 2022).head(1), {"wave": [2022]})
    assert rows(warehouse) == [(2022, "å"), (2024, "ö")]


def test_an_empty_slice_takes_rows_away_and_no_slice_none(warehouse):
    warehouse.replace(TABLE, WAVES.clear(), {"wave": []})
    assert len(rows(warehouse)) == 3
    warehouse.replace(TABLE, WAVES.clear(), {"wave": [2024]})
    assert rows(warehouse) == [(2022, "å"), (2022, None)]
    empty = TableName("raw", "empty")
    warehouse.replace(empty, WAVES.clear(), {"wave": [2024]})
    assert warehouse.exists(empty)
    assert warehouse.read(empty).schema == WAVES.schema


def test_rows_that_any_of_several_conditions_is_true_of_are_replaced_at_once(warehouse):
    warehouse.replace_together([(TABLE, WAVES.head(1), [{"wave": [2022], "name": ["å"]}, {"wave": [2024]}])])
    assert rows(warehouse) == [(2022, "å"), (2022, None)]


def test_new_columns_are_added_and_order_does_not_matter(warehouse):
    more = pl.DataFrame({"note": ["ny"], "name": ["ä"], "wave": [2024]}, schema_overrides={"wave": pl.Int32})
    warehouse.replace(TABLE, more, {"wave": [2024]})
    table = warehouse.read(TABLE)
    assert table.columns == ["wave", "name", "note"]
    assert rows(warehouse) == [(2022, "å", None), (2022, None, None), (2024, "ä", "ny")]
    warehouse.replace(TABLE, WAVES.filter(pl.col("wave") == 2024), {"wave": [2024]})
    assert rows(warehouse, wave=[2024]) == [(2024, "ö", None)]


def test_without_a_slice_the_whole_table_changes_form(warehouse):
    warehouse.replace(TABLE, pl.DataFrame({"only": [1]}), None)
    assert warehouse.read(TABLE).to_dicts() == [{"only": 1}]


def test_a_write_that_fails_changes_nothing(warehouse):
    before = rows(warehouse)
    wrong = pl.DataFrame({"wave": ["tjugo"], "name": ["x"], "new": [1]})
    with pytest.raises(duckdb.ConversionException):
        warehouse.replace(TABLE, wrong, {"wave": [2022]})
    assert rows(warehouse) == before
    assert warehouse.read(TABLE).columns == ["wave", "name"], "the added column is rolled back too"
    with pytest.raises(duckdb.BinderException):
        warehouse.replace(TABLE, WAVES, {"no_such_column": [1]})
    assert rows(warehouse) == before


def test_an_interrupted_write_changes_nothing(warehouse, monkeypatch):
    before = rows(warehouse)

    def interrupted(con, name, where):
        con.execute(f"delete from {name}")
        raise KeyboardInterrupt

    monkeypatch.setattr(Warehouse, "_replace_slice", staticmethod(interrupted))
    with pytest.raises(KeyboardInterrupt):
        warehouse.replace(TABLE, WAVES, {"wave": [2022]})
    assert rows(warehouse) == before


def test_the_connection_is_always_closed(warehouse):
    kept = []

    def query_that_fails() -> None:
        with warehouse.connect() as con:
            kept.append(con)
            con.execute("select * from nowhere")

    with pytest.raises(duckdb.CatalogException):
        query_that_fails()
    done = subprocess.run(
        [sys.executable, "-c", f"import duckdb; duckdb.connect({str(warehouse.path)!r}).close()"], check=False, timeout=60
    )
    assert done.returncode == 0, "another process can open the file"


def test_the_file_is_free_between_two_uses_and_the_engine_kept(warehouse):
    with warehouse.connect() as con:
        first = con
    code = f"import duckdb; c = duckdb.connect({str(warehouse.path)!r}); c.execute('delete from raw.answers where wave = 2024')"
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert done.returncode == 0, "another process can write in between"
    with warehouse.connect() as con:
        assert con is first
    assert rows(warehouse) == [(2022, "å"), (2022, None)], "and what it wrote is read"


def test_two_warehouses_can_be_open_at_once(warehouse, tmp_path):
    other = Warehouse(tmp_path / "other.duckdb")
    with warehouse.connect() as con:
        other.replace(TABLE, WAVES.head(1), None)
        assert con.sql("select count(*) from raw.answers").fetchall() == [(3,)]
    assert other.read(TABLE).height == 1


def test_another_process_that_holds_the_file_is_named(warehouse):
    code = f"import duckdb, sys; c = duckdb.connect({str(warehouse.path)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(PipelineError) as caught:
            warehouse.read(TABLE)
        other.communicate(timeout=60)
    assert caught.value.code == "warehouse_busy"
    assert str(caught.value) == (
        "warehouse.duckdb: väntade att databasen är ledig, "
        f"fick att ett annat program (process {other.pid}) har den öppen. Stäng det programmet och kör igen."
    )
    assert len(rows(warehouse)) == 3, "free again"


def test_a_file_that_is_no_database_is_not_called_busy(tmp_path):
    (tmp_path / "block.duckdb").write_text("det här är ingen databas " * 1000)
    with pytest.raises(PipelineError) as caught:
        Warehouse(tmp_path / "block.duckdb").read(TABLE)
    assert caught.value.code == "warehouse_unreadable"
    assert str(caught.value) == (
        "block.duckdb: väntade en DuckDB-databas som den här versionen kan läsa, fick en fil som inte går att öppna. "
        "Lägg tillbaka en säkerhetskopia (did aterstall). Finns ingen: flytta undan filen och kör igen; databasen byggs upp på "
        "nytt av det som ligger i inkorgen och arkivet."
    )


def test_reports_read_the_release_only(warehouse, tmp_path):
    reader = ReleaseReader(data_dir=str(tmp_path / "data"))
    assert reader.read("answers").is_empty(), "raw.answers is not in reach"
    warehouse.replace(TableName("release", "answers"), WAVES, None)
    assert reader.read("answers", wave=[2024])["name"].to_list() == ["ö"]
    with pytest.raises(ValueError, match="no such layer"):
        reader.read("x from raw.answers --")
    assert Store(data_dir=str(tmp_path)).paths.warehouse == tmp_path / "warehouse.duckdb"


def test_a_file_held_open_is_attached_once_and_let_go_afterwards(warehouse, monkeypatch):
    attached, attach = [], Warehouse._attach
    monkeypatch.setattr(Warehouse, "_attach", lambda self, con, **how: (attached.append(1), attach(self, con, **how))[1])
    with warehouse.held(), Warehouse(warehouse.path).held():
        warehouse.replace(TABLE, WAVES.head(2), {"wave": [2022, 2024]})
        assert Warehouse(warehouse.path).read(TABLE).height == 2
        assert len(attached) == 1
    assert warehouse.exists(TABLE)
    assert len(attached) == 2


def test_a_held_file_is_let_go_after_a_fault(tmp_path, warehouse):
    with pytest.raises(ZeroDivisionError), warehouse.held():
        1 / 0  # noqa: B018
    with duckdb.connect(warehouse.path) as other:  # the file is free, also for another way in
        assert other.sql("select count(*) from raw.answers").fetchall() == [(3,)]
    with Warehouse(tmp_path / "ingen.duckdb").held():
        assert not (tmp_path / "ingen.duckdb").exists(), "holding creates nothing"
