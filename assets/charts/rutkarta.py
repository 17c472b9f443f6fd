"""Chart 7, rutkarta: where in the county? One equal tile per municipality beside a strip of dots with intervals.

For the county's pages only. The tiles give a small municipality the same place as a large one.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.charts.findings import complete_alt, lookup, say
from assets.charts.key import hatching
from assets.charts.numbers import percent
from assets.charts.places import (
    MAP_HEIGHT,
    MAP_WIDTH,
    Classes,
    County,
    alt_finding,
    classes,
    map_key,
    name_lines,
    read_county,
    short_reason,
    strip,
    table,
    title,
    words_of,
)
from assets.charts.theme import INK, LINE_GREY, MUTED, TEXT_SIZE, Spec, frame, layer, px, text_layer, view
from assets.charts.types import ChartCard, ChartMeta, Scope

GAP = 4.0
LINE = TEXT_SIZE + 3
Tiles = Mapping[str, tuple[int, int]]


def build(results: pl.DataFrame, scope: Scope, meta: ChartMeta, tiles: Tiles, *, grade: str, index_key: str) -> ChartCard | None:
    """The card `rutkarta_<index>_<grade>`, or None when no municipality has the grade.

    Args:
        results: `release.index_results` with the whole county's rows.
        scope: the county, its wave and edition.
        tiles: municipality code -> column and row in the grid, from the north-west.
    """
    county = read_county(results, scope, meta, grade=grade, index_key=index_key)
    if not any(place.cell.reason != "no_pupils" for place in county.places):
        return None
    words = words_of(county, meta, scope, grade, index_key)
    found = classes([float(p.cell.value or 0) for p in county.shown]) if county.shown else None
    head, subtitle = title(county, meta, words), say(meta, "rutkarta.subtitle", **words)
    panel = view([*_tiles(county, found, meta, tiles), *strip(county, found, meta, words)], height=MAP_HEIGHT)
    hidden = len(county.shown) < len(county.places)
    return ChartCard(
        chart_id=f"rutkarta_{index_key}_{grade}",
        title=head,
        subtitle=subtitle,
        alt=complete_alt(
            meta, say(meta, "rutkarta.alt", **words, finding=alt_finding(county, meta, words)), synthetic=meta.synthetic
        ),
        spec=frame(head, subtitle, [map_key(meta, found, hidden=hidden), panel]),
        table=table(county, meta),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=(say(meta, "common.uncertainty"), *lookup(meta.texts, "rutkarta.notes")),
    )


def _tiles(county: County, found: Classes | None, meta: ChartMeta, tiles: Tiles) -> list[Spec]:
    across = MAP_WIDTH / (1 + max(column for column, _ in tiles.values()))
    down = MAP_HEIGHT / (1 + max(row for _, row in tiles.values()))
    boxes, hatch, texts = [], [], []
    for place in county.places:
        if place.code not in tiles:
            continue
        column, row = tiles[place.code]
        x, y = round(column * across, 1), round(row * down, 1)
        x2, y2 = round(x + across - GAP, 1), round(y + down - GAP, 1)
        value = place.cell.value
        shown = value is not None and found is not None
        fill, ink = (found.colour(value), found.ink(value)) if shown else ("white", INK)
        boxes.append({"x": x, "x2": x2, "y": y, "y2": y2, "fill": fill})
        if not shown:
            hatch += hatching(x, x2, y, y2)
        lines = [
            *name_lines(place.name, across - GAP - 6),
            percent(value) if value is not None else short_reason(place.cell, meta),
        ]
        top = (y + y2) / 2 - (len(lines) - 1) * LINE / 2
        texts += [
            {"x": (x + x2) / 2, "y": top + k * LINE, "text": line, "fill": ink, "bold": k == len(lines) - 1, "hidden": not shown}
            for k, line in enumerate(lines)
        ]
    corners = {"x": px("x"), "x2": {"field": "x2"}, "y": px("y"), "y2": {"field": "y2"}}
    fill = {"field": "fill", "type": "nominal", "scale": None}
    plain = [{k: row[k] for k in ("x", "y", "text", "fill")} for row in texts if not row["hidden"]]
    over = [{k: row[k] for k in ("x", "y", "text")} for row in texts if row["hidden"]]
    look = {"type": "text", "fontSize": TEXT_SIZE, "align": "center", "baseline": "middle", "font": "Liberation Sans"}
    return [
        layer({"type": "rect", "stroke": MUTED, "strokeWidth": 1, "opacity": 1}, boxes, **corners, fill=fill),
        layer({"type": "rule", "stroke": LINE_GREY, "strokeWidth": 1.5}, hatch, **corners),
        layer(look, plain, x=px("x"), y=px("y"), text={"field": "text"}, fill=fill),
        text_layer(over, px("x"), px("y"), align="center", fill="white", stroke="white", strokeWidth=5, strokeJoin="round"),
        text_layer(over, px("x"), px("y"), align="center", fill=INK),
    ]
