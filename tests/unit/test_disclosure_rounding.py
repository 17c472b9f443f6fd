"""Rounding half away from zero on whole numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from assets.methods.disclosure_rounding import count_window, half_away, nearest, share_percent


@pytest.mark.parametrize(("count", "rounded"), [(0, 0), (2, 0), (3, 5), (7, 5), (8, 10), (12, 10), (13, 15)])
def test_nearest_five(count: int, rounded: int) -> None:
    assert nearest(np.array([count]), 5)[0] == rounded


@pytest.mark.parametrize(
    ("count", "total", "percent"), [(1, 8, 13), (3, 8, 38), (5, 40, 13), (1, 200, 1), (0, 9, 0), (9, 9, 100), (0, 0, 0)]
)
def test_a_tie_is_rounded_up(count: int, total: int, percent: int) -> None:
    assert share_percent(np.array([count]), np.array([total]))[0] == percent


def test_share_agrees_with_exact_fractions() -> None:
    total = np.repeat(np.arange(1, 120), 120)
    count = np.tile(np.arange(120), 119) % (total + 1)
    expected = [int(Fraction(100 * int(c), int(t)) + Fraction(1, 2)) for c, t in zip(count, total, strict=True)]
    assert share_percent(count, total).tolist() == expected


def test_window_holds_exactly_the_counts_that_round_there() -> None:
    for step in (1, 3, 4, 5, 10):
        counts = np.arange(200)
        for value in np.unique(nearest(counts, step)[:150]):
            low, high = count_window(np.array([value]), step)
            assert np.flatnonzero(nearest(np.arange(400), step) == value).tolist() == list(range(low[0], high[0] + 1))


@pytest.mark.parametrize(
    ("value", "decimals", "rounded"), [(1.005, 2, 1.01), (-1.005, 2, -1.01), (2.5, 0, 3.0), (-2.5, 0, -3.0), (-0.001, 2, 0.0)]
)
def test_half_away_is_not_luck(value: float, decimals: int, rounded: float) -> None:
    got = half_away(np.array([value]), decimals)[0]
    assert got == rounded
    assert not (rounded == 0 and np.signbit(got))


def test_nan_stays_nan() -> None:
    assert np.isnan(half_away(np.array([np.nan]), 2)[0])
