"""The county's edition on paper: the report, the two pages and posters, by the functions that print a municipality's. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from assets.bundle.county_charts import printed_section
from assets.bundle.county_frames import CountyFrames
from assets.bundle.highlights import chosen_findings
from assets.bundle.pdf import MOST_TRENDS, paper_files, wall_charts
from assets.bundle.summary import preferred_trends, summary_content
from assets.bundle.types import ReportContent, ReportMeta
from assets.bundle.words import Context
from assets.charts.types import ChartCard

SERIES_KINDS = ("rutkarta", "tratt", "platsintervall")
"""Kinds of chart that there is one of per index and grade; the wall has those of the series that the findings are about."""


def county_printed_files(
    frames: CountyFrames, content: ReportContent, svgs: Mapping[str, str], meta: ReportMeta
) -> dict[str, bytes]:
    """`rapport.pdf`, the summary as HTML and PDF, and posters. Nothing is drawn again.

    Raises:
        PipelineError: as `assets.bundle.pdf.printed_files`.
    """
    printed = replace(content, sections=tuple(printed_section(section) for section in content.sections))
    findings = chosen_findings(Context(frames, content.scope, meta))
    series = leading_series(frames, content, meta)
    cards = {card.chart_id: card for card in printed.cards}
    beside = next((cards[f"rutkarta_{name}"] for name in series if f"rutkarta_{name}" in cards), None)
    summary = replace(summary_content(printed, findings, meta), profile=beside)
    if beside:
        summary = replace(summary, notices=tuple(text for text in summary.notices if text != meta.texts["summary"]["no_chart"]))
    return paper_files(printed, summary, _posters(printed, series, meta), svgs, meta)


def leading_series(frames: CountyFrames, content: ReportContent, meta: ReportMeta) -> tuple[str, ...]:
    """`<index>_<grade>` of the series that the findings are about, at most two; the first of the catalogue without findings."""
    findings = chosen_findings(Context(frames, content.scope, meta))
    cards = preferred_trends(content, findings)[:MOST_TRENDS]
    return tuple(card.chart_id.removeprefix("trend_") for card in cards)


def _posters(content: ReportContent, series: tuple[str, ...], meta: ReportMeta) -> list[tuple[str, ChartCard]]:
    chosen = {f"{kind}_{name}" for kind in SERIES_KINDS for name in series}
    walls = wall_charts(content, {f"trend_{name}" for name in series}, meta)
    return [(kind, card) for kind, card in walls if kind not in SERIES_KINDS or card.chart_id in chosen]
