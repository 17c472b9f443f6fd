"""The project's own I/O manager: Polars frames in and out of DuckDB, one slice per partition, in one transaction.

A table that is given in parts (`TableParts`) is written a partition at a time.

The packaged Polars I/O managers cannot read tables back with DuckDB 2 (docs/adr/0002).
"""

import dagster as dg
import polars as pl
from pydantic import Field, PrivateAttr

from assets.failures import as_failure
from assets.table_metadata import PARTITION_COLUMN, table_metadata
from assets.table_parts import TableParts
from assets.texts import shown_as, ui_texts
from pipelines.dagster_runs import RunOfDagster
from pipelines.resources import Store
from pipelines.shown import shown_metadata
from pipelines.warehouse import TableName, Warehouse


@shown_as("io_manager")
class DuckDBTables(dg.ConfigurableIOManager):
    """Asset key [layer, table] (after a profile's prefix) <-> table `layer.table`.

    The partition column is declared in the asset's metadata. Every asset and op has this manager, so it is also what writes in
    the ledger that a run begins and ends (docs/adr/0054).
    """

    data_dir: str = Field(description=ui_texts()["fields"]["data_dir"])
    _run: RunOfDagster | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Write that the run begins."""
        if RunOfDagster.is_one(context.run, context.instance):
            self._run = RunOfDagster(Store(data_dir=self.data_dir).paths, context.run, context.instance)
            self._run.begin()

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Write how the run ended."""
        ended = context.run.run_id if context.run else ""
        if self._run is not None and self._run.run_id == ended:  # and not a part of it
            self._run.end()
            self._run = None

    @property
    def _warehouse(self) -> Warehouse:
        return Store(data_dir=self.data_dir).warehouse

    def handle_output(self, context: dg.OutputContext, obj: pl.DataFrame | TableParts) -> None:
        """Replace the run's slice of the table and report rows and schema, never values.

        Raises:
            Failure: with the sentence of `Warehouse.connect`, when the file is busy, damaged or on a full disk.
        """
        column = context.definition_metadata.get(PARTITION_COLUMN)
        table = _table(context.asset_key)
        with as_failure():
            if isinstance(obj, TableParts):
                last, rows = _write_parts(self._warehouse, table, obj, column)
            else:
                self._warehouse.replace(table, obj, {column: _keys(context)} if column else None)
                last, rows = obj, obj.height
        context.add_output_metadata(table_metadata(last, rows) | shown_metadata(self._warehouse, table, last, column))
        _let_go(context)

    def load_input(self, context: dg.InputContext) -> pl.DataFrame:
        """The slices of the upstream table that the run's partitions map to."""
        upstream = context.upstream_output
        column = upstream.definition_metadata.get(PARTITION_COLUMN) if upstream else None
        where = {column: _keys(context)} if column and context.has_asset_partitions else None
        with as_failure():
            return self._warehouse.read(_table(context.asset_key), where)


def _write_parts(warehouse: Warehouse, table: TableName, parts: TableParts, column: str) -> tuple[pl.DataFrame, int]:
    """Make and write one part after the other; the last one, and how many rows all had."""
    made, rows = pl.DataFrame(), 0
    for key in parts.keys:
        made = parts.make(key)
        warehouse.replace(table, made, {column: [key]})
        rows += made.height
    return made, rows


def _let_go(context: dg.OutputContext) -> None:
    """Drop the frame from what Dagster keeps of an in-process run until it ends: it lies in the warehouse now.

    All tables of a layer would else be in memory at once (docs/adr/0023).
    """
    kept = context.step_context.output_capture
    if kept is not None:
        kept.clear()


def _keys(context: dg.OutputContext | dg.InputContext) -> list[int]:
    return [int(k) for k in context.asset_partition_keys]


def _table(key: dg.AssetKey) -> TableName:
    return TableName(*key.path[-2:])
