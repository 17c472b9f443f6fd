"""The chart of how the cost of many municipalities, waves and indices grows, in the look of the reports' charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assets.charts.svg import clean_svg
from assets.charts.theme import BLUE, ORANGE, frame, layer, view

TITLE = "Så växer tid och minne med kommuner, mättillfällen och index"
SUBTITLE = (
    "Processorsekunder och största minne för elevernas poäng (blått) och områdenas skattningar (orange), med programmets start"
)
LOOKS = {"scores": BLUE, "areas": ORANGE}
PANELS = {
    "municipalities": ("Kommuner (1 mättillfälle, 7 index)", {"waves": 1, "indices": 7}),
    "waves": ("Mättillfällen (26 kommuner, 7 index)", {"municipalities": 26, "indices": 7}),
    "indices": ("Index (26 kommuner, 1 mättillfälle)", {"municipalities": 26, "waves": 1}),
}
"""What grows -> the axis' name and what is held."""
MEASURES = {"cpu": ("sekunder", "~g"), "peak_mb": ("MB", ",d")}
"""Column -> the axis' unit and the format of its numbers."""


def spec(rows: Sequence[Mapping[str, str]]) -> Any:
    """Vega-Lite specification: a panel per measure and thing that grows, a line per stage.

    Args:
        rows: lines of `national.csv`.
    """
    panels = []
    for measure, (unit, numbers) in MEASURES.items():
        for grows, (label, held) in PANELS.items():
            mine = [row for row in rows if all(int(row[name]) == value for name, value in held.items()) and row["stage"] in LOOKS]
            points = sorted(({"x": int(row[grows]), "y": float(row[measure]), "stage": row["stage"]} for row in mine), key=_place)
            marks = sorted({point["x"] for point in points})
            axis = {"values": marks, "format": ",d", "grid": False}
            x = {"field": "x", "type": "quantitative", "title": label, "axis": axis, "scale": {"zero": True}}
            y = {"field": "y", "type": "quantitative", "title": unit, "axis": {"format": numbers, "tickCount": 4}}
            layers = [
                layer(
                    {"type": "line", "stroke": colour, "point": {"fill": colour, "size": 50}},
                    [point for point in points if point["stage"] == stage], x=x, y=y,
                )
                for stage, colour in LOOKS.items()
            ]  # fmt: skip
            panels.append(view(layers, height=130, width=600))
    return frame(TITLE, SUBTITLE, panels)


def _place(point: Mapping[str, Any]) -> tuple[str, int]:
    return point["stage"], point["x"]


def write_chart(rows: Sequence[Mapping[str, str]], path: Path) -> None:
    """Write the chart: as PNG when the file's name ends so, else as SVG."""
    import json

    import vl_convert

    drawn = json.dumps(spec(rows))
    if path.suffix == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(drawn, vl_version="6.4", scale=1.2))
        return
    svg = clean_svg(vl_convert.vegalite_to_svg(drawn, vl_version="6.4"), "national-growth", TITLE, SUBTITLE)
    path.write_text(svg, encoding="utf-8")
