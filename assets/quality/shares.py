"""Kinds of missing answers per question, and how they have changed. Pure.

996 (led past), 998 (don't know) and 999 (no answer) are counted apart; null means that the delivery has no such column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt

import polars as pl

from assets.catalogue.models import Item, Survey
from assets.quality.settings import QualitySettings
from assets.quality.types import Counts, ItemQuality, ItemState

UNIT = ("delivery_id", "wave", "municipality_code")
KINDS = {"routed": 996, "dont_know": 998, "unanswered": 999}
EMPTY = Counts(0, 0, 0, 0, 0)
Unit = tuple[str, int, str]
ByItem = Mapping[str, Counts]


def item_counts(frame: pl.DataFrame, items: Sequence[str]) -> dict[Unit, dict[str, Counts]]:
    """Count the kinds of missing of every question per delivery, wave and municipality.

    Args:
        frame: rows of harmonised or validated survey responses.
        items: canonical questions; those without a column are all absent.

    Returns:
        (delivery id, wave, municipality code) -> question -> counts.
    """
    if frame.is_empty():
        return {}
    held = [i for i in items if i in frame.columns]
    sums = [pl.col(i).is_null().sum().cast(pl.Int64).alias(f"{i}|absent") for i in held]
    sums += [(pl.col(i) == code).sum().cast(pl.Int64).alias(f"{i}|{kind}") for i in held for kind, code in KINDS.items()]
    grouped = frame.group_by(UNIT).agg(pl.len().cast(pl.Int64).alias("rows"), *sums).sort(UNIT)
    found: dict[Unit, dict[str, Counts]] = {}
    for row in grouped.iter_rows(named=True):
        rows = row["rows"]
        found[(row["delivery_id"], row["wave"], row["municipality_code"])] = {
            i: Counts(rows, row.get(f"{i}|absent", rows), *(row.get(f"{i}|{kind}", 0) for kind in KINDS)) for i in items
        }
    return found


def add_up(parts: Iterable[ByItem]) -> dict[str, Counts]:
    """The counts of several municipalities together."""
    total: dict[str, Counts] = {}
    for part in parts:
        for item, counts in part.items():
            total[item] = Counts(*map(sum, zip(total.get(item, EMPTY), counts, strict=True)))
    return total


def percent(count: int, base: int, least: int) -> int | None:
    """Whole per cent, halves upwards; None when the base is smaller than `least`."""
    return None if base < least else (200 * count + base) // (2 * base)


def item_quality(
    now: ByItem, before: Mapping[int, ByItem], survey: Survey, wave: int, settings: QualitySettings
) -> tuple[ItemQuality, ...]:
    """Every question that was asked in the wave, in the questionnaire's order of the catalogue.

    Args:
        now: counts of the delivery, for the questions of its codebook.
        before: earlier wave -> counts of the same municipalities' accepted answers, waves without answers included as empty
            mappings, so that the line shows the gap.
    """
    asked = [item for item in survey.items if item.asked_in(wave) and item.key in now]
    return tuple(_one(item, now, before, wave, settings) for item in asked)


def _one(item: Item, now: ByItem, before: Mapping[int, ByItem], wave: int, settings: QualitySettings) -> ItemQuality:
    own = now.get(item.key, EMPTY)
    least = settings.least_rows
    waves = [w for w in sorted(before) if item.asked_in(w)][-(settings.waves_shown - 1) :]
    history = [(w, _share(before[w].get(item.key, EMPTY), least)) for w in waves]
    share = _share(own, least)
    held = [w for w in waves if before[w]]
    last = before[held[-1]].get(item.key, EMPTY) if held else None
    then = _share(last, least) if last else None
    change = None if share is None or then is None else share - then
    return ItemQuality(
        item=item.key,
        label=item.label_sv,
        arena=item.section,
        unanswered=share,
        dont_know=percent(own.dont_know, own.asked, least) if item.dont_know or own.dont_know else None,
        routed=percent(own.routed, own.asked, least) if item.routed_by or own.routed else None,
        history=(*history, (wave, share)),
        change=change,
        state=_state(item, own, last, change, wave, settings),
    )


def _share(counts: Counts, least: int) -> int | None:
    return percent(counts.unanswered, counts.asked, least)


def _state(item: Item, own: Counts, last: Counts | None, change: int | None, wave: int, settings: QualitySettings) -> ItemState:
    if own.rows and not own.answered:
        return "gone" if last and last.answered else "absent"
    if item.first_wave == wave:
        return "new"
    if last and last.rows and not last.answered:
        return "back"
    if change is None or last is None or abs(change) < settings.drift_points or not _beyond_chance(own, last, settings.drift_z):
        return "ok"
    return "more" if change > 0 else "less"


def _beyond_chance(own: Counts, last: Counts, z: float) -> bool:
    """Whether two shares differ by more than `z` standard errors of their difference, with the share pooled.

    The two-proportion test as in Agresti, Categorical Data Analysis (2013), section 3.2.
    """
    pooled = (own.unanswered + last.unanswered) / (own.asked + last.asked)
    error = sqrt(pooled * (1 - pooled) * (1 / own.asked + 1 / last.asked))
    return abs(own.unanswered / own.asked - last.unanswered / last.asked) > z * error


def present(counts: ByItem, items: Iterable[str]) -> set[str]:
    """The questions that have a column."""
    return {i for i in items if counts.get(i, EMPTY).asked}
