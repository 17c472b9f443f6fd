"""Alpha, item-total, omega, the one-factor model and invariance against R (psych, lavaan)."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assets.methods.one_factor import LEVELS, fit_one_factor
from assets.methods.rasch_answers import AnswerCounts, count_answers
from assets.methods.rasch_cml import estimate_cml
from assets.methods.rasch_model import IndexSpec, ItemSpec
from assets.methods.rasch_persons import locate
from assets.methods.reliability import answer_moments, cronbach_alpha, separation_index
from tests.oracle.rasch_estimation import oracle, simulated_counts, simulated_spec
from tests.oracle.rasch_reference import DATA

FOLDER = DATA / "reliability"
ITEMS = tuple(f"q{k}" for k in range(1, 7))
CASES = {
    "all complete": (None, ITEMS),
    "wave 2020 complete": (2020, ITEMS),
    "wave 2022 complete": (2022, ITEMS),
    "wave 2024 complete": (2024, ITEMS),
    "3 items complete": (None, ITEMS[:3]),
    "2 items complete": (None, ITEMS[:2]),
}


def _counts(wave: int | None, keys: tuple[str, ...]) -> AnswerCounts:
    raw = pl.read_csv(FOLDER / "items.csv")
    keyed = raw.with_columns((4 - pl.col(key) if key in ("q2", "q5") else pl.col(key) - 1).alias(key) for key in ITEMS)
    rows = keyed if wave is None else keyed.filter(pl.col("wave") == wave)
    spec = IndexSpec("q", "risk", tuple(ItemSpec(key, (-1.0, 0.0, 1.0)) for key in keys), min_answered=1)
    return count_answers(rows, spec, ["wave"])


def _expected(case: str) -> dict[tuple[str, str], float]:
    rows = pl.read_csv(FOLDER / "expected.csv").filter(pl.col("case") == case)
    return {(row["quantity"], row["item"] or ""): row["value"] for row in rows.iter_rows(named=True)}


@pytest.mark.parametrize("case", list(CASES))
def test_alpha_family(case: str) -> None:
    expected, got = _expected(case), cronbach_alpha(_counts(*CASES[case]))
    assert got is not None
    summary = {"n": got.n, "alpha_raw": got.alpha, "alpha_std": got.alpha_std, "average_r": got.average_r}
    summary |= {"G6_smc": got.lambda6, "alpha_feldt_lo": got.low, "alpha_feldt_hi": got.high}
    for name, value in summary.items():
        assert value == pytest.approx(expected[name, ""], abs=1e-9), name
    for row in got.items.iter_rows(named=True):
        assert row["mean"] + 1 == pytest.approx(expected["mean", row["item"]], abs=1e-9)  # codes 1-4
        for name in ("sd", "r_drop", "alpha_if_dropped")[: 3 if got.k > 2 else 2]:  # of two items none can be dropped
            assert row[name] == pytest.approx(expected[name, row["item"]], abs=1e-9), name


def test_alpha_with_pairwise_deletion_is_a_labelled_option() -> None:
    expected, got = _expected("all pairwise"), cronbach_alpha(_counts(None, ITEMS), pairwise=True)
    assert got is not None
    assert got.alpha == pytest.approx(expected["alpha_raw", ""], abs=1e-9)
    assert got.alpha_std == pytest.approx(expected["alpha_std", ""], abs=1e-9)
    assert got.n == expected["n", ""]


@pytest.mark.parametrize("case", [case for case, (_, keys) in CASES.items() if len(keys) == 6])
def test_one_factor_model(case: str) -> None:
    expected, got = _expected(case), fit_one_factor([answer_moments(_counts(*CASES[case]))])
    assert got is not None
    assert got.proper
    for name, value in (("omega_cfa_ml", got.omega), ("chisq", got.chisq), ("pvalue", got.p_value), ("df", got.df)):
        assert value == pytest.approx(expected[name, ""], abs=1e-5), name
    for name in ("cfi", "tli", "rmsea", "srmr"):
        assert getattr(got, name) == pytest.approx(expected[name, ""], abs=1e-5), name
    for key, loading in zip(ITEMS, got.loadings[0], strict=True):
        assert loading == pytest.approx(expected["loading_cfa_ml", key], abs=1e-5)


def test_invariance_over_waves() -> None:
    expected = pl.read_csv(FOLDER / "expected_invariance.csv")
    counts = _counts(None, ITEMS)
    groups = [answer_moments(counts.level("wave", wave)) for wave in counts.levels["wave"]]
    for level, row in zip(LEVELS, expected.iter_rows(named=True), strict=True):
        got = fit_one_factor(groups, level)
        assert got is not None
        assert row["level"] == level
        assert got.chisq == pytest.approx(row["chisq"], abs=1e-4)
        assert got.df == row["df"]
        for name, value in (
            ("pvalue", got.p_value),
            ("cfi", got.cfi),
            ("tli", got.tli),
            ("rmsea", got.rmsea),
            ("srmr", got.srmr),
        ):
            assert value == pytest.approx(row[name], abs=1e-5), name


def test_reliability_of_the_rasch_simulation() -> None:
    expected = oracle()["reliability"]
    counts = simulated_counts()
    spec = estimate_cml(counts).spec(simulated_spec())
    psi = separation_index(locate(counts, spec))
    assert psi.all == pytest.approx(expected["psi_wle_all"], abs=expected["tolerance"]["psi"])
    assert psi.non_extreme == pytest.approx(expected["psi_wle_non_extreme"], abs=expected["tolerance"]["psi"])
    assert psi.n_non_extreme == expected["n_non_extreme"]
    alpha, factor = cronbach_alpha(counts), fit_one_factor([answer_moments(counts)])
    assert alpha is not None
    assert factor is not None
    assert alpha.alpha == pytest.approx(expected["cronbach_alpha_complete"], abs=1e-12)
    assert factor.omega == pytest.approx(expected["mcdonald_omega_one_factor_ML_complete"], abs=expected["tolerance"]["omega"])
    assert np.abs(factor.loadings[0] - expected["omega_loadings"]).max() < 1e-5
    assert np.abs(factor.uniquenesses[0] - expected["omega_uniquenesses"]).max() < 1e-5
