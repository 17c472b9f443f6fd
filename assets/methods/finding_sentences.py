"""Findings as plain Swedish sentences, from the catalogue's templates. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from assets.methods.findings import Finding

NBSP = "\u00a0"
MINUS = "\u2212"


def sentence(finding: Finding, templates: Mapping[str, str], words: Mapping[str, Mapping[str, str]]) -> str:
    """The sentence of a finding, with its certainty.

    Args:
        templates: `measure.tone.kind` -> text with the places `{factor} {group} {share} {interval} {points} {diff_interval}
            {gap_interval} {earlier} {more} {fewer}` (for a gap: its interval counted from the sex with the lower share, so that
            it has the sign of the sentence, then the sex with the higher share and the other), and `certainty.<grade>` with
            `{doubts}`. words: `factor` (index key -> name), `grade`, `sex`, `doubt` -> words.

    Returns:
        Whole per cent and percentage points, no-break spaces before units, minus as a sign of its own.

    Raises:
        KeyError: a template or word is missing: the catalogue's check lets none through.
    """
    group = words["grade"][finding.grade]
    if finding.sex != "all":
        group = f"{words['sex'][finding.sex]}, {group}"
    amount = abs(round(finding.difference))
    unit = "procentenhet" if amount == 1 else "procentenheter"
    low, high = finding.difference_low, finding.difference_high
    gap = (low, high) if finding.difference > 0 else (-high, -low)
    text = templates[finding.template].format(
        factor=words["factor"][finding.index_key],
        group=group,
        share=_percent(finding.share),
        interval=_range(finding.share_low, finding.share_high),
        points=f"{amount}{NBSP}{unit}",
        earlier="" if finding.from_wave is None else str(finding.from_wave),
        more=words["sex"]["girl" if finding.difference > 0 else "boy"],
        fewer=words["sex"]["boy" if finding.difference > 0 else "girl"],
        diff_interval=f"{_signed(low)}{NBSP}till{NBSP}{_signed(high)}",
        gap_interval=f"{_signed(gap[0])}{NBSP}till{NBSP}{_signed(gap[1])}",
    )
    doubts = _listed([words["doubt"][doubt] for doubt in finding.doubts])
    return f"{text} {templates[f'certainty.{finding.certainty}'].format(doubts=doubts)}".strip()


def _percent(value: float | None) -> str:
    return "andelen visas inte" if value is None else f"{round(value)}{NBSP}%"


def _range(low: float | None, high: float | None) -> str:
    return "intervall saknas" if low is None or high is None else f"{round(low)}–{round(high)}{NBSP}%"


def _signed(value: float) -> str:
    whole = round(value)
    return f"{MINUS}{-whole}" if whole < 0 else f"{whole}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} och {parts[-1]}" if parts else ""
