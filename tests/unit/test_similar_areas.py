"""Are similar municipalities found as the rule says: standardised, equally weighted, and not when something is unknown?"""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.similar_areas import Measured, similar_areas, standardised, unknown_for

CODES = [f"01{number}" for number in range(14, 22)]
VALUES = st.lists(st.integers(1, 1000), min_size=len(CODES), max_size=len(CODES)).filter(lambda found: len(set(found)) > 1)


def measure(values, log=False) -> Measured:
    return Measured("mått", 2023, dict(zip(CODES, map(float, values), strict=False)), log)


def test_by_hand():
    # 1, 2, 3, 6: mean 3, population standard deviation sqrt(14 / 4)
    scores = standardised(measure([1, 2, 3, 6]))
    assert scores[CODES[0]] == pytest.approx(-2 / math.sqrt(3.5))
    second = measure([4, 4, 0, 0])  # mean 2, standard deviation 2: scores 1, 1, -1, -1
    found = similar_areas(CODES[0], [measure([1, 2, 3, 6]), second], 2)
    assert [one.area_code for one in found] == CODES[1:3]
    assert found[0].distance == pytest.approx(math.sqrt((1 / 3.5) / 2))
    assert found[1].distance == pytest.approx(math.sqrt((4 / 3.5 + 4) / 2))


def test_sizes_are_compared_as_ratios():
    found = similar_areas(CODES[0], [measure([100, 150, 1000, 40], log=True)], 3)
    assert [one.area_code for one in found] == [CODES[1], CODES[3], CODES[2]]


def test_an_unknown_value_of_the_own_gives_nobody_and_is_named():
    known, lacking = measure([1, 2, 3]), Measured("inkomst", 2023, {CODES[1]: 1.0, CODES[2]: 4.0})
    assert similar_areas(CODES[0], [known, lacking], 2) == []
    assert unknown_for(CODES[0], [known, lacking]) == ["inkomst"]
    assert similar_areas(CODES[0], [], 2) == []


def test_an_area_without_all_measures_is_left_out():
    found = similar_areas(CODES[0], [measure([1, 2, 3]), Measured("x", 1, {CODES[0]: 1.0, CODES[2]: 4.0})], 5)
    assert [one.area_code for one in found] == [CODES[2]]


@pytest.mark.parametrize("values", [{}, {"0114": 1.0}, {"0114": 2.0, "0115": 2.0}, {"0114": 0.0, "0115": 3.0}])
def test_a_measure_that_tells_nobody_apart_is_unknown(values):
    assert standardised(Measured("x", 2023, values, log=0.0 in values.values())) == {}


@settings(max_examples=40, deadline=None)
@given(VALUES, VALUES, st.integers(1, 9), st.integers(-50, 50))
def test_the_unit_of_a_measure_does_not_matter_and_distances_are_mutual(first, second, scale, shift):
    plain = [measure(first), measure(second)]
    turned = [measure([scale * value + shift for value in first]), measure(second)]
    for code in CODES[:3]:
        distances = {one.area_code: one.distance for one in similar_areas(code, plain, len(CODES))}
        again = {one.area_code: one.distance for one in similar_areas(code, turned, len(CODES))}
        assert distances == pytest.approx(again)
        for other, distance in distances.items():
            back = {one.area_code: one.distance for one in similar_areas(other, plain, len(CODES))}
            assert back[code] == pytest.approx(distance)
