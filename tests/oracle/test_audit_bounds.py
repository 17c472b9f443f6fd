"""The audit's linear and integer programs find the reference bounds, and find unsafe patterns unsafe.

Reference: scipy (HiGHS), spot-checked with GLPK; see data/disclosure.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import polars as pl
import pytest

from assets.audit.search import attack, bounds
from assets.audit.system import Contradiction, LinearSystem

DATA = Path(__file__).parent / "data/disclosure"
TOLERANCE = 1e-6
AUDIT = pl.read_csv(DATA / "expected_audit.csv")
LINE_RULE = pl.read_csv(DATA / "line_rule_expected_audit.csv").with_columns(table=pl.lit("line_rule"), pattern=pl.lit("line"))
PATTERNS = AUDIT.select("table", "pattern").unique().sort("table", "pattern").rows()
Parts = dict[int, dict[int, float]]


def table_of(name: str) -> tuple[int, Parts, dict[int, int]]:
    """Number of leaves, and per row of the table its leaves and its count."""
    dims = json.loads((DATA / f"{name}_dims.json").read_text(encoding="utf-8"))
    cells = pl.read_csv(DATA / f"{name}_cells.csv", infer_schema_length=None)
    codes = [sorted({code for held in dims[dim].values() for code in held}) for dim in dims]
    number = {leaf: at for at, leaf in enumerate(product(*codes))}
    parts = {
        row["row"]: {number[leaf]: 1.0 for leaf in product(*(dims[dim][row[dim]] for dim in dims))}
        for row in cells.iter_rows(named=True)
    }
    return len(number), parts, dict(cells.select("row", "count").iter_rows())


def published(name: str, expected: pl.DataFrame) -> tuple[int, list, list]:
    leaves, parts, counts = table_of(name)
    hidden = expected["row"].to_list()
    return leaves, [(parts[r], counts[r], counts[r]) for r in parts if r not in hidden], [parts[r] for r in hidden]


def rows(table: str, pattern: str) -> pl.DataFrame:
    return AUDIT.filter((pl.col("table") == table) & (pl.col("pattern") == pattern))


@pytest.mark.parametrize(("table", "pattern"), PATTERNS)
def test_linear_bounds_equal_the_reference(table: str, pattern: str) -> None:
    expected = rows(table, pattern)
    found = bounds(*published(table, expected))
    assert [low for low, _ in found] == pytest.approx(expected["lp_lo"].to_list(), abs=TOLERANCE)
    assert [high for _, high in found] == pytest.approx(expected["lp_hi"].to_list(), abs=TOLERANCE)


def test_integer_bounds_equal_the_reference() -> None:
    whole = AUDIT.filter(pl.col("int_lo").is_not_null())
    names = whole.select("table", "pattern").unique().sort("table", "pattern").rows()
    assert names
    for table, pattern in names:
        leaves, known, targets = published(table, rows(table, pattern))
        wanted = rows(table, pattern).with_row_index("at").filter(pl.col("int_lo").is_not_null())
        found = bounds(leaves, known, [targets[at] for at in wanted["at"]], whole=True)
        ends = list(zip(wanted["int_lo"].to_list(), wanted["int_hi"].to_list(), strict=True))
        assert [x for pair in found for x in pair] == pytest.approx([x for pair in ends for x in pair], abs=TOLERANCE)


def test_the_line_rule_alone_is_found_unsafe() -> None:
    found = bounds(*published("line_rule", LINE_RULE))
    assert [low for low, _ in found] == pytest.approx(LINE_RULE["lp_lo"].to_list(), abs=TOLERANCE)
    assert [high for _, high in found] == pytest.approx(LINE_RULE["lp_hi"].to_list(), abs=TOLERANCE)
    known = [high - low < TOLERANCE for low, high in found]
    assert any(exact and primary for exact, primary in zip(known, LINE_RULE["primary"], strict=True))


@pytest.mark.parametrize(("table", "pattern"), PATTERNS)
def test_witnesses_give_the_verdict_of_the_reference(table: str, pattern: str) -> None:
    """What is called wide is wider than required in the reference, and what is not is exact."""
    expected = rows(table, pattern)
    leaves, known, targets = published(table, expected)
    system = LinearSystem()
    for _ in range(leaves):
        system.unknown()
    for row in known:
        system.know(*row)
    width = 4.0
    found = attack(system, targets, [width] * len(targets))
    true = (expected["lp_hi"] - expected["lp_lo"]).to_list()
    got = (found.high - found.low).tolist()
    assert [w > width + TOLERANCE for w in got] == [w > width + TOLERANCE for w in true]
    narrow = [(g, t) for g, t in zip(got, true, strict=True) if t <= width]
    assert [g for g, _ in narrow] == pytest.approx([t for _, t in narrow], abs=TOLERANCE)


def test_what_contradicts_itself_is_no_bound() -> None:
    with pytest.raises(Contradiction):
        bounds(2, [({0: 1.0, 1: 1.0}, 3, 3), ({0: 1.0}, 5, 9)], [{1: 1.0}])
