"""Answers about age, drinks, kinds of drugs and ages at first use, the last to be drawn, and implausible ones planted among them.

Everything comes from a stream of its own, so that all other answers stay what they were.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assets.catalogue.models import Item, Survey
from assets.demo.more_answers import (
    ALL_MAXIMUM,
    BLANK,
    DONT_KNOW,
    NO_ANSWER,
    NOT_ASKED,
    ROUTED,
    SERIOUS,
    STRAIGHT,
    Filled,
    dont_know_rate,
)
from assets.demo.parameters import Parameters
from assets.demo.population import GIRL, GY2, Pupils
from assets.demo.substance_parameters import SubstanceParameters, TickedBoxes, YesNo

YOUNGEST_ANSWER = 15
"""Age behind the answer 1 to F1 ("15 år eller yngre")."""
STREAM = 7
TWICE_A_MONTH = 5
CODES = 1000
"""Length of a table by code; the negative codes of what was not asked count from its end, where nothing is."""
NOT_OVERWRITTEN = frozenset({"F1"})
"""Careless pupils give their true background."""


def add_substance_answers(
    codes: np.ndarray,
    meant: Mapping[str, np.ndarray],
    pupils: Pupils,
    rows: np.ndarray,
    filled: Filled,
    survey: Survey,
    column: Mapping[str, int],
    parameters: Parameters,
    substances: SubstanceParameters,
    seed: int,
) -> np.ndarray:
    """Write the columns of `substances.items` into `codes`.

    Args:
        codes: (rows, items), all other questions in place with their gaps.
        meant: the other questions -> codes before careless answers and gaps.

    Returns:
        What was planted per row: a key of `substances.planted`, or "".
    """
    rng = np.random.default_rng([seed, int(pupils.place.code), pupils.wave, STREAM])
    own = _drawn(rng, meant, pupils, rows, substances)
    for key in column:
        if key in own:
            codes[:, column[key]] = own[key]
    added = [key for key in column if key in own]
    _careless(codes, added, filled, survey, column, parameters)
    _gaps(rng, codes, added, filled, survey, column, parameters, substances)
    for key in added:
        _not_asked(codes, survey.by_key[key], filled, pupils.wave, survey, column)
    return _plant(rng, codes, filled, own, column, substances)


def _drawn(
    rng: np.random.Generator,
    meant: Mapping[str, np.ndarray],
    pupils: Pupils,
    rows: np.ndarray,
    substances: SubstanceParameters,
) -> dict[str, np.ndarray]:
    """What every pupil would answer if asked."""
    size = len(rows)
    girl, upper = (pupils.sex[rows] == GIRL) - 0.5, pupils.grade[rows] == GY2
    shares = np.where(upper[:, None], np.array(substances.age["gy2"]), np.array(substances.age["ak9"]))
    own = {"F1": 1 + (rng.random(size)[:, None] > np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)}
    age = own["F1"] + YOUNGEST_ANSWER - 1
    for key, debut in substances.debut.items():
        years = np.floor(debut.mean + debut.sd * rng.standard_normal(size) + 0.5)
        own[key] = np.clip(years, substances.youngest, age).astype(np.int64)
    heavy = meant["F35"]
    habit = np.array([substances.by_heavy_drinking.get(code, 0.0) for code in range(8)])[heavy]
    for key, drink in substances.drinks.items():
        often = _ordered(rng, drink.often, habit + drink.girls * girl)
        own[key] = np.where(heavy == 1, 1, often)
        own[drink.amount_item] = _ordered(rng, drink.amount, 0.5 * habit)
    too_much = _volume(own, substances) > substances.volume.most
    for key in substances.drinks:
        own[key] = np.where(too_much, np.minimum(own[key], TWICE_A_MONTH), own[key])
    for boxes in substances.boxes.values():
        own |= _ticked(rng, boxes, size)
    for key, question in substances.gambling.items():
        own[key] = _yes_or_no(rng, question, girl)
    return own


def _ordered(rng: np.random.Generator, shares: tuple[float, ...], shift: np.ndarray) -> np.ndarray:
    below = np.cumsum(shares)[:-1]
    return 1 + (shift + rng.logistic(size=len(shift)) > np.log(below / (1 - below))[:, None]).sum(axis=0)


def _ticked(rng: np.random.Generator, boxes: TickedBoxes, size: int) -> dict[str, np.ndarray]:
    own = {key: (rng.random(size) < share).astype(np.int64) for key, share in boxes.shares.items()}
    none = np.sum(list(own.values()), axis=0) == 0
    own[boxes.otherwise] = none.astype(np.int64)
    return own | {key: np.zeros(size, dtype=np.int64) for key in boxes.never}


def _yes_or_no(rng: np.random.Generator, question: YesNo, girl: np.ndarray) -> np.ndarray:
    yes = rng.random(len(girl)) < 1 / (1 + np.exp(-(np.log(question.share / (1 - question.share)) + question.girls * girl)))
    return np.where(yes, question.yes_code, 3 - question.yes_code)


def _careless(
    codes: np.ndarray, added: list[str], filled: Filled, survey: Survey, column: Mapping[str, int], parameters: Parameters
) -> None:
    straight = filled.careless == STRAIGHT
    for key in added:
        if key in NOT_OVERWRITTEN:
            continue
        last = parameters.unserious_count if survey.by_key[key].type == "count" else max(survey.answers(key))
        here = codes[:, column[key]]
        here[filled.careless == ALL_MAXIMUM] = last
        here[straight] = np.minimum(filled.constant[straight], last)


def _gaps(
    rng: np.random.Generator,
    codes: np.ndarray,
    added: list[str],
    filled: Filled,
    survey: Survey,
    column: Mapping[str, int],
    parameters: Parameters,
    substances: SubstanceParameters,
) -> None:
    """Don't know and skipped questions; a question with boxes is skipped as a whole, which leaves every box empty (0)."""
    size, serious = len(codes), filled.careless == SERIOUS
    for key, share in substances.dont_know.items():
        unsure = rng.random(size) < dont_know_rate(share, filled.unsure, parameters.dont_know_sd)
        codes[unsure & serious, column[key]] = DONT_KNOW
    skipped: dict[str, np.ndarray] = {}
    for key in added:
        group = survey.by_key[key].multi
        name = group or key
        if name not in skipped:
            skipped[name] = serious & (rng.random(size) < parameters.item_missing)
        codes[skipped[name], column[key]] = 0 if group else NO_ANSWER


def _not_asked(codes: np.ndarray, item: Item, filled: Filled, wave: int, survey: Survey, column: Mapping[str, int]) -> None:
    """Routing, a question that didn't exist, and what lies after the point where a pupil left."""
    here = codes[:, column[item.key]]
    if item.routed_by:
        gates = {key: opens for key, opens in item.routed_by.gates.items() if survey.by_key[key].asked_in(wave)}
        before = {key: codes[:, column[key]] for key in gates}
        opened = np.any([np.isin(before[key], opens) for key, opens in gates.items()], axis=0)
        unknown = ~opened & np.any([before[key] == NO_ANSWER for key in gates], axis=0)
        here[~opened] = ROUTED
        here[unknown] = 0 if item.multi else NO_ANSWER
    here[column[item.key] >= filled.stop] = BLANK
    if not item.asked_in(wave):
        here[:] = NOT_ASKED


def _plant(
    rng: np.random.Generator,
    codes: np.ndarray,
    filled: Filled,
    own: Mapping[str, np.ndarray],
    column: Mapping[str, int],
    substances: SubstanceParameters,
) -> np.ndarray:
    """Implausible answers of some serious pupils who went through the whole questionnaire."""
    planted = np.full(len(codes), "", dtype="<U24")
    free = (filled.careless == SERIOUS) & (filled.stop >= len(column))

    def code(key: str) -> np.ndarray:
        return codes[:, column[key]]

    kinds = [key for key in substances.boxes["F47"].shares if not (code(key) == NOT_ASKED).any()]
    never_smoked = (code("F14") == 1) & np.isin(code("F15"), (1, NOT_ASKED)) & (code("F17") == ROUTED)
    drunk = (code("F38") > 0) & (code("F38") < DONT_KNOW - 2)
    age = np.where(code("F1") == NO_ANSWER, 0, own["F1"] + YOUNGEST_ANSWER - 1)
    cases: dict[str, tuple[np.ndarray, dict[str, int | np.ndarray]]] = {
        "fictitious_drug": (code("F46") == 2, {"F47h": 1}),
        "many_drugs": (code("F46") == 2, dict.fromkeys(kinds, 1) | {"F47t": 0}),
        "alcohol_volume": ((code("F30") > 1) & (code("F30") < ROUTED), {"F30": 9, "F31": 8}),
        "debut_age": (drunk, {"F38": rng.integers(3, 9, len(codes))}),
        "debut_above_age": (drunk & (age > 0) & (own["F1"] < 5), {"F38": age + 2}),
        "smoking_contradiction": (never_smoked, {"F17": 13}),
        "drugs_contradiction": (code("F46") == 1, dict.fromkeys([*kinds, "F47h", "F47t"], 0) | {"F47a": 1}),
    }
    for name, share in substances.planted.items():
        possible, answers = cases[name]
        chosen = free & (planted == "") & possible & (rng.random(len(codes)) < share)
        planted[chosen] = name
        for key, answer in answers.items():
            codes[chosen, column[key]] = answer[chosen] if isinstance(answer, np.ndarray) else answer
    return planted


def supplier_volume(codes: np.ndarray, column: Mapping[str, int], substances: SubstanceParameters) -> np.ndarray:
    """The supplier's `alkokons`: centilitres of pure alcohol in a year, whole; NaN when an answer about some drink is lacking."""
    return _volume({key: codes[:, column[key]] for key in substances.drink_items}, substances)


def _volume(answers: Mapping[str, np.ndarray], substances: SubstanceParameters) -> np.ndarray:
    total = 0.0
    for key, conversion in substances.volume.drinks.items():
        often, amount = answers[key], answers[substances.drinks[key].amount_item]
        times, centilitres = np.full(CODES, np.nan), np.full(CODES, np.nan)
        times[list(substances.volume.times)] = list(substances.volume.times.values())
        centilitres[1 : len(conversion.centilitres) + 1] = conversion.centilitres
        total = total + np.where(often == 1, 0.0, times[often] * centilitres[amount] * conversion.strength)
    return np.floor(total + 0.5)
