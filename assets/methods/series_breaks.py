"""The break register applied to series: from which wave on a number may be compared with later ones. Pure.

One place decides it, for tables and charts alike. A break belongs to the first wave with the new question. A `major` one ends the
comparable series, a `minor` one is only said. Kinds: `question_changed`, `options_changed` and `population_changed` change what
the number means; a `new_item` that is one of several questions does too, and for a question of its own nothing is before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

COLUMNS = {
    "series_kind": pl.String,
    "series": pl.String,
    "wave": pl.Int32,
    "break_level": pl.String,
    "break_text": pl.String,
    "comparable_from": pl.Int32,
    "segment": pl.Int32,
    "flag": pl.String,
}


class SeriesChange(Protocol):
    """A change of a series from one wave on; the catalogue's breaks and the charts' are such."""

    @property
    def year(self) -> int:
        """First wave with the change."""

    @property
    def level(self) -> str:
        """`major` or `minor`."""

    @property
    def text_sv(self) -> str:
        """What changed, in Swedish."""


@dataclass(frozen=True)
class SeriesDefinition:
    """A series: `index`, `indicator` or `scale`, the breaks of its questions and the waves it is defined for."""

    kind: str
    key: str
    breaks: tuple[SeriesChange, ...]
    first_wave: int | None = None
    last_wave: int | None = None


def comparable_from(wave: int, breaks: Iterable[SeriesChange]) -> int:
    """The year of the last major break up to `wave`: no earlier wave may be compared with it. 0 when there is none."""
    return max((change.year for change in breaks if change.level == "major" and change.year <= wave), default=0)


def may_be_compared(first: int, second: int, breaks: Iterable[SeriesChange]) -> bool:
    """Whether two waves stand on the same side of every major break."""
    return min(first, second) >= comparable_from(max(first, second), breaks)


def segment_numbers(waves: Sequence[int], shown: Sequence[bool], breaks: Iterable[SeriesChange]) -> list[int]:
    """A number per wave that grows after every wave without a value and at every major break: a line joins equal numbers only."""
    found = list(breaks)
    numbers: list[int] = []
    for position, wave in enumerate(waves):
        if position == 0:
            numbers.append(0)
            continue
        cut = not shown[position - 1] or not may_be_compared(waves[position - 1], wave, found)
        numbers.append(numbers[-1] + cut)
    return numbers


def series_breaks(series: Iterable[SeriesDefinition], waves: Sequence[int]) -> pl.DataFrame:
    """`release.series_breaks`.

    Args:
        waves: all survey waves, rising; the last is the one that others are compared with.

    Returns:
        A row per series and wave that it is defined for, sorted: `series_kind, series, wave`, `break_level` (of the change since
        the wave before: `major`, `minor` or empty), `break_text` (in Swedish, empty without one), `comparable_from` (the earliest
        wave that may be compared with this one), `segment` (0, 1, ... between major breaks), `flag` (`series_break` when the wave
        may not be compared with the last one, else `ok`).
    """
    rows = [row for one in series for row in _rows(one, waves)]
    return pl.DataFrame(rows, schema=COLUMNS, orient="row").sort("series_kind", "series", "wave")


def _rows(one: SeriesDefinition, waves: Sequence[int]) -> list[tuple[object, ...]]:
    defined = [wave for wave in waves if (one.first_wave or wave) <= wave <= (one.last_wave or wave)]
    segments = segment_numbers(defined, [True] * len(defined), one.breaks)
    rows: list[tuple[object, ...]] = []
    for position, wave in enumerate(defined):
        before = max((other for other in waves if other < wave), default=wave - 1)
        here = [change for change in one.breaks if before < change.year <= wave]
        level = "" if not here else "major" if any(change.level == "major" for change in here) else "minor"
        text = ". ".join(dict.fromkeys(change.text_sv for change in here))
        start = min(other for other in defined if other >= comparable_from(wave, one.breaks))
        # a series that has ended may be compared with nothing after it
        ended = one.last_wave is not None and one.last_wave < waves[-1]
        flag = "ok" if not ended and may_be_compared(wave, waves[-1], one.breaks) else "series_break"
        rows.append((one.kind, one.key, wave, level, text, start, segments[position], flag))
    return rows
