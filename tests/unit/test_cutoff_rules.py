"""Cut-offs from a reference population; and that cuts are bound by key and direction, never by position."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.bands import CutSet, with_bands
from assets.methods.cutoff_rules import (
    PERCENTILES,
    as_cut_set,
    compare_cuts,
    ctc_cut,
    frozen_median,
    percentile,
    recomputed_cuts,
    youden_cut,
    youden_index,
)
from assets.methods.errors import PipelineError
from tests.oracle.rasch_reference import DATA

CATALOGUE = load_catalogue()
KINDS = {index.key: index.kind for index in CATALOGUE.indices}
SCORES = pl.read_csv(DATA / "scoring" / "expected_scores.csv", infer_schema_length=None)
RAW = pl.read_csv(DATA / "scoring" / "raw.csv")
TRUTH = json.loads((DATA / "scoring" / "expected_reference.json").read_text(encoding="utf-8"))
ORACLE_KINDS = {"school": "risk", "family": "protective", "alcohol": "risk"}


def population(seed: int = 3, n: int = 900) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    scores = {key: np.round(rng.normal(place, 1, n), 3) for place, key in enumerate(KINDS)}
    return pl.DataFrame({"wave": rng.choice([2018, 2020, 2022], n, p=[0.2, 0.3, 0.5])} | scores)


def test_quantile_is_r_s_default():
    assert percentile([1.0, 2.0, 3.0, 4.0], 25) == 1.75
    assert percentile([5.0], 90) == 5.0
    assert percentile([3.0, 1.0], 50) == 2.0
    rng = np.random.default_rng(1)
    values = rng.normal(size=101).tolist()
    assert percentile(values, 90) == pytest.approx(np.quantile(values, 0.9, method="linear"))
    with pytest.raises(ValueError, match="need values"):
        percentile([], 50)


def test_percentiles_per_wave_then_mean_weighted_by_answers():
    persons = pl.DataFrame({"wave": [2020] * 3 + [2022] * 6, "acting_out": [0.0, 1.0, 2.0, 10.0, 10.0, 20.0, 20.0, 30.0, None]})
    row = recomputed_cuts(persons, {"acting_out": "risk"}).row(0, named=True)
    assert row["lower"] == pytest.approx((3 * 1.5 + 5 * 20.0) / 8)
    assert row["upper"] == pytest.approx((3 * 1.8 + 5 * 26.0) / 8)
    assert (row["n"], row["waves"], row["lower_percentile"], row["upper_percentile"]) == (8, [2020, 2022], 75, 90)
    assert recomputed_cuts(persons, {"acting_out": "risk"}, [2020])["n"][0] == 3


def test_cuts_follow_their_key_and_direction_whatever_the_order():
    persons = population()
    table = recomputed_cuts(persons, KINDS)
    turned = recomputed_cuts(persons.select(reversed(persons.columns)).reverse(), dict(reversed(KINDS.items())))
    assert turned.sort("index_key").equals(table.sort("index_key"))
    for row in table.iter_rows(named=True):
        assert (row["lower_percentile"], row["upper_percentile"]) == PERCENTILES[KINDS[row["index_key"]]]
    banded = with_bands(persons, KINDS, as_cut_set(table, "recomputed"))
    for key, kind in KINDS.items():
        share = {band: (banded[f"{key}_band"] == band).mean() for band in (1, 2, 3)}
        assert share[3] == pytest.approx(0.10 if kind == "risk" else 0.15, abs=0.02), key
        assert share[1] == pytest.approx(0.75 if kind == "risk" else 0.15, abs=0.02), key


@pytest.mark.parametrize("cutoffs", CATALOGUE.cutoff_file.sets, ids=lambda s: s.id)
def test_published_sets_are_bound_by_key_and_direction(cutoffs):
    """The predecessor swapped two columns by position; here a swap of two indices' cuts can't go unnoticed."""
    assert set(cutoffs.cuts) == set(KINDS)
    for key, cut in cutoffs.cuts.items():
        assert (cut.lower_percentile, cut.upper_percentile) == PERCENTILES[KINDS[key]], key
    cuts = CutSet(cutoffs.id, {key: (cut.lower, cut.upper) for key, cut in reversed(cutoffs.cuts.items())})
    low, high = cuts.of("school_bonding")
    assert low < -1 < 0.9 < high
    assert cuts.of("school_distress")[0] > 0.6
    persons = pl.DataFrame(
        {key: [cut.lower - 0.01, (cut.lower + cut.upper) / 2, cut.upper + 0.01] for key, cut in cutoffs.cuts.items()}
    )
    banded = with_bands(persons, KINDS, cuts)
    for key in KINDS:
        assert banded[f"{key}_band"].to_list() == [1, 2, 3], key


def test_drift_of_the_cuts_is_shown_by_key():
    table = recomputed_cuts(population(), KINDS)
    shifted = CutSet("old", {key: (low - 0.1, high - 0.2) for key, (low, high) in as_cut_set(table, "new").cuts.items()})
    drift = compare_cuts(table, shifted)
    assert drift["lower_shift"].to_list() == pytest.approx([0.1] * 7)
    assert drift["upper_shift"].to_list() == pytest.approx([0.2] * 7)


def test_a_reference_without_pupils_or_spread_is_refused():
    with pytest.raises(PipelineError, match="acting_out"):
        recomputed_cuts(
            pl.DataFrame({"wave": [2020], "acting_out": [None]}, schema_overrides={"acting_out": pl.Float64}),
            {"acting_out": "risk"},
        )
    with pytest.raises(PipelineError, match="två skilda"):
        recomputed_cuts(pl.DataFrame({"wave": [2020] * 3, "acting_out": [1.0] * 3}), {"acting_out": "risk"})


@pytest.mark.parametrize("key", list(ORACLE_KINDS))
def test_alternatives_against_the_oracle(key):
    kind, truth = ORACLE_KINDS[key], TRUTH[key]
    score, weight, outcome = SCORES[f"{key}_pomp"].cast(pl.Float64), RAW["w"], RAW["outcome"]
    cuts = {
        "median": frozen_median(key, kind, score, weight, 2022),
        "ctc": ctc_cut(key, kind, score, weight, 2022),
        "youden": youden_cut(key, kind, score, weight, outcome),
    }
    for name, cut in cuts.items():
        assert cut.value == pytest.approx(truth[f"cut_{name}"], abs=1e-9)
        assert (cut.n, cut.strict) == (truth["n"], name == "ctc")
        ours = pl.DataFrame({key: score}).select(cut.beyond()).to_series()
        theirs = SCORES[f"{key}_flag_{name}"].cast(pl.Int8)
        assert ours.to_list() == theirs.to_list(), name
    assert len({cut.label for cut in cuts.values()}) == 3
    assert youden_index(score, weight, outcome, kind, truth["cut_youden"]) == pytest.approx(truth["youden_J"], abs=1e-9)


def test_youden_is_judged_on_the_other_half():
    score, weight, outcome = SCORES["school_pomp"].cast(pl.Float64), RAW["w"], RAW["outcome"]
    half = pl.Series([row % 2 == 0 for row in range(len(score))])
    cut = youden_cut("school", "risk", score, weight, outcome, half)
    assert cut.quality == youden_index(score.filter(~half), weight.filter(~half), outcome.filter(~half), "risk", cut.value)
    assert youden_cut("school", "risk", score, weight, outcome).quality is None
    with pytest.raises(PipelineError, match="bara den ena"):
        youden_cut("school", "risk", score, weight, outcome * 0)
