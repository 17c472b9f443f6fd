"""A series over the waves drawn lower for the two pages and higher for the wall, so that its words stay large enough. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from assets.bundle.types import ReportMeta
from assets.charts import trend
from assets.charts.types import GRADES, ChartCard, ReleaseFrames, Scope

SUMMARY_HEIGHT, POSTER_HEIGHT = 135, 330
"""Px of the plot; in the report it is `trend.PLOT_HEIGHT`."""
PREFIX = "trend_"


def sized_trends(
    cards: Iterable[ChartCard],
    height: int,
    frames: ReleaseFrames,
    scope: Scope,
    meta: ReportMeta,
    draw: Callable[[ChartCard], str],
) -> dict[str, str]:
    """Chart id -> SVG of the same series at another height; of other charts nothing, as they have no height to choose."""
    found = {}
    for card in cards:
        key, _, grade = card.chart_id.removeprefix(PREFIX).rpartition("_")
        if card.chart_id.startswith(PREFIX) and grade in GRADES and key in meta.charts.indices:
            made = trend.build(frames, scope, meta.charts, grade=grade, index_key=key, plot_height=height)
            if made:
                found[card.chart_id] = draw(made)
    return found
