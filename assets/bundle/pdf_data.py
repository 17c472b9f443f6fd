"""A report as plain data for the Typst templates (`typst/*.typ`): every block as texts, sizes and file names. Pure.

Texts reach Typst as data, never as markup, so nothing in a name or a sentence can change the layout.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from html import escape
from typing import Any

from assets.bundle.html import card_table, split_notes, without_title
from assets.bundle.print_table import table_layout
from assets.bundle.summary import SummaryContent, SummaryPart
from assets.bundle.types import Block, Figure, ReportContent, ReportMeta, Strip, Table
from assets.bundle.words import date_text, say
from assets.charts.types import ChartCard

Files = dict[str, bytes]
_VIEW_BOX = re.compile(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"')
PAGE_MM, TREND_MM, TALLEST_MM, WITH_TABLE_MM = 160.0, 130.0, 145.0, 119.0
"""Widest and tallest picture, and tallest with its table under it: two series over the waves fill a page, and the words in the
pictures stay at 7 points or more."""
NARROWER_MM = {"trend_": TREND_MM, "tratt_": 130.0, "platsintervall_": 130.0}
"""Kinds of charts that fill less than a page's width, so that two of them, or one and its table, share a page."""
TABLE_BESIDE = ("faktorprofil_", "skillnadsdiagram_", "konsskillnad_", "prioriteringsfalt_")
"""Charts of all indices fill little more than half a page: their tables stand under them, the others' in the appendix."""
STRIP_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 14"><path d="M0 7H120" stroke="#d5dde5"/>{reference}{interval}'
    '<circle cx="{value:g}" cy="7" r="4" fill="#0b559f"/></svg>'
)


@dataclass(frozen=True)
class _Drawn:
    """By chart id: notes to print under it, its SVG text, the words that point at its table, or the table that follows it."""

    notes: Mapping[str, list[str]]
    svgs: Mapping[str, str]
    table_texts: Mapping[str, str]
    beside: Mapping[str, Table]


def frame(content: ReportContent, meta: ReportMeta) -> dict[str, Any]:
    """What stands on every page: running head and foot, the mark of simulated data, and the document's date."""
    scope, texts = content.scope, meta.texts
    product = texts["header"]["product"]
    edition = say(texts, f"common.editions.{scope.edition}")
    released = meta.released
    return {
        "product": product,
        "date": [released.year, released.month, released.day],
        "stamp": texts["common"]["synthetic_short"] if content.synthetic else "",
        "synthetic": content.synthetic,
        "running": say(texts, "pdf.running", area=scope.area_name, wave=scope.wave),
        "footer": say(texts, "pdf.footer", product=product, version=meta.version, edition=edition, released=date_text(released)),
        "page": texts["pdf"]["page"],
        "facts": [list(fact) for fact in content.facts],
        "lead": content.lead,
    }


def report_data(content: ReportContent, svgs: Mapping[str, str], meta: ReportMeta) -> tuple[dict[str, Any], Files]:
    """The whole report and the pictures that it names (virtual file -> bytes)."""
    notes, _ = split_notes(content)
    files: Files = {}
    terms, marks = content.reading
    words = meta.texts["pdf"]
    numbered = {card.chart_id: (number, card) for number, card in enumerate(content.cards, 1)}
    beside = {name: _beside(*found, meta) for name, found in numbered.items() if name.startswith(TABLE_BESIDE)}
    told = {name: say(meta.texts, "pdf.table_at", number=n) for name, (n, _) in numbered.items() if name not in beside}
    draw = _Drawn(notes, svgs, told, beside)
    data = frame(content, meta) | {
        "title": content.title,
        "file_title": f"{content.title} {meta.texts['header']['product']} {content.scope.wave}",
        "contents": words["contents"],
        "appendix": words["appendix"],
        "appendix_lead": words["appendix_lead"],
        "reading": {
            "title": meta.texts["reading"]["title"],
            "terms": [list(item) for item in terms.items],
            "marks": meta.texts["reading"]["marks"],
            "table": _table(marks, files),
        },
        "sections": [
            {"title": section.title, "blocks": [_block(block, draw, files) for block in section.blocks]}
            for section in content.sections
        ],
        "tables": [_appendix_table(card, n, meta, files) for name, (n, card) in numbered.items() if name not in beside],
    }
    return data, files


def summary_data(
    summary: SummaryContent, content: ReportContent, svgs: Mapping[str, str], meta: ReportMeta
) -> tuple[dict[str, Any], Files]:
    """The two pages."""
    files: Files = {}
    texts = meta.texts["summary"]
    data = frame(content, meta) | {
        "title": summary.title,
        "file_title": summary.file_title,
        "lead": summary.lead,
        "notices": list(summary.notices),
        "first": [_part(part) for part in summary.first],
        "second": [_part(part) for part in summary.second],
        "reading_title": texts["reading_title"],
        "reading": summary.reading,
        "more": f"{texts['more_link']} {texts['more']}",
        "first_chart": _picture(summary.trend, svgs, files) if summary.trend else None,
        "second_chart": _picture(summary.profile, svgs, files) if summary.profile else None,
    }
    return data, files


def poster_data(
    card: ChartCard, kind: str, content: ReportContent, svgs: Mapping[str, str], meta: ReportMeta
) -> tuple[dict[str, Any], Files]:
    """One chart for the wall. `kind`: which steps and limits of `posters` in `pdf.yml` belong to it."""
    files: Files = {}
    texts = meta.texts["posters"]
    data = frame(content, meta) | {
        "title": card.title,
        "file_title": card.title,
        "how_title": texts["how"],
        "how": texts[kind]["how"],
        "not_title": texts["not"],
        "not": texts[kind]["not"],
        "chart": _picture(card, svgs, files),
    }
    return data, files


def _part(part: SummaryPart) -> dict[str, Any]:
    return {"title": part.title, "tone": part.tone, "items": list(part.items), "text": part.text}


def _beside(number: int, card: ChartCard, meta: ReportMeta) -> Table:
    return replace(card_table(card, meta.texts), caption=say(meta.texts, "pdf.table_beside", number=number))


def _appendix_table(card: ChartCard, number: int, meta: ReportMeta, files: Files) -> dict[str, Any]:
    caption = say(meta.texts, "pdf.table_caption", number=number, title=card.title)
    return _table(card_table(card, meta.texts), files) | {"caption": caption}


def _block(block: Block, draw: _Drawn, files: Files) -> dict[str, Any]:
    """One block as data, with `kind` to tell the template what it is."""
    own: dict[str, Any]
    match block:
        case Figure():
            chart_id = block.card.chart_id
            own = _picture(block.card, draw.svgs, files) | {"level": block.level - 1, "notes": draw.notes[chart_id]}
            beside = draw.beside.get(chart_id)
            own |= {"beside": _table(beside, files) if beside else None}
            own |= {"table": "" if beside else f"{chart_id}-tabell", "table_text": draw.table_texts.get(chart_id, "")}
        case Table():
            own = _table(block, files)
        case _:
            own = asdict(block)
    return own | {"kind": block.kind}


def _picture(card: ChartCard, svgs: Mapping[str, str], files: Files) -> dict[str, Any]:
    """A chart without the title drawn in it, as the title stands above as a heading."""
    svg = without_title(svgs[card.chart_id])
    name = f"{card.chart_id}.svg"
    files[name] = svg.encode()
    ratio = _ratio(svg)
    tallest = WITH_TABLE_MM if card.chart_id.startswith(TABLE_BESIDE) else TALLEST_MM
    widest = next((wide for kind, wide in NARROWER_MM.items() if card.chart_id.startswith(kind)), PAGE_MM)
    return {
        "file": name,
        "ratio": ratio,
        "width": round(min(widest, tallest * ratio), 2),
        "title": card.title,
        "subtitle": card.subtitle,
        "alt": card.alt,
        "source": card.source,
    }


def _ratio(svg: str) -> float:
    found = _VIEW_BOX.search(svg)
    return round(float(found[1]) / float(found[2]), 4) if found else 1.0


def _table(table: Table, files: Files) -> dict[str, Any]:
    widths, size = table_layout(table)
    rows = [[_cell(value, f"{table.id}-{y}-{x}.svg", files) for x, value in enumerate(row)] for y, row in enumerate(table.rows)]
    return {
        "id": table.id,
        "caption": table.caption,
        "columns": list(table.columns),
        "rows": rows,
        "numeric": sorted(table.numeric),
        "widths": widths,
        "size": size,
        "note": table.note,
        "source": table.source,
    }


def _cell(value: str | Strip, name: str, files: Files) -> str | dict[str, str]:
    """A text, or a small picture with its words as the text alternative."""
    if isinstance(value, str):
        return value
    reference = interval = ""
    if value.reference is not None:
        place = 1.2 * value.place(value.reference)
        reference = f'<path d="M{place:g} 0V14" stroke="#52606d" stroke-dasharray="2 2"/>'
    if value.low is not None and value.high is not None:
        low, high = 1.2 * value.place(value.low), 1.2 * value.place(value.high)
        interval = f'<path d="M{low:g} 7H{high:g}" stroke="#0b559f" stroke-width="3"/>'
    files[name] = STRIP_SVG.format(reference=reference, interval=interval, value=1.2 * value.place(value.value)).encode()
    return {"file": name, "alt": escape(value.text, quote=False)}
