"""Numbers hidden step by step are shown again only where nothing hidden gets too narrow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from assets.methods.disclosure import load_policy, suppress
from assets.methods.disclosure_blocks import Blocks, build_blocks
from assets.methods.disclosure_counts import narrow_rows
from assets.methods.disclosure_shown_again import show_again
from assets.methods.disclosure_state import RULES, Floors, Hidden, floors_of
from tests.support.disclosure_population import population

POLICY = load_policy(yaml.safe_load((Path(__file__).parents[2] / "assets/catalogue/disclosure.yml").read_text(encoding="utf-8")))
NUMBERS = POLICY.numbers("intern")
CODE = RULES.index("count_interval")


def fields(hidden: Hidden) -> list[np.ndarray]:
    return [hidden.respondents, hidden.scored, hidden.unscored, hidden.bands]


World = tuple[Hidden, Hidden, tuple[Blocks, Floors]]


@pytest.fixture
def patterns(monkeypatch: pytest.MonkeyPatch) -> World:
    """The pattern as `protect_counts` leaves it, and the one with numbers shown again."""
    blocks = build_blocks(population(8, [60, 90, 150, 300, 700, 1500]))
    floors = floors_of(blocks, POLICY, NUMBERS)
    after = suppress(blocks, floors, NUMBERS)
    monkeypatch.setattr("assets.methods.disclosure.show_again", lambda *_: None)
    return suppress(blocks, floors, NUMBERS), after, (blocks, floors)


def test_only_numbers_of_this_rule_are_shown_again_and_nothing_more_is_hidden(patterns: World) -> None:
    before, after, _ = patterns
    shown = 0
    for old, new in zip(fields(before), fields(after), strict=True):
        assert set(np.unique(old[(old > 0) & (new == 0)])) <= {CODE}
        assert ((new == 0) | (old > 0)).all()
        shown += int(((old > 0) & (new == 0)).sum())
    assert shown > 0
    assert (before.bands == after.bands).all()


def test_every_hidden_number_stays_wide(patterns: World) -> None:
    _, after, (blocks, floors) = patterns
    groups, rows = narrow_rows(blocks, after, floors, NUMBERS, np.arange(len(blocks.groups)))
    assert not groups.any()
    assert not rows.any()


def test_a_second_try_leaves_everything_wide_as_well(patterns: World) -> None:
    _, after, (blocks, floors) = patterns
    again = Hidden(*(array.copy() for array in fields(after)))
    show_again(blocks, again, floors, NUMBERS)
    groups, rows = narrow_rows(blocks, again, floors, NUMBERS, np.arange(len(blocks.groups)))
    assert not groups.any()
    assert not rows.any()
