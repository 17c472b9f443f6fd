"""Numbers of factors beside the published indices of the same pupils: an attack on both tables together."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.factor_world import PROTECTION, RISK, STARTS, persons, published
from tests.support.linked_attack import CELL, Rule, World

WIDTH = 4
COUNTIES = {"small": [45, 70, 110, 160], "mixed": [30, 60, 140, 400, 900], "tiny": [8, 15, 25, 55]}
PARTS = [Rule.of(RISK, STARTS["risk"]), Rule.of(PROTECTION, STARTS["protection"])]


def true_others(frame: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """Pupils with a factor but not a certain one, per area and sex."""
    rows = []
    bands = frame.select(f"{key}_band" for key in rule.indices).fill_null(0).rows()
    for (area, sex), pattern in zip(frame.select("municipality_code", "sex").rows(), bands, strict=True):
        for key, band in zip(rule.indices, pattern, strict=True):
            if rule.number(pattern) and not rule.has(band):
                rows += [(code, who, key) for code in (area, area[:2]) for who in (sex, "all")]
    schema = {"area_code": pl.String, "sex": pl.String, "key": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").group_by("area_code", "sex", "key").len("true")


@pytest.mark.parametrize(
    ("seed", "county", "rule"),
    [(0, "small", PARTS[0]), (0, "tiny", PARTS[0]), *((seed, county, PARTS[1]) for seed in range(2) for county in COUNTIES)],
)
def test_no_hidden_count_is_ringed_in_by_both_tables_together(seed: int, county: str, rule: Rule) -> None:
    frame = persons(seed, COUNTIES[county])
    world = World(*published(frame), rule)
    attacked = world.attack(world.hidden(), WIDTH + 0.01)
    assert attacked.height > 10
    assert attacked.filter(pl.col("hi") - pl.col("lo") <= WIDTH).rows() == []


@pytest.mark.parametrize(("seed", "rule"), [(0, PARTS[0]), (0, PARTS[1]), (1, PARTS[1])])
def test_few_pupils_with_only_other_factors_are_not_found(seed: int, rule: Rule) -> None:
    frame = persons(seed, COUNTIES["small"], link=0.9)
    world = World(*published(frame), rule)
    few = world.others().join(true_others(frame, rule), on=["area_code", "sex", "key"], how="left")
    few = few.filter(pl.col("true").fill_null(0) < 5).select(CELL)
    assert few.height > 0
    assert world.attack(few, WIDTH + 0.01).filter(pl.col("hi") - pl.col("lo") <= WIDTH).rows() == []


def test_the_attack_finds_what_the_link_hides() -> None:
    """Protected by itself alone, the table of weak protective factors tells of a few pupils beside the indices."""
    found = 0
    for seed in range(3):
        frame = persons(seed, COUNTIES["small"], link=0.9)
        world = World(*published(frame, barred=False), PARTS[1])
        few = world.others().join(true_others(frame, PARTS[1]), on=["area_code", "sex", "key"], how="left")
        few = few.filter(pl.col("true").fill_null(0) < 5).select(CELL)
        found += world.attack(few, WIDTH + 0.01).filter(pl.col("hi") - pl.col("lo") <= WIDTH).height
    assert found > 0


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.lists(st.integers(25, 90), min_size=3, max_size=4), st.sampled_from([0.0, 0.5, 0.9]))
def test_random_counties_withstand_the_attack_on_both_tables(seed: int, sizes: list[int], link: float) -> None:
    """In a county of three small municipalities the index table alone can tell their sum; the second table adds nothing."""
    index, counts = published(persons(seed, sizes, link=link))
    world, alone = World(index, counts, PARTS[1]), World(index, counts.clear(), PARTS[1])
    narrow = world.attack(world.hidden(), WIDTH + 0.01).filter(pl.col("hi") - pl.col("lo") <= WIDTH)
    assert set(narrow["key"]) <= set(PARTS[1].indices)
    before = alone.attack(narrow.select(CELL), WIDTH + 0.01)
    assert ((before["hi"] - before["lo"]) - (narrow["hi"] - narrow["lo"])).abs().fill_null(0).to_list() == pytest.approx(
        [0.0] * narrow.height, abs=1e-3
    )


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(20, 300), min_size=1, max_size=4))
def test_a_count_is_hidden_wherever_one_of_its_indices_is(seed: int, sizes: list[int]) -> None:
    index, counts = published(persons(seed, sizes))
    hidden = index.filter((pl.col("measure") == "share_band1") & (pl.col("reason") != "ok"))
    for rule in PARTS:
        gone = hidden.filter(pl.col("index_key").is_in(list(rule.indices))).select("area_code", "sex").unique()
        shown = counts.filter(
            (pl.col("count_key") == rule.key) & pl.col("measure").str.starts_with("share") & (pl.col("reason") == "ok")
        )
        assert shown.join(gone, on=["area_code", "sex"], how="semi").rows() == []
