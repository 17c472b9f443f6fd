"""Person scores under the partial credit model, row by row, fetched from a lookup table.

The model and what an index is made of: `rasch_model`; the estimators and the table: `rasch_lookup`. Given the set of answered
items the raw sum is sufficient, so every respondent's score is one of a few thousand numbers. They are solved once per index,
and a row's score is fetched by its key: bit mask of answered items x (maximum + 1) + raw sum.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import polars as pl

from assets.methods.errors import PipelineError
from assets.methods.rasch_lookup import Estimator, build_lookup
from assets.methods.rasch_model import MAX_ITEMS, IndexSpec, ItemSpec, reversed_thresholds

__all__ = ["MAX_ITEMS", "Estimator", "IndexSpec", "ItemSpec", "build_lookup", "reversed_thresholds", "score"]

_KEY = "__rasch_key_"

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


def score(
    frame: Frame,
    specs: Sequence[IndexSpec],
    theta_range: float | None = None,
    not_asked: Collection[str] = (),
    estimator: Estimator = "wle",
) -> Frame:
    """Score every respondent on every index.

    Args:
        frame: one row per respondent; per item a numeric column named by the item's key with its category 0..m, high = risk.
            null and, in a float column, NaN mean no answer. Other columns pass through; rows and their order are unchanged.
        specs: the indices; they may share items.
        theta_range: see `build_lookup`. Scores of different ranges must not be mixed.
        not_asked: items that the wave did not ask. Only these columns may be absent; they count as unanswered.
        estimator: see `rasch_lookup`. Scores of different estimators must not be mixed either.

    Returns:
        The same kind of frame with, per index, `<key>` (Float64 logits, unrounded; protective indices times -1; null with too
        few answers), `<key>_se` (Float64, 1/sqrt(information), null likewise), `<key>_n` (Int16, answered items).

    Raises:
        PipelineError: a column is absent, is not numeric, or holds something else than the item's whole categories. A lazy
            frame's item columns are read once for this check when the function is called.
    """
    answers = check_items(frame, specs, not_asked)
    keys = [_key_expr(spec, answers).alias(_KEY + spec.key) for spec in specs]
    fetched = [expr for spec in specs for expr in _fetch_exprs(spec, theta_range, estimator)]
    return frame.with_columns(keys).with_columns(fetched).drop([_KEY + spec.key for spec in specs])


# --- rows ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Table:
    """Dense lookup: position = mask x (max_raw + 1) + raw."""

    score: pl.Series
    se: pl.Series
    answered: pl.Series


@lru_cache(maxsize=64)
def _table(spec: IndexSpec, theta_range: float | None, estimator: Estimator) -> _Table:
    lookup = build_lookup(spec, theta_range, estimator)
    size = 2 ** len(spec.items)
    width = spec.max_raw + 1
    position = lookup["answered_mask"].to_numpy() * width + lookup["raw"].to_numpy()
    theta, se = np.full(size * width, np.nan), np.full(size * width, np.nan)
    theta[position] = lookup["theta"].to_numpy() * (-1.0 if spec.kind == "protective" else 1.0) + 0.0  # + 0.0: no minus zero
    se[position] = lookup["se"].to_numpy()
    counts = ((np.arange(size)[:, None] >> np.arange(len(spec.items))) & 1).sum(axis=1)
    return _Table(
        score=pl.Series(theta, nan_to_null=True),
        se=pl.Series(se, nan_to_null=True),
        answered=pl.Series(np.repeat(counts, width).astype(np.int16)),
    )


def _key_expr(spec: IndexSpec, answers: Mapping[str, pl.Expr]) -> pl.Expr:
    """Position of a row in the dense lookup, Int32."""
    width = spec.max_raw + 1
    parts = [pl.lit(0, dtype=pl.Int32)]
    for bit, item in enumerate(spec.items):
        if item.key in answers:
            parts.append((answers[item.key].cast(pl.Int32) + (width << bit)).fill_null(0))
    return pl.sum_horizontal(parts).cast(pl.Int32)


def _fetch_exprs(spec: IndexSpec, theta_range: float | None, estimator: Estimator) -> list[pl.Expr]:
    table = _table(spec, theta_range, estimator)
    columns = [(spec.key, table.score), (f"{spec.key}_se", table.se), (f"{spec.key}_n", table.answered)]
    return [_gather(_KEY + spec.key, values).alias(name) for name, values in columns]


def _gather(key: str, values: pl.Series) -> pl.Expr:
    return pl.col(key).map_batches(values.gather, return_dtype=values.dtype, is_elementwise=True)


# --- input -----------------------------------------------------------------------------------------------------------------


def check_items(frame: pl.DataFrame | pl.LazyFrame, specs: Sequence[IndexSpec], not_asked: Collection[str]) -> dict[str, pl.Expr]:
    """Raise on absent, non-numeric or impossible answers; otherwise the columns that are there, with null for no answer."""
    names = [spec.key for spec in specs]
    if len(set(names)) != len(names):
        raise ValueError("an index stands twice")
    schema = frame.collect_schema()
    limits: dict[str, int] = {}
    for spec in specs:
        for item in spec.items:
            limits[item.key] = min(item.max_score, limits.get(item.key, item.max_score))
    absent = sorted(key for key in limits if key not in schema and key not in not_asked)
    if absent:
        raise PipelineError(
            code="item_column_missing",
            where=f"Frågan {', '.join(absent)}",
            expected="en kolumn med svar",
            got="ingen kolumn",
            hint="Kontrollera leveransens variabler, eller ange i katalogen att frågan inte ställdes det året.",
        )
    for key, highest in limits.items():
        if key in schema and not (schema[key].is_integer() or schema[key].is_float() or schema[key] == pl.Null):
            raise _bad_answers(frame, key, highest, pl.col(key).is_not_null(), "som inte är tal")
    answers = {key: pl.col(key).fill_nan(None) if schema[key].is_float() else pl.col(key) for key in limits if key in schema}
    _check_ranges(frame, answers, limits, {key for key in answers if schema[key].is_float()})
    return answers


def _check_ranges(
    frame: pl.DataFrame | pl.LazyFrame, answers: Mapping[str, pl.Expr], limits: Mapping[str, int], floats: Collection[str]
) -> None:
    checks = [pl.lit(0).alias("none")]
    for key, answer in answers.items():
        checks += [answer.min().alias(f"{key}:min"), answer.max().alias(f"{key}:max")]
        if key in floats:
            checks.append((answer != answer.floor()).any().alias(f"{key}:fraction"))
    found = frame.lazy().select(checks).collect().row(0, named=True)
    for key, answer in answers.items():
        lowest, largest = found[f"{key}:min"], found[f"{key}:max"]
        outside = lowest is not None and (lowest < 0 or largest > limits[key])
        if outside or found.get(f"{key}:fraction"):
            bad = (answer < 0) | (answer > limits[key])
            if key in floats:
                bad = bad | (answer != answer.floor())
            raise _bad_answers(frame, key, limits[key], bad, "utanför skalan")


def _bad_answers(frame: pl.DataFrame | pl.LazyFrame, key: str, highest: int, bad: pl.Expr, what: str) -> PipelineError:
    rows = frame.lazy().select(bad.sum()).collect().item()
    return PipelineError(
        code="answer_out_of_range",
        where=f"Frågan {key}",
        expected=f"hela tal från 0 till {highest} eller tomt",
        got=f"{rows} rader med svar {what}",
        hint="Rätta kodboken för leveransen: saknade svar ska vara tomma innan poängen räknas.",
    )
