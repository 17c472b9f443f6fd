"""Category order: are the answer categories used, and do their thresholds rise? (Andrich 2011, Expert Rev Pharmacoecon 11:571)

Counts per category are aggregates of microdata: small ones must be protected before anybody is shown them.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from assets.methods.rasch_answers import AnswerCounts
from assets.methods.rasch_cml import CmlFit
from assets.methods.rasch_drift import two_sided_p


def category_use(counts: AnswerCounts) -> pl.DataFrame:
    """One row per item and category: `item`, `category` (0..m), `n` respondents, `share` of the item's answers (0..1)."""
    rows = [
        {"item": key, "category": category, "n": int(n), "share": int(n) / max(int(seen.sum()), 1)}
        for key, seen in zip(counts.items, counts.category_counts(), strict=True)
        for category, n in enumerate(seen)
    ]
    return pl.DataFrame(rows, schema_overrides={"category": pl.Int16, "share": pl.Float64})


def threshold_steps(fit: CmlFit) -> pl.DataFrame:
    """Distance from each threshold to the next of its item.

    Returns:
        One row per pair: `item`, `threshold` (the lower one, 1..m-1), `step` (next minus this; negative = reversed), `se`
        (logits, from the joint covariance), `p_value` (two-sided, of no distance), `reversed`.
    """
    rows, start = [], 0
    for key, steps in zip(fit.items, fit.thresholds, strict=True):
        for k in range(len(steps) - 1):
            a, b = start + k, start + k + 1
            variance = fit.covariance[a, a] + fit.covariance[b, b] - 2.0 * fit.covariance[a, b]
            rows.append(
                {
                    "item": key,
                    "threshold": k + 1,
                    "step": float(steps[k + 1] - steps[k]),
                    "se": float(np.sqrt(max(variance, 0.0))),
                }
            )
        start += len(steps)
    schema = {"item": pl.String, "threshold": pl.Int16, "step": pl.Float64, "se": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema)
    p = two_sided_p(frame["step"].to_numpy(), frame["se"].to_numpy())
    return frame.with_columns(p_value=pl.Series(p, dtype=pl.Float64).fill_nan(None), reversed=pl.col("step") < 0)
