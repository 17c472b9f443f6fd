"""What the audit is given of earlier releases, and what is kept of its outcome: which release has passed, and beside what."""

from collections.abc import Mapping

import polars as pl

from assets.audit import AuditReport, EarlierRelease, EditionRules
from assets.audited_tables import AUDITED, OUTCOME
from assets.catalogue.load import Catalogue
from assets.methods.disclosure_policy import load_policy
from assets.methods.score_scale import policy_for
from assets.release_earlier import current_inputs
from assets.release_register.cells import CELL_COLUMNS, cells_of
from assets.release_register.history import earlier_releases
from assets.release_register.store import read_cells, read_register
from pipelines.resources import release_id
from pipelines.warehouse import TableName, Warehouse

OUTCOMES = TableName("release", OUTCOME)
SCHEMA = {"release_id": pl.String, "cells": pl.Int64, "entries": pl.Int64}
SLICE = ("wave", "grade")
"""What is attacked together, beside the area: the rest of an earlier release costs nothing when it hasn't changed."""
METHODS = ("method", "interval_method")
"""Columns that the audit reads and the register hasn't: a share of an earlier release is bounded by its rounding alone."""


def forget_outcome(warehouse: Warehouse) -> None:
    """No release has passed until the audit that begins says so."""
    warehouse.replace(OUTCOMES, pl.DataFrame(schema=SCHEMA), None)


def keep_outcome(warehouse: Warehouse, report: AuditReport) -> None:
    """Keep that the release has passed: its id, the number of cells attacked and of entries in the register at that time."""
    entries = len(read_register(warehouse.path.parent).entries)
    rows = [(release_id(warehouse), report.cells.height, entries)]
    warehouse.replace(OUTCOMES, pl.DataFrame(rows, schema=SCHEMA, orient="row"), None)


def earlier_attacked(
    warehouse: Warehouse, catalogue: Catalogue, published: dict[str, pl.DataFrame]
) -> tuple[EarlierRelease, ...]:
    """What has been published before and isn't published again unchanged, as the audit takes it.

    An earlier release is attacked together with the new one where some exact number of the same wave and grade is another now;
    where all are the same there is nothing to put together. Numbers with noise are not attacked, and say nothing of the others.

    Raises:
        PipelineError: the register is not whole.
    """
    root = warehouse.path.parent
    entries = read_register(root).entries
    if not entries:
        return ()
    policy = load_policy(policy_for(catalogue.disclosure, catalogue.index_file))
    exact = [name for name in AUDITED if name not in policy.cell_key.tables]
    now = cells_of({name: published[name] for name in exact if name in published})

    def changed(digest: str) -> pl.DataFrame:
        then = read_cells(root, digest).select(CELL_COLUMNS).filter(pl.col("table_name").is_in(exact))
        gone = then.join(now, on=list(CELL_COLUMNS), how="anti", nulls_equal=True).select(SLICE).unique()
        return then.join(gone, on=list(SLICE), how="semi", nulls_equal=True)

    any_sensitive = bool(policy.sensitive_indices)
    found = earlier_releases(entries, changed, current_inputs(warehouse, catalogue))
    return tuple(
        EarlierRelease(
            one.release_id,
            one.published_on,
            {name: _with_methods(rows) for name, rows in one.tables.items()},
            one.same_pupils,
            {name: edition_rules(numbers, any_sensitive=any_sensitive) for name, numbers in one.inputs.numbers.items()},
            frozenset(one.inputs.noise),
            frozenset((area, int(wave)) for area, wave in (key.split("|") for key in one.inputs.deliveries)),
        )
        for one in found
        if one.tables
    )


def edition_rules(numbers: Mapping[str, int], *, any_sensitive: bool) -> EditionRules:
    """What an attacker reads in a policy's numbers (`PolicyNumbers`) of one edition."""
    return EditionRules(
        floor=numbers["group_floor"],
        floor_sensitive=numbers["group_floor_sensitive"],
        district_floor=numbers["district_floor"],
        respondents_floor=numbers["group_floor_sensitive"] if any_sensitive else numbers["group_floor"],
        count_step=numbers["count_step"],
        share_step=numbers["share_step"],
        width=numbers["interval_width"],
        width_sensitive=numbers["interval_width_sensitive"],
        cell=numbers["cell_floor"],
        cell_sensitive=numbers["cell_floor_sensitive"],
        mean_step=10.0 ** -numbers["mean_decimals"],
    )


def _with_methods(rows: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in METHODS if name not in rows.columns]
    return rows.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
