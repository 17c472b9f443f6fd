"""Swedish words for what the report says: catalogue texts filled in, dates, grades, reasons, and the cells behind a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from assets.bundle.types import Notice, ReportMeta
from assets.charts import numbers
from assets.charts.cells import Cell, Cells, read_cells, reason_words
from assets.charts.findings import lookup
from assets.charts.numbers import date_text
from assets.charts.types import COUNTY_CODE, GRADES, IndexMeta, ReleaseFrames, Scope

MEASURES = ("share_band1", "share_band3", "diff_share_focus", "sex_gap_share_focus", "share_unscored")


def source_line(line: str, source: str, values: pl.DataFrame) -> str:
    """A register's source line with `{vintage}` filled in: the day of the newest vintage among the values that are shown.

    Without a single value of the source nothing is said of a vintage.
    """
    if "{vintage}" not in line:
        return line
    days = values.filter(pl.col("source") == source)["vintage"].drop_nulls()
    newest = days.max() if days.len() else None
    if not isinstance(newest, str):
        return line.replace(", årgång {vintage}", "")
    return line.replace("{vintage}", date_text(date.fromisoformat(newest)))


@dataclass(frozen=True)
class Context:
    """What every section builder is given: the numbers, what they are about, and the words."""

    frames: ReleaseFrames
    scope: Scope
    meta: ReportMeta

    @cached_property
    def cells(self) -> Mapping[str, Cells]:
        """Published cells of the municipality and the county by grade."""
        return {grade: read_cells(self.frames, self.scope, MEASURES, grade=grade) for grade in GRADES}

    @property
    def indices(self) -> Mapping[str, IndexMeta]:
        """Index metadata by key, in catalogue order."""
        return self.meta.charts.indices

    def say(self, path: str, **values: object) -> str:
        """A text of `report.yml` with its words filled in."""
        return say(self.meta.texts, path, **values)

    def entry(self, path: str) -> Any:
        """A catalogue entry that isn't one text."""
        return lookup(self.meta.texts, path)

    def title(self, section: str) -> str:
        """The heading of a section."""
        return str(dict(self.entry("common.sections"))[section])

    def synthetic_notice(self) -> tuple[Notice, ...]:
        """The marks of a section: drawn from the simulator, or with other limits than the usual; nothing when neither."""
        limits = (Notice(self.meta.other_limits),) if self.meta.other_limits else ()
        if not self.meta.charts.synthetic:
            return limits
        return (Notice(self.say("common.synthetic_section"), "synthetic", self.say("common.synthetic_short")), *limits)

    def grade(self, grade: str, *, short: bool = False) -> str:
        """`årskurs 9`, or `Åk 9`."""
        return self.say(f"common.grades{'_short' if short else ''}.{grade}")

    def grade_first(self, grade: str) -> str:
        """`Årskurs 9`, as a sentence begins; the short form is for tables and captions."""
        return numbers.upper_first(self.grade(grade))

    def focus(self, index_key: str, grade: str, *, sex: str = "all", area: str | None = None) -> Cell:
        """Share in the focus band in the latest wave."""
        measure = self.indices[index_key].focus_measure
        return self.cells[grade].get(area or self.scope.area_code, self.scope.wave, grade, sex, index_key, measure)

    def county_focus(self, index_key: str, grade: str, *, sex: str = "all") -> Cell:
        """The county's share in the focus band in the latest wave."""
        return self.focus(index_key, grade, sex=sex, area=COUNTY_CODE)

    def difference(self, index_key: str, grade: str, sex: str = "all") -> Cell:
        """The municipality minus the county, in percentage points."""
        return self.own(index_key, grade, "diff_share_focus", sex)

    def own(self, index_key: str, grade: str, measure: str, sex: str = "all") -> Cell:
        """Any measure of the municipality in the latest wave; girls and boys together when no sex is named."""
        return self.cells[grade].get(self.scope.area_code, self.scope.wave, grade, sex, index_key, measure)

    def reason(self, code: str) -> str:
        """`skyddat av sekretesskäl [c]`, as it stands inside a sentence."""
        return reason_text(self.meta.charts.reasons, code)

    def whole_reason(self, grade: str) -> str | None:
        """The one reason why nothing of the grade can be shown, or None when something is shown or the reasons differ."""
        found = {self.focus(key, grade).reason for key in self.indices}
        shown = any(self.focus(key, grade).shown for key in self.indices)
        return found.pop() if len(found) == 1 and not shown else None

    def shown_count(self) -> tuple[int, int]:
        """How many of the factors x grades that the municipality has can be shown, and how many there are."""
        grades = [grade for grade in GRADES if self.whole_reason(grade) != "no_pupils"]
        cells = [self.focus(key, grade) for grade in grades for key in self.indices]
        return sum(cell.shown for cell in cells), len(cells)

    def share(self, cell: Cell) -> str:
        """`12 %`, or the reason with its mark."""
        return (
            numbers.percent(cell.value) if cell.value is not None else numbers.lower_first(reason_words(cell, self.meta.charts))
        )

    def interval(self, cell: Cell) -> str:
        """`9–16 %`, or nothing when there is none."""
        return numbers.percent_interval(cell.low, cell.high) if cell.low is not None and cell.high is not None else ""

    def base(self, cell: Cell) -> str:
        """How many pupils a shown number rests on, or the mark that says that the count itself is protected."""
        if cell.shown and cell.n is None:
            return self.meta.charts.reasons["suppressed"].mark
        return self.count(cell.n)

    def count(self, value: int | None) -> str:
        """A rounded count, or nothing."""
        return numbers.thousands(value) if value is not None else ""

    def answers(self, row: Mapping[str, Any]) -> str:
        """Respondents of a row of `response_rates`: the rounded count, `minst 93` where no more is told, or nothing."""
        return self._or_least(row["respondents"], row["respondents_least"], self.count)

    def response(self, row: Mapping[str, Any]) -> str:
        """Per cent of the pupils who have answered, as `answers`."""
        return self._or_least(row["response_pct"], row["response_least_pct"], numbers.percent)

    def _or_least(self, value: int | None, least: int | None, text: Callable[[int], str]) -> str:
        if value is not None or least is None:
            return "" if value is None else text(value)
        return self.say("common.at_least", value=text(least))


def reason_text(reasons: Mapping[str, Any], code: str) -> str:
    """A reason as it stands inside a sentence: lower case first, mark last."""
    return numbers.lower_first(str(reasons[code]))


def say(texts: Mapping[str, Any], path: str, **values: object) -> str:
    """The catalogue text at a dotted path with its words filled in. `KeyError` when the catalogue lacks it or a word."""
    return " ".join(str(lookup(texts, path)).format(**values).split(" ")).strip()


def names(indices: Sequence[IndexMeta]) -> str:
    """Index labels as they stand inside a sentence."""
    return numbers.words([numbers.lower_first(index.label_sv) for index in indices])
