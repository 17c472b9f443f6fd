"""Chart 13, prioriteringsfält: what should we talk about first? Need against known activities or readiness, both with intervals.

The quadrants carry questions, never verdicts. At most eight factors are drawn; the table holds all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from assets.charts import numbers
from assets.charts.findings import complete_alt, grade_name, lookup, say
from assets.charts.key import KeyItem, key_view
from assets.charts.label_places import Box, place_labels
from assets.charts.theme import (
    BAND_GREY,
    BLUE,
    INK,
    MUTED,
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
)
from assets.charts.types import ChartCard, ChartMeta, Scope

Against = Literal["coverage", "readiness"]
CHART_ID = "prioriteringsfalt"
MOST = 8
LEFT, RIGHT = 62.0, float(WIDTH) - 8
TOP, BOTTOM = 30.0, 430.0
HEIGHT = 498.0
STACK, APART, NEAR, FAR = 30.0, 10.0, 7.0, 20.0
HIGHEST = {"coverage": 1.0, "readiness": 3.0}
_Row = Mapping[str, Any]


@dataclass(frozen=True)
class Factor:
    """One factor as the field needs it: difference to the county (points) and the other axis, each with its ends."""

    label: str
    group: str
    need: tuple[float, float, float] | None
    clear: bool
    other: tuple[float, float, float] | None


def build(
    overview: pl.DataFrame,
    scope: Scope,
    meta: ChartMeta,
    *,
    grade: str,
    against: Against = "coverage",
    order: Sequence[str] = (),
) -> ChartCard | None:
    """The card `prioriteringsfalt_<grade>`, or None when the area has no row of the grade.

    Args:
        overview: `release.factor_overview`. order: index keys by suggested place, which decides who is drawn when there are more
            than eight; without it the catalogue's order.
    """
    rows = {
        row["factor"]: row
        for row in overview.filter(
            (pl.col("edition") == scope.edition) & (pl.col("area_code") == scope.area_code)
            & (pl.col("wave") == scope.wave) & (pl.col("grade") == grade)
        ).iter_rows(named=True)
    }  # fmt: skip
    keys = [key for key in dict.fromkeys([*order, *meta.indices]) if key in rows and key in meta.indices]
    if not keys:
        return None
    factors = [_factor(rows[key], meta, against) for key in keys]
    drawn = [factor for factor in factors if factor.need and factor.other][:MOST]
    words = {"area": scope.area_name, "grade": grade_name(meta, grade), "year": scope.wave}
    title = _title(meta, drawn, words)
    subtitle = say(meta, f"{CHART_ID}.subtitle.{against}", **words)
    alt = say(
        meta, f"{CHART_ID}.alt", **words, finding=f"{title}.", count=numbers.spelled(len(drawn)),
        against=say(meta, f"{CHART_ID}.against.{against}"),
    )  # fmt: skip
    return ChartCard(
        chart_id=f"{CHART_ID}_{grade}" if against == "coverage" else f"{CHART_ID}_{against}_{grade}",
        title=title,
        subtitle=subtitle,
        alt=complete_alt(meta, alt, synthetic=meta.synthetic),
        spec=frame(title, subtitle, [_key(meta, against), _panel(drawn, meta, against)]),
        table=_table(factors, drawn, meta, against),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=_notes(factors, drawn, meta, against),
    )


def _factor(row: _Row, meta: ChartMeta, against: Against) -> Factor:
    index = meta.indices[row["factor"]]
    need = _three(row["diff_county"], row["diff_low"], row["diff_high"])
    if against == "coverage":
        other = _three(row["coverage_low"], row["coverage_low"], row["coverage_high"])
    else:
        other = _three(row["readiness_median"], row["readiness_q1"], row["readiness_q3"])
    return Factor(index.label_sv, index.focus_band_label_sv, need, row["diff_verdict"] in ("higher", "lower"), other)


def _three(value: float | None, low: float | None, high: float | None) -> tuple[float, float, float] | None:
    if value is None:
        return None
    return (value, value if low is None else low, value if high is None else high)


def _title(meta: ChartMeta, drawn: Sequence[Factor], words: Mapping[str, object]) -> str:
    if not drawn:
        return say(meta, f"{CHART_ID}.title.hidden", **words)
    larger = [factor for factor in drawn if factor.clear and factor.need and factor.need[0] > 0]
    if not larger:
        return say(meta, f"{CHART_ID}.title.none", **words)
    return say(meta, f"{CHART_ID}.title.some", **words, names=numbers.words([numbers.lower_first(f.label) for f in larger]))


def _notes(factors: Sequence[Factor], drawn: Sequence[Factor], meta: ChartMeta, against: Against) -> tuple[str, ...]:
    outside = [numbers.lower_first(factor.label) for factor in factors if factor not in drawn]
    said = [say(meta, f"{CHART_ID}.not_drawn", names=numbers.words(outside))] if outside else []
    texts = lookup(meta.texts, f"{CHART_ID}.notes")
    return (*said, *texts[against], *texts["common"])


def _key(meta: ChartMeta, against: Against) -> Spec:
    items = [
        KeyItem(say(meta, f"{CHART_ID}.key.filled"), "circle", BLUE, interval=True),
        KeyItem(say(meta, f"{CHART_ID}.key.hollow"), "circle", BLUE, interval=True, filled=False),
        KeyItem(say(meta, f"{CHART_ID}.key.middle"), "dashed", MUTED),
    ]
    if against == "readiness":
        items.append(KeyItem(say(meta, f"{CHART_ID}.key.band"), "band", BAND_GREY))
        items.append(KeyItem(say(meta, f"{CHART_ID}.key.readiness"), "line", INK))
    return key_view(items, synthetic=meta.synthetic)


def _panel(drawn: Sequence[Factor], meta: ChartMeta, against: Against) -> Spec:
    reach = _reach(drawn)

    def x(points: float) -> float:
        return round(LEFT + (points + reach) * (RIGHT - LEFT) / (2 * reach), 1)

    def y(value: float) -> float:
        return round(BOTTOM - value / HIGHEST[against] * (BOTTOM - TOP), 1)

    marks, tall, band = _marks(drawn, against, x, y)
    standing = {"x": px("x"), "y": px("y"), "y2": {"field": "y2"}}
    lying = {"x": px("x"), "x2": {"field": "x2"}, "y": px("y")}
    questions = _questions(meta, against)
    labels, leaders = _labels(drawn, marks, tall, [_question_box(row) for row in questions])
    dots = [{"x": mark[0], "y": mark[1], "fill": BLUE if f.clear else "white"} for f, mark in zip(drawn, marks, strict=True)]
    point = {"type": "point", "shape": "circle", "size": 120, "stroke": BLUE, "strokeWidth": 2, "opacity": 1}
    edge = [{"x": LEFT, "x2": RIGHT, "y": end} for end in (TOP, BOTTOM)]
    half = [{"x": LEFT, "x2": RIGHT, "y": (TOP + BOTTOM) / 2}]
    as_county = {"type": "rule", "stroke": MUTED, "strokeWidth": 1.5, "strokeDash": [4, 3]}
    layers = [
        layer({"type": "rect", "fill": BAND_GREY, "opacity": 1}, band, **lying, y2={"field": "y2"}),
        layer({"type": "rule", "stroke": INK, "strokeWidth": 2}, [{**row, "y": row["middle"]} for row in band], **lying),
        layer({"type": "rule", "stroke": OTHER_GREY}, edge, **lying),
        layer({"type": "rule", "stroke": OTHER_GREY}, [{"x": end, "y": TOP, "y2": BOTTOM} for end in (LEFT, RIGHT)], **standing),
        layer({"type": "rule", "stroke": OTHER_GREY, "strokeWidth": 1}, half, **lying),
        layer(as_county, [{"x": x(0), "y": TOP, "y2": BOTTOM}], **standing),
        *_axes(meta, against, reach, x, y),
        text_layer(questions, px("x"), px("y"), fill=MUTED, fontStyle="italic"),
        layer({"type": "rule", "stroke": OTHER_GREY}, leaders, **lying, y2={"field": "y2"}),
        *halo_text(labels, px("x"), px("y"), fontWeight="bold"),
        layer({"type": "rule", "stroke": BLUE, "strokeWidth": 2}, [{"x": m[2], "x2": m[3], "y": m[1]} for m in marks], **lying),
        layer({"type": "rule", "stroke": BLUE, "strokeWidth": 2}, tall, **standing),
        layer(point, dots, x=px("x"), y=px("y"), fill={"field": "fill", "type": "nominal", "scale": None, "legend": None}),
    ]
    return view(layers, height=HEIGHT)


def _marks(drawn: Sequence[Factor], against: Against, x: Any, y: Any) -> tuple[list[tuple], list[dict], list[dict]]:
    """Of each factor x, y and the ends of its lying interval (px); the standing intervals; the band that all factors share.

    Points at the same height are moved apart so that their intervals can be told apart. Readiness is the municipality's own and
    the same for all factors: one band, and the points under each other around its middle.
    """
    pairs = [(factor.need, factor.other) for factor in drawn if factor.need and factor.other]
    step = APART if against == "coverage" else STACK
    order = sorted(range(len(pairs)), key=lambda place: (-pairs[place][0][0], place))
    marks: list[tuple] = []
    for place, (need, other) in enumerate(pairs):
        level = [one for one in order if pairs[one][1][0] == other[0]]
        free = y(other[0]) + (level.index(place) - (len(level) - 1) / 2) * step
        marks.append((x(need[0]), round(min(max(free, TOP), BOTTOM), 1), x(need[1]), x(need[2])))
    if against == "readiness":
        return (
            marks,
            [],
            [{"x": LEFT, "x2": RIGHT, "y": y(other[2]), "y2": y(other[1]), "middle": y(other[0])} for _, other in pairs[:1]],
        )
    tall = [{"x": mark[0], "y": y(other[2]), "y2": mark[1]} for mark, (_, other) in zip(marks, pairs, strict=True)]
    return marks, tall, []


def _reach(drawn: Sequence[Factor]) -> int:
    """Half the x axis in points: the next five beyond the longest interval, at least ten."""
    ends = [abs(end) for factor in drawn if factor.need for end in factor.need]
    return max(10, 5 * int(-(-(max(ends, default=0) + 0.5) // 5)))


def _questions(meta: ChartMeta, against: Against) -> list[dict[str, Any]]:
    middle = (LEFT + RIGHT) / 2
    places = {"less_high": (LEFT + 8, TOP + 14), "more_high": (middle + 8, TOP + 14),
              "less_low": (LEFT + 8, BOTTOM - 12), "more_low": (middle + 8, BOTTOM - 12)}  # fmt: skip
    return [{"x": x, "y": y, "text": say(meta, f"{CHART_ID}.questions.{against}.{key}")} for key, (x, y) in places.items()]


def _question_box(row: _Row) -> Box:
    return (row["x"], row["y"] - TEXT_SIZE / 2 - 2, row["x"] + text_width(row["text"]), row["y"] + TEXT_SIZE / 2 + 2)


def _labels(
    drawn: Sequence[Factor], marks: Sequence[tuple], tall: Sequence[_Row], taken: Sequence[Box]
) -> tuple[list[dict], list[dict]]:
    """Names beside their points, clear of other texts, points and intervals, and a line to those that stand further away."""
    widths = [text_width(factor.label, bold=True) for factor in drawn]
    avoid = [(x - NEAR, y - NEAR, x + NEAR, y + NEAR) for x, y, _, _ in marks]
    avoid += [(low, y - 2, high, y + 2) for _, y, low, high in marks]
    avoid += [(row["x"] - 2, row["y"], row["x"] + 2, row["y2"]) for row in tall]
    places = place_labels(marks, widths, TEXT_SIZE, (LEFT + 4, TOP + 4, RIGHT - 4, BOTTOM - 4), taken, avoid)
    labels, leaders = [], []
    for factor, width, (x, y, _, _), (left, middle) in zip(drawn, widths, marks, places, strict=True):
        labels.append({"x": round(left, 1), "y": round(middle, 1), "text": factor.label})
        if abs(middle - y) > FAR:
            near = min(max(x, left), left + width)
            leaders.append({"x": x, "y": y, "x2": round(near, 1), "y2": round(middle, 1)})
    return labels, leaders


def _axes(meta: ChartMeta, against: Against, reach: int, x: Any, y: Any) -> list[Spec]:
    step = 5 if reach <= 15 else 10
    values = [value for value in range(-reach, reach + 1) if value % step == 0]
    below = [{"x": x(value), "y": BOTTOM + 14, "text": numbers.signed(value)} for value in values]
    less = [{"x": LEFT, "y": BOTTOM + 34, "text": say(meta, f"{CHART_ID}.ends.less")}]
    more = [{"x": RIGHT, "y": BOTTOM + 34, "text": say(meta, f"{CHART_ID}.ends.more")}]
    named = [{"x": RIGHT, "y": BOTTOM + 56, "text": say(meta, f"{CHART_ID}.axis.need")}]
    if against == "coverage":
        left = [(value / 4, numbers.percent(25 * value)) for value in range(5)]
    else:
        left = [(float(level), str(level)) for level in range(4)]
    beside = [{"x": LEFT - 8, "y": y(value), "text": text} for value, text in left]
    head = [{"x": 0, "y": TOP - 16, "text": say(meta, f"{CHART_ID}.axis.{against}")}]
    return [
        text_layer(below, px("x"), px("y"), align="center", fill=MUTED),
        text_layer(less, px("x"), px("y"), fill=MUTED),
        text_layer(more, px("x"), px("y"), align="right", fill=MUTED),
        text_layer(named, px("x"), px("y"), align="right"),
        text_layer(beside, px("x"), px("y"), align="right", fill=MUTED),
        text_layer(head, px("x"), px("y")),
    ]


def _table(factors: Sequence[Factor], drawn: Sequence[Factor], meta: ChartMeta, against: Against) -> pl.DataFrame:
    head, reasons = lookup(meta.texts, f"{CHART_ID}.columns"), lookup(meta.texts, f"{CHART_ID}.reasons")

    def told(value: float) -> str:
        return numbers.percent(100 * value) if against == "coverage" else numbers.decimal(value, 1)

    rows = []
    for factor in factors:
        need, other = factor.need, factor.other
        lack = "need" if not need else against if not other else "room"
        ends = told(other[2]) if other and against == "coverage" else ""
        if other and against == "readiness":
            ends = f"{told(other[1])}{numbers.DASH}{told(other[2])}"
        rows.append({
            head["factor"]: factor.label, head["group"]: factor.group,
            head["need"]: numbers.signed(need[0]) if need else reasons["need"],
            head["need_interval"]: numbers.signed_interval(need[1], need[2]) if need else reasons["need"],
            head[against]: told(other[0]) if other else reasons[against],
            head[f"{against}_interval"]: ends or reasons[against],
            head["drawn"]: say(meta, f"{CHART_ID}.drawn") if factor in drawn else reasons[lack],
        })  # fmt: skip
    return pl.DataFrame(rows)
