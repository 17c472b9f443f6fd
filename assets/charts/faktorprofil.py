"""Chart 1, faktorprofil: which factors stand out here? The area's share on a strip of all municipalities."""

from __future__ import annotations

from typing import Any

import polars as pl

from assets.charts import numbers
from assets.charts.cells import Cell, Cells, count_text, has_pupils, interval_text, read_cells, reason_words, share_text
from assets.charts.findings import (
    all_hidden_title,
    complete_alt,
    grade_name,
    lookup,
    names,
    one_sentence,
    say,
    survey_subtitle,
    verdict,
)
from assets.charts.key import KeyItem, key_view
from assets.charts.rows import HEAD, Panel, panels, percent_axis, right_texts, row_labels
from assets.charts.theme import BLUE, COUNTY_GREY, MUTED, OTHER_GREY, WIDTH, Spec, boxed_text, frame, layer, px, text_width, view
from assets.charts.types import COUNTY_CODE, ChartCard, ChartMeta, IndexMeta, ReleaseFrames, Scope

ROW = 34
PLOT = (256.0, 590.0)


def build(frames: ReleaseFrames, scope: Scope, meta: ChartMeta, *, grade: str) -> ChartCard | None:
    """The card `faktorprofil_<grade>`, or None when the area has no such grade."""
    measures = {"share_band1", "share_band3", "diff_share_focus"}
    cells = read_cells(frames, scope, measures, grade=grade, others=True)
    if not has_pupils(cells, scope, grade):
        return None
    own = {key: share(cells, scope, index, grade, scope.area_code) for key, index in meta.indices.items()}
    clear = clear_indices(cells, scope, meta, grade)
    title = _title(meta, scope, grade, own, clear)
    chosen = panels(meta, ROW)
    drawn = [_panel_view(panel, cells, scope, meta, grade) for panel in chosen]
    subtitle = survey_subtitle(meta, scope, grade, list(own.values()))
    return ChartCard(
        chart_id=f"faktorprofil_{grade}",
        title=title,
        subtitle=subtitle,
        alt=_alt(meta, scope, grade, own, clear),
        spec=frame(title, subtitle, [_key(meta, scope), *drawn]),
        table=_table(chosen, cells, scope, meta, grade),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=(say(meta, "common.uncertainty"), *lookup(meta.texts, "faktorprofil.notes")),
    )


def share(cells: Cells, scope: Scope, index: IndexMeta, grade: str, area: str) -> Cell:
    """The share in the focus band in the latest wave, all pupils."""
    return cells.get(area, scope.wave, grade, "all", index.index_key, index.focus_measure)


def clear_indices(cells: Cells, scope: Scope, meta: ChartMeta, grade: str) -> list[IndexMeta]:
    """Factors whose difference to the county is both certain and more than small."""
    found = []
    for key, index in meta.indices.items():
        cell = cells.get(scope.area_code, scope.wave, grade, "all", key, "diff_share_focus")
        if verdict(cell) in ("higher", "lower"):
            found.append(index)
    return found


def others(cells: Cells, scope: Scope, index: IndexMeta, grade: str) -> list[float]:
    """Shown shares of the other municipalities, in order of size so that no name can be read from the place."""
    areas = [area for area in cells.areas(scope.wave) if area not in (scope.area_code, COUNTY_CODE)]
    found = [share(cells, scope, index, grade, area).value for area in areas]
    return sorted(value for value in found if value is not None)


def _key(meta: ChartMeta, scope: Scope) -> Spec:
    items = [
        KeyItem(say(meta, "common.key_own", area=scope.area_name), "circle", BLUE, interval=True, thick=3),
        KeyItem(meta.comparison_name, "tick", COUNTY_GREY, thick=4),
        KeyItem(say(meta, "common.key_others"), "tick", OTHER_GREY, thick=1.5),
        KeyItem(say(meta, "common.key_reference"), "dashed", MUTED, thick=1.5),
    ]
    return key_view(items, synthetic=meta.synthetic)


def _panel_view(panel: Panel, cells: Cells, scope: Scope, meta: ChartMeta, grade: str) -> Spec:
    strip: list[dict[str, Any]] = []
    county, rules, dots, texts, reasons = [], [], [], [], []
    for index, y in panel.rows:
        own = share(cells, scope, index, grade, scope.area_code)
        strip += [{"x": value, "y": y - 8, "y2": y + 8} for value in others(cells, scope, index, grade)]
        whole = share(cells, scope, index, grade, COUNTY_CODE)
        if whole.value is not None:
            county.append({"x": whole.value, "y": y - 15, "y2": y + 15})
        if own.value is None:
            text = reason_words(own, meta)
            reasons.append({"x": WIDTH - text_width(text) / 2 - 4, "y": y, "text": text})
            continue
        dots.append({"x": own.value, "y": y})
        texts.append((y, f"{share_text(own, meta)} ({interval_text(own, meta).removesuffix(numbers.NBSP + '%')})"))
        if own.low is not None and own.high is not None:
            rules.append({"x": own.low, "x2": own.high, "y": y})
    reference = panel.rows[0][0].reference_pct
    drawn = [reference, *(row["x"] for row in strip + county + dots), *(row["x2"] for row in rules)]
    axis = percent_axis(say(meta, f"faktorprofil.axis.{panel.kind}"), drawn, PLOT)
    vertical = {"x": axis, "y": px("y"), "y2": {"field": "y2"}}
    limit = [{"x": reference, "y": HEAD, "y2": panel.height}]
    layers = [
        layer({"type": "rule", "stroke": MUTED, "strokeDash": [4, 3], "strokeWidth": 1.5}, limit, **vertical),
        *row_labels(panel, meta, PLOT),
        layer({"type": "rule", "stroke": OTHER_GREY, "strokeWidth": 1.5}, strip, **vertical),
        layer({"type": "rule", "stroke": COUNTY_GREY, "strokeWidth": 4}, county, **vertical),
        layer({"type": "rule", "stroke": BLUE, "strokeWidth": 3}, rules, x=axis, x2={"field": "x2"}, y=px("y")),
        layer(
            {"type": "point", "shape": "circle", "size": 150, "fill": BLUE, "stroke": "white", "opacity": 1},
            dots,
            x=axis,
            y=px("y"),
        ),
        *boxed_text(reasons),
        right_texts([(HEAD / 2, say(meta, "common.right_head"))], muted=True),
        right_texts(texts),
    ]
    return view(layers, height=panel.height)


def _title(meta: ChartMeta, scope: Scope, grade: str, own: dict[str, Cell], clear: list[IndexMeta]) -> str:
    if not any(cell.shown for cell in own.values()):
        return all_hidden_title(meta, scope, grade, reason_words(next(iter(own.values())), meta))
    count = sum(cell.shown for cell in own.values())
    total = numbers.spelled(count)
    if count < len(own):
        total = say(meta, "faktorprofil.shown_only", total=total)
    shown = {"area": scope.area_name, "grade": grade_name(meta, grade), "total": total}
    if count == 1:
        return say(meta, f"faktorprofil.title.only_{'some' if clear else 'none'}", **shown)
    if not clear:
        return say(meta, "faktorprofil.title.none", **shown)
    return say(meta, "faktorprofil.title.some", count=numbers.spelled(len(clear)), names=names(clear), **shown)


def _alt(meta: ChartMeta, scope: Scope, grade: str, own: dict[str, Cell], clear: list[IndexMeta]) -> str:
    finding = say(meta, "faktorprofil.finding_some", names=names(clear)) if clear else say(meta, "faktorprofil.finding_none")
    hidden = [index for key, index in meta.indices.items() if not own[key].shown]
    if len(hidden) == len(own):
        finding = all_hidden_title(meta, scope, grade, reason_words(own[hidden[0].index_key], meta)) + "."
    elif hidden:
        count = numbers.upper_first(numbers.spelled(len(hidden)))
        finding = one_sentence([finding, say(meta, "faktorprofil.finding_hidden", count=count, names=names(hidden))])
    text = say(
        meta, "faktorprofil.alt", total=numbers.spelled(len(own)), area=scope.area_name, grade=grade_name(meta, grade),
        year=scope.wave, county=meta.comparison_label, finding=finding, uncertainty=say(meta, "common.uncertainty"),
    )  # fmt: skip
    return complete_alt(meta, text, synthetic=meta.synthetic)


def _table(chosen: list[Panel], cells: Cells, scope: Scope, meta: ChartMeta, grade: str) -> pl.DataFrame:
    head = {key: say(meta, f"common.columns.{key}", area=scope.area_name, county=meta.comparison_name)
            for key in ("arena", "factor", "group", "own", "interval", "n", "county", "county_interval")}  # fmt: skip
    extra = {key: say(meta, f"faktorprofil.columns.{key}") for key in ("others", "others_count", "reference")}
    rows = []
    for panel in chosen:
        for index, _ in panel.rows:
            own, whole = (share(cells, scope, index, grade, area) for area in (scope.area_code, COUNTY_CODE))
            strip = others(cells, scope, index, grade)
            rows.append({
                head["arena"]: numbers.upper_first(index.arena), head["factor"]: index.label_sv,
                head["group"]: index.focus_band_label_sv, head["own"]: share_text(own, meta),
                head["interval"]: interval_text(own, meta), head["n"]: count_text(own, meta),
                head["county"]: share_text(whole, meta), head["county_interval"]: interval_text(whole, meta),
                extra["others"]: numbers.percent_interval(strip[0], strip[-1]) if strip else "",
                extra["others_count"]: str(len(strip)), extra["reference"]: numbers.percent(index.reference_pct),
            })  # fmt: skip
    return pl.DataFrame(rows)
