"""Kinds of missing per question: counts, whole per cent with a floor, and when a change is worth a look."""

from __future__ import annotations

import polars as pl
import pytest

from assets.quality.settings import load_settings
from assets.quality.shares import add_up, item_counts, item_quality, percent
from assets.quality.sparkline import sparkline
from assets.quality.types import Counts
from tests.support.sample_quality import CATALOGUE

SETTINGS = load_settings()
PLAIN, NEW = "F55a", next(i.key for i in CATALOGUE.survey.items if i.first_wave == 2022)


def state(now: Counts, *before: Counts, item: str = PLAIN, wave: int = 2024) -> str:
    """The state of one question with earlier waves 2022, 2020, …"""
    earlier = {wave - 2 * n: {item: counts} for n, counts in enumerate(before, 1)}
    (found,) = item_quality({item: now}, earlier, CATALOGUE.survey, wave, SETTINGS)
    return found.state


@pytest.mark.parametrize(
    ("count", "base", "shown"), [(0, 10, 0), (1, 8, None), (1, 200, 1), (3, 200, 2), (5, 1000, 1), (9, 9, None)]
)
def test_shares_are_whole_per_cent_halves_upwards_and_nothing_under_the_floor(count, base, shown):
    assert percent(count, base, 10) == shown


def test_the_kinds_are_counted_apart_per_delivery_and_municipality():
    frame = pl.DataFrame(
        {"delivery_id": list("aab"), "wave": [2024] * 3, "municipality_code": ["0127"] * 3,
         PLAIN: [999, 996, 998], "F55b": [1, None, None]},
        schema_overrides={PLAIN: pl.Int16, "F55b": pl.Int16},
    )  # fmt: skip
    found = item_counts(frame, [PLAIN, "F55b", "F62"])
    assert found["a", 2024, "0127"] == {PLAIN: Counts(2, 0, 1, 0, 1), "F55b": Counts(2, 1, 0, 0, 0), "F62": Counts(2, 2, 0, 0, 0)}
    assert found["b", 2024, "0127"][PLAIN] == Counts(1, 0, 0, 1, 0)
    assert add_up(found.values())[PLAIN] == Counts(3, 0, 1, 1, 1)
    assert item_counts(frame.clear(), [PLAIN]) == {}


def test_counts_of_many_rows_do_not_overflow_small_integers():
    frame = pl.DataFrame({"delivery_id": ["a"] * 70_000, "wave": [2024] * 70_000, "municipality_code": ["0180"] * 70_000,
                          PLAIN: pl.Series([999] * 70_000, dtype=pl.Int16)})  # fmt: skip
    assert item_counts(frame, [PLAIN])["a", 2024, "0180"][PLAIN].unanswered == 70_000


def test_a_question_is_raised_when_the_change_is_large_and_beyond_chance():
    assert state(Counts(400, 0, 0, 0, 80), Counts(400, 0, 0, 0, 20)) == "more"
    assert state(Counts(400, 0, 0, 0, 20), Counts(400, 0, 0, 0, 80)) == "less"
    assert state(Counts(400, 0, 0, 0, 55), Counts(400, 0, 0, 0, 20)) == "ok", "nine points are too little"
    assert state(Counts(30, 0, 0, 0, 6), Counts(30, 0, 0, 0, 2)) == "ok", "thirteen points among thirty are chance"
    assert state(Counts(9, 0, 0, 0, 8), Counts(400, 0, 0, 0, 2)) == "ok", "nothing is said under the floor"


def test_a_column_without_answers_is_told_from_one_that_is_not_there_to_be_missed():
    held, none, empty = Counts(50, 0, 0, 0, 5), Counts(50, 50, 0, 0, 0), Counts(50, 0, 0, 0, 50)
    assert state(none, held) == state(empty, held) == "gone"
    assert state(none) == state(empty, none) == "absent"
    assert state(held, none) == state(held, empty) == "back"
    assert state(held, item=NEW, wave=2022) == "new"
    assert state(none, item=NEW, wave=2022) == "absent"
    assert item_quality({}, {}, CATALOGUE.survey, 2024, SETTINGS) == (), "a question outside the codebook isn't missed"


def test_the_line_has_a_gap_where_a_wave_is_missing_and_compares_with_the_last_one_held():
    now, then = Counts(100, 0, 0, 0, 20), Counts(100, 0, 0, 0, 5)
    (found,) = item_quality({PLAIN: now}, {2020: {PLAIN: then}, 2022: {}}, CATALOGUE.survey, 2024, SETTINGS)
    assert found.history == ((2020, 5), (2022, None), (2024, 20))
    assert found.change == 15


def test_the_line_is_drawn_at_true_distances_with_a_gap_and_its_words():
    svg = sparkline([(2016, 10), (2018, None), (2020, 10), (2024, 40)], 20, 'År "2016" <b>', flagged=True)
    assert 'role="img" aria-label="År &#34;2016&#34; &lt;b&gt;"' in svg
    assert svg.count("<path") == 3, "base line, one run of two points, and the diamond"
    assert svg.count("<circle") == 2
    assert 'd="M66 15L127 5"' in svg, "2020 stands halfway between 2016 and 2024, and 40 is drawn at the upper edge"
    assert "http" not in svg
    assert "style" not in svg
    assert sparkline([(2024, 0)], 20, "x").count("<circle") == 1
