"""Chart 10, kvalitetsremsa: can the numbers be trusted? Five facts per grade, each with an icon and a word of its own.

The facts are never merged to one grade, because that would hide which of them is the weak one. Limits: `more_charts.yml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.charts import numbers
from assets.charts.findings import complete_alt, grade_name, lookup, one_sentence, say
from assets.charts.key import KeyItem, key_view
from assets.charts.theme import BLUE, COUNTY_GREY, INK, LINE_GREY, MUTED, ORANGE, WIDTH, Spec, frame, layer, px, text_layer, view
from assets.charts.types import GRADES, ChartCard, ChartMeta, ReleaseFrames, Scope

GOOD, CAREFUL, WEAK, UNKNOWN = "good", "careful", "weak", "unknown"
LOOK = {GOOD: ("circle", BLUE, True), CAREFUL: ("triangle-up", ORANGE, False), WEAK: ("square", ORANGE, True),
        UNKNOWN: ("cross", COUNTY_GREY, False)}  # fmt: skip
FACTS = ("response", "answers", "schools", "screened", "comparable")
HEAD, ROW = 30, 28
VALUE, ICON = 215.0, 505.0
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Fact:
    """One fact of one grade: what it is in words, and one of the three states (or unknown)."""

    grade: str
    key: str
    value: str
    state: str


def build(frames: ReleaseFrames, scope: Scope, meta: ChartMeta) -> ChartCard | None:
    """The card `kvalitetsremsa` with a panel per grade, or None when no grade's number of answers is shown."""
    facts = read_facts(frames, scope, meta)
    if all(fact.state == UNKNOWN for fact in facts if fact.key == "answers"):
        return None
    grades = list(dict.fromkeys(fact.grade for fact in facts))
    parts = [_part([fact for fact in facts if fact.grade == grade], meta) for grade in grades]
    title = say(meta, "kvalitetsremsa.title", area=scope.area_name, year=scope.wave, parts=numbers.words(parts))
    subtitle = say(meta, "kvalitetsremsa.subtitle", year=scope.wave)
    weak = [_weak([fact for fact in facts if fact.grade == grade], meta) for grade in grades]
    alt = say(
        meta, "kvalitetsremsa.alt", area=scope.area_name, year=scope.wave, finding=one_sentence([numbers.words(parts), *weak])
    )
    panels = [_panel(grade, [fact for fact in facts if fact.grade == grade], meta) for grade in grades]
    return ChartCard(
        chart_id="kvalitetsremsa",
        title=title,
        subtitle=subtitle,
        alt=complete_alt(meta, alt, synthetic=meta.synthetic),
        spec=frame(title, subtitle, [_key(meta, facts), *panels]),
        table=_table(facts, meta),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=tuple(str(note).format(**_limit_words(meta)) for note in lookup(meta.texts, "kvalitetsremsa.notes")),
    )


def read_facts(frames: ReleaseFrames, scope: Scope, meta: ChartMeta) -> list[Fact]:
    """Five facts per grade with a delivery, in a fixed order."""
    found = []
    for grade in GRADES:
        rate = _one(frames.response_rates, scope, grade)
        if rate is None or rate["reason"] in ("no_pupils", "no_delivery"):
            continue
        found += [
            _response(meta, grade, rate),
            _answers(meta, grade, rate),
            _schools(meta, grade, rate),
            _screened(meta, grade, frames.screen_sensitivity, scope),
            _comparable(meta, grade, scope),
        ]
    return found


def _one(table: pl.DataFrame, scope: Scope, grade: str, **more: str) -> Row | None:
    if not table.width:
        return None
    wanted = {"edition": scope.edition, "area_code": scope.area_code, "wave": scope.wave, "grade": grade, **more}
    rows = table.filter(*[pl.col(name) == value for name, value in wanted.items()]) if set(wanted) <= set(table.columns) else None
    return None if rows is None or rows.is_empty() else rows.row(0, named=True)


def state_of(value: float, limits: Mapping[str, float]) -> str:
    """`good` or `careful` by the limits, else `weak`; limits that fall (`good` below `careful`) mean that less is better."""
    good, careful = limits["good"], limits["careful"]
    if good <= careful:
        return GOOD if value <= good else CAREFUL if value <= careful else WEAK
    return GOOD if value >= good else CAREFUL if value >= careful else WEAK


def _limits(meta: ChartMeta, key: str) -> Mapping[str, float]:
    limits: Mapping[str, float] = lookup(meta.texts, f"kvalitetsremsa.limits.{key}")
    return limits


def _limit_words(meta: ChartMeta) -> dict[str, str]:
    limits = lookup(meta.texts, "kvalitetsremsa.limits")
    return {f"{key}_{name}": numbers.decimal(value) for key, ends in limits.items() for name, value in ends.items()}


def _share(meta: ChartMeta, grade: str, key: str, value: float | None, reason: str) -> Fact:
    if value is None:
        return _unknown(meta, grade, key, reason)
    return Fact(grade, key, numbers.percent(value), state_of(value, _limits(meta, key)))


def _unknown(meta: ChartMeta, grade: str, key: str, reason: str) -> Fact:
    named = meta.reasons.get(reason)
    return Fact(grade, key, str(named) if named and named.mark else str(meta.reasons["missing"]), UNKNOWN)


def _response(meta: ChartMeta, grade: str, rate: Row) -> Fact:
    least = rate["response_least_pct"]
    if rate["response_pct"] is None and least is not None:
        return _least(meta, grade, "response", numbers.percent(least), least)
    return _share(meta, grade, "response", rate["response_pct"], rate["reason"])


def _least(meta: ChartMeta, grade: str, key: str, text: str, value: float) -> Fact:
    """At least so much is told: the state is what that is enough for, and never that it is too little."""
    state = state_of(value, _limits(meta, key))
    return Fact(grade, key, say(meta, "kvalitetsremsa.least", value=text), UNKNOWN if state == WEAK else state)


def _answers(meta: ChartMeta, grade: str, rate: Row) -> Fact:
    count, least = rate["respondents"], rate["respondents_least"]
    if count is None and least is not None:
        return _least(meta, grade, "answers", numbers.thousands(least), least)
    if count is None:
        return _unknown(meta, grade, "answers", rate["reason"])
    return Fact(grade, "answers", numbers.thousands(count), state_of(count, _limits(meta, "answers")))


def _schools(meta: ChartMeta, grade: str, rate: Row) -> Fact:
    taken, registered = rate["schools_participating"], rate["schools_registered"]
    if taken is None and rate["respondents"] is None:
        return _unknown(meta, grade, "schools", rate["reason"])
    if taken is None or not registered:
        return _unknown(meta, grade, "schools", "missing" if rate["enrolled_reason"] == "ok" else rate["enrolled_reason"])
    state = state_of(100 * taken / registered, _limits(meta, "schools"))
    return Fact(grade, "schools", say(meta, "kvalitetsremsa.schools", taken=taken, registered=registered), state)


def _screened(meta: ChartMeta, grade: str, table: pl.DataFrame, scope: Scope) -> Fact:
    row = _one(table, scope, grade, series_type="screen", measure="removed_pct")
    if row is None:
        return _unknown(meta, grade, "screened", "missing")
    return _share(meta, grade, "screened", row["value"], row["reason"])


def _comparable(meta: ChartMeta, grade: str, scope: Scope) -> Fact:
    """How many indices may be compared with the wave before: a major break is one that may not."""
    now = [[b.level for b in index.breaks if b.year == scope.wave] for index in meta.indices.values()]
    major, changed = sum("major" in levels for levels in now), sum(bool(levels) for levels in now)
    state = WEAK if 2 * major > len(now) else CAREFUL if changed else GOOD
    kind = "comparable_changed" if changed else "comparable"
    text = say(meta, f"kvalitetsremsa.{kind}", same=len(now) - major, total=len(now), changed=changed)
    return Fact(grade, "comparable", text, state)


def _key(meta: ChartMeta, facts: list[Fact]) -> Spec:
    used = {fact.state for fact in facts}
    items = [
        KeyItem(say(meta, f"kvalitetsremsa.states.{state}"), shape, colour, filled=filled)
        for state, (shape, colour, filled) in LOOK.items()
        if state in used
    ]
    return key_view(items, synthetic=meta.synthetic)


def _panel(grade: str, facts: list[Fact], meta: ChartMeta) -> Spec:
    head = [{"x": 0, "y": 12, "text": numbers.upper_first(grade_name(meta, grade))}]
    labels, values, states, lines = [], [], [], []
    icons: dict[str, list[dict[str, float]]] = {state: [] for state in LOOK}
    for place, fact in enumerate(facts):
        y = HEAD + place * ROW + ROW / 2
        labels.append({"x": 0, "y": y, "text": say(meta, f"kvalitetsremsa.facts.{fact.key}")})
        values.append({"x": VALUE, "y": y, "text": fact.value})
        states.append({"x": ICON + 18, "y": y, "text": say(meta, f"kvalitetsremsa.states.{fact.state}")})
        icons[fact.state].append({"x": ICON, "y": y})
        lines.append({"x": 0, "x2": float(WIDTH), "y": HEAD + place * ROW})
    layers = [
        layer({"type": "rule", "stroke": LINE_GREY}, lines, x=px("x"), x2={"field": "x2"}, y=px("y")),
        text_layer(head, px("x"), px("y"), fontWeight="bold", fontSize=16),
        text_layer(labels, px("x"), px("y")),
        text_layer(values, px("x"), px("y"), fill=INK, fontWeight="bold"),
        text_layer(states, px("x"), px("y"), fill=MUTED),
    ]
    for state, (shape, colour, filled) in LOOK.items():
        mark = {"type": "point", "shape": shape, "size": 120, "stroke": colour, "strokeWidth": 2, "opacity": 1}
        layers.append(layer({**mark, "fill": colour if filled else "white"}, icons[state], x=px("x"), y=px("y")))
    return view(layers, height=HEAD + ROW * len(facts))


def _part(facts: list[Fact], meta: ChartMeta) -> str:
    good = sum(fact.state == GOOD for fact in facts)
    words = {"grade": grade_name(meta, facts[0].grade), "total": numbers.spelled(len(facts)), "count": numbers.spelled(good)}
    return say(meta, f"kvalitetsremsa.part.{'some' if good else 'none'}", **words)


def _weak(facts: list[Fact], meta: ChartMeta) -> str:
    chosen = [fact for fact in facts if fact.state in (CAREFUL, WEAK)]
    if not chosen:
        return ""
    names = numbers.words([say(meta, f"kvalitetsremsa.in_sentence.{fact.key}") for fact in chosen])
    return say(meta, "kvalitetsremsa.weak", grade=grade_name(meta, facts[0].grade), names=names)


def _table(facts: list[Fact], meta: ChartMeta) -> pl.DataFrame:
    head = {key: say(meta, f"kvalitetsremsa.columns.{key}") for key in ("fact", "value", "state")}
    return pl.DataFrame(
        [
            {
                say(meta, "common.columns.grade"): numbers.upper_first(grade_name(meta, fact.grade)),
                head["fact"]: say(meta, f"kvalitetsremsa.facts.{fact.key}"),
                head["value"]: fact.value,
                head["state"]: say(meta, f"kvalitetsremsa.states.{fact.state}"),
            }
            for fact in facts
        ]
    )
