"""Laws of the psychometrics: rows, items and groups may be renamed and reordered; an empty category is an error."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.errors import PipelineError
from assets.methods.one_factor import LEVELS, fit_one_factor
from assets.methods.partial_gamma import partial_gamma
from assets.methods.rasch_answers import AnswerCounts, count_answers
from assets.methods.rasch_cml import estimate_cml
from assets.methods.rasch_dif import fit_groups, item_differences
from assets.methods.rasch_item_fit import conditional_item_fit
from assets.methods.rasch_model import IndexSpec
from assets.methods.rasch_persons import locate
from assets.methods.rasch_residuals import Simulation, residual_structure, simulate_bounds
from assets.methods.reliability import answer_moments, cronbach_alpha, separation_index
from tests.support.rasch_simulation import THRESHOLDS, answers, spec_of

SEEDS = st.integers(0, 10_000)
KEYS = list(THRESHOLDS)


def _everything(frame: pl.DataFrame, spec: IndexSpec) -> list[object]:
    """Every number that the report rests on."""
    counts = count_answers(frame, spec, ["sex"])
    fit = estimate_cml(counts)
    own = fit.spec(spec)
    persons = locate(counts, own)
    residuals = simulate_bounds(residual_structure(counts, own, persons), counts, own, persons, Simulation(20, 200))
    groups = fit_groups(counts, "sex")
    alpha, factor = cronbach_alpha(counts), fit_one_factor([answer_moments(counts)])
    assert alpha is not None
    assert factor is not None
    frames = [
        conditional_item_fit(counts, estimate_cml(counts.complete())),
        item_differences(groups),
        partial_gamma(counts, "sex"),
    ]
    numbers = [fit.loglik, groups.lr, residuals.q3_star_bound, residuals.eigenvalue_bound, alpha.alpha, alpha.low, factor.omega]
    arrays = [fit.flat, fit.covariance, residuals.q3]
    return [*(f.rows() for f in frames), *numbers, *(a.tolist() for a in arrays), separation_index(persons)]


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_no_bit(seed: int, shuffle: int) -> None:
    frame = answers(350, seed % 50, missing=0.05)
    assert _everything(frame.sample(fraction=1.0, shuffle=True, seed=shuffle), spec_of()) == _everything(frame, spec_of())


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.permutations(KEYS))
def test_the_order_of_items_changes_no_number(seed: int, order: list[str]) -> None:
    frame = answers(400, seed % 50, missing=0.05)
    plain, turned = (count_answers(frame, spec_of({key: THRESHOLDS[key] for key in keys})) for keys in (KEYS, order))
    first, second = estimate_cml(plain), estimate_cml(turned)
    by_item = dict(zip(second.items, second.thresholds, strict=True))
    errors = dict(zip(second.items, second.se, strict=True))
    for key, steps, se in zip(first.items, first.thresholds, first.se, strict=True):
        assert by_item[key] == pytest.approx(steps, abs=1e-8)
        assert errors[key] == pytest.approx(se, abs=1e-8)
    assert second.loglik == pytest.approx(first.loglik, rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_swapping_two_groups_turns_the_sign(seed: int) -> None:
    frame = answers(500, seed % 50)
    swapped = frame.with_columns(sex=pl.col("sex").replace({"girl": "boy", "boy": "girl"}))
    one, other = (count_answers(part, spec_of(), ["sex"]) for part in (frame, swapped))
    first, second = fit_groups(one, "sex"), fit_groups(other, "sex")
    turned_back = [-difference for difference in item_differences(second)["difference"]]
    assert item_differences(first)["difference"].to_list() == pytest.approx(turned_back, abs=1e-8)
    assert first.lr == pytest.approx(second.lr, abs=1e-7)
    gamma, turned = partial_gamma(one, "sex"), partial_gamma(other, "sex")
    assert gamma["gamma"].to_list() == pytest.approx((-turned["gamma"]).to_list(), abs=1e-12)
    assert gamma["se"].to_list() == pytest.approx(turned["se"].to_list(), abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from(KEYS))
def test_a_category_that_nobody_chose_is_an_error(seed: int, key: str) -> None:
    longer = {**THRESHOLDS, key: (*THRESHOLDS[key], 2.0)}
    with pytest.raises(PipelineError, match=f"Frågan {key}.*Slå ihop först"):
        estimate_cml(count_answers(answers(300, seed % 50), spec_of(longer)))


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(2, 5))
def test_repeated_respondents_keep_the_thresholds_and_shrink_the_errors(seed: int, times: int) -> None:
    frame = answers(300, seed % 50, missing=0.1)
    once, many = (estimate_cml(count_answers(part, spec_of())) for part in (frame, pl.concat([frame] * times)))
    assert many.flat == pytest.approx(once.flat, abs=1e-8)
    assert np.concatenate(many.se) * times**0.5 == pytest.approx(np.concatenate(once.se), rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_more_equality_never_fits_better(seed: int) -> None:
    counts = count_answers(answers(600, seed % 50), spec_of(), ["wave"])
    moments = [answer_moments(counts.level("wave", wave)) for wave in counts.levels["wave"]]
    fits = [fit_one_factor(moments, level) for level in LEVELS]
    assert all(fit is not None for fit in fits)
    chisq = [fit.chisq for fit in fits if fit is not None]
    assert chisq == sorted(chisq)
    assert len({fit.df for fit in fits if fit is not None}) == 4


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.floats(0.01, 0.4))
def test_counts_keep_every_respondent(seed: int, missing: float) -> None:
    frame = answers(200, seed, missing=missing)
    counts: AnswerCounts = count_answers(frame, spec_of(), ["sex", "wave"])
    assert counts.n == 200
    for key, seen in zip(counts.items, counts.category_counts(), strict=True):
        assert seen.tolist() == [int((frame[key] == k).sum()) for k in range(len(THRESHOLDS[key]) + 1)]
    for sex in ("boy", "girl"):
        assert counts.level("sex", sex).n == int((frame["sex"] == sex).sum())
    assert len(np.unique(counts.answers, axis=0)) <= len(counts.counts)
