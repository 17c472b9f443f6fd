"""Estimated thresholds put on the published scale, and how far each has drifted from its published value.

Estimates and published values have different origins. Linking moves the estimates so that the mean over the linking items'
thresholds equals the published mean (mean-mean linking; Kolen & Brennan 2014). The published values count as known: their own
errors were never published. Re-estimation with anchored items is `rasch_cml.estimate_cml(fixed=...)`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from assets.methods.multiplicity import benjamini_hochberg
from assets.methods.rasch_cml import CmlFit, split
from assets.methods.rasch_model import Array, IndexSpec


def published_thresholds(spec: IndexSpec) -> dict[str, tuple[float, ...]]:
    """Item -> thresholds of an index as the catalogue holds them."""
    return {item.key: item.thresholds for item in spec.items}


def link(fit: CmlFit, published: Mapping[str, Sequence[float]], items: Collection[str] | None = None) -> CmlFit:
    """Move estimates to the published scale by the mean of the linking items' thresholds (all items when None).

    The covariance becomes that of thresholds relative to the linking mean, whatever the fit was centred on.
    """
    linking = set(fit.items if items is None else items) & set(fit.items) & set(published)
    if not linking:
        raise ValueError("no item to link by")
    chosen = np.concatenate([np.full(len(s), key in linking) for key, s in zip(fit.items, fit.thresholds, strict=True)])
    target = np.concatenate([published[key] for key in fit.items if key in linking])
    weight = chosen / chosen.sum()
    moved = fit.flat - fit.flat[chosen].mean() + target.mean()
    centre = np.eye(len(weight)) - weight[None, :]
    return replace(fit, thresholds=split(moved, fit.thresholds), covariance=centre @ fit.covariance @ centre.T)


def threshold_drift(fit: CmlFit, published: Mapping[str, Sequence[float]], items: Collection[str] | None = None) -> pl.DataFrame:
    """Difference of every threshold from its published value, after linking.

    Returns:
        One row per threshold of an item that is published: `item`, `threshold` (1..m), `published`, `estimate` (linked),
        `difference` (estimate minus published), `se` (all logits), `p_value` (two-sided, normal), `p_adjusted`
        (Benjamini-Hochberg over the rows; null where the difference is fixed at nothing).
    """
    linked = link(fit, published, items)
    known = [key in published for key in linked.items]
    rows = linked.frame().filter(np.concatenate([np.full(len(s), k) for s, k in zip(linked.thresholds, known, strict=True)]))
    target = np.concatenate([published[key] for key in linked.items if key in published])
    return _with_tests(
        rows.select("item", "threshold", published=pl.Series(target), estimate="estimate").with_columns(
            difference=pl.col("estimate") - pl.col("published"), se=rows["se"]
        )
    )


def item_drift(fit: CmlFit, published: Mapping[str, Sequence[float]], items: Collection[str] | None = None) -> pl.DataFrame:
    """As `threshold_drift` for item locations (the mean of an item's thresholds): one row per item, without `threshold`."""
    linked = link(fit, published, items)
    estimate, se = locations(linked)
    rows = pl.DataFrame({"item": linked.items, "estimate": estimate, "se": se}).filter(pl.col("item").is_in(list(published)))
    target = pl.Series([float(np.mean(published[key])) for key in rows["item"]], dtype=pl.Float64)
    return _with_tests(
        rows.select("item", published=target, estimate="estimate").with_columns(
            difference=pl.col("estimate") - pl.col("published"), se=rows["se"]
        )
    )


def locations(fit: CmlFit) -> tuple[Array, Array]:
    """Item locations (mean of an item's thresholds) and their standard errors, in item order."""
    average = np.zeros((len(fit.items), len(fit.flat)))
    start = 0
    for row, steps in enumerate(fit.thresholds):
        average[row, start : start + len(steps)] = 1.0 / len(steps)
        start += len(steps)
    return average @ fit.flat, np.sqrt(np.maximum(np.diag(average @ fit.covariance @ average.T), 0.0))


def _with_tests(rows: pl.DataFrame) -> pl.DataFrame:
    p = two_sided_p(rows["difference"].to_numpy(), rows["se"].to_numpy())
    return rows.with_columns(p_value=pl.Series(p).fill_nan(None), p_adjusted=pl.Series(benjamini_hochberg(p)).fill_nan(None))


def two_sided_p(estimate: Array, se: Array) -> Array:
    """P value of estimate / se under the normal distribution; NaN where the error is under 1e-6 and counts as none."""
    from scipy.special import ndtr

    z = np.divide(estimate, se, out=np.full(len(se), np.nan), where=se > 1e-6)
    return 2.0 * ndtr(-np.abs(z))
