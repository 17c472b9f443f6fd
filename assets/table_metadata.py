"""What the Dagster UI shows about a table: rows, schema, a short markdown table of counts. Never a row's value."""

import dagster as dg
import polars as pl

PARTITION_COLUMN = "partition_column"
BY_WAVE = {PARTITION_COLUMN: "wave"}
BY_YEAR = {PARTITION_COLUMN: "year"}


def table_metadata(frame: pl.DataFrame) -> dict[str, object]:
    """Row count and schema for the UI; no values."""
    columns = [dg.TableColumn(name, str(dtype)) for name, dtype in frame.schema.items()]
    return {"dagster/row_count": frame.height, "dagster/column_schema": dg.TableSchema(columns)}


def count_table(frame: pl.DataFrame, by: list[str], headers: list[str], nearest: int = 5) -> dg.MarkdownMetadataValue:
    """Rows per group as a markdown table, rounded (to the nearest five where rows are pupils) so that it can stand in the UI."""
    counts = frame.group_by(by).len("rows").sort(by)
    lines = ["| " + " | ".join([*headers, "rader (cirka)" if nearest > 1 else "rader"]) + " |", "|" + "---|" * (len(by) + 1)]
    lines += [
        "| " + " | ".join([*(str(v) for v in row[:-1]), str((row[-1] + nearest // 2) // nearest * nearest)]) + " |"
        for row in counts.iter_rows()
    ]
    return dg.MetadataValue.md("\n".join(lines))
