"""`6_atgard/verksamheter.html`: the matrix by arena and level, what to notice, disagreements and all activities. Pure."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from assets.bundle.action_facts import OWN_PREFIX, Action, Row
from assets.bundle.types import Bullets, Figure, Section, Table, Text
from assets.bundle.words import date_text
from assets.charts import numbers, tackningsmatris
from assets.charts.activity_notes import activity_notes
from assets.charts.tackningsmatris import By
from assets.charts.types import ChartCard


def matrix_card(action: Action, by: By = "arena") -> ChartCard | None:
    """Chart 12, or None when nobody has inventoried anything: a matrix of hatched cells would say nothing.

    By level its title on the page says so: it stands under the one by arena, and a reader who hears the page has only titles.
    """
    if not action.inventoried:
        return None
    context = action.context
    card = tackningsmatris.build(
        action.coverage, action.status, context.scope, context.meta.charts, action.definitions.activities, by=by
    )
    if card is None or by == "arena":
        return card
    return replace(card, title=action.say("activities.level_chart", title=card.title))


def activity_sections(action: Action, cards: dict[str, ChartCard | None]) -> tuple[Section, ...]:
    """The page's sections. `cards`: chart 12 by `arena` and `level`."""
    say = action.say
    if not action.inventoried:
        return (Section("verksamheter", say("activities.all_title"), (Text(say("not_inventoried.activities")),)),)
    sections = []
    for by, card in cards.items():
        if card:
            sections.append(Section(f"per-{by}", say(f"activities.{by}_title"), (*action.invented(), Figure(card, 3))))
    sections.append(Section("att-marka", say("activities.said_title"), (Bullets(noticed(action)),)))
    if told := _disagreed(action):
        sections.append(Section("skiljer-sig", say("activities.disagreed_title"), (Bullets(told),)))
    sections.append(Section("alla", say("activities.all_title"), (_all(action),)))
    return tuple(sections)


def noticed(action: Action) -> tuple[str, ...]:
    """Who has answered, what is fragile or blind, legal duties, groups that aren't reached and what has changed."""
    status = action.status
    listed = status.filter(~pl.col("activity_id").str.starts_with(OWN_PREFIX))
    newest = status["answered_on"].max()
    answered = listed.filter(pl.col("exists") != "not_inventoried").height
    said = [action.say("activities.who", date=date_text(newest), count=answered, total=listed.height)] if newest else []
    for column in ("fragile", "blind"):
        rows = status.filter(pl.col(column))
        names = [numbers.lower_first(action.name(row)) for row in rows.iter_rows(named=True)]
        said += [action.say(f"activities.{column}", names=numbers.words(names))] if names else []
    return (*said, *activity_notes(status, action.definitions.activities, action.context.meta.charts))


def _disagreed(action: Action) -> tuple[str, ...]:
    rows = action.status.filter(pl.col("exists") == "disagreed").iter_rows(named=True)
    return tuple(
        action.say(
            "activities.disagreed", name=action.name(row), yes=action.roles(row["roles_yes"]), no=action.roles(row["roles_no"])
        )
        for row in rows
    )


def _all(action: Action) -> Table:
    return Table(
        id="alla-verksamheter",
        caption=action.say("activities.caption", round=action.activity_round),
        columns=tuple(action.entry("activities.columns")),
        rows=tuple(_row(action, row) for row in action.status.iter_rows(named=True)),
        note=f"{action.say('activities.note')} {action.definitions.activities.activity_file.reading_sv}",
    )


def _row(action: Action, row: Row) -> tuple[str, ...]:
    def told(name: str, code: str | None) -> str:
        return action.say(f"activities.{name}.{code}") if code else action.say("none")

    funding = told("funding", row["funding"])
    if row["funding_end"]:
        funding = action.say("activities.ends", funding=funding, date=date_text(row["funding_end"]))
    elif row["fragile"]:
        funding = action.say("activities.fragile_mark", funding=funding)
    return (
        action.name(row), action.say(f"states.{row['exists']}"), funding, told("follow_up", row["follow_up"]),
        told("reach", row["reach"]), told("change", row["change"]), _who(action, row),
    )  # fmt: skip


def _who(action: Action, row: Row) -> str:
    """Which roles have answered what; those who only said that they don't know are a number."""
    parts = [
        action.say(f"activities.answered.{key}", roles=roles)
        for key in ("yes", "no")
        if (roles := action.roles(row[f"roles_{key}"]))
    ]
    if not parts and row["n_respondents"]:
        parts = [action.say("activities.answered_none", n=row["n_respondents"])]
    return "; ".join(parts) or action.say("none")
