"""The verdict of each psychometric criterion from its statistics and the catalogue's limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from assets.catalogue.psychometric_models import Measure, PsychometricRules
from assets.methods.errors import PipelineError
from assets.methods.psychometric_groups import GroupComparison, group_findings
from assets.methods.psychometric_verdicts import CriterionResult, Finding, criterion_result, judge, lessened, not_estimable
from assets.methods.rasch_answers import AnswerCounts
from assets.methods.rasch_cml import CmlFit, estimate_cml
from assets.methods.rasch_model import IndexSpec
from assets.methods.rasch_residuals import ResidualStructure
from assets.methods.reliability import SeparationIndex
from assets.methods.targeting import Targeting


def estimated(counts: AnswerCounts) -> tuple[CmlFit | None, str | None]:
    """Thresholds, or None and the code of what stood in the way."""
    try:
        return estimate_cml(counts), None
    except PipelineError as error:
        return None, error.code


def restricted(spec: IndexSpec, items: Collection[str]) -> IndexSpec:
    """The index with some of its items."""
    kept = tuple(item for item in spec.items if item.key in items)
    return replace(spec, items=kept, min_answered=min(spec.min_answered, len(kept)))


def judge_categories(
    categories: pl.DataFrame, steps: pl.DataFrame | None, reason: str | None, rules: PsychometricRules
) -> CriterionResult:
    """Every category used, every threshold above the one before; a reversal fails when chance can't explain it."""
    if steps is None:
        return not_estimable("category_order", reason or "no_scored")
    fewest = categories.group_by("item", maintain_order=True).agg(pl.col("n").min())
    found = [judge(rules, "category_count", float(n), item=item) for item, n in fewest.iter_rows()]
    for row in steps.iter_rows(named=True):
        upper = row["step"] + 1.96 * row["se"]
        found.append(
            judge(
                rules,
                "threshold_step",
                row["step"],
                judged=upper,
                item=row["item"],
                levels=f"{row['threshold']}|{row['threshold'] + 1}",
            )
        )
    return criterion_result("category_order", found)


def judge_item_fit(fit: pl.DataFrame | None, reason: str | None, rules: PsychometricRules) -> CriterionResult:
    """Conditional infit and outfit near 1. A mean square within 1.96 standard errors of 1 holds: it may be chance."""
    if fit is None:
        return not_estimable(
            "item_fit", "too_few_complete" if reason == "no_informative_answers" else reason or "too_few_complete"
        )
    found = []
    for row in fit.iter_rows(named=True):
        for measure in ("infit", "outfit"):
            finding = judge(rules, measure, row[measure], item=row["item"])
            found.append(finding if abs(row[measure] - 1.0) > 1.96 * row[f"{measure}_se"] else lessened(finding))
    return criterion_result("item_fit", found)


def judge_invariance(groups: Sequence[GroupComparison], rules: PsychometricRules) -> CriterionResult:
    """Large and certain differences between groups, over all group variables that could be compared."""
    compared = [comparison for comparison in groups if comparison.items is not None]
    if not compared:
        return not_estimable("invariance", next((c.reason for c in groups if c.reason), "no_groups"))
    found = [finding for comparison in groups for finding in group_findings(comparison, rules)]
    return criterion_result("invariance", found, (comparison.group for comparison in compared))


def judge_residuals(residuals: ResidualStructure | None, reason: str, rules: PsychometricRules) -> CriterionResult:
    """Q3* and the first eigenvalue of the residuals beside their simulated bounds."""
    if residuals is None or residuals.q3_star is None or residuals.eigenvalue is None:
        return not_estimable("unidimensionality", reason)
    item, other = residuals.pairs().row(0)[:2]
    return criterion_result(
        "unidimensionality",
        [
            judge(rules, "q3_star", residuals.q3_star, watch=residuals.q3_star_bound, item=item, other_item=other),
            judge(rules, "eigenvalue", residuals.eigenvalue, watch=residuals.eigenvalue_bound),
        ],
    )


def judge_targeting(aim: Targeting | None, kind: str, rules: PsychometricRules) -> CriterionResult:
    """Distance between persons and thresholds, and the shares at the ends, in the direction that the index is published in."""
    if aim is None:
        return not_estimable("targeting", "no_scored")
    values = {"offset": aim.offset, "floor": aim.floor, "ceiling": aim.ceiling}
    if kind == "protective":
        values = {"offset": -aim.offset, "floor": aim.ceiling, "ceiling": aim.floor}
    return criterion_result("targeting", [judge(rules, measure, value) for measure, value in values.items()])


def judge_reliability(psi: SeparationIndex, rules: PsychometricRules) -> CriterionResult:
    """Person separation of all scored respondents."""
    if psi.all is None:
        return not_estimable("reliability", "no_scored")
    return criterion_result("reliability", [judge(rules, "psi", psi.all)])


def judge_drift(
    drift: pl.DataFrame | None, by_wave: pl.DataFrame | None, reason: str | None, rules: PsychometricRules
) -> CriterionResult:
    """Distance of item locations from the published ones, when chance can't explain it: over all waves and in each wave.

    Args:
        drift: `rasch_drift.item_drift` of all waves. by_wave: the same per `wave`; rows of waves that couldn't be estimated
            have no `difference`. None where waves aren't followed.
    """
    if drift is None:
        return not_estimable("drift", reason or "no_scored")
    found = [_drifted(row, "drift_logits", rules) for row in drift.iter_rows(named=True)]
    if by_wave is not None and "difference" in by_wave.columns:
        rows = by_wave.filter(pl.col("difference").is_not_null()).iter_rows(named=True)
        found += [_drifted(row, "wave_drift_logits", rules, group="wave", levels=row["wave"]) for row in rows]
    return criterion_result("drift", found)


def _drifted(row: Mapping[str, Any], measure: Measure, rules: PsychometricRules, **place: str) -> Finding:
    finding = judge(rules, measure, abs(row["difference"]), item=row["item"], **place)
    certain = row["p_adjusted"] is not None and row["p_adjusted"] < rules.significance
    return finding if certain else lessened(finding)
