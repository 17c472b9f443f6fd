"""From statistics to verdicts: a finding is one statistic beside its limits, a criterion has the verdict of its worst finding."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from assets.catalogue.psychometric_models import Criterion, Limits, Measure, PsychometricRules, Verdict
from assets.methods.rasch_residuals import Simulation

_RANK: dict[Verdict, int] = {"fails": 0, "watch": 1, "holds": 2, "not_estimable": 3}
_SCREENS = ("delta_cfi", "delta_rmsea")
"""Rough checks of a whole index: one decides only where no question by itself has as bad a verdict."""
_SCHEMA = {
    "measure": pl.String,
    "item": pl.String,
    "other_item": pl.String,
    "group": pl.String,
    "levels": pl.String,
    "statistic": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "verdict": pl.String,
    "source": pl.String,
}


@dataclass(frozen=True)
class Finding:
    """One statistic with its verdict.

    `low` and `high` are the limits it was compared with: those for failing when it fails, else those for watching; a one-sided
    limit leaves the other empty. `item`, `other_item`, `group` and `levels` (two groups or thresholds with a bar between, one
    wave, or a level of invariance) say what it belongs to.
    """

    measure: Measure
    statistic: float | None
    verdict: Verdict
    low: float | None = None
    high: float | None = None
    source: str = ""
    item: str | None = None
    other_item: str | None = None
    group: str | None = None
    levels: str | None = None


@dataclass(frozen=True, eq=False)
class CriterionResult:
    """A criterion's verdict; `reason` is the code of what stood in the way when it can't be estimated.

    `findings`: one row per statistic, worst first: `measure, item, other_item, group, levels, statistic, low, high, verdict,
    source`. `groups`: the group variables that were compared (invariance).
    """

    criterion: Criterion
    verdict: Verdict
    reason: str | None
    findings: pl.DataFrame
    deciding: Finding | None
    groups: tuple[str, ...] = ()


def judge(
    rules: PsychometricRules,
    measure: Measure,
    statistic: float,
    *,
    watch: float | None = None,
    judged: float | None = None,
    **place: str | None,
) -> Finding:
    """Compare a statistic with its limits.

    Args:
        rules: the catalogue's limits.
        measure: which measure it is.
        statistic: its value; NaN gives `not_estimable`.
        watch: a simulated limit in place of the catalogue's.
        judged: what is compared in place of the statistic with the limit for failing, e.g. the end of an interval.
        place: item, other_item, group, levels.
    """
    limits = rules.by_measure[measure]
    worth = limits.watch if limits.watch is not None else watch
    if math.isnan(statistic) or (isinstance(worth, float) and math.isnan(worth)):
        return Finding(measure, None, "not_estimable", source=limits.source, **place)
    failing = statistic if judged is None else judged
    beyond_watch = worth is not None and _beyond(limits, statistic, worth)
    fails = limits.fails is not None and _beyond(limits, failing, limits.fails) and (beyond_watch or worth is None)
    verdict: Verdict = "fails" if fails else "watch" if beyond_watch else "holds"
    low, high = _sides(limits, limits.fails if fails else worth)
    return Finding(measure, float(statistic), verdict, low, high, limits.source, **place)


def lessened(finding: Finding) -> Finding:
    """The finding as it stands when the difference may well be chance."""
    return replace(finding, verdict="holds")


def criterion_result(criterion: Criterion, findings: Sequence[Finding], groups: Iterable[str] = ()) -> CriterionResult:
    """The worst finding decides; without any that could be estimated the criterion can't be."""
    ordered = sorted(findings, key=_severity)
    frame = pl.DataFrame([[getattr(f, name) for name in _SCHEMA] for f in ordered], schema=_SCHEMA, orient="row")
    deciding = ordered[0] if ordered else None
    verdict: Verdict = deciding.verdict if deciding else "not_estimable"
    reason = "too_few_complete" if verdict == "not_estimable" else None
    return CriterionResult(criterion, verdict, reason, frame, deciding, tuple(groups))


def not_estimable(criterion: Criterion, reason: str) -> CriterionResult:
    """A criterion that can't be judged, with the reason's code."""
    return CriterionResult(criterion, "not_estimable", reason, pl.DataFrame(schema=_SCHEMA), None)


def simulation_plan(rules: PsychometricRules) -> Simulation:
    """The catalogue's plan as the simulation takes it."""
    plan = rules.simulation
    return Simulation(plan.replicates, plan.respondents, plan.quantile, plan.seed)


def _severity(finding: Finding) -> tuple[int, bool, float, str, str, str, str]:
    """Worst first: by verdict, screens last, then by distance from the middle of the limits, then by name."""
    if finding.statistic is None:
        distance = 0.0
    elif finding.low is not None and finding.high is not None:
        distance = abs(finding.statistic - (finding.low + finding.high) / 2.0)
    elif finding.low is not None:
        distance = finding.low - finding.statistic
    else:
        distance = finding.statistic - (finding.high or 0.0)
    names = (finding.item or "", finding.other_item or "", finding.group or "")
    return (_RANK[finding.verdict], finding.measure in _SCREENS, -distance, finding.measure, *names)


def _beyond(limits: Limits, value: float, limit: float | tuple[float, float]) -> bool:
    if isinstance(limit, tuple):
        return not limit[0] <= value <= limit[1]
    return value > limit if limits.bad == "above" else value < limit


def _sides(limits: Limits, limit: float | tuple[float, float] | None) -> tuple[float | None, float | None]:
    if limit is None:
        return None, None
    if isinstance(limit, tuple):
        return limit
    return (None, float(limit)) if limits.bad == "above" else (float(limit), None)
