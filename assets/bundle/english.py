"""The report in English: `1_rapport/report_en.html`, of the same frames by the same functions as the Swedish one. Pure.

The content is built anew from English texts. The charts are not drawn anew: where the English specification has the layout of the
Swedish one, the drawn picture is kept and its words exchanged; a chart whose words don't fit is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import polars as pl

from assets.bundle.content import municipality_report
from assets.bundle.english_notation import Notation, in_english
from assets.bundle.english_svg import english_picture
from assets.bundle.html import OtherEdition, render_report
from assets.bundle.types import Notice, ReportContent, ReportMeta
from assets.charts.types import ChartCard, ReleaseFrames, Scope

PAGE = "1_rapport/report_en.html"
SWEDISH_PAGE = "1_rapport/rapport.html"


def to_english(meta: ReportMeta, *, register_only: bool) -> OtherEdition | None:
    """The link in the Swedish edition's header; none from a report of registers alone, which there is in Swedish only."""
    if meta.english is None or register_only:
        return None
    return OtherEdition(PAGE.rsplit("/", 1)[1], meta.english.texts["english"]["link"], "en")


def english_content(frames: ReleaseFrames, scope: Scope, meta: ReportMeta, notation: Notation) -> ReportContent:
    """The report in English. `meta`: the English one. Registers that somebody has added have Swedish words and aren't shown."""
    usual = pl.col("source").is_in(sorted({group.source for group in meta.registers}))
    content = municipality_report(replace(frames, register_values=frames.register_values.filter(usual)), scope, meta)
    words = meta.texts["english"]
    first, *rest = content.sections
    told = Notice(f"{words['only_swedish']} {words['numbers']}")
    sections = (replace(first, blocks=(told, *first.blocks)), *rest)
    found: ReportContent = in_english(replace(content, lead=f"{content.lead} {words['part']}", sections=sections), notation)
    return found


def english_files(
    frames: ReleaseFrames,
    swedish: ReportContent,
    svgs: Mapping[str, str],
    meta: ReportMeta,
    draw: Callable[[ChartCard], str],
) -> dict[str, bytes]:
    """The English edition of a finished Swedish report; nothing when there is none.

    Args:
        frames: those that the Swedish report was made from.
        swedish, svgs: the Swedish report and its drawn charts by id.
        meta: the Swedish meta, with the English one and its notation beside it.
        draw: card -> SVG text, for charts whose words don't fit the drawn picture.
    """
    if meta.english is None or meta.notation is None or swedish.register_only:
        return {}
    content = english_content(frames, swedish.scope, meta.english, meta.notation)
    drawn = {card.chart_id: card for card in swedish.cards}
    pictures = {
        card.chart_id: english_picture(card, drawn.get(card.chart_id), svgs.get(card.chart_id, ""), meta.notation, draw)
        for card in content.cards
    }
    back = OtherEdition(SWEDISH_PAGE.rsplit("/", 1)[1], meta.english.texts["english"]["back_link"], "sv")
    page = render_report(content, pictures, meta.english, easy=False, other=back)
    return {PAGE: page.encode("utf-8")}
