"""Optimal and other patterns of hidden cells before our attacker, and our rounding, against reference solutions."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assets.methods.disclosure_rounding import nearest
from tests.oracle.test_disclosure_attacker import DATA, TOLERANCE, read_table
from tests.support.attacker import bounds

OPTIMUM = pl.read_csv(DATA / "expected_optimum.csv")
OPTIMAL = pl.read_csv(DATA / "expected_optimal_patterns.csv")


def attacked(name: str, hidden: list[int]) -> pl.DataFrame:
    """The primary cells of a table with the attacker's bounds, when the rows `hidden` are not published."""
    leaves, parts, counts = read_table(name)
    primary = pl.read_csv(DATA / f"{name}_cells.csv", infer_schema_length=None).filter(pl.col("primary") == 1)
    known = [(parts[row], counts[row], counts[row]) for row in parts if row not in hidden]
    found = bounds(leaves, known, [parts[row] for row in primary["row"]])
    return primary.with_columns(low=pl.Series([low for low, _ in found]), high=pl.Series([high for _, high in found]))


def wide_enough(cells: pl.DataFrame) -> pl.Series:
    low, high = pl.col("count") - pl.col("lpl") + TOLERANCE, pl.col("count") + pl.col("upl") - TOLERANCE
    return cells.select((pl.col("low") <= low) & (pl.col("high") >= high)).to_series()


@pytest.mark.parametrize(("table", "cost"), OPTIMAL.select("table", "cost").unique().sort("table", "cost").rows())
def test_an_optimal_pattern_is_safe_at_the_least_cost(table: str, cost: str) -> None:
    rows = OPTIMAL.filter(pl.col("table") == table, pl.col("cost") == cost)["row"].to_list()
    name = table.removesuffix(":joint")
    cells = attacked(name, rows)
    assert cells.height == OPTIMUM.filter(pl.col("table") == table)["primary"][0]
    assert set(cells["row"]) <= set(rows)
    assert wide_enough(cells).all()
    counts = read_table(name)[2]
    price = len(rows) if cost == "cells" else sum(counts[row] + 1 for row in rows)
    assert price == OPTIMUM.filter(pl.col("table") == table, pl.col("cost") == cost)["optimal_total_cost"][0]
    one_less = [row for row in rows if row != min(set(rows) - set(cells["row"]))]
    assert not wide_enough(attacked(name, one_less)).all(), "a cell less is not safe"


@pytest.mark.parametrize("name", ["flat", "hierarchical"])
def test_gauss_elimination_hides_every_primary_cell_from_exact_disclosure(name: str) -> None:
    rows = pl.read_csv(DATA / f"{name}_pattern_gausssuppression.csv")["row"].to_list()
    cells = attacked(name, rows)
    assert (cells["high"] - cells["low"]).min() > TOLERANCE


@pytest.mark.parametrize("base", [3, 5])
def test_rounding_moves_counts_as_conventional_rounding_does(base: int) -> None:
    cells = pl.read_csv(DATA / "flat_cells.csv")
    truth = pl.read_csv(DATA / "expected_rounding.csv").filter(pl.col("base") == base).row(0, named=True)
    rounded = nearest(cells["count"].to_numpy(), base)
    moved = np.abs(rounded - cells["count"].to_numpy())
    assert moved.sum() == truth["conventional_sum_abs_change"]
    assert moved.max() < base
    assert truth["conventional_sum_abs_change"] <= truth["min_sum_abs_change"]
    leaves, parts, _ = read_table("flat")
    single = {next(iter(part)): value for part, value in zip(parts.values(), rounded, strict=True) if len(part) == 1}
    totals = [sum(single[leaf] for leaf in part) for part in parts.values()]
    assert len(single) == leaves
    assert (np.array(totals) == rounded).all() == bool(truth["conventional_additive"])
