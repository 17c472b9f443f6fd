"""Chart, samlade faktorer: how many factors do pupils have at once? Three groups with intervals, beside the county's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.charts import numbers
from assets.charts.cells import ABSENT, Cell, count_text, interval_text, reason_words, share_text
from assets.charts.findings import all_hidden_title, complete_alt, grade_name, lookup, one_sentence, say, verdict
from assets.charts.key import KeyItem, key_view
from assets.charts.rows import HEAD, percent_axis, right_texts
from assets.charts.theme import BLUE, COUNTY_GREY, INK, LINE_GREY, WIDTH, Spec, frame, layer, px, text_layer, view, wrap
from assets.charts.types import COUNTY_CODE, ChartCard, ChartMeta, CountMeta, ReleaseFrames, Scope

SHARES = ("share_none", "share_some", "share_most")
ROW = 42
PLOT = (150.0, 560.0)
SEXES = ("girl", "boy")
Table = Mapping[tuple[str, str, str, str], Cell]


@dataclass(frozen=True)
class Line:
    """One group of numbers: the area's share and the county's, all pupils, and the area's by sex."""

    count: CountMeta
    group: str
    own: Cell
    county: Cell
    sexes: tuple[Cell, Cell]


def build(frames: ReleaseFrames, scope: Scope, meta: ChartMeta, counts: Sequence[CountMeta], *, grade: str) -> ChartCard | None:
    """The card `samlade_<grade>`, or None when the release has no such numbers or the area no such grade."""
    cells = _cells(frames, scope, grade)
    reasons = {cell.reason for key, cell in cells.items() if key[0] == scope.area_code}
    if not counts or not reasons - {"no_pupils"}:
        return None
    lines = {count.key: _lines(cells, scope, count) for count in counts}
    verdicts = {count.key: cells.get((scope.area_code, "all", count.key, "diff_share_most"), ABSENT) for count in counts}
    title = _title(meta, scope, grade, [(lines[c.key][-1], verdicts[c.key]) for c in counts])
    subtitle = say(meta, "samlade.subtitle", grade=grade_name(meta, grade), area=scope.area_name, year=scope.wave)
    drawn = [cell for chosen in lines.values() for line in chosen for cell in (line.own, line.county)]
    ends = [x for cell in drawn for x in (cell.value, cell.high) if x is not None]
    views = [_panel(count, lines[count.key], meta, ends, last=count is counts[-1]) for count in counts]
    return ChartCard(
        chart_id=f"samlade_{grade}",
        title=title,
        subtitle=subtitle,
        alt=_alt(meta, scope, grade, [chosen[-1] for chosen in lines.values()]),
        spec=frame(title, subtitle, [_key(meta, scope), *views]),
        table=_table(meta, scope, lines),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=(say(meta, "common.uncertainty"), *lookup(meta.texts, "samlade.notes")),
    )


def _cells(frames: ReleaseFrames, scope: Scope, grade: str) -> Table:
    """Cells of the area and the county in the scope's wave by area, sex, count and measure."""
    rows = frames.accumulated_results
    if rows.is_empty():
        return {}
    chosen = rows.filter(
        (pl.col("edition") == scope.edition) & (pl.col("wave") == scope.wave) & (pl.col("grade") == grade)
        & pl.col("area_code").is_in([scope.area_code, COUNTY_CODE])
    ).select("area_code", "sex", "count_key", "measure", "value", "low", "high", "n", "reason", "verdict")  # fmt: skip
    return {(row[0], row[1], row[2], row[3]): Cell(*row[4:]) for row in chosen.iter_rows()}


def _lines(cells: Table, scope: Scope, count: CountMeta) -> list[Line]:
    def cell(area: str, sex: str, measure: str) -> Cell:
        return cells.get((area, sex, count.key, measure), ABSENT)

    return [
        Line(
            count,
            group,
            cell(scope.area_code, "all", measure),
            cell(COUNTY_CODE, "all", measure),
            (cell(scope.area_code, "girl", measure), cell(scope.area_code, "boy", measure)),
        )
        for group, measure in zip(count.groups, SHARES, strict=True)
    ]


def _key(meta: ChartMeta, scope: Scope) -> Spec:
    items = [
        KeyItem(say(meta, "common.key_own", area=scope.area_name), "circle", BLUE, interval=True, thick=3),
        KeyItem(say(meta, "samlade.key_county", county=meta.comparison_name), "tick", COUNTY_GREY, thick=4),
    ]
    return key_view(items, synthetic=meta.synthetic)


def _panel(count: CountMeta, lines: Sequence[Line], meta: ChartMeta, ends: Sequence[float], *, last: bool) -> Spec:
    dots, rules, ticks, names, guides = [], [], [], [], []
    words: list[tuple[float, str]] = []
    right: list[tuple[float, str]] = []
    for place, line in enumerate(lines):
        y = HEAD + ROW * (place + 0.5)
        names.append({"x": 10, "y": y, "text": numbers.upper_first(line.group)})
        guides.append({"x": PLOT[0], "x2": PLOT[1], "y": y})
        if line.county.value is not None:
            ticks.append({"x": line.county.value, "y": y - 10, "y2": y + 10})
        if line.own.value is None:
            said = wrap(reason_words(line.own, meta), WIDTH - PLOT[1] - 10)
            words += [(y + 17.0 * (n - (len(said) - 1) / 2), text) for n, text in enumerate(said)]
            continue
        dots.append({"x": line.own.value, "y": y})
        text = numbers.percent(line.own.value)
        if line.own.low is not None and line.own.high is not None:
            rules.append({"x": line.own.low, "x2": line.own.high, "y": y})
            text = f"{numbers.decimal(line.own.value)}{numbers.NBSP}% ({numbers.percent_interval(line.own.low, line.own.high)})"
        right.append((y, text))
    axis = percent_axis(say(meta, "samlade.axis") if last else "", ends, PLOT)
    head = [{"x": 0, "y": HEAD / 2, "text": count.short_sv}]
    wide = {"x2": {"field": "x2"}, "y": px("y")}
    layers = [
        layer({"type": "rule", "stroke": LINE_GREY}, guides, x=px("x"), **wide),
        text_layer(head, px("x"), px("y"), fontWeight="bold", fontSize=16),
        text_layer(names, px("x"), px("y"), fill=INK),
        layer({"type": "rule", "stroke": COUNTY_GREY, "strokeWidth": 4}, ticks, x=axis, y=px("y"), y2={"field": "y2"}),
        layer({"type": "rule", "stroke": BLUE, "strokeWidth": 3}, rules, x=axis, **wide),
        layer(
            {"type": "point", "shape": "circle", "size": 130, "fill": BLUE, "stroke": "white", "opacity": 1},
            dots,
            x=axis,
            y=px("y"),
        ),
        right_texts(words, muted=True),
        right_texts([(HEAD / 2, say(meta, "common.right_head"))], muted=True),
        right_texts(right),
    ]
    return view(layers, height=HEAD + ROW * len(lines))


def _title(meta: ChartMeta, scope: Scope, grade: str, tops: Sequence[tuple[Line, Cell]]) -> str:
    """The finding about the top groups, by their tested difference to the county."""
    where: dict[str, Any] = {"area": scope.area_name, "grade": grade_name(meta, grade)}
    shown = [(line, verdict(difference)) for line, difference in tops if line.own.shown]
    if not shown:
        return all_hidden_title(meta, scope, grade, reason_words(tops[0][0].own, meta))
    found = {word: numbers.words([line.count.top_sv for line, own in shown if own == word]) for word in ("higher", "lower")}
    if found["higher"] and found["lower"]:
        return say(meta, "samlade.title.both", **where, **found)
    for word in ("higher", "lower"):
        if found[word]:
            return say(meta, f"samlade.title.{word}", names=found[word], **where)
    compared = [line.count.top_sv for line, own in shown if own != "hidden"]
    if compared:
        return say(meta, "samlade.title.none", names=numbers.words(compared).replace(" och ", " eller "), **where)
    line = shown[0][0]
    return say(meta, "samlade.title.shown", value=share_text(line.own, meta), names=line.count.top_sv, **where)


def _alt(meta: ChartMeta, scope: Scope, grade: str, tops: Sequence[Line]) -> str:
    found = [
        say(meta, "samlade.finding", value=share_text(line.own, meta), names=line.count.top_sv) for line in tops if line.own.shown
    ]
    hidden = [f"{line.count.top_sv}: {reason_words(line.own, meta)}." for line in tops if not line.own.shown]
    text = say(
        meta, "samlade.alt", grade=grade_name(meta, grade), area=scope.area_name, year=scope.wave, county=meta.comparison_label,
        finding=one_sentence([*found, *hidden]), uncertainty=say(meta, "common.uncertainty"),
    )  # fmt: skip
    return complete_alt(meta, text, synthetic=meta.synthetic)


def _table(meta: ChartMeta, scope: Scope, lines: Mapping[str, Sequence[Line]]) -> pl.DataFrame:
    head = {key: say(meta, f"samlade.columns.{key}") for key in ("count", "group", *SEXES)}
    names = {"area": scope.area_name, "county": meta.comparison_name}
    common = {key: say(meta, f"common.columns.{key}", **names) for key in ("own", "interval", "n", "county", "county_interval")}
    rows = []
    for line in (one for chosen in lines.values() for one in chosen):
        girl, boy = line.sexes
        n = count_text(line.own, meta) if line.own.n is not None or not line.own.shown else meta.reasons["suppressed"].mark
        rows.append({
            head["count"]: line.count.short_sv, head["group"]: line.group,
            common["own"]: share_text(line.own, meta), common["interval"]: interval_text(line.own, meta), common["n"]: n,
            common["county"]: share_text(line.county, meta), common["county_interval"]: interval_text(line.county, meta),
            head["girl"]: share_text(girl, meta), head["boy"]: share_text(boy, meta),
        })  # fmt: skip
    return pl.DataFrame(rows)
