"""Answers to the questions outside the indices: ordered logits on the traits, boxes, routing and gaps.

Everything here is drawn from streams of its own, after the traits and the older questions, which therefore stay what they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assets.catalogue.models import Survey
from assets.demo.item_parameters import ItemParameters, MoreItem
from assets.demo.parameters import Parameters
from assets.demo.population import GIRL, GY2, Pupils

ROUTED, DONT_KNOW, NO_ANSWER = 996, 998, 999
BLANK = -1
"""The pupil left before this question: an empty cell where a delivery has empty cells, else "Ej svar"."""
NOT_ASKED = -2
"""The question was not in the questionnaire: always an empty cell."""
SERIOUS, ALL_MAXIMUM, STRAIGHT = 0, 1, 2
LOGISTIC_NORMAL = (16 * np.sqrt(3) / (15 * np.pi)) ** 2
"""A logistic plus a normal of variance v is nearly a logistic stretched by sqrt(1 + this v) (Johnson et al., 1995)."""


@dataclass(frozen=True)
class Filled:
    """How each answering pupil fills in the questionnaire.

    Attributes:
        careless: `SERIOUS`, `ALL_MAXIMUM` or `STRAIGHT`; straight-liners take `constant` everywhere.
        unsure: the pupil's own leaning to "Vet inte", in logits.
        stop: position in the questionnaire of the first question that the pupil left empty (its length: none).
    """

    careless: np.ndarray
    constant: np.ndarray
    unsure: np.ndarray
    stop: np.ndarray


def dont_know_rate(share: float, unsure: np.ndarray, sd: float) -> np.ndarray:
    """Probability of "Vet inte" per pupil, with the mean `share`."""
    return 1 / (1 + np.exp(-(np.sqrt(1 + LOGISTIC_NORMAL * sd**2) * np.log(share / (1 - share)) + unsure)))


def add_more_answers(
    codes: np.ndarray,
    meant: Mapping[str, np.ndarray],
    pupils: Pupils,
    rows: np.ndarray,
    filled: Filled,
    survey: Survey,
    column: Mapping[str, int],
    parameters: Parameters,
    more: ItemParameters,
    seed: int,
) -> dict[str, np.ndarray]:
    """Write the columns of the questions in item_parameters.yml into `codes`.

    Args:
        codes: (rows, items), the older questions already in place with their gaps.
        meant: older questions -> codes before careless answers and gaps.
        column: item key -> column; its order is that of the questionnaire.

    Returns:
        All questions so far -> codes before careless answers and gaps.
    """
    place = int(pupils.place.code)
    rng = np.random.default_rng([seed, place, pupils.wave, 5])
    local = np.random.default_rng([seed, place, 6]).standard_normal(len(more.ordered))
    own = dict(meant)
    _ordered_logits(rng, local, own, pupils, rows, parameters, more)
    _boxes(rng, own, more)
    means = np.array([more.drugs_recently.means.get(code, 0.0) for code in range(8)])[own["F48"]]
    own["F50"] = (rng.geometric(1 / (1 + means)) - 1).clip(max=more.drugs_recently.maximum)
    added = [key for key in column if key in own and key not in meant]
    for key in added:
        codes[:, column[key]] = own[key]
    _careless(codes, added, filled, survey, column, parameters)
    _gaps(rng, codes, added, filled, survey, column, parameters, more)
    _not_asked(codes, added, meant, filled, pupils.wave, survey, column, more)
    return own


def _ordered_logits(
    rng: np.random.Generator,
    local: np.ndarray,
    own: dict[str, np.ndarray],
    pupils: Pupils,
    rows: np.ndarray,
    parameters: Parameters,
    more: ItemParameters,
) -> None:
    size = len(rows)
    standard = (pupils.theta[rows] - parameters.trait_array("mean")) / parameters.trait_array("sd")
    root = parameters.correlation_root()
    names = more.tendencies
    tendencies = rng.standard_normal((size, len(names)))
    girl, upper = (pupils.sex[rows] == GIRL) - 0.5, pupils.grade[rows] == GY2
    waves_since = (pupils.wave - parameters.waves[0]) / 2
    for (key, item), place_effect in zip(more.ordered.items(), local, strict=True):
        loadings = np.array([item.per_sd.get(trait, 0.0) for trait in parameters.trait_keys])
        shared = np.array([item.tendency.get(name, 0.0) for name in names])
        stretch = _stretch(item, loadings, shared, root)
        shift = item.gy2 * upper + item.girls * girl + item.wave * waves_since + item.municipality * place_effect
        shift = stretch * shift + standard @ loadings + tendencies @ shared
        for other, by_code in item.given.items():
            shift = shift + np.array([by_code.get(code, 0.0) for code in range(8)])[own[other]]
        below = np.cumsum(item.shares)[:-1]
        limits = stretch * np.log(below / (1 - below))
        own[key] = 1 + (shift + rng.logistic(size=size) > limits[:, None]).sum(axis=0)


def _stretch(item: MoreItem, loadings: np.ndarray, shared: np.ndarray, root: np.ndarray) -> float:
    """How much wider the marginal distribution is than the logistic alone, so that `shares` hold for all pupils."""
    variance = float(((loadings @ root) ** 2).sum() + (shared**2).sum()) + item.municipality**2
    return float(np.sqrt(1 + LOGISTIC_NORMAL * variance))


def _boxes(rng: np.random.Generator, own: dict[str, np.ndarray], more: ItemParameters) -> None:
    bullied = more.bullied
    by = own[bullied.by]
    ticks = rng.random(len(by)) < np.array([bullied.share.get(code, 0.0) for code in range(8)])[by]
    some = np.zeros(len(by), dtype=bool)
    for key, share in bullied.boxes.items():
        own[key] = (ticks & (rng.random(len(by)) < share)).astype(np.int64)
        some |= own[key] == 1
    first = next(iter(bullied.boxes))
    own[first] = np.where(ticks & ~some, 1, own[first])
    own[bullied.none] = (~ticks).astype(np.int64)
    for box in dict.fromkeys(box for boxes in more.gambled.values() for box in boxes):
        own[box] = np.isin(own["F73"], [code for code, boxes in more.gambled.items() if box in boxes]).astype(np.int64)


def _careless(
    codes: np.ndarray, added: list[str], filled: Filled, survey: Survey, column: Mapping[str, int], parameters: Parameters
) -> None:
    straight = filled.careless == STRAIGHT
    for key in added:
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
    more: ItemParameters,
) -> None:
    """Don't know and skipped questions; a question with boxes is skipped as a whole, which leaves every box empty (0)."""
    size = len(codes)
    serious = filled.careless == SERIOUS
    for key, share in more.dont_know.items():
        unsure = rng.random(size) < dont_know_rate(share, filled.unsure, parameters.dont_know_sd)
        codes[unsure & serious, column[key]] = DONT_KNOW
    skipped_group: dict[str, np.ndarray] = {}
    for key in added:
        group = survey.by_key[key].multi
        if group is None or group not in skipped_group:
            skipped = serious & (rng.random(size) < parameters.item_missing)
            skipped_group |= {group: skipped} if group else {}
        codes[skipped_group[group] if group else skipped, column[key]] = 0 if group else NO_ANSWER


def _not_asked(
    codes: np.ndarray,
    added: list[str],
    meant: Mapping[str, np.ndarray],
    filled: Filled,
    wave: int,
    survey: Survey,
    column: Mapping[str, int],
    more: ItemParameters,
) -> None:
    """Routing, questions that didn't exist, and what lies after the point where a pupil left."""
    for key in added:
        item, here = survey.by_key[key], codes[:, column[key]]
        if item.routed_by:
            before = codes[:, column[item.routed_by.item]]
            group = survey.by_key[item.routed_by.item].multi
            boxes = [column[i.key] for i in survey.items if group and i.multi == group]
            unknown = (codes[:, boxes] == 0).all(axis=1) if boxes else before == NO_ANSWER
            here[~np.isin(before, (*item.routed_by.answered_when, NO_ANSWER))] = ROUTED
            here[unknown] = NO_ANSWER
        some = more.asked_of_some.get(key)
        if some and some.wave == wave:
            here[~np.isin(meant[some.item], some.codes)] = ROUTED
        here[column[key] >= filled.stop] = BLANK
        if not item.asked_in(wave):
            here[:] = NOT_ASKED
    for key in added:  # a routed question is not routed by one that wasn't asked
        routing = survey.by_key[key].routed_by
        if routing and not survey.by_key[routing.item].asked_in(wave):
            codes[:, column[key]] = NOT_ASKED
