"""Mean scores for any survey: recode, filters, reversed items, 0-100 scores, and cut-offs from a reference population. Pure.

For surveys whose indices are plain means (LUPP and others). A score is the mean of items rescaled to per cent of maximum possible
(`pomp.py`). Cut-offs: the weighted median; the median plus 0.15 mean absolute deviations (Arthur et al., 2007, the rule of
Communities That Care); the point with the highest Youden index (1950) against an outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import fsum, sqrt
from operator import itemgetter
from typing import Literal

import polars as pl

from assets.methods.pomp import pomp_mean

Direction = Literal["risk", "protective"]
CTC_STEP = 0.15


@dataclass(frozen=True)
class Filter:
    """Who is not asked: those whose answer to `item` is `value`; their answer is `fill`."""

    item: str
    value: int
    fill: int


@dataclass(frozen=True)
class ItemRule:
    """A question: whole numbers `minimum`..`maximum`, the codes that mean no answer, whether a high answer is turned round."""

    item: str
    minimum: int
    maximum: int
    reverse: bool = False
    missing: tuple[int, ...] = ()
    filter: Filter | None = None


@dataclass(frozen=True)
class ScoreRule:
    """A 0-100 score: its items, how many of them must be answered, and whether high is bad."""

    key: str
    items: tuple[str, ...]
    min_valid: int
    kind: Direction


def recode(raw: pl.DataFrame, rules: Sequence[ItemRule]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Apply missing codes, range, filters and reversal.

    Args:
        raw: one numeric column per item.

    Returns:
        The items as Int64, rows as in `raw`; and the problems, `row` (0-based), `item`, `problem` (`not_in_range`,
        `answered_although_filtered`), sorted by row and item. A value that is not a whole number within the range becomes null.
        A filter looks at the other item before reversal; a missing answer there changes nothing.
    """
    read = raw.select(_in_range(rule).alias(rule.item) for rule in rules)
    problems = [_problem(raw, rule, "not_in_range", _given(rule) & read[rule.item].is_null()) for rule in rules]
    columns: list[pl.Series] = []
    for rule in rules:
        value = read[rule.item]
        if rule.filter:
            out = (read[rule.filter.item] == rule.filter.value).fill_null(False)
            problems.append(_problem(raw, rule, "answered_although_filtered", out & value.is_not_null()))
            value = pl.select(pl.when(out).then(pl.lit(rule.filter.fill, pl.Int64)).otherwise(value)).to_series()
        columns.append((rule.minimum + rule.maximum - value if rule.reverse else value).alias(rule.item))
    return pl.DataFrame(columns), pl.concat(problems).sort("row", "item", "problem")


def _given(rule: ItemRule) -> pl.Expr:
    value = pl.col(rule.item)
    return value.is_not_null() & ~value.is_in(list(rule.missing))


def _in_range(rule: ItemRule) -> pl.Expr:
    value = pl.col(rule.item)
    whole = value.cast(pl.Int64, strict=False)
    holds = _given(rule) & (whole == value) & whole.is_between(rule.minimum, rule.maximum)
    return pl.when(holds).then(whole)


def _problem(raw: pl.DataFrame, rule: ItemRule, problem: str, where: pl.Expr | pl.Series) -> pl.DataFrame:
    found = raw.select(here=where).with_row_index("row").filter("here")
    return found.select(pl.col("row").cast(pl.Int64), item=pl.lit(rule.item), problem=pl.lit(problem))


def mean_scores(recoded: pl.DataFrame, rules: Sequence[ItemRule], scores: Sequence[ScoreRule]) -> pl.DataFrame:
    """Scores 0..100 of recoded answers.

    Returns:
        Per score `<key>_nvalid` (Int64, answered items) and `<key>_pomp` (Float64 with 9 decimals, null below `min_valid`).
    """
    by_item = {rule.item: rule for rule in rules}
    columns: list[pl.Expr] = []
    for score in scores:
        items = [_rescaled(by_item[item]) for item in score.items]
        answered = pl.sum_horizontal(item.is_not_null().cast(pl.Int64) for item in items)
        columns += [answered.alias(f"{score.key}_nvalid"), pomp_mean(items, score.min_valid).alias(f"{score.key}_pomp")]
    return recoded.select(columns)


def _rescaled(rule: ItemRule) -> pl.Expr:
    return 100 * (pl.col(rule.item) - rule.minimum) / (rule.maximum - rule.minimum)


@dataclass(frozen=True)
class Reference:
    """A score in the reference population. `sd` divides by the sum of weights; `youden` needs an outcome, else null."""

    n: int
    mean: float
    sd: float
    median: float
    mean_abs_dev: float
    cut_ctc: float
    cut_youden: float | None
    youden: float | None


def reference(score: pl.Series, weight: pl.Series, kind: Direction, outcome: pl.Series | None = None) -> Reference:
    """Describe a score in a reference population and derive cut-offs.

    Args:
        score: null where there is none. weight: 0 or more; rows with weight 0 don't count. outcome: 1, 0 or null.

    Raises:
        ValueError: no row has a score and a weight.
    """
    table = pl.DataFrame({"score": score, "weight": weight.cast(pl.Float64)}).filter(
        pl.col("score").is_not_null(), pl.col("weight") > 0
    )
    if table.is_empty():
        raise ValueError("no row has a score and a weight")
    pairs = sorted(table.iter_rows())
    total = fsum(w for _, w in pairs)
    mean = fsum(s * w for s, w in pairs) / total
    median = weighted_median(pairs)
    spread = fsum(abs(s - median) * w for s, w in pairs) / total
    cut, height = (None, None) if outcome is None else _youden(score, weight, outcome, kind)
    sign = 1 if kind == "risk" else -1
    sd = sqrt(fsum(w * (s - mean) ** 2 for s, w in pairs) / total)
    return Reference(len(pairs), mean, sd, median, spread, median + sign * CTC_STEP * spread, cut, height)


def weighted_median(pairs: Sequence[tuple[float, float]]) -> float:
    """The least value at which the weights up to it reach half; its mean with the next value at exactly half.

    Args:
        pairs: (value, weight) sorted by value, weights above 0.
    """
    total = fsum(weight for _, weight in pairs)
    weights = {value: fsum(w for _, w in same) for value, same in groupby(pairs, key=itemgetter(0))}
    values = list(weights)
    below: list[float] = []
    for position, value in enumerate(values):
        below.append(weights[value])
        share = fsum(below) / total
        if abs(share - 0.5) < 1e-12 and position + 1 < len(values):
            return (value + values[position + 1]) / 2
        if share >= 0.5:
            return value
    return values[-1]


def _youden(score: pl.Series, weight: pl.Series, outcome: pl.Series, kind: Direction) -> tuple[float | None, float | None]:
    """Highest weighted sensitivity + specificity - 1; among equals the smallest cut-off (risk), the largest (protective)."""
    table = pl.DataFrame({"score": score, "weight": weight.cast(pl.Float64), "outcome": outcome}).drop_nulls()
    rows = sorted(table.filter(pl.col("weight") > 0).iter_rows())
    with_it, without = ([(s, w) for s, w, o in rows if o == case] for case in (1, 0))
    if not with_it or not without:
        return None, None
    best: tuple[float, float] | None = None
    for cut in sorted({s for s, _, _ in rows}, reverse=kind == "protective"):
        height = round(_share_beyond(with_it, cut, kind) - _share_beyond(without, cut, kind), 12)
        if best is None or height > best[1]:
            best = (cut, height)
    return best or (None, None)


def _share_beyond(pairs: Sequence[tuple[float, float]], cut: float, kind: Direction) -> float:
    beyond = fsum(w for s, w in pairs if (s >= cut if kind == "risk" else s <= cut))
    return beyond / fsum(w for _, w in pairs)


def flag(score: pl.Expr, cut: float, kind: Direction, strict: bool = False) -> pl.Expr:
    """1 where the score is beyond the cut-off (at it too, unless `strict`), 0 where not, null without a score."""
    beyond = score > cut if kind == "risk" else score < cut
    if not strict:
        beyond |= score == cut
    return beyond.cast(pl.Int8)


def risk_count(frame: pl.DataFrame, flags: Sequence[str], at_most_missing: int = 1) -> pl.DataFrame:
    """How many flags a person has: `risk_count` (Int64, null with more than `at_most_missing` flags unknown), `risk_nvalid`."""
    valid = pl.sum_horizontal(pl.col(name).is_not_null().cast(pl.Int64) for name in flags)
    count = pl.sum_horizontal(pl.col(name).fill_null(0).cast(pl.Int64) for name in flags)
    return frame.select(risk_count=pl.when(valid >= len(flags) - at_most_missing).then(count), risk_nvalid=valid)


def z_scores(frame: pl.DataFrame, references: Mapping[str, Reference]) -> pl.DataFrame:
    """`<key>_z` of `<key>_pomp`: standard deviations from the reference population's mean."""
    return frame.select(((pl.col(f"{k}_pomp") - r.mean) / r.sd).alias(f"{k}_z") for k, r in references.items())
