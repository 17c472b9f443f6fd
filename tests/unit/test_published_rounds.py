"""A round of the preconditions is published when it is closed, and one form more never shows what that form says."""

from __future__ import annotations

import json
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from assets.catalogue.readiness import load_readiness, load_rounds
from assets.catalogue.round_models import RoundFile
from assets.indices_readiness import RATINGS
from assets.methods.published_rounds import closed, kept
from assets.methods.readiness import readiness, readiness_statements, released_readiness
from assets.release_readiness import publishable
from pipelines.warehouse import TableName, Warehouse

FILE = load_readiness()
STATEMENTS = FILE.statements["coordination"]
NAMES = {"0127": "Botkyrka"}


def ratings(*raters: tuple[str, int], round_: str = "2024") -> pl.DataFrame:
    """Raters (role, level) of one condition."""
    rows = [
        (f"{round_}-{n}", "0127", round_, role, "coordination", statement, level)
        for n, (role, level) in enumerate(raters)
        for statement in STATEMENTS
    ]
    names = ["form_id", "municipality_code", "round", "role", "condition", "statement"]
    return pl.DataFrame(rows, schema={**dict.fromkeys(names, pl.String), "level": pl.Int8}, orient="row")


def table(*parts: pl.DataFrame, make=readiness) -> pl.DataFrame:
    return released_readiness(make(pl.concat(parts), FILE, ["0127"]), "intern", NAMES)


def row(frame: pl.DataFrame, round_: str = "2024") -> dict:
    return frame.filter((pl.col("condition") == "coordination") & (pl.col("round") == round_)).row(0, named=True)


FIVE = (("skola", 1), ("skola", 2), ("skola", 2), ("chef", 1), ("fritid", 3))


def test_a_round_is_left_out_until_the_day_after_it_has_closed():
    whole = table(ratings(*FIVE), ratings(*FIVE, round_="2026-2"))
    rounds = RoundFile(default_last_day="12-31", last_days={"2026-2": date(2026, 11, 15)})
    assert set(closed(whole, rounds.last_day, date(2026, 11, 15))["round"]) == {"2024"}
    assert set(closed(whole, rounds.last_day, date(2026, 11, 16))["round"]) == {"2024", "2026-2"}
    assert closed(whole, rounds.last_day, date(2024, 12, 31)).is_empty()
    assert load_rounds().last_day("2024-1") == date(2024, 12, 31)


@pytest.mark.parametrize(
    "wrong", [{"default_last_day": "13-01"}, {"last_days": {"2026": date(2025, 1, 1)}}, {"last_days": {"x": "y"}}]
)
def test_closing_days_that_cannot_be_meant_are_refused(wrong):
    with pytest.raises(ValidationError):
        RoundFile.model_validate({"default_last_day": "12-31", **wrong})


@pytest.mark.parametrize("make", [readiness, readiness_statements])
@pytest.mark.parametrize("late", [1, 2])
def test_fewer_late_raters_than_the_minimum_change_nothing(make, late):
    before = table(ratings(*FIVE), make=make)
    after = table(ratings(*FIVE, *[("chef", 0)] * late), make=make)
    found, old = kept(after, before, 3)
    assert row(found) == row(before)
    assert old == before.filter(pl.col("reason") == "ok").height
    assert row(after) != row(before)


def test_with_the_minimum_of_new_raters_the_row_is_new_and_roles_are_never_shown_again():
    before = table(ratings(*FIVE, ("chef", 2), ("chef", 2)))
    assert json.loads(row(before)["role_medians"])
    after = table(ratings(*FIVE, ("chef", 2), ("chef", 2), ("chef", 0), ("skola", 0), ("fritid", 0)))
    found, old = kept(after, before, 3)
    assert (row(found)["n_raters"], row(found)["role_medians"], old) == (10, "{}", 0)
    again, _ = kept(after, found, 3)
    assert row(again)["role_medians"] == "{}"


def test_a_row_that_was_hidden_is_shown_when_there_are_enough():
    before = table(ratings(*FIVE[:2]))
    after = table(ratings(*FIVE[:3]))
    found, old = kept(after, before, 3)
    assert (row(before)["reason"], row(found)["reason"], old) == ("too_few_raters", "ok", 0)


def test_the_next_round_is_compared_with_what_was_published():
    first, second = ratings(*[("skola", 1)] * 3), ratings(*[("skola", 3)] * 3, round_="2025")
    before = table(first)
    after = table(ratings(*[("skola", 1)] * 3, *[("chef", 3)] * 2), second)
    found, _ = kept(after, before, 3)
    assert row(found)["n_raters"] == 3
    assert (row(found, "2025")["median_before"], row(found, "2025")["change"]) == (1.0, "up")
    assert row(after, "2025")["change"] != "up"


def test_nothing_published_before_changes_nothing():
    whole = table(ratings(*FIVE))
    assert kept(whole, pl.DataFrame(), 3)[0].equals(whole)
    assert kept(whole, whole, 3)[0].equals(whole)


@settings(max_examples=30, deadline=None)
@given(
    first=st.lists(st.integers(0, 3), min_size=3, max_size=6),
    late=st.lists(st.lists(st.integers(0, 3), max_size=3), min_size=1, max_size=3),
)
def test_published_groups_never_differ_by_fewer_raters_than_the_minimum(first, late):
    shown = table(ratings(*(("skola", level) for level in first)))
    everybody = list(first)
    for more in late:
        everybody += more
        now, _ = kept(table(ratings(*(("skola", level) for level in everybody))), shown, 3)
        grown = row(now)["n_raters"] - row(shown)["n_raters"]
        assert grown == 0 or grown >= 3
        assert grown or row(now)["levels"] == row(shown)["levels"]
        shown = now


def test_the_release_leaves_open_rounds_out_and_keeps_what_it_has_shown(tmp_path):
    warehouse = Warehouse(tmp_path / "w.duckdb")

    def publish(*parts: pl.DataFrame):
        warehouse.replace(RATINGS, pl.concat(parts), None)
        warehouse.replace(TableName("indices", "readiness"), readiness(warehouse.read(RATINGS), FILE, ["0127"]), None)
        found, old, waiting = publishable(warehouse, "intern", "readiness")
        warehouse.replace(TableName("release", "readiness"), found, None)
        return found, old, waiting

    found, old, waiting = publish(ratings(*FIVE), ratings(*FIVE, round_="2098"))
    assert (set(found["round"]), old, waiting) == ({"2024"}, 0, ["2098"])
    again, old, _ = publish(ratings(*FIVE, ("chef", 0)))
    assert old == 1
    assert row(again)["n_raters"] == 5
