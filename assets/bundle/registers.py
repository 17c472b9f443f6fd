"""Open register data in the report: Kolada as small multiples, Skolenkäten and Skolverket as tables. Real, never simulated."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.bundle.register_words import marks_in_words, value_text
from assets.bundle.registers_imported import other_registers
from assets.bundle.types import Block, Figure, Notice, RegisterGroup, SubHeading, Table, Text
from assets.bundle.words import Context, source_line
from assets.charts import kolada, numbers
from assets.charts.types import IndicatorMeta

YEARS_SHOWN = 8
PANELS = 6
SCHOOL_SURVEY = "skolenkaten"


def register_blocks(context: Context, arena: str) -> list[Block]:
    """All register data of an arena under one heading, marked as real, with the source."""
    groups = [group for group in context.meta.registers if group.arena == arena]
    others = other_registers(context, arena)
    if not groups:
        return others
    blocks: list[Block] = [SubHeading(f"{arena}-register", context.say("arenas.register_title"))]
    lines = dict.fromkeys(_source(context, group) for group in groups)
    blocks.append(Notice(" ".join(lines), "real", context.say("common.real_section")))
    if not context.meta.register_charts:
        blocks += newest_values(context, arena, [group for group in groups if group.source == "kolada"])
    for group in groups:
        if group.source != "kolada":
            blocks += _table(context, group)
        elif context.meta.register_charts:
            blocks += _kolada(context, group)
    return blocks + others


def _source(context: Context, group: RegisterGroup) -> str:
    return source_line(group.source_line, group.source, context.frames.register_values)


def _kolada(context: Context, group: RegisterGroup) -> list[Block]:
    values = _rows(context, group)
    held = [i for i in group.indicators if _has_value(values, i)]
    blocks: list[Block] = []
    for place in range(0, len(held), PANELS):
        key = group.group if place == 0 else f"{group.group}_{place // PANELS + 1}"
        card = kolada.build(
            context.frames, context.scope, context.meta.charts,
            section=numbers.upper_first(group.title_sv), section_key=key, indicators=held[place : place + PANELS],
        )  # fmt: skip
        blocks += [Figure(card, 4)] if card else []
    missing = [i for i in group.indicators if i not in held]
    return blocks + [Text(text) for text in _missing_sentences(context, values, missing)]


def newest_values(context: Context, arena: str, groups: Sequence[RegisterGroup]) -> list[Block]:
    """Kolada's measures as one table in place of charts: the newest value and where the county's other municipalities lie."""
    words = context.entry("english.registers")
    columns = {key: head.format(area=context.scope.area_name) for key, head in words["columns"].items()}
    rows, blocks = [], []
    for group in groups:
        measures, _ = kolada.read_measures(context.frames, context.scope, group.indicators)
        rows += [_newest_row(context, measure) for measure in measures if measure.latest is not None]
        missing = [measure.meta for measure in measures if measure.latest is None]
        blocks += [Text(text) for text in _missing_sentences(context, _rows(context, group), missing)]
    if not rows:
        return blocks
    table = Table(
        id=f"register-kolada-{arena}",
        caption=words["caption"].format(arena=context.title(arena), area=context.scope.area_name),
        columns=tuple(columns.values()),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3, 4}),
        note=words["note"].strip(),
        source=" ".join(dict.fromkeys(_source(context, group) for group in groups)),
    )
    return [table, *blocks]


def _newest_row(context: Context, measure: kolada.Measure) -> tuple[str, ...]:
    year, places = measure.latest or 0, measure.meta.decimals
    others = measure.in_year(year)
    spans = [measure.middle or (), (others[0], others[-1]) if others else ()]
    return (
        context.say("english.registers.measure", title=measure.meta.title_sv, unit=measure.meta.unit_sv),
        str(year),
        numbers.decimal(measure.own[year], places),
        *(numbers.DASH.join(numbers.decimal(end, places) for end in span) for span in spans),
    )


def _rows(context: Context, group: RegisterGroup) -> pl.DataFrame:
    keys = [indicator.indicator_key for indicator in group.indicators]
    return context.frames.register_values.filter(
        (pl.col("source") == group.source)
        & pl.col("indicator_key").is_in(keys)
        & (pl.col("area_code") == context.scope.area_code)
        & (pl.col("sex") == "all")
    ).sort("indicator_key", "year", nulls_last=True)


def _has_value(values: pl.DataFrame, indicator: IndicatorMeta) -> bool:
    return not values.filter((pl.col("indicator_key") == indicator.indicator_key) & pl.col("value").is_not_null()).is_empty()


def _missing_sentences(context: Context, values: pl.DataFrame, missing: Sequence[IndicatorMeta]) -> list[str]:
    """Indicators without a single value, in words, one sentence per reason."""
    by_reason: dict[str, list[str]] = {}
    for indicator in missing:
        reasons = values.filter(pl.col("indicator_key") == indicator.indicator_key)["reason"].to_list()
        by_reason.setdefault(reasons[-1] if reasons else "missing", []).append(indicator.title_sv)
    return [
        context.say("arenas.absent", names="; ".join(names), reason=context.reason(reason))
        for reason, names in sorted(by_reason.items())
    ]


def _table(context: Context, group: RegisterGroup) -> list[Block]:
    values = _rows(context, group)
    held = [i for i in group.indicators if _has_value(values, i)]
    heading = SubHeading(f"register-{group.source}", context.say(f"arenas.{_name(group)}_title"))
    lacking = [Text(context.say("arenas.staff_none"))] if group.source == SCHOOL_SURVEY else []  # nobody reads a file of staff
    if not held:
        return [heading, *(Text(text) for text in _missing_sentences(context, values, group.indicators)), *lacking]
    years = values["year"].drop_nulls().unique().sort().to_list()
    build = _by_measure if len(years) == 1 else _by_year
    return [heading, build(context, group, values, years), *lacking]


def _name(group: RegisterGroup) -> str:
    return {"skolenkaten": "skolenkaten", "skolverket": "counts"}[group.source]


def _by_measure(context: Context, group: RegisterGroup, values: pl.DataFrame, years: list[int]) -> Table:
    """One year: a row per measure."""
    columns = context.entry("arenas.skolenkaten_columns")
    rows, reasons = [], []
    for indicator in group.indicators:
        for row in values.filter(pl.col("indicator_key") == indicator.indicator_key).iter_rows(named=True):
            reasons.append(row["reason"])
            rows.append((indicator.title_sv, value_text(context, row, indicator), context.count(row["n"])))
    return Table(
        id=f"register-{group.source}-tabell",
        caption=context.say("arenas.skolenkaten_caption", area=context.scope.area_name, years=numbers.years(years)),
        columns=(columns["measure"], columns["value"], columns["n"]),
        rows=tuple(rows),
        numeric=frozenset({1, 2}),
        note=marks_in_words(context, reasons),
        source=_source(context, group),
    )


def _by_year(context: Context, group: RegisterGroup, values: pl.DataFrame, years: list[int]) -> Table:
    """Several years: a row per year, newest first, a column per measure."""
    cells = {(row["indicator_key"], row["year"]): row for row in values.iter_rows(named=True)}
    rows, reasons = [], []
    for year in sorted(years, reverse=True)[:YEARS_SHOWN]:
        found = [(cells.get((i.indicator_key, year)), i) for i in group.indicators]
        reasons += [row["reason"] if row else "missing" for row, _ in found]
        rows.append((str(year), *(value_text(context, row, i) for row, i in found)))
    columns = context.entry("arenas.counts_columns")
    return Table(
        id=f"register-{group.source}-tabell",
        caption=context.say("arenas.counts_caption", area=context.scope.area_name),
        columns=(columns["year"], *(i.title_sv for i in group.indicators)),
        rows=tuple(rows),
        numeric=frozenset(range(1, len(group.indicators) + 1)),
        note=marks_in_words(context, reasons),
        source=_source(context, group),
    )
