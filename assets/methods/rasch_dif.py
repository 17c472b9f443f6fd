"""Differential item functioning: does an item work alike in different groups? By conditional maximum likelihood.

- Overall: Andersen's likelihood ratio test (1973, Psychometrika 38:123), 2 (sum of the groups' log likelihoods - pooled).
- By size: difference of item locations and of thresholds between two groups, each group's thresholds having mean 0, with
  standard errors. With 10^5 respondents every test is significant, so size decides (0.5 logits is the usual limit).
- By effect: how far a group's mean moves when the flagged items get the group's own thresholds, the other items being the link.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import polars as pl

from assets.methods.multiplicity import benjamini_hochberg
from assets.methods.rasch_answers import AnswerCounts
from assets.methods.rasch_cml import CmlFit, estimate_cml
from assets.methods.rasch_drift import link, locations, two_sided_p
from assets.methods.rasch_model import Array, IndexSpec
from assets.methods.rasch_persons import Persons, locate


@dataclass(frozen=True, eq=False)
class GroupFits:
    """Thresholds pooled and per level of a group variable, over the same respondents and items."""

    group: str
    levels: tuple[object, ...]
    pooled: CmlFit
    fits: tuple[CmlFit, ...]

    @property
    def lr(self) -> float:
        """Andersen's likelihood ratio statistic."""
        return 2.0 * (sum(fit.loglik for fit in self.fits) - self.pooled.loglik)

    @property
    def df(self) -> int:
        """Parameters of the groups minus those of the pooled model."""
        return sum(fit.free_parameters for fit in self.fits) - self.pooled.free_parameters

    @property
    def p_value(self) -> float:
        """Chi-square tail of `lr`."""
        from scipy.special import chdtrc

        return float(chdtrc(self.df, max(self.lr, 0.0)))


def fit_groups(counts: AnswerCounts, group: str, levels: Collection[object] | None = None) -> GroupFits:
    """Estimate thresholds in every level of a group variable and pooled over them.

    Args:
        counts: the answers with the group; respondents of unknown group are left out.
        group: the variable.
        levels: the levels to compare; all when None.

    Raises:
        PipelineError: thresholds can't be estimated in a level or pooled (see `estimate_cml`).
        ValueError: fewer than two levels.
    """
    chosen = tuple(level for level in counts.levels[group] if levels is None or level in levels)
    if len(chosen) < 2:
        raise ValueError(f"{group} needs two levels or more to compare")
    places = [counts.levels[group].index(level) for level in chosen]
    pooled = estimate_cml(counts.keep(np.isin(counts.groups[group], places)))
    return GroupFits(group, chosen, pooled, tuple(estimate_cml(counts.level(group, level)) for level in chosen))


def item_differences(groups: GroupFits) -> pl.DataFrame:
    """Difference of item locations between each pair of levels.

    Returns:
        One row per item and pair: `item`, `level_a`, `level_b` (text), `difference` (b minus a), `se` (logits), `p_value`,
        `p_adjusted` (Benjamini-Hochberg over the rows).
    """
    located = [locations(fit) for fit in groups.fits]
    rows = [
        _rows(groups, a, b, {"item": groups.pooled.items}, located[a], located[b])
        for a, b in combinations(range(len(groups.levels)), 2)
    ]
    return _adjusted(pl.concat(rows))


def threshold_differences(groups: GroupFits) -> pl.DataFrame:
    """As `item_differences` for single thresholds, with a column `threshold` (1..m)."""
    estimated = [(fit.flat, np.concatenate(fit.se)) for fit in groups.fits]
    names = groups.pooled.frame().select("item", "threshold")
    rows = [
        _rows(groups, a, b, names.to_dict(), estimated[a], estimated[b]) for a, b in combinations(range(len(groups.levels)), 2)
    ]
    return _adjusted(pl.concat(rows))


def effect_on_means(groups: GroupFits, counts: AnswerCounts, spec: IndexSpec, flagged: Collection[str]) -> pl.DataFrame:
    """What the flagged items do to each group's mean.

    Every respondent of a level is scored with the pooled thresholds and again with the flagged items' thresholds of the own
    level, put on the pooled scale by the items that aren't flagged.

    Returns:
        One row per level: `level` (text), `mean_common` and `mean_own` (logits, in the index's direction), `effect` (common
        minus own: what the shared thresholds add to the mean). `effect` is 0 without flagged items and null when every item
        is flagged, for then nothing links the groups.
    """
    sign = -1.0 if spec.kind == "protective" else 1.0
    linking = [key for key in groups.pooled.items if key not in flagged]
    common = dict(zip(groups.pooled.items, groups.pooled.thresholds, strict=True))
    pooled = locate(counts, groups.pooled.spec(spec))
    rows = []
    for level, fit in zip(groups.levels, groups.fits, strict=True):
        members = counts.groups[groups.group] == counts.levels[groups.group].index(level)
        mean_common = sign * _mean(pooled, members)
        mean_own: float | None = mean_common if not flagged else None
        if flagged and linking:
            linked = link(fit, common, linking)
            own = tuple(new if key in flagged else common[key] for key, new in zip(linked.items, linked.thresholds, strict=True))
            mine = counts.keep(members)
            scored = locate(mine, replace(fit, thresholds=own).spec(spec))
            mean_own = sign * _mean(scored, np.ones(len(mine.counts), dtype=bool))
        effect = None if mean_own is None else mean_common - mean_own
        rows.append({"level": str(level), "mean_common": mean_common, "mean_own": mean_own, "effect": effect})
    return pl.DataFrame(rows, schema_overrides={"mean_own": pl.Float64, "effect": pl.Float64})


def _mean(persons: Persons, members: Array) -> float:
    kept = persons.scored & members
    weight = persons.counts[kept]
    return float(weight @ persons.theta[kept]) / int(weight.sum()) if kept.any() else float("nan")


def _rows(
    groups: GroupFits, a: int, b: int, names: dict, first: tuple[Array, Array], second: tuple[Array, Array]
) -> pl.DataFrame:
    se = np.hypot(first[1], second[1])
    difference = second[0] - first[0]
    return pl.DataFrame(names).with_columns(
        level_a=pl.lit(str(groups.levels[a])),
        level_b=pl.lit(str(groups.levels[b])),
        difference=pl.Series(difference),
        se=pl.Series(se),
        p_value=pl.Series(two_sided_p(difference, se)).fill_nan(None),
    )


def _adjusted(rows: pl.DataFrame) -> pl.DataFrame:
    p = rows["p_value"].fill_null(np.nan).to_numpy()
    return rows.with_columns(p_adjusted=pl.Series(benjamini_hochberg(p)).fill_nan(None))
