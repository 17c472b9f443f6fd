"""The overview: sentences chosen by the published tests, strengths first, then the charts they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assets.bundle.highlights import Highlights, Listed, highlights
from assets.bundle.types import Block, Bullets, Figure, Notice, Section, SubHeading, Text
from assets.bundle.words import Context, names
from assets.charts import bortfall, faktorprofil, findings, konsskillnad, numbers, skillnadsdiagram
from assets.charts.cells import Cell
from assets.charts.changes import read_changes
from assets.charts.types import GRADES, IndexMeta

MOSTLY_HIDDEN = 0.5


@dataclass(frozen=True)
class Compared:
    """One factor and grade with its share, its difference to the county and what may be said about it."""

    index: IndexMeta
    grade: str
    share: Cell
    difference: Cell
    verdict: str


def section(context: Context) -> Section:
    """The first section of the report."""
    compared, chosen = read_compared(context), highlights(context)
    blocks: list[Block] = [*context.synthetic_notice()]
    county = context.meta.charts.comparison_label
    shown, total = context.shown_count()
    intro = "overview.intro" if shown else "small_mode.intro"
    blocks.append(Text(context.say(intro, county=county, limit=numbers.spelled(chosen.most))))
    blocks += answered(context)
    if total and 0 < shown < total * MOSTLY_HIDDEN:
        text = context.say(
            "overview.hidden.mostly", area=context.scope.area_name, shown=shown, total=total, wave=context.scope.wave
        )
        blocks.append(Notice(text))
    if total and not shown:
        where = {"area": context.scope.area_name, "wave": context.scope.wave}
        blocks.append(Notice(context.say("small_mode.nothing", total=total, **where)))
    if chosen.compared:
        blocks += _highlights(context, "strengths", "strength", chosen.strengths, chosen)
        blocks += _highlights(context, "attention", "attention", chosen.attention, chosen)
        unclear = [*unclear_sentences(context, compared), *unclear_changes(context)]
        if not any(one.difference.shown for one in compared):
            unclear.append(context.say("small_mode.no_comparison"))
        blocks += _list(context, "unclear", unclear)
    else:
        blocks.append(Notice(context.say("overview.nothing_compared", area=context.scope.area_name, county=county)))
    blocks += _list(context, "hidden", hidden_sentences(context))
    blocks += _charts(context) if shown else [Text(context.say("small_mode.no_charts"))]
    return Section("oversikt", context.title("oversikt"), tuple(blocks))


def answered(context: Context) -> list[Block]:
    """How many have answered, per grade, in one framed line: what a reader asks first. Nothing when there is no delivery."""
    parts = []
    for item in bortfall.read_steps(context.frames, context.scope):
        respondents, where = item.steps[1], {"grade": context.grade(item.grade)}
        if respondents.least is not None:
            known = "least_known" if item.least_pct is not None else "least_unknown"
            words = {"n": numbers.thousands(respondents.least), "reason": context.reason(respondents.reason), **where}
            pct = "" if item.least_pct is None else numbers.percent(item.least_pct)
            parts.append(context.say(f"overview.answered.{known}", pct=pct, **words))
            continue
        if respondents.count is None:
            parts.append(context.say("overview.answered.hidden", reason=context.reason(respondents.reason), **where))
            continue
        name = "unknown" if item.response_pct is None else "known"
        pct = "" if item.response_pct is None else numbers.percent(item.response_pct)
        parts.append(context.say(f"overview.answered.{name}", n=numbers.thousands(respondents.count), pct=pct, **where))
    line = "; ".join(parts)
    return [Notice(context.say("overview.answered.line", parts=line, wave=context.scope.wave))] if parts else []


def read_compared(context: Context) -> list[Compared]:
    """Every factor and grade, in catalogue order."""
    found = []
    for grade in GRADES:
        for key, index in context.indices.items():
            difference = context.difference(key, grade)
            found.append(Compared(index, grade, context.focus(key, grade), difference, findings.verdict(difference)))
    return found


def _highlights(context: Context, name: str, tone: str, listed: Listed, chosen: Highlights) -> list[Block]:
    sentences = list(listed.sentences)
    if listed.more:
        sentences.append(context.say(f"overview.{name}.more", count=numbers.spelled(listed.more)))
    return _list(context, name, sentences, tone, chosen.compared)


def _list(context: Context, name: str, sentences: Sequence[str], tone: str = "", compared: int = 0) -> list[Block]:
    heading = SubHeading(f"oversikt-{name}", context.say(f"overview.{name}.title"))
    if not sentences:
        return [heading, Text(context.say(f"overview.{name}.none", compared=compared))]
    return [heading, Bullets(tuple(sentences), tone or name)]


def difference_interval(cell: Cell) -> str:
    """`−6 till −2`, or nothing."""
    return numbers.signed_interval(cell.low, cell.high) if cell.low is not None and cell.high is not None else ""


def unclear_sentences(context: Context, found: Sequence[Compared]) -> list[str]:
    """What can't be decided and what is certainly small, per grade."""
    sentences = []
    for grade in GRADES:
        for verdicts, text in ((("unclear",), "unclear"), (("small", "lower_small", "higher_small"), "small")):
            chosen = [f.index for f in found if f.grade == grade and f.share.shown and f.verdict in verdicts]
            if chosen:
                where = {"grade": context.grade_first(grade), "area": context.scope.area_name}
                sentences.append(context.say(f"overview.unclear.{text}", names=names(chosen), **where))
    return sentences


def unclear_changes(context: Context) -> list[str]:
    """For which factors it can't be told whether they have changed, and for which the change is small, per grade and wave."""
    changes = read_changes(context.frames, context.scope)
    sentences = []
    for grade in GRADES:
        found = [(index, changes.get((grade, "all", "index", key, "share_focus"))) for key, index in context.indices.items()]
        known = [(index, change) for index, change in found if change is not None and change.shown]
        for since in sorted({change.from_wave or 0 for _, change in known}):
            for verdict, text in (("cannot_tell", "change"), ("stable", "stable")):
                chosen = [index for index, change in known if change.from_wave == since and change.verdict == verdict]
                if chosen:
                    first = context.grade_first(grade)
                    every = len(chosen) == len(context.indices)
                    named = context.say("overview.unclear.every") if every else names(chosen)
                    sentences.append(context.say(f"overview.unclear.{text}", names=named, grade=first, earlier=since))
    return sentences


def hidden_sentences(context: Context) -> list[str]:
    """What can't be said, per grade and reason: a share, its difference to the county, or only girls and boys apart."""
    sentences = []
    for grade in GRADES:
        first = context.grade_first(grade)
        whole = context.whole_reason(grade)
        if whole:
            sentences.append(context.say("overview.hidden.whole", grade=first, reason=context.reason(whole)))
            continue
        found: dict[tuple[str, str], list[IndexMeta]] = {}
        for key, index in context.indices.items():
            text, cells = "some", [context.focus(key, grade), context.difference(key, grade)]
            if all(cell.shown for cell in cells):
                text, cells = "sexes", [context.focus(key, grade, sex=sex) for sex in ("girl", "boy")]
            reason = next((cell.reason for cell in cells if not cell.shown), "")
            if reason:
                found.setdefault((text, reason), []).append(index)
        for (text, reason), chosen in sorted(found.items(), key=lambda item: item[0][0] == "sexes"):
            where = {"grade": first, "names": names(chosen), "reason": context.reason(reason)}
            sentences.append(context.say(f"overview.hidden.{text}", **where))
    return sentences


def _charts(context: Context) -> list[Block]:
    blocks: list[Block] = []
    for name, module in (("profile", faktorprofil), ("difference", skillnadsdiagram), ("sex", konsskillnad)):
        blocks.append(SubHeading(f"oversikt-{name}", context.say(f"overview.charts.{name}")))
        for grade in GRADES:
            reason = hidden_reason(drawn_cells(context, name, grade))
            card = None if reason else module.build(context.frames, context.scope, context.meta.charts, grade=grade)
            blocks.append(Figure(card, 4) if card else Text(no_chart(context, grade, reason or "missing")))
    return blocks


def drawn_cells(context: Context, name: str, grade: str) -> list[Cell]:
    """The municipality's cells that a chart of the overview draws."""
    if name == "difference":
        return [context.difference(key, grade) for key in context.indices]
    sexes = ("girl", "boy") if name == "sex" else ("all",)
    return [context.focus(key, grade, sex=sex) for key in context.indices for sex in sexes]


def hidden_reason(cells: Sequence[Cell]) -> str | None:
    """The most common reason when not one of the cells can be shown: words say it better than an empty frame."""
    if any(cell.shown for cell in cells):
        return None
    reasons = [cell.reason for cell in cells]
    return max(sorted(set(reasons)), key=reasons.count)


def no_chart(context: Context, grade: str, reason: str) -> str:
    """Why there is no chart for the grade, in words."""
    grade_name = numbers.upper_first(context.grade(grade))
    return context.say("overview.charts.no_chart", grade=grade_name, reason=context.reason(reason))
