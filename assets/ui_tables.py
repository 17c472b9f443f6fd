"""Small Markdown tables for the Dagster UI: how much a table holds per slice, what is shown and hidden, and how fresh it is.

Before the release layer only counts stand in them, rounded to the nearest five and none below ten; in the release layer, counts
of cells. Never a row's value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.intake.names import in_markdown
from assets.ui_pictures import blocks, number, spark_image

FEW, NEAREST = 10, 5
LAST = 6
"""So many waves or years stand in numbers; the sparkline has all."""
LABELS = {"wave": "mättillfälle", "year": "år"}


def markdown_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def slice_table(counts: Mapping[int, int], column: str, *, exact: bool) -> str:
    """Rows per wave or year with a sparkline over all of them.

    Args:
        exact: false rounds to the nearest five and says "färre än 10", for tables whose rows may be pupils.
    """
    kept = dict(sorted(counts.items()))
    shown = {key: count if exact else _about(count) for key, count in kept.items()}
    words = {key: f"färre än {FEW}" if value is None else number(value) for key, value in shown.items()}
    last = [*shown][-LAST:]
    head = [LABELS.get(column, column), *(str(key) for key in last), "utveckling"]
    title = "rader" if exact else "rader (cirka)"
    return markdown_table(head, [[title, *(words[key] for key in last), spark_image([*shown.values()])]])


def cell_table(rows: pl.DataFrame) -> str:
    """Cells of a release table that are shown and hidden, per edition; `rows` has the column `reason`, maybe `edition`."""
    named = rows if "edition" in rows.columns else rows.with_columns(edition=pl.lit("alla"))
    found = (
        named.group_by("edition").agg(pl.len().alias("cells"), (pl.col("reason") == "ok").sum().alias("shown")).sort("edition")
    )
    table = [[edition, number(cells), number(shown), number(cells - shown)] for edition, cells, shown in found.iter_rows()]
    return markdown_table(["utgåva", "celler", "visas", "visas inte"], table)


def municipality_table(rows: pl.DataFrame, names: Mapping[str, str]) -> str:
    """Cells shown and not shown per municipality in the latest wave of `rows`, with the share that is shown over the waves.

    Returns:
        "" when the table has no municipalities or no waves.
    """
    if not {"area_level", "area_code", "wave", "reason"} <= set(rows.columns):
        return ""
    own = rows.filter(pl.col("area_level") == "municipality")
    if "edition" in own.columns:
        own = own.filter(pl.col("edition") == "intern")
    if own.is_empty():
        return ""
    per = own.group_by("area_code", "wave").agg(pl.len().alias("cells"), (pl.col("reason") == "ok").sum().alias("shown"))
    waves = sorted(per["wave"].unique())
    held = {(code, wave): (cells, shown) for code, wave, cells, shown in per.iter_rows()}
    lines = []
    for code in sorted(per["area_code"].unique(), key=lambda code: names.get(code, code)):
        cells, shown = held.get((code, waves[-1]), (0, 0))
        shares = [100 * pair[1] / pair[0] if (pair := held.get((code, wave))) else None for wave in waves]
        lines.append([in_markdown(names.get(code, code)), number(shown), number(cells - shown), blocks(shares)])
    return markdown_table(["kommun", f"visas {waves[-1]}", "visas inte", "andel som visas"], lines)


def freshness_table(deliveries: pl.DataFrame, years: Mapping[str, int]) -> str:
    """How fresh the answers and registers are, and what the last checks said.

    Args:
        deliveries: wave, municipality_code, promoted, critical_broken, warnings_broken of `validated.deliveries`.
        years: source of register values -> its latest year.
    """
    if deliveries.is_empty():
        return "Inga leveranser är prövade ännu."
    latest = deliveries.filter(pl.col("wave") == deliveries["wave"].max())
    kept = latest.filter(pl.col("promoted"))
    wave = f"{latest['wave'].max()}: {kept['municipality_code'].n_unique()} kommuner"
    checks = (
        f"{latest.height} prövade leveranser: {number(int(latest['critical_broken'].sum()))} brutna stoppande regler, "
        f"{number(int(latest['warnings_broken'].sum()))} varningar"
    )
    registers = ", ".join(f"{source} till och med {year}" for source, year in sorted(years.items())) or "inga"
    return _fresh(wave, checks, registers)


def released_freshness(quality: pl.DataFrame, years: Mapping[str, int]) -> str:
    """As `freshness_table`, from the release alone.

    Args:
        quality: area_code, wave, item, value of `release.delivery_quality`.
        years: source of register values -> its latest year.
    """
    rules = quality.filter(pl.col("item").is_in(["rules_passed", "rules_failed"]))
    if rules.is_empty():
        return "Inga leveranser är utgivna ännu."
    latest = rules.filter(pl.col("wave") == rules["wave"].max()).with_columns(pl.col("value").cast(pl.Int64, strict=False))
    sums = dict(latest.group_by("item").agg(pl.col("value").sum()).iter_rows())
    wave = f"{latest['wave'].max()}: {latest['area_code'].n_unique()} kommuner"
    checks = f"{number(sums.get('rules_passed', 0))} regler höll, {number(sums.get('rules_failed', 0))} höll inte"
    registers = ", ".join(f"{source} till och med {year}" for source, year in sorted(years.items())) or "inga"
    return _fresh(wave, checks, registers)


def latest_years(registers: pl.DataFrame) -> dict[str, int]:
    """Source of register values -> its latest year; `registers` has the columns source and year, or is empty."""
    if registers.is_empty():
        return {}
    return dict(registers.group_by("source").agg(pl.col("year").max()).sort("source").iter_rows())


def _fresh(wave: str, checks: str, registers: str) -> str:
    rows = [["senaste godkända enkäter", wave], ["kontrollerna sa", checks], ["registervärden", registers]]
    return markdown_table(["", ""], rows)


def _about(count: int) -> int | None:
    return None if count < FEW else (count + NEAREST // 2) // NEAREST * NEAREST
