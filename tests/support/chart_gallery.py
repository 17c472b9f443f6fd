"""All charts of the sample release on one page, and as PNG in colour and grey, for looking at.

python -m tests.support.chart_gallery OUTDIR
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

from assets.charts import bortfall, faktorprofil, kolada, konsskillnad, skillnadsdiagram, svg, trend
from assets.charts.types import GRADES, ChartCard
from tests.support.question_sample import question_cards
from tests.support.sample_release import INDICES, SECTIONS, sample_indicators, sample_meta, sample_release, sample_scope

SECTION_NAMES = {"grundskola": "Grundskola", "narsamhalle": "Närsamhälle"}


def sample_cards(area_code: str) -> list[ChartCard]:
    """Every chart that can be built for one municipality of the sample."""
    return [card for card in _cards(area_code) if card is not None]


def _cards(area_code: str) -> Iterator[ChartCard | None]:
    frames, scope, meta = sample_release(area_code), sample_scope(area_code), sample_meta()
    for grade in GRADES:
        yield faktorprofil.build(frames, scope, meta, grade=grade)
        yield skillnadsdiagram.build(frames, scope, meta, grade=grade)
        yield konsskillnad.build(frames, scope, meta, grade=grade)
        for index_key in INDICES:
            yield trend.build(frames, scope, meta, grade=grade, index_key=index_key)
    yield bortfall.build(frames, scope, meta)
    yield from question_cards(area_code)
    for key in SECTIONS:
        yield kolada.build(frames, scope, meta, section=SECTION_NAMES[key], section_key=key, indicators=sample_indicators(key))


def page(cards: list[ChartCard]) -> str:
    """One HTML page with chart, text alternative, notes and table of every card."""
    parts = ['<!doctype html><html lang="sv"><meta charset="utf-8"><title>Diagramgalleri</title>', _STYLE]
    for card in cards:
        head = "".join(f"<th>{escape(name)}</th>" for name in card.table.columns)
        rows = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in card.table.rows())
        notes = "".join(f"<li>{escape(note)}</li>" for note in card.notes)
        parts.append(
            f"<section><h2>{card.chart_id}</h2>{svg.to_svg(card)}<p>{escape(card.alt)}</p><ul>{notes}</ul>"
            f"<table><tr>{head}</tr>{rows}</table><p>{escape(card.source)}</p></section>"
        )
    return "".join(parts)


_STYLE = "<style>body{font:16px Arial,sans-serif;max-width:760px;margin:auto}td,th{border:1px solid #999;padding:3px}</style>"


def main(folder: Path, codes: tuple[str, ...] = ("0127", "0115", "0140")) -> int:
    """Write `<code>.html` and a PNG per chart; returns how many charts were drawn."""
    drawn = 0
    for code in codes:
        target = folder / code
        target.mkdir(parents=True, exist_ok=True)
        cards = sample_cards(code)
        (folder / f"{code}.html").write_text(page(cards), encoding="utf-8")
        for card in cards:
            (target / f"{card.chart_id}.png").write_bytes(svg.to_png(card, 1.3))
        drawn += len(cards)
    return drawn


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1]))} diagram\n")
