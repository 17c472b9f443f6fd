"""Scores, correlations and estimates against what the simulator knows: a tenth of the demo, scored as in production.

Shared items make Välbefinnande a mixture of several traits (docs/simulator.md); it is compared, but not with its own reliability.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.demo.truth import Truth
from assets.methods.bands import with_bands
from assets.methods.estimate import area_estimates
from assets.methods.persons import cut_set, index_specs
from assets.methods.rasch import score
from tests.support.demo_files import make_demo

CATALOGUE = load_catalogue()
KINDS = {index.key: index.kind for index in CATALOGUE.indices}
PURE = [key for key in KINDS if key != "wellbeing"]
CELL = ["area_level", "area_code", "wave", "grade", "sex", "index_key"]


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return make_demo(tmp_path_factory.mktemp("truth"), scale=0.1).truth


@pytest.fixture(scope="module")
def persons(truth: Truth) -> pl.DataFrame:
    """Everybody who answered in earnest, scored from the categories that the model drew."""
    rows = truth.respondents.filter(pl.col("careless") == 0, pl.col("grade") != "ak7")
    items = [name for name in rows.columns if name.startswith("score_")]
    scored = score(rows.rename({name: name.removeprefix("score_") for name in items}), index_specs(CATALOGUE.index_file))
    banded = with_bands(scored, KINDS, cut_set(CATALOGUE.cutoffs))
    return banded.with_columns(psu=pl.format("{}/{}", "school_code", "class_code"))


def reliability(persons: pl.DataFrame, key: str) -> float:
    """Person separation: the part of the variance of scores that is not their squared standard error."""
    known = persons.drop_nulls(key)
    return 1 - (known[f"{key}_se"] ** 2).mean() / known[key].var()


@pytest.mark.parametrize("key", list(KINDS))
def test_scores_follow_the_true_trait(persons: pl.DataFrame, key: str) -> None:
    known = persons.drop_nulls(key)
    theta, got = known[f"theta_{key}"].to_numpy(), known[key].to_numpy()
    slope = np.polyfit(theta, got, 1)[0]
    assert slope == pytest.approx(1, abs=0.08)  # coarse items: the ends of a scale are pulled in a little
    assert (got - theta).mean() == pytest.approx(0, abs=0.05)
    assert 0.8 < (got - theta).std() / np.sqrt((known[f"{key}_se"] ** 2).mean()) < 1.05
    if key in PURE:
        assert np.corrcoef(theta, got)[0, 1] / np.sqrt(reliability(persons, key)) == pytest.approx(1, abs=0.12)


def test_correlations_between_indices_are_those_of_the_traits(persons: pl.DataFrame) -> None:
    """Disattenuated by both reliabilities (Spearman 1904); uncorrected they are a third too low."""
    errors, raw = [], []
    for first, second in combinations(PURE, 2):
        known = persons.drop_nulls([first, second])
        true = np.corrcoef(known[f"theta_{first}"], known[f"theta_{second}"])[0, 1]
        seen = np.corrcoef(known[first], known[second])[0, 1]
        errors.append(abs(seen / np.sqrt(reliability(persons, first) * reliability(persons, second)) - true))
        raw.append(abs(true) - abs(seen))
    assert len(errors) == 15
    assert max(errors) < 0.06
    assert np.mean(errors) < 0.03
    assert np.mean(raw) > 3 * np.mean(errors)


@pytest.fixture(scope="module")
def compared(persons: pl.DataFrame, truth: Truth) -> pl.DataFrame:
    """Means and sex gaps of municipalities with the true means beside, PSU = class and PSU = school."""
    parts = [
        area_estimates(persons.with_columns(psu=pl.col(unit)), KINDS, levels=["municipality"]).with_columns(unit=pl.lit(unit))
        for unit in ("psu", "school_code")
    ]
    return pl.concat(parts).join(truth.cells, on=CELL).filter(pl.col("low").is_not_null())


def held(rows: pl.DataFrame, truth: str) -> float:
    assert rows.height > 500
    return rows.select(pl.col(truth).is_between("low", "high").mean()).item()


def test_means_of_municipalities_lie_in_their_intervals(compared: pl.DataFrame) -> None:
    """Of the pupils enrolled at the nominal rate; of those who answered always; of the municipality in the long run only when
    schools are the units, since the classes of the same schools say nothing about other schools."""
    means = compared.filter(pl.col("measure") == "mean")
    classes, schools = means.filter(pl.col("unit") == "psu"), means.filter(pl.col("unit") == "school_code", pl.col("df") >= 2)
    assert held(classes, "mean_respondents") > 0.97
    assert 0.93 < held(classes, "mean_enrolled") < 0.98
    assert held(schools, "mean_superpopulation") > 0.9
    assert abs((classes["estimate"] - classes["mean_respondents"]).mean()) < 0.02


def test_gaps_between_the_sexes_lie_in_their_intervals(compared: pl.DataFrame, truth: Truth) -> None:
    keys = ["area_level", "area_code", "wave", "grade", "index_key"]
    sexes = truth.cells.filter(pl.col("sex") != "all").pivot("sex", index=keys, values="mean_superpopulation")
    gaps = compared.filter(pl.col("measure") == "sex_gap_mean", pl.col("unit") == "psu").join(sexes, on=keys)
    assert 0.93 < held(gaps.with_columns(gap=pl.col("girl") - pl.col("boy")), "gap") < 0.98
