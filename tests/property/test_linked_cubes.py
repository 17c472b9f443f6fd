"""Laws of patterns on random cubes, hierarchies and linked tables: nothing is recovered, whatever the order, before and after."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.errors import PipelineError
from assets.suppression.pattern import QUICK, Effort, Pattern, suppress
from assets.suppression.tables import LinkedTables, linked_tables
from tests.support.linked_tables import attacked, random_tables, recovered

SHORT = Effort(greedy=150, exact=0)
seeds = st.integers(0, 1_000_000)


def protected(seed: int, effort: Effort = QUICK) -> tuple[LinkedTables, Pattern] | None:
    """A random cube and its pattern; None for the few that hold too few people to protect anybody."""
    tables = random_tables(seed)
    try:
        return tables, suppress(tables, effort=effort)
    except PipelineError:
        everything = np.ones(tables.size, dtype=bool)
        assert recovered(tables, everything) > 0, "stopped although hiding everything is safe"
        return None


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_nothing_is_recovered(seed: int) -> None:
    made = protected(seed)
    if made:
        tables, pattern = made
        assert recovered(tables, pattern.hidden) == 0
        assert pattern.cells == pattern.hidden.sum()
        assert pattern.respondents == tables.counts[pattern.hidden].sum()
        assert ((pattern.rules > 0) == pattern.hidden).all()


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(0, 1000))
def test_the_pattern_depends_on_no_row_order_and_no_earlier_run(seed: int, shuffle: int) -> None:
    made = protected(seed, SHORT)
    if made:
        tables, pattern = made
        order = np.random.default_rng(shuffle).permutation(tables.size)
        again = suppress(tables.ordered(order), effort=SHORT)
        assert (again.hidden == pattern.hidden[order]).all()


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_late_answers_keep_the_pattern_and_reveal_nothing_jointly(seed: int) -> None:
    """Release 2 has more people and hides at least what release 1 hid; a cell is attacked from both, late answers >= 0."""
    made = protected(seed)
    if made:
        joint, first, second = two_releases(*made, seed)
        hidden = np.concatenate([first.hidden, second.hidden])
        assert not (first.hidden & ~second.hidden).any()
        assert recovered(joint, hidden) == 0


def two_releases(tables: LinkedTables, first: Pattern, seed: int) -> tuple[LinkedTables, Pattern, Pattern]:
    """Both releases as one system over early and late people, and the two patterns."""
    import scipy.sparse as sp

    random = np.random.default_rng(seed + 1)
    late = np.floor(random.gamma(0.4, 2, size=len(tables.leaves)))
    parts = sp.vstack([sp.hstack([tables.parts, sp.csr_array(tables.parts.shape)]), sp.hstack([tables.parts, tables.parts])])
    none = np.zeros(tables.size, dtype=bool)
    twice = {
        name: np.concatenate([getattr(tables, name)] * 2) for name in ("primary", "lower", "upper", "cost")
    }  # fmt: skip
    joint = linked_tables(
        np.concatenate([tables.leaves, late]), parts.tocsr(), twice.pop("primary"), **twice,
        must_hide=np.concatenate([first.hidden, first.hidden]), must_show=np.concatenate([~first.hidden, none]),
    )  # fmt: skip
    both = suppress(joint, effort=QUICK)
    second = replace(first, hidden=both.hidden[tables.size :])
    return joint, first, second


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_a_greater_required_width_is_kept_and_an_earlier_pattern_stays(seed: int) -> None:
    made = protected(seed)
    if made:
        tables, pattern = made
        for width in (6.0, 9.0):
            wider = replace(tables, width=np.where(tables.primary, width, 0.0)).frozen(pattern.hidden)
            try:
                more = suppress(wider, effort=QUICK)
            except PipelineError:
                assert recovered(wider, np.ones(tables.size, dtype=bool)) > 0
                return
            assert not (pattern.hidden & ~more.hidden).any()
            assert recovered(wider, more.hidden) == 0


def test_proven_optima_never_fall_when_more_is_required() -> None:
    for seed in range(5):
        tables = random_tables(seed)
        last = 0.0
        for upper in (0.0, 2.0, 4.0, 8.0):
            asked = replace(tables, upper=np.where(tables.primary, upper, 0.0), lower=np.zeros(tables.size))
            try:
                found = suppress(asked)
            except PipelineError:
                break
            assert found.proven
            assert found.cost >= last
            last = found.cost


def test_rounded_publication_needs_less_and_is_attacked_through_its_windows() -> None:
    """Cells shown as multiples of 5 leave room by themselves: with such windows less is hidden than of exact counts."""
    fewer = 0
    for seed in range(8):
        tables = random_tables(seed)
        rounded = np.floor(tables.counts / 5 + 0.5) * 5
        windows = replace(tables, shown_low=np.maximum(rounded - 2, 0), shown_high=rounded + 2)
        exact, coarse = suppress(tables, effort=SHORT), suppress(windows, effort=SHORT)
        assert recovered(windows, coarse.hidden) == 0
        fewer += exact.cells - coarse.cells
    assert fewer > 0


def test_one_child_under_two_names_is_hidden_under_both() -> None:
    import scipy.sparse as sp

    leaves = np.array([3.0, 40.0, 50.0, 20.0])
    parts = sp.csr_array(np.array([[1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1], [1, 1, 1, 1.0]]))
    primary = np.array([True, False, False, False, False, False])
    tables = linked_tables(leaves, parts, primary, lower=primary * 3.0, upper=primary * 2.0)
    assert suppress(tables).hidden[1]


def test_what_can_not_be_protected_is_refused() -> None:
    tables = random_tables(3)
    assert tables.primary.any()
    with pytest.raises(PipelineError, match="mönster som skyddar"):
        suppress(replace(tables, must_show=~tables.primary))
    with pytest.raises(PipelineError, match="antingen döljs eller visas"):
        linked_tables(tables.leaves, tables.parts, tables.primary, must_show=np.ones(tables.size, dtype=bool))
    with pytest.raises(PipelineError, match="negativa antal"):
        linked_tables(-tables.leaves - 1, tables.parts, tables.primary)
    assert attacked(tables, suppress(tables).hidden)
