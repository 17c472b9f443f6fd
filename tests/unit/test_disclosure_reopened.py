"""Numbers of pupils hidden for others' sake: each of those that remain is needed, and what another edition hides stays hidden."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from assets.methods.disclosure import load_policy, suppress
from assets.methods.disclosure_blocks import ALL, Blocks, build_blocks
from assets.methods.disclosure_counts import COUNT_RULE, CountSearch, narrow_rows
from assets.methods.disclosure_numbers import PolicyNumbers
from assets.methods.disclosure_reopened import Search, show_again
from assets.methods.disclosure_rounding import IntArray
from assets.methods.disclosure_state import RULES, Floors, Hidden, floors_of
from tests.support.disclosure_population import population

POLICY = load_policy(yaml.safe_load((Path(__file__).parents[2] / "assets/catalogue/disclosure.yml").read_text(encoding="utf-8")))
RULE = RULES.index(COUNT_RULE)
Case = tuple[Blocks, Floors, PolicyNumbers, Hidden]


@pytest.fixture(scope="module")
def case() -> Case:
    """A county with some small municipalities, and the pattern found before anything is shown again."""
    blocks, numbers = build_blocks(population(4, [40, 90, 120, 150, 200, 300])), POLICY.numbers("intern")
    floors = floors_of(blocks, POLICY, numbers)
    return blocks, floors, numbers, suppress(blocks, floors, numbers)


def copied(hidden: Hidden) -> Hidden:
    return Hidden(*(array.copy() for array in hidden.arrays))


def shown_again(case: Case, held: tuple[np.ndarray, ...] | None = None) -> Hidden:
    blocks, floors, numbers, first = case
    pattern = copied(first)

    def search_in(hidden: Hidden) -> Search:
        def search(at: IntArray, stride: int) -> CountSearch:
            return CountSearch(blocks, hidden, floors, numbers, at, stride)

        return search

    show_again(blocks, pattern, floors, numbers, held, search_in)
    return pattern


def loss(hidden: Hidden) -> int:
    by_sex = np.where(np.arange(3) == ALL, 4, 1)
    return int((by_sex * (2 * (hidden.scored > 0) + (hidden.unscored > 0))).sum())


def is_wide(case: Case, hidden: Hidden) -> bool:
    blocks, floors, numbers, _ = case
    group, rows = narrow_rows(blocks, hidden, floors, numbers, np.arange(blocks.groups.height))
    return not group.any() and not rows.any()


def test_less_is_lost_and_everything_hidden_is_as_wide_as_before(case: Case) -> None:
    first, now = case[3], shown_again(case)
    assert is_wide(case, first)
    assert is_wide(case, now)
    assert loss(now) < loss(first)
    assert (now.scored > 0).sum() < (first.scored > 0).sum()
    np.testing.assert_array_equal(now.bands, first.bands)
    np.testing.assert_array_equal(now.respondents, first.respondents)


def test_no_other_rule_gives_way(case: Case) -> None:
    first, now = case[3], shown_again(case)
    for before, after in zip(first.arrays, now.arrays, strict=True):
        assert (after[(before > 0) & (before != RULE)] == before[(before > 0) & (before != RULE)]).all()


def test_each_number_that_remains_is_needed(case: Case) -> None:
    now, tried = shown_again(case), 0
    for name in ("scored", "unscored"):
        for place in np.argwhere(getattr(now, name) == RULE)[::3]:
            trial = copied(now)
            getattr(trial, name)[tuple(place)] = 0
            assert not is_wide(case, trial)
            tried += 1
    assert tried > 5


def test_what_another_edition_hides_stays_hidden(case: Case) -> None:
    first = case[3]
    now = shown_again(case, first.arrays)
    for before, after in zip(first.arrays, now.arrays, strict=True):
        assert (after[before > 0] > 0).all()
