"""Chart 7b, gränskarta: the municipalities' real boundaries in the same classes as the tile map, beside the strip of dots.

For the county's pages only, and never the only view: large and empty areas would dominate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

import polars as pl

from assets.charts.findings import complete_alt, lookup, say
from assets.charts.places import (
    MAP_HEIGHT,
    MAP_WIDTH,
    Classes,
    County,
    alt_finding,
    classes,
    map_key,
    read_county,
    strip,
    table,
    title,
    words_of,
)
from assets.charts.theme import INK, MUTED, TEXT_SIZE, Spec, frame, halo_text, layer, text_width, view
from assets.charts.types import ChartCard, ChartMeta, Scope

Ring = Sequence[tuple[float, float]]
Shapes = Mapping[str, Sequence[Ring]]
Names = list[tuple[str, float, float]]


@dataclass(frozen=True)
class Projection:
    """Longitude and latitude to px: equirectangular with the county's own mid-latitude, north up."""

    west: float
    north: float
    scale: float
    squeeze: float

    def px_of(self, point: Sequence[float]) -> tuple[float, float]:
        """Place in px."""
        return (
            round((point[0] - self.west) * self.squeeze * self.scale, 1),
            round((self.north - point[1]) * self.scale, 1),
        )


def fitted(shapes: Shapes) -> Projection:
    """The projection that fills the map's part of the panel."""
    points = [point for rings in shapes.values() for ring in rings for point in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    squeeze = cos(radians((south + north) / 2))
    scale = min((MAP_WIDTH - 4) / ((east - west) * squeeze), (MAP_HEIGHT - 4) / (north - south))
    return Projection(west, north, scale, squeeze)


def build(
    results: pl.DataFrame, scope: Scope, meta: ChartMeta, shapes: Shapes, *, grade: str, index_key: str
) -> ChartCard | None:
    """The card `granskarta_<index>_<grade>`, or None when there are no boundaries or no municipality has the grade.

    Args:
        results: `release.index_results` with the whole county's rows.
        scope: the county, its wave and edition.
        shapes: municipality code -> outer rings of longitude and latitude (WGS84).
    """
    county = read_county(results, scope, meta, grade=grade, index_key=index_key)
    if not shapes or not any(place.cell.reason != "no_pupils" for place in county.places):
        return None
    words = words_of(county, meta, scope, grade, index_key)
    found = classes([float(p.cell.value or 0) for p in county.shown]) if county.shown else None
    head = say(meta, "granskarta.title", finding=title(county, meta, words))
    subtitle = say(meta, "granskarta.subtitle", **words)
    panel = view([*_areas(county, found, shapes), *strip(county, found, meta, words)], height=MAP_HEIGHT)
    panel["projection"] = {"type": "identity", "scale": 1, "translate": [0, 0]}
    lacking = [place.name for place in county.places if place.code not in shapes]
    notes = [say(meta, "common.uncertainty"), *lookup(meta.texts, "granskarta.notes")]
    if lacking:
        notes.append(say(meta, "granskarta.lacking", names=", ".join(lacking)))
    return ChartCard(
        chart_id=f"granskarta_{index_key}_{grade}",
        title=head,
        subtitle=subtitle,
        alt=complete_alt(
            meta, say(meta, "granskarta.alt", **words, finding=alt_finding(county, meta, words)), synthetic=meta.synthetic
        ),
        spec=frame(head, subtitle, [map_key(meta, found, hidden=len(county.shown) < len(county.places)), panel]),
        table=table(county, meta),
        source=f"{meta.survey_source.rstrip('.')}. {say(meta, 'granskarta.source')}",
        synthetic=meta.synthetic,
        notes=tuple(notes),
    )


def _areas(county: County, found: Classes | None, shapes: Shapes) -> list[Spec]:
    place_px = fitted(shapes)
    filled, hatch, names, sizes = [], [], [], []
    for place in county.places:
        rings = [[place_px.px_of(point) for point in ring] for ring in shapes.get(place.code, ())]
        if not rings:
            continue
        value = place.cell.value
        shown = value is not None and found is not None
        colour = found.colour(value) if shown else "white"
        geometry = {"type": "MultiPolygon", "coordinates": [[[list(p) for p in ring]] for ring in rings]}
        filled.append({"type": "Feature", "geometry": geometry, "fill": colour})
        widest = max(rings, key=lambda ring: max(p[0] for p in ring) - min(p[0] for p in ring))
        if not shown:
            hatch += [stroke for ring in rings for stroke in hatched_ring(ring)]
        sizes.append(max(p[0] for p in widest) - min(p[0] for p in widest))
        names.append((place.name, sum(p[0] for p in widest) / len(widest), sum(p[1] for p in widest) / len(widest)))
    largest_first = [name for _, name in sorted(zip(sizes, names, strict=True), reverse=True)]
    label = [{"x": round(x, 1), "y": round(y, 1), "text": name} for name, x, y in _apart(largest_first)]
    corners: dict[str, Any] = {
        key: {"field": key, "type": "quantitative", "scale": None} if key in ("x", "y") else {"field": key}
        for key in ("x", "x2", "y", "y2")
    }
    fill = {"field": "fill", "type": "nominal", "scale": None}
    return [
        layer({"type": "geoshape", "stroke": MUTED, "strokeWidth": 1}, filled, fill=fill),
        layer({"type": "rule", "stroke": MUTED, "strokeWidth": 1}, hatch, **corners),
        *halo_text(label, corners["x"], corners["y"], align="center", fill=INK),
    ]


def hatched_ring(ring: Ring, step: float = 6.0) -> list[dict[str, float]]:
    """Horizontal strokes inside a ring (px), by the even-odd rule along each line."""
    strokes = []
    low, high = min(p[1] for p in ring), max(p[1] for p in ring)
    y = (low // step + 1) * step
    while y < high:
        cuts = []
        for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (y1 > y) != (y2 > y):
                cuts.append(x1 + (y - y1) / (y2 - y1) * (x2 - x1))
        cuts.sort()
        strokes += [
            {"x": round(left, 1), "x2": round(right, 1), "y": y, "y2": y}
            for left, right in zip(cuts[::2], cuts[1::2], strict=True)
        ]
        y += step
    return strokes


def _apart(names: Names) -> Names:
    """As many names as fit without touching each other or the edge; all names stand in the strip beside the map."""
    taken: list[tuple[float, float, float, float]] = []
    kept = []
    for name, middle, y in names:
        half = text_width(name) / 2
        x = min(max(middle, half + 4), MAP_WIDTH - half)
        box = (x - half - 4, x + half + 4, y - TEXT_SIZE / 2 - 3, y + TEXT_SIZE / 2 + 3)
        if all(box[1] < b[0] or box[0] > b[1] or box[3] < b[2] or box[2] > b[3] for b in taken):
            taken.append(box)
            kept.append((name, x, y))
    return kept
