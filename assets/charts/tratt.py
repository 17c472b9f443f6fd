"""Chart 8, tratt: do municipalities differ more than chance explains at their number of answers? For the county's page only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import polars as pl

from assets.charts import numbers
from assets.charts.findings import complete_alt, grade_name, lookup, say
from assets.charts.key import KeyItem, key_view
from assets.charts.rows import axis_top
from assets.charts.theme import (
    COUNTY_GREY,
    MUTED,
    ORANGE,
    OTHER_GREY,
    TEXT_SIZE,
    WIDTH,
    Spec,
    frame,
    halo_text,
    layer,
    px,
    text_layer,
    text_width,
    view,
    wrap,
)
from assets.charts.types import ChartCard, ChartMeta, IndexMeta
from assets.methods.compared_areas import LIMITS, funnel_limits

HEIGHT = 340
STEPS = 60
TICKS = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000)
LINE = TEXT_SIZE + 4
PLOT = 606
"""Width of the plot; the county's name stands in the margin at the right of it."""
DOT, NAME_GAP = 8, 11
INSIDE = "inside"
Row = dict[str, object]


@dataclass(frozen=True)
class Point:
    """One municipality. `n` to the nearest 5, `value` whole per cent."""

    name: str
    n: int
    value: float
    position: str

    @property
    def outside(self) -> bool:
        """Whether it lies beyond the 95 per cent limit."""
        return self.position != INSIDE


@dataclass(frozen=True)
class Frame:
    """The plot: ends of the logarithmic axis of answers, and the per cent at the upper edge."""

    fewest: float
    most: float
    top: float

    def px_of(self, n: float, percent: float) -> tuple[float, float]:
        """Place in px."""
        along = (log(n) - log(self.fewest)) / (log(self.most) - log(self.fewest))
        return round(PLOT * along, 1), round(HEIGHT * (1 - percent / self.top), 1)


def build(rows: pl.DataFrame, meta: ChartMeta, *, wave: int, grade: str, index_key: str) -> ChartCard | None:
    """The card `tratt_<index>_<grade>`, or None when too few municipalities can be compared.

    Args:
        rows: `release.funnel` of one edition.
    """
    index = meta.indices[index_key]
    own = (pl.col("wave") == wave) & (pl.col("grade") == grade) & (pl.col("index_key") == index_key)
    cells = list(rows.filter(own).sort("area_code").iter_rows(named=True))
    shown = [row for row in cells if row["position"] is not None]
    if not shown:
        return None
    points = [Point(str(r["area_name"]), int(r["n"]), float(r["value"]), str(r["position"])) for r in shown]
    target, dispersion = float(shown[0]["target"]), float(shown[0]["dispersion"])
    outside = [point for point in points if point.outside]
    words = {"factor": index.label_sv, "grade": grade_name(meta, grade), "total": len(points), "year": wave,
             "group": index.focus_band_label_sv, "county": meta.comparison_label}  # fmt: skip
    kind = "some" if outside else "none"
    title = say(meta, f"tratt.title.{kind}", count=numbers.spelled(len(outside)), **words)
    subtitle = say(meta, "tratt.subtitle", hidden=_hidden(meta, len(cells) - len(shown)), **words)
    return ChartCard(
        chart_id=f"tratt_{index_key}_{grade}",
        title=title,
        subtitle=subtitle,
        alt=_alt(meta, points, title, target, words),
        spec=frame(title, subtitle, [_key(meta), _panel(points, target, dispersion, index, meta)]),
        table=_table(meta, cells),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=(
            say(meta, "tratt.dispersion", times=numbers.decimal(dispersion, 1)),
            *lookup(meta.texts, "tratt.notes"),
        ),
    )


def _hidden(meta: ChartMeta, count: int) -> str:
    if count < 2:
        return say(meta, "tratt.hidden_one") if count else ""
    return say(meta, "tratt.hidden", count=numbers.upper_first(numbers.spelled(count)))


def _key(meta: ChartMeta) -> Spec:
    items = [
        KeyItem(say(meta, "tratt.key.inside"), "circle", OTHER_GREY),
        KeyItem(say(meta, "tratt.key.outside"), "diamond", ORANGE),
        KeyItem(say(meta, "tratt.key.limit95"), "line", MUTED, thick=2),
        KeyItem(say(meta, "tratt.key.limit998"), "dashed", MUTED),
    ]
    return key_view(items, synthetic=meta.synthetic)


def _panel(points: Sequence[Point], target: float, dispersion: float, index: IndexMeta, meta: ChartMeta) -> Spec:
    sizes = [point.n for point in points]
    fewest, most = min(sizes) * 0.8, max(sizes) * 1.25
    grid = np.geomspace(fewest, most, STEPS)
    limits = funnel_limits(target / 100, dispersion, grid)
    ends = [float(limits["limit95_high"][0]), *(point.value for point in points)]
    place = Frame(fewest, most, axis_top(ends))
    x, y = _x_axis(place, say(meta, "tratt.axis_n")), _y_axis(place, say(meta, "tratt.axis", group=index.focus_band_label_sv))
    inside = [{"x": p.n, "y": p.value} for p in points if not p.outside]
    outside = [{"x": p.n, "y": p.value} for p in points if p.outside]
    dot = {"type": "point", "stroke": "white", "strokeWidth": 1, "opacity": 1}
    layers = [
        *_curves(grid, limits, x, y),
        layer({"type": "rule", "stroke": COUNTY_GREY, "strokeWidth": 2}, [{"y": round(target, 1)}], y=y),
        layer({**dot, "shape": "circle", "size": 110, "fill": OTHER_GREY}, inside, x=x, y=y),
        layer({**dot, "shape": "diamond", "size": 170, "fill": ORANGE}, outside, x=x, y=y),
        *_labels(points, place),
        *_county_label(target, place, meta),
    ]
    return view(layers, height=HEIGHT, width=PLOT)


def _curves(grid: np.ndarray, limits: dict[str, np.ndarray], x: Spec, y: Spec) -> list[Spec]:
    layers = []
    for name in LIMITS:
        look = {"type": "line", "stroke": MUTED, "strokeWidth": 2 if "95" in name else 1.5, "clip": True}
        dash = {"strokeDash": [4, 3]} if "998" in name else {}
        values = [{"x": round(float(n), 1), "y": round(float(limit), 2)} for n, limit in zip(grid, limits[name], strict=True)]
        layers.append(layer({**look, **dash}, values, x=x, y=y))
    return layers


def _x_axis(place: Frame, title: str) -> Spec:
    ticks = [tick for tick in TICKS if place.fewest <= tick <= place.most]
    axis = {"values": ticks, "title": title, "grid": False, "format": ",d", "labelPadding": 6, "titlePadding": 8}
    scale = {"type": "log", "domain": [place.fewest, place.most], "nice": False}
    return {"field": "x", "type": "quantitative", "scale": scale, "axis": axis}


def _y_axis(place: Frame, title: str) -> Spec:
    step = 5 if place.top <= 30 else 10
    axis = {
        "title": title,
        "titleAngle": 0,
        "titleAlign": "left",
        "titleAnchor": "end",
        "titleX": -44,
        "titleY": -14,
        "values": list(range(0, int(place.top) + 1, step)),
        "labelExpr": "datum.label + '\u00a0%'",
        "domain": False,
        "ticks": False,
        "minExtent": 44,
        "maxExtent": 44,
    }
    return {"field": "y", "type": "quantitative", "scale": {"domain": [0, place.top], "nice": False}, "axis": axis}


Box = tuple[float, float, float, float]


def _labels(points: Sequence[Point], place: Frame) -> list[Spec]:
    """Names of those outside, where they cover neither a point nor another name; a thin line leads to one that is not beside."""
    taken: list[Box] = [(x - DOT, x + DOT, y - DOT, y + DOT) for x, y in (place.px_of(p.n, p.value) for p in points)]
    sides: dict[str, list[dict[str, object]]] = {"left": [], "right": []}
    leads: list[dict[str, object]] = []
    for point in sorted((p for p in points if p.outside), key=lambda p: (-p.value, p.name)):
        at = place.px_of(point.n, point.value)
        align, (x, y), box = _free_place(at, text_width(point.name, bold=True), taken)
        taken.append(box)
        sides[align].append({"x": round(x, 1), "y": round(y, 1), "text": point.name})
        if y != at[1]:
            leads.append({"x": at[0], "y": at[1], "x2": round(x, 1), "y2": round(y, 1)})
    ends = {"x": px("x"), "x2": {"field": "x2"}, "y": px("y"), "y2": {"field": "y2"}}
    look = {"fill": ORANGE, "fontWeight": "bold"}
    names = [part for side, rows in sides.items() if rows for part in halo_text(rows, px("x"), px("y"), align=side, **look)]
    return [layer({"type": "rule", "stroke": ORANGE, "strokeWidth": 1}, leads, **ends), *names]


def _free_place(at: tuple[float, float], width: float, taken: Sequence[Box]) -> tuple[str, tuple[float, float], Box]:
    """Alignment, start and box of a name: the first of the places around the point that is free, else the one beside it."""
    found: list[tuple[str, tuple[float, float], Box]] = []
    for step in (0, 1, -1, 2, -2, 3, -3):
        for align, sign in (("left", 1), ("right", -1)):
            x, y = at[0] + sign * (NAME_GAP + 4 * abs(step)), at[1] + step * LINE
            left, right = sorted((x, x + sign * width))
            found.append((align, (x, y), (left, right, y - LINE / 2, y + LINE / 2)))
    inside = [item for item in found if item[2][0] >= 0 and item[2][1] <= PLOT and item[2][2] >= 0 and item[2][3] <= HEIGHT]
    free = [item for item in inside if not any(_meet(item[2], other) for other in taken)]
    return (free or inside or found)[0]


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _county_label(target: float, place: Frame, meta: ChartMeta) -> list[Spec]:
    """The county's level in the margin at the right, where nothing else is drawn."""
    lines = [*wrap(meta.comparison_label, WIDTH - PLOT - NAME_GAP, bold=True), numbers.percent(target)]
    y = place.px_of(place.most, target)[1] - LINE * (len(lines) - 1) / 2
    rows = [{"x": PLOT + NAME_GAP, "y": round(y + LINE * at, 1), "text": line} for at, line in enumerate(lines)]
    return [text_layer(rows, px("x"), px("y"), fill=COUNTY_GREY, fontWeight="bold")]


def _alt(meta: ChartMeta, points: Sequence[Point], title: str, target: float, words: dict[str, object]) -> str:
    named = {
        way: numbers.words([f"{p.name} ({numbers.percent(p.value)})" for p in sorted(points, key=lambda p: p.name)
                            if p.position.startswith(way)])
        for way in ("above", "below")
    }  # fmt: skip
    found = [say(meta, f"tratt.alt_{way}", names=text) for way, text in named.items() if text]
    text = say(meta, "tratt.alt", finding=title, outside=" ".join(found), value=numbers.percent(target), **words)
    return complete_alt(meta, text, synthetic=meta.synthetic)


def _table(meta: ChartMeta, cells: Sequence[Row]) -> pl.DataFrame:
    head, positions = lookup(meta.texts, "tratt.columns"), lookup(meta.texts, "tratt.positions")

    def text(row: Row, name: str, *, share: bool = True) -> str:
        value = row[name]
        if not isinstance(value, (int, float)):
            return str(meta.reasons[str(row["reason"])])
        return numbers.percent(value) if share else numbers.thousands(value)

    return pl.DataFrame(
        [
            {
                head["area"]: str(row["area_name"]),
                head["value"]: text(row, "value"),
                head["n"]: text(row, "n", share=False),
                head["low"]: text(row, "limit95_low"),
                head["high"]: text(row, "limit95_high"),
                head["position"]: str(positions[row["position"]]) if row["position"] else "",
            }
            for row in sorted(cells, key=lambda row: numbers.swedish(str(row["area_name"])))
        ]
    )
