"""`6_atgard/forutsattningar.html`: the seven conditions, their statements, earlier rounds and what is published of the county."""

from __future__ import annotations

import polars as pl

from assets.bundle.action_facts import Action, Row
from assets.bundle.types import Block, Bullets, Figure, Section, SubHeading, Table, Text
from assets.catalogue.readiness_models import Condition
from assets.charts import forutsattningstrappa, numbers
from assets.charts.types import ChartCard


def readiness_card(action: Action) -> ChartCard | None:
    """Chart 14, or None when not one condition can be shown."""
    if not action.rated:
        return None
    context = action.context
    return forutsattningstrappa.build(
        context.frames.readiness, context.scope, context.meta.charts, action.definitions.readiness, round_=action.readiness_round
    )


def readiness_sections(action: Action, card: ChartCard | None) -> tuple[Section, ...]:
    """The page's sections; what is published of the county stands there even when nobody in the municipality has answered."""
    say = action.say
    first: list[Block] = [*action.invented(), Figure(card, 3)] if card else [Text(readiness_missing(action))]
    sections = [Section("trappa", say("readiness.chart_title"), tuple(first))]
    if rounds := _rounds(action):
        sections.append(Section("omgangar", say("readiness.change_title"), (rounds,)))
    if card:
        sections.append(Section("pastaenden", say("readiness.statements_title"), _statements(action)))
    return (*sections, Section("lanet", say("readiness.reference_title"), _references(action)))


def readiness_missing(action: Action) -> str:
    """Why nothing of the preconditions can be shown."""
    return action.say(f"not_inventoried.{'few' if action.readiness_reason == 'too_few_raters' else 'readiness'}")


def _statements(action: Action) -> tuple[Block, ...]:
    table = action.context.frames.readiness_statements
    chosen = table.filter(pl.col("round") == action.readiness_round) if table.height else table
    rows = {row["statement"]: row for row in chosen.iter_rows(named=True)}
    blocks: list[Block] = []
    for condition in action.definitions.readiness.conditions:
        blocks += [SubHeading(f"villkor-{condition.id.replace('_', '-')}", condition.label_sv), _table(action, condition, rows)]
    return tuple(blocks)


def _table(action: Action, condition: Condition, rows: dict[str, Row]) -> Table:
    lines = []
    for statement in condition.statements:
        row = rows.get(statement.id)
        if row is None or row["reason"] != "ok":
            lines.append((statement.text_sv, action.say(f"reasons.{row['reason'] if row else 'not_inventoried'}"), "", "", ""))
            continue
        lines.append((
            statement.text_sv, action.level(row["median"]), action.span(row["q1"], row["q3"]),
            numbers.thousands(row["n_raters"]), numbers.percent(row["dont_know_pct"]),
        ))  # fmt: skip
    return Table(
        id=f"pastaenden-{condition.id.replace('_', '-')}",
        caption=action.say("readiness.caption", condition=condition.label_sv, round=action.readiness_round),
        columns=tuple(action.entry("readiness.columns")),
        rows=tuple(lines),
        numeric=frozenset({3, 4}),
    )


def _rounds(action: Action) -> Table | None:
    """The median of every round; nothing when not one condition of any round can be shown."""
    table = action.context.frames.readiness
    if table.is_empty() or table.filter(pl.col("reason") == "ok").is_empty():
        return None
    rounds = sorted(table["round"].unique().to_list())
    rows = {(row["condition"], row["round"]): row for row in table.iter_rows(named=True)}
    lines = []
    for condition in action.definitions.readiness.conditions:
        cells = [_median(action, rows.get((condition.id, one))) for one in rounds]
        newest = rows.get((condition.id, action.readiness_round))
        change = action.say(f"readiness.change.{newest['change']}") if newest and newest["change"] else action.say("none")
        lines.append((condition.label_sv, *cells, change))
    head = action.entry("readiness.change_columns")
    return Table(
        id="omgangar-tabell-data",
        caption=action.say("readiness.change_caption"),
        columns=(head["condition"], *(action.say("readiness.change_column", round=one) for one in rounds), head["change"]),
        rows=tuple(lines),
        note=action.say("readiness.note"),
    )


def _median(action: Action, row: Row | None) -> str:
    if row is None or row["reason"] != "ok":
        return action.say(f"reasons.{row['reason'] if row else 'not_inventoried'}")
    return f"{action.level(row['median'])} ({action.span(row['q1'], row['q3'])})"


def _references(action: Action) -> tuple[Block, ...]:
    """What the county's published survey says, by condition: another measure, so it stands beside and isn't compared."""
    file = action.definitions.readiness
    blocks: list[Block] = [Text(file.references_note_sv)]
    for condition in file.conditions:
        if held := file.references_of(condition.id):
            told = tuple(action.say("readiness.reference", text=one.text_sv, place=one.place_sv) for one in held)
            blocks += [SubHeading(f"lanet-{condition.id.replace('_', '-')}", condition.label_sv), Bullets(told)]
    return (*blocks, Text(action.say("readiness.reference_source", source=file.reference_source_sv), "source"))
