"""The two-page summary: the overview's own sentences and at most two of its charts. Nothing is computed here.

Sentences are taken from the finished overview, so the two pages can't say anything else than the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from assets.bundle.glossary import unmarked
from assets.bundle.html import PRINT_MARK, environment, without_title
from assets.bundle.types import Bullets, Notice, ReportContent, ReportMeta, SubHeading, Text
from assets.bundle.words import say
from assets.charts.types import GRADES, ChartCard
from assets.methods.findings import Finding

PAGE = "1_rapport/sammanfattning.html"
OVERVIEW = "oversikt"
FIRST, SECOND = ("strengths", "attention", "skiljer"), ("unclear", "hidden")
"""Parts of the overview on each page; `skiljer` is what a report of registers alone begins with."""


@dataclass(frozen=True)
class SummaryPart:
    """One heading with its sentences, or with one sentence (`text`) that says that there are none."""

    title: str
    tone: str
    items: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True)
class SummaryContent:
    """The two pages. `trend` stands on the first, `profile` on the second, as the taller one; None when there is none.
    `reading`: how to read the numbers.
    """

    title: str
    file_title: str
    lead: str
    notices: tuple[str, ...]
    first: tuple[SummaryPart, ...]
    second: tuple[SummaryPart, ...]
    trend: ChartCard | None
    profile: ChartCard | None
    reading: tuple[str, ...] = ()

    @property
    def charts(self) -> tuple[ChartCard, ...]:
        """The charts that there are."""
        return tuple(card for card in (self.trend, self.profile) if card)


def summary_content(content: ReportContent, findings: Sequence[Finding], meta: ReportMeta) -> SummaryContent:
    """The summary of a report.

    Args:
        content: the whole report.
        findings: those behind the overview's sentences (`assets.bundle.highlights.chosen_findings`); they decide which series
            over the waves is shown.
        meta: texts.
    """
    told = meta.texts["register_only"]["summary"] if content.register_only else meta.texts["summary"]
    parts = _parts(content)
    profile = _profile(content)
    trend = next(iter(preferred_trends(content, findings)), None)
    filled = {"area": content.scope.area_name, "wave": content.scope.wave}
    notices = tuple(b.text for b in _overview(content) if isinstance(b, Notice) and b.tone == "info")
    return SummaryContent(
        title=told["title"].format(**filled),
        file_title=say(meta.texts, "summary.file_title", **filled),
        lead=told["lead"],
        notices=notices if trend or profile else (*notices, told["no_chart"]),
        first=tuple(parts[name] for name in FIRST if name in parts),
        second=tuple(parts[name] for name in SECOND if name in parts),
        trend=trend,
        profile=profile,
        reading=tuple(told["reading"]),
    )


def preferred_trends(content: ReportContent, findings: Sequence[Finding]) -> tuple[ChartCard, ...]:
    """Series over the waves in the report: those of findings about a change first, then of other findings, then the rest."""
    cards = {card.chart_id: card for card in content.cards if card.chart_id.startswith("trend_")}
    ordered = sorted(findings, key=lambda finding: finding.from_wave is None)
    named = [f"trend_{finding.index_key}_{finding.grade}" for finding in ordered]
    return tuple(cards[chart_id] for chart_id in dict.fromkeys([*named, *cards]) if chart_id in cards)


def _profile(content: ReportContent) -> ChartCard | None:
    """The factors of the first grade that has any; the first registers when there is no survey."""
    cards = {card.chart_id: card for card in content.cards}
    registers = [name for name in cards if name.startswith("kolada_")] if content.register_only else []
    return next((cards[name] for name in [*(f"faktorprofil_{grade}" for grade in GRADES), *registers] if name in cards), None)


def _overview(content: ReportContent) -> tuple[object, ...]:
    return next(section.blocks for section in content.sections if section.id == OVERVIEW)


def _parts(content: ReportContent) -> dict[str, SummaryPart]:
    """Key -> the part, read from the overview: a heading and what stands under it."""
    found: dict[str, SummaryPart] = {}
    name, title = "", ""
    for block in _overview(content):
        if isinstance(block, SubHeading):
            name, title = block.id.removeprefix(f"{OVERVIEW}-"), block.text
        elif name not in (*FIRST, *SECOND) or name in found:
            continue
        elif isinstance(block, Bullets):
            found[name] = SummaryPart(title, block.tone, block.items)
        elif isinstance(block, Text):
            found[name] = SummaryPart(title, name, (), block.text)
    return found


def render_summary(summary: SummaryContent, content: ReportContent, svgs: Mapping[str, str], meta: ReportMeta) -> str:
    """`sammanfattning.html`: no script, nothing from outside, two A4 pages on paper."""
    stamp = meta.texts["common"]["synthetic_short"] if content.synthetic else ""
    mark = Markup(PRINT_MARK.format(mark=stamp)) if stamp else ""
    return (
        environment()
        .get_template("summary.html")
        .render(
            summary=summary,
            content=content,
            svgs={card.chart_id: Markup(without_title(svgs[card.chart_id])) for card in summary.charts},
            texts=meta.texts["summary"],
            product=meta.texts["header"]["product"],
            stamp=stamp,
            gloss=unmarked,
            css=Markup(environment().get_template("summary.css").render(page_mark=mark)),
        )
    )
