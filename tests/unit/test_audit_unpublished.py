"""A municipality that an earlier release counted in the county's sums and didn't publish by itself is an unknown, not nobody."""

from __future__ import annotations

import polars as pl
import pytest

from assets.audit import EarlierRelease, audit
from tests.unit.test_audit import RULES

PLACES = (("county", "01", 200), ("municipality", "0125", 120), ("municipality", "0128", 80))


def questions(*, without: str = "") -> pl.DataFrame:
    """Half of the girls and boys say yes; the smaller municipality's girls and boys are hidden."""
    edition = RULES.innermost
    rows = []
    for level, code, pupils in PLACES:
        for sex, n in (("girl", pupils // 2), ("boy", pupils // 2), ("all", pupils)):
            shown = code != "0128" or sex == "all"
            told = (50.0, None, None, n, "ok") if shown else (None, None, None, None, "suppressed")
            rows.append((edition, level, code, 2024, "ak9", sex, "q", "share", *told, None, None))
    names = ("edition", "area_level", "area_code", "wave", "grade", "sex", "indicator", "measure", "value", "low", "high", "n",
             "reason", "method", "interval_method")  # fmt: skip
    numbers = {"wave": pl.Int32, "n": pl.Int64} | dict.fromkeys(("value", "low", "high"), pl.Float64)
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String) | numbers, orient="row")
    return frame.filter(pl.col("area_code") != without)


@pytest.mark.parametrize(("delivered", "agrees"), [({("0125", 2024), ("0128", 2024)}, True), ({("0128", 2024)}, False)])
def test_an_earlier_county_is_more_than_the_municipalities_published_then(delivered, agrees):
    same = frozenset({("0125", 2024), ("0128", 2024)})
    earlier = EarlierRelease(
        "first", "2026-11-01", {"indicator_results": questions(without="0125")}, same, delivered=frozenset(delivered)
    )
    report = audit({"indicator_results": questions()}, RULES, [earlier])
    joint = report.cells.filter(pl.col("attack").str.starts_with("earlier:"))
    assert joint.height
    assert ("contradiction" not in joint["verdict"].to_list()) == agrees
