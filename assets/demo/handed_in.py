"""Questionnaires of one municipality and wave with their background columns, before they take a delivery's form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.catalogue.models import Municipality
from assets.demo.answers import AnswerModel, Answers
from assets.demo.parameters import Parameters
from assets.demo.population import AK7, AK9, GRADE_KEYS, SEX_KEYS, Pupils
from assets.demo.truth import TruthModel

_GRADE_CODE = np.array([9, 2, 7])
_STOCKHOLM_OWN_CODE = 1


@dataclass(frozen=True)
class HandedIn:
    """Answers with background.

    Attributes:
        background: wave, school_municipality, home_municipality, home_area (own codes), school_code, school_name, district,
            class_, grade (9, 2, 7), sex (1, 2, 3, 999): one row per pupil.
        codes: canonical codes, shape (rows, items).
        truth: keys, careless, `theta_*` (report direction), `score_*`: the same rows.
    """

    background: pl.DataFrame
    codes: np.ndarray
    truth: pl.DataFrame


@dataclass(frozen=True)
class HomeAreas:
    """Where pupils can live: own municipality codes with weights, and the finer areas of some municipalities."""

    municipalities: np.ndarray
    weights: np.ndarray
    finer: dict[int, np.ndarray]


def home_areas(municipalities: tuple[Municipality, ...], residents: dict[str, int], areas: list[dict[str, str]]) -> HomeAreas:
    """Gather home areas from the catalogue (`areas/home_areas.csv` rows with home_area_code, kind, municipality_code)."""
    own = {m.municipality_code: m.survey_code for m in municipalities}
    finer: dict[int, list[int]] = {}
    for row in areas:
        if row["kind"] in {"district", "area"} and row["municipality_code"] in own and not row["name"].startswith("("):
            finer.setdefault(own[row["municipality_code"]], []).append(int(row["home_area_code"]))
    codes = np.array([m.survey_code for m in municipalities])
    weights = np.array([residents[m.municipality_code] for m in municipalities], dtype=float)
    return HomeAreas(codes, weights / weights.sum(), {c: np.array(a) for c, a in finer.items()})


def _homes(
    rng: np.random.Generator, pupils: Pupils, rows: np.ndarray, own: int, areas: HomeAreas, parameters: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """Home municipality (own code) and home area per pupil."""
    frame = parameters.frame
    grade = pupils.grade[rows]
    stays = np.array([frame.lives_in_school_municipality["ak9"], frame.lives_in_school_municipality["gy2"]])
    local = rng.random(len(rows)) < stays[np.where(grade == AK7, AK9, grade)]
    municipality = np.where(local, own, rng.choice(areas.municipalities, len(rows), p=areas.weights))
    area = municipality.copy()
    for code, codes in areas.finer.items():
        here = municipality == code
        area[here] = codes[rng.integers(0, len(codes), int(here.sum()))]
    if own == _STOCKHOLM_OWN_CODE:
        district = pupils.schools["district_code"].gather(pl.Series(pupils.school[rows])).str.slice(5).cast(pl.Int64)
        same = (
            (rng.random(len(rows)) < frame.lives_in_school_district) & (municipality == own) & district.is_not_null().to_numpy()
        )
        area = np.where(same, district.fill_null(0).to_numpy(), area)
    return municipality, area


def hand_in(
    pupils: Pupils,
    answers: Answers,
    place: Municipality,
    model: AnswerModel,
    truth: TruthModel,
    areas: HomeAreas,
    parameters: Parameters,
    seed: int,
) -> HandedIn:
    """Add home, school, class and grade to the answers (a random stream of its own)."""
    rng = np.random.default_rng([seed, int(pupils.place.code), pupils.wave, 4])
    rows = answers.rows
    municipality, area = _homes(rng, pupils, rows, place.survey_code, areas, parameters)
    schools = pupils.schools[pupils.school[rows].tolist()]
    grade = pupils.grade[rows]
    number = schools["school_code"].str.slice(5)
    letter = pl.Series([f"{'2' if g == 1 else '9'}{chr(64 + n)}" for g, n in zip(grade, pupils.class_number[rows], strict=True)])
    class_code = number + "-" + letter
    old = pupils.wave < parameters.frame.new_districts_from
    background = pl.DataFrame(
        {
            "wave": np.full(len(rows), pupils.wave, dtype=np.int64),
            "school_municipality": np.full(len(rows), place.survey_code, dtype=np.int64),
            "home_municipality": municipality.astype(np.int64),
            "home_area": area.astype(np.int64),
            "school_code": schools["school_code"],
            "school_name": schools["school_name"],
            "district": schools["district_old" if old else "district_new"],
            "class_": class_code,
            "grade": _GRADE_CODE[grade],
            "sex": answers.sex.astype(np.int64),
        }
    )
    keys = {
        "municipality_code": [place.municipality_code] * len(rows),
        "wave": np.full(len(rows), pupils.wave, dtype=np.int32),
        "grade": np.array(GRADE_KEYS)[grade],
        "sex": np.array(SEX_KEYS)[pupils.sex[rows]],
        "school_code": schools["school_code"],
        "class_code": class_code,
        "district_code": schools["district_code"],
        "careless": answers.careless.astype(np.int8),
        "planted": pl.Series(answers.planted.tolist(), dtype=pl.String),
    }
    traits = truth.traits(pupils.theta[rows])
    keys |= {f"theta_{k}": traits[:, c] for c, k in enumerate(truth.keys)}
    keys |= {f"score_{k}": answers.scores[:, c] for c, k in enumerate(model.index_items)}
    return HandedIn(background, answers.codes, pl.DataFrame(keys))
