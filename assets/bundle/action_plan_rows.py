"""The numbers of the situation picture as table rows, every row with a reference to the released numbers it holds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from assets.bundle.types import Table
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.cells import Cell
from assets.charts.changes import Change, Key, read_changes
from assets.charts.series import SeriesCells, SeriesMeta, read_series
from assets.charts.types import COUNTY_CODE, IndexMeta

PARTS = ("own", "county", "difference", "girl", "boy", "change")
QUESTIONS = {
    "victim": ("brott", "utsatthet"),
    "own_crime": ("brott", "egna-brott"),
    "safety": ("narsamhalle", "trygghet"),
}
"""The document's tables of single questions -> section and group of `report_series.yml`."""
SAID = {"higher": "more", "lower": "less", "increase": "up", "decrease": "down"}
"""Verdicts that the analysis lists -> which list."""


@dataclass(frozen=True)
class Entry:
    """One released number in the document. `text`: what a reader sees of it, without its interval."""

    reference: str
    table: str
    row: str
    part: str
    number_id: str
    text: str
    where: str


@dataclass
class Ledger:
    """All numbers of a document in order, and what the analysis says of them (list -> names with grade and reference)."""

    entries: list[Entry] = field(default_factory=list)
    said: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    rows: int = 0

    def add(self, table: str, row: str, figures: Sequence[tuple[str, str, str]], where: str) -> str:
        """Take in a row's figures (`part`, id, text) and give the row's reference."""
        self.rows += 1
        reference = f"R{self.rows}"
        self.entries += [Entry(reference, table, row, part, key, text, where) for part, key, text in figures]
        return reference


@dataclass(frozen=True)
class Level:
    """What the tables show of one factor or question in one grade. `key_of`: (area, sex, difference?) -> number id.

    `counted`: who is counted, where the label doesn't say it (`förhöjd risk`).
    """

    label: str
    own: Cell
    county: Cell
    difference: Cell
    girl: Cell
    boy: Cell
    change: Change | None
    key_of: Callable[[str, str, bool], str]
    change_id: str
    counted: str = ""


@dataclass
class Levels:
    """Tables of shares from the survey."""

    context: Context
    ledger: Ledger

    @cached_property
    def changes(self) -> Mapping[Key, Change]:
        """Published changes since the wave before."""
        return read_changes(self.context.frames, self.context.scope)

    @cached_property
    def cells(self) -> SeriesCells:
        """Published cells of the crime, victimisation and safety questions."""
        parts = self.context.meta.series_sections
        keys = [
            k for s, g in QUESTIONS.values() if s in parts for group in parts[s].groups if group.id == g for k in group.series
        ]
        return read_series(self.context.frames, self.context.scope, keys)

    def factor(self, index: IndexMeta, grade: str) -> Level:
        """An index: the share in the group that the report counts."""
        context, key, scope = self.context, index.index_key, self.context.scope
        measure = index.focus_measure
        return Level(
            index.label_sv, context.focus(key, grade), context.county_focus(key, grade), context.difference(key, grade),
            context.focus(key, grade, sex="girl"), context.focus(key, grade, sex="boy"),
            self.changes.get((grade, "all", "index", key, "share_focus")),
            lambda area, sex, diff: f"{scope.wave}/{area}/{grade}/{sex}/{key}/{'diff_share_focus' if diff else measure}",
            f"{scope.wave}/{scope.area_code}/{grade}/all/index/{key}/share_focus/change",
            index.focus_band_label_sv,
        )  # fmt: skip

    def question(self, series: SeriesMeta, grade: str) -> Level:
        """A single question: the share of those who answered it."""
        scope, key = self.context.scope, series.key

        def cell(area: str, sex: str, measure: str) -> Cell:
            return self.cells.get(area, scope.wave, grade, sex, key, measure)

        own, measure = scope.area_code, series.measure
        return Level(
            series.title_sv, cell(own, "all", measure), cell(COUNTY_CODE, "all", measure), cell(own, "all", series.difference),
            cell(own, "girl", measure), cell(own, "boy", measure),
            self.changes.get((grade, "all", series.kind, key, measure)),
            lambda area, sex, diff: f"{scope.wave}/{area}/{grade}/{sex}/{key}/{series.difference if diff else measure}",
            f"{scope.wave}/{own}/{grade}/all/{series.kind}/{key}/{measure}/change",
        )  # fmt: skip

    def table(self, name: str, caption: str, grade: str, levels: Sequence[Level], where: str) -> Table | str:
        """A table of shares, or a sentence when the area has nothing of the grade."""
        context = self.context
        shown = [level for level in levels if level.own.reason not in ("not_asked", "missing")]
        if not shown or all(level.own.reason == "no_pupils" for level in shown):
            reason = context.reason("no_pupils" if shown else "missing")
            return context.say("action_plan.no_grade", grade=context.grade_first(grade), reason=reason)
        heads = context.entry("action_plan.columns")
        columns = tuple(str(heads[part]).format(area=context.scope.area_name) for part in (*PARTS, "reference"))
        rows = tuple(self._row(caption, grade, level, where) for level in shown)
        first = str(heads["question"])
        return Table(name, caption, (first, *columns), rows, frozenset(), marks_note(context, rows))

    def _row(self, caption: str, grade: str, level: Level, where: str) -> tuple[str, ...]:
        context = self.context
        area = context.scope.area_code
        cells = {
            "own": (level.own, level.key_of(area, "all", False)),
            "county": (level.county, level.key_of(COUNTY_CODE, "all", False)),
            "difference": (level.difference, level.key_of(area, "all", True)),
            "girl": (level.girl, level.key_of(area, "girl", False)), "boy": (level.boy, level.key_of(area, "boy", False)),
        }  # fmt: skip
        figures = [(part, key, self._text(cell, part)) for part, (cell, key) in cells.items() if cell.reason != "missing"]
        told = {part: text for part, _, text in figures}
        if level.own.low is not None and level.own.high is not None:
            told["own"] += f" ({context.interval(level.own)})"
        if level.difference.low is not None and level.difference.high is not None:
            told["difference"] += f" ({numbers.signed_interval(level.difference.low, level.difference.high)})"
        if level.change and level.change.change is not None:
            figures.append(("change", level.change_id, numbers.signed(level.change.change)))
            told["change"] = self._change(level.change)
        reference = self.ledger.add(caption, level.label, figures, where)
        verdicts = (level.difference.verdict, level.change.verdict if level.change else None)
        for verdict in verdicts:
            if verdict in SAID:
                name = f"{level.label} ({level.counted})" if level.counted else level.label
                self.ledger.said.setdefault(SAID[verdict], []).append((name, grade, reference))
        return (level.label, *(told.get(part, "–") for part in PARTS), reference)

    def _text(self, cell: Cell, part: str) -> str:
        if cell.value is None:
            return self.context.meta.charts.reasons[cell.reason].mark
        return numbers.signed(cell.value) if part == "difference" else numbers.percent(cell.value)

    def _change(self, change: Change) -> str:
        words = self.context.meta.trend_words
        interval = numbers.signed_interval(change.low or 0.0, change.high or 0.0)
        verdict = words.get(change.verdict or "", "")
        return self.context.say(
            "action_plan.change",
            change=numbers.signed(change.change or 0.0),
            interval=interval,
            verdict=numbers.lower_first(verdict),
        )


def marks_note(context: Context, rows: Sequence[Sequence[str]]) -> str:
    """What the marks in a table mean; nothing when it has none."""
    reasons = context.meta.charts.reasons.values()
    used = [reason for reason in reasons if reason.mark and any(reason.mark in cell for row in rows for cell in row)]
    told = [context.say("action_plan.mark", mark=one.mark, text=numbers.lower_first(one.text_sv)) for one in used]
    return context.say("action_plan.marks", marks=", ".join(told)) if told else ""


def register_table(context: Context, ledger: Ledger) -> Table | None:
    """The newest value of each register indicator of the neighbourhood, beside the county's of the same year."""
    values = context.frames.register_values.filter(pl.col("value").is_not_null() & (pl.col("sex") == "all"))
    rows_of = values.select("source", "indicator_key", "area_code", "year", "value").iter_rows()
    by_key = {(source, key, area, year): value for source, key, area, year, value in rows_of}
    area, rows = context.scope.area_code, []
    caption = context.say("action_plan.captions.registers")
    for group in (group for group in context.meta.registers if group.arena == "narsamhalle"):
        for one in group.indicators:
            years = [key[3] for key in by_key if key[:3] == (group.source, one.indicator_key, area)]
            if not years:
                continue
            told, figures = {}, []
            for part, code in (("own", area), ("county", COUNTY_CODE)):
                value = by_key.get((group.source, one.indicator_key, code, max(years)))
                if value is not None:
                    told[part] = numbers.decimal(value, one.decimals)
                    figures.append((part, f"{max(years)}/{code}/all/{group.source}/{one.indicator_key}", told[part]))
            reference = ledger.add(caption, one.title_sv, figures, context.say("action_plan.references.where.register"))
            rows.append((one.title_sv, str(max(years)), told["own"], told.get("county", "–"), one.unit_sv, reference))
    heads = context.entry("action_plan.register_columns")
    columns = tuple(str(name).format(area=context.scope.area_name) for name in heads.values())
    if not rows:
        return None
    county = list(heads).index("county")
    if all(row[county] == "–" for row in rows):  # the register has no value for the whole county
        columns, rows = without(columns, county), [without(row, county) for row in rows]
    return Table("register", caption, columns, tuple(rows), frozenset(range(1, len(columns) - 2)))


def without(cells: tuple[str, ...], place: int) -> tuple[str, ...]:
    """A row without one of its cells."""
    return cells[:place] + cells[place + 1 :]
