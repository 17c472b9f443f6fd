"""Chart, enskilda frågor över tid: small multiples of lines, one panel per question and grade, with the county's in grey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.charts import numbers
from assets.charts.cells import Cell, interval_text, share_text
from assets.charts.changes import Change, read_changes
from assets.charts.findings import complete_alt, grade_name, lookup, one_sentence, say
from assets.charts.key import KeyItem, key_view
from assets.charts.rows import axis_top
from assets.charts.series import SeriesCells, SeriesMeta, read_series
from assets.charts.theme import (
    BLUE,
    COUNTY_GREY,
    LINE_GREY,
    MUTED,
    ORANGE,
    TEXT_SIZE,
    WIDTH,
    Spec,
    frame,
    layer,
    px,
    text_layer,
    view,
    wrap,
)
from assets.charts.types import COUNTY_CODE, GRADES, ChartCard, ChartMeta, ReleaseFrames, Scope, SeriesBreak
from assets.methods.series_breaks import segment_numbers

COLUMNS = 2
GAP = 24
PANEL = (WIDTH - GAP) / COLUMNS
LEFT, RIGHT = 48.0, 58.0
PLOT = 104.0
LINE = TEXT_SIZE + 4
AXIS, BELOW = 22.0, 18.0
LEAST_YEAR = 44.0
CUTS = {"major": (6, 4), "minor": (2, 4)}
"""Level of a break -> strokes and gaps of its rule, px."""
LEAST_WAVES = 2


@dataclass(frozen=True)
class Point:
    """One wave of one line. `segment` changes where the line must not go on."""

    year: int
    cell: Cell
    segment: int


@dataclass(frozen=True)
class Panel:
    """One question in one grade: the area's line, the county's, and the published change since the wave before."""

    series: SeriesMeta
    grade: str
    own: tuple[Point, ...]
    county: tuple[Point, ...]
    change: Change | None

    @property
    def shown(self) -> list[Point]:
        return [point for point in self.own if point.cell.shown]


@dataclass(frozen=True)
class Box:
    """Where a panel lies, in px, and what its axes span."""

    left: float
    head: float
    years: tuple[int, ...]
    top: float

    def x(self, year: float) -> float:
        """px of a year."""
        first, last = self.years[0], self.years[-1]
        width = PANEL - LEFT - RIGHT
        return round(self.left + LEFT + width * (year - first) / max(last - first, 1), 1)

    def y(self, percent: float) -> float:
        """px of a per cent."""
        return round(self.head + PLOT * (1 - percent / self.top), 1)


def build(
    frames: ReleaseFrames, scope: Scope, meta: ChartMeta, series: Sequence[SeriesMeta], *, chart_id: str, title: str
) -> ChartCard | None:
    """The card `serier_<chart_id>`. A panel needs at least two waves with a value of the area; None when no panel has them."""
    cells = read_series(frames, scope, [one.key for one in series])
    changes = read_changes(frames, scope)
    found = [
        _panel(cells, scope, one, grade, changes.get((grade, "all", one.kind, one.key, one.measure)))
        for one in series
        for grade in GRADES
    ]
    panels = [panel for panel in found if panel and len(panel.shown) >= LEAST_WAVES]
    if not panels:
        return None
    finding = _finding(panels, scope, meta)
    span = numbers.years(sorted({point.year for panel in panels for point in panel.own}))
    heading = say(meta, "serier.title", group=title, area=scope.area_name, finding=finding)
    subtitle = say(meta, "serier.subtitle", area=scope.area_name, span=span)
    return ChartCard(
        chart_id=f"serier_{chart_id}",
        title=heading,
        subtitle=subtitle,
        alt=_alt(panels, scope, meta, group=title, span=span, finding=finding),
        spec=frame(heading, subtitle, [_key(panels, scope, meta), _grid(panels, meta)]),
        table=_table(panels, scope, meta),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=(
            say(meta, "common.uncertainty"),
            *lookup(meta.texts, "serier.notes"),
            *_break_notes(panels, meta),
            *_marks(panels, meta),
        ),
    )


def _panel(cells: SeriesCells, scope: Scope, series: SeriesMeta, grade: str, change: Change | None) -> Panel | None:
    waves = cells.waves([series.key], grade)
    lines = []
    for area in (scope.area_code, COUNTY_CODE):
        found = [cells.get(area, wave, grade, "all", series.key, series.measure) for wave in waves]
        numbered = segment_numbers(waves, [cell.shown for cell in found], series.breaks)
        lines.append(tuple(Point(*point) for point in zip(waves, found, numbered, strict=True)))
    own, county = lines
    asked = [place for place, point in enumerate(own) if point.cell.reason not in ("not_asked", "no_pupils")]
    if not asked:
        return None
    first = asked[0]
    return Panel(series, grade, own[first:], county[first:], change)


def _name(panel: Panel, meta: ChartMeta) -> str:
    return say(meta, "serier.panel", title=panel.series.title_sv, grade=grade_name(meta, panel.grade))


def _finding(panels: Sequence[Panel], scope: Scope, meta: ChartMeta) -> str:
    """What has changed for certain since the comparable wave before, by the release's verdicts."""
    parts = []
    for word in ("increase", "decrease"):
        for grade in GRADES:
            names = [
                say(meta, "fragor.quoted", title=panel.series.title_sv)
                for panel in panels
                if panel.grade == grade and panel.change and panel.change.shown and panel.change.verdict == word
            ]
            if names:
                words = {"names": numbers.words(names), "grade": grade_name(meta, grade), "year": scope.wave}
                parts.append(say(meta, f"serier.finding.{word}", **words))
    if parts:
        return "; ".join(parts)
    judged = any(panel.change and panel.change.shown for panel in panels)
    return say(meta, "serier.finding.none" if judged else "serier.finding.alone")


def _key(panels: Sequence[Panel], scope: Scope, meta: ChartMeta) -> Spec:
    items = [
        KeyItem(say(meta, "common.key_own", area=scope.area_name), "circle", BLUE, interval=True, thick=3),
        KeyItem(meta.comparison_name, "diamond", COUNTY_GREY),
    ]
    drawn = {item.level for panel in panels for item in _breaks(panel)}
    items += [KeyItem(say(meta, f"serier.key.{level}"), "tick", ORANGE, dash=CUTS[level]) for level in CUTS if level in drawn]
    return key_view(items, synthetic=meta.synthetic)


def _grid(panels: Sequence[Panel], meta: ChartMeta) -> Spec:
    """All panels in one view, in px: two beside each other, each row as high as its longest heading needs."""
    layers: list[Spec] = []
    y = 0.0
    for start in range(0, len(panels), COLUMNS):
        row = panels[start : start + COLUMNS]
        heads = [wrap(_name(panel, meta), PANEL, bold=True) for panel in row]
        head = y + LINE * max(map(len, heads)) + 10
        for place, (panel, words) in enumerate(zip(row, heads, strict=True)):
            box = Box(place * (PANEL + GAP), head, tuple(point.year for point in panel.own), _top(panel))
            title = [{"x": box.left, "y": y + LINE / 2, "text": words}]
            layers.append(text_layer(title, px("x"), px("y"), fontWeight="bold", lineHeight=LINE))
            layers += _axes(box, meta, panel)
            layers += _line(panel.county, box, COUNTY_GREY, "diamond", 2, intervals=False)
            layers += _line(panel.own, box, BLUE, "circle", 3, intervals=True)
            layers.append(_end_labels(panel, box))
        y = head + PLOT + AXIS + BELOW + GAP / 2
    return view(_merged(layers), height=y - GAP / 2)


def _merged(layers: Sequence[Spec]) -> list[Spec]:
    """Layers that look the same become one: a chart with few layers is drawn much faster."""
    joined: dict[str, Spec] = {}
    for item in layers:
        key = repr((item["mark"], item["encoding"]))
        if key in joined:
            joined[key]["data"]["values"] += item["data"]["values"]
        else:
            joined[key] = item
    return list(joined.values())


def _top(panel: Panel) -> float:
    return axis_top([x for point in (*panel.own, *panel.county) for x in (point.cell.value, point.cell.high) if x is not None])


def _axes(box: Box, meta: ChartMeta, panel: Panel) -> list[Spec]:
    right = box.left + PANEL - RIGHT
    half = box.top / 2
    levels = [0.0, half, box.top] if half == int(half) else [0.0, box.top]
    lines = [{"x": box.left + LEFT - 6, "x2": right + 6, "y": box.y(level)} for level in levels]
    names = [{"x": box.left + LEFT - 12, "y": box.y(level), "text": numbers.percent(level)} for level in levels]
    room = PANEL - LEFT - RIGHT
    step = -(-LEAST_YEAR * (len(box.years) - 1) // room) or 1
    years = [
        {"x": box.x(year), "y": box.head + PLOT + AXIS / 2 + 4, "text": str(year)}
        for place, year in enumerate(reversed(box.years))
        if place % step == 0
    ]
    marks = [
        {"x": box.x(point.year), "y": box.head + PLOT + AXIS + BELOW / 2, "text": meta.reasons[point.cell.reason].mark}
        for point in panel.own
        if not point.cell.shown
    ]
    cuts = _cuts(panel, box)
    return [
        layer({"type": "rule", "stroke": LINE_GREY}, lines, x=px("x"), x2={"field": "x2"}, y=px("y")),
        text_layer(names, px("x"), px("y"), align="right", fill=MUTED),
        text_layer(years, px("x"), px("y"), align="center", fill=MUTED),
        text_layer(marks, px("x"), px("y"), align="center", fill=MUTED, fontStyle="italic"),
        *(
            layer({"type": "rule", "stroke": ORANGE, "strokeWidth": 2, "strokeDash": list(dash)}, cuts[level],
                  x=px("x"), y=px("y"), y2={"field": "y2"})
            for level, dash in CUTS.items()
        ),
    ]  # fmt: skip


def _breaks(panel: Panel) -> list[SeriesBreak]:
    """The breaks between waves that the panel has."""
    years = [point.year for point in panel.own]
    return [item for item in panel.series.breaks if years[0] < item.year <= years[-1]]


def _cuts(panel: Panel, box: Box) -> dict[str, list[dict[str, Any]]]:
    """A dashed rule halfway between the wave of a break and the one before; dotted when the break is minor."""
    found: dict[str, list[dict[str, Any]]] = {level: [] for level in CUTS}
    for item in _breaks(panel):
        at = box.x((max(year for year in box.years if year < item.year) + item.year) / 2)
        found[item.level].append({"x": at, "y": box.head - 4, "y2": box.head + PLOT})
    return found


def _line(points: Sequence[Point], box: Box, colour: str, shape: str, width: float, *, intervals: bool) -> list[Spec]:
    drawn, spread = [], []
    for point in points:
        cell = point.cell
        if cell.value is None:
            continue
        detail = f"{box.left:g}-{box.head:g}-{point.segment}"
        drawn.append({"x": box.x(point.year), "y": box.y(cell.value), "value": cell.value, "line": detail})
        if intervals and cell.low is not None and cell.high is not None:
            spread.append({"x": box.x(point.year), "y": box.y(cell.low), "y2": box.y(cell.high)})
    x, y = px("x"), px("y")
    look = {"type": "point", "shape": shape, "size": 90, "fill": colour, "stroke": "white", "opacity": 1}
    return [
        layer({"type": "rule", "stroke": colour, "strokeWidth": width}, spread, x=x, y=y, y2={"field": "y2"}),
        layer({"type": "line", "stroke": colour, "strokeWidth": width}, drawn, x=x, y=y,
              detail={"field": "line", "type": "nominal"}, order={"field": "x", "type": "quantitative"}),
        layer(look, drawn, x=x, y=y),
    ]  # fmt: skip


def _end_labels(panel: Panel, box: Box) -> Spec:
    """The latest values beside the right ends of the lines, pushed apart when they would overlap."""
    ends = []
    for points, colour in ((panel.own, BLUE), (panel.county, COUNTY_GREY)):
        value = points[-1].cell.value
        if value is not None:
            ends.append([box.y(value), numbers.percent(value), colour])
    ends.sort(key=lambda end: (end[0], end[2]))
    if len(ends) == COLUMNS and ends[1][0] - ends[0][0] < LINE:
        middle = (ends[0][0] + ends[1][0]) / 2
        ends[0][0], ends[1][0] = middle - LINE / 2, middle + LINE / 2
    x = box.left + PANEL - RIGHT + 10
    rows = [{"x": x, "y": round(y, 1), "text": text, "colour": colour} for y, text, colour in ends]
    item = text_layer(rows, px("x"), px("y"), fontWeight="bold")
    item["encoding"]["fill"] = {"field": "colour", "type": "nominal", "scale": None}
    return item


def _break_notes(panels: Sequence[Panel], meta: ChartMeta) -> list[str]:
    found = []
    for panel in panels:
        for item in _breaks(panel):
            cut = say(meta, "serier.cut") if item.level == "major" else ""
            words = {"title": panel.series.title_sv, "text": numbers.lower_first(item.text_sv), "year": item.year}
            found.append(say(meta, "serier.break", **words, cut=cut))
    return list(dict.fromkeys(found))


def _marks(panels: Sequence[Panel], meta: ChartMeta) -> list[str]:
    """The marks that stand under years without a value, in words."""
    codes = sorted({point.cell.reason for panel in panels for point in panel.own if not point.cell.shown})
    reasons = [meta.reasons[code] for code in codes]
    return [say(meta, "serier.mark", mark=reason.mark, words=reason.text_sv) for reason in reasons if reason.mark]


def _alt(panels: Sequence[Panel], scope: Scope, meta: ChartMeta, *, group: str, span: str, finding: str) -> str:
    levels = []
    for panel in panels:
        first, last = panel.shown[0], panel.shown[-1]
        words = {
            "title": panel.series.title_sv, "grade": grade_name(meta, panel.grade), "first": first.year, "year": last.year,
            "first_value": share_text(first.cell, meta), "value": share_text(last.cell, meta),
        }  # fmt: skip
        levels.append(say(meta, "serier.level", **words))
        hidden = [str(point.year) for point in panel.own if not point.cell.shown]
        if hidden:
            names = {"title": panel.series.title_sv, "grade": grade_name(meta, panel.grade), "years": numbers.words(hidden)}
            levels.append(say(meta, "serier.hidden", **names))
    text = say(
        meta, "serier.alt", group=numbers.lower_first(group), span=span, area=scope.area_name, county=meta.comparison_label,
        finding=one_sentence([numbers.upper_first(finding), *levels]), uncertainty=say(meta, "common.uncertainty"),
    )  # fmt: skip
    return complete_alt(meta, text, synthetic=meta.synthetic)


def _table(panels: Sequence[Panel], scope: Scope, meta: ChartMeta) -> pl.DataFrame:
    names = {"area": scope.area_name, "county": meta.comparison_name}
    head = {
        key: say(meta, f"common.columns.{key}", **names)
        for key in ("year", "grade", "own", "interval", "county", "county_interval")
    }
    question = say(meta, "fragor.columns.question")
    rows = []
    for panel in panels:
        for mine, whole in zip(panel.own, panel.county, strict=True):
            rows.append({
                question: panel.series.title_sv, head["grade"]: numbers.upper_first(grade_name(meta, panel.grade)),
                head["year"]: str(mine.year),
                head["own"]: share_text(mine.cell, meta), head["interval"]: interval_text(mine.cell, meta),
                head["county"]: share_text(whole.cell, meta), head["county_interval"]: interval_text(whole.cell, meta),
            })  # fmt: skip
    return pl.DataFrame(rows)
