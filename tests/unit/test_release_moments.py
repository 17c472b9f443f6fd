"""A mean that moves with a corrected answer is a conflict, and each edition is judged by its own widths."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from assets.release_register.words import conflict_error, conflict_rows, remedy_lines
from assets.texts import register_texts
from tests.support.release_pairs import CORRECTED, FIRST, RULES, Value, conflicts, index_cells


def release(mean: float, sd: float = 0.79, n: int = 95, number: int | None = None) -> list[Value]:
    """The total of a group: bands that a correction within a band leaves alone, its mean and its spread."""
    bands: list[Value] = [("all", f"share_band{k}", share, n) for k, share in ((1, 60.0), (2, 27.0), (3, 13.0))]
    return [*bands, ("all", "n_scored", float(number or n), number or n), ("all", "mean", mean, n), ("all", "sd", sd, n)]


def test_a_mean_that_moves_while_no_share_does_is_a_conflict_that_names_both_tables():
    found = conflicts(index_cells(release(-0.63)), index_cells(release(-0.61, 0.82)), CORRECTED)
    assert set(found.select("kind", "measure").iter_rows()) == {("moved", "mean"), ("moved", "sd")}
    texts = register_texts()
    error = conflict_error(conflict_rows(found, texts, {"0127": "Botkyrka"}), texts)
    assert error is not None
    for words in (
        "release.index_results",
        "samma tabell i utgivningen 2024-1 (2025-02-01)",
        "Botkyrka 2024",
        "ändrat medelvärde",
    ):
        assert words in str(error)
    assert any("mean_decimals" in line for line in remedy_lines(texts))


def test_nothing_is_said_of_unmoved_means_nor_of_the_same_pupils():
    before = index_cells(release(-0.63))
    assert conflicts(before, before, CORRECTED).is_empty()
    assert conflicts(before, index_cells(release(-0.61)), replace(FIRST, cutoff_set="others")).is_empty()


def test_in_a_large_group_the_rounding_tells_less_than_the_scale_is_wide():
    before, after = index_cells(release(-0.63, n=600)), index_cells(release(-0.62, n=600))
    assert conflicts(before, after, CORRECTED).is_empty()


def test_another_grid_of_decimals_is_no_moved_mean_but_a_moved_one_is_seen_on_it():
    coarse = tuple(replace(one, means={"index_results": (0.1, 6.0)}) for one in RULES)
    before, after = index_cells(release(-0.63, 0.8, n=25)), index_cells(release(-0.6, 0.8, n=25))
    # both intervals are 0.2 either way of the number that is shown, so only what is a mean is compared here
    both = [one.with_columns(low=None, high=None).cast(dict(one.schema)) for one in (before, after)]
    in_tens = {"intern": {"count_step": 5, "share_step": 1, "mean_decimals": 1}}
    first, later = replace(FIRST, numbers=in_tens), replace(CORRECTED, numbers=in_tens)
    assert conflicts(*both, later, first, coarse).is_empty()
    moved = index_cells(release(-0.8, 0.8, n=25)).with_columns(low=None, high=None).cast(dict(before.schema))
    assert set(conflicts(both[0], moved, later, first, coarse)["measure"]) == {"mean"}


def test_an_interval_that_moves_tells_as_much():
    before = index_cells(release(-0.63))
    wider = before.with_columns(high=pl.when(pl.col("measure") == "mean").then(pl.col("high") + 0.01).otherwise("high"))
    assert conflicts(before, wider, CORRECTED)["measure"].to_list() == ["mean"]


def test_a_scale_among_the_questions_is_compared_in_small_groups():
    def scale(mean: float, n: int) -> pl.DataFrame:
        named = index_cells([("all", "mean", mean, n)]).with_columns(table_name=pl.lit("indicator_results"), key=pl.lit("dik67"))
        return named.with_columns(low=pl.lit(None, pl.Float64), high=pl.lit(None, pl.Float64))

    found = conflicts(scale(40.0, 30), scale(42.0, 30), CORRECTED)
    assert found.select("table_name", "kind").rows() == [("indicator_results", "moved")]
    assert conflicts(scale(40.0, 100), scale(41.0, 100), CORRECTED).is_empty()


@pytest.mark.parametrize(("edition", "conflict"), [("intern", False), ("publik", True)])
def test_each_edition_is_judged_by_its_own_width(edition, conflict):
    """Two hidden bands that the other release bounds to 6 pupils: wide enough in one edition, not in the other."""
    size = 700
    one: list[Value] = [("girl", "n_scored", float(size), size), ("girl", "share_band1", 60.0, size)]
    other = [*one, ("girl", "share_band2", 27.0, size), ("girl", "share_band3", 13.0, size)]
    hidden: list[Value] = [*one, ("girl", "share_band2", None, None), ("girl", "share_band3", None, None)]
    found = conflicts(index_cells(hidden, edition), index_cells(other, edition), FIRST)
    assert (not found.is_empty()) == conflict


def test_what_the_public_edition_hides_is_not_judged_with_the_internal_ones_rows():
    """Whoever has the internal edition may know it: it shows the cells that the public one hides."""
    shown = release(-0.63)
    public = [(sex, measure, None if measure == "share_band3" else value, n) for sex, measure, value, n in shown]
    both = pl.concat([index_cells(shown), index_cells(public, "publik")])
    assert conflicts(index_cells(public, "publik"), both, FIRST).is_empty()
