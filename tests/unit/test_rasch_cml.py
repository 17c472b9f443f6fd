"""Threshold estimation: recovery, missing answers, anchors, linking, drift, and what can't be estimated."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest

from assets.methods.errors import PipelineError
from assets.methods.rasch_answers import count_answers
from assets.methods.rasch_cml import conditional_loglik, estimate_cml
from assets.methods.rasch_drift import item_drift, link, locations, threshold_drift
from assets.methods.rasch_residuals import simulate_answers
from assets.methods.rasch_symmetric import symmetric_functions
from tests.support.rasch_simulation import THRESHOLDS, answers, spec_of

TRUE = np.concatenate(list(THRESHOLDS.values()))
CENTRED = TRUE - TRUE.mean()


def _fit(frame: pl.DataFrame, **fixed: tuple[float, ...]):
    return estimate_cml(count_answers(frame, spec_of()), fixed or None)


def test_symmetric_functions_equal_enumeration() -> None:
    thresholds = [np.array(steps) for steps in list(THRESHOLDS.values())[:4]]
    functions = symmetric_functions(thresholds)
    sums: dict[int, float] = {}
    top = {}
    for pattern in product(*(range(len(steps) + 1) for steps in thresholds)):
        weight = float(np.prod([np.exp(-steps[:k].sum()) for steps, k in zip(thresholds, pattern, strict=True)]))
        sums[sum(pattern)] = sums.get(sum(pattern), 0.0) + weight
        top[pattern] = weight
    assert functions.gamma[15, : max(sums) + 1] == pytest.approx([sums[r] for r in sorted(sums)])
    shares = functions.shares(2, np.array([15]), np.array([5]))[0]
    for k in range(4):
        assert shares[k] == pytest.approx(sum(w for p, w in top.items() if sum(p) == 5 and p[2] == k) / sums[5])
    ratio = functions.joint_ratio(0, 3, np.array([15]), np.array([5]))[0]
    joint = functions.weights[0][1] * functions.weights[3][2] * ratio[3]
    assert joint == pytest.approx(sum(w for p, w in top.items() if sum(p) == 5 and p[0] == 1 and p[3] == 2) / sums[5])


@pytest.mark.parametrize("missing", [0.0, 0.25])
def test_known_thresholds_are_recovered(missing: float) -> None:
    fit = _fit(answers(4000, 11, missing=missing))
    assert (np.abs(fit.flat - CENTRED) < 3 * np.concatenate(fit.se)).all()
    assert np.concatenate(fit.se).max() < (0.09 if missing else 0.07)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    inside = []
    for seed in range(60):
        fit = _fit(answers(400, seed, missing=0.1))
        inside.append(np.abs(fit.flat - CENTRED) < 1.959964 * np.concatenate(fit.se))
    assert 0.93 < np.mean(inside) < 0.97


def test_planned_missing_of_two_linked_booklets() -> None:
    frame = answers(5000, 3)
    first = pl.int_range(pl.len()) % 2 == 0
    frame = frame.with_columns(pl.when(first).then(pl.col("g", "h")).otherwise(None)).with_columns(
        pl.when(first).then(None).otherwise(pl.col("a", "b")).name.keep()
    )
    fit = _fit(frame)
    assert (np.abs(fit.flat - CENTRED) < 3.3 * np.concatenate(fit.se)).all()


def test_the_estimate_is_a_maximum_and_errors_are_its_curvature() -> None:
    counts = count_answers(answers(500, 5, missing=0.1), spec_of())
    fit = estimate_cml(counts)
    step = np.zeros(len(TRUE))
    step[4], step[9] = 0.05, -0.05
    nearby = [
        conditional_loglik(counts, np.split(fit.flat + s * step, np.cumsum([len(t) for t in fit.thresholds])[:-1]))
        for s in (-1, 1)
    ]
    assert max(nearby) < fit.loglik
    curvature = -(nearby[0] + nearby[1] - 2 * fit.loglik)
    information = np.linalg.pinv(fit.covariance)
    assert curvature == pytest.approx(step @ information @ step, rel=1e-3)


def test_uninformative_rows_change_nothing() -> None:
    frame = answers(600, 7)
    keys = list(THRESHOLDS)
    empty = pl.DataFrame(
        {key: [None, 0, len(THRESHOLDS[key]), 1 if key == "c" else None] for key in keys}, schema=frame.select(keys).schema
    )
    plain, more = _fit(frame.select(keys)), _fit(pl.concat([frame.select(keys), empty]))
    assert more.loglik == plain.loglik
    assert more.flat.tolist() == plain.flat.tolist()
    assert more.n == plain.n


def test_anchored_items_keep_their_thresholds_and_set_the_scale() -> None:
    frame = answers(3000, 9)
    free = _fit(frame)
    shifted = {key: tuple(free.thresholds[place] + 0.7) for place, key in enumerate(THRESHOLDS) if key in "acd"}
    anchored = _fit(frame, **shifted)
    assert anchored.flat == pytest.approx(free.flat + 0.7, abs=1e-7)  # anchored at their own estimates the others stay
    assert anchored.se[0].tolist() == [0.0, 0.0, 0.0]
    assert anchored.free_parameters == len(TRUE) - 9
    assert anchored.loglik == pytest.approx(free.loglik, abs=1e-8)
    published = _fit(frame, a=THRESHOLDS["a"], c=THRESHOLDS["c"])
    others = np.array([key not in "ac" for key, steps in THRESHOLDS.items() for _ in steps])
    assert (np.abs(published.flat - TRUE)[others] < 3.3 * np.concatenate(published.se)[others]).all()
    with pytest.raises(ValueError, match="all items"):
        _fit(frame, **THRESHOLDS)
    with pytest.raises(ValueError, match="fixed item a"):
        _fit(frame, a=(0.0,))


def test_linking_moves_the_mean_and_its_errors() -> None:
    fit = _fit(answers(1500, 13))
    linked = link(fit, THRESHOLDS)
    assert linked.flat.mean() == pytest.approx(TRUE.mean())
    assert np.concatenate(linked.se) == pytest.approx(np.concatenate(fit.se))
    some = link(fit, THRESHOLDS, ["a"])
    assert some.thresholds[0].mean() == pytest.approx(np.mean(THRESHOLDS["a"]))
    assert locations(some)[1][0] == pytest.approx(0.0, abs=1e-7)
    assert np.concatenate(some.se).mean() > np.concatenate(fit.se).mean()
    with pytest.raises(ValueError, match="link"):
        link(fit, THRESHOLDS, ["x"])


def test_drift_finds_the_item_that_moved() -> None:
    moved = {**THRESHOLDS, "e": tuple(step + 0.6 for step in THRESHOLDS["e"])}
    frame = answers(6000, 17, thresholds=moved)
    fit = _fit(frame)
    drift = item_drift(fit, THRESHOLDS, [key for key in THRESHOLDS if key != "e"])
    by_item = {row["item"]: row for row in drift.iter_rows(named=True)}
    assert by_item["e"]["difference"] == pytest.approx(0.6, abs=3 * by_item["e"]["se"])
    assert by_item["e"]["p_adjusted"] < 1e-6
    assert drift.filter(pl.col("item") != "e")["difference"].abs().max() < 0.15
    steps = threshold_drift(fit, THRESHOLDS)
    assert steps.height == len(TRUE)
    assert (steps["p_adjusted"] >= steps["p_value"] - 1e-15).all()
    assert steps["difference"].sum() == pytest.approx(0.0, abs=1e-9)


def test_drawn_answers_have_the_sum_they_were_drawn_for() -> None:
    counts = count_answers(answers(400, 19, missing=0.2), spec_of())
    functions = symmetric_functions(estimate_cml(counts).thresholds)
    drawn = simulate_answers(functions, counts.mask, counts.raw, np.random.default_rng(1))
    assert np.where(drawn >= 0, drawn, 0).sum(axis=1).tolist() == counts.raw.tolist()
    assert ((drawn >= 0) == (counts.answers >= 0)).all()
    assert (drawn <= np.array(counts.max_scores)).all()
    assert (drawn != counts.answers).any()


def _spoilt(name: str) -> pl.DataFrame:
    frame = answers(300, 23)
    everyone, half = list(THRESHOLDS), pl.int_range(pl.len()) % 2 == 0
    match name:
        case "empty_category":
            return frame.with_columns(pl.when(pl.col("d") == 2).then(1).otherwise(pl.col("d")).cast(pl.Int8).alias("d"))
        case "constant_item":
            return frame.with_columns(d=pl.lit(1, dtype=pl.Int8))
        case "item_not_answered":
            return frame.with_columns(d=pl.lit(None, dtype=pl.Int8))
        case "disconnected_items":
            first = pl.when(half).then(pl.col(everyone[:4])).otherwise(None)
            return frame.with_columns(first, pl.when(half).then(None).otherwise(pl.col(everyone[4:])).name.keep())
        case "no_informative_answers":
            return frame.head(0)
    raise ValueError(name)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("empty_category", "Slå ihop först"),
        ("constant_item", "samma svar från alla"),
        ("item_not_answered", "inga svar"),
        ("disconnected_items", "a, b, c, d"),
        ("no_informative_answers", "minst två svar"),
    ],
)
def test_what_cannot_be_estimated_says_what_to_do(code: str, said: str) -> None:
    with pytest.raises(PipelineError) as caught:
        _fit(_spoilt(code))
    assert caught.value.code == code
    assert said in str(caught.value)


def test_separated_answers_have_no_maximum() -> None:
    rows = [(1, 0, 0, 0), (0, 1, 0, 0), (1, 1, 1, 0), (1, 1, 0, 1)] * 30  # nobody reaches c or d without a and b
    frame = pl.DataFrame(rows, schema=list("abcd"), orient="row")
    with pytest.raises(PipelineError) as caught:
        estimate_cml(count_answers(frame, spec_of({key: (0.0,) for key in "abcd"})))
    assert caught.value.code == "no_conditional_maximum"
    assert "Slå ihop" in str(caught.value)
