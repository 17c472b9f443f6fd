"""The key row on top of a chart: each mark drawn beside its name, so no colour has to be matched, and the synthetic mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assets.charts.theme import MUTED, ORANGE, SYNTHETIC_MARK, WIDTH, Spec, layer, px, text_layer, text_width, view

ROW = 24
SYMBOL = 26
GAP = 16
HATCH = 7


@dataclass(frozen=True)
class KeyItem:
    """One entry. `symbol`: a Vega shape, `line`, `dashed`, `tick`, `band`, `tile` (with an edge) or `hatch`.

    `interval` draws a rule through it. `dash`: strokes and gaps of a `tick`, px; whole without.
    """

    text: str
    symbol: str
    colour: str
    interval: bool = False
    filled: bool = True
    thick: float = 2
    dash: tuple[int, ...] = ()


def key_view(items: Sequence[KeyItem], *, synthetic: bool, width: float = WIDTH) -> Spec:
    """The key as one panel over the whole width; entries flow over as many rows as they need."""
    stamp = text_width(SYNTHETIC_MARK, bold=True) + 16 if synthetic else 0
    placed: list[tuple[KeyItem, float, float]] = []
    x, row = 0.0, 0
    for item in items:
        need = SYMBOL + 6 + text_width(item.text)
        if x and x + need > width - (stamp + GAP if row == 0 else 0):
            x, row = 0.0, row + 1
        placed.append((item, x, row * ROW + ROW / 2))
        x += need + GAP
    layers = [*_symbols(placed), _texts(placed)]
    if synthetic:
        layers += _stamp(stamp, width)
    return view(layers, height=(row + 1) * ROW, width=width)


def _texts(placed: Sequence[tuple[KeyItem, float, float]]) -> Spec:
    values = [{"x": round(x + SYMBOL + 6, 1), "y": y, "text": item.text} for item, x, y in placed]
    return text_layer(values, px("x"), px("y"))


def _symbols(placed: Sequence[tuple[KeyItem, float, float]]) -> list[Spec]:
    found = []
    for item, x, y in placed:
        middle, left, right = round(x + SYMBOL / 2, 1), round(x, 1), round(x + SYMBOL, 1)
        if item.symbol in ("line", "dashed") or item.interval:
            dash = {"strokeDash": [4, 3]} if item.symbol == "dashed" else {}
            mark = {"type": "rule", "stroke": item.colour, "strokeWidth": item.thick, **dash}
            found.append(layer(mark, [{"x": left, "x2": right, "y": y}], x=px("x"), x2={"field": "x2"}, y=px("y")))
        if item.symbol == "tick":
            dash = {"strokeDash": list(item.dash)} if item.dash else {}
            mark = {"type": "rule", "stroke": item.colour, "strokeWidth": item.thick, **dash}
            found.append(layer(mark, [{"x": middle, "y": y - 8, "y2": y + 8}], x=px("x"), y=px("y"), y2={"field": "y2"}))
        elif item.symbol in ("band", "tile"):
            edge = {"stroke": MUTED, "strokeWidth": 1} if item.symbol == "tile" else {}
            mark = {"type": "rect", "fill": item.colour, **edge}
            values = [{"x": left, "x2": right, "y": y - 8, "y2": y + 8}]
            found.append(layer(mark, values, x=px("x"), x2={"field": "x2"}, y=px("y"), y2={"field": "y2"}))
        elif item.symbol == "hatch":
            found += hatched(left, right, y - 8, y + 8, item.colour)
        elif item.symbol not in ("line", "dashed"):
            look = {"fill": item.colour if item.filled else "white", "stroke": item.colour, "strokeWidth": 2, "opacity": 1}
            mark = {"type": "point", "shape": item.symbol, "size": 110, **look}
            found.append(layer(mark, [{"x": middle, "y": y}], x=px("x"), y=px("y")))
    return found


def hatched(x: float, x2: float, y: float, y2: float, colour: str) -> list[Spec]:
    """A hatched box in px."""
    box = {"x": px("x"), "x2": {"field": "x2"}, "y": px("y"), "y2": {"field": "y2"}}
    edge = [{"x": x, "x2": x2, "y": y, "y2": y2}]
    return [
        layer({"type": "rule", "stroke": colour, "strokeWidth": 1.5}, hatching(x, x2, y, y2), **box),
        layer({"type": "rect", "fill": None, "stroke": colour, "strokeWidth": 1.5}, edge, **box),
    ]


def hatching(x: float, x2: float, y: float, y2: float) -> list[dict[str, float]]:
    """Diagonal strokes that fill a rectangle (px), cut at its edges. Vega has no pattern fill, and hatch prints in grey."""
    height = y2 - y
    strokes = []
    start = x - height + HATCH / 2
    while start < x2:
        left, right = max(start, x), min(start + height, x2)
        if right > left:
            low, high = y2 - (left - start), y2 - (right - start)
            strokes.append({"x": round(left, 1), "x2": round(right, 1), "y": round(low, 1), "y2": round(high, 1)})
        start += HATCH
    return strokes


def _stamp(size: float, right: float) -> list[Spec]:
    box = {"x": round(right - size, 1), "x2": right, "y": 1, "y2": ROW - 1}
    rect = {"type": "rect", "fill": "white", "stroke": ORANGE, "strokeWidth": 2}
    middle = [{"x": round(right - size / 2, 1), "y": ROW / 2 + 1, "text": SYNTHETIC_MARK}]
    return [
        layer(rect, [box], x=px("x"), x2={"field": "x2"}, y=px("y"), y2={"field": "y2"}),
        text_layer(middle, px("x"), px("y"), align="center", fontWeight="bold", fill=ORANGE),
    ]
