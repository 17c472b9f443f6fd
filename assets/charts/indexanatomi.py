"""Chart 11, indexanatomi: what is the index made of? The steps of every question on the index's own scale, and how it works."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from assets.charts import numbers
from assets.charts.findings import complete_alt, lookup, say
from assets.charts.key import KeyItem, key_view
from assets.charts.theme import (
    BLUE,
    COUNTY_GREY,
    INK,
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
from assets.charts.types import ChartCard, ChartMeta, ReleaseFrames, Scope

ROW = 40
LABEL = 236
PLOT = (250.0, 510.0)
ICON = 538.0
LOOK = {"holds": ("circle", BLUE, True), "watch": ("triangle-up", ORANGE, False), "fails": ("square", ORANGE, True),
        "not_estimable": ("cross", COUNTY_GREY, False)}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One question: its short label, thresholds in logits, answers to the nearest 50 and the verdict."""

    title: str
    thresholds: tuple[float, ...]
    n: int | None
    verdict: str


def build(frames: ReleaseFrames, scope: Scope, meta: ChartMeta, *, index_key: str) -> ChartCard | None:
    """The card `indexanatomi_<index>`, or None when the index has no measurement model."""
    if frames.index_anatomy.is_empty():
        return None
    rows = frames.index_anatomy.filter((pl.col("index_key") == index_key) & (pl.col("edition") == scope.edition))
    items = [
        Item(row["title"], tuple(float(part) for part in (row["thresholds"] or "").split()), row["n"], row["verdict"])
        for row in rows.filter(pl.col("part") == "item").sort("key").iter_rows(named=True)
    ]
    if not items:
        return None
    index = meta.indices[index_key]
    other = [item for item in items if item.verdict not in ("holds", "not_estimable")]
    judged = [item for item in items if item.verdict != "not_estimable"]
    words = {"factor": index.label_sv, "factor_lower": numbers.lower_first(index.label_sv), "total": numbers.spelled(len(judged)),
             "count": numbers.spelled(len(judged) - len(other)), "items": numbers.spelled(len(items))}  # fmt: skip
    kind = "unknown" if not judged else "some" if other else "all"
    title = say(meta, f"indexanatomi.title.{kind}", **words)
    subtitle = say(meta, "indexanatomi.subtitle", **words, reliability=_reliability(rows, meta))
    watched = [f"”{item.title}”" for item in other]
    finding = title + (f"; {say(meta, 'indexanatomi.other', names=numbers.words(watched))}" if watched else ".")
    return ChartCard(
        chart_id=f"indexanatomi_{index_key}",
        title=title,
        subtitle=subtitle,
        alt=complete_alt(meta, say(meta, "indexanatomi.alt", **words, finding=finding), synthetic=meta.synthetic),
        spec=frame(title, subtitle, [_key(meta, items), _panel(items, meta, index.kind)]),
        table=_table(items, meta),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=tuple(lookup(meta.texts, "indexanatomi.notes")),
    )


def _reliability(rows: pl.DataFrame, meta: ChartMeta) -> str:
    found = {row["key"]: row["value"] for row in rows.filter(pl.col("part") == "figure").iter_rows(named=True)}
    value = found.get("omega")
    return say(meta, "indexanatomi.reliability", value=numbers.decimal(value, 2)) if value is not None else ""


def _key(meta: ChartMeta, items: list[Item]) -> Spec:
    used = {item.verdict for item in items}
    marks = [KeyItem(say(meta, "indexanatomi.key"), "circle", BLUE, interval=True, filled=False)]
    marks += [
        KeyItem(say(meta, f"indexanatomi.verdicts.{name}"), shape, colour, filled=filled)
        for name, (shape, colour, filled) in LOOK.items()
        if name in used
    ]
    return key_view(marks, synthetic=meta.synthetic)


def _panel(items: list[Item], meta: ChartMeta, kind: str) -> Spec:
    dots, rules, names, words, lines = [], [], [], [], []
    icons: dict[str, list[dict[str, float]]] = {verdict: [] for verdict in LOOK}
    for place, item in enumerate(items):
        y = place * ROW + ROW / 2
        text = wrap(item.title, LABEL)
        names.append({"x": 0, "y": y - (len(text) - 1) * (TEXT_SIZE + 3) / 2, "text": text})
        lines.append({"x": PLOT[0], "x2": PLOT[1], "y": y})
        if item.thresholds:
            rules.append({"x": min(item.thresholds), "x2": max(item.thresholds), "y": y})
        else:
            words.append({"x": PLOT[0] + 4, "y": y, "text": str(meta.reasons["missing"])})
        dots += [{"x": round(value, 2), "y": y} for value in item.thresholds]
        icons[item.verdict].append({"x": ICON, "y": y})
        words.append({"x": ICON + 16, "y": y, "text": say(meta, f"indexanatomi.verdicts.{item.verdict}")})
    ends = [abs(row["x"]) for row in dots]
    reach = -(-max([2.0, *ends]) // 1)
    axis = {
        "field": "x", "type": "quantitative", "scale": {"domain": [-reach, reach], "range": list(PLOT), "nice": False},
        "axis": {"title": say(meta, f"indexanatomi.axis.{kind}"), "orient": "bottom", "titleAnchor": "start", "format": "d",
                 "values": list(range(-int(reach), int(reach) + 1, 1 if reach < 5 else 2)), "domain": False,
                 "ticks": False, "titlePadding": 6},
    }  # fmt: skip
    for row in rules:
        row["x"], row["x2"] = round(row["x"], 2), round(row["x2"], 2)
    dot = {"type": "point", "shape": "circle", "size": 90, "stroke": BLUE, "strokeWidth": 2, "fill": "white", "opacity": 1}
    layers = [
        layer({"type": "rule", "stroke": LINE_GREY}, lines, x=px("x"), x2={"field": "x2"}, y=px("y")),
        layer({"type": "rule", "stroke": BLUE, "strokeWidth": 2}, rules, x=axis, x2={"field": "x2"}, y=px("y")),
        layer(dot, dots, x=axis, y=px("y")),
        text_layer(names, px("x"), px("y"), fill=INK, lineHeight=TEXT_SIZE + 3),
        text_layer(words, px("x"), px("y"), fill=MUTED),
    ]
    for verdict, (shape, colour, filled) in LOOK.items():
        mark = {"type": "point", "shape": shape, "size": 120, "stroke": colour, "strokeWidth": 2, "opacity": 1}
        layers.append(layer({**mark, "fill": colour if filled else "white"}, icons[verdict], x=px("x"), y=px("y")))
    return view(layers, height=len(items) * ROW, width=WIDTH)


def _table(items: list[Item], meta: ChartMeta) -> pl.DataFrame:
    head = {key: say(meta, f"indexanatomi.columns.{key}") for key in ("title", "thresholds", "n", "verdict")}
    return pl.DataFrame(
        [
            {
                head["title"]: item.title,
                head["thresholds"]: "; ".join(numbers.decimal(value, 2) for value in item.thresholds),
                head["n"]: numbers.thousands(item.n) if item.n is not None else str(meta.reasons["too_few"]),
                head["verdict"]: say(meta, f"indexanatomi.verdicts.{item.verdict}"),
            }
            for item in items
        ]
    )
