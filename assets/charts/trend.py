"""Chart 3, trend: better or worse over the waves? Shares with intervals on a true time axis, broken where the series is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.charts import numbers
from assets.charts.cells import Cell, count_text, has_pupils, interval_text, read_cells, reason_words, share_text
from assets.charts.changes import Change, index_change
from assets.charts.findings import complete_alt, grade_name, lookup, one_sentence, say, survey_subtitle
from assets.charts.key import KeyItem, key_view
from assets.charts.rows import axis_top
from assets.charts.theme import (
    BLUE,
    COUNTY_GREY,
    MUTED,
    ORANGE,
    TEXT_SIZE,
    Spec,
    frame,
    halo_text,
    layer,
    px,
    text_layer,
    view,
    wrap,
)
from assets.charts.types import COUNTY_CODE, ChartCard, ChartMeta, IndexMeta, ReleaseFrames, Scope, SeriesBreak
from assets.methods.series_breaks import segment_numbers

PLOT_HEIGHT = 250
AXIS_TITLE = 30
AXIS_LABELS = 48
WHOLE = 652
PLOT_WIDTH = 470
LINE = TEXT_SIZE + 4
AXIS_ROW = 42
MOST_ROOM = 100.0
ENOUGH_ROOM = 170.0
PAD_YEARS = 0.6
LEAST_WAVES = 3


@dataclass(frozen=True)
class Point:
    """One wave of one line. `segment` changes where the line must not go on."""

    year: int
    cell: Cell
    segment: int


@dataclass(frozen=True)
class Frame:
    """The plot inside its panel: px of its upper and lower edge, and the per cent at the upper edge."""

    head: float
    bottom: float
    top: float

    def px_of(self, percent: float) -> float:
        return self.bottom - (self.bottom - self.head) * percent / self.top


@dataclass(frozen=True)
class PlacedBreak:
    """A break between two waves: place on the time axis, words broken into lines on one side of it, whether it cuts the line."""

    at: float
    lines: list[str]
    left: bool
    major: bool


def build(
    frames: ReleaseFrames, scope: Scope, meta: ChartMeta, *, grade: str, index_key: str, plot_height: int = PLOT_HEIGHT
) -> ChartCard | None:
    """The card `trend_<index>_<grade>`, or None when the area has no such grade. The county itself has one line only.

    `plot_height`: px of the plot, for a page where the picture has another room than in the report.
    """
    index = meta.indices[index_key]
    cells = read_cells(frames, scope, {index.focus_measure}, grade=grade)
    if not has_pupils(cells, scope, grade):
        return None
    waves = [wave for wave in cells.waves(COUNTY_CODE, grade) or cells.waves(scope.area_code, grade) if wave <= scope.wave]
    if not waves:
        return None

    def line(area: str) -> list[Point]:
        found = [cells.get(area, wave, grade, "all", index_key, index.focus_measure) for wave in waves]
        return segments(waves, found, index)

    own = line(scope.area_code)
    county = [] if scope.area_code == COUNTY_CODE else line(COUNTY_CODE)
    change = index_change(frames, scope, grade, index_key)
    kind, words = _finding(own[-1], change, index, meta, scope, grade)
    title = say(meta, f"trend.title.{kind}", **words)
    subtitle = survey_subtitle(meta, scope, grade, [own[-1].cell])
    return ChartCard(
        chart_id=f"trend_{index_key}_{grade}",
        title=title,
        subtitle=subtitle,
        alt=_alt(own, change, index, meta, scope, grade=grade, title=title),
        spec=frame(title, subtitle, [_key(meta, scope), _panel(own, county, index, meta, scope, plot_height)], width=WHOLE),
        table=_table(own, county, meta, scope),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=(say(meta, "common.uncertainty"), *lookup(meta.texts, "trend.notes")),
    )


def segments(waves: Sequence[int], cells: Sequence[Cell], index: IndexMeta) -> list[Point]:
    """Points with segment numbers: a new one after every wave without a value and at every major break."""
    numbered = segment_numbers(waves, [cell.shown for cell in cells], index.breaks)
    return [Point(wave, cell, number) for wave, cell, number in zip(waves, cells, numbered, strict=True)]


def _finding(
    last: Point, change: Change | None, index: IndexMeta, meta: ChartMeta, scope: Scope, grade: str
) -> tuple[str, dict[str, Any]]:
    """Which title: the verdict that the release publishes, or why there is none."""
    words: dict[str, Any] = {
        "factor": index.label_sv, "grade": grade_name(meta, grade), "group": index.focus_band_label_sv,
        "area": scope.area_name, "year": last.year, "value": share_text(last.cell, meta), "reason": reason_words(last.cell, meta),
    }  # fmt: skip
    if not last.cell.shown:
        return "hidden", words
    if change is None:
        return "plain", words
    if change.shown:
        earlier = {"earlier": change.from_wave, "earlier_value": numbers.percent(change.value_from)}
        return str(change.verdict), words | earlier
    if change.from_wave is None:
        return ("broken" if change.reason == "series_break" else "single"), words
    return "earlier_hidden", words | {"earlier": change.from_wave, "reason": str(meta.reasons[change.reason])}


def line_sentence(change: Change | None, meta: ChartMeta, year: int) -> str:
    """What can be said about all comparable waves together, or nothing when there are too few of them."""
    if change is None or change.trend_verdict is None or (change.n_waves or 0) < LEAST_WAVES:
        return ""
    slope = {}
    if change.slope is not None and change.slope_low is not None and change.slope_high is not None:
        interval = numbers.signed_interval(change.slope_low, change.slope_high, 1)
        slope = {"slope": numbers.decimal(abs(change.slope), 1), "interval": interval}
    words = {"first": change.first_wave, "year": year, "n": numbers.spelled(change.n_waves or 0)}
    return say(meta, f"trend.line.{change.trend_verdict}", **words, **slope)


def _key(meta: ChartMeta, scope: Scope) -> Spec:
    items = [KeyItem(say(meta, "common.key_own", area=scope.area_name), "circle", BLUE, interval=True, thick=3)]
    if scope.area_code != COUNTY_CODE:
        items.append(KeyItem(meta.comparison_name, "diamond", COUNTY_GREY, interval=True))
    return key_view(items, synthetic=meta.synthetic, width=WHOLE)


def _panel(
    own: Sequence[Point], county: Sequence[Point], index: IndexMeta, meta: ChartMeta, scope: Scope, plot_height: int
) -> Spec:
    years = [point.year for point in own]
    ends = [end for point in (*own, *county) for end in (point.cell.value, point.cell.high) if end is not None]
    top = axis_top(ends)
    marked = _placed_breaks(years, index, meta)
    head = AXIS_TITLE + LINE * sum(len(item.lines) for item in marked)
    place = Frame(head, head + plot_height, top)
    x, y = _x_axis(years), _y_axis(place, say(meta, "trend.axis", group=index.focus_band_label_sv))
    layers = [
        *_break_layers(marked, x, place),
        *_line(county, x, y, colour=COUNTY_GREY, shape="diamond", width=2),
        *_line(own, x, y, colour=BLUE, shape="circle", width=3),
        *_gaps(own, x, meta, place),
        *_end_labels(
            [(own, scope.area_name, BLUE), *([(county, meta.comparison_name, COUNTY_GREY)] if county else [])], place, meta
        ),
    ]
    return view(layers, height=place.bottom, width=PLOT_WIDTH)


def _time_domain(years: Sequence[int]) -> tuple[float, float]:
    return years[0] - PAD_YEARS, years[-1] + PAD_YEARS


def _x_axis(years: Sequence[int]) -> Spec:
    domain = list(_time_domain(years))
    axis = {"values": list(years), "format": "d", "title": None, "grid": False, "labelPadding": 6}
    return {"field": "x", "type": "quantitative", "scale": {"domain": domain, "nice": False, "zero": False}, "axis": axis}


def _y_axis(place: Frame, title: str) -> Spec:
    step = 5 if place.top <= 30 else 10
    return {
        "field": "y",
        "type": "quantitative",
        "scale": {"domain": [0, place.top], "range": [place.bottom, place.head], "nice": False},
        "axis": {
            "title": title,
            "titleAngle": 0,
            "titleAlign": "left",
            "titleAnchor": "end",
            "titleX": -AXIS_LABELS,
            "titleY": 6,
            "values": list(range(0, int(place.top) + 1, step)),
            "labelExpr": "datum.label + '\u00a0%'",
            "domain": False,
            "ticks": False,
            "minExtent": AXIS_LABELS,
            "maxExtent": AXIS_LABELS,
        },
    }


def _line(points: Sequence[Point], x: Spec, y: Spec, *, colour: str, shape: str, width: float) -> list[Spec]:
    shown = [point for point in points if point.cell.shown]
    drawn = [{"x": point.year, "y": point.cell.value, "segment": point.segment} for point in shown]
    spread = [
        {"x": point.year, "y": point.cell.low, "y2": point.cell.high}
        for point in shown
        if point.cell.low is not None and point.cell.high is not None
    ]
    path = {"type": "line", "stroke": colour, "strokeWidth": width}
    dot = {"type": "point", "shape": shape, "size": 110, "fill": colour, "stroke": "white", "opacity": 1}
    return [
        layer({"type": "rule", "stroke": colour, "strokeWidth": width}, spread, x=x, y=y, y2={"field": "y2"}),
        layer(path, drawn, x=x, y=y, detail={"field": "segment", "type": "nominal"}),
        layer(dot, drawn, x=x, y=y),
    ]


def merged_breaks(index: IndexMeta, first: int, last: int) -> list[SeriesBreak]:
    """Breaks after the first wave up to the last, one per year: major when any of them is, their texts joined."""
    years = sorted({item.year for item in index.breaks if first < item.year <= last})
    found = []
    for year in years:
        same = [item for item in index.breaks if item.year == year]
        level = "major" if any(item.level == "major" for item in same) else "minor"
        found.append(SeriesBreak(year, numbers.words([numbers.lower_first(item.text_sv) for item in same]), level))
    return found


def _placed_breaks(years: Sequence[int], index: IndexMeta, meta: ChartMeta) -> list[PlacedBreak]:
    """Breaks inside the axis, latest first: each halfway between the wave before it and its own, words where there is room."""
    low, high = _time_domain(years)
    placed = []
    for item in reversed(merged_breaks(index, years[0], years[-1])):
        major = item.level == "major"
        text = say(meta, "trend.break" if major else "trend.minor_break", year=item.year, text=item.text_sv)
        at = (max(year for year in years if year < item.year) + item.year) / 2
        before = PLOT_WIDTH * (at - low) / (high - low)
        left = before >= ENOUGH_ROOM or before >= WHOLE - before
        room = (before if left else WHOLE - before) - 14
        placed.append(PlacedBreak(at, wrap(text, room), left, major))
    return placed


def _break_layers(marked: Sequence[PlacedBreak], x: Spec, place: Frame) -> list[Spec]:
    """A dashed rule for each break, its words over the plot at the rule's upper end; the latest break stands highest."""
    rules: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    texts: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    y = float(AXIS_TITLE)
    for item in marked:
        rules[item.major].append({"x": item.at, "y": y - LINE / 2, "y2": place.bottom})
        texts[item.left].append({"x": item.at, "y": y, "text": item.lines})
        y += LINE * len(item.lines)
    box = {"x": x, "y": px("y"), "y2": {"field": "y2"}}
    look = {"type": "rule", "stroke": ORANGE, "strokeWidth": 2}
    words = {"fill": ORANGE, "lineHeight": LINE}
    return [
        layer({**look, "strokeDash": [6, 4]}, rules[True], **box),
        layer({**look, "strokeDash": [2, 4]}, rules[False], **box),
        *halo_text(texts[True], x, px("y"), align="right", dx=-7, **words),
        *halo_text(texts[False], x, px("y"), align="left", dx=7, **words),
    ]


def _gaps(points: Sequence[Point], x: Spec, meta: ChartMeta, place: Frame) -> list[Spec]:
    """The reason in words under the year of every wave of the area without a value, never an empty place."""
    room = min(MOST_ROOM, PLOT_WIDTH / len(points) - 4)
    rows = [
        {"x": point.year, "y": place.bottom + AXIS_ROW, "text": wrap(reason_words(point.cell, meta), room)}
        for point in points
        if not point.cell.shown
    ]
    return [text_layer(rows, x, px("y"), align="center", fill=MUTED, fontStyle="italic", lineHeight=LINE)]


def _end_labels(lines: Sequence[tuple[Sequence[Point], str, str]], place: Frame, meta: ChartMeta) -> list[Spec]:
    """Name and latest value at the right end of each line, pushed apart when they would overlap."""
    room = WHOLE - PLOT_WIDTH
    found = []
    for points, name, colour in lines:
        last = points[-1].cell
        if last.value is not None:
            found.append((place.px_of(last.value), wrap(f"{name} {share_text(last, meta)}", room, bold=True), colour))
    found.sort(key=lambda item: item[0])
    layers: list[Spec] = []
    free = 0.0
    for y, parts, colour in found:
        start = max(y, free)
        rows = [{"x": PLOT_WIDTH, "y": round(start + LINE * place_in, 1), "text": part} for place_in, part in enumerate(parts)]
        free = start + LINE * len(parts)
        layers.append(text_layer(rows, px("x"), px("y"), fill=colour, fontWeight="bold"))
    return layers


def _alt(
    own: Sequence[Point], change: Change | None, index: IndexMeta, meta: ChartMeta, scope: Scope, *, grade: str, title: str
) -> str:
    missing = [point for point in own if not point.cell.shown]
    reasons = sorted({reason_words(point.cell, meta) for point in missing})
    parts = [say(meta, "trend.gap", year=numbers.words([str(point.year) for point in missing]), reason=numbers.words(reasons))]
    parts = parts if missing else []
    parts += [
        say(meta, "trend.break_alt", year=item.year, text=item.text_sv)
        for item in merged_breaks(index, own[0].year, own[-1].year)
        if item.level == "major"
    ]
    parts.append(line_sentence(change, meta, own[-1].year) if own[-1].cell.shown else "")
    text = say(
        meta, "trend.alt", grade=grade_name(meta, grade), group=index.focus_band_label_sv,
        factor_lower=numbers.lower_first(index.label_sv), span=numbers.years([point.year for point in own]),
        places=numbers.words(list(dict.fromkeys([scope.area_name, meta.comparison_label]))),
        finding=one_sentence([title, *parts]), uncertainty=say(meta, "common.uncertainty"),
    )  # fmt: skip
    return complete_alt(meta, text, synthetic=meta.synthetic)


def _table(own: Sequence[Point], county: Sequence[Point], meta: ChartMeta, scope: Scope) -> pl.DataFrame:
    head = {key: say(meta, f"common.columns.{key}", area=scope.area_name, county=meta.comparison_name)
            for key in ("year", "own", "interval", "n", "county", "county_interval")}  # fmt: skip
    rows = [
        {
            head["year"]: str(mine.year),
            head["own"]: share_text(mine.cell, meta),
            head["interval"]: interval_text(mine.cell, meta),
            head["n"]: count_text(mine.cell, meta),
        }
        for mine in own
    ]
    for row, whole in zip(rows, county, strict=False):
        row[head["county"]] = share_text(whole.cell, meta)
        row[head["county_interval"]] = interval_text(whole.cell, meta)
    return pl.DataFrame(rows)
