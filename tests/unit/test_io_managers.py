"""Frames in and out of the warehouse through Dagster, one slice per partition, no values in the metadata."""

import dagster as dg
import polars as pl
import pytest

from assets.methods.errors import PipelineError
from assets.slices import ONE_RUN, range_tags
from assets.table_metadata import BY_WAVE
from assets.table_parts import TableParts
from pipelines.io_managers import DuckDBTables
from pipelines.resources import Store
from pipelines.warehouse import TableName, Warehouse

PARTS = dg.StaticPartitionsDefinition(["2020", "2022", "2024"])
UPSTREAM = {"upstream": dg.AssetIn(["raw", "upstream"])}


@dg.asset(key=["raw", "upstream"], partitions_def=PARTS, metadata=BY_WAVE, backfill_policy=ONE_RUN)
def upstream(context: dg.AssetExecutionContext) -> pl.DataFrame:
    """One row per wave of the run."""
    waves = [int(key) for key in context.partition_keys]
    return pl.DataFrame({"wave": waves, "name": [f"KANARIE {wave}" for wave in waves], "run": [context.run.run_id] * len(waves)})


@dg.asset(key=["harmonised", "downstream"], partitions_def=PARTS, metadata=BY_WAVE, ins=UPSTREAM)
def downstream(upstream: pl.DataFrame) -> pl.DataFrame:
    """What it was given."""
    return upstream.with_columns(given=pl.lit(upstream.height))


@dg.asset(key=["release", "whole"], ins=UPSTREAM)
def whole(upstream: pl.DataFrame) -> pl.DataFrame:
    """Everything."""
    return upstream


@dg.asset(key=["raw", "in_parts"], partitions_def=PARTS, metadata=BY_WAVE, backfill_policy=ONE_RUN)
def in_parts(context: dg.AssetExecutionContext) -> dg.Output[TableParts]:
    """Two rows per wave, made when they are asked for; 2024 can't be made in a run that a test says so of."""

    def make(wave: int) -> pl.DataFrame:
        if wave == 2024 and "fails" in context.run.tags:
            raise ValueError("2024 can't be made")
        return pl.DataFrame({"wave": [wave, wave], "run": [context.run.run_id] * 2})

    return dg.Output(TableParts(tuple(int(key) for key in context.partition_keys), make))


@pytest.fixture
def run(tmp_path):
    """Run one asset on a warehouse of its own."""
    manager = {"io_manager": DuckDBTables(data_dir=str(tmp_path))}
    with dg.DagsterInstance.ephemeral() as instance:

        def go(asset: dg.AssetsDefinition, partition: str | None = None, tags: dict[str, str] | None = None):
            everything = [upstream, downstream, whole, in_parts]
            done = dg.materialize(
                everything, selection=[asset], partition_key=partition, tags=tags, resources=manager, instance=instance,
                raise_on_error="fails" not in (tags or {}),
            )  # fmt: skip
            assert done.success != ("fails" in (tags or {}))
            return done

        yield go


def table(tmp_path, layer, name):
    """Rows of a table by wave."""
    return Store(data_dir=str(tmp_path)).warehouse.read(TableName(layer, name)).sort("wave")


def test_each_partition_is_a_slice_of_one_table(run, tmp_path):
    first, second = run(upstream, "2022").run_id, run(upstream, "2024").run_id
    assert table(tmp_path, "raw", "upstream").select("wave", "run").rows() == [(2022, first), (2024, second)]
    third = run(upstream, "2022").run_id
    assert table(tmp_path, "raw", "upstream")["run"].to_list() == [third, second]


def test_a_range_is_one_write(run, tmp_path):
    done = run(upstream, tags=range_tags("2020", "2024"))
    assert table(tmp_path, "raw", "upstream")["wave"].to_list() == [2020, 2022, 2024]
    assert set(table(tmp_path, "raw", "upstream")["run"]) == {done.run_id}


def test_a_table_in_parts_is_all_its_parts_and_tells_how_many_rows_they_have(run, tmp_path):
    done = run(in_parts, tags=range_tags("2020", "2024"))
    assert table(tmp_path, "raw", "in_parts")["wave"].to_list() == [2020, 2020, 2022, 2022, 2024, 2024]
    (told,) = done.asset_materializations_for_node("raw__in_parts")[:1]
    assert told.metadata["dagster/row_count"].value == 6


def test_a_part_that_cannot_be_made_leaves_its_earlier_rows_and_the_step_as_not_done(run, tmp_path):
    first = run(in_parts, tags=range_tags("2020", "2024")).run_id
    broken = run(in_parts, tags=range_tags("2020", "2024") | {"fails": "2024"})
    assert not broken.asset_materializations_for_node("raw__in_parts")
    last = table(tmp_path, "raw", "in_parts").unique().sort("wave")
    assert last["run"].to_list() == [broken.run_id, broken.run_id, first]


def test_an_input_is_the_slice_that_the_partition_maps_to(run, tmp_path):
    run(upstream, tags=range_tags("2020", "2024"))
    run(downstream, "2022")
    assert table(tmp_path, "harmonised", "downstream").select("wave", "given").rows() == [(2022, 1)]
    run(whole)
    assert table(tmp_path, "release", "whole").height == 3


def test_metadata_says_rows_and_columns_and_no_value(run):
    done = run(upstream, tags=range_tags("2020", "2024"))
    (event, *_) = done.asset_materializations_for_node("raw__upstream")
    assert event.metadata["dagster/row_count"].value == 3
    assert [c.name for c in event.metadata["dagster/column_schema"].schema.columns] == ["wave", "name", "run"]
    assert "KANARIE" not in str([e.to_json() if hasattr(e, "to_json") else str(e) for e in done.all_events])


def test_a_run_holds_no_table_that_it_has_written(run, tmp_path):
    done = run(upstream, tags=range_tags("2020", "2024"))
    assert table(tmp_path, "raw", "upstream").height == 3
    with pytest.raises(dg.DagsterInvariantViolationError):
        done.output_for_node("raw__upstream")


def test_a_busy_warehouse_is_a_sentence_and_no_fault_of_the_program(run, monkeypatch):
    busy = PipelineError("warehouse_busy", "Databasen", "att den är fri", "ett annat program", "Stäng det andra programmet.")

    def refuse(*_: object, **__: object) -> None:
        raise busy

    monkeypatch.setattr(Warehouse, "replace", refuse)
    (event,) = [event for event in run(upstream, "2020", {"fails": "yes"}).all_events if event.is_step_failure]
    assert event.step_failure_data.user_failure_data.description == str(busy)
