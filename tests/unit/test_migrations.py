"""A warehouse from before versions were kept is brought forward once, after a copy; one from the future is refused."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.methods.errors import PipelineError
from pipelines import migrations
from pipelines.warehouse import TableName, Warehouse

OLD = Path(__file__).resolve().parents[1] / "data" / "warehouse_version_1.sql"
"""The tables of a warehouse written before the release was audited, as DuckDB told them; no rows."""
COUNTS = TableName("indices", "area_counts")
ANSWERS = TableName("validated", "survey_responses")
MARKS = TableName("raw", "stage_marks")


@pytest.fixture
def old_file(tmp_path) -> Path:
    """Such a file, with synthetic rows of two waves in the tables that matter."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(OLD.read_text(encoding="utf-8"))
        for wave in (2022, 2024):
            for table in (COUNTS, ANSWERS, MARKS, "release.index_results", "raw.survey_deliveries"):
                con.execute(f"insert into {table} by name select {wave}::integer as wave")
    return path


def test_what_is_computed_is_taken_away_and_what_was_delivered_stays(old_file):
    warehouse = Warehouse(old_file)
    assert warehouse.read(COUNTS).is_empty(), "made anew by the next run"
    assert warehouse.tables("release") == warehouse.tables("indices") == []
    assert not warehouse.exists(MARKS), "nothing is taken for done"
    assert sorted(warehouse.read(ANSWERS, columns=["wave"])["wave"]) == [2022, 2024]
    assert warehouse.read(TableName("raw", "survey_deliveries")).height == 2
    versions = warehouse.read(TableName("ledger", "schema_versions"))
    assert versions["version"].to_list() == list(range(2, migrations.newest() + 1))


def test_without_the_migration_old_slices_would_lie_beside_new_ones(old_file, monkeypatch):
    """What goes wrong without it: a run of one wave adds a column that disclosure control reads, empty for the other waves."""
    new = pl.DataFrame({"wave": [2024], "largest_school": [12]}, schema_overrides={"wave": pl.Int32})
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "bring_up_to_date", lambda *_, **__: None)
        Warehouse(old_file).replace(COUNTS, new, {"wave": [2024]})
        assert Warehouse(old_file).read(COUNTS)["largest_school"].null_count() == 1
    mended = Warehouse(old_file.with_name("ny.duckdb"))
    mended.replace(COUNTS, new, {"wave": [2024]})
    assert mended.read(COUNTS)["largest_school"].null_count() == 0


def test_the_file_as_it_was_is_kept_once(old_file):
    Warehouse(old_file).read(COUNTS)
    (copy,) = (old_file.parent / "sakerhetskopior").iterdir()
    with duckdb.connect(str(copy), read_only=True) as con:
        assert con.sql("select count(*) from indices.area_counts").fetchall() == [(2,)]
    stamp = copy.stat().st_mtime_ns
    Warehouse(old_file).replace(COUNTS, pl.DataFrame({"wave": [2024]}), None)
    assert Warehouse(old_file).read(COUNTS).height == 1, "brought forward once, not at every opening"
    assert [path.stat().st_mtime_ns for path in copy.parent.iterdir()] == [stamp]


def test_a_file_of_a_later_version_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create schema ledger")
        con.execute("create table ledger.schema_versions as select 999 as version, '' as applied, '' as program")
    before = path.read_bytes()
    with pytest.raises(PipelineError) as caught:
        Warehouse(path).replace(COUNTS, pl.DataFrame({"wave": [1]}), None)
    assert caught.value.code == "warehouse_newer"
    assert "version 999, som en nyare version av programmet har skrivit" in str(caught.value)
    assert path.read_bytes() == before


def test_a_migration_that_fails_changes_nothing(old_file, monkeypatch):
    monkeypatch.setattr(migrations, "steps", lambda: ((2, "drop schema release cascade; select * from ingenstans"),))
    with pytest.raises(duckdb.CatalogException):
        Warehouse(old_file).read(COUNTS)
    with duckdb.connect(str(old_file), read_only=True) as con:
        assert con.sql("select count(*) from release.index_results").fetchall() == [(2,)]
        assert not con.sql("select 1 from duckdb_schemas() where schema_name = 'ledger'").fetchall()


def test_a_copy_that_finds_no_room_stops_before_anything_is_changed(old_file, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.migrations.put_copy", full)
    with pytest.raises(PipelineError) as caught:
        Warehouse(old_file).read(COUNTS)
    assert caught.value.code == "no_copy"
    with duckdb.connect(str(old_file), read_only=True) as con:
        assert con.sql("select count(*) from indices.area_counts").fetchall() == [(2,)]


def test_a_new_file_is_of_the_newest_version_and_needs_no_copy(tmp_path):
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    warehouse.replace(COUNTS, pl.DataFrame({"wave": [1]}), None)
    assert warehouse.read(TableName("ledger", "schema_versions"))["version"].to_list() == [migrations.newest()]
    assert not (tmp_path / "sakerhetskopior").exists()


def test_migrations_are_numbered_without_gaps():
    assert [version for version, _ in migrations.steps()] == list(range(2, migrations.newest() + 1))


def test_a_file_made_anew_in_the_same_place_gets_its_version(tmp_path):
    """The file system may give it the number that the old one had."""
    path = tmp_path / "warehouse.duckdb"
    for _ in range(2):
        Warehouse(path).replace(COUNTS, pl.DataFrame({"wave": [1]}), None)
        assert Warehouse(path).read(TableName("ledger", "schema_versions")).height == 1
        path.unlink()
