"""Things that must agree: groups that belong in every delivery, and one measure in two sources."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from expectations.custom.base import RowsExpectation, rows_metric

PER_CENT = 100


def _sexes_present(frame: pd.DataFrame, sexes: list[str], least: int) -> pd.Series:
    keys = [frame["delivery_id"], frame["wave"]]
    large = frame["n"].groupby(keys).transform("sum") >= least
    complete = pd.Series(True, index=frame.index)
    for sex in sexes:
        complete &= frame["n"].where((frame["sex"] == sex).fillna(value=False), 0).groupby(keys).transform("sum") > 0
    return ~large | complete


rows_metric("did.sexes_present", ("sexes", "least"), _sexes_present)


class ExpectSexesInEveryDelivery(RowsExpectation):
    """Each delivery and wave with at least `least` pupils has some of each of the `sexes`."""

    map_metric = "did.sexes_present"
    success_keys = ("mostly", "sexes", "least")
    column_list: Sequence[str] = ["delivery_id", "wave", "sex", "n"]
    sexes: list[str]
    least: int


def _mean_agrees(frame: pd.DataFrame, worth: list[float], tolerance: float) -> pd.Series:
    best, good, poor, worst = worth
    share = frame["share"].astype("float64") / PER_CENT
    lowest = share * good + (1 - share) * worst
    highest = share * best + (1 - share) * poor
    mean = frame["mean"].astype("float64")
    unknown = frame["share"].isna() | frame["mean"].isna()
    return unknown | ((mean >= lowest - tolerance) & (mean <= highest + tolerance))


rows_metric("did.mean_agrees", ("worth", "tolerance"), _mean_agrees)


class ExpectMeanToAgreeWithShare(RowsExpectation):
    """A question's mean in one source is possible given the share of its two better answers (per cent) in another.

    With the four answers worth `worth` (best first), a share p of the two better ones leaves the mean between
    p * worth[1] + (1 - p) * worth[3] and p * worth[0] + (1 - p) * worth[2]; `tolerance` is added on both sides, for rounding and
    because the sources count "Vet inte" differently.
    """

    map_metric = "did.mean_agrees"
    success_keys = ("mostly", "worth", "tolerance")
    column_list: Sequence[str] = ["year", "share", "mean"]
    worth: list[float]
    tolerance: float
