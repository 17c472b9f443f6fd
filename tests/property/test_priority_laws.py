"""Laws of the suggested order: the weights' scale doesn't matter, and who is better in everything is never after."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalogue.priority import load_priority
from assets.catalogue.priority_models import CRITERIA, PriorityFile
from assets.methods.priority import UNKNOWN, Judged, ordered

RULE = load_priority().model_copy(update={"draws": 16})
parts = st.integers(0, 20).map(lambda n: n / 20)


@st.composite
def bounds(draw):
    if draw(st.integers(0, 5)) == 0:
        return UNKNOWN
    low, value, high = sorted(draw(st.tuples(parts, parts, parts)))
    return (value, low, high)


factors = st.lists(st.tuples(*[bounds()] * len(CRITERIA)), min_size=1, max_size=7).map(
    lambda found: [Judged(f"f{n}", criteria) for n, criteria in enumerate(found)]
)
weights = st.lists(st.integers(1, 40), min_size=len(CRITERIA), max_size=len(CRITERIA))


def with_weights(values: list[int], scale: float = 1.0) -> PriorityFile:
    return RULE.model_copy(update={"weights": {name: scale * w for name, w in zip(CRITERIA, values, strict=True)}})


@settings(max_examples=40, deadline=None)
@given(factors, weights, st.sampled_from([0.01, 0.5, 3.0, 1000.0]))
def test_weights_on_another_scale_give_the_same_places(judged, values, scale):
    def places(rule: PriorityFile) -> list:
        return [(row["factor"], row.get("place"), row.get("points")) for row in ordered(judged, rule)]

    assert places(with_weights(values)) == places(with_weights(values, scale))


@settings(max_examples=50, deadline=None)
@given(factors, weights)
def test_a_factor_is_never_before_one_that_is_at_least_as_pressing_in_everything(judged, values):
    rows = {row["factor"]: row for row in ordered(judged, with_weights(values)) if row["reason"] == "ok"}
    for one in judged:
        for other in judged:
            # Surely at least as much: the least it can be is the most that the other can be.
            over = all(a[1] >= b[2] for a, b in zip(one.criteria, other.criteria, strict=True))
            if over and one.factor in rows and other.factor in rows:
                assert rows[one.factor]["place"] <= rows[other.factor]["place"]


@settings(max_examples=40, deadline=None)
@given(factors, weights)
def test_places_and_shares_hold_together(judged, values):
    rows = [row for row in ordered(judged, with_weights(values)) if row["reason"] == "ok"]
    for row in rows:
        better = sum(other["points"] > row["points"] for other in rows)
        assert row["place"] >= better + 1
        assert 1 <= row["place_low"] <= row["place"] <= row["place_high"] <= len(rows)
        assert 0 <= row["share_top3"] <= 1
        assert 0 <= row["points"] <= 100


@settings(max_examples=40, deadline=None)
@given(factors, weights, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_change_points_or_places(judged, values, random):
    rule = with_weights(values)
    mixed = list(judged)
    random.shuffle(mixed)
    first = {row["factor"]: (row.get("place"), row.get("points")) for row in ordered(judged, rule)}
    assert first == {row["factor"]: (row.get("place"), row.get("points")) for row in ordered(mixed, rule)}
