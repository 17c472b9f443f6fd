"""A missing number on the county's list of bundles: the mark among the numbers, its words once below."""

from __future__ import annotations

from assets.bundle.overview_marks import mark_only, marks_told
from assets.bundle.types import BundleSummary

REASON = "inga elever i årskursen i leveransen [-]"


def summary(count: int | None, reason: str = "") -> BundleSummary:
    return BundleSummary("0125", "Ekerö", "m", {"ak9": 230, "gy2": count}, {"gy2": reason}, {"ak9": 54.0}, "only", "ak9")


def test_the_mark_stands_alone_and_a_reason_without_a_mark_is_kept():
    assert mark_only(REASON) == "[-]"
    assert mark_only("okänt skäl") == "okänt skäl"


def test_each_reason_is_told_once_and_nothing_where_nothing_is_missing():
    rows = [summary(None, REASON), summary(None, REASON), summary(None, "skyddat av sekretesskäl [c]"), summary(85)]
    told = marks_told(rows, "Märken: {marks}.")
    assert told == "Märken: [-] inga elever i årskursen i leveransen; [c] skyddat av sekretesskäl."
    assert marks_told([summary(85)], "Märken: {marks}.") == ""
