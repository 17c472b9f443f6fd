"""Similar municipalities: the nearest ones by standardised register values. Open, deterministic and without outcomes. Pure.

The distance is the root mean square of the differences between z scores over the municipalities (population standard deviation),
every measure with the same weight, as in RKA's "Liknande kommuner" (Kolada), which compares standardised differences in the same
way but with measures and weights of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Values = Mapping[str, float]
"""Area code -> value."""


@dataclass(frozen=True)
class Measured:
    """One measure: the year it is about, whether a ratio matters (`log`), and the values by area."""

    name: str
    year: int | None
    values: Values
    log: bool = False


@dataclass(frozen=True)
class Neighbour:
    """A similar area and its distance in standard deviations."""

    area_code: str
    distance: float


def standardised(measure: Measured) -> dict[str, float]:
    """z scores of a measure by area; empty when fewer than two areas have a value or all values are the same.

    A value that isn't above zero has no logarithm and counts as unknown in a measure with `log`.
    """
    known = {code: value for code, value in measure.values.items() if not measure.log or value > 0}
    turned = {code: math.log(known[code]) if measure.log else known[code] for code in sorted(known)}
    if len(turned) < 2:
        return {}
    mean = math.fsum(turned.values()) / len(turned)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in turned.values()) / len(turned))
    return {code: (value - mean) / spread for code, value in turned.items()} if spread > 0 else {}


def similar_areas(area_code: str, measures: Sequence[Measured], most: int) -> list[Neighbour]:
    """The `most` nearest areas, nearest first (equal distances by code); none when a measure of the area itself is unknown.

    Areas without all the measures are left out: a distance over fewer measures is not comparable.
    """
    scores = [standardised(measure) for measure in measures]
    if not scores or any(area_code not in score for score in scores):
        return []
    others = sorted(set.intersection(*(set(score) for score in scores)) - {area_code})
    found = [Neighbour(code, _distance([(score[code], score[area_code]) for score in scores])) for code in others]
    return sorted(found, key=lambda one: (one.distance, one.area_code))[:most]


def unknown_for(area_code: str, measures: Sequence[Measured]) -> list[str]:
    """Names of the measures that can't be used for the area."""
    return [measure.name for measure in measures if area_code not in standardised(measure)]


def _distance(pairs: Sequence[tuple[float, float]]) -> float:
    return math.sqrt(math.fsum((a - b) ** 2 for a, b in pairs) / len(pairs))
