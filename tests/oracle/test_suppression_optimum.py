"""Our patterns against proven optima, controlled rounding against its least change, differencing against its cells."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest

from assets.suppression.differencing import differences
from assets.suppression.pattern import QUICK, Effort, Pattern, is_safe, suppress
from assets.suppression.rounding import controlled_rounding
from tests.support.linked_tables import DATA, oracle_tables, recovered

OPTIMUM = pl.read_csv(DATA / "expected_optimum.csv")
NAMES = {"linked:joint": ("linked", None), "linked:grade alone": ("linked", "grade"), "linked:origin alone": ("linked", "origin")}
CASES = OPTIMUM.select("table", "cost", "primary", "optimal_total_cost", "proven").rows()


@cache
def unproven_pattern(name: str, cost: str = "cells", only: str | None = None) -> Pattern:
    """The pattern of an oracle's table without the search for the optimum; several tests look at it."""
    return suppress(oracle_tables(name, cost, only), effort=Effort(exact=0))


@pytest.mark.parametrize(("table", "cost", "primary", "least", "proven"), CASES)
def test_patterns_are_safe_and_as_cheap_as_the_optimum(table: str, cost: str, primary: int, least: float, proven: bool) -> None:
    name, only = NAMES.get(table, (table, None))
    tables = oracle_tables(name, cost, only)
    assert tables.primary.sum() == primary
    found = suppress(tables)
    assert recovered(tables, found.hidden) == 0
    assert found.cost == tables.cost[found.hidden].sum() <= least
    assert found.lower_bound is not None
    assert found.lower_bound <= found.cost
    assert found.proven or not proven
    if proven:
        assert found.cost == least
    unproven = unproven_pattern(name, cost, only)
    assert recovered(tables, unproven.hidden) == 0
    assert unproven.cost <= 1.15 * least


@pytest.mark.parametrize("table", ["flat", "hierarchical", "linked", "line_rule"])
def test_the_fast_start_is_safe_and_near(table: str) -> None:
    tables = oracle_tables(table)
    start, best = suppress(tables, effort=QUICK), unproven_pattern(table)
    assert recovered(tables, start.hidden) == 0
    assert start.cost <= 1.35 * best.cost
    assert not start.proven
    assert start.lower_bound is None


def test_the_line_rule_that_leaves_a_cell_known_is_mended() -> None:
    tables = oracle_tables("line_rule")
    rows = pl.read_csv(DATA / "line_rule_expected_audit.csv")["row"].to_list()
    lines = np.isin(np.arange(tables.size), rows)
    assert recovered(tables, lines) > 0
    assert not is_safe(tables, lines)
    mended = suppress(tables)
    assert recovered(tables, mended.hidden) == 0
    assert mended.proven


def test_the_textbook_cell_is_left_with_its_published_interval() -> None:
    """Fischetti & Salazar (2001): with II and III x A and C hidden, (II, C) lies in 5..30: wide enough for 17 down and 8 up."""
    from dataclasses import replace

    tables = oracle_tables("textbook")
    hidden = np.isin(np.arange(tables.size), [9, 11, 13, 15])
    cell = tables.primary
    asked = replace(tables, lower=np.where(cell, 17.0, 0.0), upper=np.where(cell, 8.0, 0.0))
    more = replace(tables, lower=np.where(cell, 18.0, 0.0), upper=np.where(cell, 8.0, 0.0))
    assert is_safe(asked, hidden)
    assert not is_safe(more, hidden)
    assert suppress(asked).cells == 4
    assert recovered(more, suppress(more).hidden) == 0


@pytest.mark.parametrize("base", [3, 5])
def test_controlled_rounding_moves_as_little_as_the_reference(base: int) -> None:
    tables = oracle_tables("flat")
    truth = pl.read_csv(DATA / "expected_rounding.csv").filter(pl.col("base") == base).row(0, named=True)
    rounded = controlled_rounding(tables, base)
    assert rounded is not None
    assert truth["feasible"] == 1
    change = np.abs(rounded - tables.counts)
    assert change.sum() == truth["min_sum_abs_change"]
    assert change.max() < base
    assert (rounded % base == 0).all()
    single = np.asarray(tables.parts.sum(axis=1)).ravel() == 1
    leaves = np.zeros(tables.parts.shape[1])
    leaves[tables.parts[np.flatnonzero(single)].indices] = rounded[single]
    assert (tables.parts @ leaves == rounded).all()


def test_differences_between_releases_equal_the_reference() -> None:
    truth = pl.read_csv(DATA / "expected_differencing.csv")
    first, second = (truth.select("mun", "sex", count=name) for name in ("release1", "release2"))
    found = differences(first, second.sample(fraction=1.0, shuffle=True, seed=1), ["mun", "sex"], below=5)
    assert found.equals(truth.select("mun", "sex", "difference", disclosive=pl.col("disclosive") == 1))
    held_back = second.with_columns(count=pl.when(pl.col("mun") == "p1").then(None).otherwise("count"))
    assert differences(first, held_back, ["mun", "sex"], below=5).height == truth.height - 3
