"""The table of limits that the steward sees on the run's page."""

from __future__ import annotations

import polars as pl

from assets.indices_cutoffs import limits_text, ties_text
from assets.methods.bands import CutSet, tie_mass


def test_an_index_that_a_rule_found_no_limit_of_has_a_dash():
    """A delivery need not have every index's questions; the run goes on and says what there is."""
    cuts = pl.DataFrame(
        [("wellbeing", "fixed", -0.5), ("wellbeing", "recomputed", 1.25), ("parenting", "fixed", 0.75)],
        schema=["index_key", "cut_set", "focus_cut"],
        orient="row",
    )
    lines = limits_text(cuts).md_str.splitlines()
    assert lines[2:] == ["| wellbeing | −0,500 | 1,250 |", "| parenting | 0,750 | – |"]


def test_who_stands_at_a_limit_is_told_in_whole_per_cent():
    scores = pl.DataFrame({"r": [0.3756, 0.376, 0.1, 0.9], "p": pl.Series([None] * 4, dtype=pl.Float64)})
    ties = tie_mass(scores, ["r", "p"], CutSet("used", {"r": (0.1, 0.376), "p": (-1.0, 1.0)}))
    assert ties_text(ties).md_str.splitlines()[2:] == ["| r | 25 % | 50 % |", "| p | – | – |"]
