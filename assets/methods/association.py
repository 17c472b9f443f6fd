"""How a factor and an outcome go together: risk ratio, odds ratio and difference with design-based intervals. Pure.

Cross-sectional answers show association, never cause: every row carries the wording key `association`, and the share of cases
beyond the unexposed level is worded as arithmetic ("if the share were that of the others"). Risk ratios come from a log link with
the design's variance (Zou 2004, Am J Epidemiol 159:702), odds ratios from a logit link, both crude and adjusted for sex and
grade. With zero cells a ratio is null: nothing is added to mend it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from assets.methods import design_estimates as de
from assets.methods.design import Floats, Sample
from assets.methods.design_models import Family, Model, fit
from assets.methods.errors import PipelineError
from assets.methods.two_by_two import miettinen_excess

WORDING = "association"
LEAST_CELL = 5
MEASURES = ("share_exposed", "share_unexposed", "difference", "rr", "odds", "rr_adjusted", "odds_adjusted", "excess_share")
SCHEMA = {"factor": pl.String, "outcome": pl.String, "measure": pl.String} | {
    "estimate": pl.Float64,
    "se": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "level": pl.Float64,
    "p_value": pl.Float64,
    "df": pl.Int64,
    "n": pl.Int64,
    "n_psu": pl.Int64,
    "sum_w": pl.Float64,
    "smallest_cell": pl.Int64,
    "adjusted_for": pl.String,
    "method": pl.String,
    "wording": pl.String,
    "lead_measure": pl.Boolean,
    "reason": pl.String,
}
_MODELS: tuple[tuple[str, Family], ...] = (("rr", "poisson"), ("odds", "binomial"))
_METHODS = {"poisson": "svyglm_quasipoisson_log", "binomial": "svyglm_quasibinomial_logit"}


def associate(
    sample: Sample,
    factor: str,
    outcome: str,
    adjust_for: Sequence[str] = (),
    where: pl.Expr | None = None,
    level: float = 0.95,
    least_cell: int = LEAST_CELL,
) -> pl.DataFrame:
    """One factor and one outcome, both 1, 0 or null.

    Args:
        adjust_for: numeric columns (0/1 for groups), usually sex and grade. least_cell: with fewer persons in one of the four
            cells nothing is given (`too_few`; `zero_cell` when a cell is empty). where: the population, e.g. one wave.

    Returns:
        One row per measure of `MEASURES`: shares and difference as 0..1; ratios with intervals from the log scale, `se` on the
        log scale; `excess_share` = p(exposed | case)(RR - 1)/RR with the adjusted ratio, or the crude one without `adjust_for`,
        and no interval: null and `no_excess` when the ratio is at most 1. `lead_measure` marks the ratio to lead with: that of
        the shares, which every outcome has, so that sentences beside each other say the same thing. Every null has its `reason`.
    """
    x, y = sample.column(factor), sample.column(outcome)
    if not (set(np.unique(x[np.isfinite(x)])) | set(np.unique(y[np.isfinite(y)]))) <= {0.0, 1.0}:
        raise ValueError("factor and outcome must be 1, 0 or null")
    known = sample.where(where) & np.isfinite(x) & np.isfinite(y) & (sample.weight > 0)
    cells = [int((known & (x == a) & (y == b)).sum()) for a in (0, 1) for b in (0, 1)]
    base = {"factor": factor, "outcome": outcome, "level": level, "smallest_cell": min(cells), "wording": WORDING}
    base |= {
        "n": int(known.sum()),
        "n_psu": sample.units(known),
        "sum_w": float(sample.weight[known].sum()),
        "lead_measure": False,
    }
    if min(cells) < max(least_cell, 1):
        reason = "no_answers" if not known.any() else "zero_cell" if min(cells) == 0 else "too_few"
        rows = [base | {"measure": measure, "reason": reason} for measure in MEASURES]
        return pl.DataFrame(rows, schema=SCHEMA)
    inside = pl.Series("__known", known)
    view = Sample(sample.frame.with_columns(inside), sample.weight, sample.lonely, sample.stages, sample.adjusters)
    scope = pl.col("__known")
    rows = _shares(view, factor, outcome, scope, level)
    models: dict[str, Model | None] = {}
    for name, family in _MODELS:
        for suffix, terms in (("", ()), ("_adjusted", tuple(adjust_for))):
            measure = f"{name}{suffix}"
            if suffix and not adjust_for:
                rows.append({"measure": measure, "reason": "not_applicable"})
                continue
            models[measure] = _fitted(view, outcome, [factor, *terms], family, scope)
            rows.append(_ratio_row(measure, models[measure], factor, level, terms))
    rows.append(_excess(rows, sample.weight, known, x, y, bool(adjust_for)))
    lead = "rr_adjusted" if adjust_for else "rr"
    table = pl.DataFrame([base | row | {"lead_measure": row["measure"] == lead} for row in rows], schema=SCHEMA)
    order = pl.Series("measure", MEASURES)
    return pl.DataFrame({"measure": order}).join(table, on="measure", how="left", maintain_order="left").select(list(SCHEMA))


def _shares(view: Sample, factor: str, outcome: str, scope: pl.Expr, level: float) -> list[dict]:
    parts = [de.mean(view, outcome, scope & (pl.col(factor) == group)) for group in (1, 0)]
    described = [de.described(view, part, "share", level, "logit") for part in parts]
    difference = de.own_size(
        de.described(view, parts[0].minus(parts[1]), "difference", level), {"df": min(row["df"] for row in described)}, level
    )
    named = zip(("share_exposed", "share_unexposed", "difference"), [*described, difference], strict=True)
    kept = ("estimate", "se", "low", "high", "df", "method", "reason")
    return [{"measure": name} | {column: row[column] for column in kept} for name, row in named]


def _fitted(view: Sample, outcome: str, terms: Sequence[str], family: Family, scope: pl.Expr) -> Model | None:
    try:
        return fit(view, outcome, terms, family, scope)
    except PipelineError as error:
        if error.code not in ("model_collinear", "model_not_estimable", "empty_model"):
            raise
        return None


def _ratio_row(measure: str, model: Model | None, factor: str, level: float, terms: Sequence[str]) -> dict:
    row: dict = {"measure": measure, "adjusted_for": ", ".join(terms) or None}
    if model is None:
        return row | {"reason": "not_estimable"}
    found = model.table(level).filter(pl.col("term") == factor).row(0, named=True)
    row |= {"method": _METHODS[model.family], "df": model.df, "n": model.n, "estimate": float(np.exp(found["estimate"]))}
    if found["low"] is None:
        return row | {"reason": found["reason"]}
    limits = {"low": float(np.exp(found["low"])), "high": float(np.exp(found["high"]))}
    return row | limits | {"se": found["se"], "p_value": found["p_value"], "reason": "ok"}


def _excess(rows: list[dict], weight: Floats, known: np.ndarray, x: Floats, y: Floats, adjusted: bool) -> dict:
    measure = "rr_adjusted" if adjusted else "rr"
    ratio = next(row.get("estimate") for row in rows if row["measure"] == measure)
    cases = known & (y == 1)
    exposed = float(weight[cases & (x == 1)].sum() / weight[cases].sum())
    share, reason = (None, "not_estimable") if ratio is None else miettinen_excess(exposed, ratio)
    return {"measure": "excess_share", "estimate": share, "reason": reason, "method": f"miettinen_{measure}"}
