"""The audit beside an earlier release of a small county: one delivery corrected, one late respondent; what it finds is real."""

from __future__ import annotations

import polars as pl
import pytest

from assets.audit import AuditReport, AuditRules, EarlierRelease, EditionRules, audit
from assets.methods.disclosure import load_policy, protect
from assets.release_register.history import HIDDEN, keep
from tests.support.disclosure_population import COUNTS, KEYS, estimates, population
from tests.support.series_world import CATALOGUE

POLICY = load_policy({**CATALOGUE.disclosure, "whole_numbers": False})  # with it, the corrected area shows too little to be found
RULES = AuditRules({"intern": EditionRules(10, 20, 30, 10, 5, 1, 4, 9)}, "intern")
CORRECTED, LATE = "0121", "0122"
SMALL = (60, 110, 95, 180, 240)
COLUMN = {"share_band1": "band1", "share_band2": "band2", "share_band3": "band3", "share_unscored": "n_unscored",
          "n_scored": "n_scored", "n_respondents": "n_respondents"}  # fmt: skip
EDGE = 1e-4


def moved(counts: pl.DataFrame, code: str, sex: str, steps: dict[str, int]) -> pl.DataFrame:
    """The counts with pupils of one area and sex moved or added, there, in the total and in the county."""
    at = pl.col("area_code").is_in([code, "01"]) & pl.col("sex").is_in([sex, "all"])
    return counts.with_columns(
        (pl.col(name) + pl.when(at).then(step).otherwise(0)).cast(counts.schema[name]) for name, step in steps.items()
    )


def corrected_county(sizes: tuple[int, ...]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Counts before, and after three boys' answers in one municipality are corrected and a girl in another has come late."""
    before = population(11, sizes, indices=["wellbeing"])
    after = moved(before, CORRECTED, "boy", {"band1": -3, "band2": 1, "band3": 2})
    return before, moved(after, LATE, "girl", {"band3": 1, "n_scored": 1, "n_respondents": 1})


def beside(before: pl.DataFrame, after: pl.DataFrame) -> AuditReport:
    """The audit of what is published after, beside what was published before."""
    first = protect(before, estimates(before), POLICY, "intern").results
    unchanged = sorted(code for code in before["area_code"].unique() if code not in (CORRECTED, LATE, "01"))
    hidden = first.filter(pl.col("area_code").is_in(unchanged), pl.col("reason").is_in(HIDDEN)).rename({"index_key": "key"})
    second = keep(lambda barred: protect(after, estimates(after), POLICY, barred=barred), hidden, "index_results").results
    same = frozenset((code, 2024) for code in unchanged)
    return audit({"index_results": second}, RULES, [EarlierRelease("2024-1", "2024-06-01", {"index_results": first}, same)])


def truth(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """`then` and `now`: the count behind every measure of every cell."""
    long = [
        one.unpivot(list(COUNTS), index=KEYS, variable_name="count", value_name=when)
        for one, when in ((before, "then"), (after, "now"))
    ]
    return long[0].join(long[1], on=[*KEYS, "count"]).rename({"index_key": "key"})


@pytest.fixture(scope="module")
def small() -> tuple[pl.DataFrame, AuditReport]:
    before, after = corrected_county(SMALL)
    return truth(before, after), beside(before, after)


def test_the_late_respondent_is_found_and_where(small: tuple[pl.DataFrame, AuditReport]) -> None:
    _, report = small
    found = report.cells.filter(pl.col("verdict") != "wide")
    assert not report.passed
    assert set(found["attack"]) == {"earlier:2024-1"}
    assert set(found["verdict"]) == {"narrow"}, "a belief that the correction refutes stops nothing by itself"
    come = found.filter(pl.col("measure").str.starts_with("late:"))
    assert set(come["area_code"]) == {CORRECTED, LATE}, "nobody has come where the pupils are the same"
    assert ("girl", "late:share_band3") in set(come.filter(area_code=LATE).select("sex", "measure").iter_rows())
    assert report.conflicts["tables"].str.contains("2024-1").all()


def test_every_bound_that_is_found_holds_the_true_number(small: tuple[pl.DataFrame, AuditReport]) -> None:
    """Of the corrected municipality some believe that pupils have only come: that belief is theirs, so it is left out here."""
    counts, report = small
    found = report.cells.filter(pl.col("verdict") == "narrow", pl.col("area_code") != CORRECTED)
    name = pl.col("measure").str.strip_prefix("late:").replace_strict(COLUMN)
    told = found.with_columns(count=name).join(counts, on=[*KEYS[:-1], "key", "count"])
    late = pl.col("measure").str.starts_with("late:")
    inside = [pl.col(when).is_between(pl.col("low") - EDGE, pl.col("high") + EDGE) for when in ("then", "now")]
    come = (pl.col("now") - pl.col("then")).is_between(pl.col("low") - EDGE, pl.col("high") + EDGE)
    assert told.height == found.height > 0
    assert told.filter(~pl.when(late).then(come).otherwise(inside[0] | inside[1])).is_empty()


def test_a_county_in_whose_rounding_they_drown_passes() -> None:
    before, after = corrected_county((2600, 2900, 3100))
    report = beside(before, after)
    assert report.passed
    assert report.cells.filter(pl.col("measure").str.starts_with("late:")).height > 5
