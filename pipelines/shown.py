"""What the Dagster UI shows about a table that has just been written: how much per slice, what is hidden, how fresh it is."""

import dagster as dg
import polars as pl

from assets.catalogue.load import load_catalogue
from assets.ui_tables import cell_table, freshness_table, latest_years, municipality_table, slice_table
from pipelines.warehouse import TableName, Warehouse

DELIVERIES, REGISTERS = TableName("validated", "deliveries"), TableName("validated", "register_values")
OF_DELIVERIES = ("wave", "municipality_code", "promoted", "critical_broken", "warnings_broken")
AFTER_CHECKS = ("indices", "release")
"""Layers made of what the checks have let through."""


def shown_metadata(warehouse: Warehouse, table: TableName, rows: pl.DataFrame, column: str | None) -> dict[str, object]:
    """Markdown tables about a table, by label.

    Args:
        rows: what the run wrote: some of the slices, or all.
        column: what the table is sliced by, if it is.
    """
    with warehouse.held():
        counts = warehouse.row_counts(table, column) if column else {}
        fresh = freshness(warehouse) if table.layer in AFTER_CHECKS else ""
    found: dict[str, str] = {}
    if counts and column:
        found["omfattning"] = slice_table(counts, column, exact=table.layer == "release")
    if table.layer == "release" and "reason" in rows.columns and rows.height:
        found["visas och döljs"] = cell_table(rows)
        found["läget per kommun"] = municipality_table(rows, load_catalogue().area_names)
    found["färskhet"] = fresh
    return {label: dg.MetadataValue.md(text) for label, text in found.items() if text}


def freshness(warehouse: Warehouse) -> str:
    """How fresh answers and registers are and what the last checks said, as Markdown."""
    deliveries = warehouse.read(DELIVERIES, columns=OF_DELIVERIES) if warehouse.exists(DELIVERIES) else pl.DataFrame()
    registers = warehouse.read(REGISTERS, columns=["source", "year"]) if warehouse.exists(REGISTERS) else pl.DataFrame()
    return freshness_table(deliveries, latest_years(registers))
