"""What is published never narrows a hidden count down: an attack by linear programming and laws of the pattern."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.disclosure import load_policy, protect
from tests.support.attacker import HIDEABLE, KEYS, attack
from tests.support.disclosure_population import KEYS as ROW_KEYS
from tests.support.disclosure_population import estimates, population

RULES = yaml.safe_load((Path(__file__).parents[2] / "assets/catalogue/disclosure.yml").read_text(encoding="utf-8"))
POLICY = load_policy(RULES)
WIDTH = 4
SMALL = [40, 120, 150, 300]
MIXED = [12, 25, 40, 90, 120, 150, 200, 300, 600, 1500, 3000, 5000, 5000]
DISTRICTS = [40, 90, 160, 250, 400, 500]
BARE = [0, 3, 9, 45, 60, 200]


def publish(counts: pl.DataFrame) -> pl.DataFrame:
    return protect(counts, estimates(counts), POLICY, "intern").results


def narrow(attacked: pl.DataFrame) -> pl.DataFrame:
    return attacked.filter(pl.col("hi") - pl.col("lo") <= WIDTH)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("sizes", "districts", "outside"),
    [(SMALL, (), 0), (MIXED, (), 0), (MIXED, DISTRICTS, 150), (MIXED, DISTRICTS, 0), (BARE, (), 0)],
)
def test_every_hidden_count_keeps_a_wide_interval(seed: int, sizes: list[int], districts: tuple[int, ...], outside: int) -> None:
    counts = population(seed, sizes, districts, outside, grades=("ak9", "gy2") if seed == 0 else ("ak9",))
    attacked = attack(publish(counts), enough=WIDTH + 0.01)
    assert attacked.height > 50
    assert narrow(attacked).rows() == []


@pytest.mark.parametrize("seed", range(2))
def test_sensitive_counts_keep_a_twice_as_wide_interval(seed: int) -> None:
    counts = population(seed, SMALL, indices=("acting_out", "wellbeing"))
    strict = load_policy(RULES | {"sensitive_indices": ["acting_out", "wellbeing"]})
    attacked = attack(protect(counts, estimates(counts), strict).results, enough=9.01, floor=20)
    assert attacked.filter(pl.col("hi") - pl.col("lo") <= 9).rows() == []


def truth(counts: pl.DataFrame) -> pl.DataFrame:
    """The true count behind each measure that can be hidden."""
    names = {"band1": "share_band1", "band2": "share_band2", "band3": "share_band3", "n_unscored": "share_unscored"}
    wide = counts.rename(names).select(*ROW_KEYS, *HIDEABLE)
    return wide.unpivot(HIDEABLE, index=ROW_KEYS, variable_name="measure", value_name="count")


def test_the_truth_lies_in_every_interval_and_the_attack_covers_every_hidden_count() -> None:
    counts = population(11, SMALL)
    results = publish(counts)
    attacked = attack(results)
    joined = attacked.join(truth(counts), on=list(KEYS), how="left", maintain_order="left")
    assert joined.filter(~pl.col("count").is_between(pl.col("lo") - 1e-6, pl.col("hi") + 1e-6)).rows() == []
    hidden = results.filter((pl.col("reason") != "ok") & pl.col("measure").is_in(HIDEABLE))
    assert attacked.height == hidden.height > 0
    some = attack(results, only=pl.col("sex") == "all")
    assert 0 < some.height < attacked.height


def revealed(results: pl.DataFrame, counts: pl.DataFrame, cells: pl.Expr) -> pl.DataFrame:
    """The release with some hidden shares shown after all."""
    shares = truth(counts).join(counts.select(*ROW_KEYS, "n_scored"), on=ROW_KEYS, how="left")
    shares = shares.with_columns(share=(100 * pl.col("count") / pl.col("n_scored") + 0.5).floor()).select(*KEYS, "share")
    joined = results.join(shares, on=list(KEYS), how="left", maintain_order="left")
    naive = cells & (pl.col("reason") != "ok") & pl.col("measure").str.starts_with("share_band")
    return joined.with_columns(
        value=pl.when(naive).then(pl.col("share")).otherwise(pl.col("value")),
        reason=pl.when(naive).then(pl.lit("ok")).otherwise(pl.col("reason")),
    ).drop("share")


def test_the_attack_finds_a_pattern_with_one_gap_per_line() -> None:
    """Show every hidden band but those of band 3: what is left is a single gap in its row, and the attack sees it."""
    counts = population(2, [100, 120, 140, 160])
    results = publish(counts)
    assert narrow(attack(results, only=pl.col("measure").str.starts_with("share_band"))).height == 0
    naive = revealed(results, counts, pl.col("measure") != "share_band3")
    assert narrow(attack(naive, only=pl.col("measure") == "share_band3")).height > 5


def test_the_attack_finds_a_number_left_beside_a_hidden_unscored_share() -> None:
    """With n_scored shown everywhere, some hidden unscored counts are pinned down."""
    counts = population(4, SMALL)
    results = publish(counts)
    exact = results.join(counts.select(*ROW_KEYS, true="n_scored"), on=ROW_KEYS, how="left", maintain_order="left").with_columns(
        _naive=(pl.col("measure") == "n_scored") & (pl.col("true") >= 10)
    )
    naive = exact.with_columns(
        value=pl.when("_naive").then(((pl.col("true") + 2) // 5 * 5).cast(pl.Float64)).otherwise("value"),
        reason=pl.when("_naive").then(pl.lit("ok")).otherwise("reason"),
    ).drop("_naive", "true")
    unscored = pl.col("measure") == "share_unscored"
    assert narrow(attack(results, only=unscored)).height == 0
    assert narrow(attack(naive, only=unscored)).height > 0


worlds = st.builds(
    population,
    seed=st.integers(0, 10_000),
    sizes=st.lists(st.integers(0, 400), min_size=1, max_size=5),
    districts=st.sampled_from([(), (60, 200)]),
    outside=st.sampled_from([0, 80]),
    indices=st.just(("acting_out", "wellbeing")),
)


@settings(max_examples=12, deadline=None)
@given(worlds, st.integers(0, 1000))
def test_pattern_does_not_depend_on_row_order(counts: pl.DataFrame, seed: int) -> None:
    proof = estimates(counts)
    ordered = protect(counts, proof, POLICY)
    shuffled = protect(
        counts.sample(fraction=1.0, shuffle=True, seed=seed), proof.sample(fraction=1.0, shuffle=True, seed=seed), POLICY
    )
    assert ordered.results.equals(shuffled.results)
    assert ordered.log.equals(shuffled.log)


@settings(max_examples=12, deadline=None)
@given(worlds)
def test_no_small_share_is_shown_and_nothing_is_left_of_what_is_hidden(counts: pl.DataFrame) -> None:
    results = publish(counts)
    behind = results.join(truth(counts), on=list(KEYS), how="left").join(
        counts.select(*ROW_KEYS, "n_scored", "n_respondents"), on=ROW_KEYS, how="left"
    )
    shares = behind.filter((pl.col("reason") == "ok") & pl.col("measure").str.starts_with("share"))
    base = pl.when(pl.col("measure") == "share_unscored").then(pl.col("n_respondents")).otherwise(pl.col("n_scored"))
    assert shares.filter((pl.col("count") < 5) | (base - pl.col("count") < 5) | (pl.col("n_scored") < 10)).rows() == []
    assert (
        behind.filter(
            (pl.col("reason") == "ok") & pl.col("measure").is_in(["n_scored", "n_respondents"]) & (pl.col("count") < 10)
        ).rows()
        == []
    )

    hidden = results.filter(pl.col("reason") != "ok")
    for column in ("value", "low", "high", "n", "method", "interval_method", "confidence_level", "verdict"):
        assert hidden[column].null_count() == hidden.height
    assert results.filter((pl.col("reason") == "ok") & pl.col("value").is_null()).height == 0
    assert results["reason"].null_count() == 0
    for measure in ("n_scored",):
        gone = results.filter((pl.col("measure") == measure) & (pl.col("reason") != "ok")).select(ROW_KEYS)
        assert results.join(gone, on=ROW_KEYS, how="semi")["n"].drop_nulls().len() == 0
    assert results.filter(pl.col("n").is_not_null() & (pl.col("n") % 5 != 0)).height == 0


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 250), min_size=1, max_size=4))
def test_small_random_counties_withstand_the_attack_inside_each_area(seed: int, sizes: list[int]) -> None:
    counts = population(seed, sizes, indices=("acting_out", "wellbeing"))
    attacked = attack(publish(counts), only=pl.col("area_level") == "municipality", enough=WIDTH + 0.01)
    assert narrow(attacked).rows() == []
