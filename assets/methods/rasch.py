"""Person scores under the partial credit model by pattern lookup: Warm's weighted likelihood estimate on fixed thresholds.

Model (Masters 1982, Psychometrika 47:149; thresholds in the sense of Andrich 1978): with D = 1 and thresholds d_1..d_m,
P(X = k | t) is proportional to exp(k t - d_1 - ... - d_k), k = 0..m. Per item E, V, M3 are the mean, variance and third central
moment of X; their sums over the answered items are E, I and J.

Estimate (Warm 1989, Psychometrika 54:427; polytomous: Penfield & Bergeron 2005, Appl Psychol Meas 29:218): the root of
r - E(t) + J(t) / (2 I(t)) = 0 with r the raw sum over the answered items. No prior and no bounds unless `theta_range` is given.
Standard error: 1 / sqrt(I) at the estimate.

Given the set of answered items the raw sum is sufficient, so every respondent's score is one of a few thousand numbers. They
are solved once per index, and a row's score is fetched by its key: bit mask of answered items x (maximum + 1) + raw sum.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeVar

import numpy as np
import polars as pl

from assets.methods.errors import PipelineError

MAX_ITEMS = 12
"""A table holds every answered set, 2 to the power of the number of items."""

_GRID_POINTS = 401
_GRID_MARGIN = 10.0
_KEY = "__rasch_key_"

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


@dataclass(frozen=True)
class ItemSpec:
    """One item: `key` is the column's name, `thresholds` the m steps in logits. Categories are 0..m, high = risk."""

    key: str
    thresholds: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.thresholds or not all(math.isfinite(step) for step in self.thresholds):
            raise ValueError(f"item {self.key} needs at least one threshold, all of them finite")

    @property
    def max_score(self) -> int:
        """The highest category."""
        return len(self.thresholds)


@dataclass(frozen=True)
class IndexSpec:
    """One index: its items in a fixed order, its direction and the least number of answered items for a score."""

    key: str
    kind: Literal["risk", "protective"]
    items: tuple[ItemSpec, ...]
    min_answered: int = 5

    def __post_init__(self) -> None:
        keys = [item.key for item in self.items]
        if self.kind not in ("risk", "protective"):
            raise ValueError(f"index {self.key}: kind must be risk or protective")
        if not 1 <= len(keys) <= MAX_ITEMS:
            raise ValueError(f"index {self.key}: needs 1 to {MAX_ITEMS} items, has {len(keys)}")
        if len(set(keys)) != len(keys):
            raise ValueError(f"index {self.key}: an item stands twice")
        if not 1 <= self.min_answered <= len(keys):
            raise ValueError(f"index {self.key}: min_answered must be 1 to {len(keys)}")

    @property
    def max_raw(self) -> int:
        """The highest raw sum, all items answered."""
        return sum(item.max_score for item in self.items)


def reversed_thresholds(spec: IndexSpec) -> tuple[str, ...]:
    """The keys of items where a later threshold lies below an earlier one. Such items are scored, but must be flagged."""
    pairs = ((item.key, zip(item.thresholds, item.thresholds[1:], strict=False)) for item in spec.items)
    return tuple(key for key, steps in pairs if any(later < earlier for earlier, later in steps))


def build_lookup(spec: IndexSpec, theta_range: float | None = None) -> pl.DataFrame:
    """Solve every (answered set, raw sum) of an index that has enough answers.

    Args:
        spec: the index with its thresholds.
        theta_range: None, or R to bound the estimate to -R..R as older files were scored (4, 7 or 10).

    Returns:
        One row per key, sorted: `answered_mask` (bit i = item i answered), `raw`, `n_answered`, `theta` (logits, before a
        protective index changes sign), `se` (logits), `extreme` (raw is 0 or the highest of the answered set).

    Raises:
        PipelineError: an answered set has not exactly one root for a raw sum, or theta does not rise with the raw sum.
    """
    if theta_range is not None and not theta_range > 0:
        raise ValueError("theta_range must be positive")
    masks, answered, highest = _answered_sets(spec)
    start, width = _brackets(spec, answered, highest)
    set_row = np.repeat(np.arange(len(masks)), highest + 1)
    raw = np.concatenate([np.arange(top + 1) for top in highest])
    theta = _polish(spec, answered[set_row], raw, start, width)
    _check_rising(spec, set_row, theta)
    if theta_range is not None:
        theta = np.clip(theta, -theta_range, theta_range)
    information = _sums(spec, theta, answered[set_row])[1]
    return pl.DataFrame(
        {
            "answered_mask": masks[set_row],
            "raw": raw,
            "n_answered": answered.sum(axis=1)[set_row],
            "theta": theta + 0.0,
            "se": 1.0 / np.sqrt(information),
            "extreme": (raw == 0) | (raw == highest[set_row]),
        },
        schema_overrides={"answered_mask": pl.Int64, "raw": pl.Int64, "n_answered": pl.Int64},
    )


def score(frame: Frame, specs: Sequence[IndexSpec], theta_range: float | None = None, not_asked: Collection[str] = ()) -> Frame:
    """Score every respondent on every index.

    Args:
        frame: one row per respondent; per item a numeric column named by the item's key with its category 0..m, high = risk.
            null and, in a float column, NaN mean no answer. Other columns pass through; rows and their order are unchanged.
        specs: the indices; they may share items.
        theta_range: see `build_lookup`. Scores of different ranges must not be mixed.
        not_asked: items that the wave did not ask. Only these columns may be absent; they count as unanswered.

    Returns:
        The same kind of frame with, per index, `<key>` (Float64 logits, unrounded; protective indices times -1; null with too
        few answers), `<key>_se` (Float64, 1/sqrt(information), null likewise), `<key>_n` (Int16, answered items).

    Raises:
        PipelineError: a column is absent, is not numeric, or holds something else than the item's whole categories. A lazy
            frame's item columns are read once for this check when the function is called.
    """
    answers = _check_items(frame, specs, not_asked)
    keys = [_key_expr(spec, answers).alias(_KEY + spec.key) for spec in specs]
    fetched = [expr for spec in specs for expr in _fetch_exprs(spec, theta_range)]
    return frame.with_columns(keys).with_columns(fetched).drop([_KEY + spec.key for spec in specs])


# --- solving ---------------------------------------------------------------------------------------------------------------


def _answered_sets(spec: IndexSpec) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Masks with enough answers, as numbers [s], as 0/1 matrix [s, items], and the highest raw sum of each [s]."""
    masks = np.arange(2 ** len(spec.items))
    answered = (masks[:, None] >> np.arange(len(spec.items))) & 1
    keep = answered.sum(axis=1) >= spec.min_answered
    answered = answered[keep]
    return masks[keep], answered, answered @ np.array([item.max_score for item in spec.items])


def _moments(item: ItemSpec, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean, variance, third central moment and fourth cumulant of the item's category at theta; each is d/dtheta of the last."""
    category = np.arange(item.max_score + 1.0)
    log_weight = category * theta[:, None] - np.concatenate([[0.0], np.cumsum(item.thresholds)])
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    share = weight / weight.sum(axis=1, keepdims=True)
    mean = share @ category
    off = category - mean[:, None]
    second = share * off * off
    variance = second.sum(axis=1)
    third = (second * off).sum(axis=1)
    fourth = (second * off * off).sum(axis=1) - 3.0 * variance * variance
    return mean, variance, third, fourth


def _sums(spec: IndexSpec, theta: np.ndarray, answered: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """E, I, J and K at theta[n], summed over the answered items of each row [n, items], in the order of the items."""
    total = np.zeros((4, len(theta)))
    for column, item in enumerate(spec.items):
        total += answered[:, column] * np.stack(_moments(item, theta))
    return total[0], total[1], total[2], total[3]


def _brackets(spec: IndexSpec, answered: np.ndarray, highest: np.ndarray) -> tuple[np.ndarray, float]:
    """Lower end of a grid step that holds the root of every key, and the step's width. Counts the roots on the way."""
    steps = [step for item in spec.items for step in item.thresholds]
    grid = np.linspace(min(steps) - _GRID_MARGIN, max(steps) + _GRID_MARGIN, _GRID_POINTS)
    mean, variance, third, _ = (np.array(part) for part in zip(*(_moments(item, grid) for item in spec.items), strict=True))
    expected = answered @ mean - (answered @ third) / (2.0 * (answered @ variance))
    rising = (np.diff(expected, axis=1) > 0).all(axis=1)
    starts = []
    for row, top in enumerate(highest):
        raws = np.arange(top + 1.0)
        if rising[row]:
            position = np.searchsorted(expected[row], raws)
            single = (position > 0) & (position < _GRID_POINTS)
        else:
            below = expected[row] < raws[:, None]
            crossings = below[:, 1:] != below[:, :-1]
            single = (crossings.sum(axis=1) == 1) & below[:, 0]
            position = crossings.argmax(axis=1) + 1
        if not single.all():
            raise _unusable(
                spec, "exakt en lösning per svarsmönster", f"{int((~single).sum())} svarsmönster utan entydig lösning"
            )
        starts.append(grid[position - 1])
    return np.concatenate(starts), float(grid[1] - grid[0])


def _polish(spec: IndexSpec, answered: np.ndarray, raw: np.ndarray, low: np.ndarray, width: float) -> np.ndarray:
    """Newton's method on all keys at once, kept inside a shrinking bracket."""
    low = low.copy()
    high = low + width
    theta = (low + high) / 2.0
    for _ in range(60):
        mean, info, third, fourth = _sums(spec, theta, answered)
        value = raw - mean + third / (2.0 * info)
        slope = -info + (fourth * info - third * third) / (2.0 * info * info)
        low, high = np.where(value > 0, theta, low), np.where(value < 0, theta, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            following = theta - value / slope
        inside = (following >= low) & (following <= high)
        following = np.where(inside, following, (low + high) / 2.0)
        step = np.abs(following - theta).max()
        theta = following
        if step < 1e-11:  # quadratic convergence: what is left is rounding
            return theta
    raise _unusable(spec, "att beräkningen av poäng konvergerar", "ingen lösning efter 60 steg")


def _check_rising(spec: IndexSpec, set_row: np.ndarray, theta: np.ndarray) -> None:
    same_set = set_row[1:] == set_row[:-1]
    falling = int((same_set & (np.diff(theta) <= 0)).sum())
    if falling:
        raise _unusable(spec, "att poängen stiger med råsumman", f"{falling} par av råsummor där den inte gör det")


def _unusable(spec: IndexSpec, expected: str, got: str) -> PipelineError:
    return PipelineError(
        code="unusable_thresholds",
        where=f"Indexet {spec.key}, tröskelvärden",
        expected=expected,
        got=got,
        hint="Kontrollera indexets tröskelvärden i katalogen.",
    )


# --- rows ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Table:
    """Dense lookup: position = mask x (max_raw + 1) + raw."""

    score: pl.Series
    se: pl.Series
    answered: pl.Series


@lru_cache(maxsize=64)
def _table(spec: IndexSpec, theta_range: float | None) -> _Table:
    lookup = build_lookup(spec, theta_range)
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


def _fetch_exprs(spec: IndexSpec, theta_range: float | None) -> list[pl.Expr]:
    table = _table(spec, theta_range)
    columns = [(spec.key, table.score), (f"{spec.key}_se", table.se), (f"{spec.key}_n", table.answered)]
    return [_gather(_KEY + spec.key, values).alias(name) for name, values in columns]


def _gather(key: str, values: pl.Series) -> pl.Expr:
    return pl.col(key).map_batches(values.gather, return_dtype=values.dtype, is_elementwise=True)


# --- input -----------------------------------------------------------------------------------------------------------------


def _check_items(
    frame: pl.DataFrame | pl.LazyFrame, specs: Sequence[IndexSpec], not_asked: Collection[str]
) -> dict[str, pl.Expr]:
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
