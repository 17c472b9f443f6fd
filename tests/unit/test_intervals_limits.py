"""Intervals and multiplicity where something is missing or extreme."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assets.methods.intervals import clopper_pearson, logit_t, newcombe, t_interval, t_p_value, wilson
from assets.methods.multiplicity import adjust_families, benjamini_hochberg


def test_t_interval_needs_spread_and_freedom() -> None:
    low, high = t_interval([1.0, 1.0, 1.0, np.nan], [0.5, 0.0, 0.5, 0.5], [10, 10, 0, 10])
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, True, True, True]
    assert high[0] - 1 == pytest.approx(0.5 * 2.2281388519649385)


def test_logit_interval_stays_inside_and_skips_the_ends() -> None:
    low, high = logit_t([0.01, 0.0, 1.0, 0.5], [0.02, 0.0, 0.0, 0.1], [3, 3, 3, 0])
    assert 0 < low[0] < 0.01 < high[0] < 1
    assert np.isnan(low[1:]).all()
    assert np.isnan(high[1:]).all()


def test_exact_interval_takes_effective_counts() -> None:
    low, high = clopper_pearson([0.0, 7.3], [7.3, 7.3])
    assert low[0] == 0
    assert high[0] == pytest.approx(1 - 0.025 ** (1 / 7.3))
    assert high[1] == 1
    assert low[1] == pytest.approx(0.025 ** (1 / 7.3))


def test_p_value_is_two_sided() -> None:
    p = t_p_value([2.2281388519649385, -2.2281388519649385, 1.0, 1.0], [1, 1, 0, 1], [10, 10, 10, 0])
    assert p[:2] == pytest.approx([0.05, 0.05])
    assert np.isnan(p[2:]).all()


@pytest.mark.parametrize("method", [wilson, clopper_pearson])
def test_impossible_counts_and_levels_are_refused(method: object) -> None:
    with pytest.raises(ValueError, match="successes"):
        method(3, 2)
    with pytest.raises(ValueError, match="level"):
        method(1, 2, 95)


def test_newcombe_without_persons_is_nothing() -> None:
    assert np.isnan(newcombe(0, 0, 1, 5)).all()


def test_families_are_adjusted_apart_and_keep_order() -> None:
    frame = pl.DataFrame({"index_key": ["b", "a", "a", "b", "a"], "p_value": [0.04, 0.03, 0.01, None, None]})
    got = adjust_families(frame, ["index_key"])
    assert got.select(frame.columns).equals(frame)
    assert got["p_adjusted"].to_list() == [0.04, pytest.approx(0.03), pytest.approx(0.02), None, None]


def test_nothing_tested_stays_nothing() -> None:
    assert np.isnan(benjamini_hochberg([np.nan, np.nan])).all()
    assert benjamini_hochberg([]).shape == (0,)
