"""Somebody who knows all counts of pupils and all weights can't ring in a response cell by the weighted and unweighted shares."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from assets.methods.weighted_audit import safe_areas

WIDTH = 4


def cells_of(n: tuple[int, ...], yes: tuple[int, ...], weight: tuple[float, ...]) -> pl.DataFrame:
    return pl.DataFrame({"municipality_code": ["0114"] * len(n), "weight": list(weight), "n": list(n), "yes": list(yes)})


@settings(max_examples=50, deadline=None)
@given(
    n=st.tuples(st.integers(5, 300), st.integers(60, 900)),
    part=st.tuples(st.floats(0, 1), st.floats(0.02, 0.6)),
    weight=st.tuples(st.floats(1, 3), st.floats(1, 3)),
)
def test_no_response_cell_is_ringed_in(n, part, weight):
    """Tried against all whole numbers that two published shares of two cells allow."""
    assume(abs(weight[0] - weight[1]) > 1e-6)
    size, w = np.array(n), np.array(weight)
    yes = np.round(size * np.array(part)).astype(int)
    plain, under = np.floor(100 * yes.sum() / size.sum() + 0.5), np.floor(100 * float(w @ yes) / float(w @ size) + 0.5)
    safe, _ = safe_areas(cells_of(n, tuple(yes.tolist()), weight), {"0114": float(plain)}, None, WIDTH)
    event(f"safe: {bool(safe)}")
    if not safe:
        return
    first, second = np.meshgrid(np.arange(size[0] + 1), np.arange(size[1] + 1), indexing="ij")
    same = np.floor(100 * (first + second) / size.sum() + 0.5) == plain
    same &= np.floor(np.round(100 * (w[0] * first + w[1] * second) / float(w @ size), 9) + 0.5) == under
    for axis, count in ((1, size[0]), (0, size[1])):
        found = np.flatnonzero(same.any(axis=axis))
        assert found.max() - found.min() > WIDTH or (found.min(), found.max()) == (0, count)


def test_a_cell_that_two_shares_give_away_is_not_told():
    cells = cells_of((493, 61), (0, 20), (1.5, 1.0))
    assert safe_areas(cells, {"0114": 4.0}, None, WIDTH) == (set(), False)


def test_equal_weights_tell_nothing_new_and_large_cells_stay_wide():
    assert safe_areas(cells_of((400,), (40,), (2.0,)), {"0114": 10.0}, None, WIDTH) == ({"0114"}, False)
    assert safe_areas(cells_of((3000, 3000), (300, 300), (1.5, 2.0)), {"0114": 10.0}, 10.0, WIDTH) == ({"0114"}, True)


@settings(max_examples=25, deadline=None)
@given(
    n=st.tuples(st.integers(60, 150), st.integers(20, 60), st.integers(20, 60)),
    part=st.tuples(st.floats(0.1, 0.5), st.floats(0, 0.6), st.floats(0, 0.6)),
    weight=st.tuples(st.floats(1, 2), st.floats(1, 2), st.floats(1, 2)),
)
def test_the_countys_weighted_share_does_not_ring_in_hidden_municipalities(n, part, weight):
    """One shown and two hidden municipalities: all whole numbers that the county's two shares and the shown one allow."""
    size, w = np.array(n), np.array(weight)
    yes = np.round(size * np.array(part)).astype(int)
    shown = float(np.floor(100 * yes[0] / size[0] + 0.5))
    plain, under = np.floor(100 * yes.sum() / size.sum() + 0.5), np.floor(100 * float(w @ yes) / float(w @ size) + 0.5)
    cells = cells_of(n, tuple(yes.tolist()), weight).with_columns(municipality_code=pl.Series(["0114", "0115", "0117"]))
    _, safe = safe_areas(cells, {"0114": shown}, float(plain), WIDTH)
    event(f"safe: {safe}")
    if not safe:
        return
    x = np.meshgrid(*(np.arange(count + 1) for count in size), indexing="ij")
    same = (np.floor(100 * x[0] / size[0] + 0.5) == shown) & (np.floor(100 * sum(x) / size.sum() + 0.5) == plain)
    same &= np.floor(np.round(100 * sum(wi * xi for wi, xi in zip(w, x, strict=True)) / float(w @ size), 9) + 0.5) == under
    for place in (1, 2):
        found = np.flatnonzero(same.any(axis=tuple({0, 1, 2} - {place})))
        assert found.max() - found.min() > WIDTH or (found.min(), found.max()) == (0, size[place])
