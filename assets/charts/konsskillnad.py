"""Chart 4, könsskillnad: are girls and boys different? Both shares with intervals, and the tested difference in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.charts import numbers
from assets.charts.cells import Cell, has_pupils, interval_text, read_cells, reason_words, share_text
from assets.charts.findings import (
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
from assets.charts.rows import HEAD, Panel, panels, percent_axis, right_texts, row_labels
from assets.charts.theme import BLUE, MUTED, ORANGE, WIDTH, Spec, frame, halo_text, layer, px, view, wrap
from assets.charts.types import ChartCard, ChartMeta, IndexMeta, ReleaseFrames, Scope

ROW = 46
PLOT = (256.0, 510.0)
OFFSET = {"girl": -9.0, "boy": 9.0}
LOOK = {"girl": ("circle", BLUE), "boy": ("diamond", ORANGE)}


@dataclass(frozen=True)
class Pair:
    """One factor: both shares and their difference (girls minus boys)."""

    index: IndexMeta
    girl: Cell
    boy: Cell
    gap: Cell

    @property
    def found(self) -> str:
        """`higher`, `lower`, `unclear` or `hidden`; a clear difference is told whatever its size."""
        return {"small": "unclear"}.get(verdict(self.gap), verdict(self.gap).removesuffix("_small"))


def build(frames: ReleaseFrames, scope: Scope, meta: ChartMeta, *, grade: str) -> ChartCard | None:
    """The card `konsskillnad_<grade>`, or None when the area has no such grade."""
    cells = read_cells(frames, scope, {"share_band1", "share_band3", "sex_gap_share_focus"}, grade=grade)
    if not has_pupils(cells, scope, grade):
        return None

    def cell(sex: str, index: IndexMeta, measure: str) -> Cell:
        return cells.get(scope.area_code, scope.wave, grade, sex, index.index_key, measure)

    pairs = {
        key: Pair(index, *(cell(sex, index, index.focus_measure) for sex in OFFSET), cell("all", index, "sex_gap_share_focus"))
        for key, index in meta.indices.items()
    }
    title = _title(meta, scope, grade, pairs)
    subtitle = survey_subtitle(meta, scope, grade, [cell("all", index, index.focus_measure) for index in meta.indices.values()])
    chosen = panels(meta, ROW)
    return ChartCard(
        chart_id=f"konsskillnad_{grade}",
        title=title,
        subtitle=subtitle,
        alt=_alt(meta, scope, grade, pairs),
        spec=frame(title, subtitle, [_key(meta), *(_panel_view(panel, pairs, meta) for panel in chosen)]),
        table=_table(chosen, pairs, meta),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=(say(meta, "common.uncertainty"), *lookup(meta.texts, "konsskillnad.notes"), *_cautions(frames, meta)),
    )


def _cautions(frames: ReleaseFrames, meta: ChartMeta) -> tuple[str, ...]:
    """A sentence per index with a question that doesn't work alike for girls and boys, as the measurement's own table says."""
    if frames.index_anatomy.is_empty():
        return ()
    judged = frames.index_anatomy.filter((pl.col("part") == "group") & (pl.col("key") == "sex"))
    found = {row["index_key"]: row for row in judged.iter_rows(named=True) if row["verdict"] in ("watch", "fails")}
    return tuple(
        say(meta, f"konsskillnad.caution.{found[key]['verdict']}", factor=index.label_sv, sentence=found[key]["sentence"])
        for key, index in meta.indices.items()
        if key in found
    )


def _key(meta: ChartMeta) -> Spec:
    items = [
        KeyItem(say(meta, f"konsskillnad.key.{sex}"), shape, colour, interval=True, thick=3)
        for sex, (shape, colour) in LOOK.items()
    ]
    return key_view(items, synthetic=meta.synthetic)


def _panel_view(panel: Panel, pairs: dict[str, Pair], meta: ChartMeta) -> Spec:
    dots: dict[str, list[dict[str, Any]]] = {sex: [] for sex in OFFSET}
    rules: dict[str, list[dict[str, Any]]] = {sex: [] for sex in OFFSET}
    links, reasons = [], []
    for index, y in panel.rows:
        pair = pairs[index.index_key]
        for sex, cell in (("girl", pair.girl), ("boy", pair.boy)):
            if cell.value is None:
                text = f"{say(meta, f'common.sexes.{sex}')}: {reason_words(cell, meta)}"
                reasons.append({"x": PLOT[0] + 4, "y": y + OFFSET[sex], "text": text})
                continue
            dots[sex].append({"x": cell.value, "y": y + OFFSET[sex]})
            if cell.low is not None and cell.high is not None:
                rules[sex].append({"x": cell.low, "x2": cell.high, "y": y + OFFSET[sex]})
        if pair.girl.value is not None and pair.boy.value is not None:
            links.append({"x": pair.girl.value, "x2": pair.boy.value, "y": y + OFFSET["girl"], "y2": y + OFFSET["boy"]})
    drawn = [row["x"] for sex in OFFSET for row in dots[sex]] + [row["x2"] for sex in OFFSET for row in rules[sex]]
    axis = percent_axis(say(meta, f"konsskillnad.axis.{panel.kind}"), drawn, PLOT)
    ends = {"x2": {"field": "x2"}, "y": px("y")}
    layers = [
        *row_labels(panel, meta, PLOT),
        layer({"type": "rule", "stroke": MUTED, "strokeWidth": 1.5}, links, x=axis, y2={"field": "y2"}, **ends),
    ]
    for sex, (shape, colour) in LOOK.items():
        look = {"type": "point", "shape": shape, "size": 150, "fill": colour, "stroke": "white", "opacity": 1}
        layers.append(layer({"type": "rule", "stroke": colour, "strokeWidth": 3}, rules[sex], x=axis, **ends))
        layers.append(layer(look, dots[sex], x=axis, y=px("y")))
    heads = [(HEAD / 2, say(meta, "konsskillnad.difference_head"))]
    texts = [(y + place, text) for index, y in panel.rows for place, text in _gap_texts(pairs[index.index_key], meta)]
    layers += [
        *halo_text(reasons, px("x"), px("y"), fill=MUTED, fontStyle="italic"),
        right_texts(heads, muted=True),
        right_texts(texts),
    ]
    return view(layers, height=panel.height)


def _gap_texts(pair: Pair, meta: ChartMeta) -> list[tuple[float, str]]:
    """The difference with interval and the verdict under it, or the reason; nothing when both groups already say why."""
    if pair.gap.value is None:
        if not pair.girl.shown and not pair.boy.shown:
            return []
        lines = wrap(reason_words(pair.gap, meta), WIDTH - PLOT[1] - 6)
        return [(18.0 * (place - (len(lines) - 1) / 2), line) for place, line in enumerate(lines)]
    number = numbers.signed(pair.gap.value)
    if pair.gap.low is not None and pair.gap.high is not None:
        number += f" ({numbers.signed_interval(pair.gap.low, pair.gap.high)})"
    return [(-9.0, number), (9.0, say(meta, f"konsskillnad.verdict.{pair.found}"))]


def _named(pairs: dict[str, Pair], found: str) -> str:
    chosen = [pair.index for pair in pairs.values() if pair.found == found]
    return grouped_names(chosen) if found in ("higher", "lower") else names(chosen)


def _title(meta: ChartMeta, scope: Scope, grade: str, pairs: dict[str, Pair]) -> str:
    shown = {"area": scope.area_name, "grade": grade_name(meta, grade)}
    cells = [cell for pair in pairs.values() for cell in (pair.girl, pair.boy, pair.gap)]
    if not any(cell.shown for cell in cells):
        return all_hidden_title(meta, scope, grade, reason_words(cells[0], meta))
    girl, boy = _named(pairs, "higher"), _named(pairs, "lower")
    parts = [say(meta, "konsskillnad.title.girl", names=girl)] if girl else []
    parts += [say(meta, "konsskillnad.title.boy", names=boy)] if boy else []
    if not parts:
        return say(meta, "konsskillnad.title.none", **shown)
    return say(meta, "konsskillnad.title.parts", parts="; ".join(parts), **shown)


def _alt(meta: ChartMeta, scope: Scope, grade: str, pairs: dict[str, Pair]) -> str:
    girl, boy, hidden, unclear = (_named(pairs, found) for found in ("higher", "lower", "hidden", "unclear"))
    found = [say(meta, "konsskillnad.finding_girl", names=girl)] if girl else []
    found += [say(meta, "konsskillnad.finding_boy", names=boy)] if boy else []
    found = found or [say(meta, "konsskillnad.finding_none")]
    if unclear and (girl or boy):
        found.append(say(meta, "konsskillnad.finding_unclear", names=unclear))
    if hidden:
        found.append(say(meta, "konsskillnad.finding_hidden", names=hidden))
    text = say(
        meta, "konsskillnad.alt", grade=grade_name(meta, grade), area=scope.area_name, year=scope.wave,
        total=numbers.spelled(len(pairs)), finding=one_sentence(found), uncertainty=say(meta, "common.uncertainty"),
    )  # fmt: skip
    return complete_alt(meta, text, synthetic=meta.synthetic)


def _table(chosen: list[Panel], pairs: dict[str, Pair], meta: ChartMeta) -> pl.DataFrame:
    common = {key: say(meta, f"common.columns.{key}") for key in ("arena", "factor", "group")}
    keys = ("girl", "girl_interval", "boy", "boy_interval", "difference", "gap_interval", "verdict")
    head = {key: say(meta, f"konsskillnad.columns.{key}") for key in keys}
    rows = []
    for panel in chosen:
        for index, _ in panel.rows:
            pair = pairs[index.index_key]
            gap, reason = pair.gap, reason_words(pair.gap, meta)
            rows.append({
                common["arena"]: numbers.upper_first(index.arena), common["factor"]: index.label_sv,
                common["group"]: index.focus_band_label_sv,
                head["girl"]: share_text(pair.girl, meta), head["girl_interval"]: interval_text(pair.girl, meta),
                head["boy"]: share_text(pair.boy, meta), head["boy_interval"]: interval_text(pair.boy, meta),
                head["difference"]: numbers.signed(gap.value) if gap.value is not None else reason,
                head["gap_interval"]: (
                    numbers.signed_interval(gap.low, gap.high) if gap.low is not None and gap.high is not None else reason
                ),
                head["verdict"]: say(meta, f"konsskillnad.verdict.{pair.found}") if gap.shown else reason,
            })  # fmt: skip
    return pl.DataFrame(rows)
