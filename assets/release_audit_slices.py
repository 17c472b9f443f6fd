"""What an audit that has passed need not attack again: waves and grades of which nothing that an attack reads is another now.

Every attack is on one wave and grade (`assets/audit`), so its answer depends on the rows of that slice, on the rules, on what has
been published before about it, and on the code. A mark is the hash of all that. It stands in `release.audit_slices` with the hash
of the `release.audit` that was written with it: marks beside any other `release.audit` count for nothing (docs/adr/0057).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import polars as pl

from assets.audit import AuditRules, EarlierRelease
from assets.audit.types import CELL_KEY, REPORT_SCHEMA, Passed
from assets.audited_tables import AUDITED, BESIDE, SLICES
from assets.kept_tables import content_hash, digest
from pipelines.provenance import code_version, package_versions
from pipelines.warehouse import TableName, Warehouse

AUDIT, MARKS = TableName("release", "audit"), TableName("release", SLICES)
SHOWN_COLUMNS = [*CELL_KEY, "width", "required", "verdict", "attack"]
"""Columns of `release.audit`: the bounds themselves are not stored."""
SLICE = ["wave", "grade"]
SCHEMA = {"wave": pl.Int32, "grade": pl.String, "mark": pl.String, "audit": pl.String}


def slice_marks(
    warehouse: Warehouse, rules: AuditRules, earlier: Sequence[EarlierRelease], published: Mapping[str, pl.DataFrame]
) -> dict[tuple[int, str], str]:
    """Wave and grade -> what tells whether an attack on it would find the same as before.

    Args:
        published: what is attacked; its numbers of rows are part of the marks, so that an audit of a part vouches for no more.
    """
    always = [code_version(), package_versions(), asdict(rules)]
    found = {name: warehouse.slice_hashes(TableName("release", name), SLICE) for name in (*AUDITED, *BESIDE)}
    given = {name: _heights(published[name]) for name in found if name in published}
    slices = sorted({one for by_slice in found.values() for one in by_slice})
    return {
        (wave, grade): digest(
            [
                always,
                [(name, of.get((wave, grade)), given.get(name, {}).get((wave, grade))) for name, of in found.items()],
                _before(earlier, wave, grade),
            ]
        )
        for wave, grade in slices
    }


def passed_before(warehouse: Warehouse, now: dict[tuple[int, str], str]) -> Passed | None:
    """What the last audit that passed found in the slices whose mark is the same now; None when there are none."""
    known, cells = warehouse.read(MARKS), warehouse.read(AUDIT)
    if not known.height or set(cells.columns) != set(SHOWN_COLUMNS):
        return None
    same = [(wave, grade) for wave, grade, mark in known.select(*SLICE, "mark").iter_rows() if now.get((wave, grade)) == mark]
    if not same or known["audit"].unique().to_list() != [content_hash(cells)] or (cells["verdict"] != "wide").any():
        return None
    slices = pl.DataFrame(same, schema={name: SCHEMA[name] for name in SLICE}, orient="row")
    bounds = [pl.lit(None, pl.Float64).alias(name) for name in ("low", "high")]
    return Passed(slices, cells.join(slices, on=SLICE, how="semi").with_columns(bounds).select(*REPORT_SCHEMA))


def keep_passed(warehouse: Warehouse, marks: dict[tuple[int, str], str], cells: pl.DataFrame) -> None:
    """Keep the marks of an audit that has passed.

    Args:
        cells: `release.audit` as it is about to be written; until it is, the marks count for nothing.
    """
    rows = [(wave, grade, mark, content_hash(cells)) for (wave, grade), mark in marks.items()]
    warehouse.replace(MARKS, pl.DataFrame(rows, schema=SCHEMA, orient="row"), None)


def _heights(rows: pl.DataFrame) -> dict[tuple[int, str], int]:
    """Rows of each wave and grade."""
    if not set(SLICE) <= set(rows.columns):
        return {}
    return {(wave, grade): n for wave, grade, n in rows.group_by(SLICE).len().iter_rows()}


def _before(earlier: Sequence[EarlierRelease], wave: int, grade: str) -> list[object]:
    """What has been published about the slice, and whose pupils are the same."""
    return [
        [
            one.release_id,
            sorted(area for area, of in one.same_pupils if of == wave),
            [(name, content_hash(rows.filter(wave=wave, grade=grade))) for name, rows in sorted(one.tables.items())],
            [(name, asdict(rules)) for name, rules in sorted(one.editions.items())],
            sorted(one.perturbed),
            sorted(area for area, of in one.delivered if of == wave),
        ]
        for one in earlier
    ]
