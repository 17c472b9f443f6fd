"""The report of a municipality without a survey delivery for the wave: open registers beside other municipalities. Pure.

What needs the survey is told in one section, with the reason once, instead of a missing value in every place where the full
report has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.bundle.arenas import ARENAS
from assets.bundle.method import method_section
from assets.bundle.registers import register_blocks
from assets.bundle.types import Block, Bullets, Notice, RegisterGroup, Section, SubHeading, Table, Text
from assets.bundle.words import Context, date_text
from assets.charts import numbers
from assets.charts.cells import Cell, read_cells
from assets.charts.kolada import quantile
from assets.charts.read_once import ReadOnce
from assets.charts.types import GRADES, IndicatorMeta

ORDER = ("skola", *(arena for arena in ARENAS if arena != "skola"))
LEAST_OTHERS = 5
"""Fewer other municipalities with a value of the same year give no median."""
NO_DELIVERY = ("no_delivery", "missing")
Value = tuple[str, int | None, float, str]
"""Area, year, value and unit."""
_by_indicator: ReadOnce[Mapping[tuple[str, str], list[Value]]] = ReadOnce()
COUNTED = "count"
"""Unit of numbers of pupils and schools: a median over municipalities of different size would say nothing."""


@dataclass(frozen=True)
class Beside:
    """One register indicator: the municipality's newest value and the other municipalities' middle of the same year."""

    indicator: IndicatorMeta
    unit: str
    year: int
    own: float
    median: float | None
    place: str

    @property
    def difference(self) -> float | None:
        """Own value minus the median, both as they are shown."""
        digits = self.indicator.decimals
        return None if self.median is None else round(round(self.own, digits) - round(self.median, digits), digits)


def is_register_only(context: Context) -> bool:
    """Whether the municipality has no delivery for the wave: not merely hidden values, and not merely a lacking grade."""
    scope = context.scope
    mine = (pl.col("area_code") == scope.area_code) & (pl.col("wave") == scope.wave) & (pl.col("edition") == scope.edition)
    rates = context.frames.response_rates.filter(mine)["reason"].to_list()
    return all(reason == "no_delivery" for reason in rates) and all(
        context.whole_reason(grade) in NO_DELIVERY for grade in GRADES
    )


def register_sections(context: Context) -> tuple[Section, ...]:
    """Overview of the registers, a section per arena that has any (school first), the survey, quality and method."""
    found = {arena: list(beside(context, arena)) for arena in ORDER}
    sections = [_overview(context, found)]
    for arena in ORDER:
        blocks = [*_compare_table(context, arena, found[arena]), *register_blocks(context, arena)]
        if blocks:
            sections.append(Section(arena, context.title(arena), tuple(blocks)))
    return (*sections, _survey(context), _quality(context), method_section(context))


def beside(context: Context, arena: str) -> Iterator[Beside]:
    """The arena's indicators with a value, those that are counts left out."""
    registers = context.frames.register_values
    values = _by_indicator.get(registers, "", lambda: _read_values(registers))
    for group in context.meta.registers:
        if group.arena != arena:
            continue
        for indicator in group.indicators:
            one = _one(indicator, values.get((indicator.source, indicator.indicator_key), []), context.scope.area_code)
            if one:
                yield one


def _read_values(registers: pl.DataFrame) -> Mapping[tuple[str, str], list[Value]]:
    """Source and indicator -> the municipalities' values, of both sexes together."""
    rows = registers.filter(
        (pl.col("sex") == "all")
        & (pl.col("area_level") == "municipality")
        & pl.col("value").is_not_null()
        & (pl.col("unit") != COUNTED)
    )
    found: dict[tuple[str, str], list[Value]] = {}
    for source, key, *value in rows.select("source", "indicator_key", "area_code", "year", "value", "unit").iter_rows():
        found.setdefault((source, key), []).append((value[0], value[1], value[2], value[3]))
    return found


def _one(indicator: IndicatorMeta, rows: Sequence[Value], area: str) -> Beside | None:
    own = [row for row in rows if row[0] == area]
    if not own:
        return None
    _, year, value, unit = max(own, key=lambda row: -1 if row[1] is None else row[1])
    others = sorted(other for code, when, other, _ in rows if code != area and when is not None and when == year)
    if len(others) < LEAST_OTHERS:
        return Beside(indicator, unit, year, value, None, "few")
    shown, digits = round(value, indicator.decimals), indicator.decimals
    low, high = (round(quantile(others, share), digits) for share in (0.25, 0.75))
    place = "high" if shown > high else "low" if shown < low else "middle"
    return Beside(indicator, unit, year, value, quantile(others, 0.5), place)


def _overview(context: Context, found: dict[str, list[Beside]]) -> Section:
    where = {"area": context.scope.area_name, "wave": context.scope.wave}
    blocks: list[Block] = [
        Notice(context.say("register_only.why", **where)),
        Text(context.say("register_only.intro")),
        SubHeading("oversikt-skiljer", context.say("register_only.outside_title")),
    ]
    sentences = []
    for arena, rows in found.items():
        for place in ("high", "low"):
            names = [numbers.lower_first(row.indicator.title_sv) for row in rows if row.place == place]
            if names:
                said = context.say(f"register_only.{place}", arena=context.title(arena), names="; ".join(names))
                sentences.append(said)
    compared = any(row.median is not None for rows in found.values() for row in rows)
    if sentences:
        blocks += [Bullets(tuple(sentences)), Text(context.say("register_only.outside_note"))]
    else:
        blocks.append(Text(context.say(f"register_only.{'outside_none' if compared else 'not_compared'}")))
    blocks.append(SubHeading("oversikt-hidden", context.say("register_only.unsaid_title")))
    blocks.append(Bullets(tuple(context.entry("register_only.unsaid")), "hidden"))
    return Section("oversikt", context.title("oversikt"), tuple(blocks))


def _compare_table(context: Context, arena: str, rows: Sequence[Beside]) -> list[Block]:
    if not rows:
        return []
    where = {"area": context.scope.area_name, "arena": context.title(arena)}
    lines = []
    for row in rows:
        digits, percent = row.indicator.decimals, row.unit == "percent"
        shown = [_number(value, digits, percent=percent) for value in (row.own, row.median)]
        gap = "" if row.difference is None else numbers.signed(row.difference, digits)
        lines.append((row.indicator.title_sv, str(row.year), *shown, gap, context.say(f"register_only.places.{row.place}")))
    table = Table(
        id=f"jamfort-{arena}",
        caption=context.say("register_only.compare_caption", **where),
        columns=tuple(column.format(**where) for column in context.entry("register_only.compare_columns")),
        rows=tuple(lines),
        numeric=frozenset({1, 2, 3, 4}),
        note=context.say("register_only.compare_note"),
    )
    return [SubHeading(f"{arena}-jamfort", context.say("register_only.compare_title")), table]


def _number(value: float | None, digits: int, *, percent: bool) -> str:
    if value is None:
        return ""
    return numbers.percent(value, digits) if percent else numbers.decimal(value, digits)


def _survey(context: Context) -> Section:
    """Why there is nothing from the survey, what there is from earlier waves, and the county's shares."""
    where = {"area": context.scope.area_name, "wave": context.scope.wave}
    waves = _delivered_waves(context)
    earlier = _earlier(context, waves)
    kind = "never" if not waves else "earlier" if earlier else "earlier_hidden"
    blocks: list[Block] = [
        SubHeading("enkaten-varfor", context.say("register_only.survey.why_title")),
        Text(context.say("register_only.survey.why", **where)),
        Text(context.say(f"register_only.survey.{kind}", waves=numbers.years(waves) if waves else "", **where)),
    ]
    county = _county(context)
    if earlier or county:
        blocks += context.synthetic_notice()
    return Section("enkaten", context.say("register_only.sections.enkaten"), (*blocks, *earlier, *county))


def _delivered_waves(context: Context) -> list[int]:
    rates = context.frames.response_rates.filter(
        (pl.col("area_code") == context.scope.area_code) & (pl.col("reason") != "no_delivery")
    )
    return rates.filter(pl.col("reason") != "no_pupils")["wave"].unique().sort().to_list()


def _earlier(context: Context, waves: Sequence[int]) -> list[Block]:
    """Shares of the waves with a delivery, a row per factor and grade with anything to show."""
    scope, rows = context.scope, []
    for grade in GRADES:
        for key, index in context.indices.items():
            cells = read_cells(context.frames, scope, {index.focus_measure}, grade=grade)
            series = [cells.get(scope.area_code, wave, grade, "all", key, index.focus_measure) for wave in waves]
            if any(cell.shown for cell in series):
                rows.append((index.label_sv, context.grade(grade, short=True), *(_share(context, cell) for cell in series)))
    if not rows:
        return []
    table = Table(
        id="enkaten-tidigare-tabell",
        caption=context.say("register_only.survey.earlier_caption", area=scope.area_name),
        columns=(*context.entry("register_only.survey.earlier_columns"), *(str(wave) for wave in waves)),
        rows=tuple(rows),
        numeric=frozenset(range(2, 2 + len(waves))),
        note=context.say("register_only.survey.earlier_note"),
        source=context.meta.charts.survey_source,
    )
    return [SubHeading("enkaten-tidigare", context.say("register_only.survey.earlier_title")), table]


def _county(context: Context) -> list[Block]:
    """The county's shares as they are published, as what the survey could answer; nothing when none is shown."""
    where = {"area": context.scope.area_name, "wave": context.scope.wave}
    cells = {key: [context.county_focus(key, grade) for grade in GRADES] for key in context.indices}
    if not any(cell.shown for row in cells.values() for cell in row):
        return []
    rows = tuple((index.label_sv, *(_share(context, cell) for cell in cells[key])) for key, index in context.indices.items())
    table = Table(
        id="enkaten-lanet",
        caption=context.say("register_only.survey.county_caption", **where),
        columns=tuple(context.entry("register_only.survey.county_columns")),
        rows=rows,
        numeric=frozenset({1, 2}),
        source=context.meta.charts.survey_source,
    )
    heading = SubHeading("enkaten-lansandelar", context.say("register_only.survey.county_title"))
    return [heading, Text(context.say("register_only.survey.county_text", **where)), table]


def _share(context: Context, cell: Cell) -> str:
    """`12 % (9–16 %)`, or the reason."""
    interval = context.interval(cell)
    return f"{context.share(cell)} ({interval})" if interval else context.share(cell)


def _quality(context: Context) -> Section:
    """How fresh and whole the registers are, a row per source and group."""
    rows = tuple(_source_row(context, group) for group in context.meta.registers)
    table = Table(
        id="registerkvalitet",
        caption=context.say("register_only.quality.caption", area=context.scope.area_name),
        columns=tuple(context.entry("register_only.quality.columns")),
        rows=rows,
        numeric=frozenset({1, 2}),
        note=context.say("register_only.quality.note"),
    )
    return Section("kvalitet", context.title("kvalitet"), (Text(context.say("register_only.quality.intro")), table))


def _source_row(context: Context, group: RegisterGroup) -> tuple[str, ...]:
    keys = [indicator.indicator_key for indicator in group.indicators]
    held = context.frames.register_values.filter(
        (pl.col("source") == group.source)
        & pl.col("indicator_key").is_in(keys)
        & (pl.col("area_code") == context.scope.area_code)
        & pl.col("value").is_not_null()
    )
    named = numbers.upper_first(group.source)
    title = numbers.upper_first(group.title_sv) if group.source != "kolada" else f"{named}: {group.title_sv}"
    newest = held["year"].max()
    vintage = held["vintage"].drop_nulls().max()
    when = date_text(date.fromisoformat(vintage)) if isinstance(vintage, str) else ""
    share = context.say("register_only.quality.held", held=held["indicator_key"].n_unique(), total=len(keys))
    return (title, share, "" if newest is None else str(newest), when)
