"""The chart of how the cube's cost grows, in the look of the reports' charts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assets.charts.svg import clean_svg
from assets.charts.theme import BLUE, INK, ORANGE, Spec, frame, layer, view

TITLE = "Så växer kostnaden för den publicerade tabellen"
SUBTITLE = (
    "Processorsekunder för hela programmet, från fil till fil: blått är tabellen kommun × kön × årskurs × år, "
    "orange kuben med alla summor, län och skillnader"
)
PANELS = {
    "rows": ("respondents", "Elever (290 kommuner, 20 index), logaritmiska axlar", "log"),
    "indices": ("indices", "Index (1 miljon elever, 290 kommuner)", "linear"),
    "municipalities": ("municipalities", "Kommuner (1 miljon elever, 20 index)", "linear"),
}
LOOKS = {"plain": (BLUE, "tabellen"), "full": (ORANGE, "hela kuben")}


def chart_spec(rows: Sequence[Mapping[str, Any]]) -> Spec:
    """Vega-Lite specification: a panel for each thing that grows, a line for each table.

    Args:
        rows: `what, respondents, municipalities, indices, table` (plain or full) and `cpu` seconds.
    """
    panels = []
    for what, (column, label, scale) in PANELS.items():
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
        for table, (colour, name) in LOOKS.items():
            points = [point for point in mine if point["table"] == table]
            layers.append(layer({"type": "line", "stroke": colour, "point": {"fill": colour, "size": 50}}, points, x=x, y=y))
            last = {**points[-1], "text": name}
            text = {"type": "text", "align": "right", "dx": -6, "dy": -16 if table == "full" else 28, "fill": INK, "fontSize": 14}
            layers.append(layer(text, [last], x=x, y=y, text={"field": "text"}))
        panels.append(view(layers, height=190, width=600))
    return frame(TITLE, SUBTITLE, panels)


def write_chart(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write the chart: as PNG when the file's name ends so, else as SVG."""
    import vl_convert

    spec = json.dumps(chart_spec(rows))
    if path.suffix == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(spec, vl_version="6.4", scale=1.5))
        return
    svg = clean_svg(vl_convert.vegalite_to_svg(spec, vl_version="6.4"), "cube-growth", TITLE, SUBTITLE)
    path.write_text(svg, encoding="utf-8")
