"""`6_atgard/*.html`: need, activities, readiness and the suggested order on pages of their own. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assets.bundle.action_facts import Action, action_of
from assets.bundle.activity_page import activity_sections, matrix_card
from assets.bundle.factor_page import factor_pages
from assets.bundle.html import render_action, render_factors
from assets.bundle.priority_page import field_cards, priority_sections
from assets.bundle.readiness_page import readiness_card, readiness_sections
from assets.bundle.types import ReportContent, ReportMeta, Section
from assets.bundle.words import Context
from assets.charts.types import ChartCard, ReleaseFrames

FOLDER = "6_atgard"
Draw = Callable[[ChartCard], str]


def action_files(
    frames: ReleaseFrames, content: ReportContent, svgs: Mapping[str, str], meta: ReportMeta, draw: Draw
) -> dict[str, bytes]:
    """The folder's pages; none when the run has neither forms nor the join.

    Args:
        svgs: chart id -> SVG text of the report's charts, which aren't drawn again. draw: card -> SVG text for the others.
    """
    action = action_of(Context(frames, content.scope, meta))
    if action is None:
        return {}
    pages = {
        "prioritering": priority_sections(action, field_cards(action)),
        "verksamheter": activity_sections(action, {"arena": matrix_card(action), "level": matrix_card(action, "level")}),
        "forutsattningar": readiness_sections(action, readiness_card(action)),
    }
    files = {f"{FOLDER}/{name}.html": _page(name, found, action, content, svgs, draw) for name, found in pages.items()}
    found = factor_pages(action)
    if found:
        files[f"{FOLDER}/faktorer.html"] = render_factors(found, content, meta).encode()
    return files


def _page(
    name: str, sections: tuple[Section, ...], action: Action, content: ReportContent, svgs: Mapping[str, str], draw: Draw
) -> bytes:
    cards = [figure.card for section in sections for figure in section.figures]
    pictures = {card.chart_id: svgs.get(card.chart_id) or draw(card) for card in cards}
    return render_action(name, sections, pictures, content, action.context.meta).encode()


def page_links(meta: ReportMeta, files: Mapping[str, bytes]) -> list[list[str]]:
    """The lines of `LAS_MIG.html` for the pages that the bundle has."""
    return [list(link) for link in meta.texts["action"]["readme"] if link[0] in files]
