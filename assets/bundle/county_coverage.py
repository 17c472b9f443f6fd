"""The county's edition: who is in the numbers and how the deliveries held, a row per municipality in alphabetical order. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from assets.bundle.held_words import held_notice
from assets.bundle.school_types import school_type_blocks
from assets.bundle.screening import screening_blocks
from assets.bundle.types import Block, Section, SubHeading, Table, Text
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.types import GRADES

MUNICIPALITY = "municipality"
ITEMS = ("file_format", "codebook", "rows_received", "rows_kept", "rules_passed", "rules_failed", "missing_item_pct")
ABSENT = ("no_delivery", "no_pupils")
Row = Mapping[str, Any]


def who_section(context: Context) -> Section:
    """Answers, response rate and schools per municipality, and then per type of school in the county."""
    blocks: list[Block] = [*context.synthetic_notice(), *held_notice(context), Text(context.say("county_edition.who.intro"))]
    rates = context.frames.response_rates.filter(pl.col("wave") == context.scope.wave)
    for grade in GRADES:
        rows = _in_order(rates.filter((pl.col("grade") == grade) & (pl.col("area_level") == MUNICIPALITY)))
        county = list(rates.filter((pl.col("grade") == grade) & (pl.col("area_level") == "county")).iter_rows(named=True))
        if rows:
            where = {"grade": numbers.upper_first(context.grade(grade)), "wave": context.scope.wave}
            blocks.append(Table(
                id=f"svar-{grade}",
                caption=context.say("county_edition.who.caption", **where),
                columns=tuple(context.entry("county_edition.who.columns")),
                rows=tuple(_rate_row(context, row) for row in [*rows, *county]),
                numeric=frozenset({1, 2, 3, 4}),
                source=context.meta.charts.survey_source,
            ))  # fmt: skip
    blocks += school_type_blocks(context)
    return Section("vilka", context.say("county_edition.sections.vilka"), tuple(blocks))


def _in_order(rows: pl.DataFrame) -> list[Row]:
    return sorted(rows.iter_rows(named=True), key=lambda row: numbers.swedish(row["area_name"]))


def _rate_row(context: Context, row: Row) -> tuple[str, ...]:
    lacking = row["enrolled_reason"] if row["enrolled"] is None else None
    known = context.entry("who.enrolled_missing")
    if row["respondents"] is None:
        note = context.reason(row["reason"])
    elif lacking in known:
        note = str(known[lacking])
    else:
        note = "" if row["reason"] == "ok" else context.reason(row["reason"])
    return (
        row["area_name"], context.count(row["enrolled"]), context.answers(row), context.response(row), _schools(context, row),
        note,
    )  # fmt: skip


def _schools(context: Context, row: Row) -> str:
    participating, registered = row["schools_participating"], row["schools_registered"]
    if participating is None:
        return ""
    kind = "schools" if registered is not None else "schools_unknown"
    return context.say(f"who.{kind}", participating=participating, registered=registered)


def quality_section(context: Context) -> Section:
    """The deliveries, how much can be shown of each municipality, and what the screen for unserious answers did."""
    texts = "county_edition.quality"
    blocks: list[Block] = [*context.synthetic_notice(), *held_notice(context), Text(context.say(f"{texts}.intro"))]
    names = _names(context)
    quality = context.frames.delivery_quality.filter(pl.col("wave") == context.scope.wave)
    cells = {(row["area_code"], row["item"]): row for row in quality.iter_rows(named=True)}
    table = Table(
        id="leveranser",
        caption=context.say(f"{texts}.caption", wave=context.scope.wave),
        columns=tuple(context.entry(f"{texts}.columns")),
        rows=tuple((name, *_delivery(context, code, cells)) for code, name in names.items()),
        numeric=frozenset({3, 4, 5, 6, 7}),
        note=context.say("quality.rounded"),
    )
    hidden = Table(
        id="visas",
        caption=context.say(f"{texts}.hidden_caption", wave=context.scope.wave),
        columns=tuple(context.entry(f"{texts}.hidden_columns")),
        rows=tuple((name, *_shown(context, code)) for code, name in names.items()),
        numeric=frozenset({1, 2, 3}),
        note=context.say(f"{texts}.hidden_note"),
    )
    blocks += [table, SubHeading("kvalitet-visas", context.say(f"{texts}.hidden_title")), hidden]
    return Section("kvalitet", context.say("county_edition.sections.kvalitet"), (*blocks, *screening_blocks(context)))


def _names(context: Context) -> dict[str, str]:
    rows = context.frames.index_results.filter((pl.col("area_level") == MUNICIPALITY) & (pl.col("wave") == context.scope.wave))
    found = dict(rows.select("area_code", "area_name").unique().iter_rows())
    return dict(sorted(found.items(), key=lambda item: numbers.swedish(item[1])))


def _delivery(context: Context, code: str, cells: Mapping[tuple[str, str], Row]) -> tuple[str, ...]:
    """The released facts of one delivery; the reason once when there is none."""
    if not any(cells[code, item]["value"] is not None for item in ITEMS if (code, item) in cells):
        first = cells.get((code, ITEMS[0]))
        return (context.reason(first["reason"] if first else "missing"), *("" for _ in ITEMS[1:]))
    words = {"codebook": context.meta.codebooks, "file_format": context.entry("quality.formats")}

    def text(item: str) -> str:
        row = cells.get((code, item))
        if row is None or row["value"] is None:
            return context.meta.charts.reasons[row["reason"] if row else "missing"].mark
        value = str(row["value"])
        if value.isdigit():
            return numbers.thousands(int(value))
        return str(words.get(item, {}).get(value, value))

    return tuple(text(item) for item in ITEMS)


def _shown(context: Context, code: str) -> tuple[str, ...]:
    """How many focus shares are shown, hidden and absent."""
    rows = context.frames.index_results.filter(
        (pl.col("area_code") == code) & (pl.col("wave") == context.scope.wave) & (pl.col("sex") == "all")
    )
    reasons: list[str] = []
    for key, index in context.indices.items():
        chosen = rows.filter((pl.col("index_key") == key) & (pl.col("measure") == index.focus_measure))
        reasons += chosen["reason"].to_list()
    shown, absent = reasons.count("ok"), sum(reason in ABSENT for reason in reasons)
    return str(shown), str(len(reasons) - shown - absent), str(absent)
