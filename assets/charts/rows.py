"""The row layout shared by the factor charts: protective factors first, grouped by arena, labels at the left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assets.charts.findings import lookup
from assets.charts.numbers import upper_first
from assets.charts.theme import INK, LINE_GREY, MUTED, TEXT_SIZE, WIDTH, Spec, layer, px, text_layer, wrap
from assets.charts.types import ChartMeta, IndexMeta

LABEL_WIDTH = 248
HEAD = 26
KINDS = ("protective", "risk")


@dataclass(frozen=True)
class Panel:
    """Rows of one kind. `rows`: index and the px of its middle; `heads`: arena name and px; `height` in px."""

    kind: str
    rows: tuple[tuple[IndexMeta, float], ...]
    heads: tuple[tuple[str, float], ...]
    height: float


def panels(meta: ChartMeta, row_height: float) -> list[Panel]:
    """Both panels, strengths first; inside a panel the arenas and factors keep the catalogue's order."""
    arenas = list(lookup(meta.texts, "common.arenas"))
    found = []
    for kind in KINDS:
        chosen = [index for index in meta.indices.values() if index.kind == kind]
        chosen.sort(key=lambda index: arenas.index(index.arena))
        if chosen:
            found.append(_panel(kind, chosen, row_height))
    return found


def _panel(kind: str, chosen: Sequence[IndexMeta], row_height: float) -> Panel:
    rows, heads, y, arena = [], [], float(HEAD), ""
    for index in chosen:
        if index.arena != arena:
            arena = index.arena
            heads.append((upper_first(arena), y + HEAD / 2))
            y += HEAD
        rows.append((index, y + row_height / 2))
        y += row_height
    return Panel(kind, tuple(rows), tuple(heads), y)


def row_labels(panel: Panel, meta: ChartMeta, plot: tuple[float, float]) -> list[Spec]:
    """Panel title, arena names, factor names, and a faint line from each name into the plot."""
    left, right = plot
    title = [{"x": 0, "y": HEAD / 2, "text": lookup(meta.texts, f"common.panels.{panel.kind}")}]
    heads = [{"x": 0, "y": y, "text": text} for text, y in panel.heads]
    names = [{"x": 10, "y": y, "text": wrap(index.label_sv, LABEL_WIDTH - 12)} for index, y in panel.rows]
    for row in names:
        row["y"] -= (len(row["text"]) - 1) * (TEXT_SIZE + 3) / 2
    lines = [{"x": left, "x2": right, "y": y} for _, y in panel.rows]
    return [
        layer({"type": "rule", "stroke": LINE_GREY}, lines, x=px("x"), x2={"field": "x2"}, y=px("y")),
        text_layer(title, px("x"), px("y"), fontWeight="bold", fontSize=16),
        text_layer(heads, px("x"), px("y"), fill=MUTED),
        text_layer(names, px("x"), px("y"), fill=INK, lineHeight=TEXT_SIZE + 3),
    ]


def right_texts(values: Sequence[tuple[float, str]], *, muted: bool = False) -> Spec:
    """Texts flush with the right edge, one per row."""
    rows = [{"x": WIDTH, "y": y, "text": text} for y, text in values]
    return text_layer(rows, px("x"), px("y"), align="right", fill=MUTED if muted else INK)


def percent_axis(title: str, values: Sequence[float], plot: tuple[float, float]) -> Spec:
    """An x axis in per cent over the plot's part of the panel; never cut: the domain covers every drawn value."""
    top = axis_top(values)
    step = 5 if top <= 30 else 10
    return {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": [0, top], "range": list(plot), "nice": False},
        "axis": {
            "title": title,
            "values": list(range(0, int(top) + 1, step)),
            "labelExpr": "datum.label + '\u00a0%'",
            "orient": "bottom",
            "titleAnchor": "end",
            "titlePadding": 6,
            "domain": False,
            "ticks": False,
        },
    }


def axis_top(values: Sequence[float]) -> float:
    """The end of a per cent axis from 0: the next five above the largest drawn value, at least 15."""
    largest = max([15.0, *values])
    return float(min(100, 5 * -(-(largest + 0.5) // 5)))
