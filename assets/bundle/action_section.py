"""`Från behov till åtgärd`: the report's section with charts 12, 13 and 14 and what matters most in them. Pure."""

from __future__ import annotations

import polars as pl

from assets.bundle.action_facts import OWN_PREFIX, Action, action_of
from assets.bundle.activity_page import matrix_card
from assets.bundle.priority_page import field_cards
from assets.bundle.readiness_page import readiness_card, readiness_missing
from assets.bundle.types import Block, Bullets, Figure, Section, Text
from assets.bundle.words import Context
from assets.charts import numbers

SECTION = "atgard"
FACTORS = "faktorer.html"
TOP, PARTLY = 3, 2


def section(context: Context) -> Section | None:
    """None when the run has neither forms nor the join."""
    action = action_of(context)
    if action is None:
        return None
    matrix, fields, steps = matrix_card(action), field_cards(action), readiness_card(action)
    drawn: list[Block] = [Figure(card, 3) for card in (matrix, *fields, steps) if card]
    lacking = [] if matrix else [action.say("not_inventoried.activities")]
    lacking += [] if steps else [readiness_missing(action)]
    blocks: list[Block] = [
        *context.synthetic_notice(),
        *action.invented(),
        Text(action.say("section.intro")),
        Bullets((*most_important(action), *lacking)),
        *drawn,
        Text(action.say("section.more")),
    ]
    links = tuple((href, words) for href, words in action.entry("links") if action.overview or FACTORS not in href)
    return Section(SECTION, context.title(SECTION), tuple(blocks), links)


def most_important(action: Action) -> tuple[str, ...]:
    """What to talk about first, what is done, and how ready the municipality is; only what is known."""
    said = []
    first = [row for row in action.order if row["place"] is not None and row["place"] <= TOP]
    if first:
        names = [numbers.lower_first(action.context.indices[row["factor"]].label_sv) for row in first]
        said.append(action.say(f"section.first.{'one' if len(names) == 1 else 'several'}", names=numbers.words(names)))
        if loose := [name for name, row in zip(names, first, strict=True) if not row["stable"]]:
            said.append(action.say("section.unsure", names=numbers.words(loose)))
    if action.inventoried:
        listed = action.status.filter(~pl.col("activity_id").str.starts_with(OWN_PREFIX))
        yes = listed.filter(pl.col("exists") == "yes").height
        unknown = listed.filter(~pl.col("exists").is_in(["yes", "no"])).height
        where = {"total": listed.height, "round": action.activity_round, "unknown": numbers.spelled(unknown)}
        said.append(action.say("section.activities", yes=yes, **where))
        counts = {name: action.status[name].to_list().count(True) for name in ("fragile", "blind")}
        if any(counts.values()):
            spelled = {name: numbers.spelled(count) for name, count in counts.items()}
            said.append(action.say("section.fragile", count=spelled["fragile"], blind=spelled["blind"]))
    shown = [row for row in action.readiness.values() if row["reason"] == "ok"]
    if shown:
        count = sum(row["median"] >= PARTLY for row in shown)
        told = {"count": numbers.upper_first(numbers.spelled(count)), "total": numbers.spelled(len(shown))}
        said.append(action.say("section.readiness", **told, round=action.readiness_round))
    return tuple(said)
