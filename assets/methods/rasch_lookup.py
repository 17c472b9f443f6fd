"""Person scores by lookup: every (answered set, raw sum) of an index is solved once, by one of three estimators.

Given the set of answered items the raw sum r is sufficient. E, I, J are the sums over the answered items of the mean, variance
and third central moment of the category at t.

- `wle` (default; Warm 1989, Psychometrika 54:427; polytomous: Penfield & Bergeron 2005, Appl Psychol Meas 29:218): the root of
  r - E(t) + J(t) / (2 I(t)) = 0. Standard error 1 / sqrt(I).
- `mle`: the root of r - E(t) = 0, standard error 1 / sqrt(I); none at r = 0 and the highest sum, where it is infinite.
- `eap` (Bock & Mislevy 1982, Appl Psychol Meas 6:431): mean of the posterior under a standard normal prior, on 33 points from
  -4 to 4 by the trapezoid rule as catR does. Its error is the posterior's standard deviation. It shrinks towards 0 and so must
  not be mixed with the other two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl

from assets.methods.errors import PipelineError
from assets.methods.rasch_model import Array, IndexSpec, answered_sets, moments, sums

Estimator = Literal["wle", "mle", "eap"]

_GRID_POINTS = 401
_GRID_MARGIN = 10.0
_EAP_GRID = np.linspace(-4.0, 4.0, 33)
_NEWTON_STEP = 1e-8
"""After a step of Newton's as short as this, what is left is its square: below rounding."""
_BISECTION_STEP = 1e-11


def build_lookup(spec: IndexSpec, theta_range: float | None = None, estimator: Estimator = "wle") -> pl.DataFrame:
    """Solve every (answered set, raw sum) of an index that has enough answers.

    Args:
        spec: the index with its thresholds.
        theta_range: None, or R to bound the estimate to -R..R as older files were scored (4, 7 or 10). Bounded, the infinite
            ends of `mle` become the bounds.
        estimator: see the module.

    Returns:
        One row per key, sorted: `answered_mask` (bit i = item i answered), `raw`, `n_answered`, `theta` (logits, before a
        protective index changes sign; null where the estimate is infinite), `se` (logits, null likewise), `extreme` (raw is 0
        or the highest of the answered set).

    Raises:
        PipelineError: an answered set has not exactly one root for a raw sum, or theta does not rise with the raw sum.
    """
    if theta_range is not None and not theta_range > 0:
        raise ValueError("theta_range must be positive")
    if estimator not in get_args(Estimator):
        raise ValueError(f"estimator must be one of {', '.join(get_args(Estimator))}")
    masks, answered, highest = answered_sets(spec)
    set_row = np.repeat(np.arange(len(masks)), highest + 1)
    raw = np.concatenate([np.arange(top + 1) for top in highest])
    extreme = (raw == 0) | (raw == highest[set_row])
    if estimator == "eap":
        theta, error = _posterior(spec, answered[set_row], raw)
        _check_rising(spec, set_row, theta)
        theta = theta if theta_range is None else np.clip(theta, -theta_range, theta_range)
    else:
        theta = _solved(spec, answered, highest, set_row, raw, warm=estimator == "wle")
        _check_rising(spec, set_row[np.isfinite(theta)], theta[np.isfinite(theta)])
        theta = theta if theta_range is None else np.clip(theta, -theta_range, theta_range)
        solved = np.isfinite(theta)
        error = np.full(len(theta), np.nan)
        error[solved] = 1.0 / np.sqrt(sums(spec, theta[solved], answered[set_row][solved])[1])
    finite = np.isfinite(theta)
    columns = {
        "answered_mask": masks[set_row],
        "raw": raw,
        "n_answered": answered.sum(axis=1)[set_row],
        "theta": pl.Series(np.where(finite, theta + 0.0, np.nan), nan_to_null=True),
        "se": pl.Series(np.where(finite, error, np.nan), nan_to_null=True),
        "extreme": extreme,
    }
    return pl.DataFrame(columns, schema_overrides={"answered_mask": pl.Int64, "raw": pl.Int64, "n_answered": pl.Int64})


def _posterior(spec: IndexSpec, answered: Array, raw: Array) -> tuple[Array, Array]:
    """Posterior mean and standard deviation per key, in log weights so that no sum of items overflows."""
    log_total = np.stack([_log_normaliser(steps.thresholds) for steps in spec.items])
    log_weight = raw[:, None] * _EAP_GRID - answered @ log_total - _EAP_GRID**2 / 2.0
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight[:, [0, -1]] /= 2.0  # trapezoid: the ends count half
    weight /= weight.sum(axis=1, keepdims=True)
    mean = weight @ _EAP_GRID
    return mean, np.sqrt((weight * (_EAP_GRID - mean[:, None]) ** 2).sum(axis=1))


def _log_normaliser(thresholds: tuple[float, ...]) -> Array:
    terms = np.arange(len(thresholds) + 1.0) * _EAP_GRID[:, None] - np.concatenate([[0.0], np.cumsum(thresholds)])
    top = terms.max(axis=1)
    return top + np.log(np.exp(terms - top[:, None]).sum(axis=1))


def _solved(spec: IndexSpec, answered: Array, highest: Array, set_row: Array, raw: Array, *, warm: bool) -> Array:
    """The root per key; without Warm's term the ends are minus and plus infinity."""
    if warm:
        return _polish(spec, answered[set_row], raw, _brackets(spec, answered, highest), warm=True)
    top = highest[set_row]
    theta = np.where(raw == 0, -np.inf, np.where(raw == top, np.inf, 0.0))
    inner = (raw > 0) & (raw < top)
    grid = _grid(spec)
    expected = answered @ np.stack([moments(item, grid)[0] for item in spec.items])  # rises: one root each
    position = np.empty(len(raw), dtype=np.int64)
    for row in range(len(answered)):
        here = inner & (set_row == row)
        position[here] = np.searchsorted(expected[row], raw[here])
    bracket = _bracket(grid, expected, set_row[inner], raw[inner], position[inner])
    theta[inner] = _polish(spec, answered[set_row][inner], raw[inner], bracket, warm=False)
    return theta


@dataclass(frozen=True)
class _Bracket:
    """Per key the ends of a grid step that holds the root, and where in it a straight line would have the root."""

    low: Array
    high: Array
    start: Array


def _bracket(grid: Array, expected: Array, set_row: Array, raw: Array, position: Array) -> _Bracket:
    """The step up to `position`; `expected` [set, grid] crosses the raw sum there."""
    low, high = grid[position - 1], grid[position]
    before, after = expected[set_row, position - 1], expected[set_row, position]
    return _Bracket(low, high, low + (high - low) * (raw - before) / (after - before))


def _grid(spec: IndexSpec) -> Array:
    steps = [step for item in spec.items for step in item.thresholds]
    return np.linspace(min(steps) - _GRID_MARGIN, max(steps) + _GRID_MARGIN, _GRID_POINTS)


def _brackets(spec: IndexSpec, answered: Array, highest: Array) -> _Bracket:
    """The grid step that holds the root of every key. Counts the roots on the way."""
    grid = _grid(spec)
    mean, variance, third, _ = (np.array(part) for part in zip(*(moments(item, grid) for item in spec.items), strict=True))
    expected = answered @ mean - (answered @ third) / (2.0 * (answered @ variance))
    rising = (np.diff(expected, axis=1) > 0).all(axis=1)
    positions = []
    for row, top in enumerate(highest):
        raws = np.arange(top + 1.0)
        if rising[row]:
            position = np.searchsorted(expected[row], raws)
            single = (position > 0) & (position < _GRID_POINTS)
        else:
            below = expected[row] < raws[:, None]
            crossings = below[:, 1:] != below[:, :-1]
            single = (crossings.sum(axis=1) == 1) & below[:, 0]
            position = crossings.argmax(axis=1) + 1
        if not single.all():
            raise _unusable(
                spec, "exakt en lösning per svarsmönster", f"{int((~single).sum())} svarsmönster utan entydig lösning"
            )
        positions.append(position)
    set_row = np.repeat(np.arange(len(highest)), highest + 1)
    raw = np.concatenate([np.arange(top + 1.0) for top in highest])
    return _bracket(grid, expected, set_row, raw, np.concatenate(positions))


def _polish(spec: IndexSpec, answered: Array, raw: Array, bracket: _Bracket, *, warm: bool) -> Array:
    """Newton's method on all keys at once, kept inside a shrinking bracket; keys that are there leave."""
    theta = bracket.start.copy()
    rows, low, high = np.arange(len(raw)), bracket.low, bracket.high
    for _ in range(60):
        here = theta[rows]
        mean, info, third, fourth = sums(spec, here, answered[rows])
        value, slope = raw[rows] - mean, -info
        if warm:
            value = value + third / (2.0 * info)
            slope = slope + (fourth * info - third * third) / (2.0 * info * info)
        low, high = np.where(value > 0, here, low), np.where(value < 0, here, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            following = here - value / slope
        inside = (following >= low) & (following <= high)
        following = np.where(inside, following, (low + high) / 2.0)
        theta[rows] = following
        going = np.abs(following - here) >= np.where(inside, _NEWTON_STEP, _BISECTION_STEP)
        if not going.any():
            return theta
        rows, low, high = rows[going], low[going], high[going]
    raise _unusable(spec, "att beräkningen av poäng konvergerar", "ingen lösning efter 60 steg")


def _check_rising(spec: IndexSpec, set_row: Array, theta: Array) -> None:
    same_set = set_row[1:] == set_row[:-1]
    falling = int((same_set & (np.diff(theta) <= 0)).sum())
    if falling:
        raise _unusable(spec, "att poängen stiger med råsumman", f"{falling} par av råsummor där den inte gör det")


def _unusable(spec: IndexSpec, expected: str, got: str) -> PipelineError:
    return PipelineError(
        code="unusable_thresholds",
        where=f"Indexet {spec.key}, tröskelvärden",
        expected=expected,
        got=got,
        hint="Kontrollera indexets tröskelvärden i katalogen.",
    )
