"""Counts of cells per place for the disclosure report and the command line, in the order that they are told in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from assets.bundle.types import ReportMeta
from assets.bundle.words import say
from assets.charts import numbers
from assets.methods.release_utility import FAMILIES as TABLES_OF
from assets.methods.release_utility import SAME

FAMILIES = tuple(TABLES_OF)
MUNICIPALITY, DISTRICT = "municipality", "district"
ALL = "alla"
_SUMS = ("cells", "shown", "hidden_primary", "hidden_secondary", "headline", "headline_shown", "answers", "answers_hidden")


@dataclass(frozen=True)
class Place:
    """Cells of one area (all its families together) in one edition. `by_step`: step -> shown cells, of a table of steps."""

    level: str
    code: str
    cells: int
    shown: int
    primary: int = 0
    secondary: int = 0
    headline: int = 0
    headline_shown: int = 0
    answers: int = 0
    answers_hidden: int = 0
    by_step: Mapping[str, int] = field(default_factory=dict)

    @property
    def shown_pct(self) -> str:
        """Shown of all cells, in per cent."""
        return share_told(self.shown, self.cells)

    @property
    def hidden_pct(self) -> str:
        """Hidden of all cells, in per cent."""
        return share_told(self.cells - self.shown, self.cells)

    @property
    def headline_told(self) -> str:
        """`158 av 178` headline cells."""
        return f"{numbers.thousands(self.headline_shown)} av {numbers.thousands(self.headline)}"

    @property
    def lost_pct(self) -> str:
        """Answers behind hidden cells of all answers, in per cent."""
        return share_told(self.answers_hidden, self.answers)


def share_told(part: int, whole: int) -> str:
    """Whole per cent, a tie upwards; never 0 or 100 unless it is so: `under 1 %`, `över 99 %`."""
    if not whole:
        return ""
    pct = (200 * part + whole) // (2 * whole)
    if pct == 0 and part:
        return f"under {numbers.percent(1)}"
    if pct == 100 and part < whole:
        return f"över {numbers.percent(99)}"
    return numbers.percent(pct)


def places(cells: pl.DataFrame, edition: str, names: Mapping[str, str]) -> list[Place]:
    """One per area: the county, then the municipalities by name, each with its districts after it.

    Args:
        cells: `release.utility` or `release.utility_steps` of one wave.
    """
    found = [_place(level, code, rows) for (level, code), rows in _own(cells, edition).group_by("area_level", "area_code")]
    return sorted(found, key=lambda one: _order(one, names))


def _order(one: Place, names: Mapping[str, str]) -> tuple[bool, tuple[int, ...], str, bool]:
    return one.level != "county", numbers.swedish(names.get(one.code, one.code)), one.code, one.level == DISTRICT


def total(cells: pl.DataFrame, edition: str) -> Place:
    """All municipalities together."""
    return _place(MUNICIPALITY, ALL, _own(cells, edition).filter(area_level=MUNICIPALITY))


def families_of(cells: pl.DataFrame, family: str, edition: str) -> dict[tuple[str, str], tuple[int, int]]:
    """(level, code) -> cells and shown cells of one family."""
    rows = _own(cells, edition).filter(family=family).select("area_level", "area_code", "cells", "shown")
    return {(level, code): (n, shown) for level, code, n, shown in rows.iter_rows()}


def place_name(one: Place, meta: ReportMeta) -> str:
    """The area's name, `Stockholm, stadsdelar`, or all municipalities."""
    if one.code == ALL:
        return say(meta.texts, "disclosure_report.everything")
    name = meta.area_names.get(one.code, one.code)
    return say(meta.texts, "disclosure_report.districts", area=name) if one.level == DISTRICT else name


def _own(cells: pl.DataFrame, edition: str) -> pl.DataFrame:
    return cells.filter(edition=edition)


def _place(level: object, code: object, rows: pl.DataFrame) -> Place:
    if "step" in rows.columns:
        now = rows.filter(step=SAME)
        by_step = {step: shown for step, shown in rows.group_by("step").agg(pl.col("shown").sum()).iter_rows()}
        return Place(str(level), str(code), int(now["cells"].sum()), int(now["shown"].sum()), by_step=by_step)
    return Place(str(level), str(code), *(int(rows[name].sum()) for name in _SUMS))
