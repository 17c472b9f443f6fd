"""Laws of the simulator's answer model, for any trait and any item of the catalogue."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalogue.load import load_catalogue
from assets.demo import pcm
from assets.demo.answers import _to_codes, build_model
from assets.demo.parameters import load_parameters

CATALOGUE = load_catalogue()
MODEL = build_model(CATALOGUE.survey, CATALOGUE.index_file, load_parameters())
THRESHOLDS = st.lists(st.floats(-4, 4), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(THRESHOLDS, st.lists(st.floats(-6, 6), min_size=2, max_size=20))
def test_probabilities_are_probabilities_and_expectations_rise(thresholds, thetas):
    theta = np.sort(np.array(thetas))
    shares = pcm.probabilities(theta, thresholds)
    assert (shares >= 0).all()
    assert np.allclose(shares.sum(axis=1), 1)
    assert (np.diff(pcm.expected_score(theta, thresholds)) >= -1e-12).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(THRESHOLDS, min_size=1, max_size=5), st.floats(-4, 4))
def test_raw_sum_distribution_has_the_right_mean(items, trait):
    theta = np.array([trait])
    distribution = pcm.raw_sum_distribution([pcm.probabilities(theta, i) for i in items])[0]
    assert len(distribution) == sum(map(len, items)) + 1
    mean = distribution @ np.arange(len(distribution))
    assert np.isclose(mean, sum(pcm.expected_score(theta, i)[0] for i in items))


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, len(MODEL.index_items) - 1), st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=30), st.randoms()
)
def test_every_code_leads_back_to_its_score(position, splits, random):
    scores = CATALOGUE.item_scores()[MODEL.index_items[position]]
    drawn = np.array([random.choice(sorted(set(scores.values()))) for _ in splits], dtype=np.int8)
    codes = _to_codes(drawn, np.array(splits), MODEL.codes[position])
    assert [scores[int(c)] for c in codes] == drawn.tolist()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(THRESHOLDS, min_size=1, max_size=4))
def test_draws_stay_within_the_categories_of_each_item(seed, items):
    rng = np.random.default_rng(seed)
    drawn = pcm.draw(rng, rng.normal(0, 3, (50, len(items))), items)
    assert (drawn >= 0).all()
    assert (drawn.max(axis=0) <= [len(i) for i in items]).all()
