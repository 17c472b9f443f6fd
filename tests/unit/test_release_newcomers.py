"""What a municipality's arrival tells of it in the county's sums is no conflict where the municipality shows it itself."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from assets.release_register.inputs import same_pupils
from assets.release_register.newcomers import joined, not_told_by_newcomers
from assets.release_register.types import Inputs

BEFORE = Inputs({"01|2024": "x", "0125|2024": "a", "0128|2024": "b"}, {"2024": "removed"}, "limits", "defs")
NOW = replace(BEFORE, deliveries={**BEFORE.deliveries, "01|2024": "y", "0140|2024": "c", "0192|2024": "d"})
GROWN = {("01", 2024, "x"): frozenset({"0140", "0192"})}
CELL = {"wave": 2024, "grade": "ak9", "sex": "girl", "key": "q", "table_name": "indicator_results", "measure": "mean"}
CONFLICT = {"kind": "moved", "area_level": "county", "area_code": "01", "before": "x", **CELL}


def cells(*told: tuple[str, str, str], **other: object) -> pl.DataFrame:
    """Cells of the new release, (area, edition, reason), about the same as the conflict."""
    rows = [
        {**CELL, "area_code": area, "edition": edition, "reason": reason, "value": 40.0 if reason == "ok" else None, **other}
        for area, edition, reason in told
    ]
    kinds = {"wave": pl.Int32, "value": pl.Float64}
    return pl.DataFrame(rows, schema_overrides=kinds)


def left(current: pl.DataFrame, editions=("intern", "publik"), grown=GROWN, **other: object) -> int:
    """How many conflicts are left of one."""
    found = pl.DataFrame([{**CONFLICT, **other}], schema_overrides={"wave": pl.Int32})
    return not_told_by_newcomers(found, current, grown, editions).height


def test_a_county_that_has_only_grown_is_known_by_its_newcomers():
    assert joined([BEFORE], NOW) == GROWN
    assert same_pupils(BEFORE, NOW) == {("0125", 2024), ("0128", 2024)}


@pytest.mark.parametrize(
    "now",
    [
        BEFORE,
        replace(NOW, deliveries={**NOW.deliveries, "0125|2024": "later"}),
        replace(NOW, deliveries={key: of for key, of in NOW.deliveries.items() if key != "0128|2024"}),
        replace(NOW, screen={"2024": "kept"}),
        replace(NOW, definitions="others"),
    ],
)
def test_a_county_where_anything_else_has_changed_has_no_newcomers(now):
    assert joined([BEFORE], now) == {}


BOTH = (("0140", "intern", "ok"), ("0192", "intern", "ok"))


def test_what_every_newcomer_shows_is_no_conflict():
    assert left(cells(*BOTH)) == 0
    assert left(cells(*BOTH), kind="other_pupils") == 0
    assert left(cells(BOTH[0], ("0192", "intern", "no_pupils"))) == 0, "nobody is there"


def test_what_some_newcomer_hides_is_one():
    assert left(cells(BOTH[0], ("0192", "intern", "suppressed"))) == 1
    assert left(cells(BOTH[0])) == 1, "nothing is told of the other"
    assert left(cells(*((area, edition, "no_pupils") for area, edition, _ in BOTH))) == 1
    assert left(cells(*BOTH, sex="boy")) == 1
    assert left(cells(*BOTH), editions=("publik",)) == 1, "readers of the public edition don't see it"
    assert left(cells(*BOTH, ("0140", "publik", "ok"), ("0192", "publik", "ok")), editions=("publik",)) == 0


def test_only_the_county_beside_that_release_and_only_differences():
    assert left(cells(*BOTH), before="another") == 1
    assert left(cells(*BOTH), kind="now_shown") == 1
    assert left(cells(*BOTH), area_level="municipality", area_code="0125") == 1
    assert left(cells(*BOTH), grown={}) == 1
