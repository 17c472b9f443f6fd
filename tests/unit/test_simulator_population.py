"""The simulated population: sizes, participation, effects, independence of the scoring code."""

import ast
import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import assets.demo
from assets.catalogue.load import load_catalogue
from assets.demo.answers import ALL_MAXIMUM, SERIOUS, STRAIGHT, build_model, simulate_answers
from assets.demo.frame import REGISTERS, build_frame, cohort_factors, register_schools, seventeen_year_olds
from assets.demo.parameters import load_parameters
from assets.demo.population import GIRL, GY2, centred, lasting_effects, simulate_pupils

SEED = 20241


@pytest.fixture(scope="module")
def parameters():
    return load_parameters()


@pytest.fixture(scope="module")
def frame(parameters):
    return build_frame(parameters, load_catalogue().municipalities, SEED, 1.0)


@pytest.fixture(scope="module")
def county(parameters, frame):
    """All pupils at full scale, by municipality and wave."""
    local = {code: frame.filter(pl.col("municipality_code") == code) for code in frame["municipality_code"].unique().sort()}
    drawn = [lasting_effects(code, rows, parameters, SEED) for code, rows in local.items()]
    places = centred(drawn, [rows["enrolled"].sum() for rows in local.values()])
    return {
        (p.code, wave): simulate_pupils(p, wave, local[p.code].filter(pl.col("wave") == wave), parameters, SEED)
        for p in places
        for wave in parameters.waves
    }


def test_nothing_is_imported_from_the_scoring_code():
    folder = Path(assets.demo.__file__).parent
    imported = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
    ours = {m for m in imported if m.startswith(("assets", "pipelines", "expectations"))}
    assert "assets.demo.answers" in ours
    asked = ("assets.forms.types", "assets.forms.activities_form", "assets.forms.readiness_form", "assets.forms.decisions_form")
    drawn = ("assets.charts", "assets.charts.theme")  # how the answer key of the invented county is drawn
    allowed = {"assets.methods.errors", "assets.worker_pool", *drawn, *asked}  # what a form asks, not what is made of its answers
    assert all(m.startswith(("assets.demo", "assets.catalogue", "assets.registers")) or m in allowed for m in ours)


def test_grade_9_sizes_are_skolverkets(frame):
    lines = (REGISTERS / "antal_elever_per_arskurs_2023_skolenhet.csv").read_text(encoding="utf-8-sig").splitlines()
    rows = [r for r in csv.reader(lines, delimiter=";") if len(r) > 20 and r[1].isdigit()]
    counts = {code: sum(int(r[21]) for r in rows if r[3] == code and r[21].isdigit()) for code in {r[3] for r in rows}}
    ours = (
        frame.filter(pl.col("wave") == 2024, pl.col("grade") == "ak9").group_by("municipality_code").agg(pl.col("enrolled").sum())
    )
    assert dict(ours.iter_rows()) == {code: counts[code] for code in ours["municipality_code"]}
    assert ours.height == 26


def test_spring_2022_lies_between_its_neighbours(frame):
    real = dict(register_schools().group_by("year").agg(pl.col("pupils").sum()).iter_rows())
    ours = frame.filter(pl.col("wave") == 2022, pl.col("grade") == "ak9")["enrolled"].sum()
    assert (real[2021] + real[2023]) / 2 == pytest.approx(ours, rel=0.01)


def test_no_real_school_is_used(frame):
    real = set(pl.read_parquet(REGISTERS / "grundskola_antal_elever_skolenhet_2010_2023.parquet")["skola"].drop_nulls())
    assert real.isdisjoint(frame["school_name"])
    assert frame["school_code"].str.contains(r"^0\d{7}$").all()
    assert not register_schools()["school_code"].str.starts_with("0").any()
    assert frame.select("school_code", "wave").is_unique().all()


def test_upper_secondary_follows_the_17_year_olds(frame, parameters):
    residents, factors = seventeen_year_olds(), cohort_factors(parameters)
    assert factors[2020] == 1
    assert all(a < b for a, b in pairwise(factors.values()))
    upper = frame.filter(pl.col("grade") == "gy2", pl.col("wave") == 2020)
    sizes = dict(upper.group_by("municipality_code").agg(pl.col("enrolled").sum()).iter_rows())
    assert sum(sizes.values()) / sum(residents.values()) == pytest.approx(0.95, abs=0.01)
    assert {"0125", "0140", "0187"}.isdisjoint(sizes)
    assert sizes["0182"] == pytest.approx(residents["0182"] * 1.25, rel=0.02)


def test_respondents_per_wave_are_of_real_size(county, parameters):
    per_wave = {w: sum(int(p.answers.sum()) for (_, wave), p in county.items() if wave == w) for w in parameters.waves}
    assert all(19_000 < n < 23_500 for n in per_wave.values()), per_wave
    assert 100_000 < sum(per_wave.values()) < 110_000


def test_municipalities_that_are_away_answer_nothing(county, parameters):
    taking_part = {w: {c for (c, wave), p in county.items() if wave == w and p.answers.any()} for w in parameters.waves}
    assert len(taking_part[2018]) == 23
    assert len(taking_part[2024]) == 26
    assert "0160" not in taking_part[2018]


def test_no_school_has_more_answers_than_pupils(county):
    for pupils in county.values():
        in_survey = pupils.grade != 2
        answered = np.bincount(pupils.school[in_survey & pupils.answers], minlength=pupils.schools.height)
        assert (answered <= pupils.schools["enrolled"].to_numpy()).all()
        assert in_survey.sum() == pupils.schools["enrolled"].sum()


def test_municipal_schools_take_part_more_often(county):
    rows = []
    for pupils in county.values():
        answered = np.bincount(pupils.school[pupils.answers], minlength=pupils.schools.height) > 0
        rows.append(pupils.schools.select("grade", "organiser").with_columns(takes_part=pl.Series(answered)))
    shares = {
        (g, o): s for g, o, s in pl.concat(rows).group_by("grade", "organiser").agg(pl.col("takes_part").mean()).iter_rows()
    }
    assert shares["ak9", "municipal"] > 0.75
    assert shares["ak9", "independent"] < 0.35
    assert shares["gy2", "municipal"] > 2 * shares["gy2", "independent"]


def test_effects_are_of_the_declared_size(county, parameters):
    theta = np.concatenate([p.theta for p in county.values()])
    sex = np.concatenate([p.sex for p in county.values()])
    grade = np.concatenate([p.grade for p in county.values()])
    psychosomatic = parameters.trait_keys.index("psychosomatic")
    girls, boys = (theta[sex == s, psychosomatic].mean() for s in (GIRL, 0))
    assert girls - boys == pytest.approx(0.70, abs=0.02)
    assert (grade == GY2).mean() == pytest.approx(0.48, abs=0.03)
    assert theta.std(axis=0) == pytest.approx(parameters.trait_array("sd"), rel=0.04)
    assert theta.mean(axis=0) == pytest.approx(parameters.trait_array("mean"), abs=0.08)


def test_municipalities_differ_and_the_county_is_in_the_middle(county):
    places = {code: p.place for (code, _), p in county.items()}
    effects = np.array([p.municipality for p in places.values()])
    assert len(np.unique(effects[:, 0].round(6))) == 26
    assert 0.08 < effects.std(axis=0).mean() < 0.20
    sizes = [sum(len(p.school) for (c, _), p in county.items() if c == code) for code in places]
    assert np.average(effects, axis=0, weights=sizes) == pytest.approx(np.zeros(7), abs=1e-3)


def test_schools_and_classes_explain_their_share_of_the_variance(county, parameters):
    """One-way analysis of variance over classes in one trait: between-class share about school + class = 0.07."""
    groups = []
    for pupils in county.values():
        index = pupils.school * 50 + pupils.class_number
        residual = (pupils.theta - pupils.fixed)[:, 0]
        groups += [residual[index == g] for g in np.unique(index) if (index == g).sum() > 15]
    sizes = np.array([len(g) for g in groups])
    within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (sizes - 1).sum()
    between = np.average([(g.mean()) ** 2 for g in groups], weights=sizes) - within / sizes.mean()
    assert between / (between + within) == pytest.approx(0.075, abs=0.02)


def test_a_municipality_comes_out_the_same_alone(county, frame, parameters):
    rows = frame.filter(pl.col("municipality_code") == "0127")
    alone = simulate_pupils(county["0127", 2024].place, 2024, rows.filter(pl.col("wave") == 2024), parameters, SEED)
    assert np.array_equal(alone.theta, county["0127", 2024].theta)
    assert np.array_equal(alone.answers, county["0127", 2024].answers)


def test_two_per_cent_are_not_serious(county, parameters):
    catalogue = load_catalogue()
    model = build_model(catalogue.survey, catalogue.index_file, parameters)
    handed_in = [simulate_answers(p, model, parameters, SEED) for (code, _), p in county.items() if code == "0180"]
    kinds = np.concatenate([a.careless for a in handed_in])
    codes = np.concatenate([a.codes for a in handed_in])
    assert (kinds != SERIOUS).mean() == pytest.approx(0.02, abs=0.003)
    agree = [model.column[k] for k in model.index_items if k.startswith(("F55", "F67"))]
    assert (codes[kinds == ALL_MAXIMUM][:, agree] == 4).all()
    straight = codes[kinds == STRAIGHT][:, agree]
    assert (straight == straight[:, :1]).all()
    first = [model.column[k] for k in model.first_items]  # boxes have no code for a skipped question
    missing = (codes[kinds == SERIOUS][:, first] == 999).mean()
    assert missing == pytest.approx(0.0255, abs=0.002)
