"""Chart 16, bortfall: who is in the numbers? Steps from pupils in the grade to pupils with an index value, losses hatched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.charts import numbers
from assets.charts.findings import complete_alt, grade_name, lookup, one_sentence, say
from assets.charts.key import KeyItem, hatching, key_view
from assets.charts.theme import (
    BLUE,
    INK,
    MUTED,
    OTHER_GREY,
    WIDTH,
    Spec,
    frame,
    halo_text,
    layer,
    px,
    text_layer,
    view,
)
from assets.charts.types import GRADES, ChartCard, ChartMeta, ReleaseFrames, Scope

OVER_100 = "over_100"
"""Reason of more answers than pupils in the register: an error signal, so no share is formed."""
STEPS = ("enrolled", "respondents", "screened", "scored_any")
"""`screened`, the answers that passed the screen, is a step only where the release tells about a screen in use."""
HEAD = 30
ROW = 62
BAR = 24
LABEL = 20
BAR_LEFT = 0.0
BAR_RIGHT = float(WIDTH)
DRAWN = ("bars", "losses", "hatch", "labels", "right", "words")


@dataclass(frozen=True)
class Step:
    """One step: count of pupils (to the nearest 5) or the reason why there is none, and what was lost since the step before.

    `least`: of respondents without a count, how many they are at least.
    """

    key: str
    count: int | None
    reason: str
    loss: int | None
    share: int | None
    least: int | None = None


@dataclass(frozen=True)
class GradeSteps:
    """The steps of one grade. `response_pct` whole per cent or None; `reason` of the answers; `least_pct`: at least so many."""

    grade: str
    steps: tuple[Step, ...]
    response_pct: int | None
    reason: str
    least_pct: int | None = None


def build(frames: ReleaseFrames, scope: Scope, meta: ChartMeta) -> ChartCard | None:
    """The card `bortfall` with one panel per grade the area has, or None when it has none."""
    grades = read_steps(frames, scope)
    if not grades:
        return None
    parts = [_part(item, meta) for item in grades]
    title = say(meta, "bortfall.title.parts", area=scope.area_name, year=scope.wave, parts="; ".join(parts))
    subtitle = say(meta, "bortfall.subtitle", year=scope.wave)
    largest = max((step.count for item in grades for step in item.steps if step.count is not None), default=0)
    drawn = [_panel(item, largest, meta) for item in grades]
    return ChartCard(
        chart_id="bortfall",
        title=title,
        subtitle=subtitle,
        alt=_alt(meta, scope, grades),
        spec=frame(title, subtitle, [_key(meta), *drawn]),
        table=_table(meta, grades),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=(say(meta, "bortfall.uncertainty"), *lookup(meta.texts, "bortfall.notes")),
    )


def read_steps(frames: ReleaseFrames, scope: Scope) -> list[GradeSteps]:
    """Steps per grade of the scope's area and wave; grades that don't exist in the area are left out."""
    rows = frames.response_rates.filter(
        (pl.col("edition") == scope.edition) & (pl.col("area_code") == scope.area_code) & (pl.col("wave") == scope.wave)
    ).select(
        *("grade", "enrolled", "enrolled_reason", "respondents", "scored_any", "response_pct", "reason"),
        *("respondents_least", "response_least_pct"),
    )
    by_grade = {row["grade"]: row for row in rows.to_dicts()}
    screen = _screen(frames, scope)
    return [
        _steps(by_grade[grade], screen.get(grade))
        for grade in GRADES
        if grade in by_grade and by_grade[grade]["reason"] != "no_pupils"
    ]


def _screen(frames: ReleaseFrames, scope: Scope) -> dict[str, dict[str, Any]]:
    """Grade -> the published share of answers that the screen took away, or its reason; empty without a screen in use."""
    table = frames.screen_sensitivity
    if "removal" not in table.columns:
        return {}
    own = (pl.col("edition") == scope.edition) & (pl.col("area_code") == scope.area_code) & (pl.col("wave") == scope.wave)
    rows = table.filter(own & (pl.col("measure") == "removed_pct") & pl.col("removal"))
    return {row["grade"]: row for row in rows.iter_rows(named=True)}


def passed_screen(respondents: int, removed_pct: float, scored: int | None) -> int:
    """Answers left after the screen, to the nearest 5. Made of two published numbers, so it tells nothing more than they do."""
    left = 5 * int(respondents * (1 - removed_pct / 100) / 5 + 0.5)
    return min(respondents, max(left, scored or 0))


def _screened_row(row: dict[str, Any], screen: dict[str, Any] | None) -> dict[str, Any]:
    """The row with the step `screened`, where there is a screen and the number of answers is shown."""
    if screen is None or row["respondents"] is None:
        return row
    if screen["value"] is None:
        return {**row, "screened": None, "screened_reason": screen["reason"]}
    return {**row, "screened": passed_screen(row["respondents"], screen["value"], row["scored_any"])}


def _steps(plain: dict[str, Any], screen: dict[str, Any] | None) -> GradeSteps:
    row = _screened_row(plain, screen)
    steps: list[Step] = []
    before: int | None = None
    for key in STEPS:
        if key not in row:
            continue
        count = row[key]
        reason = _step_reason(key, row)
        loss = before - count if before is not None and count is not None and before >= count else None
        share = None
        if key != "enrolled" and count is not None and row["enrolled"] and row["reason"] != OVER_100:
            share = min(100, int(100 * count / row["enrolled"] + 0.5))
        if key == "respondents" and row["response_pct"] is not None:
            share = int(row["response_pct"])
        least = row["respondents_least"] if key == "respondents" and count is None else None
        steps.append(Step(key, count, reason, loss, share, least))
        before = count if count is not None or key != "screened" else before
    pct = None if row["response_pct"] is None else int(row["response_pct"])
    return GradeSteps(row["grade"], tuple(steps), pct, row["reason"], row["response_least_pct"])


def _step_reason(key: str, row: dict[str, Any]) -> str:
    """Why a step has no number. The pupils with an index value are protected by themselves when the respondents are shown."""
    if row[key] is not None:
        return "ok"
    if key == "enrolled":
        return str(row["enrolled_reason"])
    if key == "screened":
        return str(row["screened_reason"])
    return "suppressed" if key == "scored_any" and row["respondents"] is not None else str(row["reason"])


def _key(meta: ChartMeta) -> Spec:
    items = [KeyItem(say(meta, "bortfall.key.kept"), "band", BLUE), KeyItem(say(meta, "bortfall.key.loss"), "hatch", OTHER_GREY)]
    return key_view(items, synthetic=meta.synthetic)


def _panel(item: GradeSteps, largest: int, meta: ChartMeta) -> Spec:
    drawn: dict[str, list[dict[str, Any]]] = {key: [] for key in DRAWN}
    scale = (BAR_RIGHT - BAR_LEFT) / largest if largest else 0.0
    for place, step in enumerate(item.steps):
        top = HEAD + place * ROW
        y, y2 = top + LABEL, top + LABEL + BAR
        drawn["labels"].append({"x": BAR_LEFT, "y": top + 8, "text": _step_label(step, meta)})
        if step.count is None:
            drawn["words"].append({"x": BAR_LEFT + 8, "y": y + BAR / 2, "text": _missing(step, meta, item.least_pct)})
            continue
        end = round(BAR_LEFT + scale * step.count, 1)
        drawn["bars"].append({"x": BAR_LEFT, "x2": end, "y": y, "y2": y2})
        if step.loss:
            stop = round(end + scale * step.loss, 1)
            drawn["losses"].append({"x": end, "x2": stop, "y": y, "y2": y2})
            drawn["hatch"] += hatching(end, stop, y, y2)
            text = say(meta, "bortfall.loss_value", n=numbers.thousands(step.loss), reason=_loss_reason(item, step, meta))
            drawn["right"].append({"x": BAR_RIGHT, "y": top + 8, "text": text})
    return view(_layers(item, meta, drawn), height=HEAD + ROW * len(item.steps))


def _layers(item: GradeSteps, meta: ChartMeta, drawn: dict[str, list[dict[str, Any]]]) -> list[Spec]:
    box = {"x": px("x"), "x2": {"field": "x2"}, "y": px("y"), "y2": {"field": "y2"}}
    head = [{"x": BAR_LEFT, "y": 10, "text": numbers.upper_first(grade_name(meta, item.grade))}]
    return [
        text_layer(head, px("x"), px("y"), fontWeight="bold", fontSize=16),
        layer({"type": "rect", "fill": BLUE, "opacity": 1}, drawn["bars"], **box),
        layer({"type": "rule", "stroke": OTHER_GREY, "strokeWidth": 1.5}, drawn["hatch"], **box),
        layer({"type": "rect", "fill": None, "stroke": OTHER_GREY, "strokeWidth": 1.5}, drawn["losses"], **box),
        text_layer(drawn["labels"], px("x"), px("y"), fill=INK),
        text_layer(drawn["right"], px("x"), px("y"), align="right", fill=MUTED),
        *halo_text(drawn["words"], px("x"), px("y"), fill=MUTED, fontStyle="italic"),
    ]


def _step_label(step: Step, meta: ChartMeta) -> str:
    name = lookup(meta.texts, f"bortfall.steps.{step.key}")
    if step.count is None:
        return name
    n = numbers.thousands(step.count)
    if step.share is None:
        return f"{name}: {say(meta, 'bortfall.value', n=n)}"
    return f"{name}: {say(meta, 'bortfall.value_pct', n=n, pct=numbers.percent(step.share))}"


def _loss_reason(item: GradeSteps, step: Step, meta: ChartMeta) -> str:
    """Why pupils were lost in the step; what the screen took is told apart where its own step has a number."""
    known = step.key == "scored_any" and any(other.key == "screened" and other.count is not None for other in item.steps)
    return say(meta, f"bortfall.loss.{'scored_only' if known else step.key}")


def _missing(step: Step, meta: ChartMeta, least_pct: int | None = None) -> str:
    """How many they are at least, or why a step has no count, in words."""
    if step.least is not None:
        return _least(step.least, least_pct, meta, mark=meta.reasons[step.reason].mark)
    return _reason(step, meta)


def _reason(step: Step, meta: ChartMeta) -> str:
    reason = str(meta.reasons[step.reason])
    if step.key != "enrolled":
        return reason
    key = step.reason if step.reason in lookup(meta.texts, "bortfall.enrolled_missing") else "other"
    return say(meta, f"bortfall.enrolled_missing.{key}", reason=reason)


def _least(least: int, pct: int | None, meta: ChartMeta, *, mark: str) -> str:
    name = "least" if pct is None else "least_pct"
    share = "" if pct is None else numbers.percent(pct)
    return say(meta, f"bortfall.{name}", n=numbers.thousands(least), pct=share, mark=mark)


def _part(item: GradeSteps, meta: ChartMeta) -> str:
    grade = grade_name(meta, item.grade)
    answered = item.steps[1]
    if answered.least is not None:
        name = "unknown" if item.least_pct is None else "least"
        pct = "" if item.least_pct is None else numbers.percent(item.least_pct)
        return say(meta, f"bortfall.title.{name}", grade=grade, pct=pct)
    if answered.count is None:
        return say(meta, "bortfall.title.hidden", grade=grade, reason=str(meta.reasons[answered.reason]))
    if item.response_pct is None:
        return say(meta, f"bortfall.title.{OVER_100 if item.reason == OVER_100 else 'unknown'}", grade=grade)
    return say(meta, "bortfall.title.known", grade=grade, pct=numbers.percent(item.response_pct))


def _alt(meta: ChartMeta, scope: Scope, grades: list[GradeSteps]) -> str:
    found = []
    for item in grades:
        found.append(numbers.upper_first(_part(item, meta)))
        counts = {step.key: numbers.thousands(step.count) for step in item.steps if step.count is not None}
        if {"respondents", "scored_any"} <= counts.keys():
            found.append(say(meta, "bortfall.finding", grade=grade_name(meta, item.grade), **counts))
    uncertainty = say(meta, "bortfall.uncertainty")
    text = say(meta, "bortfall.alt", area=scope.area_name, year=scope.wave, finding=one_sentence(found), uncertainty=uncertainty)
    return complete_alt(meta, text, synthetic=meta.synthetic)


def _share(item: GradeSteps, step: Step, meta: ChartMeta) -> str:
    if step.least is not None and item.least_pct is not None:
        return say(meta, "bortfall.least_share", pct=numbers.percent(item.least_pct))
    return numbers.percent(step.share) if step.share is not None else ""


def _table(meta: ChartMeta, grades: list[GradeSteps]) -> pl.DataFrame:
    """A row per grade and step. The least number has a column of its own, only where there is one: it isn't rounded."""
    head = {key: say(meta, f"bortfall.columns.{key}") for key in ("step", "count", "least", "share", "loss", "reason")}
    any_least = any(step.least is not None for item in grades for step in item.steps)
    rows = []
    for item in grades:
        for step in item.steps:
            lost = step.loss is not None and step.key != "enrolled"
            rows.append({
                say(meta, "common.columns.grade"): numbers.upper_first(grade_name(meta, item.grade)),
                head["step"]: lookup(meta.texts, f"bortfall.steps.{step.key}"),
                head["count"]: numbers.thousands(step.count) if step.count is not None else _reason(step, meta),
                **({head["least"]: numbers.thousands(step.least) if step.least is not None else ""} if any_least else {}),
                head["share"]: _share(item, step, meta),
                head["loss"]: numbers.thousands(step.loss) if lost else "",
                head["reason"]: _loss_reason(item, step, meta) if lost and step.loss else "",
            })  # fmt: skip
    return pl.DataFrame(rows)
