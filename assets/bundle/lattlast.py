"""The easy-to-read page for young people: the overview's findings in short sentences with the same numbers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.bundle.highlights import chosen_findings
from assets.bundle.overview import read_compared
from assets.bundle.types import BundleSummary
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.types import GRADES
from assets.methods.findings import Finding

PAGE = "1_rapport/lattlast.html"
ABSENT = ("no_pupils", "no_delivery", "missing")


@dataclass(frozen=True)
class EasyPart:
    """A part of the page. `points`: each a headline and the sentences below it. `items`: a plain list after the sentences."""

    id: str
    title: str
    sentences: tuple[str, ...] = ()
    points: tuple[tuple[str, str], ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class EasyPage:
    """The page's words in order."""

    title: str
    lead: str
    parts: tuple[EasyPart, ...]


def easy_page(context: Context, summary: BundleSummary, *, register_only: bool = False) -> EasyPage:
    """What the survey is, what is good, what can get better, what nobody knows, and what to do with it.

    Where nobody has answered (`register_only`), or no answer may be shown, it says so, and nothing about answers.

    Args:
        context: the bundle's numbers and words; the texts are `texts/lattlast.yml`.
        summary: how many answered, as the report says it.
    """
    texts = context.meta.texts["lattlast"]
    if register_only or _nothing_shown(context):
        absent = register_only or all(context.whole_reason(grade) in ABSENT for grade in GRADES)
        return _without_answers(context, texts, context.entry("register_only.easy") if absent else texts["all_hidden"])
    findings = chosen_findings(context)
    good, better = (easy_points([one for one in findings if one.tone == tone], texts) for tone in ("strength", "attention"))
    return EasyPage(
        title=texts["title"].format(area=context.scope.area_name),
        lead=texts["lead"],
        parts=(
            EasyPart("om", texts["what"]["title"], _what(context, summary, texts["what"])),
            EasyPart("bra", texts["good"]["title"], () if good else (texts["good"]["none"],), good),
            EasyPart("battre", texts["better"]["title"], (texts["better"]["intro" if better else "none"],), better),
            *_unknown(context, texts),
            EasyPart("gora", texts["do"]["title"], items=tuple(texts["do"]["items"])),
            EasyPart("hjalp", texts["help"]["title"], items=tuple(texts["help"]["items"])),
        ),
    )


def _nothing_shown(context: Context) -> bool:
    """Whether neither an index nor a single question of the wave has a value for the municipality."""
    if any(context.focus(key, grade).shown for key in context.indices for grade in GRADES):
        return False
    series, scope = context.frames.indicator_results, context.scope
    if not series.width:
        return True
    own = (pl.col("area_code") == scope.area_code) & (pl.col("wave") == scope.wave)
    return series.filter(own & pl.col("value").is_not_null()).is_empty()


def _without_answers(context: Context, texts: Mapping[str, Any], own: Mapping[str, Any]) -> EasyPage:
    """`own`: title, what it is, what nobody knows, and what to do."""
    where = {"area": context.scope.area_name, "wave": context.scope.wave}
    return EasyPage(
        title=own["title"].format(**where),
        lead=texts["lead"],
        parts=(
            EasyPart("om", texts["what"]["title"], tuple(sentence.format(**where) for sentence in own["what"])),
            EasyPart("vet-inte", texts["unknown"]["title"], items=tuple(own["unknown"])),
            EasyPart("gora", texts["do"]["title"], items=tuple(own["do"])),
            EasyPart("hjalp", texts["help"]["title"], items=tuple(texts["help"]["items"])),
        ),
    )


def easy_points(findings: Sequence[Finding], texts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Findings as points; those with the same headline and share (one against the county, one since last time) become one."""
    together: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        if finding.index_key in texts["factors"]:
            head, _ = easy_finding(finding, texts)
            together.setdefault((head, _share(finding, texts)), []).append(_compared(finding, texts))
    return tuple((head, " ".join(part for part in (share, *compared) if part)) for (head, share), compared in together.items())


def easy_finding(finding: Finding, texts: Mapping[str, Any]) -> tuple[str, str]:
    """A finding as a headline and one or two short sentences.

    The share counts those with raised risk or low protection, or those who answered so: "more" and "fewer" are about that share.
    """
    factor = texts["factors"][finding.index_key]
    gap = finding.measure.startswith("sex_gap")
    said = f"{_share(finding, texts)} {_compared(finding, texts)}".strip()
    return factor["gap" if gap else finding.tone], said


def _share(finding: Finding, texts: Mapping[str, Any]) -> str:
    if finding.share is None:
        return ""
    words, grade = texts["factors"][finding.index_key]["share"], texts["grades"][finding.grade]
    return str(words.format(grade=grade, share=numbers.percent(finding.share)))


def _compared(finding: Finding, texts: Mapping[str, Any]) -> str:
    words, sexes = texts["compared"], texts["sexes"]
    if finding.measure.startswith("sex_gap"):
        more, fewer = ("girl", "boy") if finding.difference > 0 else ("boy", "girl")
        return str(words["gap"].format(more=sexes[more], fewer=sexes[fewer]))
    way = "more" if finding.difference > 0 else "less"
    if finding.measure.startswith("change"):
        return str(words[f"change.{way}"].format(earlier=finding.from_wave))
    return str(words[f"diff.{way}"])


def _what(context: Context, summary: BundleSummary, texts: Mapping[str, Any]) -> tuple[str, ...]:
    answered = []
    for grade in GRADES:
        count, least = summary.respondents[grade], summary.least.get(grade)
        if count is not None or least is not None:
            words = texts["answered" if count is not None else "answered_least"]
            answered.append(words.format(count=numbers.thousands(least if count is None else count), grade=context.grade(grade)))
    made_up = [texts["synthetic"]] if context.meta.charts.synthetic else []
    if context.meta.other_limits:
        made_up.append(texts["other_limits"])
    wave = texts["wave"].format(wave=context.scope.wave)
    return (*made_up, *texts["sentences"], wave, *answered, texts["percent"], texts["county"])


def _unknown(context: Context, texts: Mapping[str, Any]) -> list[EasyPart]:
    """What can't be told per grade, and what a survey never tells."""
    words, found = texts["unknown"], read_compared(context)
    parts = [EasyPart("vet-inte", words["title"], tuple(words["always"]))]
    for grade in GRADES:
        named = context.grade(grade)
        whole = context.whole_reason(grade)
        if whole:
            kind = "absent" if whole in ABSENT else "hidden"
            parts.append(EasyPart("", "", (words[kind].format(grade=named),)))
            continue
        hidden = any(not context.focus(key, grade).shown for key in context.indices)
        sentences = [words["some_hidden"].format(grade=named)] if hidden else []
        unclear = [f.index.index_key for f in found if f.grade == grade and f.share.shown and f.verdict == "unclear"]
        if unclear:
            sentences.append(words["unclear"].format(grade=named))
        if sentences:
            items = tuple(texts["factors"][key]["name"] for key in unclear)
            parts.append(EasyPart("", "", tuple(sentences), items=items))
    return parts
