"""The attacker used in tests finds the reference bounds, and finds unsafe patterns unsafe."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from assets.methods.disclosure_lines import pattern_widths, patterns
from tests.support.attacker import bounds

DATA = Path(__file__).parent / "data/disclosure"
TOLERANCE = 1e-6


def read_table(name: str) -> tuple[int, dict[int, dict[int, float]], dict[int, int]]:
    """Number of leaves, and per row of the table its leaves and its count."""
    dims = json.loads((DATA / f"{name}_dims.json").read_text(encoding="utf-8"))
    cells = pl.read_csv(DATA / f"{name}_cells.csv", infer_schema_length=None)
    names = list(dims)
    leaf_codes = [sorted({code for codes in dims[dim].values() for code in codes}) for dim in names]
    number = {leaf: at for at, leaf in enumerate(product(*leaf_codes))}
    parts = {
        row["row"]: {number[leaf]: 1.0 for leaf in product(*(dims[dim][row[dim]] for dim in names))}
        for row in cells.iter_rows(named=True)
    }
    return len(number), parts, dict(cells.select("row", "count").iter_rows())


def check(name: str, audit: pl.DataFrame) -> None:
    leaves, parts, counts = read_table(name)
    suppressed = audit["row"].to_list()
    known = [(parts[row], counts[row], counts[row]) for row in parts if row not in suppressed]
    found = bounds(leaves, known, [parts[row] for row in suppressed])
    for (low, high), expected in zip(found, audit.iter_rows(named=True), strict=True):
        assert low == pytest.approx(expected["lp_lo"], abs=TOLERANCE)
        assert high == pytest.approx(expected["lp_hi"], abs=TOLERANCE)


AUDIT = pl.read_csv(DATA / "expected_audit.csv")
PATTERNS = AUDIT.select("table", "pattern").unique().sort("table", "pattern").rows()


@pytest.mark.parametrize(("table", "pattern"), PATTERNS)
def test_bounds_equal_the_reference(table: str, pattern: str) -> None:
    check(table, AUDIT.filter((pl.col("table") == table) & (pl.col("pattern") == pattern)))


def test_the_line_rule_alone_is_found_unsafe() -> None:
    audit = pl.read_csv(DATA / "line_rule_expected_audit.csv")
    check("line_rule", audit)
    assert audit.filter((pl.col("lp_hi") - pl.col("lp_lo") < TOLERANCE) & (pl.col("primary") == 1)).height > 0


def test_widths_inside_an_area_equal_linear_programming() -> None:
    """The closed form of the suppressor against the attacker, on every pattern and random small tables."""
    random = np.random.default_rng(7)
    tables = random.integers(0, 12, size=(3, 2, 3))
    cells = np.concatenate([tables, tables.sum(axis=1, keepdims=True)], axis=1).reshape(len(tables), 9)
    parts = [{3 * s + k: 1.0} for s in range(2) for k in range(3)] + [{k: 1.0, 3 + k: 1.0} for k in range(3)]
    for pattern in patterns()[1:]:
        got = pattern_widths(cells, pattern)
        for table, widths in zip(cells, got, strict=True):
            known = [(parts[c], table[c], table[c]) for c in range(9) if c not in pattern]
            known += [({3 * s + k: 1.0 for k in range(3)}, *[table[3 * s : 3 * s + 3].sum()] * 2) for s in range(2)]
            expected = [high - low for low, high in bounds(6, known, [parts[c] for c in pattern])]
            assert widths.tolist() == pytest.approx(expected, abs=TOLERANCE)
