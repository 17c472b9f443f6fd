"""A suggested order to talk about the factors in, by a published rule, and how stable that order is.

Each criterion gives 0-1 points; a factor's points are the weighted mean over the criteria that are known. An unknown criterion is
never guessed: it is left out of the points, and when the order is tried it may be anything from 0 to 1.

The order is tried with every weight changed up and down (all corners), and with random weights within the same bounds together
with random values within the estimates' intervals. The draws come from a fixed seed, so the same input gives the same places.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from assets.catalogue.priority_models import CRITERIA, PriorityFile

POINTS = tuple(f"{name}_points" for name in CRITERIA)
SCHEMA: dict[str, type[pl.DataType]] = {
    "edition": pl.String, "area_code": pl.String, "wave": pl.Int32, "factor": pl.String, "place": pl.Int32, "points": pl.Float64,
    **dict.fromkeys(POINTS, pl.Float64), "place_low": pl.Int32, "place_high": pl.Int32, "share_top3": pl.Float64,
    "stable": pl.Boolean, "reason": pl.String,
}  # fmt: skip
OK, TOO_LITTLE = "ok", "too_little_known"
_DIGITS = 9
"""Points are compared after rounding here, so that equal factors are equal however their sums were made."""
Bounds = tuple[float | None, float, float]
"""Points of a criterion (None where unknown), and the least and most they could be."""
UNKNOWN: Bounds = (None, 0.0, 1.0)
_Row = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """One factor with its criteria in the rule's order."""

    factor: str
    criteria: tuple[Bounds, ...]

    def known_weight(self, weights: Sequence[float]) -> float:
        """The part of the weights that lies on known criteria."""
        return sum(w for w, (value, _, _) in zip(weights, self.criteria, strict=True) if value is not None) / sum(weights)


def priority_order(overview: pl.DataFrame, rule: PriorityFile) -> pl.DataFrame:
    """`release.priority_order`: a row per municipality x wave x factor, in the order suggested; factors without a place last.

    Args:
        overview: `release.factor_overview`. Of the grades the highest known points of each criterion count.
    """
    rows: list[dict[str, object]] = []
    if overview.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    groups = overview.partition_by("edition", "area_code", "wave", as_dict=True, maintain_order=True)
    for (edition, code, wave), group in sorted(groups.items()):
        by_factor: dict[str, list[_Row]] = {}
        for row in group.iter_rows(named=True):
            by_factor.setdefault(row["factor"], []).append(row)
        judged = [Judged(factor, criteria(held, rule, str(code))) for factor, held in by_factor.items()]
        rows += [{"edition": edition, "area_code": code, "wave": wave, **row} for row in ordered(judged, rule)]
    return pl.DataFrame(rows, schema=SCHEMA)


def criteria(rows: Sequence[_Row], rule: PriorityFile, municipality: str) -> tuple[Bounds, ...]:
    """The six criteria of one factor, over its grades."""
    factor = rows[0]["factor"]
    fixed = rule.malleability.get(factor)
    local = rule.local.get(municipality, {}).get(factor)
    return (
        _highest([_size(row, rule.size_full_at) for row in rows]),
        _highest([_certainty(row) for row in rows]),
        _highest([_known(rule.change_points.get(row["trend_verdict"] or "")) for row in rows]),
        _known(fixed.points if fixed else None),
        _highest([_coverage(row) for row in rows]),
        _known(local),
    )


def ordered(judged: Sequence[Judged], rule: PriorityFile) -> list[dict[str, object]]:
    """Places, points and stability of factors of one municipality and wave. Equal points share a place (1, 2, 2, 4)."""
    weights = [rule.weights[name] for name in CRITERIA]
    placed = [one for one in judged if one.known_weight(weights) >= rule.least_known_weight]
    points = [_points(one, weights) for one in placed]
    places = _places(np.array([points]))[0] if placed else []
    tried = _places(_tried_points(placed, weights, rule)) if placed else np.empty((0, 0), dtype=np.int64)
    rows = []
    for number in sorted(range(len(placed)), key=lambda n: (places[n], n)):
        low, high = _interval(tried[:, number], int(places[number]), rule.place_interval)
        share = round(float((tried[:, number] <= rule.top).mean()), 3)
        rows.append({
            "factor": placed[number].factor, "place": int(places[number]), "points": round(100 * points[number], 1),
            **_told(placed[number]), "place_low": low, "place_high": high, "share_top3": share,
            "stable": share >= rule.stable_from or share <= 1 - rule.stable_from, "reason": OK,
        })  # fmt: skip
    rest = [one for one in judged if one not in placed]
    return rows + [{"factor": one.factor, **_told(one), "reason": TOO_LITTLE} for one in rest]


def _told(judged: Judged) -> dict[str, object]:
    values = (value for value, _, _ in judged.criteria)
    return {name: None if v is None else round(v, 3) for name, v in zip(POINTS, values, strict=True)}


def _points(judged: Judged, weights: Sequence[float]) -> float:
    """The weighted mean of the known criteria, 0-1."""
    known = [(w, value) for w, (value, _, _) in zip(weights, judged.criteria, strict=True) if value is not None]
    return round(sum(w * value for w, value in known) / sum(w for w, _ in known), _DIGITS)


def _tried_points(placed: Sequence[Judged], weights: Sequence[float], rule: PriorityFile) -> np.ndarray:
    """Points per try and factor: the corners of the weights with the values as they are, then draws of both."""
    low, high = 1 - rule.weight_change, 1 + rule.weight_change
    # Weights are put on one scale first: the same weights times a number must give the same tries to the last bit.
    base = np.array(weights) / sum(weights)
    corners = base * np.array(list(product((low, high), repeat=len(base))))
    values = np.array([[np.nan if value is None else value for value, _, _ in one.criteria] for one in placed])
    known = ~np.isnan(values)
    at_corners = _mean(corners[:, None, :] * known, np.where(known, values, 0.0))
    lows = np.array([[bound[1] for bound in one.criteria] for one in placed])
    highs = np.array([[bound[2] for bound in one.criteria] for one in placed])
    # A fixed design, no secret: the stream of Random is the same in all versions of Python.
    numbers = random.Random(rule.seed)
    shape = (rule.draws, len(placed) + 1, len(base))
    drawn = np.array([numbers.random() for _ in range(int(np.prod(shape)))]).reshape(shape)
    tried = base * (low + (high - low) * drawn[:, 0, :])
    at_draws = _mean(np.broadcast_to(tried[:, None, :], drawn[:, 1:, :].shape), lows + (highs - lows) * drawn[:, 1:, :])
    return np.round(np.concatenate([at_corners, at_draws]), _DIGITS)


def _mean(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    return (weights * values).sum(axis=-1) / weights.sum(axis=-1)


def _places(points: np.ndarray) -> np.ndarray:
    """Place per try and factor: one more than the number of factors with more points."""
    return 1 + (points[:, None, :] > points[:, :, None]).sum(axis=-1)


def _interval(places: np.ndarray, place: int, part: float) -> tuple[int, int]:
    """The places that hold the middle `part` of the tries, and the suggested place itself."""
    ordered_places = np.sort(places)
    cut = int((1 - part) / 2 * len(ordered_places))
    return min(place, int(ordered_places[cut])), max(place, int(ordered_places[-1 - cut]))


def _known(value: float | None) -> Bounds:
    return UNKNOWN if value is None else (float(value), float(value), float(value))


def _highest(found: Sequence[Bounds]) -> Bounds:
    """Over the grades: the highest of those that are known; unknown only when all of them are."""
    known = [bound for bound in found if bound[0] is not None]
    if not known:
        return UNKNOWN
    return (max(b[0] or 0.0 for b in known), max(b[1] for b in known), max(b[2] for b in known))


def _part(value: float) -> float:
    return min(1.0, max(0.0, value))


def _size(row: _Row, full_at: float) -> Bounds:
    value = row["share_focus"]
    if value is None:
        return UNKNOWN
    low, high = (value if row[name] is None else row[name] for name in ("low", "high"))
    return (_part(value / full_at), _part(low / full_at), _part(high / full_at))


def _certainty(row: _Row) -> Bounds:
    """The part of the interval of the difference to the county that lies above zero."""
    value, low, high = row["diff_county"], row["diff_low"], row["diff_high"]
    if value is None or low is None or high is None:
        return UNKNOWN
    if high == low:
        return _known(0.5 if value == 0 else float(value > 0))
    return _known(_part(high / (high - low)))


def _coverage(row: _Row) -> Bounds:
    """Few known activities give more points; the bounds say what they'd be if all that is unknown also existed."""
    low, high = row["coverage_low"], row["coverage_high"]
    if row["reason_coverage"] != OK or low is None:
        return UNKNOWN
    return (1.0 - low, 1.0 - (low if high is None else high), 1.0 - low)
