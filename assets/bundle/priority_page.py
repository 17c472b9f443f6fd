"""`6_atgard/prioritering.html`: the field, the suggested order with its points, the rule in words and how stable it is. Pure."""

from __future__ import annotations

from collections.abc import Callable

from assets.bundle.action_facts import Action, Row
from assets.bundle.types import Block, Figure, Section, Table, Terms, Text
from assets.bundle.words import reason_text
from assets.catalogue.priority_models import CRITERIA
from assets.charts import numbers, prioriteringsfalt
from assets.charts.types import GRADES, ChartCard

CORNERS = 2 ** len(CRITERIA)
"""Every weight up or down at once."""


def field_cards(action: Action) -> tuple[ChartCard, ...]:
    """Chart 13 per grade, where at least one factor has both a need and a known coverage."""
    found = []
    for grade in GRADES:
        rows = [row for (held, _), row in action.overview.items() if held == grade]
        if any(row["diff_county"] is not None and row["coverage_low"] is not None for row in rows):
            context, order = action.context, [row["factor"] for row in action.order]
            card = prioriteringsfalt.build(
                context.frames.factor_overview, context.scope, context.meta.charts, grade=grade, order=order
            )
            found += [card] if card else []
    return tuple(found)


def priority_sections(action: Action, cards: tuple[ChartCard, ...]) -> tuple[Section, ...]:
    """The page's sections. `cards`: those of `field_cards`."""
    say = action.say
    field: list[Block] = [Figure(card, 3) for card in cards] or [Text(say("not_inventoried.field"))]
    if cards:
        field = [Text(say("priority.limits")), *field, Terms(tuple((a, b) for a, b in action.entry("priority.questions")))]
    return (
        Section("falt", say("priority.field_title"), (*action.context.synthetic_notice(), *field)),
        Section("ordning", say("priority.order_title"), _order(action)),
        Section("alla", say("priority.all_title"), (_all(action),)),
        Section("regel", say("priority.rule_title"), _rule(action)),
    )


def _order(action: Action) -> tuple[Block, ...]:
    placed = [row for row in action.order if row["place"] is not None]
    if not placed:
        return (Text(action.say("not_inventoried.order")),)
    head = action.entry("priority.order_columns")
    table = Table(
        id="foreslagen-ordning",
        caption=action.say("priority.order_caption", wave=action.context.scope.wave),
        columns=tuple(head.values()),
        rows=tuple(_order_row(action, row) for row in action.order),
        numeric=frozenset(range(1, len(head) - 1)),
        note=action.say("priority.order_note"),
    )
    return (Text(action.say("priority.order_intro", stable=stability(action))), table)


def stability(action: Action) -> str:
    """How much of the order depends on the weights, in a sentence."""
    placed = [row for row in action.order if row["place"] is not None]
    loose = [numbers.lower_first(action.context.indices[row["factor"]].label_sv) for row in placed if not row["stable"]]
    kind = "all" if not loose else "none" if len(loose) == len(placed) else "some"
    return action.say(f"priority.stable.{kind}", names=numbers.words(loose))


def _order_row(action: Action, row: Row) -> tuple[str, ...]:
    label = action.context.indices[row["factor"]].label_sv
    parts = [_part(action, row[f"{name}_points"]) for name in CRITERIA]
    if row["place"] is None:
        return (label, action.say("priority.too_little"), "", *parts, "", "", "")
    low, high = row["place_low"], row["place_high"]
    span = str(low) if low == high else f"{low}{numbers.DASH}{high}"
    stable = action.say(f"priority.yes_no.{str(row['stable']).lower()}")
    share = numbers.percent(100 * row["share_top3"])
    return (label, str(row["place"]), numbers.decimal(row["points"], 1), *parts, span, share, stable)


def _part(action: Action, value: float | None) -> str:
    return action.say("unknown") if value is None else numbers.decimal(value, 2)


def _all(action: Action) -> Table:
    """Every factor in both grades: nothing of the join is in the chart alone."""
    rows = [
        _all_row(action, row)
        for grade in GRADES
        for key in action.context.indices
        if (row := action.overview.get((grade, key))) and row["reason_level"] != "no_pupils"
    ]
    head = action.entry("priority.all_columns")
    return Table(
        id="alla-faktorer",
        caption=action.say("priority.all_caption", wave=action.context.scope.wave),
        columns=tuple(head),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5, 6}),
        note=action.say("priority.readiness_note") if action.rated else "",
        source=action.context.meta.charts.survey_source,
    )


def _all_row(action: Action, row: Row) -> tuple[str, ...]:
    reasons = action.context.meta.charts.reasons
    share, gap = reason_text(reasons, row["reason_level"]), ""
    if row["share_focus"] is not None:
        share = _with(numbers.percent(row["share_focus"]), row["low"], row["high"], numbers.percent_interval)
    if row["diff_county"] is not None:
        gap = _with(numbers.signed(row["diff_county"]), row["diff_low"], row["diff_high"], numbers.signed_interval)
    known, fragile, blind = action.say("reasons.not_inventoried"), action.say("none"), action.say("none")
    if row["reason_coverage"] == "ok":
        known = action.say("priority.of", known=row["n_known"], total=row["n_activities"])
        fragile, blind = (numbers.thousands(row[name]) for name in ("n_fragile", "n_blind"))
    elif row["reason_coverage"] == "not_applicable":
        known = action.say("none")
    ready = action.say(f"reasons.{row['reason_readiness']}")
    if row["readiness_median"] is not None:
        ready = f"{action.level(row['readiness_median'])} ({action.span(row['readiness_q1'], row['readiness_q3'])})"
    label = action.context.indices[row["factor"]].label_sv
    return (label, action.context.grade(row["grade"], short=True), share, gap, known, fragile, blind, ready)


def _with(text: str, low: float | None, high: float | None, interval: Callable[[float, float], str]) -> str:
    return text if low is None or high is None else f"{text} ({interval(low, high)})"


def _rule(action: Action) -> tuple[Block, ...]:
    """Criteria with weights, what has been tried, and our reading of how much a factor can be changed."""
    rule = action.definitions.priority
    items = tuple(
        (
            action.say(f"priority.criteria.{name}"),
            action.say("priority.rule_item", weight=numbers.decimal(rule.weights[name]), text=rule.criteria_sv[name]),
        )
        for name in CRITERIA
    )
    tried = action.say("priority.tried", tries=CORNERS + rule.draws, change=numbers.percent(100 * rule.weight_change))
    reading = tuple(
        (
            index.label_sv,
            action.say("priority.malleability_item", points=numbers.decimal(held.points, 2), text=held.reason_sv),
        )
        for key, index in action.context.indices.items()
        if (held := rule.malleability.get(key))
    )
    named = Text(action.say("priority.malleability_title"))
    return (Text(action.say("priority.rule_intro")), Terms(items), Text(tried), named, Terms(reading))
