"""Invariance over groups: differential item functioning by size, test and effect, and factor models held equal.

Groups smaller than the catalogue's minimum are left out and named; items that some group was never asked are compared in the
groups that were, so they are left out of that group variable. Every table here holds statistics, none a count below a group.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from assets.catalogue.psychometric_models import PsychometricRules
from assets.methods.errors import PipelineError
from assets.methods.one_factor import LEVELS, OneFactorFit, fit_one_factor
from assets.methods.partial_gamma import partial_gamma
from assets.methods.psychometric_verdicts import Finding, judge, lessened
from assets.methods.rasch_answers import AnswerCounts
from assets.methods.rasch_dif import effect_on_means, fit_groups, item_differences, threshold_differences
from assets.methods.rasch_model import IndexSpec
from assets.methods.reliability import answer_moments


@dataclass(frozen=True, eq=False)
class GroupComparison:
    """What is known of one group variable.

    `reason` is None or the code of what stood in the way of estimation (`no_groups`, or that of a `PipelineError`).
    `left_out_levels` were too small, `left_out_items` not asked of every level. `items` and `thresholds`: differences per pair
    of levels (`rasch_dif`); `gamma`: partial gamma; `effects`: on the levels' means; `factor_models`: one row per level of
    invariance: `level, chisq, df, p_value, cfi, tli, rmsea, srmr, delta_cfi, delta_rmsea`.
    """

    group: str
    levels: tuple[str, ...]
    left_out_levels: tuple[str, ...]
    left_out_items: tuple[str, ...]
    reason: str | None = None
    lr: float | None = None
    lr_df: int | None = None
    lr_p_value: float | None = None
    items: pl.DataFrame | None = None
    thresholds: pl.DataFrame | None = None
    gamma: pl.DataFrame | None = None
    effects: pl.DataFrame | None = None
    factor_models: pl.DataFrame | None = None


def compare_groups(counts: AnswerCounts, spec: IndexSpec, group: str, rules: PsychometricRules) -> GroupComparison:
    """Compare the levels of one group variable; never raises for data that can't be compared."""
    parts = {level: counts.level(group, level) for level in counts.levels[group]}
    large = {level: part for level, part in parts.items() if part.informative().n >= rules.minimum_group}
    levels, small = [*large], [level for level in parts if level not in large]
    empty = GroupComparison(group, tuple(map(str, levels)), tuple(map(str, small)), ())
    if len(levels) < 2:
        return replace(empty, reason="no_groups")
    answered = np.all([(part.answers >= 0).any(axis=0) for part in large.values()], axis=0)
    asked = [key for key, everywhere in zip(counts.items, answered, strict=True) if everywhere]
    empty = replace(empty, left_out_items=tuple(key for key in counts.items if key not in asked))
    if len(asked) < 2:
        return replace(empty, reason="too_few_items")
    used = counts.only(asked)
    places = [used.levels[group].index(level) for level in levels]
    used = used.keep(np.isin(used.groups[group], places))
    empty = replace(empty, factor_models=_factor_models(used, group, levels), gamma=partial_gamma(used, group))
    try:
        fits = fit_groups(used, group, levels)
    except PipelineError as error:
        return replace(empty, reason=error.code)
    items = item_differences(fits)
    limit = rules.by_measure["dif_logits"].watch
    flagged = items.filter((pl.col("difference").abs() > limit) & (pl.col("p_adjusted") < rules.significance))["item"]
    judged = replace(
        empty,
        lr=fits.lr,
        lr_df=fits.df,
        lr_p_value=fits.p_value,
        items=items,
        thresholds=threshold_differences(fits),
    )
    try:
        return replace(judged, effects=effect_on_means(fits, used, spec, set(flagged)))
    except PipelineError as error:  # thresholds that give no score: the differences stand without their effect
        return replace(judged, reason=error.code)


def group_findings(comparison: GroupComparison, rules: PsychometricRules) -> list[Finding]:
    """Findings of one group variable: item differences that are large and certain, and the factor models' screen."""
    found = []
    rows = comparison.items.iter_rows(named=True) if comparison.items is not None else ()
    for row in rows:
        levels = f"{row['level_a']}|{row['level_b']}"
        size = abs(row["difference"])
        finding = judge(rules, "dif_logits", size, item=row["item"], group=comparison.group, levels=levels)
        certain = row["p_adjusted"] is not None and row["p_adjusted"] < rules.significance
        found.append(finding if certain else lessened(finding))
    if comparison.factor_models is not None:
        for row in comparison.factor_models.filter(pl.col("level").is_in(["metric", "scalar"])).iter_rows(named=True):
            for name in ("delta_cfi", "delta_rmsea"):
                found.append(judge(rules, name, row[name], group=comparison.group, levels=row["level"]))
    return found


def _factor_models(counts: AnswerCounts, group: str, levels: list[object]) -> pl.DataFrame | None:
    """Configural to strict, or None when a group has too few complete rows or no model can be fitted."""
    moments = [answer_moments(counts.level(group, level)) for level in levels]
    if len(counts.items) < 3 or min(m.n for m in moments) <= 2 * len(counts.items):
        return None
    fits = [fit_one_factor(moments, level) for level in LEVELS]
    if any(fit is None for fit in fits):
        return None
    return invariance_table([fit for fit in fits if fit is not None])


def invariance_table(fits: list[OneFactorFit]) -> pl.DataFrame:
    """Fit per level of invariance with the change from the level before (null for the first)."""
    columns = ("level", "chisq", "df", "p_value", "cfi", "tli", "rmsea", "srmr")
    table = pl.DataFrame([[getattr(fit, name) for name in columns] for fit in fits], schema=list(columns), orient="row")
    return table.with_columns(delta_cfi=pl.col("cfi").diff(), delta_rmsea=pl.col("rmsea").diff())
