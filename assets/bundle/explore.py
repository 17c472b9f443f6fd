"""Where the reader chooses factor, grade, group and comparison: published shares and one chart specification to fill.

Nothing is computed in the browser: it picks among numbers that are released, rounded and protected already. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from assets.bundle.words import Context
from assets.charts.cells import Cell, read_cells
from assets.charts.theme import BLUE, COUNTY_GREY, FONT, ORANGE, TEXT_SIZE, config
from assets.charts.trend import Point, merged_breaks, segments
from assets.charts.types import COUNTY_CODE, GRADES, SEXES

MEASURES = ("share_band1", "share_band3")
HEIGHT = 300
AXIS_TITLE = {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0, "titleY": -12}
FONTS = f"{FONT}, Arial, sans-serif"
"""On a reader's computer the charts' font is seldom installed; Arial has the same widths."""


def choices(context: Context) -> dict[str, Any] | None:
    """What the controls offer, the numbers behind them, and the chart to fill; None when the municipality has no number to show.

    Returns:
        `values`: `<index>.<grade>.<sex>.<own|county>` -> a list per wave of `[value, low, high, joined, words]` (null where
        nothing is shown: then `words` says why). `joined`: the line goes on from the wave before. True or false and no running
        number, so that every number here is a released one and the scan of finished files needs no exception.
    """
    values: dict[str, list[list[Any]]] = {}
    waves: dict[str, list[int]] = {}
    for grade in GRADES:
        if context.whole_reason(grade):
            continue
        cells = read_cells(context.frames, context.scope, MEASURES, grade=grade)
        waves[grade] = [wave for wave in cells.waves(context.scope.area_code, grade) if wave <= context.scope.wave]
        for key, index in context.indices.items():
            for place, area in (("own", context.scope.area_code), ("county", COUNTY_CODE)):
                for sex in SEXES:
                    found = [cells.get(area, wave, grade, sex, key, index.focus_measure) for wave in waves[grade]]
                    values[f"{key}.{grade}.{sex}.{place}"] = _points(context, segments(waves[grade], found, index))
    if not values:
        return None
    return {
        "words": context.meta.texts["html"]["choose"],
        "area": context.scope.area_name,
        "synthetic": context.say("common.synthetic_short") if context.meta.charts.synthetic else "",
        "factors": {key: _factor(context, key, waves) for key in context.indices},
        "grades": {grade: context.grade(grade) for grade in waves},
        "sexes": dict(context.entry("common.sexes")),
        "colours": {"county": [BLUE, COUNTY_GREY], "sexes": [BLUE, ORANGE], "": [BLUE]},
        "waves": waves,
        "values": values,
        "spec": specification(),
    }


def _points(context: Context, points: Sequence[Point]) -> list[list[Any]]:
    before = [None, *(point.segment for point in points)]
    return [_point(context, p.cell, joined=p.segment == last) for p, last in zip(points, before, strict=False)]


def _point(context: Context, cell: Cell, *, joined: bool) -> list[Any]:
    if not cell.shown:
        return [None, None, None, joined, context.reason(cell.reason)]
    words = f"{context.share(cell)} ({context.interval(cell)})" if context.interval(cell) else context.share(cell)
    return [cell.value, cell.low, cell.high, joined, words]


def _factor(context: Context, key: str, waves: Mapping[str, list[int]]) -> dict[str, Any]:
    """Label, band and the marked changes of the question after the first wave."""
    index = context.indices[key]
    every = sorted({wave for found in waves.values() for wave in found})
    breaks = merged_breaks(index, every[0], every[-1])
    placed = [
        {
            "year": b.year,
            "at": (max(wave for wave in every if wave < b.year) + b.year) / 2,
            "text": b.text_sv,
        }
        for b in breaks
    ]
    return {"label": index.label_sv, "band": index.focus_band_label_sv, "breaks": placed}


def specification() -> dict[str, Any]:
    """A line chart with intervals in Vega-Lite; the page fills `datasets.points` and `datasets.breaks`, axis title and years."""
    x = {"field": "x", "type": "quantitative", "scale": {"zero": False, "nice": False, "padding": 24}}
    x["axis"] = {"title": None, "grid": False, "format": "d", "values": []}
    y = {"field": "y", "type": "quantitative", "scale": {"domainMin": 0}, "axis": {"title": "", "tickCount": 6, **AXIS_TITLE}}
    series = {"field": "series", "type": "nominal", "sort": None}
    fonts = {"labelFont": FONTS, "labelFontSize": TEXT_SIZE}
    legend = {**fonts, "orient": "top", "title": None, "symbolSize": 140, "labelLimit": 0, "offset": 28, "columns": 1}
    colours = {"range": [BLUE, COUNTY_GREY], "domain": []}
    shapes = {"range": ["circle", "diamond"], "domain": []}
    colour = {**series, "scale": colours, "legend": legend}
    shape = {**series, "scale": shapes, "legend": legend}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": HEIGHT,
        "config": json.loads(json.dumps(config()).replace(f'"{FONT}"', f'"{FONTS}"')),
        "datasets": {"points": [], "breaks": []},
        "layer": [
            {"data": {"name": "breaks"}, "mark": {"type": "rule", "stroke": ORANGE, "strokeDash": [5, 4]}, "encoding": {"x": x}},
            {
                "data": {"name": "points"},
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": colour},
            },
            {
                "data": {"name": "points"},
                "mark": {"type": "line", "strokeWidth": 3},
                "encoding": {"x": x, "y": y, "color": colour, "detail": {"field": "segment", "type": "nominal"}},
            },
            {
                "data": {"name": "points"},
                "mark": {"type": "point", "size": 110, "filled": True, "opacity": 1},
                "encoding": {"x": x, "y": y, "color": colour, "shape": shape},
            },
        ],
    }
