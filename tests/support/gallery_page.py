"""The chart gallery: one offline page with every chart in colour, in grey and as seen with deuteranopia.

python -m tests.support.gallery_page FOLDER      (or `make galleri`)
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from html import escape
from itertools import chain
from pathlib import Path
from typing import Any

from assets.bundle.load import load_chart_texts
from assets.bundle.render import with_fallback_fonts
from assets.charts.svg import to_svg
from assets.charts.types import ChartCard
from tests.support.colours import MACHADO
from tests.support.gallery_cards import gallery_cards

VIEWS = ("colour", "grey", "deuteranopia")
PAGE = "galleri.html"

_STYLE = """body{font:16px/1.5 "Liberation Sans",Arial,sans-serif;color:#222;margin:0 auto;padding:0 16px;max-width:2250px}
.views{display:flex;flex-wrap:wrap;gap:16px}figure{margin:0;flex:1 1 620px;max-width:732px}
figcaption{font-weight:bold}.grey svg{filter:grayscale(1)}.deuteranopia svg{filter:url(#deuteranopia)}
section{border-top:2px solid #595959;margin:24px 0;padding-top:8px}.text{max-width:760px}
table{border-collapse:collapse}th,td{border:1px solid #767676;padding:3px 8px;text-align:left}.filters{position:absolute}"""


def deuteranopia_filter() -> str:
    """An SVG filter with the matrix that the tests use, on linear RGB."""
    values = " ".join(f"{a} {b} {c} 0 0" for a, b, c in MACHADO) + " 0 0 0 1 0"
    matrix = f'<feColorMatrix type="matrix" values="{values}"/>'
    return (
        '<svg class="filters" width="0" height="0" aria-hidden="true"><filter id="deuteranopia" '
        f'color-interpolation-filters="linearRGB">{matrix}</filter></svg>'
    )


def page(cards: tuple[tuple[int, ChartCard], ...], svgs: Mapping[str, str], texts: Mapping[str, Any]) -> str:
    """The whole page.

    Args:
        cards: number in the catalogue and card. svgs: chart id -> SVG. texts: the entry `galleri` of `more_charts.yml`.
    """
    by_number: dict[int, list[ChartCard]] = {}
    for number, card in cards:
        by_number.setdefault(number, []).append(card)
    order = [*texts["questions"], 0]
    sections = [_section(number, by_number.get(number, []), svgs, texts) for number in order]
    return (
        f'<!doctype html><html lang="sv"><head><meta charset="utf-8"><title>{escape(texts["title"])}</title>'
        f"<style>{_STYLE}</style></head><body>{deuteranopia_filter()}<h1>{escape(texts['title'])}</h1>"
        f'<p class="text">{escape(texts["lead"])}</p>{"".join(sections)}</body></html>\n'
    )


def _section(number: int, cards: list[ChartCard], svgs: Mapping[str, str], texts: Mapping[str, Any]) -> str:
    question = texts["questions"].get(number)
    head = texts["heading"].format(number=number, question=question) if question else texts["without_number"]
    inner = [_card(card, svgs[card.chart_id], texts) for card in cards]
    if number in texts["waiting"]:
        inner.append(f"<p>{escape(texts['later'])}</p>")
    return f"<section><h2>{escape(head)}</h2>{''.join(inner)}</section>"


def _card(card: ChartCard, svg: str, texts: Mapping[str, Any]) -> str:
    figures = []
    for name in VIEWS:
        own = with_fallback_fonts(svg).replace(f"{card.chart_id}-", f"{name}-{card.chart_id}-")
        figures.append(f'<figure class="{name}"><figcaption>{escape(texts["views"][name])}</figcaption>{own}</figure>')
    notes = "".join(f"<li>{escape(note)}</li>" for note in card.notes)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in card.table.columns)
    rows = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in card.table.rows())
    return (
        f'<h3>{escape(card.title)}</h3><div class="views">{"".join(figures)}</div><div class="text"><p>{escape(card.alt)}</p>'
        f"<ul>{notes}</ul><details><summary>{escape(texts['table'])}</summary><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></details><p>{escape(card.source)}</p></div>"
    )


def drawn() -> dict[str, str]:
    """Chart id -> SVG of every chart in the gallery."""
    return {card.chart_id: to_svg(card) for _, card in gallery_cards()}


def main(folder: Path) -> Path:
    """Write the page and tell where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / PAGE
    target.write_text(page(gallery_cards(), drawn(), load_chart_texts()["galleri"]), encoding="utf-8", newline="\n")
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(next(chain(sys.argv[1:], ['dist/galleri']))))}\n")
