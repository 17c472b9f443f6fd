"""What the audit is told and what it answers: plain numbers and tables. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

CELL_KEY = ("table_name", "edition", "area_level", "area_code", "wave", "grade", "sex", "key", "measure")
REPORT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(CELL_KEY, pl.String), "wave": pl.Int32, "low": pl.Float64, "high": pl.Float64, "width": pl.Float64,
    "required": pl.Float64, "verdict": pl.String, "attack": pl.String,
}  # fmt: skip
CONFLICT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(("attack", "table_name", "area_code", "grade"), pl.String), "wave": pl.Int32, "cells": pl.Int64,
    "tables": pl.String,
}  # fmt: skip


@dataclass(frozen=True)
class EditionRules:
    """What our published rules tell an attacker about one edition, in pupils and per cent.

    Attributes:
        floor, floor_sensitive, district_floor: least number that is shown, and that a share is shown for.
        respondents_floor: least number of respondents that is shown.
        count_step, share_step: to what numbers and shares are rounded.
        width, width_sensitive: a hidden number's interval must be wider than this.
        cell, cell_sensitive: at least so many pupils are in a shown share, and as many outside it.
        mean_step: to what means are rounded.
    """

    floor: int
    floor_sensitive: int
    district_floor: int
    respondents_floor: int
    count_step: int
    share_step: int
    width: int
    width_sensitive: int
    cell: int = 0
    cell_sensitive: int = 0
    mean_step: float = 0.01


@dataclass(frozen=True)
class CountRule:
    """A number of factors: who has one (risk: band 2 or 3; else band 1), and from which number each group starts."""

    key: str
    indices: tuple[str, ...]
    risk: bool
    least_scored: int
    starts: tuple[int, int, int]


@dataclass(frozen=True)
class AuditRules:
    """All that an attacker reads in our rules and definitions, as plain data.

    Attributes:
        editions: edition -> its numbers. innermost: the edition that shows most; others are audited alone and it with all.
        sensitive: keys of indices, counts and series that need the wider interval.
        counts: the numbers of factors.
        nested: (inner, outer, outer_is_no): a yes to inner is always a yes (or a no) to outer.
        covers: (whole, parts): a yes to whole is a yes to one or more of the parts.
        bases: (indicator, base): only those with one answer to base are asked.
        never_split: series that are never split by sex below the county, so a hidden row there tells nothing of its size.
        weighted: names of methods whose shares are not those of the pupils.
        focus: index -> the band whose share is compared between areas and sexes.
        perturbed: tables whose numbers have noise, the same for the same pupils: nothing exact can be concluded from them.
        whole: whether hidden numbers are also attacked by whole pupils and floors (`whole.py`).
        withheld: tables with exact numbers of the same pupils, which must show none then.
        logit_intervals, plain_intervals: methods whose intervals are symmetric on the logit scale, and as they are.
    """

    editions: Mapping[str, EditionRules]
    innermost: str
    sensitive: frozenset[str] = frozenset()
    counts: tuple[CountRule, ...] = ()
    nested: tuple[tuple[str, str, bool], ...] = ()
    covers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    bases: tuple[tuple[str, str], ...] = ()
    never_split: frozenset[str] = frozenset()
    weighted: frozenset[str] = frozenset()
    logit_intervals: frozenset[str] = frozenset()
    plain_intervals: frozenset[str] = frozenset()
    focus: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    perturbed: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()

    def floor(self, edition: str, key: str, level: str) -> int:
        """Least number of pupils that a share of this key is shown for."""
        own = self.editions[edition]
        floor = own.floor_sensitive if key in self.sensitive else own.floor
        return max(floor, own.district_floor) if level == "district" else floor

    def number_floor(self, edition: str, key: str) -> int:
        """Least number of pupils that is shown as a number."""
        own = self.editions[edition]
        return own.floor_sensitive if key in self.sensitive else own.floor

    def cell_floor(self, edition: str, key: str) -> int:
        """Least number of pupils in a shown share, and outside it."""
        own = self.editions[edition]
        return own.cell_sensitive if key in self.sensitive else own.cell

    def told(self, edition: str, reason: str) -> bool:
        """Whether a reason tells on which side of a floor a number lies: an outer edition has one reason for all it hides."""
        return reason == "ok" or edition == self.innermost

    def told_floor(self, edition: str, key: str, level: str, reason: str) -> int:
        """The floor of pupils that a share's reason tells of: of a hidden one, in districts too, that of numbers."""
        return self.floor(edition, key, level) if reason == "ok" else self.number_floor(edition, key)

    def uses_interval(self, row: tuple[object, ...]) -> bool:
        """Whether a row's interval tells more of its share than the rounded share does."""
        return bool(self.logit_intervals) and row[-1] in self.logit_intervals

    def width(self, edition: str, key: str) -> float:
        """What a hidden number's interval must be wider than."""
        own = self.editions[edition]
        return float(own.width_sensitive if key in self.sensitive else own.width)


@dataclass(frozen=True)
class EarlierRelease:
    """What was published before.

    Attributes:
        tables: name of the release table -> its rows, as `published`.
        same_pupils: area code and wave whose delivery has not changed since; elsewhere pupils may have come later.
        editions: the numbers of its editions; those of now where it has none of its own.
        perturbed: tables whose numbers had noise.
        delivered: area code and wave of every delivery behind it, published by itself or only in the county's sums.
    """

    release_id: str
    published_on: str
    tables: Mapping[str, pl.DataFrame]
    same_pupils: frozenset[tuple[str, int]] = frozenset()
    editions: Mapping[str, EditionRules] = field(default_factory=dict)
    perturbed: frozenset[str] = frozenset()
    delivered: frozenset[tuple[str, int]] = frozenset()

    def rules(self, now: AuditRules) -> AuditRules:
        """The rules that its numbers were published by."""
        return replace(now, editions={**now.editions, **self.editions}, perturbed=now.perturbed | self.perturbed)


@dataclass(frozen=True)
class Passed:
    """What an audit that has passed found in waves and grades of which nothing has changed since.

    Every attack is on one wave and grade, so it would find the same again.

    Attributes:
        slices: `wave, grade`. cells: `REPORT_SCHEMA`, all with the verdict `wide`; their bounds are not kept.
    """

    slices: pl.DataFrame
    cells: pl.DataFrame


@dataclass(frozen=True)
class AuditReport:
    """What the attacks found.

    Attributes:
        passed: every hidden cell is wide enough, and nothing contradicts itself.
        cells: `REPORT_SCHEMA`, one row per hidden cell and attack. An interval wider than required is not looked into further,
            so its ends lie inside the true ones.
        conflicts: `CONFLICT_SCHEMA`, where cells are too narrow and which tables of which releases make them so.
        effort: `attack, family, systems, cells, programs, seconds`.
    """

    passed: bool
    cells: pl.DataFrame
    conflicts: pl.DataFrame
    effort: pl.DataFrame = field(default_factory=pl.DataFrame)
