"""The look shared by all charts: colours, sizes, Swedish numbers, and how long texts are broken.

Everything is drawn with Liberation Sans, which vl-convert carries; a font that isn't found makes all text vanish. Charts are
about 700 px wide and no text is smaller than 14 px.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 700
FONT = "Liberation Sans"
TEXT_SIZE = 14
TITLE_SIZE = 19

INK = "#222222"
MUTED = "#595959"
BLUE = "#0b559f"
ORANGE = "#b35806"
COUNTY_GREY = "#4a4a4a"
OTHER_GREY = "#8c8c8c"
BAND_GREY = "#e3e3e3"
LINE_GREY = "#e0e0e0"

SYNTHETIC_MARK = "SYNTETISKA DATA"

Spec = dict[str, Any]

# Advance widths of Liberation Sans (the same as Arial) in thousandths of the font size.
_NARROW = {**dict.fromkeys("ijl'|", 222), **dict.fromkeys(" .,:;/!It()[]-\u00a0fI", 290), "r": 333, "–": 556, "m": 833, "w": 722}
_WIDE = dict.fromkeys("MW%", 850)


class _Advances(dict[str, int]):
    """Character -> its advance width, worked out the first time it is met: charts measure hundreds of thousands."""

    def __missing__(self, character: str) -> int:
        width = _NARROW.get(character) or _WIDE.get(character) or (690 if character.isupper() else 556)
        self[character] = width
        return width


_ADVANCE = _Advances()


def text_width(text: str, size: float = TEXT_SIZE, *, bold: bool = False) -> float:
    """Approximate width in px of one line of text, rounded upwards on purpose."""
    total = sum(map(_ADVANCE.__getitem__, text))
    return total * size / 1000 * (1.07 if bold else 1.0)


def wrap(text: str, width: float, size: float = TEXT_SIZE, *, bold: bool = False) -> list[str]:
    """Break a text into lines that fit `width` px. Vega draws a list of texts as lines but never breaks one itself."""
    lines: list[str] = []
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(joined, size, bold=bold) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines


def config() -> Spec:
    """Vega-Lite config: font, sizes, Swedish numbers, no aria (its texts are generated in English)."""
    text = {"labelFont": FONT, "titleFont": FONT, "labelFontSize": TEXT_SIZE, "titleFontSize": TEXT_SIZE}
    return {
        "aria": False,
        "font": FONT,
        "background": "white",
        "padding": 8,
        "locale": {"number": {"decimal": ",", "thousands": "\u00a0", "grouping": [3], "currency": ["", "\u00a0kr"]}},
        "view": {"stroke": None},
        "axis": {
            **text,
            "labelColor": MUTED,
            "titleColor": INK,
            "titleFontWeight": "normal",
            "gridColor": LINE_GREY,
            "domainColor": OTHER_GREY,
            "tickColor": OTHER_GREY,
            "labelFlush": False,
        },
        "title": {
            "anchor": "start",
            "font": FONT,
            "subtitleFont": FONT,
            "fontSize": TITLE_SIZE,
            "subtitleFontSize": TEXT_SIZE,
            "color": INK,
            "subtitleColor": MUTED,
            "lineHeight": TITLE_SIZE + 5,
            "subtitleLineHeight": TEXT_SIZE + 5,
            "subtitlePadding": 6,
            "offset": 12,
            "frame": "group",
        },
        "concat": {"spacing": 12},
    }


def frame(title: str, subtitle: str, views: Sequence[Spec], *, width: float = WIDTH) -> Spec:
    """A whole chart: title and subtitle broken into lines, views under each other with scales of their own."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": {"text": wrap(title, width - 10, TITLE_SIZE, bold=True), "subtitle": wrap(subtitle, width)},
        "vconcat": list(views),
        "bounds": "full",
        "config": config(),
    }


def view(layers: Sequence[Spec], *, height: float, width: float = WIDTH, **extra: Any) -> Spec:
    """One panel of layers with a fixed size in px."""
    return {"width": width, "height": height, "layer": [item for item in layers if item["data"]["values"]], **extra}


def layer(mark: Mapping[str, Any], values: Sequence[Mapping[str, Any]], **encoding: Any) -> Spec:
    """One layer with its own small data set: exactly the columns that are drawn."""
    return {"data": {"values": [dict(row) for row in values]}, "mark": dict(mark), "encoding": encoding}


def px(field: str) -> Spec:
    """A position already in px inside the panel."""
    return {"field": field, "type": "quantitative", "scale": None}


def text_layer(values: Sequence[Mapping[str, Any]], x: Any, y: Any, *, align: str = "left", **mark: Any) -> Spec:
    """Text marks; `text` may be a list of lines."""
    look = {"type": "text", "font": FONT, "fontSize": TEXT_SIZE, "align": align, "baseline": "middle", "fill": INK}
    return layer({**look, **mark}, values, x=x, y=y, text={"field": "text"})


def halo_text(values: Sequence[Mapping[str, Any]], x: Any, y: Any, **mark: Any) -> list[Spec]:
    """Text over other marks, with a white edge so that lines behind don't cross the letters."""
    edge = {**mark, "fill": "white", "stroke": "white", "strokeWidth": 6, "strokeJoin": "round"}
    return [text_layer(values, x, y, **edge), text_layer(values, x, y, **mark)]


def boxed_text(values: Sequence[Mapping[str, Any]], *, pad: float = 5) -> list[Spec]:
    """Words in place of a mark, centred on px `x` and `y`, on a white field so that marks behind don't cross them."""
    boxes = []
    for row in values:
        half = text_width(row["text"]) / 2 + pad
        boxes.append({"x": round(row["x"] - half, 1), "x2": round(row["x"] + half, 1), "y": row["y"] - 10, "y2": row["y"] + 10})
    field = {"type": "rect", "fill": "white", "opacity": 1}
    return [
        layer(field, boxes, x=px("x"), x2={"field": "x2"}, y=px("y"), y2={"field": "y2"}),
        text_layer(values, px("x"), px("y"), align="center", fill=MUTED, fontStyle="italic"),
    ]
