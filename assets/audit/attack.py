"""The audit of a release: every attack on every hidden cell, and whether the release may go on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import polars as pl

from assets.audit.copies import copied_cells
from assets.audit.derived import TOLD_BY, derived_cells
from assets.audit.middles import middle_attacks, run_middles
from assets.audit.perturbed import exact_cells
from assets.audit.side import run_side, side_attacks
from assets.audit.tasks import Found, Task, earlier_tasks, run_task, size, sliced_tasks
from assets.audit.types import CELL_KEY, CONFLICT_SCHEMA, REPORT_SCHEMA, AuditReport, AuditRules, EarlierRelease, Passed
from assets.audit.whole import run_whole, whole_attacks

Run = Callable[[Callable[[Any], Found], Sequence[Any]], Iterable[Found]]
EFFORT_SCHEMA = {
    "attack": pl.String, "family": pl.String, "systems": pl.Int64, "cells": pl.Int64, "programs": pl.Int64, "seconds": pl.Float64
}  # fmt: skip


def audit(
    published: Mapping[str, pl.DataFrame],
    rules: AuditRules,
    earlier: Sequence[EarlierRelease] = (),
    *,
    run: Run = map,
    passed: Passed | None = None,
) -> AuditReport:
    """Bounds on every hidden number by everything that is published.

    Args:
        published: name of the release table -> its rows, all editions.
        earlier: what has been published before about the same waves.
        run: begins the attacks in worker processes and gives their answers in order; one after another when nothing is given.
        passed: what an earlier audit has found of waves and grades of which nothing is another now; they aren't attacked again.

    Returns:
        A report that has passed only when every hidden cell is wider than required and nothing contradicts itself.
    """
    attacked = published if passed is None else {name: _not_in(rows, passed) for name, rows in published.items()}
    begun = [_begun(run, made) for made in (*sliced_tasks(attacked, rules), earlier_tasks(attacked, rules, earlier))]
    middles = run(run_middles, middle_attacks(attacked, rules))
    whole = run(run_whole, whole_attacks(attacked, rules) if rules.whole else [])
    # what is done here is done while worker processes attack
    beside = [run_side(one) for one in side_attacks(attacked, rules)]
    copied = [derived_cells(published, rules), copied_cells(published, rules), exact_cells(published, rules)]
    attacks = sorted((one for answers in begun for one in answers), key=itemgetter(0), reverse=True)
    found = [*(one for _, one in attacks), *middles, *whole, *beside]
    cells = pl.concat(
        [
            pl.DataFrame(schema=REPORT_SCHEMA) if passed is None else passed.cells,
            *(one.cells for one in found),
            *copied,
        ]
    ).sort(*CELL_KEY, "attack")
    effort = pl.DataFrame([row for one in found for row in one.effort], schema=EFFORT_SCHEMA, orient="row")
    effort = effort.group_by("attack", "family").agg(pl.all().sum()).sort("attack", "family")
    bad = cells.filter(pl.col("verdict") != "wide")
    return AuditReport(bad.is_empty(), cells, conflicts(bad), effort)


def _begun(run: Run, made: Sequence[Task]) -> Iterable[tuple[int, Found]]:
    """Size and answer of attacks, the largest first: worker processes begin with them while the next ones are made."""
    ordered = sorted(made, key=size, reverse=True)
    return zip(map(size, ordered), run(run_task, ordered), strict=True)


def _not_in(rows: pl.DataFrame, passed: Passed) -> pl.DataFrame:
    """The rows of the waves and grades that are still to be attacked."""
    sliced = {"wave", "grade"} <= set(rows.columns)
    return rows.join(passed.slices, on=["wave", "grade"], how="anti", maintain_order="left") if sliced else rows


def conflicts(bad: pl.DataFrame) -> pl.DataFrame:
    """Where cells are too narrow or contradict each other, and which tables (of which releases) do it together."""
    together = {
        "index_results": "index_results, accumulated_results",
        "accumulated_results": "index_results, accumulated_results",
        "indicator_results": "index_results, indicator_results",
    }
    now = pl.col("table_name").replace(together)
    before = pl.format("{}; {} ({})", now, now, pl.col("attack").str.strip_prefix("earlier:"))
    attack, formed = pl.col("attack"), pl.format("{}, {}", pl.col("table_name"), pl.col("attack").str.strip_prefix(TOLD_BY))
    named = bad.with_columns(
        tables=pl.when(attack.str.starts_with("earlier:")).then(before).when(attack.str.starts_with(TOLD_BY)).then(formed)
        .otherwise(now)
    )  # fmt: skip
    grouped = named.group_by("attack", "table_name", "area_code", "grade", "wave", "tables").agg(
        pl.len().cast(pl.Int64).alias("cells")
    )
    return grouped.select(*CONFLICT_SCHEMA).sort("attack", "table_name", "area_code", "wave", "grade")
