"""Where the texts of a rendered chart stand, read from its SVG, and which of them lie on each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree

from assets.charts.theme import text_width

SVG = "{http://www.w3.org/2000/svg}"
_MOVE = re.compile(r"translate\(\s*(-?[\d.]+)(?:[ ,]+(-?[\d.]+))?\s*\)")
_TURN = re.compile(r"rotate\((-?[\d.]+)")
SLACK = 1.5
"""Texts may come this close (px): widths are estimated, on the large side."""


@dataclass(frozen=True)
class Line:
    """One line of text with its size, colour and box in px."""

    text: str
    size: float
    fill: str
    box: tuple[float, float, float, float]

    def touches(self, other: Line) -> bool:
        """Whether the two boxes overlap by more than the slack."""
        (x, y, x2, y2), (u, v, u2, v2) = self.box, other.box
        return min(x2, u2) - max(x, u) > SLACK and min(y2, v2) - max(y, v) > SLACK


def text_lines(svg: str) -> list[Line]:
    """Every line of text once (a white edge under a text is the same text at the same place)."""
    found: dict[tuple[str, tuple[float, float, float, float]], Line] = {}
    _walk(ElementTree.fromstring(svg), 0.0, 0.0, found)
    return list(found.values())


def _walk(
    node: ElementTree.Element, x: float, y: float, found: dict[tuple[str, tuple[float, float, float, float]], Line]
) -> None:
    moved = _MOVE.search(node.get("transform", ""))
    if moved:
        x, y = x + float(moved[1]), y + float(moved[2] or 0)
    if node.tag == f"{SVG}text" and node.get("opacity", "1") != "0":
        for line in _lines(node, x, y):
            found[line.text, line.box] = line
    for child in node:
        _walk(child, x, y, found)


def _lines(node: ElementTree.Element, x: float, y: float) -> list[Line]:
    size = float((node.get("font-size") or "11").removesuffix("px"))
    bold = node.get("font-weight") in ("bold", "600", "700")
    spans = node.findall(f"{SVG}tspan")
    texts = [("".join(span.itertext()), float(span.get("dy") or 0)) for span in spans] or [("".join(node.itertext()), 0.0)]
    turned = _TURN.search(node.get("transform", ""))
    lines = []
    for text, down in texts:
        y += down
        if not text.strip():
            continue
        width = 0.95 * text_width(text, size, bold=bold)
        left = {"middle": -width / 2, "end": -width}.get(node.get("text-anchor", "start"), 0.0)
        box = (x + left, y - 0.72 * size, x + left + width, y + 0.2 * size)
        if turned:
            box = (x - 0.72 * size, y - left - width, x + 0.2 * size, y - left)
        lines.append(Line(text, size, node.get("fill", "black"), tuple(round(end, 1) for end in box)))  # type: ignore[arg-type]
    return lines


def overlaps(lines: list[Line]) -> list[tuple[str, str]]:
    """Pairs of texts that lie on each other."""
    return [(one.text, other.text) for one, other in combinations(lines, 2) if one.touches(other)]


def mark_colours(svg: str) -> list[tuple[str, str]]:
    """Fill and stroke of every drawn shape."""
    shapes = {f"{SVG}{name}" for name in ("path", "rect", "line", "circle")}
    found = []
    for node in ElementTree.fromstring(svg).iter():
        if node.tag in shapes and node.get("opacity", "1") != "0":
            found.append((node.get("fill") or "none", node.get("stroke") or "none"))
    return found
