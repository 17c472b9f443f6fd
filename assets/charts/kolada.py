"""Register small multiple: the area's line against the county's other municipalities, one panel and one scale per measure.

Real open data: no synthetic mark. Registers count everybody, so there is no sampling interval.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import polars as pl

from assets.charts import numbers
from assets.charts.findings import lookup, say
from assets.charts.key import KeyItem, key_view
from assets.charts.theme import BLUE, MUTED, OTHER_GREY, TEXT_SIZE, Spec, boxed_text, frame, layer, px, text_layer, view, wrap
from assets.charts.types import ChartCard, ChartMeta, IndicatorMeta, ReleaseFrames, Scope

MOST_PANELS = 6
COLUMNS = 2
MOST_NAMES = 2
PANEL_WIDTH = 285.0
PLOT_HEIGHT = 130.0
AXIS_LABELS = 46
GUTTER = 24
WHOLE = 652
LINE = TEXT_SIZE + 4
STEEP, ROOM = 0.15, 0.2
"""Shares of a panel's range: a last step down that the number above would hide, and what is needed to stand below it."""
Series = dict[int, float]


@dataclass(frozen=True)
class Measure:
    """One indicator: own values and reason by year, the other municipalities' values by area and year."""

    meta: IndicatorMeta
    own: Series
    reason: str
    others: dict[str, Series]

    @property
    def latest(self) -> int | None:
        return max(self.own, default=None)

    def in_year(self, year: int) -> list[float]:
        """The other municipalities' values of a year, in order of size."""
        return sorted(series[year] for series in self.others.values() if year in series)

    @property
    def middle(self) -> tuple[float, float] | None:
        """First and third quartile of all municipalities in the latest own year (type 7, Hyndman & Fan, 1996)."""
        if self.latest is None:
            return None
        values = sorted([*self.in_year(self.latest), self.own[self.latest]])
        return quantile(values, 0.25), quantile(values, 0.75)

    @property
    def outside(self) -> bool:
        if self.latest is None or self.middle is None:
            return False
        low, high = (numbers.rounded(value, self.meta.decimals) for value in self.middle)
        return not low <= self.own[self.latest] <= high


def build(
    frames: ReleaseFrames, scope: Scope, meta: ChartMeta, *, section: str, section_key: str, indicators: Sequence[IndicatorMeta]
) -> ChartCard | None:
    """The card `kolada_<section_key>` with up to six panels, or None when the section has no indicator.

    Args:
        section: the section's Swedish name, first in the title.
        section_key: its ascii id.
        indicators: the panels in order.

    Raises:
        ValueError: more than six indicators; the caller must split them, nothing is left out silently.
    """
    chosen = list(indicators)
    if not chosen:
        return None
    if len(chosen) > MOST_PANELS:
        raise ValueError(f"kolada_{section_key}: at most {MOST_PANELS} indicators, got {len(chosen)}")
    measures, fetched = read_measures(frames, scope, chosen)
    vintage = numbers.date_text(date.fromisoformat(fetched)) if fetched else ""
    words = {"area": scope.area_name, "section": section, "vintage": vintage, "total": numbers.spelled(len(chosen))}
    title = _title(meta, measures, words)
    subtitle = say(meta, "kolada.subtitle", others=_others_count(measures), span=_span(measures), **words)
    return ChartCard(
        chart_id=f"kolada_{section_key}",
        title=title,
        subtitle=subtitle,
        alt=_alt(meta, measures, words),
        spec=frame(title, subtitle, [_key(meta, scope), _grid(measures, meta, words)], width=WHOLE),
        table=_table(measures, meta, words),
        source=say(meta, "kolada.source", vintage=vintage),
        synthetic=False,
        notes=tuple(lookup(meta.texts, "kolada.notes")),
    )


def read_measures(frames: ReleaseFrames, scope: Scope, chosen: Sequence[IndicatorMeta]) -> tuple[list[Measure], str]:
    """Values per indicator, rounded to the decimals shown, and the vintage (ISO date of the fetch, or empty)."""
    keys = [item.indicator_key for item in chosen]
    rows = frames.register_values.filter(
        pl.col("source").is_in(sorted({item.source for item in chosen}))
        & pl.col("indicator_key").is_in(keys)
        & (pl.col("area_level") == "municipality")
        & (pl.col("sex") == "all")
    ).select("indicator_key", "area_code", "year", "value", "reason", "vintage")
    vintages = rows["vintage"].drop_nulls().unique().sort().to_list()
    found = []
    for item in chosen:
        values: dict[str, Series] = {}
        reasons: dict[int, str] = {}
        for key, area, year, value, reason, _ in rows.rows():
            if key != item.indicator_key:
                continue
            if value is not None and year is not None:
                values.setdefault(area, {})[year] = numbers.rounded(value, item.decimals)
            elif area == scope.area_code:
                reasons[year or 0] = reason
        reason = "ok" if scope.area_code in values else reasons[max(reasons)] if reasons else "absent_in_vintage"
        others = {area: values[area] for area in sorted(values) if area != scope.area_code}
        found.append(Measure(item, values.get(scope.area_code, {}), reason, others))
    return found, vintages[-1] if vintages else ""


def quantile(ordered: Sequence[float], share: float) -> float:
    """Quantile by linear interpolation between order statistics (type 7, Hyndman & Fan, 1996)."""
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _others_count(measures: Sequence[Measure]) -> int:
    return len({area for measure in measures for area in measure.others})


def _years(measures: Sequence[Measure]) -> list[int]:
    return sorted({year for item in measures for series in (item.own, *item.others.values()) for year in series})


def _span(measures: Sequence[Measure]) -> str:
    years = _years(measures)
    return f"{years[0]}{numbers.DASH}{years[-1]}" if years else ""


def _key(meta: ChartMeta, scope: Scope) -> Spec:
    items = [
        KeyItem(say(meta, "kolada.key_own", area=scope.area_name), "circle", BLUE, interval=True, thick=3),
        KeyItem(say(meta, "kolada.key_others"), "line", OTHER_GREY, thick=1),
    ]
    return key_view(items, synthetic=False, width=WHOLE)


def _grid(measures: Sequence[Measure], meta: ChartMeta, words: dict[str, Any]) -> Spec:
    years = _years(measures) or [0, 1]
    heads = [wrap(_whole_ages(item.meta.title_sv), PANEL_WIDTH, bold=True) for item in measures]
    panels = []
    for place, (item, head) in enumerate(zip(measures, heads, strict=True)):
        row = place - place % COLUMNS
        lines = max(len(other) for other in heads[row : row + COLUMNS])
        panels.append(_panel(item, head, lines, years=(years[0], years[-1]), meta=meta, words=words))
    return {"concat": panels, "columns": COLUMNS, "bounds": "flush", "spacing": {"row": 44, "column": AXIS_LABELS + GUTTER}}


def _panel(item: Measure, head: list[str], lines: int, *, years: tuple[int, int], meta: ChartMeta, words: dict[str, Any]) -> Spec:
    top = LINE * (lines + 1) + 14
    bottom = top + PLOT_HEIGHT
    title = [{"x": -AXIS_LABELS, "y": LINE / 2, "text": head}]
    unit = [{"x": -AXIS_LABELS, "y": LINE * (len(head) + 0.5), "text": item.meta.unit_sv}]
    layers = [
        text_layer(title, px("x"), px("y"), fontWeight="bold", lineHeight=LINE),
        text_layer(unit, px("x"), px("y"), fill=MUTED),
    ]
    if not item.own and not item.others:
        text = [{"x": PANEL_WIDTH / 2, "y": top + PLOT_HEIGHT / 2, "text": say(meta, "kolada.absent", **words)}]
        return view([*layers, *boxed_text(text)], height=bottom, width=PANEL_WIDTH)
    x, y = _axes(item, years, top, bottom)
    grey = [row | {"area": area} for area, series in item.others.items() for row in _runs(series)]
    own = _runs(item.own)
    layers += [
        _path(grey, x, y, OTHER_GREY, 1, opacity=0.55),
        _path(own, x, y, BLUE, 3, opacity=1),
        layer({"type": "point", "shape": "circle", "size": 40, "fill": BLUE, "stroke": BLUE, "opacity": 1}, own, x=x, y=y),
    ]
    if item.latest is None:
        reason = say(meta, "kolada.no_value", reason=str(meta.reasons[item.reason]), **words)
        layers += boxed_text([{"x": PANEL_WIDTH / 2, "y": top + 12, "text": reason}])
    else:
        last = {"x": item.latest, "y": item.own[item.latest], "text": numbers.decimal(item.own[item.latest], item.meta.decimals)}
        layers += _end_value(last, x, y, below=_falls(item, item.latest))
    return view(layers, height=bottom, width=PANEL_WIDTH)


def _runs(series: Series) -> list[dict[str, Any]]:
    """Values in order with a segment number that changes where a year is missing."""
    years = sorted(series)
    segment = 0
    rows = [{"x": years[0], "y": series[years[0]], "segment": 0}] if years else []
    for before, year in pairwise(years):
        segment += year - before > 1
        rows.append({"x": year, "y": series[year], "segment": segment})
    return rows


def _path(rows: Sequence[dict[str, Any]], x: Spec, y: Spec, colour: str, width: float, *, opacity: float) -> Spec:
    names = [name for name in ("area", "segment") if rows and name in rows[0]]
    detail = [{"field": name, "type": "nominal"} for name in names]
    look = {"type": "line", "stroke": colour, "strokeWidth": width, "opacity": opacity}
    return layer(look, rows, x=x, y=y, detail=detail)


def _whole_ages(title: str) -> str:
    """A heading that is never broken between a number and its `år`."""
    return re.sub(r"(?<=\d) (?=år\b)", "\u00a0", title)


def _falls(item: Measure, year: int) -> bool:
    """Whether the line comes down steeply to its last value with room under it: then the number stands below, not on the line."""
    low, high = _ends(item)
    room, drop = item.own[year] - low, item.own.get(year - 1, item.own[year]) - item.own[year]
    return drop > STEEP * (high - low) and room > ROOM * (high - low)


def _ends(item: Measure) -> tuple[float, float]:
    """The least and the greatest value in the panel."""
    values = [value for series in (item.own, *item.others.values()) for value in series.values()]
    return min(values), max(values)


def _end_value(last: dict[str, Any], x: Spec, y: Spec, *, below: bool) -> list[Spec]:
    look = {"align": "right", "dx": 4, "dy": 15 if below else -14, "fontWeight": "bold"}
    edge = {"fill": "white", "stroke": "white", "strokeWidth": 5, "strokeJoin": "round"}
    return [text_layer([last], x, y, **look, **edge), text_layer([last], x, y, **look, fill=BLUE)]


def _axes(item: Measure, years: tuple[int, int], top: float, bottom: float) -> tuple[Spec, Spec]:
    low, high = _ends(item)
    step = nice_step(high - low)
    first = int(low // step)
    last = max(int(-(-high // step)), first + 1)
    ticks = [round(place * step, 4) for place in range(first, last + 1)]
    shown = [year for year in range(years[0], years[1] + 1) if (years[1] - year) % 4 == 0]
    x = {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [years[0] - 0.3, years[1] + 0.3], "nice": False, "zero": False},
        "axis": {"values": shown, "format": "d", "title": None, "grid": False},
    }
    decimals = 1 if step < 1 else 0
    y = {
        "field": "y",
        "type": "quantitative",
        "scale": {"domain": [ticks[0], ticks[-1]], "range": [bottom, top], "nice": False, "zero": False},
        "axis": {"values": ticks, "format": f",.{decimals}f", "title": None, "domain": False, "ticks": False},
    }
    return x, y


def nice_step(reach: float) -> float:
    """A tick step of 1, 2 or 5 times a power of ten that gives about four ticks."""
    wish = max(reach, 1e-6) / 4.5
    power = 10.0 ** len(str(int(wish))) / 10 if wish >= 1 else 0.1
    return next((power * factor for factor in (1, 2, 5, 10) if power * factor >= wish), power * 10)


def _outside(measures: Sequence[Measure]) -> list[str]:
    return [numbers.lower_first(item.meta.title_sv) for item in measures if item.outside]


def _title(meta: ChartMeta, measures: Sequence[Measure], words: dict[str, Any]) -> str:
    known = [item for item in measures if item.latest is not None]
    if not known:
        return say(meta, "kolada.title.absent", **words)
    outside = _outside(known)
    words = words | {"total": numbers.spelled(len(known)), "count": numbers.spelled(len(outside), neuter=True)}
    if len(known) == 1:
        return say(meta, f"kolada.title.only_{'some' if outside else 'none'}", **words)
    if not outside:
        return say(meta, "kolada.title.none", **words)
    if len(outside) > MOST_NAMES:
        return say(meta, "kolada.title.many", **words)
    return say(meta, "kolada.title.some", names=numbers.words(outside), **words)


def _alt(meta: ChartMeta, measures: Sequence[Measure], words: dict[str, Any]) -> str:
    outside = _outside(measures)
    absent = [numbers.lower_first(item.meta.title_sv) for item in measures if item.latest is None]
    finding = say(meta, "kolada.finding_some", names=numbers.words(outside)) if outside else say(meta, "kolada.finding_none")
    missing = say(meta, "kolada.missing", names=numbers.words(absent)) if absent else ""
    return say(meta, "kolada.alt", finding=finding, missing=missing, span=_span(measures), **words)


def _table(measures: Sequence[Measure], meta: ChartMeta, words: dict[str, Any]) -> pl.DataFrame:
    head = {key: say(meta, f"kolada.columns.{key}", **words) for key in ("measure", "unit", "value", "middle", "others")}
    year_head = say(meta, "common.columns.year")
    rows = []
    for item in measures:
        title, unit, places = item.meta.title_sv, item.meta.unit_sv, item.meta.decimals
        if not item.own:
            reason = str(meta.reasons[item.reason])
            rows.append({head["measure"]: title, head["unit"]: unit, year_head: "", head["value"]: reason,
                         head["middle"]: "", head["others"]: ""})  # fmt: skip
        for year in sorted(item.own):
            others = item.in_year(year)
            quarter = item.middle if year == item.latest else None
            rows.append({
                head["measure"]: title, head["unit"]: unit, year_head: str(year),
                head["value"]: numbers.decimal(item.own[year], places),
                head["middle"]: _between(quarter, places) if quarter else "",
                head["others"]: _between((others[0], others[-1]), places) if others else "",
            })  # fmt: skip
    return pl.DataFrame(rows)


def _between(ends: tuple[float, float], decimals: int) -> str:
    return f"{numbers.decimal(ends[0], decimals)}{numbers.DASH}{numbers.decimal(ends[1], decimals)}"
