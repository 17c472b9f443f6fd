"""The pupils who exist in one municipality and wave: school, class, sex, traits, and who answers.

One random stream per municipality and wave, and one per municipality for what lasts between waves, so that no result depends
on the order in which places are simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import polars as pl

from assets.demo.parameters import GRADES, Parameters

BOY, GIRL, OTHER = 0, 1, 2
AK9, GY2, AK7 = 0, 1, 2
GRADE_KEYS = ("ak9", "gy2", "ak7")
SEX_KEYS = ("boy", "girl", "other")


@dataclass(frozen=True)
class Place:
    """What lasts between waves in a municipality; effects are in SD of each trait (columns: traits).

    Attributes:
        code: municipality code.
        municipality: effect of the municipality, shape (7,).
        district: district code -> effect.
        school: school code -> effect.
        willingness: school code -> standard normal number; low values take part.
        singles: single item -> shift in logits.
    """

    code: str
    municipality: np.ndarray
    district: dict[str, np.ndarray]
    school: dict[str, np.ndarray]
    willingness: dict[str, float]
    singles: dict[str, float]


def lasting_effects(code: str, frame: pl.DataFrame, parameters: Parameters, seed: int) -> Place:
    """Draw the effects of a municipality, its districts and schools.

    Args:
        code: municipality code.
        frame: the municipality's rows of the school frame.
    """
    rng = np.random.default_rng([seed, int(code), 2])
    root, effects = parameters.correlation_root(), parameters.random_effects
    size = len(root)
    municipality = effects.municipality * root @ rng.standard_normal(size)
    district = {d: effects.district * root @ rng.standard_normal(size) for d in parameters.frame.districts}
    singles = {k: s.municipality * rng.standard_normal() for k, s in parameters.single_items.items()}
    schools = frame["school_code"].unique().sort().to_list()
    school = {s: effects.school * root @ rng.standard_normal(size) for s in schools}
    willingness = dict(zip(schools, rng.standard_normal(len(schools)).tolist(), strict=True))
    return Place(code, municipality, district, school, willingness, singles)


def centred(places: Sequence[Place], enrolled: Sequence[int]) -> list[Place]:
    """The places with their municipality effects moved so that the mean over the county's pupils is zero."""
    middle = np.average([p.municipality for p in places], axis=0, weights=enrolled)
    return [replace(p, municipality=p.municipality - middle) for p in places]


@dataclass(frozen=True)
class Pupils:
    """All enrolled pupils of a municipality and wave as equally long arrays.

    Attributes:
        place: what lasts between waves.
        wave: survey year.
        schools: the wave's rows of the school frame.
        school: index into `schools`.
        class_number: 1.. within the school.
        grade, sex: codes of `GRADE_KEYS`, `SEX_KEYS`.
        theta: generating traits in logits, shape (pupils, 7), high = risk.
        fixed: the part of theta that the municipality, wave, grade and sex explain.
        answers: whether the pupil answers the survey.
    """

    place: Place
    wave: int
    schools: pl.DataFrame
    school: np.ndarray
    class_number: np.ndarray
    grade: np.ndarray
    sex: np.ndarray
    theta: np.ndarray
    fixed: np.ndarray
    answers: np.ndarray


def fixed_part(parameters: Parameters, wave: int, grade: np.ndarray, sex: np.ndarray) -> np.ndarray:
    """Mean traits in logits from wave, grade and sex, shape (len(grade), 7)."""
    girls = np.array([-0.5, 0.5, 0.0])[sex]
    upper = np.where(grade == GY2, 0.5, -0.5)
    shift = np.array([parameters.other_sex_shift.get(k, 0.0) for k in parameters.trait_keys])
    fixed = parameters.trait_array("mean") + parameters.wave_array(wave) + np.zeros((len(grade), len(shift)))
    fixed += girls[:, None] * parameters.trait_array("girls") + upper[:, None] * parameters.trait_array("gy2")
    fixed += (sex == OTHER)[:, None] * shift
    return fixed


def _sexes(rng: np.random.Generator, size: int, wave: int, parameters: Parameters) -> np.ndarray:
    frame = parameters.frame
    sex = np.where(rng.random(size) < frame.girls, GIRL, BOY)
    other = rng.random(size) < frame.other_sex
    return np.where(other & (wave >= frame.other_sex_from), OTHER, sex).astype(np.int8)


def _participating(
    rng: np.random.Generator, place: Place, wave: int, schools: pl.DataFrame, parameters: Parameters
) -> np.ndarray:
    """Which schools take part: a lasting willingness, a draw per wave; at least one school per grade when anyone does."""
    rules = parameters.participation
    noise = rng.standard_normal(schools.height)
    if place.code in rules.absent[wave]:
        return np.zeros(schools.height, dtype=bool)
    lasting = np.array([place.willingness[s] for s in schools["school_code"]])
    mixed = np.sqrt(rules.school_persistence) * lasting + np.sqrt(1 - rules.school_persistence) * noise
    limits = [
        NormalDist().inv_cdf(min(max(rules.school[g][o] + rules.school_wave_shift[wave], 0.001), 0.999))
        for g, o in schools.select("grade", "organiser").iter_rows()
    ]
    taking_part = mixed < np.array(limits)
    grades, enrolled = schools["grade"].to_numpy(), schools["enrolled"].to_numpy()
    for grade in GRADES:
        here = grades == grade
        if here.any() and not taking_part[here].any():
            taking_part[np.flatnonzero(here)[enrolled[here].argmax()]] = True
    return taking_part


def simulate_pupils(place: Place, wave: int, schools: pl.DataFrame, parameters: Parameters, seed: int) -> Pupils:
    """Draw all pupils of a municipality and wave.

    Args:
        place: lasting effects of the municipality.
        wave: survey year.
        schools: the municipality's rows of the school frame in this wave.
        seed: of the whole simulation.
    """
    rng = np.random.default_rng([seed, int(place.code), wave])
    root, effects, total_sd = parameters.correlation_root(), parameters.random_effects, parameters.trait_array("sd")
    traits = len(total_sd)

    def effect(size: int, rows: int) -> np.ndarray:
        return size * rng.standard_normal((rows, traits)) @ root.T

    taking_part = _participating(rng, place, wave, schools, parameters)
    school = np.repeat(np.arange(schools.height), schools["enrolled"].to_numpy())
    grade = np.where(schools["grade"].to_numpy() == "gy2", GY2, AK9)[school].astype(np.int8)
    place_in_school = np.arange(len(school)) - np.searchsorted(school, school)
    classes = np.ceil(schools["enrolled"].to_numpy() / parameters.frame.class_size).astype(np.int64)
    class_number = place_in_school % classes[school] + 1
    class_index = (np.cumsum(classes) - classes)[school] + class_number - 1
    school, grade, class_number, class_index = _with_grade7(
        place, wave, parameters, taking_part, school, grade, class_number, class_index
    )
    sex = _sexes(rng, len(school), wave, parameters)
    here = place.municipality + effect(effects.municipality_wave, 1)[0]
    fixed = fixed_part(parameters, wave, grade, sex) + here * total_sd
    by_school = np.array([place.school[s] for s in schools["school_code"]]) + effect(effects.school_wave, schools.height)
    by_school += np.array([place.district.get(d, np.zeros(traits)) for d in schools["district_code"]])
    by_class = effect(effects.class_, int(classes.sum()))
    own = (rng.standard_normal((len(school), traits)) @ root.T) * parameters.pupil_sd()
    theta = fixed + (by_school[school] + by_class[class_index]) * total_sd + own
    class_logit = parameters.participation.class_sd * rng.standard_normal(int(classes.sum()))
    answers = _answers(rng, theta, grade, class_logit[class_index], parameters) & taking_part[school]
    return Pupils(place, wave, schools, school, class_number, grade, sex, theta, fixed, answers | (grade == AK7))


def _with_grade7(
    place: Place, wave: int, parameters: Parameters, taking_part: np.ndarray, *arrays: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Append the few rows of another grade: copies of the place of the first pupils in participating schools."""
    rules = parameters.participation.grade7_rows
    school, grade, class_number, class_index = arrays
    if place.code not in rules.municipalities or wave > rules.until:
        return school, grade, class_number, class_index
    chosen = np.flatnonzero(taking_part[school] & (grade == AK9))[: rules.per_wave]
    sevenths = np.full(len(chosen), AK7, dtype=grade.dtype)
    return (
        np.concatenate([school, school[chosen]]),
        np.concatenate([grade, sevenths]),
        np.concatenate([class_number, class_number[chosen]]),
        np.concatenate([class_index, class_index[chosen]]),
    )


def _answers(
    rng: np.random.Generator, theta: np.ndarray, grade: np.ndarray, class_logit: np.ndarray, parameters: Parameters
) -> np.ndarray:
    rules = parameters.participation
    shares = np.array([rules.pupil["ak9"], rules.pupil["gy2"], rules.pupil["ak9"]])[grade]
    columns = [parameters.trait_keys.index(k) for k in rules.selection.traits]
    standard = (theta - parameters.trait_array("mean")) / parameters.trait_array("sd")
    logit = np.log(shares / (1 - shares)) + class_logit + rules.selection.per_sd * standard[:, columns].mean(axis=1)
    return rng.random(len(theta)) < 1 / (1 + np.exp(-logit))
