"""The scoring method is a choice of the catalogue: its scores, its limits, and what readers are told."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from assets.catalogue.linked_cutoffs import on_the_scale_of
from assets.catalogue.load import ROOT, Catalogue, load_catalogue, read_catalogue
from assets.catalogue.models import IndexFile
from assets.methods.bands import CutSet, band_expr
from assets.methods.cutoff_linking import ladder, linked_limits
from assets.methods.errors import PipelineError
from assets.methods.persons import cut_set, index_specs, score_persons
from tests.unit.test_cutoff_choice import meta_of
from tests.unit.test_persons import ACTING_OUT, answers

USUAL = load_catalogue()
SPECS = index_specs(USUAL.index_file)
OTHERS = [("mle", 4.0), ("eap", None)]


def chosen(estimator: str, theta_range: float | None) -> Catalogue:
    """The catalogue with another scoring method, as it would be read."""
    index_file = IndexFile.model_validate(USUAL.index_file.model_dump() | {"estimator": estimator, "theta_range": theta_range})
    problems: list[str] = []
    limits = on_the_scale_of(USUAL.cutoff_file, index_file, USUAL.scoring_file, problems)
    assert problems == []
    return replace(USUAL, index_file=index_file, cutoff_file=limits)


@pytest.mark.parametrize(("estimator", "theta_range"), OTHERS)
@pytest.mark.parametrize("set_id", [one.id for one in USUAL.cutoff_file.sets])
def test_a_complete_answer_is_in_the_same_band_whatever_the_method(estimator, theta_range, set_id):
    usual, other = USUAL.cutoff_file.get(set_id), chosen(estimator, theta_range).cutoff_file.get(f"{set_id}-{estimator}")
    for spec in SPECS:
        bands = [
            pl.DataFrame({spec.key: scores}).select(band_expr(spec.key, spec.kind, cut_set(limits))).to_series()
            for scores, limits in ((ladder(spec, "wle"), usual), (ladder(spec, estimator, theta_range), other))
        ]
        assert bands[0].to_list() == bands[1].to_list()
        assert set(bands[0]) == {1, 2, 3}


def test_a_limit_that_is_a_score_stays_that_score():
    parenting = next(spec for spec in SPECS if spec.key == "parenting")
    nine = ladder(parenting, "eap")[9]
    assert linked_limits(parenting, (0.09, float(ladder(parenting, "wle")[9])), "wle", "eap")[1] == nine
    limits = CutSet("tie", {"parenting": linked_limits(parenting, (0.09, 0.37600000000000006), "wle", "eap")})
    band = pl.DataFrame({"parenting": [nine]}).select(band_expr("parenting", "risk", limits))
    assert band.item() == 2, "nine points are not beyond the published limit"


@pytest.mark.parametrize(
    ("limits", "estimator", "theta_range"),
    [((-9.0, 0.5), "eap", None), ((0.1, 9.0), "eap", None), ((0.1, 4.3), "mle", None), ((0.1, 1.0), "mle", 0.5)],
)
def test_limits_that_no_score_surrounds_stop(limits, estimator, theta_range):
    with pytest.raises(PipelineError, match="gränser mellan två poäng") as caught:
        linked_limits(SPECS[0], limits, "wle", estimator, theta_range)
    assert caught.value.code == "unlinkable_limit"


@pytest.mark.parametrize(("estimator", "theta_range"), OTHERS)
def test_pupils_are_scored_by_the_method_of_the_catalogue(estimator, theta_range):
    catalogue = chosen(estimator, theta_range)
    people = [dict.fromkeys(ACTING_OUT, 1), dict.fromkeys(ACTING_OUT, 4), dict.fromkeys(ACTING_OUT[:5], 2), {}]

    def scored(one: Catalogue) -> pl.DataFrame:
        return score_persons(answers(*people), one.index_file, one.cutoffs, one.item_scores())

    got, usual = scored(catalogue), scored(USUAL)
    assert got.columns == usual.columns
    assert got["acting_out_band"].to_list()[:2] == usual["acting_out_band"].to_list()[:2] == [1, 3]
    assert got["acting_out"].is_null().to_list() == [False, False, False, True]
    scores, errors = got["acting_out"].to_list()[:3], got["acting_out_se"].to_list()[:3]
    assert all(math.isfinite(number) for number in scores + errors)
    if estimator == "mle":
        assert scores[:2] == [-4.0, 4.0], "no finite estimate: the ends of the scale"
    else:
        assert np.all(np.abs(scores) < np.abs(usual["acting_out"].to_list()[:3])), "drawn towards the middle"


def test_mle_without_ends_of_the_scale_is_refused():
    with pytest.raises(ValidationError, match="estimator mle kräver theta_range"):
        IndexFile.model_validate(USUAL.index_file.model_dump() | {"estimator": "mle"})


def test_the_choice_is_one_line_of_the_catalogue(tmp_path):
    copy = Path(shutil.copytree(ROOT, tmp_path / "catalogue", ignore=shutil.ignore_patterns("*.py", "__pycache__", "schemas")))
    indices = copy / "indices.yml"
    indices.write_text(indices.read_text(encoding="utf-8").replace("estimator: wle", "estimator: eap"), encoding="utf-8")
    catalogue = read_catalogue(copy)
    assert catalogue.cutoffs.id == "rise-2024-09-23-eap" == catalogue.cutoff_file.default
    assert catalogue.cutoffs.cuts == chosen("eap", None).cutoffs.cuts
    assert catalogue.content_hash != USUAL.content_hash


def test_limits_of_means_are_none_of_the_models():
    sets = (USUAL.cutoffs.model_copy(update={"estimator": "mean"}),)
    problems: list[str] = []
    on_the_scale_of(USUAL.cutoff_file.model_copy(update={"sets": sets}), USUAL.index_file, USUAL.scoring_file, problems)
    assert problems == ["cutoffs.yml: rise-2024-09-23 är inte gjord för model pcm"]


@pytest.mark.parametrize(
    ("estimator", "theta_range", "swedish", "english"),
    [
        ("wle", None, "Elevens värde skattas med Warms vägda likelihood.", "estimated with Warm's weighted likelihood."),
        ("wle", 7.0, "Värden längre än 7 logiter från noll sätts dit.", "Values further than 7 logits from zero are set there."),
        ("mle", 4.0, "sätts till skalans ände, 4 logiter från noll.", "set to the end of the scale, 4 logits from zero."),
        ("eap", None, "Elevens värde är väntevärdet", "The pupil's value is the expected value"),
    ],
)
def test_readers_are_told_the_method_and_whose_limits(estimator, theta_range, swedish, english):
    meta = meta_of(chosen(estimator, theta_range))
    name, text, judged = meta.scoring
    assert name.endswith(f"({estimator})")
    assert swedish in text
    assert english in meta.english.scoring[1]
    assert bool(judged) == bool(meta.english.scoring[2]) == (estimator != "wle")
    assert ("omräknade för" in meta.cutoff_title) == ("converted for" in meta.english.cutoff_title) == (estimator != "wle")
