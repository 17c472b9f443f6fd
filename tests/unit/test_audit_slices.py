"""What an audit needn't attack again is what hasn't changed, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from assets import release_audit_slices
from assets.audit import AuditReport, EarlierRelease, audit
from assets.audit.types import Passed
from assets.release_audit_slices import AUDIT, MARKS, SHOWN_COLUMNS, keep_passed, passed_before, slice_marks
from pipelines.warehouse import TableName, Warehouse
from tests.unit.test_audit import RESULTS, RULES, with_true_share

TABLE = TableName("release", "index_results")
LATER = int(RESULTS["wave"].max()) + 2
GRADE = RESULTS["grade"][0]
BOTH = pl.concat([RESULTS, RESULTS.with_columns(wave=pl.lit(LATER, RESULTS.schema["wave"]))])
CHANGED = (int(RESULTS["wave"][0]), GRADE)


@pytest.fixture
def passed(tmp_path: Path) -> Warehouse:
    """A warehouse whose release of two waves has passed, with what that left."""
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    warehouse.replace(TABLE, BOTH, None)
    found = audit({"index_results": BOTH}, RULES)
    shown = found.cells.select(SHOWN_COLUMNS)
    keep_passed(warehouse, slice_marks(warehouse, RULES, ()), shown)
    warehouse.replace(AUDIT, shown, None)
    assert found.passed
    return warehouse


def again(warehouse: Warehouse) -> tuple[Passed | None, AuditReport, AuditReport]:
    """What is kept, and the audit with it and without."""
    now = warehouse.read(TABLE)
    kept = passed_before(warehouse, slice_marks(warehouse, RULES, ()))
    return kept, audit({"index_results": now}, RULES, passed=kept), audit({"index_results": now}, RULES)


def slices(kept: Passed | None) -> set[tuple[int, str]]:
    return set() if kept is None else set(kept.slices.iter_rows())


def test_nothing_is_attacked_when_nothing_has_changed(passed: Warehouse) -> None:
    kept, quick, whole = again(passed)
    assert len(slices(kept)) == BOTH.select("wave", "grade").n_unique() > 1
    assert quick.effort.is_empty()
    assert not whole.effort.is_empty()
    assert quick.cells.select(SHOWN_COLUMNS).equals(whole.cells.select(SHOWN_COLUMNS))
    assert quick.cells["low"].null_count() == quick.cells.height, "bounds are not stored"


def test_a_changed_slice_is_attacked_and_found_narrow(passed: Warehouse) -> None:
    own = (pl.col("wave") == CHANGED[0]) & (pl.col("grade") == GRADE)
    told = with_true_share(BOTH.filter(own), pl.col("measure") == "share_band3")
    passed.replace(TABLE, pl.concat([BOTH.filter(~own), told]), None)
    kept, quick, whole = again(passed)
    assert CHANGED not in slices(kept)
    assert len(slices(kept)) == BOTH.select("wave", "grade").n_unique() - 1
    assert not quick.passed
    bad = pl.col("verdict") != "wide"
    assert quick.cells.filter(bad).equals(whole.cells.filter(bad))


def touched(warehouse: Warehouse) -> None:
    """Somebody has changed what the audit found."""
    warehouse.replace(AUDIT, warehouse.read(AUDIT).with_columns(width=pl.col("width") + 1), None)


def lost(warehouse: Warehouse) -> None:
    """The run ended between the marks and the table that they are about."""
    warehouse.replace(AUDIT, warehouse.read(AUDIT).head(0), None)


def not_wide(warehouse: Warehouse) -> None:
    """What has not passed is never kept, whatever the marks say."""
    cells = warehouse.read(AUDIT).with_columns(verdict=pl.lit("narrow"))
    keep_passed(warehouse, slice_marks(warehouse, RULES, ()), cells)
    warehouse.replace(AUDIT, cells, None)


@pytest.mark.parametrize("happens", [touched, lost, not_wide], ids=lambda one: one.__name__)
def test_marks_beside_anything_else_count_for_nothing(passed: Warehouse, happens) -> None:
    happens(passed)
    assert passed_before(passed, slice_marks(passed, RULES, ())) is None


def test_other_code_rules_or_earlier_releases_are_attacked(passed: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    stricter = replace(RULES, editions={"intern": replace(RULES.editions["intern"], width=6)})
    assert passed_before(passed, slice_marks(passed, stricter, ())) is None
    earlier = EarlierRelease("r1", "2026-01-01", {"index_results": BOTH.filter(wave=LATER)})
    assert passed_before(passed, slice_marks(passed, RULES, [earlier])) is None, "whatever has been published since"
    monkeypatch.setattr(release_audit_slices, "code_version", lambda: "another")
    assert passed_before(passed, slice_marks(passed, RULES, ())) is None
    assert passed.read(MARKS).height > 0
