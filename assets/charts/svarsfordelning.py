"""Chart 5, svarsfördelning: how do pupils spread over an index's three groups? Bars of 100 per cent, the focus group first.

The release holds no distribution of single answers, only the three bands of each index, so these are what is drawn. The interval
is that of the focus share and lies on its end, which is the edge that the tests are about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.charts import numbers
from assets.charts.cells import Cell, has_pupils, interval_text, read_cells, reason_words, share_text
from assets.charts.findings import complete_alt, grade_name, lookup, one_sentence, say
from assets.charts.key import KeyItem, key_view
from assets.charts.rows import percent_axis
from assets.charts.theme import (
    BAND_GREY,
    BLUE,
    COUNTY_GREY,
    INK,
    MUTED,
    ORANGE,
    Spec,
    frame,
    halo_text,
    layer,
    px,
    text_layer,
    view,
)
from assets.charts.types import COUNTY_CODE, GRADES, SEXES, ChartCard, ChartMeta, IndexMeta, ReleaseFrames, Scope

BANDS = ("share_band1", "share_band2", "share_band3")
COLOURS = (ORANGE, BAND_GREY, BLUE)
HEAD, ROW, BAR = 28, 34, 24
PLOT = (150.0, 690.0)
PRINTED_FROM = 8
"""A share is printed in its bar from this many per cent; smaller ones stand in the table."""


@dataclass(frozen=True)
class Bar:
    """One group of pupils: shares of the three groups, the focus group first."""

    grade: str
    name: str
    cells: tuple[Cell, ...]

    @property
    def missing(self) -> Cell | None:
        """A cell that can't be shown; then there is no bar."""
        return next((cell for cell in self.cells if not cell.shown), None)


def build(frames: ReleaseFrames, scope: Scope, meta: ChartMeta, *, index_key: str) -> ChartCard | None:
    """The card `svarsfordelning_<index>` with a panel per grade, or None when the area has none."""
    index = meta.indices[index_key]
    bars = read_bars(frames, scope, meta, index)
    if not bars:
        return None
    grades = list(dict.fromkeys(bar.grade for bar in bars))
    own = {grade: next(bar for bar in bars if bar.grade == grade and bar.name == _name(meta, scope, "all")) for grade in grades}
    parts = [_part(own[grade], meta, index.focus_band_label_sv) for grade in grades]
    words = {"factor": index.label_sv, "factor_lower": numbers.lower_first(index.label_sv), "area": scope.area_name,
             "year": scope.wave, "group": index.focus_band_label_sv}  # fmt: skip
    title = say(meta, "svarsfordelning.title", **words, parts="; ".join(parts))
    subtitle = say(meta, "svarsfordelning.subtitle", **words)
    alt = say(
        meta, "svarsfordelning.alt", **words, finding=one_sentence(parts), uncertainty=say(meta, "svarsfordelning.uncertainty")
    )
    names = _band_names(meta, index)
    return ChartCard(
        chart_id=f"svarsfordelning_{index_key}",
        title=title,
        subtitle=subtitle,
        alt=complete_alt(meta, alt, synthetic=meta.synthetic),
        spec=frame(title, subtitle, [_key(meta, names), *(_panel(g, [b for b in bars if b.grade == g], meta) for g in grades)]),
        table=_table(bars, names, meta),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=(say(meta, "svarsfordelning.uncertainty"), *lookup(meta.texts, "svarsfordelning.notes")),
    )


def read_bars(frames: ReleaseFrames, scope: Scope, meta: ChartMeta, index: IndexMeta) -> list[Bar]:
    """Girls, boys, both and the county per grade, the focus band first."""
    order = BANDS if index.focus_measure == BANDS[0] else BANDS[::-1]
    bars = []
    for grade in GRADES:
        cells = read_cells(frames, scope, BANDS, grade=grade)
        if not has_pupils(cells, scope, grade):
            continue
        if cells.get(scope.area_code, scope.wave, grade, "all", index.index_key, order[0]).reason == "no_pupils":
            continue
        rows = [(scope.area_code, sex, _name(meta, scope, sex)) for sex in SEXES]
        for code, sex, name in [*rows, (COUNTY_CODE, "all", meta.comparison_name)]:
            key = (code, scope.wave, grade, sex, index.index_key)
            bars.append(Bar(grade, name, tuple(cells.get(*key, measure) for measure in order)))
    return bars


def _name(meta: ChartMeta, scope: Scope, sex: str) -> str:
    return scope.area_name if sex == "all" else numbers.upper_first(say(meta, f"common.sexes.{sex}"))


def _band_names(meta: ChartMeta, index: IndexMeta) -> tuple[str, str, str]:
    middle, far = (say(meta, f"svarsfordelning.bands.{index.kind}.{part}") for part in ("middle", "far"))
    return index.focus_band_label_sv, middle, far


def _part(bar: Bar, meta: ChartMeta, group: str) -> str:
    grade = grade_name(meta, bar.grade)
    if bar.missing:
        return say(meta, "svarsfordelning.part.hidden", grade=grade, reason=reason_words(bar.missing, meta))
    return say(meta, "svarsfordelning.part.shown", grade=grade, value=share_text(bar.cells[0], meta), group_word=group)


def _key(meta: ChartMeta, names: tuple[str, str, str]) -> Spec:
    items = [KeyItem(name, "tile", colour) for name, colour in zip(names, COLOURS, strict=True)]
    items.append(KeyItem(say(meta, "svarsfordelning.interval"), "line", INK, thick=3))
    return key_view(items, synthetic=meta.synthetic)


def _panel(grade: str, bars: list[Bar], meta: ChartMeta) -> Spec:
    boxes: list[list[dict[str, Any]]] = [[], [], []]
    texts: dict[str, list[dict[str, Any]]] = {"white": [], INK: []}
    names, words, rules = [], [], []
    for place, bar in enumerate(bars):
        top = HEAD + place * ROW
        middle = top + BAR / 2
        names.append({"x": 0, "y": middle, "text": bar.name})
        if bar.missing:
            words.append({"x": PLOT[0] + 4, "y": middle, "text": reason_words(bar.missing, meta)})
            continue
        start = 0.0
        for k, cell in enumerate(bar.cells):
            value = float(cell.value or 0)
            boxes[k].append({"x": start, "x2": start + value, "y": top, "y2": top + BAR})
            if value >= PRINTED_FROM:
                at = start + value / 2 if k else min(value / 2, float(cell.low or value) / 2)
                texts[INK if k == 1 else "white"].append({"x": round(at, 1), "y": middle, "text": numbers.percent(value)})
            start += value
        first = bar.cells[0]
        if first.low is not None and first.high is not None:
            rules.append({"x": first.low, "x2": first.high, "y": top + BAR + 4})
    axis = percent_axis(say(meta, "svarsfordelning.axis"), [99], PLOT)
    axis["scale"] |= {"domain": [0, 101]}
    axis["axis"] |= {"values": [0, 25, 50, 75, 100]}
    corners = {"x": axis, "x2": {"field": "x2"}, "y": px("y"), "y2": {"field": "y2"}}
    printed = [{**row} for row in texts["white"]]
    head = [{"x": 0, "y": 10, "text": numbers.upper_first(grade_name(meta, grade))}]
    layers = [text_layer(head, px("x"), px("y"), fontWeight="bold", fontSize=16)]
    layers += [
        layer({"type": "rect", "fill": colour, "stroke": MUTED, "strokeWidth": 1, "opacity": 1}, boxes[k], **corners)
        for k, colour in enumerate(COLOURS)
    ]
    return view(
        [
            *layers,
            layer({"type": "rule", "stroke": INK, "strokeWidth": 3}, rules, x=axis, x2={"field": "x2"}, y=px("y")),
            text_layer(printed, axis, px("y"), align="center", fill="white"),
            text_layer(texts[INK], axis, px("y"), align="center", fill=INK),
            text_layer(names, px("x"), px("y"), fill=INK),
            *halo_text(words, px("x"), px("y"), fill=COUNTY_GREY, fontStyle="italic"),
        ],
        height=HEAD + ROW * len(bars),
    )


def _table(bars: list[Bar], names: tuple[str, str, str], meta: ChartMeta) -> pl.DataFrame:
    rows = []
    for bar in bars:
        row = {
            say(meta, "common.columns.grade"): numbers.upper_first(grade_name(meta, bar.grade)),
            say(meta, "svarsfordelning.columns.group"): bar.name,
        }
        row |= {
            numbers.upper_first(name): share_text(bar.missing or cell, meta) for name, cell in zip(names, bar.cells, strict=True)
        }
        row[say(meta, "svarsfordelning.columns.interval")] = interval_text(bar.missing or bar.cells[0], meta)
        rows.append(row)
    return pl.DataFrame(rows)
