"""What must hold of the merge whatever people answer."""

from __future__ import annotations

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalogue.prevention import load_activities
from assets.methods.activities import activity_status
from assets.methods.activity_coverage import COUNTS, activity_coverage
from tests.support.activity_answers import answers, frame

CATALOGUE = load_activities()
IDS = [a.id for a in CATALOGUE.activities][:6]
ANSWER = st.sampled_from(["yes", "no", "dont_know"])
ROLES = ("skola", "polis", "vard")
LINE = st.one_of(
    st.tuples(st.sampled_from(ROLES), st.sampled_from(IDS), st.sampled_from(["exists", "goals", "follow_up_reach"]), ANSWER),
    st.tuples(st.sampled_from(ROLES), st.sampled_from(IDS), st.just("funding"), st.sampled_from(["permanent", "project"])),
    st.tuples(st.sampled_from(ROLES), st.just("own:x"), st.just("factor"), st.sampled_from(["leisure", "attainment"])),
)
LINES = st.lists(LINE, max_size=25, unique_by=lambda line: line[:3])
CODES = ["0127", "0140"]


@settings(max_examples=40, deadline=None)
@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_respondents_does_not_matter(lines, random):
    mixed = list(lines)
    random.shuffle(mixed)
    first, second = activity_status(answers(*lines), CATALOGUE, CODES), activity_status(answers(*mixed), CATALOGUE, CODES)
    assert first.equals(second)
    assert activity_coverage(first, answers(*lines), CATALOGUE).equals(activity_coverage(second, answers(*mixed), CATALOGUE))


@settings(max_examples=40, deadline=None)
@given(LINES.filter(bool), st.sampled_from(IDS))
def test_one_who_does_not_know_never_changes_a_known_state(lines, activity):
    before = activity_status(answers(*lines), CATALOGUE, CODES)
    extra = frame([("more", "0127", "2026", date(2026, 6, 1), "fritid_kultur", activity, "exists", "dont_know")])
    after = activity_status(pl.concat([answers(*lines), extra]), CATALOGUE, CODES)
    both = before.join(after, on=["municipality_code", "activity_id"], suffix="_after")
    moved = both.filter(pl.col("exists") != pl.col("exists_after"))
    assert set(moved["exists"]) <= {"not_inventoried"}
    assert set(moved["exists_after"]) <= {"dont_know"}
    assert moved.height <= 1


@settings(max_examples=40, deadline=None)
@given(LINES.filter(bool))
def test_counts_add_up_and_nobody_silent_becomes_a_no(lines):
    said = answers(*lines)
    status = activity_status(said, CATALOGUE, CODES)
    coverage = activity_coverage(status, said, CATALOGUE)
    assert coverage.filter(pl.sum_horizontal(*COUNTS) != pl.col("n_activities")).is_empty()
    held = coverage.filter(pl.col("n_activities") > 0)
    assert held.filter(~pl.col("coverage_low").is_between(0, pl.col("coverage_high"))).is_empty()
    assert held.filter(pl.col("coverage_high") > 1).is_empty()
    answered = {line[1] for line in lines if line[2] == "exists"}
    ours = status.filter((pl.col("municipality_code") == "0127") & ~pl.col("activity_id").str.starts_with("own:"))
    for activity, exists in ours.select("activity_id", "exists").iter_rows():
        assert (exists == "not_inventoried") == (activity not in answered)
    assert status.filter(pl.col("municipality_code") == "0140")["exists"].unique().to_list() == ["not_inventoried"]
    statements = ["statements_yes", "statements_no", "statements_dont_know", "statements_disagreed", "statements_unanswered"]
    for activity, total in ours.select("activity_id", pl.sum_horizontal(*statements).alias("n")).iter_rows():
        assert total == len(CATALOGUE.criteria_of[activity])


@settings(max_examples=25, deadline=None)
@given(LINES.filter(bool))
def test_a_total_is_never_more_than_the_sum_of_its_parts_nor_less_than_any(lines):
    said = answers(*lines)
    whole = activity_coverage(activity_status(said, CATALOGUE, CODES), said, CATALOGUE)
    coverage = whole.filter(pl.col("factor_kind") == "index")
    keys = ["municipality_code", "factor", "level", "age_band"]
    of_arenas = coverage.filter(pl.col("arena") != "*").group_by(keys)
    parts = of_arenas.agg(pl.col("n_yes").sum().alias("sum"), pl.col("n_yes").max().alias("max"))
    totals = coverage.filter(pl.col("arena") == "*").join(parts, on=keys)
    assert totals.filter((pl.col("n_yes") > pl.col("sum")) | (pl.col("n_yes") < pl.col("max"))).is_empty()
