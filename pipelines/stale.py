"""What has to be run again: decided by what lies in the warehouse, never by what somebody remembers having done.

After a stage has succeeded, the hash of what it read and of what it wrote is kept per wave (`raw.stage_marks`). A wave is stale
when either hash is another one now: a delivery has come or been replaced, a definition, a rule, the code or a package has
changed, or somebody has run a single layer by hand in between. Nothing is stale only because a clock has moved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from assets.audited_tables import AUDITED, DERIVED, OUTCOME, SLICES
from assets.catalogue.load import load_catalogue
from assets.held_deliveries import held_table
from assets.intake.receive import file_hash, inbox_files
from assets.release_register.store import register_head
from assets.slices import WAVES
from pipelines.paths import Paths
from pipelines.provenance import ROOT, code_version, package_versions
from pipelines.warehouse import TableName, Warehouse

Stage = Literal["registers", "released_registers", "surveys", "forms", "estimates", "prevention", "audit"]
MARKS = TableName("raw", "stage_marks")
WHOLE = 0
"""Stands in the column `wave` for a stage that isn't sliced."""
REGISTERS: tuple[Stage, ...] = ("registers", "released_registers")
"""Two stages, as taking in registers and releasing them belong to different jobs: `ingest` does the first alone."""
WITHOUT_WAVES: tuple[Stage, ...] = (*REGISTERS, "forms", "prevention", "audit")
FROM_FORMS: tuple[Stage, ...] = ("forms", "prevention")
DELIVERIES = TableName("raw", "survey_deliveries")
REJECTED = TableName("raw", "rejected_files")
REGISTER_FILES = TableName("raw", "register_rows")
REGISTER_VALUES = TableName("validated", "register_values")
FORM_FILES, FORM_ANSWERS = TableName("raw", "form_files"), TableName("raw", "form_answers")
OF_FORMS = (
    *(TableName("harmonised", name) for name in ("activity_answers", "readiness_ratings", "decisions")),
    *(TableName("indices", name) for name in ("activity_status", "activity_coverage", "readiness", "readiness_statements")),
    *(TableName("release", name) for name in ("activity_status", "activity_coverage", "readiness", "readiness_statements")),
    *(TableName("release", name) for name in ("decisions", "factor_overview", "priority_order", "use_of_results")),
)
"""Tables made from forms: a new form is no reason to look at registers or pupils' answers again."""
JOINED = (TableName("release", "index_results"), TableName("release", "trends"))
"""What is set beside the forms' own tables in the join."""
OVER_ALL_WAVES = (
    *(TableName("indices", "psychometrics"), TableName("release", "index_anatomy")),
    *(TableName("indices", "cutoff_alternatives"), TableName("indices", "cutoff_counts")),
    *(TableName("release", "cutoff_sensitivity"), TableName("indices", "associations"), TableName("release", "associations")),
)
"""Tables of the estimates that aren't sliced by wave: each run of the stage makes them anew."""
AUDIT = tuple(TableName("release", name) for name in ("audit", OUTCOME, SLICES))
"""Judges the release, so it is no part of what any stage before it has written."""
REPAIRS = TableName("release", "repairs")
"""What the audit has had hidden: the waves that have such rows are made anew when those change."""
ATTACKED = tuple(TableName("release", name) for name in (*AUDITED, *DERIVED))
WRITTEN: Mapping[Stage, tuple[str, ...]] = {
    "registers": ("harmonised", "validated"),
    "released_registers": ("release",),
    "surveys": ("harmonised", "validated"),
    "forms": ("harmonised",),
    "estimates": ("indices", "release"),
    "prevention": ("harmonised", "indices", "release"),
    "audit": (),
}


def stale(paths: Paths, stage: Stage, waves: Sequence[int], edition: str = "") -> list[int]:
    """The waves of `waves` for which the stage has to be run; for a stage in `WITHOUT_WAVES` `[WHOLE]` or nothing."""
    warehouse = Warehouse(paths.warehouse)
    with warehouse.held():
        known, marks = warehouse.read(MARKS, {"stage": [stage]}), _marks(paths, stage, waves, edition)
    before = dict(known.select("wave", "mark").iter_rows()) if known.height else {}
    return [wave for wave, mark in marks.items() if before.get(wave) != mark]


def mark_done(paths: Paths, stage: Stage, waves: Sequence[int], edition: str = "") -> None:
    """Remember that the stage has just succeeded for the waves."""
    warehouse = Warehouse(paths.warehouse)
    with warehouse.held():
        marks = _marks(paths, stage, waves, edition)
    rows = [(stage, wave, mark) for wave, mark in marks.items()]
    frame = pl.DataFrame(rows, schema={"stage": pl.String, "wave": pl.Int32, "mark": pl.String}, orient="row")
    warehouse.replace(MARKS, frame, {"stage": [stage], "wave": list(marks)})


def _marks(paths: Paths, stage: Stage, waves: Sequence[int], edition: str) -> dict[int, str]:
    warehouse, always = Warehouse(paths.warehouse), _definitions(paths)
    written = [t for layer in WRITTEN[stage] for t in warehouse.tables(layer) if (t in OF_FORMS) == (stage in FROM_FORMS)]
    written = [table for table in written if table not in (*AUDIT, REPAIRS)]
    if stage == "audit":  # with the register: what has been published since is attacked together with the release
        register = file_hash(head) if (head := register_head(paths.root)).is_file() else ""
        return {WHOLE: _digest([always, edition, register, [(str(t), warehouse.hashes(t)) for t in (*ATTACKED, *AUDIT)]])}
    if stage in REGISTERS:
        files = sorted((p.name, file_hash(p)) for p in inbox_files(paths.registers)) if stage == "registers" else []
        tables = [
            REGISTER_FILES,
            REGISTER_VALUES,
            *(t for t in written if t not in OVER_ALL_WAVES and "wave" not in warehouse.columns(t)),
        ]
        return {WHOLE: _digest([always, files, [(str(t), warehouse.hashes(t)) for t in tables]])}
    if stage == "forms":
        files = sorted((p.name, file_hash(p)) for p in inbox_files(paths.forms))
        tables = [FORM_FILES, FORM_ANSWERS, *written]
        return {WHOLE: _digest([always, files, [(str(t), warehouse.hashes(t)) for t in tables]])}
    if stage == "prevention":
        tables = [*JOINED, FORM_FILES, *written]
        return {WHOLE: _digest([always, edition, [(str(t), warehouse.hashes(t)) for t in tables]])}
    if stage == "surveys":
        read = [DELIVERIES]
    else:
        read = [DELIVERIES, *(t for t in warehouse.tables("validated"))]
        whole = (REGISTER_VALUES, REGISTER_FILES, *OVER_ALL_WAVES)
        always = _digest([always, edition, *(warehouse.hashes(t) for t in whole)])
    tables = [t for t in dict.fromkeys([*read, *written]) if "wave" in warehouse.columns(t)]
    found = {str(t): warehouse.hashes(t, "wave") for t in tables}
    repaired = warehouse.hashes(REPAIRS, "wave") if stage == "estimates" else {}
    # What was set aside has no wave; the latest one's run tells about it on the page that lists all deliveries.
    inbox = [sorted(p.name for p in inbox_files(paths.surveys)), warehouse.hashes(REJECTED)] if stage == "surveys" else []
    held = held_table(paths.root, waves).rows() if stage == "surveys" else []
    return {
        wave: _digest(
            [
                *(always, stage, inbox if wave == WAVES[-1] else []),
                *([place] for place in held if place[1] == wave),
                [(name, by_wave.get(wave)) for name, by_wave in sorted(found.items())],
                *([repaired[wave]] if wave in repaired else []),
            ]
        )
        for wave in waves
    }


def _definitions(paths: Paths) -> str:
    """Hash of everything that decides what a stage makes of the same data."""
    files = [*(ROOT / "expectations" / "suites").glob("*.yml"), *paths.codebooks.glob("*.yml")]
    return _digest(
        [code_version(), load_catalogue().content_hash, package_versions(), sorted((p.name, file_hash(p)) for p in files)]
    )


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
