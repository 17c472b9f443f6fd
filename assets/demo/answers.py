"""From traits to the questionnaire as filled in: canonical (2024) answer codes, missing answers, routing, careless pupils."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from assets.catalogue.models import IndexFile, Survey
from assets.demo import pcm
from assets.demo.item_parameters import ItemParameters, load_item_parameters
from assets.demo.more_answers import (
    ALL_MAXIMUM,
    BLANK,
    DONT_KNOW,
    NO_ANSWER,
    ROUTED,
    SERIOUS,
    STRAIGHT,
    Filled,
    add_more_answers,
    dont_know_rate,
)
from assets.demo.parameters import Parameters
from assets.demo.population import GIRL, GY2, Pupils
from assets.demo.substance_answers import add_substance_answers
from assets.demo.substance_parameters import SubstanceParameters, load_substance_parameters

ROUTED_ITEMS = {"F37": "F36", "F48": "F46"}


def questionnaire_order(survey: Survey) -> tuple[str, ...]:
    """Item keys in the order of the questionnaire (by number, then letter)."""
    parts = {i.key: re.fullmatch(r"F(\d+)(\w*)", i.key) for i in survey.items}
    return tuple(sorted(parts, key=lambda k: (int(parts[k][1]), parts[k][2])))


@dataclass(frozen=True)
class AnswerModel:
    """How every item is answered.

    Attributes:
        survey: the questions.
        items: all item keys in questionnaire order: the columns of the code matrix.
        first_items: those drawn first, from parameters.yml; the others follow from item_parameters.yml and last from
            substance_parameters.yml.
        index_items: items with published thresholds: the columns of the score matrix.
        trait: position of the generating trait per index item.
        thresholds: per index item.
        codes: per index item: score -> ((code, ...), (cumulative share, ...)).
        last_code: highest answer code per item (the count's careless number for a count).
    """

    survey: Survey
    items: tuple[str, ...]
    first_items: tuple[str, ...]
    index_items: tuple[str, ...]
    trait: np.ndarray
    thresholds: tuple[tuple[float, ...], ...]
    codes: tuple[dict[int, tuple[np.ndarray, np.ndarray]], ...]
    last_code: np.ndarray
    more: ItemParameters
    substances: SubstanceParameters

    @property
    def column(self) -> dict[str, int]:
        """Item key -> column of the code matrix."""
        return {k: i for i, k in enumerate(self.items)}

    @property
    def first(self) -> AnswerModel:
        """The model with only the items that are drawn first."""
        column = self.column
        return replace(self, items=self.first_items, last_code=self.last_code[[column[k] for k in self.first_items]])


def _splits(item: str, scores: dict[int, int], parameters: Parameters) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    table = {}
    for score in sorted(set(scores.values())):
        codes = sorted(c for c, s in scores.items() if s == score)
        shares = parameters.code_splits.get(item, {}).get(score, {codes[0]: 1.0} if len(codes) == 1 else {})
        if sorted(shares) != codes or abs(sum(shares.values()) - 1) > 1e-9:
            raise ValueError(f"parameters.yml: code_splits of {item}, score {score}, must divide the codes {codes}")
        table[score] = (np.array(codes), np.cumsum([shares[c] for c in codes]))
    return table


def build_model(survey: Survey, indices: IndexFile, parameters: Parameters) -> AnswerModel:
    """Gather thresholds and codes from the catalogue.

    Raises:
        ValueError: when `code_splits` or `shared_items` in parameters.yml don't fit the catalogue.
    """
    owners: dict[str, list[str]] = {}
    for index in indices.indices:
        for part in index.items:
            owners.setdefault(part.item, []).append(index.key)
    if {i for i, o in owners.items() if len(o) > 1} != set(parameters.shared_items):
        raise ValueError("parameters.yml: shared_items must name exactly the items of two indices")
    items = questionnaire_order(survey)
    chosen = []
    for item in (i for i in items if i in owners):
        owner = parameters.shared_items.get(item, owners[item][0])
        index = next(i for i in indices.indices if i.key == owner)
        part = next(p for p in index.items if p.item == item)
        chosen.append((item, parameters.trait_keys.index(owner), part.thresholds, _splits(item, part.scores, parameters)))
    last = [parameters.unserious_count if survey.by_key[i].type == "count" else max(survey.answers(i)) for i in items]
    names, traits, thresholds, codes = zip(*chosen, strict=True)
    more, substances = load_item_parameters(), load_substance_parameters()
    first = tuple(i for i in items if i in owners or i in parameters.single_items or i in ROUTED_ITEMS)
    drawn = {*first, *more.ordered, *more.bullied.boxes, more.bullied.none, *(b for x in more.gambled.values() for b in x), "F50"}
    if absent := sorted(set(items) - drawn - substances.items):
        raise ValueError(f"item_parameters.yml: nothing about {', '.join(absent)}")
    return AnswerModel(survey, items, first, names, np.array(traits), thresholds, codes, np.array(last), more, substances)


@dataclass(frozen=True)
class Answers:
    """What the answering pupils handed in.

    Attributes:
        rows: positions in `Pupils` of those who answer.
        codes: canonical codes, 996, 998, 999 or `BLANK`; shape (rows, items).
        scores: true category scores behind the index items, before careless answers and gaps.
        careless: `SERIOUS`, `ALL_MAXIMUM` or `STRAIGHT`.
        sex: delivered sex 1 boy, 2 girl, 3 other, 999.
        planted: which implausible answer a serious pupil was given (`substance_parameters.yml`), mostly "".
    """

    rows: np.ndarray
    codes: np.ndarray
    scores: np.ndarray
    careless: np.ndarray
    sex: np.ndarray
    planted: np.ndarray


def simulate_answers(pupils: Pupils, model: AnswerModel, parameters: Parameters, seed: int) -> Answers:
    """Draw the answers of a municipality and wave (a stream of its own beside that of the pupils)."""
    rng = np.random.default_rng([seed, int(pupils.place.code), pupils.wave, 3])
    rows = np.flatnonzero(pupils.answers)
    theta = pupils.theta[rows]
    first = model.first
    codes = np.zeros((len(rows), len(first.items)), dtype=np.int16)
    scores = pcm.draw(rng, theta[:, model.trait], model.thresholds)
    split = rng.random(scores.shape)
    for position, item in enumerate(model.index_items):
        codes[:, first.column[item]] = _to_codes(scores[:, position], split[:, position], model.codes[position])
    _single_items(rng, pupils, rows, theta, first, parameters, codes)
    meant = {key: codes[:, position].copy() for key, position in first.column.items()}
    careless, constant = _careless(rng, first, parameters, codes)
    unsure, stop = _gaps(rng, first, parameters, careless, codes)
    sex = pupils.sex[rows].astype(np.int16) + 1
    sex[rng.random(len(rows)) < parameters.sex_missing] = NO_ANSWER
    everything = np.zeros((len(rows), len(model.items)), dtype=np.int16)
    column = model.column
    positions = np.array([*(column[key] for key in first.items), len(model.items)])
    everything[:, positions[:-1]] = codes
    filled = Filled(careless, constant, unsure, positions[stop])
    told = add_more_answers(everything, meant, pupils, rows, filled, model.survey, column, parameters, model.more, seed)
    planted = add_substance_answers(
        everything, told, pupils, rows, filled, model.survey, column, parameters, model.substances, seed
    )
    return Answers(rows, everything, scores, careless, sex, planted)


def _to_codes(scores: np.ndarray, split: np.ndarray, table: dict[int, tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    result = np.zeros(len(scores), dtype=np.int16)
    for score, (codes, cumulative) in table.items():
        here = scores == score
        position = np.searchsorted(cumulative, split[here], side="right").clip(max=len(codes) - 1)
        result[here] = codes[position]
    return result


def _single_items(
    rng: np.random.Generator,
    pupils: Pupils,
    rows: np.ndarray,
    theta: np.ndarray,
    model: AnswerModel,
    parameters: Parameters,
    codes: np.ndarray,
) -> None:
    """Ordered logit items and the count of times drunk, written into `codes`."""
    standard = (theta - parameters.trait_array("mean")) / parameters.trait_array("sd")
    girl, upper = pupils.sex[rows] == GIRL, pupils.grade[rows] == GY2
    waves_since = (pupils.wave - parameters.waves[0]) / 2
    noises: dict[str, np.ndarray] = {}
    for key, item in parameters.single_items.items():
        noise = rng.logistic(size=len(rows))
        if item.together_with:
            together = rng.random(len(rows)) < parameters.together_correlation
            noise = np.where(together, noises[item.together_with], noise)
        noises[key] = noise
        shift = item.gy2 * upper + item.girls * (girl - 0.5) + item.wave * waves_since + pupils.place.singles[key]
        for trait, per_sd in item.per_sd.items():
            shift = shift + per_sd * standard[:, parameters.trait_keys.index(trait)]
        below = np.cumsum(item.shares)[:-1]
        limits = np.log(below / (1 - below))
        codes[:, model.column[key]] = 1 + (shift + noise > limits[:, None]).sum(axis=0)
    codes[:, model.column["F37"]] = _drunk_recently(rng, codes[:, model.column["F36"]], parameters)


def _drunk_recently(rng: np.random.Generator, ever: np.ndarray, parameters: Parameters) -> np.ndarray:
    means = np.array([parameters.drunk_recently.means.get(code, 0.0) for code in range(8)])[ever]
    return (rng.geometric(1 / (1 + means)) - 1).clip(max=parameters.drunk_recently.maximum)


def _careless(
    rng: np.random.Generator, model: AnswerModel, parameters: Parameters, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Overwrite the rows of careless pupils (background questions, F5 and F6, stay); the kind and the constant answer."""
    size = len(codes)
    careless = rng.random(size) < parameters.unserious.share
    maximum = rng.random(size) < parameters.unserious.all_maximum
    constant = rng.integers(1, 5, size)
    kind = np.where(careless, np.where(maximum, ALL_MAXIMUM, STRAIGHT), SERIOUS)
    columns = np.array([i for i, k in enumerate(model.items) if k not in {"F5", "F6a", "F6b"}])
    last = model.last_code[columns]
    for rows, answers in ((kind == ALL_MAXIMUM, last), (kind == STRAIGHT, np.minimum(constant[kind == STRAIGHT, None], last))):
        block = codes[rows]
        block[:, columns] = answers
        codes[rows] = block
    return kind, constant


def _gaps(
    rng: np.random.Generator, model: AnswerModel, parameters: Parameters, careless: np.ndarray, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Don't know, skipped questions, routing and leaving early, written into `codes`; each pupil's leaning to "Vet inte" and
    the first column left empty."""
    size, width = codes.shape
    serious = careless == SERIOUS
    uncertain = parameters.dont_know_sd * rng.standard_normal(size)
    for key, share in parameters.dont_know.items():
        unsure = rng.random(size) < dont_know_rate(share, uncertain, parameters.dont_know_sd)
        codes[unsure & serious, model.column[key]] = DONT_KNOW
    codes[(rng.random(codes.shape) < parameters.item_missing) & serious[:, None]] = NO_ANSWER
    for key, filter_key in ROUTED_ITEMS.items():
        before, after = codes[:, model.column[filter_key]], codes[:, model.column[key]]
        after[before == 1] = ROUTED
        after[before == NO_ANSWER] = NO_ANSWER
    leaves = (rng.random(size) < parameters.break_off) & serious
    stop = np.where(leaves, rng.integers(1, width, size), width)
    codes[np.arange(width) >= stop[:, None]] = BLANK
    return uncertain, stop
