"""The table of limits that the steward sees on the run's page."""

from __future__ import annotations

import polars as pl

from assets.indices_cutoffs import limits_text


def test_an_index_that_a_rule_found_no_limit_of_has_a_dash():
    """A delivery need not have every index's questions; the run goes on and says what there is."""
    cuts = pl.DataFrame(
        [("wellbeing", "fixed", -0.5), ("wellbeing", "recomputed", 1.25), ("parenting", "fixed", 0.75)],
        schema=["index_key", "cut_set", "focus_cut"],
        orient="row",
    )
    lines = limits_text(cuts).md_str.splitlines()
    assert lines[2:] == ["| wellbeing | −0,500 | 1,250 |", "| parenting | 0,750 | – |"]
