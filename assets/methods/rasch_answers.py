"""Answers to one index's items as counts of distinct patterns: what every psychometric statistic here is computed from.

The rows of a survey are reduced once to their distinct patterns (with the groups they belong to) in a fixed order. Statistics
are then sums over patterns, so the order of the rows can't change a bit of the result, and integer sums come before floats.
The counts are microdata in another shape: they never leave the process, and no output of the psychometrics holds a pattern.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from assets.methods.rasch import check_items
from assets.methods.rasch_model import Array, IndexSpec

NO_ANSWER = -1


@dataclass(frozen=True, eq=False)
class AnswerCounts:
    """Distinct answer patterns and how many respondents have each.

    `answers` [patterns, items] holds categories 0..m or -1 for no answer, `counts` [patterns] respondents, `groups` per group
    variable the position of the pattern's level in `levels` (-1 = the respondent's group is unknown).
    """

    items: tuple[str, ...]
    max_scores: tuple[int, ...]
    answers: Array
    counts: Array
    groups: Mapping[str, Array]
    levels: Mapping[str, tuple[object, ...]]

    @cached_property
    def mask(self) -> Array:
        """Bit i = item i answered, per pattern."""
        return (self.answers >= 0).astype(np.int64) @ (1 << np.arange(len(self.items), dtype=np.int64))

    @cached_property
    def raw(self) -> Array:
        """Sum over the answered items, per pattern."""
        return np.where(self.answers >= 0, self.answers, 0).sum(axis=1, dtype=np.int64)

    @cached_property
    def n_answered(self) -> Array:
        """Answered items per pattern."""
        return (self.answers >= 0).sum(axis=1)

    @property
    def n(self) -> int:
        """Respondents."""
        return int(self.counts.sum())

    @cached_property
    def max_raw(self) -> Array:
        """Highest possible sum over the answered items, per pattern."""
        return (self.answers >= 0).astype(np.int64) @ np.array(self.max_scores, dtype=np.int64)

    def keep(self, rows: Array) -> AnswerCounts:
        """The patterns where `rows` is true."""
        return replace(
            self,
            answers=self.answers[rows],
            counts=self.counts[rows],
            groups={name: codes[rows] for name, codes in self.groups.items()},
        )

    def complete(self) -> AnswerCounts:
        """Patterns with every item answered."""
        return self.keep(self.n_answered == len(self.items))

    def informative(self) -> AnswerCounts:
        """Patterns that say something about the thresholds: two answers or more, neither all lowest nor all highest."""
        return self.keep((self.n_answered >= 2) & (self.raw > 0) & (self.raw < self.max_raw))

    def only(self, items: Collection[str]) -> AnswerCounts:
        """The same respondents with some of the items."""
        places = [place for place, key in enumerate(self.items) if key in items]
        return replace(
            self,
            items=tuple(self.items[place] for place in places),
            max_scores=tuple(self.max_scores[place] for place in places),
            answers=self.answers[:, places],
        )

    def level(self, group: str, level: object) -> AnswerCounts:
        """Patterns of respondents in one level of a group variable; the groups are not kept along."""
        return replace(self, groups={}, levels={}).keep(self.groups[group] == self.levels[group].index(level))

    def category_counts(self) -> tuple[Array, ...]:
        """Per item the number of respondents in each category 0..m."""
        return tuple(
            np.bincount(column[column >= 0], weights=self.counts[column >= 0], minlength=top + 1).astype(np.int64)
            for column, top in zip(self.answers.T, self.max_scores, strict=True)
        )


def count_answers(frame: pl.DataFrame | pl.LazyFrame, spec: IndexSpec, groups: Sequence[str] = ()) -> AnswerCounts:
    """Reduce a table of respondents to the distinct patterns of one index.

    Args:
        frame: one row per respondent; per item a numeric column with its category 0..m, null or NaN for no answer; the group
            columns hold text or whole numbers, null for unknown. Other columns are ignored, as is the order of the rows.
        spec: the index; only item keys and numbers of categories are used.
        groups: columns to keep apart, for differential item functioning.

    Raises:
        PipelineError: an item's column is absent, isn't numeric or holds something else than its categories.
    """
    answers = check_items(frame, [spec], ())
    levels = _levels(frame, groups)
    code = pl.lit(0, dtype=pl.Int64)
    for item in spec.items:
        code = code * (item.max_score + 2) + answers[item.key].cast(pl.Int64).fill_null(NO_ANSWER) + 1
    for name in groups:
        position = {level: place for place, level in enumerate(levels[name], 1)}
        code = code * (len(position) + 1) + pl.col(name).replace_strict(position, default=0, return_dtype=pl.Int64)
    counted = frame.lazy().select(code=code).group_by("code").len().sort("code").collect()
    rest, codes = counted["code"].to_numpy().copy(), {}
    for name in reversed(groups):
        rest, codes[name] = np.divmod(rest, len(levels[name]) + 1)
    columns = []
    for item in reversed(spec.items):
        rest, column = np.divmod(rest, item.max_score + 2)
        columns.append((column - 1).astype(np.int8))
    return AnswerCounts(
        items=tuple(item.key for item in spec.items),
        max_scores=tuple(item.max_score for item in spec.items),
        answers=np.stack(columns[::-1], axis=1),
        counts=counted["len"].to_numpy().astype(np.int64),
        groups={name: codes[name] - 1 for name in groups},
        levels=levels,
    )


def _levels(frame: pl.DataFrame | pl.LazyFrame, groups: Sequence[str]) -> dict[str, tuple[object, ...]]:
    found = frame.lazy().select(pl.col(name).drop_nulls().unique().sort().implode() for name in groups).collect()
    return {name: tuple(found[name].item()) for name in groups}
