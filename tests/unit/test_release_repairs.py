"""For what a repair is made, when it is void, and when a second one is of no use."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from assets.audit import AuditReport
from assets.audit.types import REPORT_SCHEMA
from assets.catalogue.load import load_catalogue
from assets.release_audit import audit_rules
from assets.release_register.store import register_head
from assets.release_repairs import MADE_OF, REPAIRS, current_repairs, forget_void, repaired, repairs_after, told, waiting
from assets.suppression.hidden_rows import CELL
from pipelines.warehouse import TableName, Warehouse

CATALOGUE = load_catalogue()
RULES = audit_rules(CATALOGUE)
RESULTS = TableName("release", "indicator_results")
PLACE = {"edition": "intern", "area_level": "municipality", "area_code": "0114", "grade": "ak9", "sex": "all"}


def rows(reason: str = "ok") -> pl.DataFrame:
    """One question in two waves."""
    row = PLACE | {"indicator": "fraga", "measure": "share", "value": 30.0, "n": 100, "reason": reason}
    return pl.DataFrame([row | {"wave": wave} for wave in (2022, 2024)]).with_columns(pl.col("wave").cast(pl.Int32))


def report(*waves: int) -> AuditReport:
    """An audit that found a cell of each wave narrow."""
    cell = {"table_name": "indicator_results", **PLACE, "key": "fraga", "measure": "share"}
    more = {"low": 1.0, "high": 2.0, "width": 1.0, "required": 4.0, "verdict": "narrow", "attack": "single"}
    cells = pl.DataFrame([cell | more | {"wave": wave} for wave in waves], schema=REPORT_SCHEMA)
    return AuditReport(not waves, cells, pl.DataFrame())


def after(warehouse: Warehouse, found: AuditReport, *, content: bool = True) -> pl.DataFrame | None:
    """What `repairs_after` says when the attacker is content with whatever is hidden, or with nothing."""
    published = {"indicator_results": warehouse.read(RESULTS)}
    return repairs_after(
        warehouse, CATALOGUE, RULES, found, published, (), lambda *_: report() if content else report(2024)
    )  # fmt: skip


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "warehouse.duckdb")
    for table in MADE_OF:
        made.replace(table, pl.DataFrame({"wave": [2022, 2024], "n": [1, 2]}), None)
    made.replace(RESULTS, rows(), None)
    return made


def stored(warehouse: Warehouse, repairs: pl.DataFrame | None) -> pl.DataFrame:
    assert repairs is not None
    warehouse.replace(REPAIRS, repairs, None)
    return repairs


def test_a_repair_waits_until_the_release_is_made_with_it(warehouse) -> None:
    assert waiting(warehouse, CATALOGUE) == 0
    found = stored(warehouse, after(warehouse, report(2024)))
    assert found.select(list(CELL)).rows() == [
        ("indicator_results", "intern", "municipality", "0114", 2024, "ak9", "all", "fraga", "share")
    ]
    assert waiting(warehouse, CATALOGUE) == 1
    log = pl.DataFrame(schema=["edition", "area_level", "area_code", "wave", "grade", "sex", "indicator", "cell", "kind", "rule"])
    log = log.cast(pl.String).with_columns(pl.col("wave").cast(pl.Int32))
    made, more = repaired("indicator_results", rows(), log, current_repairs(warehouse, CATALOGUE, [2024]), CATALOGUE)
    assert made["reason"].to_list() == ["ok", "suppressed"]
    assert more["rule"].to_list() == ["repair"]
    warehouse.replace(RESULTS, made, None)
    assert waiting(warehouse, CATALOGUE) == 0


@pytest.mark.parametrize("about", ["index_key", "count_key"])
def test_a_number_of_factors_is_hidden_before_and_after_its_column_has_its_name(about) -> None:
    place = PLACE | {"wave": 2024}
    shown = pl.DataFrame([place | {about: "riskfaktorer", "measure": "share_some", "value": 30.0, "n": 100, "reason": "ok"}])
    cell = pl.DataFrame([place | {"table_name": "accumulated_results", "key": "riskfaktorer", "measure": "share_most"}])
    log = pl.DataFrame(schema=dict.fromkeys([*PLACE, about, "cell", "kind", "rule"], pl.String) | {"wave": pl.Int32})
    rows = shown.with_columns(pl.col("wave").cast(pl.Int32))
    made, more = repaired("accumulated_results", rows, log, cell.select(pl.col(n).cast(t) for n, t in CELL.items()), CATALOGUE)
    assert made.select("reason", "value", "n").rows() == [("suppressed", None, None)]
    assert more.select(about, "cell", "rule").rows() == [("riskfaktorer", "share_some", "repair")]


def test_what_is_narrow_although_repaired_is_not_repaired_again_unless_more_has_been_published(warehouse) -> None:
    stored(warehouse, after(warehouse, report(2024)))
    assert after(warehouse, report(2024)).height == 1, "the release has not been made with it yet"
    warehouse.replace(RESULTS, rows("suppressed"), None)
    assert after(warehouse, report(2024)) is None
    warehouse.replace(RESULTS, rows(), {"wave": [2022, 2024]})
    head = register_head(warehouse.path.parent)
    head.parent.mkdir(parents=True)
    head.write_text("1 abc", encoding="utf-8")
    assert after(warehouse, report(2024)).height == 1


def test_what_only_a_table_of_derived_numbers_tells_is_not_repaired(warehouse) -> None:
    """A rank or a change is formed from a cell that is hidden already: hiding it again is of no use."""
    warehouse.replace(RESULTS, rows("suppressed"), None)
    told_by_rank = report(2024)
    cells = told_by_rank.cells.with_columns(low=pl.lit(None, pl.Float64), width=pl.lit(0.0))
    assert after(warehouse, AuditReport(False, cells, told_by_rank.conflicts)) is None


def test_no_repair_when_the_attacker_is_never_content(warehouse) -> None:
    assert after(warehouse, report(2024), content=False) is None


def test_a_repair_is_void_with_new_answers_and_those_of_other_waves_stand(warehouse) -> None:
    stored(warehouse, after(warehouse, report(2022)))
    both = stored(warehouse, after(warehouse, report(2024)))
    assert both["wave"].to_list() == [2022, 2024]
    warehouse.replace(MADE_OF[0], pl.DataFrame({"wave": [2024], "n": [3]}), {"wave": [2024]})
    assert current_repairs(warehouse, CATALOGUE)["wave"].to_list() == [2022]
    forget_void(warehouse, CATALOGUE, [2024])
    assert warehouse.read(REPAIRS)["wave"].to_list() == [2022]


def test_a_run_is_told_how_much_and_which_waves_and_no_place(warehouse) -> None:
    found = stored(warehouse, after(warehouse, report(2022, 2024)))
    assert told(found.clear()) == "Ingen reparation behövdes."
    assert "regeln repair döljer 2 tal till" in told(found)
    assert "2022, 2024" in told(found)
    assert told(found, narrow=1).startswith("Granskningen kunde ringa in 1 dolt tal. En reparation döljer 2 tal till")
    assert told(found, waits=True).startswith("En reparation döljer 2 tal till")
    assert not any(place in told(found, narrow=1) for place in ("0114", "fraga"))
