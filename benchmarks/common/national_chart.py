"""The chart of how the cost of many municipalities and waves grows, in the look of the reports' charts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assets.charts.svg import clean_svg
from assets.charts.theme import BLUE, INK, OTHER_GREY, frame, layer, view

TITLE = "Så växer tid och minne med kommuner och mättillfällen"
SUBTITLE = "Processorsekunder och största minne för varje steg, med programmets start"
NAMES = {
    "scores": "elevernas poäng",
    "areas": "områdenas index",
    "questions": "enskilda frågor",
    "scales": "0–100-skalor",
    "factors": "antal faktorer",
    "sensitivity": "oseriösa svar",
    "cutoffs": "andra gränser",
    "associations": "samband",
    "trends": "förändringar",
    "hiding": "röjandekontroll",
}
"""Stage -> its name at the end of its line; other stages are not drawn."""
HEIGHT, APART, ROOM = 250, 17, 1.45
"""Of a panel: pixels high, pixels between two names, and how much longer its axis is than its lines, for the names."""
MEASURES = {"cpu": ("sekunder", "~g"), "peak_mb": ("MB", ",d")}
"""Column -> the axis' unit and the format of its numbers."""


def panels(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """(measure, axis' name, points): what grows with the municipalities in one wave, and with the waves in one county.

    Args:
        rows: a row per stage and size, `stage, municipalities, waves, indices, cpu, peak_mb`. Those with the usual number of
            indices are drawn.
    """
    usual = [row for row in rows if row["stage"] in NAMES and row["indices"] == rows[0]["indices"]]
    made = []
    for measure in MEASURES:
        for grows, held, label in (
            ("municipalities", "waves", "Kommuner, {} mättillfälle"),
            ("waves", "municipalities", "Mättillfällen, {} kommuner"),
        ):
            least = min((row[held] for row in usual), default=0)
            points = [{"x": row[grows], "y": row[measure], "stage": row["stage"]} for row in usual if row[held] == least]
            if len({point["x"] for point in points}) > 1:
                made.append((measure, label.format(least), sorted(points, key=lambda point: (point["stage"], point["x"]))))
    return made


def spread(wanted: Sequence[float], apart: float) -> list[float]:
    """Heights in the order of `wanted`, as near above it as lets each be so far from the next."""
    placed: dict[int, float] = {}
    free = float("-inf")
    for at in sorted(range(len(wanted)), key=lambda at: wanted[at]):
        placed[at] = max(wanted[at], free)
        free = placed[at] + apart
    return [placed[at] for at in range(len(wanted))]


def spec(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Vega-Lite specification: a panel per measure and thing that grows, a line per stage with its name at the end."""
    return frame(TITLE, SUBTITLE, [_panel(*panel) for panel in panels(rows)])


def _panel(measure: str, label: str, points: Sequence[Mapping[str, Any]]) -> Any:
    unit, numbers = MEASURES[measure]
    last = list({point["stage"]: point for point in points}.values())
    highest, longest = max(point["y"] for point in points), max(point["x"] for point in points)
    heights = spread([point["y"] for point in last], highest * APART / HEIGHT)
    top = max(highest, *heights) * 1.05
    axis = {"values": sorted({point["x"] for point in points}), "format": ",d", "grid": False}
    x = {"field": "x", "type": "quantitative", "title": label, "axis": axis, "scale": {"domain": [0, longest * ROOM]}}
    y = {
        "field": "y",
        "type": "quantitative",
        "title": unit,
        "axis": {"format": numbers, "tickCount": 5},
        "scale": {"domain": [0, top], "nice": False},
    }
    beside = [{"x": longest * 1.05, "y": height, "text": NAMES[one["stage"]]} for one, height in zip(last, heights, strict=True)]
    lines = [
        layer(
            {"type": "line", "stroke": BLUE, "strokeWidth": 1.5, "point": {"fill": BLUE, "size": 35}},
            [point for point in points if point["stage"] == one["stage"]], x=x, y=y,
        )
        for one in last
    ]  # fmt: skip
    leaders = [
        layer({"type": "line", "stroke": OTHER_GREY, "strokeWidth": 1}, [one, {**name, "x": longest * 1.04}], x=x, y=y)
        for one, name in zip(last, beside, strict=True)
    ]
    text = {"type": "text", "align": "left", "baseline": "middle", "fill": INK, "fontSize": 14}
    return view([*leaders, *lines, layer(text, beside, x=x, y=y, text={"field": "text"})], height=HEIGHT, width=600)


def write_chart(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write the chart: as PNG when the file's name ends so, else as SVG."""
    import vl_convert

    drawn = json.dumps(spec(rows))
    if path.suffix == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(drawn, vl_version="6.4", scale=1.2))
        return
    svg = clean_svg(vl_convert.vegalite_to_svg(drawn, vl_version="6.4"), "national-growth", TITLE, SUBTITLE)
    path.write_text(svg, encoding="utf-8")
