"""The public edition is nested in the internal one, and what it hides is wide by its own rules, whatever the counts are."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalogue.load import load_catalogue
from assets.methods.disclosure import load_policy, protect
from assets.methods.editions import allowed_areas, quiet_reasons, require_nested
from assets.methods.protect_series import protect_series
from tests.support.attacker import attack
from tests.support.disclosure_population import estimates, population
from tests.support.series_world import FILE, NOBODY, SURVEY, tables, world

POLICY = load_policy(load_catalogue().disclosure)
DISTRICTS = (40, 160, 400)


def two_editions(counts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    intern = protect(counts, estimates(counts), POLICY, "intern")
    parts = (allowed_areas(table, POLICY, "publik") for table in (counts, estimates(counts)))
    public = protect(*parts, POLICY, "publik", within=intern.pattern).results
    return intern.results, quiet_reasons(public)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 400), min_size=1, max_size=5), st.booleans())
def test_index_tables_are_nested(seed: int, sizes: list[int], with_districts: bool) -> None:
    intern, public = two_editions(population(seed, sizes, DISTRICTS if with_districts else (), 60))
    require_nested("index_results", intern, public)
    assert public.filter(pl.col("area_level") == "district").is_empty()


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 250), min_size=1, max_size=4))
def test_series_are_nested(seed: int, sizes: list[int]) -> None:
    counts, means, estimated = tables(world(seed, sizes))
    intern = protect_series(counts, means, estimated, FILE, SURVEY, POLICY, "intern", NOBODY)
    hidden = counts.select("area_level", "area_code", "wave", "grade", "sex").unique().head(2)
    public = protect_series(counts, means, estimated, FILE, SURVEY, POLICY, "publik", hidden, intern.pattern)
    require_nested("indicator_results", intern.results, public.results)


@pytest.mark.parametrize("seed", range(2))
def test_the_public_edition_alone_withstands_the_attack_at_its_own_width(seed: int) -> None:
    width = POLICY.numbers("publik").interval_width
    _, public = two_editions(population(seed, [40, 120, 300, 900]))
    attacked = attack(public, enough=width + 0.01, floor=0)  # the one reason of what is hidden tells of no floor
    assert attacked.height > 20
    assert attacked.filter(pl.col("hi") - pl.col("lo") <= width).is_empty()
