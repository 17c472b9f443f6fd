"""The simulated answers outside the indices: believable levels, routing, waves, and nothing else changed by them."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
import pyreadstat
import pytest

from assets.catalogue.load import load_catalogue
from assets.demo.answers import build_model, questionnaire_order, simulate_answers
from assets.demo.frame import build_frame
from assets.demo.item_parameters import MoreItem, load_item_parameters
from assets.demo.more_answers import BLANK, DONT_KNOW, NO_ANSWER, NOT_ASKED, ROUTED, SERIOUS
from assets.demo.parameters import load_parameters
from assets.demo.population import GRADE_KEYS, SEX_KEYS, lasting_effects, simulate_pupils
from assets.methods.indicators import indicator_counts, indicator_values

SEED = 20241
CATALOGUE = load_catalogue()
SURVEY = CATALOGUE.survey
FIRST_ITEMS = "df57f87b31f4"
"""Hash of the columns drawn first (index items and older single items) of Botkyrka 2020, from before the others existed."""


@pytest.fixture(scope="module")
def model():
    return build_model(SURVEY, CATALOGUE.index_file, load_parameters())


@pytest.fixture(scope="module")
def simulated(model):
    """Wave -> pupils and answers of three municipalities."""
    parameters = load_parameters()
    frame = build_frame(parameters, CATALOGUE.municipalities, SEED, 1.0)
    found = {}
    for code in ("0127", "0180", "0126"):
        local = frame.filter(pl.col("municipality_code") == code)
        place = lasting_effects(code, local, parameters, SEED)
        for wave in parameters.waves:
            pupils = simulate_pupils(place, wave, local.filter(pl.col("wave") == wave), parameters, SEED)
            found[code, wave] = pupils, simulate_answers(pupils, model, parameters, SEED)
    return found


@pytest.fixture(scope="module")
def shares(simulated, model):
    """County share of yes per indicator, grade and wave, as the catalogue's own rules find it."""
    parts = []
    for (code, wave), (pupils, answers) in simulated.items():
        columns = {key: answers.codes[:, position] for key, position in model.column.items()}
        part = pl.DataFrame(columns).with_columns(pl.all().replace({BLANK: NO_ANSWER, NOT_ASKED: None}))
        parts.append(
            part.with_columns(
                respondent_key=pl.format("{}-{}-{}", pl.lit(code), pl.lit(wave), pl.int_range(pl.len())),
                municipality_code=pl.lit(code),
                district_code=pl.lit(None, pl.String),
                school_code=pl.lit("s"),
                class_code=pl.lit("a"),
                wave=pl.lit(wave, pl.Int32),
                grade=pl.Series([GRADE_KEYS[g] for g in pupils.grade[answers.rows]]),
                sex=pl.Series([SEX_KEYS[s] for s in pupils.sex[answers.rows]]),
            )
        )
    frame = pl.concat(parts).filter(pl.col("grade") != "ak7")
    indicators = CATALOGUE.indicator_file.indicators
    counts = indicator_counts(indicator_values(frame, indicators, SURVEY), indicators, ["county"])
    rows = counts.filter(pl.col("n_valid") > 0).with_columns(share=100 * pl.col("n_yes") / pl.col("n_valid"))
    return {(r["indicator"], r["grade"], r["sex"], r["wave"]): r["share"] for r in rows.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("indicator", "low9", "high9", "low2", "high2"),
    [
        ("roker_dagligen", 2.5, 5, 4, 8),
        ("dik15", 7, 14, 12, 22),
        ("dik18", 8, 16, 18, 32),
        ("dik36", 22, 33, 58, 70),
        ("dik46", 4, 9, 11, 18),
        ("dik50", 2, 6, 4, 10),
        ("dik61", 9, 18, 6, 14),
        ("dik63", 6, 15, 4, 12),
        ("mobbad_natet", 5, 12, 3, 9),
        ("dik57", 6, 13, 11, 20),
        ("dik77a", 6, 12, 6, 12),
        ("dik77e", 1, 4, 1, 4),
        ("dik77p", 6, 13, 6, 13),
        ("begatt_brott", 25, 45, 25, 45),
        ("dik80da", 3, 8, 3, 8),
        ("dik82", 75, 90, 75, 90),
        ("f102nyckel", 62, 82, 62, 82),
        ("dik73", 9, 19, 11, 24),
    ],
)
def test_levels_are_believable(shares, indicator, low9, high9, low2, high2):
    for sex in ("girl", "boy", "all"):
        assert (indicator, "ak9", sex, 2022) in shares
    assert low9 < shares[indicator, "ak9", "all", 2022] < high9
    assert low2 < shares[indicator, "gy2", "all", 2022] < high2


def test_girls_and_boys_differ_where_they_do(shares):
    def gap(indicator: str) -> float:
        return shares[indicator, "ak9", "girl", 2022] - shares[indicator, "ak9", "boy", 2022]

    assert gap("dik96") > 8
    assert gap("dik92") > 8
    assert gap("f102nyckel") < -12
    assert gap("dik73") < -6
    assert gap("dik19b") < -2
    assert shares["dik80fa", "ak9", "girl", 2024] > 2 * shares["dik80fa", "ak9", "boy", 2024]


def test_what_was_drawn_first_is_what_it_was(simulated, model):
    _, answers = simulated["0127", 2020]
    columns = [model.column[key] for key in model.first_items]
    digest = hashlib.sha256(np.ascontiguousarray(answers.codes[:, columns]).tobytes()).hexdigest()
    assert digest[:12] == FIRST_ITEMS
    assert len(model.first_items) == 60


def test_every_answer_is_one_of_the_questions_codes(simulated, model):
    special = {ROUTED, DONT_KNOW, NO_ANSWER, BLANK, NOT_ASKED}
    codes = np.concatenate([answers.codes for _, answers in simulated.values()])
    for key, position in model.column.items():
        item, found = SURVEY.by_key[key], set(np.unique(codes[:, position]).tolist())
        allowed = set(range(item.maximum + 1)) if item.type == "count" else set(SURVEY.answers(key))
        assert found <= allowed | special, key
        assert item.type == "count" or allowed <= found, f"{key}: an answer that nobody gives"
        assert (DONT_KNOW in found) <= item.dont_know, key


def test_nobody_is_asked_what_the_wave_did_not_ask(simulated, model):
    for (_, wave), (_, answers) in simulated.items():
        for key, position in model.column.items():
            asked = SURVEY.by_key[key].asked_in(wave)
            routing = SURVEY.by_key[key].routed_by
            asked &= routing is None or any(SURVEY.by_key[gate].asked_in(wave) for gate in routing.gates)
            nothing = answers.codes[:, position] == NOT_ASKED
            assert (not nothing.any()) if asked else nothing.all(), (key, wave)


def test_follow_up_questions_follow_their_routes(simulated, model):
    routed = [i for i in SURVEY.items if i.routed_by and i.key not in {"F37", "F48"}]
    assert {"F49", "F50", "F74", "F75a", "F75b", "F75c", "F17", "F21", "F25", "F47a", "F51l", "F52"} <= {i.key for i in routed}
    _, answers = simulated["0180", 2024]
    codes = answers.codes[answers.planted == ""]
    for item in routed:
        after = codes[:, model.column[item.key]]
        opened = np.any([np.isin(codes[:, model.column[key]], opens) for key, opens in item.routed_by.gates.items()], axis=0)
        past = after == ROUTED
        assert past.any()
        assert not opened[past].any(), item.key
        answered = ~np.isin(after, (ROUTED, NO_ANSWER, BLANK, 0) if item.multi else (ROUTED, NO_ANSWER, BLANK))
        assert opened[answered].all(), item.key


def test_in_2020_only_those_who_had_smoked_were_asked_about_e_cigarettes(simulated, model):
    _, answers = simulated["0180", 2020]
    smoked, vape = (answers.codes[:, model.column[key]] for key in ("F14", "F15"))
    serious = answers.careless == SERIOUS
    asked = np.isin(smoked, (3, 4, 5)) & serious
    assert (vape[np.isin(smoked, (1, 2)) & serious] == ROUTED).mean() > 0.94
    assert (vape[asked] != ROUTED).mean() > 0.94
    assert (simulated["0180", 2022][1].codes[:, model.column["F15"]] == ROUTED).sum() == 0


def test_boxes_are_ticked_or_all_empty(simulated, model):
    _, answers = simulated["0180", 2022]
    serious = answers.careless == SERIOUS
    boxes = answers.codes[serious][:, [model.column[f"F61{letter}"] for letter in "abcdefghi"]]
    there = (boxes != BLANK).all(axis=1)
    no, some = boxes[there][:, 0] == 1, (boxes[there][:, 1:] == 1).any(axis=1)
    assert not (no & some).any()
    assert 0.015 < (~no & ~some).mean() < 0.035, "a skipped question is a row of empty boxes"


def test_a_pupil_who_leaves_answers_nothing_after(simulated, model):
    _, answers = simulated["0180", 2024]
    blank = (answers.codes == BLANK)[:, [p for k, p in model.column.items() if SURVEY.by_key[k].asked_in(2024)]]
    assert 0.02 < blank.any(axis=1).mean() < 0.06
    first = np.where(blank.any(axis=1), blank.argmax(axis=1), blank.shape[1])
    assert (blank == (np.arange(blank.shape[1]) >= first[:, None])).all()


def test_answers_hang_together_with_the_traits(simulated, model):
    parameters = load_parameters()
    pupils, answers = simulated["0180", 2024]
    theta = pupils.theta[answers.rows]
    expected = {
        "F67a": ("acting_out", 1),
        "F88e": ("acting_out", 1),
        "F85a": ("parenting", -1),
        "F103k": ("community", -1),
        "F96": ("psychosomatic", 1),
        "F55p": ("school_bonding", -1),
    }
    for key, (trait, sign) in expected.items():
        code = answers.codes[:, model.column[key]]
        told = (code > 0) & (code < 10) & (answers.careless == SERIOUS)
        correlation = np.corrcoef(code[told], theta[told, parameters.trait_keys.index(trait)])[0, 1]
        assert 0.2 < sign * correlation < 0.7, key


def test_shares_hold_for_all_pupils_not_for_an_average_one(simulated, model):
    """The limits are widened for the spread of traits: F92 has no `given` and few other effects in åk 9."""
    item: MoreItem = load_item_parameters().items["F67a"]
    codes = np.concatenate([
        a.codes[(a.careless == SERIOUS) & (p.grade[a.rows] == 0), model.column["F67a"]] for p, a in simulated.values()
    ])  # fmt: skip
    told = codes[(codes > 0) & (codes < 10)]
    assert np.bincount(told, minlength=5)[1:] / len(told) == pytest.approx(item.shares, abs=0.03)


def test_questions_follow_the_questionnaire():
    order = questionnaire_order(SURVEY)
    assert order.index("F19_gammal") < order.index("F19a") < order.index("F35") < order.index("F36")
    assert order.index("F73_1") < order.index("F73_2") < order.index("F74") < order.index("F77a") < order.index("F103l")


def test_files_lack_the_questions_that_did_not_exist(small_deliveries):
    demo = small_deliveries
    columns = {}
    for name in demo.summary.files:
        if name.endswith(".sav"):
            frame, _ = pyreadstat.read_sav(str(demo.inbox / name), output_format="polars", user_missing=True)
            columns[name] = frame
    without_2022 = [f for n, f in columns.items() if "-2020" in n and "2022" not in n and "2024" not in n]
    assert without_2022
    for frame in without_2022:
        assert {"F18a", "F18b"}.isdisjoint(frame.columns)
        assert {"F18", "FNY12020", "f75a"} <= set(frame.columns)
    whole = columns["Stockholmsenkäten 2016-2022 Haninge.sav"].with_columns(pl.col("ar").cast(pl.Int64))
    assert whole.filter(pl.col("ar") < 2020)["FNY12020"].null_count() == whole.filter(pl.col("ar") < 2020).height
    assert whole.filter(pl.col("ar") == 2022)["F18"].null_count() == whole.filter(pl.col("ar") == 2022).height
    assert whole.filter(pl.col("ar") == 2022)["F18b"].is_not_null().any()
    assert "f75t" not in whole.columns
    stacked = columns["Stockholmsenkäten 2016-2024 Solna.sav"].with_columns(pl.col("ar").cast(pl.Int64))
    assert stacked.filter(pl.col("ar") == 2016)["F19b"].is_not_null().any(), "the supplier keeps the older question there"
    assert "F19_gammal" not in stacked.columns
    assert stacked.filter(pl.col("ar") < 2024)["F80fa"].is_null().all()
