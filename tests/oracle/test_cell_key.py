"""Noise by cell key against the reference: the table, and every cell of tables with none to four dimensions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.methods.cell_key import (
    MODULUS,
    NoiseRules,
    cell_keys,
    noise_table,
    perturb,
    record_key,
    record_keys,
    share_noise_variance,
)
from assets.methods.errors import PipelineError

DATA = Path(__file__).parent / "data/cellkey"
TABLE = pl.read_csv(DATA / "ptable.csv")
RECORDS = pl.read_csv(DATA / "records.csv")
EXPECTED = pl.read_csv(DATA / "expected_cells.csv")
RULES = NoiseRules(max_noise=3, variance=1.0, never=(1,))
DIMENSIONS = ("mun", "sex", "grade", "risk")


@pytest.mark.parametrize("table", EXPECTED["table"].unique().sort().to_list())
def test_every_cell_has_the_noise_of_its_key(table: str) -> None:
    truth = EXPECTED.filter(pl.col("table") == table)
    by = [name for name in DIMENSIONS if truth[name].null_count() < truth.height]
    found = cell_keys(RECORDS, by)
    found = found.with_columns(perturbed=pl.Series(perturb(found["count"].to_numpy(), found["cell_key"].to_numpy(), TABLE)))
    wanted = truth.sort(by) if by else truth
    assert found.select(*by, "count", "cell_key", "perturbed").equals(wanted.select(*by, "count", "cell_key", "perturbed"))


def test_our_table_is_the_reference_table() -> None:
    ours = noise_table(RULES)
    both = TABLE.join(ours, on=["count", "noise"], how="left", suffix="_ours")
    assert (
        ours.filter(pl.col("count") <= 5, pl.col("p") > 1e-8).height
        == TABLE.filter(pl.col("count") <= 5, pl.col("p") > 1e-8).height
    )
    kept = both.filter(pl.col("count") <= 5)
    assert (kept["p"] - kept["p_ours"].fill_null(0.0)).abs().max() < 1e-7


@pytest.mark.parametrize("rules", [RULES, NoiseRules(5, 2.0, (1, 2)), NoiseRules(2, 0.5, ()), NoiseRules(8, 4.0, (1, 2, 3, 4))])
def test_noise_has_mean_zero_its_variance_and_never_shows_what_it_may_not(rules: NoiseRules) -> None:
    table = noise_table(rules)
    moments = table.group_by("count").agg(
        total=pl.col("p").sum(), mean=(pl.col("p") * pl.col("noise")).sum(), square=(pl.col("p") * pl.col("noise") ** 2).sum()
    )
    assert (moments["total"] - 1).abs().max() < 1e-9
    assert moments["mean"].abs().max() < 1e-9
    large = moments.filter(pl.col("count") == pl.col("count").max())
    assert large["square"][0] == pytest.approx(rules.variance, abs=1e-9)
    shown = table.filter(pl.col("p") > 0).select(pl.col("count") + pl.col("noise")).to_series()
    assert shown.min() >= 0
    assert not set(shown) & set(rules.never)
    assert table.filter(pl.col("count") == 0)["noise"].to_list() == [0]


@pytest.mark.parametrize(
    "rules", [NoiseRules(1, 1.0, (1, 2, 3)), NoiseRules(0, 1.0), NoiseRules(3, 0.0), NoiseRules(3, 1.0, (0,))]
)
def test_rules_that_cannot_be_met_are_said(rules: NoiseRules) -> None:
    with pytest.raises(PipelineError, match="cellnyckel") as told:
        noise_table(rules)
    assert told.value.code == "noise_rules"


@settings(max_examples=40)
@given(keys=st.lists(st.integers(0, MODULUS - 1), min_size=1, max_size=30), cut=st.integers(0, 30))
def test_the_key_of_a_union_is_the_sum_of_the_keys(keys: list[int], cut: int) -> None:
    rows = pl.DataFrame({"rkey": keys, "part": [n < cut for n in range(len(keys))]})
    parts = cell_keys(rows, ["part"])
    assert cell_keys(rows, [])["cell_key"][0] == parts["cell_key"].sum() % MODULUS
    assert cell_keys(rows.reverse(), ["part"]).equals(parts)


def test_noise_spreads_as_the_table_says() -> None:
    keys = record_keys((f"elev {n}" for n in range(40_000)), b"hemlig")
    table = noise_table(RULES)
    noise = perturb(np.full(40_000, 12), keys, table) - 12
    assert abs(noise.mean()) < 0.02
    assert abs(noise.var() - 1) < 0.03


def test_a_key_is_frozen_and_needs_the_secret() -> None:
    assert record_key("a", b"ett") == record_key("a", b"ett") != record_key("a", b"annat")
    assert 0 <= record_key("å", b"ett") < MODULUS


def test_noise_widens_the_interval_as_a_simulation_says() -> None:
    draws = np.random.default_rng(7)
    table = noise_table(RULES)
    whole = perturb(np.full(200_000, 80), draws.integers(0, MODULUS, 200_000), table)
    part = perturb(np.full(200_000, 20), draws.integers(0, MODULUS, 200_000), table)
    assert (part / whole).var() == pytest.approx(share_noise_variance(np.array(20.0), np.array(80.0), 1.0), rel=0.03)
    assert np.isnan(share_noise_variance(np.array([0.0]), np.array([0.0]), 1.0)[0])
