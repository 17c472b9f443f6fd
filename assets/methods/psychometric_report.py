"""The psychometric report of one index: is its measurement what a Rasch index promises?

RISE's five criteria (category order, invariance, unidimensionality with local independence, targeting, reliability), item fit,
and drift from the published thresholds. Category order, item fit, invariance and dependence are judged on thresholds estimated
from the data; targeting, PSI and persons on the published ones, which are those that scores are computed with.

What can't be estimated becomes `not_estimable` with a reason's code; the other criteria are still judged. The report holds
statistics and counts per category and half logit, never a row or a pattern. Those counts are exact: whoever shows them must
protect the small ones first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.catalogue.psychometric_models import PsychometricRules
from assets.methods.category_order import category_use, threshold_steps
from assets.methods.errors import PipelineError
from assets.methods.one_factor import OneFactorFit, fit_one_factor
from assets.methods.psychometric_criteria import (
    estimated,
    judge_categories,
    judge_drift,
    judge_invariance,
    judge_item_fit,
    judge_reliability,
    judge_residuals,
    judge_targeting,
    restricted,
)
from assets.methods.psychometric_groups import GroupComparison, compare_groups
from assets.methods.psychometric_verdicts import CriterionResult, simulation_plan
from assets.methods.rasch_answers import AnswerCounts, count_answers
from assets.methods.rasch_drift import item_drift, published_thresholds, threshold_drift
from assets.methods.rasch_information import GRID, information_curve
from assets.methods.rasch_item_fit import conditional_item_fit
from assets.methods.rasch_model import IndexSpec
from assets.methods.rasch_persons import Persons, locate
from assets.methods.rasch_residuals import ResidualStructure, residual_structure, simulate_bounds
from assets.methods.reliability import AlphaResult, SeparationIndex, answer_moments, cronbach_alpha, separation_index
from assets.methods.targeting import Targeting, targeting


@dataclass(frozen=True, eq=False)
class PsychometricReport:
    """Everything that was measured for one index, and the verdicts.

    `n` respondents, `n_scored` with enough answers; `items` in use, `not_asked` without a single answer. Frames are None where
    their criterion can't be estimated. `thresholds`: estimates linked to the published scale with `difference`, `se` and
    adjusted p value; `alpha_by_group`: `group, level, alpha, low, high, k, n`; `wave_drift`: per wave and item the drift.
    """

    index_key: str
    n: int
    n_scored: int
    items: tuple[str, ...]
    not_asked: tuple[str, ...]
    criteria: tuple[CriterionResult, ...]
    categories: pl.DataFrame
    steps: pl.DataFrame | None
    thresholds: pl.DataFrame | None
    item_drift: pl.DataFrame | None
    wave_drift: pl.DataFrame | None
    item_fit: pl.DataFrame | None
    residuals: ResidualStructure | None
    groups: tuple[GroupComparison, ...]
    targeting: Targeting | None
    information: pl.DataFrame
    psi: SeparationIndex
    alpha: AlphaResult | None
    alpha_by_group: pl.DataFrame
    factor_model: OneFactorFit | None

    @property
    def omega(self) -> float | None:
        """McDonald's omega of complete rows; None when the one-factor model has no proper solution."""
        return self.factor_model.omega if self.factor_model is not None and self.factor_model.proper else None

    def criterion(self, name: str) -> CriterionResult:
        """One criterion's result."""
        return next(result for result in self.criteria if result.criterion == name)

    def verdicts(self) -> pl.DataFrame:
        """One row per criterion: `criterion, verdict, reason`, then of the deciding finding `measure` to `source`."""
        names = ("measure", "item", "group", "statistic", "low", "high", "source")
        rows = [
            [result.criterion, result.verdict, result.reason]
            + [None if result.deciding is None else getattr(result.deciding, name) for name in names]
            for result in self.criteria
        ]
        numbers = {"statistic", "low", "high"}
        schema = {name: pl.Float64 if name in numbers else pl.String for name in ("criterion", "verdict", "reason", *names)}
        return pl.DataFrame(rows, schema=schema, orient="row")


def psychometric_report(
    answers: pl.DataFrame | pl.LazyFrame,
    spec: IndexSpec,
    rules: PsychometricRules,
    groups: Sequence[str] = ("sex", "grade", "wave"),
    wave: str | None = "wave",
) -> PsychometricReport:
    """Judge one index on a table of respondents, e.g. one wave or all waves.

    Args:
        answers: as `count_answers` takes it: one row per respondent, a column per item, and the group columns.
        spec: the index with its published thresholds.
        rules: the catalogue's limits.
        groups: group variables for invariance. Those with fewer than two large enough levels are reported as such.
        wave: the one of `groups` whose levels drift is also followed over, or None.

    Raises:
        PipelineError: an item's column is absent or holds something else than its categories, or the published thresholds
            don't give one score per sum.
    """
    counted = count_answers(answers, spec, groups)
    asked = [key for key, seen in zip(counted.items, counted.category_counts(), strict=True) if seen.any()]
    if len(asked) < 2:
        raise _too_few_items(spec)
    counts, base = counted.only(asked), restricted(spec, asked)
    fit, reason = estimated(counts)
    complete_fit, complete_reason = estimated(counts.complete())
    persons = _persons(counts, base, spec.min_answered)
    published = published_thresholds(base)
    fitted = None if complete_fit is None else conditional_item_fit(counts, complete_fit)
    residuals, residual_reason = (None, reason) if fit is None else _residuals(counts, fit.spec(base), rules)
    compared = tuple(compare_groups(counts, base, group, rules) for group in groups)
    aim = targeting(persons, base, rules.precise_se)
    psi = separation_index(persons)
    drift = None if fit is None else item_drift(fit, published)
    steps = None if fit is None else threshold_steps(fit)
    categories = category_use(counts)
    by_wave = _wave_drift(counts, base, wave, rules) if wave in groups else None
    return PsychometricReport(
        index_key=spec.key,
        n=counts.n,
        n_scored=int(counts.counts[persons.scored].sum()),
        items=counts.items,
        not_asked=tuple(key for key in counted.items if key not in asked),
        criteria=(
            judge_categories(categories, steps, reason, rules),
            judge_item_fit(fitted, complete_reason, rules),
            judge_invariance(compared, rules),
            judge_residuals(residuals, residual_reason or "no_scored", rules),
            judge_targeting(aim, spec.kind, rules),
            judge_reliability(psi, rules),
            judge_drift(drift, by_wave, reason, rules),
        ),
        categories=categories,
        steps=steps,
        thresholds=None if fit is None else threshold_drift(fit, published),
        item_drift=drift,
        wave_drift=by_wave,
        item_fit=fitted,
        residuals=residuals,
        groups=compared,
        targeting=aim,
        information=information_curve(base, GRID),
        psi=psi,
        alpha=cronbach_alpha(counts),
        alpha_by_group=_alpha_by_group(counts, groups, rules),
        factor_model=_factor_model(counts),
    )


def _persons(counts: AnswerCounts, spec: IndexSpec, min_answered: int) -> Persons:
    """Persons on the published thresholds; nobody is scored when fewer items were asked than a score needs."""
    if len(counts.items) >= min_answered:
        return locate(counts, spec)
    none = np.full(len(counts.counts), np.nan)
    return Persons(none, none, np.zeros(len(none), dtype=bool), counts.counts)


def _residuals(counts: AnswerCounts, spec: IndexSpec, rules: PsychometricRules) -> tuple[ResidualStructure | None, str | None]:
    """Residual structure with its bounds, or None and a reason's code."""
    try:
        persons = locate(counts, spec)
    except PipelineError as error:
        return None, error.code
    if not persons.scored.any():
        return None, "no_scored"
    observed = residual_structure(counts, spec, persons)
    if observed.q3_star is None:
        return observed, "too_few_complete"
    return simulate_bounds(observed, counts, spec, persons, simulation_plan(rules)), None


def _wave_drift(counts: AnswerCounts, spec: IndexSpec, wave: str, rules: PsychometricRules) -> pl.DataFrame:
    """Item drift from the published thresholds wave by wave; waves that are small or can't be estimated have a `reason`."""
    rows = []
    for level in counts.levels[wave]:
        mine = counts.level(wave, level)
        mine = mine.only([key for key, seen in zip(mine.items, mine.category_counts(), strict=True) if seen.any()])
        large = len(mine.items) > 1 and mine.informative().n >= rules.minimum_group
        fit, reason = estimated(mine) if large else (None, "no_groups")
        if fit is None:
            rows.append(pl.DataFrame({"wave": [str(level)], "reason": [reason]}))
        else:
            rows.append(item_drift(fit, published_thresholds(spec)).select(pl.lit(str(level)).alias("wave"), pl.all()))
    return pl.concat(rows, how="diagonal") if rows else pl.DataFrame(schema={"wave": pl.String, "reason": pl.String})


def _alpha_by_group(counts: AnswerCounts, groups: Sequence[str], rules: PsychometricRules) -> pl.DataFrame:
    rows = []
    for group in groups:
        for level in counts.levels[group]:
            result = cronbach_alpha(counts.level(group, level))
            if result is not None and result.n >= rules.minimum_group:
                rows.append([group, str(level), result.alpha, result.low, result.high, result.k, result.n])
    schema = {"group": pl.String, "level": pl.String, "alpha": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    return pl.DataFrame(rows, schema=schema | {"k": pl.Int64, "n": pl.Int64}, orient="row")


def _factor_model(counts: AnswerCounts) -> OneFactorFit | None:
    moments = answer_moments(counts)
    return fit_one_factor([moments]) if len(counts.items) > 2 and moments.n > 2 * len(counts.items) else None


def _too_few_items(spec: IndexSpec) -> PipelineError:
    return PipelineError(
        code="too_few_items",
        where=f"Indexet {spec.key}",
        expected="svar på minst två av indexets frågor",
        got="svar på högst en",
        hint="Välj ett mättillfälle där indexets frågor ställdes.",
    )
