"""Mean scores against an independent computation in R: every step from raw answers to accumulated risk."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from assets.methods.mean_scores import Filter, ItemRule, ScoreRule, flag, mean_scores, recode, reference, risk_count, z_scores

DATA = Path(__file__).parent / "data" / "scoring"
SPECIFICATION = json.loads((DATA / "codebook.json").read_text(encoding="utf-8"))
TOLERANCE = 1e-9


def table(name: str) -> pl.DataFrame:
    return pl.read_csv(DATA / name, infer_schema_length=None)


def item_rule(entry: dict) -> ItemRule:
    missing = entry["missing"] if isinstance(entry["missing"], list) else [entry["missing"]]
    only = Filter(entry["filter"], entry["filter_value"], entry["filter_fill"]) if "filter" in entry else None
    return ItemRule(entry["item"], entry["min"], entry["max"], entry["reverse"], tuple(missing), only)


RAW = table("raw.csv")
EXPECTED = table("expected_scores.csv")
REFERENCES = json.loads((DATA / "expected_reference.json").read_text(encoding="utf-8"))
RULES = [item_rule(entry) for entry in SPECIFICATION["items"]]
SCORES = [ScoreRule(e["index"], tuple(e["items"]), e["min_valid"], e["kind"]) for e in SPECIFICATION["indices"]]
KINDS = {score.key: score.kind for score in SCORES}


@pytest.fixture(scope="module")
def recoded():
    return recode(RAW, RULES)


@pytest.fixture(scope="module")
def scores(recoded):
    return mean_scores(recoded[0], RULES, SCORES)


def assert_equal(ours: pl.Series, theirs: pl.Series) -> None:
    assert ours.is_null().to_list() == theirs.is_null().to_list(), ours.name
    assert ours.null_count() < len(ours)
    worst = (ours.cast(pl.Float64) - theirs.cast(pl.Float64)).abs().max()
    assert worst <= TOLERANCE, (ours.name, worst)


def test_recoded_answers_and_no_problem_found(recoded):
    expected = table("expected_recoded.csv")
    for rule in RULES:
        assert_equal(recoded[0][rule.item], expected[rule.item])
    assert recoded[1].is_empty()


@pytest.mark.parametrize("key", KINDS)
def test_scores_and_numbers_of_valid_items(scores, key):
    assert scores[f"{key}_nvalid"].to_list() == EXPECTED[f"{key}_nvalid"].to_list()
    assert_equal(scores[f"{key}_pomp"], EXPECTED[f"{key}_pomp"])


@pytest.mark.parametrize("key", KINDS)
def test_reference_population_and_cut_offs(scores, key):
    ours, theirs = reference(scores[f"{key}_pomp"], RAW["w"], KINDS[key], RAW["outcome"]), REFERENCES[key]
    assert ours.n == theirs["n"]
    found = {
        "mean": ours.mean,
        "sd": ours.sd,
        "median": ours.median,
        "mean_abs_dev_about_median": ours.mean_abs_dev,
        "cut_median": ours.median,
        "cut_ctc": ours.cut_ctc,
        "cut_youden": ours.cut_youden,
        "youden_J": ours.youden,
    }
    for name, value in found.items():
        assert value == pytest.approx(theirs[name], abs=TOLERANCE, rel=0), name


def test_z_scores(scores):
    references = {key: reference(scores[f"{key}_pomp"], RAW["w"], kind) for key, kind in KINDS.items()}
    standardised = z_scores(scores, references)
    for key in KINDS:
        assert_equal(standardised[f"{key}_z"], EXPECTED[f"{key}_z"])


@pytest.mark.parametrize("key", KINDS)
@pytest.mark.parametrize("cut", ["fixed", "median", "ctc", "youden"])
def test_flags(scores, key, cut):
    value = REFERENCES[key][f"cut_{cut}"]
    ours = scores.select(flag(pl.col(f"{key}_pomp"), value, KINDS[key], strict=cut == "ctc").alias(f"{key}_{cut}")).to_series()
    assert_equal(ours, EXPECTED[f"{key}_flag_{cut}"])
    assert 0 < ours.mean() < 1


def test_accumulated_risk():
    flags = [f"{key}_flag_fixed" for key in KINDS]
    ours = risk_count(EXPECTED, flags)
    assert ours["risk_count"].to_list() == EXPECTED["risk_count"].to_list()
    assert ours["risk_nvalid"].to_list() == EXPECTED["risk_nvalid"].to_list()
    assert ours["risk_count"].null_count() > 0
