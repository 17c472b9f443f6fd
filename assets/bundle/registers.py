"""Open register data in the report: Kolada as small multiples, Skolenkäten and Skolverket as tables. Real, never simulated."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.bundle.types import Block, Figure, Notice, RegisterGroup, SubHeading, Table, Text
from assets.bundle.words import Context, source_line
from assets.charts import kolada, numbers
from assets.charts.types import IndicatorMeta

YEARS_SHOWN = 8
PANELS = 6


def register_blocks(context: Context, arena: str) -> list[Block]:
    """All register data of an arena under one heading, marked as real, with the source."""
    groups = [group for group in context.meta.registers if group.arena == arena]
    others = _others(context, arena)
    if not groups:
        return others
    blocks: list[Block] = [SubHeading(f"{arena}-register", context.say("arenas.register_title"))]
    lines = dict.fromkeys(_source(context, group) for group in groups)
    blocks.append(Notice(" ".join(lines), "real", context.say("common.real_section")))
    for group in groups:
        blocks += _kolada(context, group) if group.source == "kolada" else _table(context, group)
    return blocks + others


def _others(context: Context, arena: str) -> list[Block]:
    """Newest value of each indicator that somebody has fetched or dropped a file of (SCB, other grades, imported tables)."""
    titles = {(i.source, i.indicator_key): i for i in context.meta.more_registers}
    usual = {group.source for group in context.meta.registers}
    values = context.frames.register_values.filter(
        (pl.col("area_code") == context.scope.area_code) & (pl.col("sex") == "all") & pl.col("year").is_not_null()
    )
    newest = values.sort("source", "indicator_key", "year").group_by("source", "indicator_key", maintain_order=True).last()
    rows, reasons = [], []
    for row in newest.iter_rows(named=True):
        source, key = row["source"], row["indicator_key"]
        if ((source, key) not in titles and source in usual) or arena != ("skola" if source == "skolenkaten" else "narsamhalle"):
            continue
        indicator = titles.get((source, key), IndicatorMeta(source, key, key, row["unit"], 0 if row["unit"] == "count" else 1))
        reasons.append(row["reason"])
        rows.append((indicator.title_sv, str(row["year"]), _value(context, row, indicator), source))
    if not rows:
        return []
    columns = context.entry("arenas.other_columns")
    table = Table(
        id=f"register-fler-{arena}",
        caption=context.say("arenas.other_caption", area=context.scope.area_name),
        columns=(columns["measure"], columns["year"], columns["value"], columns["source"]),
        rows=tuple(rows),
        numeric=frozenset({1, 2}),
        note=_note(context, reasons),
    )
    return [SubHeading(f"register-fler-rubrik-{arena}", context.say("arenas.other_title")), table]


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
    if not held:
        return [heading, *(Text(text) for text in _missing_sentences(context, values, group.indicators))]
    years = values["year"].drop_nulls().unique().sort().to_list()
    build = _by_measure if len(years) == 1 else _by_year
    return [heading, build(context, group, values, years)]


def _name(group: RegisterGroup) -> str:
    return {"skolenkaten": "skolenkaten", "skolverket": "counts"}[group.source]


def _by_measure(context: Context, group: RegisterGroup, values: pl.DataFrame, years: list[int]) -> Table:
    """One year: a row per measure."""
    columns = context.entry("arenas.skolenkaten_columns")
    rows, reasons = [], []
    for indicator in group.indicators:
        for row in values.filter(pl.col("indicator_key") == indicator.indicator_key).iter_rows(named=True):
            reasons.append(row["reason"])
            rows.append((indicator.title_sv, _value(context, row, indicator), context.count(row["n"])))
    return Table(
        id=f"register-{group.source}-tabell",
        caption=context.say("arenas.skolenkaten_caption", area=context.scope.area_name, years=numbers.years(years)),
        columns=(columns["measure"], columns["value"], columns["n"]),
        rows=tuple(rows),
        numeric=frozenset({1, 2}),
        note=_note(context, reasons),
        source=_source(context, group),
    )


def _by_year(context: Context, group: RegisterGroup, values: pl.DataFrame, years: list[int]) -> Table:
    """Several years: a row per year, newest first, a column per measure."""
    cells = {(row["indicator_key"], row["year"]): row for row in values.iter_rows(named=True)}
    rows, reasons = [], []
    for year in sorted(years, reverse=True)[:YEARS_SHOWN]:
        found = [(cells.get((i.indicator_key, year)), i) for i in group.indicators]
        reasons += [row["reason"] if row else "missing" for row, _ in found]
        rows.append((str(year), *(_value(context, row, i) for row, i in found)))
    columns = context.entry("arenas.counts_columns")
    return Table(
        id=f"register-{group.source}-tabell",
        caption=context.say("arenas.counts_caption", area=context.scope.area_name),
        columns=(columns["year"], *(i.title_sv for i in group.indicators)),
        rows=tuple(rows),
        numeric=frozenset(range(1, len(group.indicators) + 1)),
        note=_note(context, reasons),
        source=_source(context, group),
    )


def _value(context: Context, row: dict[str, object] | None, indicator: IndicatorMeta) -> str:
    """The value with its unit and mark, or the mark of its reason."""
    reasons = context.meta.charts.reasons
    if row is None:
        return reasons["missing"].mark
    value, mark = row["value"], reasons[str(row["reason"])].mark
    if not isinstance(value, float):
        return mark
    text = numbers.percent(value, indicator.decimals) if row["unit"] == "percent" else numbers.decimal(value, indicator.decimals)
    return f"{text}{numbers.NBSP}{mark}" if mark else text


def _note(context: Context, reasons: Sequence[str]) -> str:
    """The marks that stand in the table, in words."""
    table = context.meta.charts.reasons
    found = [table[code] for code in sorted(set(reasons)) if table[code].mark]
    return " ".join(f"{reason.mark} {numbers.lower_first(reason.text_sv)}." for reason in found)
