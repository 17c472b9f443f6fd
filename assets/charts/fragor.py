"""Chart, enskilda frågor: how common is it, question by question? The area's share with interval beside the county's mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.charts import numbers
from assets.charts.cells import Cell, count_text, interval_text, reason_words, share_text
from assets.charts.findings import complete_alt, grade_name, lookup, one_sentence, say, verdict
from assets.charts.key import KeyItem, key_view
from assets.charts.rows import HEAD, LABEL_WIDTH, percent_axis, right_texts
from assets.charts.series import SeriesCells, SeriesMeta, read_series
from assets.charts.theme import (
    BLUE,
    COUNTY_GREY,
    INK,
    LINE_GREY,
    TEXT_SIZE,
    WIDTH,
    Spec,
    boxed_text,
    frame,
    layer,
    px,
    text_layer,
    text_width,
    view,
    wrap,
)
from assets.charts.types import COUNTY_CODE, GRADES, ChartCard, ChartMeta, ReleaseFrames, Scope

ROW = 38
PLOT = (262.0, 590.0)
MOST_NAMES = 3
NOT_DRAWN = {"no_pupils", "not_asked", "missing"}


@dataclass(frozen=True)
class Row:
    """One question in one grade: the area's share, the county's, and the published difference between them."""

    series: SeriesMeta
    own: Cell
    county: Cell
    difference: Cell


def build(
    frames: ReleaseFrames, scope: Scope, meta: ChartMeta, series: Sequence[SeriesMeta], *, chart_id: str, title: str
) -> ChartCard | None:
    """The card `fragor_<chart_id>`: one panel per grade, questions in the order given.

    A grade where no value of the area can be shown has no panel. None when that is so for every grade.
    `title`: the name of the group of questions.
    """
    cells = read_series(frames, scope, [one.key for one in series])
    panels = {grade: rows for grade in GRADES if (rows := grade_rows(cells, scope, series, grade))}
    if not panels:
        return None
    drawn = [x for rows in panels.values() for row in rows for cell in (row.own, row.county) for x in (cell.value, cell.high)]
    ends = [x for x in drawn if x is not None]
    finding = _finding(panels, meta)
    heading = say(meta, "fragor.title", group=title, area=scope.area_name, finding=finding)
    grades = numbers.words([grade_name(meta, grade) for grade in panels])
    subtitle = say(meta, "fragor.subtitle", grades=grades, area=scope.area_name, year=scope.wave)
    last = list(panels)[-1]
    views = [_panel(rows, meta, ends, head=grade_name(meta, grade), last=grade == last) for grade, rows in panels.items()]
    return ChartCard(
        chart_id=f"fragor_{chart_id}",
        title=heading,
        subtitle=subtitle,
        alt=_alt(panels, meta, scope, group=title, grades=grades, finding=finding),
        spec=frame(heading, subtitle, [_key(meta, scope), *views]),
        table=_table(panels, meta, scope),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=(say(meta, "common.uncertainty"), *lookup(meta.texts, "fragor.notes"), *_bases(series, meta)),
    )


def grade_rows(cells: SeriesCells, scope: Scope, series: Sequence[SeriesMeta], grade: str) -> list[Row]:
    """The questions of a grade, nothing when not one value of the area is shown. Questions that weren't asked are left out."""
    found = []
    for one in series:
        own = cells.get(scope.area_code, scope.wave, grade, "all", one.key, one.measure)
        county = cells.get(COUNTY_CODE, scope.wave, grade, "all", one.key, one.measure)
        if own.shown or own.reason not in NOT_DRAWN:
            difference = cells.get(scope.area_code, scope.wave, grade, "all", one.key, one.difference)
            found.append(Row(one, own, county, difference))
    return found if any(row.own.shown for row in found) else []


def _finding(panels: Mapping[str, Sequence[Row]], meta: ChartMeta) -> str:
    """What differs clearly from the county, by the published verdicts; never more than they say."""
    parts = []
    for word in ("higher", "lower"):
        for grade, rows in panels.items():
            names = [say(meta, "fragor.quoted", title=row.series.title_sv) for row in rows if verdict(row.difference) == word]
            if names:
                told = (
                    numbers.words(names)
                    if len(names) <= MOST_NAMES
                    else say(meta, "fragor.many", count=len(names), total=len(rows))
                )
                parts.append(say(meta, f"fragor.finding.{word}", names=told, grade=grade_name(meta, grade)))
    if parts:
        return numbers.words(parts) if len(parts) < MOST_NAMES else "; ".join(parts)
    compared = any(row.difference.shown for rows in panels.values() for row in rows)
    return say(meta, "fragor.finding.none" if compared else "fragor.finding.alone")


def _key(meta: ChartMeta, scope: Scope) -> Spec:
    items = [
        KeyItem(say(meta, "common.key_own", area=scope.area_name), "circle", BLUE, interval=True, thick=3),
        KeyItem(meta.comparison_name, "tick", COUNTY_GREY, thick=4),
    ]
    return key_view(items, synthetic=meta.synthetic)


def _panel(rows: Sequence[Row], meta: ChartMeta, ends: Sequence[float], *, head: str, last: bool) -> Spec:
    dots, rules, ticks, names, guides, reasons = [], [], [], [], [], []
    right: list[tuple[float, str]] = []
    for place, row in enumerate(rows):
        y = HEAD + ROW * (place + 0.5)
        label = wrap(row.series.title_sv, LABEL_WIDTH)
        names.append({"x": 0, "y": y - (len(label) - 1) * (TEXT_SIZE + 3) / 2, "text": label})
        guides.append({"x": PLOT[0], "x2": PLOT[1], "y": y})
        if row.county.value is not None:
            ticks.append({"x": row.county.value, "y": y - 10, "y2": y + 10})
        if row.own.value is None:
            text = reason_words(row.own, meta)
            reasons.append({"x": round(WIDTH - text_width(text) / 2 - 4, 1), "y": y, "text": text})
            continue
        dots.append({"x": row.own.value, "y": y})
        right.append((y, f"{share_text(row.own, meta)} ({interval_text(row.own, meta).removesuffix(numbers.NBSP + '%')})"))
        if row.own.low is not None and row.own.high is not None:
            rules.append({"x": row.own.low, "x2": row.own.high, "y": y})
    axis = percent_axis(say(meta, "fragor.axis") if last else "", ends, PLOT)
    wide = {"x2": {"field": "x2"}, "y": px("y")}
    dot = {"type": "point", "shape": "circle", "size": 130, "fill": BLUE, "stroke": "white", "opacity": 1}
    layers = [
        layer({"type": "rule", "stroke": LINE_GREY}, guides, x=px("x"), **wide),
        text_layer(
            [{"x": 0, "y": HEAD / 2, "text": numbers.upper_first(head)}], px("x"), px("y"), fontWeight="bold", fontSize=16
        ),
        text_layer(names, px("x"), px("y"), fill=INK, lineHeight=TEXT_SIZE + 3),
        layer({"type": "rule", "stroke": COUNTY_GREY, "strokeWidth": 4}, ticks, x=axis, y=px("y"), y2={"field": "y2"}),
        layer({"type": "rule", "stroke": BLUE, "strokeWidth": 3}, rules, x=axis, **wide),
        layer(dot, dots, x=axis, y=px("y")),
        *boxed_text(reasons),
        right_texts([(HEAD / 2, say(meta, "common.right_head"))], muted=True),
        right_texts(right),
    ]
    return view(layers, height=HEAD + ROW * len(rows))


def _bases(series: Sequence[SeriesMeta], meta: ChartMeta) -> list[str]:
    """Who is in the denominator where it isn't everybody who answered."""
    return [say(meta, "fragor.base", title=one.title_sv, base=one.base_sv) for one in series if one.base_sv]


def _alt(panels: Mapping[str, Sequence[Row]], meta: ChartMeta, scope: Scope, *, group: str, grades: str, finding: str) -> str:
    levels = []
    for grade, rows in panels.items():
        shown = [row for row in rows if row.own.shown]
        values = [f"{numbers.lower_first(row.series.title_sv)} {share_text(row.own, meta)}" for row in shown]
        levels.append(f"{numbers.upper_first(grade_name(meta, grade))}: {numbers.words(values)}")
        hidden = [numbers.lower_first(row.series.title_sv) for row in rows if not row.own.shown]
        if hidden:
            levels.append(say(meta, "fragor.hidden", names=numbers.words(hidden)))
    text = say(
        meta, "fragor.alt", group=numbers.lower_first(group), grades=grades, area=scope.area_name, year=scope.wave,
        county=meta.comparison_label, finding=one_sentence([numbers.upper_first(finding), *levels]),
        uncertainty=say(meta, "common.uncertainty"),
    )  # fmt: skip
    return complete_alt(meta, text, synthetic=meta.synthetic)


def _table(panels: Mapping[str, Sequence[Row]], meta: ChartMeta, scope: Scope) -> pl.DataFrame:
    names = {"area": scope.area_name, "county": meta.comparison_name}
    wanted = ("grade", "own", "interval", "n", "county", "county_interval")
    head = {key: say(meta, f"common.columns.{key}", **names) for key in wanted}
    question = say(meta, "fragor.columns.question")
    found = []
    for grade, rows in panels.items():
        for row in rows:
            found.append({
                question: row.series.title_sv, head["grade"]: numbers.upper_first(grade_name(meta, grade)),
                head["own"]: share_text(row.own, meta), head["interval"]: interval_text(row.own, meta),
                head["n"]: _count(row.own, meta),
                head["county"]: share_text(row.county, meta), head["county_interval"]: interval_text(row.county, meta),
            })  # fmt: skip
    return pl.DataFrame(found)


def _count(cell: Cell, meta: ChartMeta) -> str:
    """How many pupils a shown share rests on, or the mark that says that the count itself is protected."""
    return meta.reasons["suppressed"].mark if cell.shown and cell.n is None else count_text(cell, meta)
