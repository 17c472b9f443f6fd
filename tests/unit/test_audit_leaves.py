"""Wholes are written as sums of leaves: the same worlds, fewer unknowns, and every rule is still held against what was told."""

from __future__ import annotations

import numpy as np
import pytest

from assets.audit.search import attack
from assets.audit.system import INFINITY, Contradiction, Leaves, LinearSystem, substituted


def test_wholes_of_wholes_are_sums_of_leaves_in_any_order() -> None:
    told = [(0, [1, 2]), (1, [3, 4]), (2, [5, 6])]
    leaves = {3: 1.0, 4: 1.0, 5: 1.0, 6: 1.0}
    assert substituted(told)[0] == substituted(told[::-1])[0] == leaves


def test_a_second_definition_and_one_in_a_ring_stay_rules() -> None:
    known = substituted([(0, [1, 2]), (0, [3, 4]), (1, [0, 5]), (3, [4])])
    assert known == {0: {1: 1.0, 2: 1.0}, 3: {4: 1.0}}


def girls_and_boys(whole: tuple[float, float], girls: tuple[float, float]) -> LinearSystem:
    system = LinearSystem()
    for _ in range(3):
        system.unknown()
    system.know({0: -1.0, 1: 1.0, 2: 1.0}, 0.0, 0.0)
    system.bound(0, *whole)
    system.bound(1, *girls)
    return system


def test_what_is_known_of_a_whole_bounds_its_leaves() -> None:
    system = girls_and_boys((18, 22), (3, 7))
    leaves = Leaves.of(system)
    assert leaves.sums.shape == (3, 2)
    found = attack(system, [{0: 1.0}, {2: 1.0}], [INFINITY, INFINITY])
    assert found.low.tolist() == pytest.approx([18, 11])
    assert found.high.tolist() == pytest.approx([22, 19])


def test_a_world_is_held_against_the_rules_as_they_were_told() -> None:
    whole = Leaves.of(girls_and_boys((18, 22), (3, 7))).whole
    assert whole.agrees(np.array([20.0, 5.0, 15.0]))
    assert not whole.agrees(np.array([20.0, 5.0, 14.0]))
    assert not whole.agrees(np.array([24.0, 5.0, 19.0]))


def test_a_whole_smaller_than_its_part_is_a_contradiction() -> None:
    with pytest.raises(Contradiction):
        attack(girls_and_boys((1, 2), (3, 7)), [{2: 1.0}], [1.0])
