"""Age, drinks, drugs and ages at first use in the simulator: drawn last, believable, with known implausible answers."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.demo.answers import build_model, simulate_answers
from assets.demo.frame import build_frame
from assets.demo.more_answers import BLANK, NO_ANSWER, NOT_ASKED, ROUTED, SERIOUS
from assets.demo.parameters import load_parameters
from assets.demo.population import GY2, lasting_effects, simulate_pupils
from assets.demo.substance_answers import supplier_volume
from assets.demo.substance_parameters import Drink, load_substance_parameters
from assets.methods.screening import screen

SEED = 20241
CATALOGUE = load_catalogue()
SURVEY = CATALOGUE.survey
SUBSTANCES = load_substance_parameters()
DEBUTS = tuple(SUBSTANCES.debut)
EARLIER_ITEMS = "31d3088cbff2"
"""Hash of all other columns of Botkyrka 2020, from before these questions existed."""
RULE_OF = {"many_drugs": "fictitious_drug", "debut_above_age": "debut_age"}


@pytest.fixture(scope="module")
def model():
    return build_model(SURVEY, CATALOGUE.index_file, load_parameters())


@pytest.fixture(scope="module")
def simulated(model):
    """(place, wave) -> pupils and answers."""
    parameters = load_parameters()
    frame = build_frame(parameters, CATALOGUE.municipalities, SEED, 1.0)
    found = {}
    for code, waves in (("0180", (2018, 2024)), ("0127", (2020,))):
        local = frame.filter(pl.col("municipality_code") == code)
        place = lasting_effects(code, local, parameters, SEED)
        for wave in waves:
            pupils = simulate_pupils(place, wave, local.filter(pl.col("wave") == wave), parameters, SEED)
            found[code, wave] = pupils, simulate_answers(pupils, model, parameters, SEED)
    return found


def test_all_other_columns_are_what_they_were(simulated, model):
    _, answers = simulated["0127", 2020]
    columns = [position for key, position in model.column.items() if key not in SUBSTANCES.items]
    assert len(columns) == 160
    assert hashlib.sha256(np.ascontiguousarray(answers.codes[:, columns]).tobytes()).hexdigest()[:12] == EARLIER_ITEMS


@pytest.fixture(scope="module")
def flagged(simulated, model):
    """The pupils of Stockholm 2024 who aren't careless, with what was planted and the flags that the rules give."""
    _, answers = simulated["0180", 2024]
    frame = pl.DataFrame({key: answers.codes[:, position] for key, position in model.column.items()})
    frame = frame.with_columns(pl.all().replace({BLANK: NO_ANSWER, NOT_ASKED: None}))
    frame = frame.with_columns(
        delivery_id=pl.lit("d"),
        wave=pl.lit(2024, pl.Int32),
        grade=pl.lit("ak9"),
        alkokons=pl.Series(supplier_volume(answers.codes, model.column, SUBSTANCES)).fill_nan(None),
        completion_seconds=pl.lit(None, pl.Float64),
    )
    flags = screen(frame, CATALOGUE.screening, SURVEY)
    both = flags.with_columns(planted=pl.Series(answers.planted.tolist()), careless=pl.Series(answers.careless))
    return both.filter(pl.col("careless") == SERIOUS)


@pytest.mark.parametrize("kind", sorted(SUBSTANCES.planted))
def test_what_is_planted_is_found_by_its_rule_and_removes_nobody(flagged, kind):
    found = flagged.filter(pl.col("planted") == kind)
    assert found.height >= 3
    assert found[RULE_OF.get(kind, kind)].all()
    assert found["n_flags"].max() == 1
    assert not found["removed"].any()


@pytest.mark.parametrize(
    "rule", ["fictitious_drug", "alcohol_volume", "debut_age", "smoking_contradiction", "drugs_contradiction"]
)
def test_serious_answers_raise_no_such_flag(flagged, rule):
    others = flagged.filter(~pl.col("planted").replace(RULE_OF).eq(rule))
    assert not others[rule].any()


def test_planted_pupils_are_few(simulated):
    for _, answers in simulated.values():
        share = (answers.planted != "").mean()
        assert 0.001 < share < 0.01
        assert not (answers.careless[answers.planted != ""] != SERIOUS).any()


def test_ages_at_first_use_lie_between_nine_and_the_own_age(simulated, model):
    for _, answers in simulated.values():
        plain = (answers.careless == SERIOUS) & (answers.planted == "")
        age = answers.codes[plain, model.column["F1"]]
        for key in DEBUTS:
            debut = answers.codes[plain, model.column[key]]
            told = (debut > 0) & (debut < ROUTED) & (age < ROUTED) & (age > 0)
            assert told.any()
            assert (debut[told] >= SUBSTANCES.youngest).all(), key
            assert (debut[told] <= age[told] + 14).all(), key


def test_age_follows_the_grade(simulated, model):
    pupils, answers = simulated["0180", 2024]
    age, upper = answers.codes[:, model.column["F1"]], pupils.grade[answers.rows] == GY2
    told = (age > 0) & (age < ROUTED)
    assert set(np.unique(age[told & ~upper])) == {1, 2, 3}
    assert np.median(age[told & upper]) == 3


def test_who_does_not_drink_has_no_drink_and_no_volume(simulated, model):
    _, answers = simulated["0180", 2024]
    codes = answers.codes[(answers.careless == SERIOUS) & (answers.planted == "")]
    sober = codes[:, model.column["F35"]] == 1
    often = codes[sober][:, [model.column[key] for key in SUBSTANCES.drinks]]
    assert np.isin(often, (1, NO_ANSWER, BLANK)).all()
    volume = supplier_volume(codes[sober], model.column, SUBSTANCES)
    assert set(np.unique(volume[~np.isnan(volume)])) == {0.0}
    lacking = (often == NO_ANSWER).any(axis=1)
    assert np.isnan(volume[lacking]).all()


def test_a_drug_user_names_a_kind_and_nobody_serious_the_control(simulated, model):
    _, answers = simulated["0180", 2024]
    plain = (answers.careless == SERIOUS) & (answers.planted == "")
    used = plain & (answers.codes[:, model.column["F46"]] == 2) & (answers.codes[:, model.column["F47a"]] != BLANK)
    boxes = answers.codes[used][:, [model.column[key] for key in SUBSTANCES.boxes["F47"].keys]]
    assert (boxes == 1).any(axis=1).mean() > 0.95, "the rest skipped the question"
    assert not (answers.codes[plain, model.column["F47h"]] == 1).any()


def test_the_older_gambling_question_ends_where_the_newer_begins(simulated, model):
    older, newer = (simulated["0180", wave][1].codes for wave in (2018, 2024))
    assert (older[:, model.column["F72_gammal"]] != NOT_ASKED).all()
    assert (newer[:, model.column["F72_gammal"]] == NOT_ASKED).all()
    assert (older[:, model.column["F76"]] == NOT_ASKED).all()


def test_shares_have_to_sum_to_one():
    with pytest.raises(ValueError, match="sum"):
        Drink(often=(0.5, 0.4), girls=0, amount_item="F25", amount=(1.0,))
