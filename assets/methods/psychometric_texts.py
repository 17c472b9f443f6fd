"""The verdicts as Swedish sentences from the catalogue's texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assets.catalogue.psychometric_models import MeasureText, PsychometricTexts
from assets.charts.numbers import decimal, percent
from assets.methods.psychometric_verdicts import CriterionResult, Finding


@dataclass(frozen=True)
class CriterionSentence:
    """What a reader sees of one criterion: its title, the question it answers, the verdict's word and a sentence."""

    title: str
    question: str
    verdict: str
    sentence: str


def criterion_sentence(result: CriterionResult, texts: PsychometricTexts, labels: Mapping[str, str]) -> CriterionSentence:
    """Say a criterion's verdict.

    Args:
        result: the criterion.
        texts: the catalogue's texts.
        labels: item key -> the short label that readers know; a key without one is shown as it is.
    """
    text = texts.criteria[result.criterion]
    if result.verdict == "not_estimable":
        sentence = text.not_estimable.format(reason=texts.reasons.get(result.reason or "", "")).strip()
    else:
        sentence = _deciding_sentence(result, texts, labels)
    return CriterionSentence(text.title, text.question, texts.verdicts[result.verdict], sentence)


def _deciding_sentence(result: CriterionResult, texts: PsychometricTexts, labels: Mapping[str, str]) -> str:
    finding = result.deciding
    if finding is None:
        raise ValueError(f"{result.criterion} has a verdict but no finding")
    measure = texts.measures[finding.measure]
    pattern = texts.criteria[result.criterion].holds if finding.verdict == "holds" else _pattern(measure, finding)
    groups = [texts.groups.get(name, name) for name in (result.groups if finding.verdict == "holds" else (finding.group or "",))]
    return pattern.format(
        item=labels.get(finding.item or "", finding.item or ""),
        other_item=labels.get(finding.other_item or "", finding.other_item or ""),
        group=_listed(groups),
        levels=_listed([texts.levels.get(level, level) for level in (finding.levels or "").split("|")]),
        **_value_and_limit(finding, measure),
    )


def _value_and_limit(finding: Finding, measure: MeasureText) -> dict[str, str]:
    """The statistic and its limit; one decimal more when rounding would make a value beyond the limit look equal to it."""
    limit = finding.low if finding.low is not None else finding.high
    value, shown = _number(finding.statistic, measure), _number(limit, measure)
    if value == shown and finding.verdict != "holds":
        finer = measure.model_copy(update={"decimals": measure.decimals + 2})
        value = _number(finding.statistic, finer)
    return {"value": value, "limit": shown}


def _pattern(measure: MeasureText, finding: Finding) -> str:
    return measure.fails if finding.verdict == "fails" and measure.fails else measure.watch


def _number(value: float | None, measure: MeasureText) -> str:
    if value is None:
        return ""
    return percent(100.0 * value, measure.decimals) if measure.percent else decimal(value, measure.decimals)


def _listed(words: list[str]) -> str:
    """`a`, `a och b`, `a, b och c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} och {words[-1]}" if words else ""
