"""Item fit under the partial credit model: infit and outfit mean squares, conditional and (only to compare) unconditional.

Conditional (Christensen & Kreiner in Christensen, Kreiner & Mesbah 2013, Rasch Models in Health; Müller 2020, J Stat Distrib
Appl 7:5): expectation and variance of an answer given the raw sum, from thresholds estimated on the same complete rows with
0 < r < maximum. Outfit is the mean of (x - E)^2 / V, infit the sum of (x - E)^2 over the sum of V; both are near 1 when the
item fits. The sums run over raw-sum groups, so no sampling is needed at any size.

Unconditional mean squares use estimated persons as if they were known and lie below 1 even when the model holds; the column
names say so. Judge by the conditional ones.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from assets.methods.rasch_answers import AnswerCounts
from assets.methods.rasch_cml import CmlFit
from assets.methods.rasch_lookup import Estimator
from assets.methods.rasch_model import IndexSpec
from assets.methods.rasch_persons import expected_and_variance, locate
from assets.methods.rasch_symmetric import symmetric_functions


def conditional_item_fit(counts: AnswerCounts, fit: CmlFit) -> pl.DataFrame:
    """Conditional infit and outfit.

    Args:
        counts: the answers; only complete rows with 0 < r < maximum are used.
        fit: thresholds, to be estimated on the same rows: `estimate_cml(counts.complete())`.

    Returns:
        One row per item: `item`, `outfit`, `outfit_se`, `infit`, `infit_se` (errors of the mean squares when the model holds
        and thresholds are known), `n` respondents.
    """
    used = counts.complete().informative()
    functions = symmetric_functions(fit.thresholds)
    full = np.array([2 ** len(used.items) - 1])
    rows = []
    for item, key in enumerate(used.items):
        top = used.max_scores[item]
        cell = used.raw * (top + 1) + used.answers[:, item]
        seen = np.bincount(cell, weights=used.counts, minlength=(sum(used.max_scores) + 1) * (top + 1)).reshape(-1, top + 1)
        n = seen.sum(axis=1)
        raw = np.flatnonzero(n)
        seen, n = seen[raw], n[raw]
        shares = functions.shares(item, np.repeat(full, len(raw)), raw)
        category = np.arange(top + 1.0)
        off = category - (shares @ category)[:, None]
        variance = (shares * off**2).sum(axis=1)
        fourth = (shares * off**4).sum(axis=1)
        squares = (seen * off**2).sum(axis=1)
        rows.append(
            {
                "item": key,
                "outfit": float((squares / variance).sum() / n.sum()),
                "outfit_se": float(np.sqrt((n * (fourth / variance**2 - 1.0)).sum()) / n.sum()),
                "infit": float(squares.sum() / (n * variance).sum()),
                "infit_se": float(np.sqrt((n * (fourth - variance**2)).sum()) / (n * variance).sum()),
                "n": int(n.sum()),
            }
        )
    return pl.DataFrame(rows)


def unconditional_item_fit(counts: AnswerCounts, spec: IndexSpec, estimator: Estimator = "wle") -> pl.DataFrame:
    """Mean squares at estimated persons, extreme scorers left out: biased below 1, for comparison with other programs only.

    Returns:
        One row per item: `item`, `outfit_biased`, `infit_biased` (null without answers), `n` answers.
    """
    persons = locate(counts, spec, estimator)
    rows = persons.scored & ~persons.extreme
    used, theta = counts.keep(rows), persons.theta[rows]
    expected, variance = expected_and_variance(spec, theta)
    answered = used.answers >= 0
    weight = np.where(answered, used.counts[:, None], 0)
    squares = weight * np.where(answered, used.answers - expected, 0.0) ** 2
    n = weight.sum(axis=0)
    some = np.maximum(n, 1)
    outfit = (squares / variance).sum(axis=0) / some
    infit = squares.sum(axis=0) / np.where(n > 0, (weight * variance).sum(axis=0), 1.0)
    frame = pl.DataFrame({"item": used.items, "outfit_biased": outfit, "infit_biased": infit, "n": n})
    return frame.with_columns(pl.when(pl.col("n") > 0).then(pl.col("outfit_biased", "infit_biased")))
