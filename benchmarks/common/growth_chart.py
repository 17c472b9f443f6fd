"""The charts of how a benchmark's cost grows, in the look of the reports' charts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.charts.svg import clean_svg
from assets.charts.theme import BLUE, INK, ORANGE, Spec, frame, layer, view


@dataclass(frozen=True)
class Growth:
    """What a chart shows. `panels`: what grows -> (column, label, scale). `looks`: table -> (colour, name of its line)."""

    key: str
    title: str
    subtitle: str
    panels: Mapping[str, tuple[str, str, str]]
    looks: Mapping[str, tuple[str, str]]


CUBE = Growth(
    key="cube-growth",
    title="Så växer kostnaden för en nationell tabell",
    subtitle="Processorsekunder för hela programmet, från fil till fil: blått är tabellen kommun × kön × årskurs × år, "
    "orange kuben med alla summor, län och skillnader",
    panels={
        "rows": ("respondents", "Elever (290 kommuner, 20 index), logaritmiska axlar", "log"),
        "indices": ("indices", "Index (1 miljon elever, 290 kommuner)", "linear"),
        "municipalities": ("municipalities", "Kommuner (1 miljon elever, 20 index)", "linear"),
    },
    looks={"plain": (BLUE, "tabellen"), "full": (ORANGE, "hela kuben")},
)
SCORING = Growth(
    key="scoring-growth",
    title="Så växer kostnaden för elevernas poäng",
    subtitle="Processorsekunder för hela programmet, från fil till fil: poäng och medelfel på index med 6–9 frågor",
    panels={
        "rows": ("respondents", "Elever (7 index), logaritmiska axlar", "log"),
        "indices": ("indices", "Index (1 miljon elever)", "linear"),
    },
    looks={"scores": (BLUE, "poängen")},
)


def chart_spec(rows: Sequence[Mapping[str, Any]], growth: Growth) -> Spec:
    """Vega-Lite specification: a panel for each thing that grows, a line for each table.

    Args:
        rows: `what`, the panels' columns, `table` (a key of `looks`) and `cpu` seconds.
    """
    panels = []
    for what, (column, label, scale) in growth.panels.items():
        mine = [{"x": row[column], "cpu": row["cpu"], "table": row["table"]} for row in rows if row["what"] == what]
        if not mine:
            continue
        logarithmic = {"scale": {"type": "log"}} if scale == "log" else {"scale": {"zero": True}}
        marks = sorted({point["x"] for point in mine})
        x = {
            "field": "x",
            "type": "quantitative",
            "title": label,
            "axis": {"values": marks, "format": ",d", "grid": False},
            **logarithmic,
        }
        ticks = {"values": [0.5, 1, 2, 5, 10]} if scale == "log" else {"tickCount": 4}
        y = {"field": "cpu", "type": "quantitative", "title": "sekunder", "axis": {"format": "~g", **ticks}, **logarithmic}
        layers = []
        for table, (colour, name) in growth.looks.items():
            points = [point for point in mine if point["table"] == table]
            layers.append(layer({"type": "line", "stroke": colour, "point": {"fill": colour, "size": 50}}, points, x=x, y=y))
            if len(growth.looks) == 1:
                continue
            last = {**points[-1], "text": name}
            text = {"type": "text", "align": "right", "dx": -6, "dy": -16 if table == "full" else 28, "fill": INK, "fontSize": 14}
            layers.append(layer(text, [last], x=x, y=y, text={"field": "text"}))
        panels.append(view(layers, height=190, width=600))
    return frame(growth.title, growth.subtitle, panels)


def write_chart(rows: Sequence[Mapping[str, Any]], growth: Growth, path: Path) -> None:
    """Write the chart: as PNG when the file's name ends so, else as SVG."""
    import vl_convert

    spec = json.dumps(chart_spec(rows, growth))
    if path.suffix == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(spec, vl_version="6.4", scale=1.5))
        return
    svg = clean_svg(vl_convert.vegalite_to_svg(spec, vl_version="6.4"), growth.key, growth.title, growth.subtitle)
    path.write_text(svg, encoding="utf-8")
