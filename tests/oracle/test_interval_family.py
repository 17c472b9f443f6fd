"""Intervals of shares, counts and rates, two-by-two tables, multiplicity, funnel and rank sets against R."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from assets.methods import multiplicity, proportions, rates
from assets.methods.errors import PipelineError
from assets.methods.funnel import funnel
from assets.methods.rank_sets import rank_sets
from assets.methods.two_by_two import miettinen_excess, two_by_two
from tests.oracle.rasch_reference import DATA

INTERVALS = DATA / "intervals"


def floats(table: pl.DataFrame, *names: str) -> list[np.ndarray]:
    return [table[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in names]


def close(got: object, truth: object, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(got, truth, rtol=tolerance, atol=tolerance, equal_nan=True)


METHODS = {
    "wilson_cc": proportions.wilson_corrected,
    "jeffreys": proportions.jeffreys,
    "agresti_coull_unclipped": lambda x, n, level: proportions.agresti_coull(x, n, level, clip=False),
}


@pytest.mark.parametrize("method", list(METHODS))
def test_share(method: str) -> None:
    table = pl.read_csv(INTERVALS / "expected_proportion.csv").filter(pl.col("method") == method)
    assert table.height >= 10
    for (level,), rows in table.group_by(["level"]):
        x, n, low, high = floats(rows, "x", "n", "lo", "hi")
        got = METHODS[method](x, n, level)
        close(got[0], low)
        close(got[1], high)


def test_finite_population() -> None:
    table = pl.read_csv(INTERVALS / "expected_finite_population.csv")
    for row in table.iter_rows(named=True):
        close(proportions.hypergeometric(row["x"], row["n"], row["N"]), (row["hyper_lo"], row["hyper_hi"]))
        close(proportions.wilson_finite(row["x"], row["n"], row["N"]), (row["wilson_fpc_lo"], row["wilson_fpc_hi"]))
    assert proportions.hypergeometric(0, 12, 13) == (0.0, 1 / 13)
    assert proportions.hypergeometric(3, 9, 9) == (3 / 9, 3 / 9)
    assert all(math.isnan(limit) for limit in proportions.hypergeometric(0, 0, 9))


def test_counts() -> None:
    table = pl.read_csv(INTERVALS / "expected_count.csv")
    for row in table.iter_rows(named=True):
        close(rates.poisson_exact(row["count"], row["level"]), (row["exact_lo"], row["exact_hi"]), 1e-7)
        close(rates.byar(row["count"], row["level"], clip=False), (row["byar_lo"], row["byar_hi"]))
    assert rates.byar(1, 0.998)[0] == 0
    assert rates.count_interval(9)[0] == rates.poisson_exact(9)[0]
    assert rates.count_interval(10)[0] == rates.byar(10)[0]


def test_directly_standardised_rates() -> None:
    groups, truth = (pl.read_csv(INTERVALS / f"{name}.csv") for name in ("dsr_input", "expected_dsr"))
    for row in truth.iter_rows(named=True):
        rows = groups.filter(pl.col("area") == row["area"])
        got = rates.directly_standardised(*floats(rows, "count", "pop", "std"))
        assert (got.events, got.population, got.reason) == (row["count"], row["pop"], "ok")
        numbers = (got.crude, got.rate, got.se, got.low, got.high, got.gamma_low, got.gamma_high)
        names = ("crude_per_1000", "dsr_per_1000", "se_per_1000", "dobson_lo", "dobson_hi", "fayfeuer_lo", "fayfeuer_hi")
        close(numbers, [row[name] for name in names])
    assert truth.height == 5


def test_standardised_rates_of_awkward_areas() -> None:
    few = rates.directly_standardised([2, 1], [100, 200], [1, 1])
    assert (few.reason, math.isnan(few.low)) == ("too_few_events", True)
    assert rates.directly_standardised([20, 0], [100, 0], [1, 1]).empty_groups == 1
    assert rates.directly_standardised([0, 0], [0, 0], [1, 1]).reason == "no_population"
    with pytest.raises(PipelineError, match="grupper utan invånare"):
        rates.directly_standardised([20, 1], [100, 0], [1, 1])
    share, variance = rates.standardised_share([0.1, 0.3], [0.01, 0.04], [3, 1])
    assert (share, variance) == pytest.approx((0.15, (9 * 0.01 + 0.04) / 16))


def test_two_by_two() -> None:
    table = pl.read_csv(INTERVALS / "expected_two_by_two.csv")
    names = {
        "diff": "difference",
        "newcombe_lo": "difference_low",
        "newcombe_hi": "difference_high",
        "rr": "rr",
        "rr_lo": "rr_low",
    }
    names |= {"rr_hi": "rr_high", "or": "odds", "or_lo": "odds_low", "or_hi": "odds_high", "paf": "excess_share"}
    for row in table.iter_rows(named=True):
        got = two_by_two(row["a"], row["n1"], row["c"], row["n0"])
        close([getattr(got, ours) for ours in names.values()], [row[theirs] for theirs in names])
        assert got.fisher_p == pytest.approx(row["fisher_p"], rel=1e-9)
        share, reason = miettinen_excess(row["a"] / (row["a"] + row["c"]), got.rr)
        assert share == pytest.approx(row["paf_miettinen"], rel=1e-9)
        assert (reason, got.reason) == ("ok", "ok")
    assert table.height == 4


def test_two_by_two_without_excess_or_with_zeros() -> None:
    fewer = two_by_two(2, 40, 10, 40)
    assert (fewer.excess_share, fewer.excess_reason) == (None, "no_excess")
    assert miettinen_excess(0.4, 0.8) == (None, "no_excess")
    zero = two_by_two(0, 40, 10, 40)
    assert (zero.reason, zero.rr, math.isnan(zero.rr_low)) == ("zero_cell", 0.0, True)
    assert two_by_two(0, 40, 0, 40).excess_reason == "no_cases"
    assert two_by_two(0, 0, 10, 40).reason == "no_answers"


def test_multiplicity() -> None:
    table = pl.read_csv(INTERVALS / "expected_multiplicity.csv")
    (p,) = floats(table, "p")
    functions = {"by": multiplicity.benjamini_yekutieli, "holm": multiplicity.holm, "bonferroni": multiplicity.bonferroni}
    for name, function in functions.items():
        (truth,) = floats(table, name)
        close(function(p), truth)
        with_gaps = function(np.insert(p, [0, 7, len(p)], np.nan))
        close(with_gaps[~np.isnan(with_gaps)], truth)
        assert np.isnan(function([np.nan])).all()


def test_funnel_and_overdispersion() -> None:
    truth = pl.read_csv(INTERVALS / "expected_funnel.csv")
    got, spread = funnel(truth.select("area", "x", "n"))
    for name in ("p", "z", "z_wins", "z_mult", "z_add"):
        close(got[name].to_numpy(), truth[name].to_numpy())
    for level in ("95", "998"):
        for end, ours in (("lo", "low"), ("hi", "high")):
            close(got[f"limit{level}_{ours}"].to_numpy(), truth[f"wilson_limit{level}_{end}"].to_numpy())
    expected = pl.read_csv(INTERVALS / "expected_overdispersion.csv").row(0, named=True)
    numbers = (spread.target, spread.phi_raw, spread.phi, spread.low, spread.high, spread.tau2, spread.areas)
    close(numbers, [expected[name] for name in ("theta0", "phi_raw", "phi_winsorised", "q10", "q90", "tau2", "k")])
    assert spread.reliable


def test_funnel_without_anything_to_compare() -> None:
    empty, spread = funnel(pl.DataFrame({"x": [0, 0], "n": [0, 20]}))
    assert empty["reason"].to_list() == ["no_answers", "target_extreme"]
    assert empty["z"].to_list() == [None, None]
    assert (spread.phi, spread.reliable) == (1.0, False)


@pytest.mark.parametrize(("joint", "suffix"), [("bonferroni", "bonf"), ("independent", "indep")])
def test_rank_sets(joint: str, suffix: str) -> None:
    truth = pl.read_csv(INTERVALS / "expected_ranks.csv")
    got = rank_sets(truth.select("area", "estimate", "se"), joint)
    assert got["best_rank"].to_list() == truth[f"lo_{suffix}"].to_list()
    assert got["worst_rank"].to_list() == truth[f"hi_{suffix}"].to_list()
    gap = rank_sets(pl.DataFrame({"estimate": [1.0, None, 9.0], "se": [0.1, 0.1, 0.1]}))
    assert gap["best_rank"].to_list() == [2, None, 1]
    assert gap["rank_reason"].to_list() == ["ok", "no_estimate", "ok"]
    assert gap["ranked"].to_list() == [2, None, 2]
