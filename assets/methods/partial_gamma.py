"""Partial gamma of an item and a group given the raw sum: a test of differential item functioning that needs no model fit.

Goodman and Kruskal's gamma from the pairs within raw-sum groups, pooled (Davis 1967, J Am Stat Assoc 62:189; Bjorner et al.
1998, J Clin Epidemiol 51:1189), on complete rows. The standard error is the asymptotic one of Goodman & Kruskal (1972). P values
are adjusted by Benjamini & Hochberg over the items; the R package iarm prints Bonferroni under that name.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from assets.methods.multiplicity import benjamini_hochberg
from assets.methods.rasch_answers import AnswerCounts
from assets.methods.rasch_drift import two_sided_p
from assets.methods.rasch_model import Array


def partial_gamma(counts: AnswerCounts, group: str) -> pl.DataFrame:
    """Partial gamma per item. More than two levels of the group are taken in their sorted order.

    Returns:
        One row per item: `item`, `gamma` (-1..1; positive = higher answers in later levels at the same raw sum; null when no
        pair differs in both), `se`, `p_value`, `p_adjusted`, `n` respondents.
    """
    used = counts.complete()
    used = used.keep(used.groups[group] >= 0)
    levels, highest = len(used.levels[group]), sum(used.max_scores) + 1
    found = []
    for item, top in enumerate(used.max_scores):
        cell = (used.raw * levels + used.groups[group]) * (top + 1) + used.answers[:, item]
        table = np.bincount(cell, weights=used.counts, minlength=highest * levels * (top + 1))
        found.append(_gamma(table.reshape(highest, levels, top + 1)))
    gamma, se = np.array(found).T
    p = two_sided_p(gamma, se)
    columns = {"gamma": gamma, "se": se, "p_value": p, "p_adjusted": benjamini_hochberg(p)}
    frame = pl.DataFrame({"item": used.items, **{name: pl.Series(values) for name, values in columns.items()}})
    return frame.with_columns(pl.col(*columns).fill_nan(None), n=pl.lit(used.n))


def _gamma(table: Array) -> tuple[float, float]:
    """Gamma and its error from counts [stratum, level, category]."""
    with_cell = _beyond(table) + _beyond(table[:, ::-1, ::-1])[:, ::-1, ::-1]
    against = _beyond(table[:, ::-1])[:, ::-1] + _beyond(table[:, :, ::-1])[:, :, ::-1]
    concordant, discordant = float((table * with_cell).sum()), float((table * against).sum())
    pairs = concordant + discordant
    if not pairs:
        return np.nan, np.nan
    spread = float((table * (discordant * with_cell - concordant * against) ** 2).sum())
    return (concordant - discordant) / pairs, 4.0 / pairs**2 * np.sqrt(spread)


def _beyond(table: Array) -> Array:
    """Per cell the respondents of the same stratum in a later level and a higher category."""
    reversed_sums = table[:, ::-1, ::-1].cumsum(axis=1).cumsum(axis=2)[:, ::-1, ::-1]
    beyond = np.zeros_like(table)
    beyond[:, :-1, :-1] = reversed_sums[:, 1:, 1:]
    return beyond
