"""Shares against the last wave: answers that are missing, and the distribution over the answer categories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from expectations.custom.base import RowsExpectation, rows_metric

ROUTED = 996
NO_ANSWER = 999
KINDS_OF_MISSING = 990
HALF = 0.5
"""Added to each category's count, so that an empty one gives a finite index."""


def _sums(frame: pd.DataFrame, of: pd.Series, groups: list[str]) -> tuple[pd.Series, pd.Series]:
    """Sums over the groups, on every row: now and in the last wave, of the rows that `of` marks."""
    keys = [frame[g] for g in groups]
    now = frame["n"].where(of, 0).groupby(keys).transform("sum")
    before = frame["n_before"].where(of, 0).groupby(keys).transform("sum")
    return now.astype("int64"), before.astype("int64")


def _missing_near(frame: pd.DataFrame, points: float, least: int, alpha: float) -> pd.Series:
    from scipy.stats import norm

    groups = ["municipality_code", "wave", "item"]
    code = frame["code"]
    asked_now, asked_before = _sums(frame, (code.isna() | (code != ROUTED)).fillna(value=True), groups)
    gone_now, gone_before = _sums(frame, (code.isna() | (code == NO_ANSWER)).fillna(value=True), groups)
    filled_now, filled_before = _sums(frame, code.notna(), groups)
    judged = (asked_now >= least) & (asked_before >= least) & (filled_now > 0) & (filled_before > 0)
    change = (gone_now / asked_now.clip(lower=1) - gone_before / asked_before.clip(lower=1)).abs()
    pooled = (gone_now + gone_before) / (asked_now + asked_before).clip(lower=1)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / asked_now.clip(lower=1) + 1 / asked_before.clip(lower=1)))
    return ~(judged & (100 * change > points) & (change > norm.ppf(1 - alpha / 2) * spread))


rows_metric("did.missing_near", ("points", "least", "alpha"), _missing_near)


class ExpectMissingNearLastWave(RowsExpectation):
    """A question's share without an answer (999) is within `points` percentage points of the last wave's, per municipality.

    Of those who were asked (996 is left out); judged where at least `least` were asked both times. A question without a column
    now or then is not judged here. Where few were asked chance alone goes beyond it: the difference must also be significant at
    the level `alpha` (two-sided test of two proportions with a pooled variance).
    """

    map_metric = "did.missing_near"
    success_keys = ("mostly", "points", "least", "alpha")
    column_list: Sequence[str] = ["municipality_code", "wave", "item", "code", "n", "n_before"]
    points: float
    least: int
    alpha: float


def _stable(frame: pd.DataFrame, limit: float, alpha: float) -> pd.Series:
    from scipy.stats import chi2

    groups = ["municipality_code", "wave", "grade", "item"]
    keys = [frame[g] for g in groups]
    valid = (frame["code"].notna() & (frame["code"] < KINDS_OF_MISSING)).fillna(value=False)
    now, before = _sums(frame, valid, groups)
    categories = valid.groupby(keys).transform("sum").astype("int64")
    share = (frame["n"].astype("float64") + HALF) / (now + HALF * categories).clip(lower=1)
    share_before = (frame["n_before"].astype("float64") + HALF) / (before + HALF * categories).clip(lower=1)
    part = ((share - share_before) * np.log(share / share_before)).where(valid, 0.0)
    index = part.groupby(keys).transform("sum")
    chance = (1 / now.clip(lower=1) + 1 / before.clip(lower=1)) * chi2.ppf(1 - alpha, (categories - 1).clip(lower=1))
    judged = valid & (now > 0) & (before > 0) & (categories > 1)
    return ~(judged & (index > limit) & (index > chance))


rows_metric("did.stable_categories", ("limit", "alpha"), _stable)


class ExpectStableCategories(RowsExpectation):
    """The population stability index against the last wave is at most `limit`, per municipality, grade and question.

    The sum over the categories of (p - q) ln(p / q), p and q the shares now and then with half an answer added to each category.
    Above 0.25 is the customary limit for a major shift (Siddiqi, 2006, Credit risk scorecards). With few answers chance alone
    goes beyond it: the index is then about (1/n + 1/m) times a chi-square with one degree less than there are categories
    (Yurdakul and Naranjo, 2020, Statistical properties of the population stability index), so it must also exceed that
    distribution's 1 - `alpha` quantile.
    """

    map_metric = "did.stable_categories"
    success_keys = ("mostly", "limit", "alpha")
    column_list: Sequence[str] = ["municipality_code", "wave", "grade", "item", "code", "n", "n_before"]
    limit: float
    alpha: float
