"""Chart 2, skillnadsdiagram: how far from the county, and does it matter? Differences with intervals and a band of small ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from assets.charts import numbers
from assets.charts.cells import Cell, has_pupils, read_cells, reason_words
from assets.charts.findings import (
    SMALL_POINTS,
    all_hidden_title,
    complete_alt,
    grade_name,
    grouped_names,
    lookup,
    names,
    one_sentence,
    say,
    survey_subtitle,
    verdict,
)
from assets.charts.key import KeyItem, key_view
from assets.charts.rows import HEAD, Panel, panels, right_texts, row_labels
from assets.charts.theme import BAND_GREY, BLUE, INK, Spec, boxed_text, frame, layer, px, view
from assets.charts.types import ChartCard, ChartMeta, IndexMeta, ReleaseFrames, Scope

ROW = 34
PLOT = (256.0, 490.0)
SHAPES = {"higher": "triangle-right", "lower": "triangle-left", "small": "square", "unclear": "circle"}
OWN = Mapping[str, Cell]


def build(frames: ReleaseFrames, scope: Scope, meta: ChartMeta, *, grade: str) -> ChartCard | None:
    """The card `skillnadsdiagram_<grade>`, or None when the area has no such grade."""
    cells = read_cells(frames, scope, {"diff_share_focus"}, grade=grade)
    if not has_pupils(cells, scope, grade):
        return None
    own = {key: cells.get(scope.area_code, scope.wave, grade, "all", key, "diff_share_focus") for key in meta.indices}
    title = _title(meta, scope, grade, own)
    subtitle = survey_subtitle(meta, scope, grade, list(own.values()))
    chosen = panels(meta, ROW)
    reach = _reach(own)
    notes = (
        say(meta, "common.uncertainty"),
        say(meta, "common.small_difference", limit=numbers.decimal(SMALL_POINTS)),
        *lookup(meta.texts, "skillnadsdiagram.notes"),
    )
    return ChartCard(
        chart_id=f"skillnadsdiagram_{grade}",
        title=title,
        subtitle=subtitle,
        alt=_alt(meta, scope, grade, own),
        spec=frame(title, subtitle, [_key(meta), *(_panel_view(panel, own, meta, reach) for panel in chosen)]),
        table=_table(chosen, own, meta),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=notes,
    )


def shape_of(found: str) -> str:
    """The mark of a verdict; a clear but small difference keeps its direction."""
    return SHAPES[found.removesuffix("_small")]


def _reach(own: OWN) -> int:
    """Half the axis, in points, the same in both panels: the next five beyond the longest interval, at least ten."""
    ends = [abs(end) for cell in own.values() for end in (cell.value, cell.low, cell.high) if end is not None]
    return max(10, 5 * int(-(-(max(ends, default=0) + 0.5) // 5)))


def _key(meta: ChartMeta) -> Spec:
    words = {key: say(meta, f"skillnadsdiagram.key.{key}", limit=numbers.decimal(SMALL_POINTS))
             for key in ("higher", "lower", "small", "unclear", "band")}  # fmt: skip
    items = [KeyItem(words[key], SHAPES[key], BLUE, interval=True, filled=key != "unclear") for key in SHAPES]
    return key_view([*items, KeyItem(words["band"], "band", BAND_GREY)], synthetic=meta.synthetic)


def _panel_view(panel: Panel, own: OWN, meta: ChartMeta, reach: int) -> Spec:
    rules, reasons, texts = [], [], []
    dots: list[dict[str, Any]] = []
    for index, y in panel.rows:
        cell = own[index.index_key]
        found = verdict(cell)
        if cell.value is None:
            reasons.append({"x": (PLOT[0] + PLOT[1]) / 2, "y": y, "text": reason_words(cell, meta)})
            continue
        dots.append({"x": cell.value, "y": y, "shape": shape_of(found), "fill": "white" if found == "unclear" else BLUE})
        if cell.low is not None and cell.high is not None:
            rules.append({"x": cell.low, "x2": cell.high, "y": y})
        texts.append((y, f"{numbers.signed(cell.value)}, " + say(meta, f"skillnadsdiagram.verdict.{found}")))
    axis = _axis(say(meta, f"skillnadsdiagram.axis.{panel.kind}"), reach)
    box = {"y": px("y"), "y2": {"field": "y2"}}
    zero = [{"x": 0, "y": HEAD, "y2": panel.height}]
    band = [{"x": -SMALL_POINTS, "x2": SMALL_POINTS, "y": HEAD, "y2": panel.height}]
    shape = {"field": "shape", "type": "nominal", "scale": None, "legend": None}
    fill = {"field": "fill", "type": "nominal", "scale": None, "legend": None}
    point = {"type": "point", "size": 130, "stroke": BLUE, "strokeWidth": 2, "opacity": 1}
    layers = [
        layer({"type": "rect", "fill": BAND_GREY, "opacity": 1}, band, x=axis, x2={"field": "x2"}, **box),
        layer({"type": "rule", "stroke": INK, "strokeWidth": 1.5}, zero, x=axis, **box),
        *row_labels(panel, meta, PLOT),
        layer({"type": "rule", "stroke": BLUE, "strokeWidth": 3}, rules, x=axis, x2={"field": "x2"}, y=px("y")),
        layer(point, dots, x=axis, y=px("y"), shape=shape, fill=fill),
        *boxed_text(reasons),
        right_texts(texts),
    ]
    return view(layers, height=panel.height)


def _axis(title: str, reach: int) -> Spec:
    step = 5 if reach <= 15 else 10
    return {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [-reach, reach], "range": list(PLOT), "nice": False},
        "axis": {
            "title": title,
            "values": [value for value in range(-reach, reach + 1) if value % step == 0],
            "labelExpr": f"(datum.value > 0 ? '+' : datum.value < 0 ? '{numbers.MINUS}' : '') + abs(datum.value)",
            "titlePadding": 6,
            "domain": False,
            "ticks": False,
        },
    }


def _sorted(meta: ChartMeta, own: OWN) -> dict[str, list[IndexMeta]]:
    """Factors by what may be said: `higher`, `lower`, `small` (clear but small, or surely small), `unclear`, `hidden`."""
    found: dict[str, list[IndexMeta]] = {key: [] for key in ("higher", "lower", "small", "unclear", "hidden")}
    for key, index in meta.indices.items():
        word = verdict(own[key])
        found["small" if word.endswith("small") else word].append(index)
    return found


def _title(meta: ChartMeta, scope: Scope, grade: str, own: OWN) -> str:
    by = _sorted(meta, own)
    shown = {"area": scope.area_name, "grade": grade_name(meta, grade)}
    if len(by["hidden"]) == len(own):
        return all_hidden_title(meta, scope, grade, reason_words(next(iter(own.values())), meta))
    parts = [say(meta, f"skillnadsdiagram.title.{key}", names=grouped_names(by[key])) for key in ("lower", "higher") if by[key]]
    if parts:
        return say(meta, "skillnadsdiagram.title.parts", parts="; ".join(parts), **shown)
    if not by["small"]:
        return say(meta, "skillnadsdiagram.title.none_unclear", **shown)
    if not by["unclear"]:
        return say(meta, "skillnadsdiagram.title.none_small", **shown)
    small, unclear = numbers.spelled(len(by["small"])), numbers.spelled(len(by["unclear"]))
    return say(meta, "skillnadsdiagram.title.none", small=small, unclear=unclear, total=numbers.spelled(len(own)), **shown)


def _alt(meta: ChartMeta, scope: Scope, grade: str, own: OWN) -> str:
    by = _sorted(meta, own)
    clear = [say(meta, f"skillnadsdiagram.finding_{key}", names=grouped_names(by[key])) for key in ("lower", "higher") if by[key]]
    rest = [
        say(meta, f"skillnadsdiagram.finding_{key}", names=names(by[key])) for key in ("small", "unclear", "hidden") if by[key]
    ]
    finding = one_sentence([*clear, *rest])
    text = say(
        meta, "skillnadsdiagram.alt", area=scope.area_name, county=meta.comparison_label, grade=grade_name(meta, grade),
        year=scope.wave, total=numbers.spelled(len(own)), finding=finding, uncertainty=say(meta, "common.uncertainty"),
    )  # fmt: skip
    return complete_alt(meta, text, synthetic=meta.synthetic)


def _table(chosen: list[Panel], own: OWN, meta: ChartMeta) -> pl.DataFrame:
    head = {key: say(meta, f"common.columns.{key}") for key in ("arena", "factor", "group", "interval", "n")}
    extra = {key: say(meta, f"skillnadsdiagram.columns.{key}") for key in ("difference", "verdict")}
    rows = []
    for panel in chosen:
        for index, _ in panel.rows:
            cell = own[index.index_key]
            reason = reason_words(cell, meta)
            interval = numbers.signed_interval(cell.low, cell.high) if cell.low is not None and cell.high is not None else reason
            rows.append({
                head["arena"]: numbers.upper_first(index.arena), head["factor"]: index.label_sv,
                head["group"]: index.focus_band_label_sv,
                extra["difference"]: numbers.signed(cell.value) if cell.value is not None else reason,
                head["interval"]: interval,
                extra["verdict"]: say(meta, f"skillnadsdiagram.verdict.{verdict(cell)}") if cell.shown else reason,
                head["n"]: numbers.thousands(cell.n) if cell.n is not None else reason,
            })  # fmt: skip
    return pl.DataFrame(rows)
