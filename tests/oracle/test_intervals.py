"""Interval formulas and multiplicity against R."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assets.methods import intervals
from assets.methods.multiplicity import benjamini_hochberg
from tests.oracle.rasch_reference import DATA

INTERVALS = DATA / "intervals"


@pytest.mark.parametrize(("method", "tolerance"), [("wilson", 1e-9), ("clopper_pearson", 1e-7)])
def test_share(method: str, tolerance: float) -> None:
    table = pl.read_csv(INTERVALS / "expected_proportion.csv").filter(pl.col("method") == method)
    assert table.height >= 10
    for (level,), rows in table.group_by(["level"]):
        low, high = getattr(intervals, method)(rows["x"].to_numpy(), rows["n"].to_numpy(), level)
        for got, truth in ((low, rows["lo"]), (high, rows["hi"])):
            np.testing.assert_allclose(got, truth.cast(pl.Float64).to_numpy(), rtol=0, atol=tolerance, equal_nan=True)


def test_no_trials_no_interval() -> None:
    for method in (intervals.wilson, intervals.clopper_pearson):
        assert np.isnan(method(0, 0)).all()


def test_newcombe() -> None:
    table = pl.read_csv(INTERVALS / "expected_two_by_two.csv")
    low, high = intervals.newcombe(*(table[name].to_numpy() for name in ("a", "n1", "c", "n0")))
    np.testing.assert_allclose(low, table["newcombe_lo"].to_numpy(), rtol=0, atol=1e-9)
    np.testing.assert_allclose(high, table["newcombe_hi"].to_numpy(), rtol=0, atol=1e-9)


def test_benjamini_hochberg() -> None:
    table = pl.read_csv(INTERVALS / "expected_multiplicity.csv")
    p, truth = (table[name].cast(pl.Float64).to_numpy() for name in ("p", "bh"))
    np.testing.assert_allclose(benjamini_hochberg(p), truth, rtol=0, atol=1e-9)
    with_gaps = benjamini_hochberg(np.insert(p, [0, 7, len(p)], np.nan))
    np.testing.assert_allclose(with_gaps[~np.isnan(with_gaps)], truth, rtol=0, atol=1e-9)
    assert np.isnan(with_gaps).sum() == 3
