"""What the Dagster UI shows about a table: rows, schema, a short markdown table of counts. Never a row's value."""

from collections.abc import Mapping

import dagster as dg
import polars as pl

from assets.methods.screening import ANY, REMOVED

PARTITION_COLUMN = "partition_column"
BY_WAVE = {PARTITION_COLUMN: "wave"}
BY_YEAR = {PARTITION_COLUMN: "year"}


def table_metadata(frame: pl.DataFrame, rows: int | None = None) -> dict[str, object]:
    """Row count (`rows` when the frame is a part of what was written) and schema for the UI; no values."""
    columns = [dg.TableColumn(name, str(dtype)) for name, dtype in frame.schema.items()]
    return {"dagster/row_count": frame.height if rows is None else rows, "dagster/column_schema": dg.TableSchema(columns)}


def count_table(frame: pl.DataFrame, by: list[str], headers: list[str], nearest: int = 5) -> dg.MarkdownMetadataValue:
    """Rows per group as a markdown table, rounded (to the nearest five where rows are pupils) so that it can stand in the UI."""
    return counted_table(frame.group_by(by).len("rows").sort(by), headers, nearest)


def counted_table(counts: pl.DataFrame, headers: list[str], nearest: int = 5) -> dg.MarkdownMetadataValue:
    """As `count_table`, of rows that have been counted: the groups' columns and, last, how many rows each has."""
    lines = ["| " + " | ".join([*headers, "rader (cirka)" if nearest > 1 else "rader"]) + " |", "|" + "---|" * counts.width]
    lines += [
        "| " + " | ".join([*(str(v) for v in row[:-1]), str((row[-1] + nearest // 2) // nearest * nearest)]) + " |"
        for row in counts.iter_rows()
    ]
    return dg.MetadataValue.md("\n".join(lines))


SCREEN_TOTALS = {ANY: "minst en flagga", REMOVED: "räknas bort enligt regeln"}
FEW = 10


def screen_table(counts: pl.DataFrame, texts: Mapping[str, str]) -> dg.MarkdownMetadataValue:
    """Flags of `harmonised.screen_counts` over all deliveries as a markdown table: pupils to the nearest five, none below ten."""
    sums = counts.group_by("flag").agg(pl.col("n_screened", "n_flagged").sum())
    found = {flag: (screened, flagged) for flag, screened, flagged in sums.iter_rows()}
    lines = ["| flagga | elever (cirka) | andel |", "|---|---|---|"]
    for flag, text in (dict(texts) | SCREEN_TOTALS).items():
        screened, flagged = found.get(flag, (0, 0))
        lines.append(f"| {text} | {_about(flagged, screened)} |")
    return dg.MetadataValue.md("\n".join(lines))


def _about(flagged: int, screened: int) -> str:
    if not screened:
        return "frågan finns inte i leveranserna | "
    if flagged < FEW:
        return f"färre än {FEW} | "
    share = f"{100 * flagged / screened:.1f}".replace(".", ",")
    return f"{(flagged + 2) // 5 * 5} | {share} procent"


def sensitivity_table(published: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """`release.screen_sensitivity` for the steward: per wave and grade the pupils left out and the largest change."""
    county = published.filter(pl.col("area_level") == "county").sort("wave", "grade")
    lines = ["| mättillfälle | årskurs | borträknade elever (cirka) | största ändring, procentenheter |", "|---|---|---|---|"]
    for (wave, grade), part in county.group_by("wave", "grade", maintain_order=True):
        left_out = part.filter(pl.col("measure") == "n_removed")["value"].drop_nulls()
        change = part.filter(pl.col("measure") == "diff_share")["value"].drop_nulls().abs()
        shown = [f"{series[0]:.0f}" if len(series) else "visas inte" for series in (left_out, change.sort(descending=True))]
        lines.append(f"| {wave} | {grade} | {shown[0]} | {shown[1]} |")
    return dg.MetadataValue.md("\n".join(lines))
