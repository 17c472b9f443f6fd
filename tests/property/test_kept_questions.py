"""What an earlier release hid of single questions stays hidden for the same pupils, and costs nothing under the same rules."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.disclosure import load_policy
from assets.methods.kept_series import on_rows
from assets.methods.protect_series import protect_series
from assets.release_register.cells import cells_of
from assets.release_register.history import history, kept_series
from assets.release_register.types import Inputs
from tests.support.release_pairs import entered
from tests.support.series_world import CATALOGUE, FILE, NOBODY, POLICY, SURVEY, tables, world

CELL = ["area_level", "area_code", "wave", "grade", "sex", "indicator", "measure"]
LEVELS = ["share", "mean"]
LOOSER = load_policy(
    CATALOGUE.disclosure
    | {
        "editions": CATALOGUE.disclosure["editions"]
        | {"intern": {"cell_floor": 4, "cell_floor_sensitive": 8, "interval_width": 3, "interval_width_sensitive": 7}}
    }
)


def hidden(results: pl.DataFrame) -> pl.DataFrame:
    return results.filter(pl.col("measure").is_in(LEVELS), pl.col("reason").is_in(["suppressed", "too_few"])).select(CELL)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(30, 250), min_size=2, max_size=3))
def test_what_was_hidden_stays_hidden_under_looser_rules(seed: int, sizes: list[int]) -> None:
    answers = tables(world(seed, sizes))
    first = protect_series(*answers, FILE, SURVEY, POLICY, "intern", NOBODY).results
    inputs = Inputs({f"{code}|2024": "d" for code in first["area_code"].unique()}, {}, "limits", "defs")
    entry, cells = entered(cells_of({"indicator_results": first}), inputs)
    earlier = history([entry], lambda _: cells)
    kept = on_rows(kept_series(earlier, inputs, "intern"), *answers[:2])
    again = protect_series(*answers, FILE, SURVEY, POLICY, "intern", NOBODY, None, kept).results
    assert again.drop("reason").equals(first.drop("reason")), "the same rules end in the same pattern"
    looser = protect_series(*answers, FILE, SURVEY, LOOSER, "intern", NOBODY, None, kept).results
    assert hidden(first).join(hidden(looser), on=CELL, how="anti").is_empty()
    silent = first.filter(pl.col("measure").is_in(LEVELS), pl.col("reason") == "ok", pl.col("n").is_null()).select(CELL)
    assert looser.join(silent, on=CELL, how="semi")["n"].null_count() == silent.height
    others = Inputs({f"{code}|2024": "e" for code in first["area_code"].unique()}, {}, "limits", "defs")
    assert kept_series(earlier, others, "intern").is_empty()
    assert kept_series(earlier, inputs, "publik").is_empty()


def test_looser_rules_would_have_opened_something() -> None:
    answers = tables(world(3, [60, 120, 200]))
    first, opened = (protect_series(*answers, FILE, SURVEY, policy, "intern", NOBODY).results for policy in (POLICY, LOOSER))
    assert hidden(first).join(hidden(opened), on=CELL, how="anti").height > 0
