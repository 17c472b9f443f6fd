"""A chart card as one clean SVG that can stand with many others in the same page.

Vega's own descriptions are English and hold unrounded values, so every aria attribute, role and class is taken away and the
card's Swedish title and text alternative are put in. Ids are prefixed with the chart id.
"""

from __future__ import annotations

import json
import re
from html import escape

from assets.chart_engine import chart_engine
from assets.charts.types import ChartCard

_NOISE = re.compile(r' (?:aria-[\w-]+|role|class|pointer-events)="[^"]*"')
_OWN_TEXT = re.compile(r"<(title|desc)\b[^>]*>.*?</\1>", re.DOTALL)
_IDS = re.compile(r'(\bid="|url\(#|href="#)([\w-]+)')
_COUNTED = re.compile(r"(clip|gradient_)\d+")
_ROOT = re.compile(r"<svg\b[^>]*>")
_VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


def to_svg(card: ChartCard) -> str:
    """SVG text of a card: responsive, `role="img"` with Swedish title and description, no reference to anything outside.

    Raises:
        ValueError: vl-convert refuses the specification, or the result has no view box.
    """
    return finished_svg(card, raw_svg(spec_text(card)))


def spec_text(card: ChartCard) -> str:
    """The card's specification with its data as JSON: equal texts give equal pictures."""
    return json.dumps(card.spec)


def raw_svg(spec: str) -> str:
    """What Vega draws of a specification.

    Raises:
        ValueError: vl-convert refuses it.
    """
    return str(chart_engine().vegalite_to_svg(spec, vl_version="6.4"))


def finished_svg(card: ChartCard, raw: str) -> str:
    """The drawn picture with the card's own title, text alternative and ids."""
    return clean_svg(raw, card.chart_id, card.title, card.alt)


def _counted_here(name: str, known: dict[str, str]) -> str:
    """Vega counts its clips and gradients as long as the process lives: here they are counted within the picture."""
    counted = _COUNTED.fullmatch(name)
    return known.setdefault(name, f"{counted[1]}{len(known) + 1}") if counted else name


def clean_svg(raw: str, chart_id: str, title: str, description: str) -> str:
    """Strip what Vega says about itself and put our own title and description on the root."""
    box = _VIEW_BOX.search(raw)
    if box is None:
        raise ValueError(f"{chart_id}: no view box in the rendered chart")
    width, height = box.groups()
    body = _ROOT.sub("", _NOISE.sub("", _OWN_TEXT.sub("", raw)), count=1)
    numbers: dict[str, str] = {}
    body = _IDS.sub(lambda found: f"{found[1]}{chart_id}-{_counted_here(found[2], numbers)}", body)
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" lang="sv" '
        f'style="width:100%;max-width:{width}px;height:auto">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    )
    return root + body


def to_png(card: ChartCard, scale: float = 2.0) -> bytes:
    """The same picture as PNG, for slides and for looking at."""
    return chart_engine().vegalite_to_png(json.dumps(card.spec), vl_version="6.4", scale=scale)
