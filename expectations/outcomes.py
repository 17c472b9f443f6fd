"""The history of rules: one row per delivery, wave and rule that was tried. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from expectations.run import RuleOutcome, Status, Unit

OUTCOME_SCHEMA: dict[str, pl.DataType] = {
    "delivery_id": pl.String(),
    "wave": pl.Int32(),
    "table_name": pl.String(),
    "rule": pl.String(),
    "severity": pl.String(),
    "status": pl.String(),
    "columns_broken": pl.String(),
}
BROKEN = pl.col("status") == "broken"


def outcome_rows(tried: Mapping[str, Sequence[RuleOutcome]], units: Iterable[Unit]) -> pl.DataFrame:
    """Every rule's verdict for every delivery x wave.

    Args:
        tried: table -> its outcomes. units: the deliveries x waves of the run.

    Returns:
        `OUTCOME_SCHEMA`, sorted: status `holds`, `broken`, `not_evaluated` (also where a delivery has nothing that the rule is
        about, or no earlier wave to compare with); `columns_broken`: questions or columns, comma separated.
    """
    rows = []
    for delivery, wave in units:
        for table, outcomes in tried.items():
            for outcome in outcomes:
                status, columns = verdict_for(outcome, (delivery, wave))
                rows.append((delivery, wave, table, outcome.rule.id, outcome.rule.severity, status, ",".join(columns)))
    return pl.DataFrame(rows, schema=OUTCOME_SCHEMA, orient="row").sort("wave", "delivery_id", "table_name", "rule")


def verdict_for(outcome: RuleOutcome, unit: Unit) -> tuple[Status, tuple[str, ...]]:
    """One delivery's part in a rule's outcome."""
    if outcome.status == "not_evaluated":
        return "not_evaluated", ()
    if outcome.status == "broken" and not outcome.units:
        return "broken", outcome.columns_broken
    if outcome.units and unit in outcome.units:
        return "broken", outcome.units[unit]
    if outcome.judged and unit not in outcome.judged:
        return "not_evaluated", ()
    return "holds", ()


def delivery_verdicts(rows: pl.DataFrame) -> pl.DataFrame:
    """Counts per delivery and wave.

    Returns:
        `delivery_id, wave, rules_tried` (stopping rules and warnings that were evaluated), `warnings_broken, infos_broken`
        (Int64).
    """
    weighty = pl.col("severity") != "info"
    return (
        rows.group_by("delivery_id", "wave")
        .agg(
            rules_tried=(weighty & (pl.col("status") != "not_evaluated")).sum().cast(pl.Int64),
            warnings_broken=(BROKEN & (pl.col("severity") == "warning")).sum().cast(pl.Int64),
            infos_broken=(BROKEN & ~weighty).sum().cast(pl.Int64),
        )
        .sort("delivery_id", "wave")
    )
