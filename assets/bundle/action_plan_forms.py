"""Activities, preconditions, the suggested order and the decisions as tables of the action plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from assets.bundle.action_plan_rows import Ledger
from assets.bundle.decision_words import follow_up_sentences, indicator_words
from assets.bundle.types import Block, Table, Text
from assets.bundle.words import Context, date_text
from assets.catalogue.prevention import load_activities
from assets.catalogue.readiness import load_readiness
from assets.charts import numbers
from assets.charts.forutsattningstrappa import level_words

TOTAL = ("arena", "level", "age_band")
COUNTS = {
    "known": "n_yes", "none": "n_no", "dont_know": "n_dont_know", "disagreed": "n_disagreed",
    "not_inventoried": "n_not_inventoried", "fragile": "n_fragile", "blind": "n_blind",
}  # fmt: skip
STATES = ("yes", "no", "disagreed", "dont_know", "not_inventoried")
Row = Mapping[str, Any]


def _own(context: Context) -> str:
    return context.say("action_plan.references.where.own")


def _heads(context: Context, path: str) -> tuple[str, ...]:
    return tuple(str(name) for name in context.entry(path).values())


def _newest(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("round") == frame["round"].max()) if frame.height else frame


def activity_blocks(context: Context, ledger: Ledger) -> list[Block]:
    """Counts per protective factor, then every activity with what is known of it; a sentence without any form."""
    status = _newest(context.frames.activity_status)
    if status.is_empty() or status["answered_on"].is_null().all():
        return [Text(context.say("action_plan.coverage.none"))]
    round_ = status["round"][0]
    return [_coverage(context, ledger, round_), _activities(context, ledger, status, round_)]


def _coverage(context: Context, ledger: Ledger, round_: str) -> Table:
    caption = context.say("action_plan.captions.coverage", round=round_)
    totals = context.frames.activity_coverage.filter(
        (pl.col("factor_kind") == "protective_factor") & pl.all_horizontal(pl.col(name) == "*" for name in TOTAL)
    )
    by_factor = {row["factor"]: row for row in totals.filter(pl.col("round") == round_).iter_rows(named=True)}
    heads = context.entry("action_plan.coverage.columns")
    rows = []
    for factor in load_activities().activity_file.protective_factors:
        if (row := by_factor.get(factor.key)) is None:
            continue
        place = f"activity_coverage/{round_}/{context.scope.area_code}/{factor.key}"
        figures = [(str(heads[part]), f"{place}/{column}", numbers.thousands(row[column])) for part, column in COUNTS.items()]
        told = [text for _, _, text in figures]
        total = numbers.thousands(row["n_activities"])
        figures.append(("", f"{place}/n_activities", total))
        known = context.say("action_plan.coverage.of", known=told[0], total=total)
        rows.append((factor.label_sv, known, *told[1:], ledger.add(caption, factor.label_sv, figures, _own(context))))
    note = context.say("action_plan.coverage.note")
    return Table("verksamheter", caption, _heads(context, "action_plan.coverage.columns"), tuple(rows), note=note)


def _activities(context: Context, ledger: Ledger, status: pl.DataFrame, round_: str) -> Table:
    caption = context.say("action_plan.captions.activities", round=round_)
    names = {activity.id: activity.name_sv for activity in load_activities().activities}
    words = context.entry("action_plan.activities.states")
    rows = []
    for row in sorted(status.iter_rows(named=True), key=lambda one: (STATES.index(one["exists"]), one["activity_id"])):
        name = names.get(row["activity_id"]) or context.say("action_plan.activities.own", name=row["own_name"] or "")
        key = f"activity_status/{round_}/{context.scope.area_code}/{row['activity_id']}"
        state = str(words[row["exists"]])
        reference = ledger.add(
            caption, name, [(str(context.entry("action_plan.activities.columns.state")), key, state)], _own(context)
        )
        rows.append((name, state, _note(context, row), reference))
    return Table("aktiviteter", caption, _heads(context, "action_plan.activities.columns"), tuple(rows))


def _note(context: Context, row: Row) -> str:
    said = [context.say(f"action_plan.activities.{name}") for name in ("fragile", "blind") if row[name]]
    labels = {group.key: group.label_sv for group in load_activities().form_file.groups}
    groups = [numbers.lower_first(labels.get(code, code)) for code in (row["groups_not_reached"] or "").split(";") if code]
    said += [context.say("action_plan.activities.groups", names=numbers.words(groups))] if groups else []
    return "; ".join(said)


def readiness_blocks(context: Context, ledger: Ledger) -> list[Block]:
    """Medians and spread per condition of the newest round; a sentence when nobody has rated."""
    frame = _newest(context.frames.readiness)
    if frame.is_empty() or (frame["reason"] == "not_inventoried").all():
        return [Text(context.say("action_plan.readiness.none"))]
    round_ = frame["round"][0]
    caption = context.say("action_plan.captions.readiness", round=round_)
    by_condition = {row["condition"]: row for row in frame.iter_rows(named=True)}
    rows = []
    for condition in load_readiness().conditions:
        if (row := by_condition.get(condition.id)) is None:
            continue
        place = f"readiness/{round_}/{context.scope.area_code}/{condition.id}"
        told = _rated(context, row)
        heads = _heads(context, "action_plan.readiness.columns")[1:]
        figures = [
            (head, f"{place}/{name}", text)
            for head, name, text in zip(heads, ("median", "q1_q3", "lowest_highest", "n_raters", "change"), told, strict=False)
            if text != "–"
        ]
        rows.append((condition.label_sv, *told, ledger.add(caption, condition.label_sv, figures, _own(context))))
    heads = _heads(context, "action_plan.readiness.columns")
    return [Table("forutsattningar", caption, heads, tuple(rows), note=context.say("action_plan.readiness.note"))]


def _rated(context: Context, row: Row) -> tuple[str, ...]:
    words = context.meta.charts.texts["forutsattningstrappa"]
    if row["reason"] != "ok":
        return (str(words["reasons"][row["reason"]]), "–", "–", "–", "–")

    def level(value: float) -> str:
        return level_words(value, context.meta.charts, load_readiness())

    def span(low: float, high: float) -> str:
        return level(low) if low == high else words["span"].format(low=level(low), high=level(high))

    change = str(words["change"].get(row["change"], "–"))
    return (
        level(row["median"]), span(row["q1"], row["q3"]), span(row["lowest"], row["highest"]), str(row["n_raters"]), change,
    )  # fmt: skip


def order_blocks(context: Context, ledger: Ledger) -> list[Block]:
    """The suggested order with how far each place moves under other weights; a sentence when there is none."""
    frame = context.frames.priority_order
    rows_in = (
        frame.filter(pl.col("wave") == context.scope.wave).sort("place", "factor", nulls_last=True) if frame.width else frame
    )
    if rows_in.is_empty():
        return [Text(context.say("action_plan.order.none"))]
    caption = context.say("action_plan.captions.order", wave=context.scope.wave)
    rows = []
    for row in rows_in.iter_rows(named=True):
        index = context.indices.get(row["factor"])
        label = index.label_sv if index else row["factor"]
        place = f"priority_order/{context.scope.wave}/{context.scope.area_code}/{row['factor']}"
        if row["place"] is None:
            rows.append((context.say("action_plan.order.unplaced"), label, "–", "–", "–"))
            continue
        span = f"{row['place_low']}–{row['place_high']}" if row["place_low"] != row["place_high"] else str(row["place"])
        stable = str(context.entry("action_plan.order.stable")[str(row["stable"]).lower()])
        heads = context.entry("action_plan.order.columns")
        texts = {"place": str(row["place"]), "span": span, "stable": stable}
        figures = [(str(heads[part]), f"{place}/{part}", text) for part, text in texts.items()]
        rows.append((texts["place"], label, span, stable, ledger.add(caption, label, figures, _own(context))))
    note = context.say("action_plan.order.note")
    return [Table("ordning", caption, _heads(context, "action_plan.order.columns"), tuple(rows), frozenset({0}), note)]


def decided(context: Context) -> list[Row]:
    """Decisions of the municipality's workshops, the newest first."""
    frame = context.frames.decisions
    if not frame.width:
        return []
    return frame.sort(["workshop_on", "decision_id"], descending=[True, False]).rows(named=True)


def plan_table(context: Context, part: str, cells: Sequence[tuple[str, str]], empty: Sequence[str]) -> Table:
    """One of the plan's tables: number of the decision and what is known, then two rows to fill in.

    Args:
        part: key of `captions`. cells: header and the row's field. empty: key of `fill_in` per column.
    """
    rows = [
        (row["decision_id"] or "", *(_cell(context, row, name) for _, name in cells))
        for row in decided(context)
    ]  # fmt: skip
    blank = [context.say("action_plan.fill", what=context.say(f"action_plan.fill_in.{name}")) for name in empty]
    first = str(context.entry("action_plan.plan.number"))
    number = len(rows)
    rows += [(str(number + n), *blank) for n in (1, 2)]
    return Table(part, context.say(f"action_plan.captions.{part}"), (first, *(head for head, _ in cells)), tuple(rows))


def _cell(context: Context, row: Row, name: str) -> str:
    if name == "indicator":
        return indicator_words(row)
    if name == "state":
        return follow_up_sentences(row)
    value = row[name]
    if value is None or value == "":
        return "–"
    return str(value) if isinstance(value, str) else date_text(value)
