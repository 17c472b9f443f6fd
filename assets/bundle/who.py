"""Who is in the numbers, and how the delivery was received and tested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from assets.bundle.held_words import held_notice
from assets.bundle.respondents_by_sex import sex_blocks
from assets.bundle.school_types import school_type_blocks
from assets.bundle.screening import screening_blocks
from assets.bundle.small_mode import telling_reason
from assets.bundle.types import Block, Bullets, Figure, Notice, Section, SubHeading, Table, Text
from assets.bundle.weighted import weighted_blocks
from assets.bundle.words import Context
from assets.charts import bortfall, kvalitetsremsa, numbers
from assets.charts.types import GRADES


def who_section(context: Context) -> Section:
    """Non-response: chart, table, who is left out, and the share without an index value."""
    blocks: list[Block] = [*context.synthetic_notice(), *held_notice(context), Text(context.say("who.intro"))]
    rates = _rates(context)
    latest = rates.filter(pl.col("wave") == context.scope.wave)
    card = None
    if latest.select(pl.coalesce("respondents", "respondents_least").is_not_null().any()).item():
        card = bortfall.build(context.frames, context.scope, context.meta.charts)
    if card:
        blocks.append(Figure(card, 3))
    else:
        reasons = latest.filter(pl.col("reason") != "no_pupils")["reason"].to_list() or latest["reason"].to_list() or ["missing"]
        blocks.append(Text(context.say("who.chart_none", reason=context.reason(reasons[0]))))
    if not rates.is_empty():
        blocks.append(_rates_table(context, rates))
    blocks += sex_blocks(context)
    blocks += school_type_blocks(context)
    blocks.append(Bullets(tuple(context.entry("who.notes"))))
    blocks += weighted_blocks(context)
    blocks += _unscored(context)
    return Section("vilka", context.title("vilka"), tuple(blocks))


def _rates(context: Context) -> pl.DataFrame:
    scope = context.scope
    own = (pl.col("area_code") == scope.area_code) & (pl.col("edition") == scope.edition)
    return context.frames.response_rates.filter(own).sort(["wave", "grade"], descending=[True, False])


def _rates_table(context: Context, rates: pl.DataFrame) -> Table:
    rows = []
    for row in rates.iter_rows(named=True):
        rows.append((
            str(row["wave"]), context.grade(row["grade"], short=True), context.count(row["enrolled"]),
            context.answers(row), _scored(context, row), context.response(row), _schools(context, row), _note(context, row),
        ))  # fmt: skip
    return Table(
        id="svar",
        caption=context.say("who.table_caption", area=context.scope.area_name),
        columns=tuple(context.entry("who.columns").values()),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5, 6}),
        source=context.meta.charts.survey_source,
    )


def _scored(context: Context, row: Mapping[str, Any]) -> str:
    """Pupils with an index value; protected by themselves when something is told of the respondents."""
    if row["scored_any"] is None and (row["respondents"] is not None or row["respondents_least"] is not None):
        return context.reason("suppressed")
    return context.count(row["scored_any"])


def _note(context: Context, row: Mapping[str, Any]) -> str:
    """Why the row has no answers, or no number of pupils to compare with."""
    hidden = context.reason(row["reason"]) if row["respondents"] is None else ""
    if hidden and row["respondents_least"] is None:
        return hidden
    lacking = row["enrolled_reason"] if row["enrolled"] is None else None
    known = context.entry("who.enrolled_missing")
    if lacking in known:
        return "; ".join(text for text in (hidden, str(known[lacking])) if text)
    reason = lacking or row["reason"]
    return "" if reason in (None, "ok") else context.reason(reason)


def _schools(context: Context, row: Mapping[str, Any]) -> str:
    participating, registered = row["schools_participating"], row["schools_registered"]
    if participating is None:
        return ""
    kind = "schools" if registered is not None else "schools_unknown"
    return context.say(f"who.{kind}", participating=participating, registered=registered)


def _unscored(context: Context) -> list[Block]:
    cells = {key: [context.own(key, grade, "share_unscored") for grade in GRADES] for key in context.indices}
    rows = [(index.label_sv, *(context.share(cell) for cell in cells[key])) for key, index in context.indices.items()]
    table = Table(
        id="otillrackliga-svar",
        caption=context.say("who.unscored_caption", area=context.scope.area_name, wave=context.scope.wave),
        columns=tuple(context.entry("who.unscored_columns").values()),
        rows=tuple(rows),
        numeric=frozenset({1, 2}),
        source=context.meta.charts.survey_source,
    )
    text = context.say("who.unscored_text", minimum=numbers.spelled(context.meta.minimum_answered))
    heading = SubHeading("vilka-otillrackliga", context.say("who.unscored_title"))
    every = [cell for row in cells.values() for cell in row]
    if not any(cell.shown for cell in every):
        hidden = context.say("small_mode.no_unscored", reason=context.reason(telling_reason(every)))
        return [heading, Text(text), Text(hidden)]
    return [heading, Text(text), table]


def quality_section(context: Context) -> Section:
    """The delivery, the checks, what can be shown, and changed questions."""
    blocks: list[Block] = [*context.synthetic_notice(), *held_notice(context), Text(context.say("quality.intro"))]
    strip = kvalitetsremsa.build(context.frames, context.scope, context.meta.charts)
    if strip:
        blocks.append(Figure(strip, 3))
    blocks += _delivery(context)
    blocks += [SubHeading("kvalitet-visas", context.say("quality.status_title")), _status(context)]
    blocks += screening_blocks(context)
    blocks += _breaks(context)
    return Section("kvalitet", context.title("kvalitet"), tuple(blocks))


def _delivery(context: Context) -> list[Block]:
    wave = context.scope.wave
    frame = context.frames.delivery_quality.filter((pl.col("wave") == wave) & (pl.col("area_code") == context.scope.area_code))
    items = {row["item"]: row for row in frame.sort("item").iter_rows(named=True)}
    shown = {key: row["value"] for key, row in items.items() if row["value"] is not None}
    if not shown:
        reasons = sorted({row["reason"] for row in items.values()}) or ["missing"]
        return [Notice(context.say("quality.delivery_none", wave=wave, reason=context.reason(reasons[0])))]
    blocks: list[Block] = []
    if "rules_passed" in shown:
        failed = shown.get("rules_failed", "0")
        text = "checks_all" if failed == "0" else "checks_some"
        blocks.append(Text(context.say(f"quality.{text}", passed=shown["rules_passed"], failed=failed)))
    labels = context.entry("quality.items")
    names = {"codebook": context.meta.codebooks, "file_format": context.entry("quality.formats")}
    rows = []
    for key, label in labels.items():
        if key in items:
            value = shown.get(key)
            words = context.reason(items[key]["reason"]) if value is None else names.get(key, {}).get(value, value)
            rows.append((label, words))
    caption = context.say("quality.delivery_caption", area=context.scope.area_name, wave=wave)
    columns = tuple(context.entry("quality.delivery_columns").values())
    blocks.append(Table("leverans", caption, columns, tuple(rows), note=context.say("quality.rounded")))
    return blocks


def _status(context: Context) -> Table:
    """Which factors can be shown, in words."""
    rows = []
    for key, index in context.indices.items():
        cells = [context.focus(key, grade) for grade in GRADES]
        words = [context.say("quality.status_ok") if cell.shown else context.reason(cell.reason) for cell in cells]
        rows.append((index.label_sv, *words))
    caption = context.say("quality.status_caption", area=context.scope.area_name, wave=context.scope.wave)
    return Table("vad-visas", caption, tuple(context.entry("quality.status_columns").values()), tuple(rows))


def _breaks(context: Context) -> list[Block]:
    rows = []
    for index in context.indices.values():
        for found in index.breaks:
            if found.year <= context.scope.wave:
                level = context.say(f"quality.levels.{found.level}")
                rows.append((str(found.year), index.label_sv, numbers.upper_first(found.text_sv), level))
    if not rows:
        return []
    table = Table(
        id="andrade-fragor",
        caption=context.say("quality.breaks_caption"),
        columns=tuple(context.entry("quality.breaks_columns").values()),
        rows=tuple(sorted(rows, reverse=True)),
    )
    return [
        SubHeading("kvalitet-andringar", context.say("quality.breaks_title")),
        Text(context.say("quality.breaks_text")),
        table,
    ]
