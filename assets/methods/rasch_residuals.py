"""What the scale leaves over: Yen's Q3 for local dependence, the first eigenvalue of the residuals, and their simulated bounds.

Q3 (Yen 1984, Appl Psychol Meas 8:125) is the correlation of two items' standardised residuals at the weighted likelihood
estimate. Its mean is negative when the model holds, so it is judged by Q3* = largest minus mean (Christensen, Makransky &
Horton 2017, Appl Psychol Meas 41:178). The first eigenvalue of the same matrix is that of a principal component analysis of
the residuals (Smith 2002, J Appl Meas 3:205; Raîche 2005). Both bounds are quantiles over data simulated under the model:
answers drawn from their distribution given the respondents' own answered sets and raw sums, with a fixed seed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from assets.methods.rasch_answers import NO_ANSWER, AnswerCounts
from assets.methods.rasch_model import Array, IndexSpec
from assets.methods.rasch_persons import Persons, expected_and_variance, standardised_residuals
from assets.methods.rasch_symmetric import SymmetricFunctions, symmetric_functions

_BLOCK = 20  # replicates held in memory at a time


@dataclass(frozen=True, eq=False)
class ResidualStructure:
    """Q3 of all pairs (NaN where two items were never answered together) and what is judged from it.

    The judged numbers are None when some pair has no Q3, the bounds also until they are simulated.
    """

    items: tuple[str, ...]
    q3: Array
    q3_mean: float | None
    q3_star: float | None
    eigenvalue: float | None
    q3_star_bound: float | None = None
    eigenvalue_bound: float | None = None
    simulated_respondents: int = 0
    replicates: int = 0

    def pairs(self) -> pl.DataFrame:
        """One row per pair: `item`, `other_item`, `q3`, `above_mean` (q3 minus the mean; null without); most dependent first."""
        first, second = np.tril_indices(len(self.items), -1)
        rows = pl.DataFrame(
            {
                "item": [self.items[place] for place in second],
                "other_item": [self.items[place] for place in first],
                "q3": pl.Series(self.q3[first, second]).fill_nan(None),
            }
        )
        return rows.with_columns(above_mean=pl.col("q3") - pl.lit(self.q3_mean, dtype=pl.Float64)).sort(
            "above_mean", "q3", "item", "other_item", descending=[True, True, False, False], nulls_last=True
        )


@dataclass(frozen=True)
class Simulation:
    """How bounds are simulated: replicates, most respondents in each, quantile taken as the bound, and the seed.

    Each replicate draws as many respondents as the survey has, at most `respondents`, with replacement from the real answered
    sets and raw sums. A smaller sample spreads more, so for a larger survey the bound only flags what would matter there.
    """

    replicates: int = 200
    respondents: int = 3000
    quantile: float = 0.99
    seed: int = 20260101


def residual_structure(counts: AnswerCounts, spec: IndexSpec, persons: Persons) -> ResidualStructure:
    """Q3, its mean and Q3*, and the first eigenvalue.

    Args:
        counts: the answers.
        spec: the index with the thresholds to judge by (estimated on the data, `CmlFit.spec`).
        persons: `locate(counts, spec)`; patterns without a score are left out.
    """
    rows = persons.scored
    used = counts.keep(rows)
    matrix = _pairwise_correlation(standardised_residuals(used, spec, persons.theta[rows]), used.counts.astype(float))
    mean, star, eigenvalue = (None if np.isnan(value) else value for value in _summary(matrix))
    return ResidualStructure(counts.items, matrix, mean, star, eigenvalue)


def simulate_bounds(
    observed: ResidualStructure, counts: AnswerCounts, spec: IndexSpec, persons: Persons, plan: Simulation
) -> ResidualStructure:
    """Add the simulated bounds of Q3* and of the first eigenvalue to an observed structure."""
    width = spec.max_raw + 1
    key = (counts.mask * width + counts.raw)[persons.scored]
    cells, position = np.unique(key, return_inverse=True)
    n = np.bincount(position, weights=counts.counts[persons.scored], minlength=len(cells)).astype(np.int64)
    theta = np.empty(len(cells))
    theta[position] = persons.theta[persons.scored]
    draw = _Draw.of(spec, cells // width, cells % width, theta)
    rng = np.random.default_rng(plan.seed)
    size = min(int(n.sum()), plan.respondents)
    found = []
    for start in range(0, plan.replicates, _BLOCK):
        block = min(_BLOCK, plan.replicates - start)
        chosen = np.searchsorted(np.cumsum(n), rng.integers(0, n.sum(), block * size), side="right")
        residuals = draw.residuals(chosen, rng)
        found += [_summary(_pairwise_correlation(part, np.ones(size)))[1:] for part in np.split(residuals, block)]
    drawn = np.array(found)
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    if not len(drawn):  # some pair is too rare to meet in a sample
        return observed
    bounds = np.quantile(drawn, plan.quantile, axis=0)
    return replace(
        observed,
        q3_star_bound=float(bounds[0]),
        eigenvalue_bound=float(bounds[1]),
        simulated_respondents=size,
        replicates=plan.replicates,
    )


def simulate_answers(functions: SymmetricFunctions, mask: Array, raw: Array, rng: np.random.Generator) -> Array:
    """Draw answers given answered set and raw sum, item by item; [rows, items], -1 for no answer."""
    rest, left = mask.copy(), raw.copy()
    answers = np.full((len(mask), len(functions.weights)), NO_ANSWER, dtype=np.int8)
    width = functions.gamma.shape[1]
    for item in range(len(functions.weights)):
        keys, position = np.unique(rest * width + left, return_inverse=True)
        below = functions.shares(item, keys // width, keys % width).cumsum(axis=1)[:, :-1]
        below[below > 1.0 - 1e-12] = 1.0  # rounding must not open a category that the sum rules out
        inside = (rest >> item) & 1 == 1
        drawn = (rng.random(len(mask))[:, None] > below[position]).sum(axis=1)
        answers[inside, item] = drawn[inside]
        left = np.where(inside, left - drawn, left)
        rest = np.where(inside, rest ^ (1 << item), rest)
    return answers


@dataclass(frozen=True, eq=False)
class _Draw:
    """Cells (answered set, raw sum) with the expectation and error of every item there."""

    functions: SymmetricFunctions
    mask: Array
    raw: Array
    expected: Array
    sd: Array

    @classmethod
    def of(cls, spec: IndexSpec, mask: Array, raw: Array, theta: Array) -> _Draw:
        expected, variance = expected_and_variance(spec, theta)
        functions = symmetric_functions([np.array(item.thresholds) for item in spec.items])
        return cls(functions, mask, raw, expected, np.sqrt(variance))

    def residuals(self, chosen: Array, rng: np.random.Generator) -> Array:
        answers = simulate_answers(self.functions, self.mask[chosen], self.raw[chosen], rng)
        return np.where(answers >= 0, (answers - self.expected[chosen]) / self.sd[chosen], np.nan)


def _pairwise_correlation(residuals: Array, weight: Array) -> Array:
    """Pearson correlations over the rows where both items have a residual; NaN where none has."""
    there = np.isfinite(residuals)
    value = np.where(there, residuals, 0.0)
    present = there.astype(float)
    weighted = value * weight[:, None]
    n = (present * weight[:, None]).T @ present
    first = weighted.T @ present
    square = (weighted * value).T @ present
    product = weighted.T @ value
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = first / n
        variance = square / n - mean**2
        return (product / n - mean * mean.T) / np.sqrt(variance * variance.T)


def _summary(matrix: Array) -> tuple[float, float, float]:
    """Mean of the pairs, largest minus mean, first eigenvalue; NaN when a pair was never answered together."""
    pairs = matrix[np.tril_indices(len(matrix), -1)]
    if not len(pairs) or not np.isfinite(pairs).all():
        return np.nan, np.nan, np.nan
    return float(pairs.mean()), float(pairs.max() - pairs.mean()), float(np.linalg.eigvalsh(matrix)[-1])
