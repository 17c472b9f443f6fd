"""Chart 15, parvis: do two groups see the same? The same question put to both, one row per question.

Made for pupils and staff of a school survey. A row is drawn only when both groups got the same question; a group that can't be
shown stands as its reason in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from assets.charts import numbers
from assets.charts.cells import Cell
from assets.charts.findings import complete_alt, lookup, say
from assets.charts.key import KeyItem, key_view
from assets.charts.theme import (
    BLUE,
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
from assets.charts.types import ChartCard, ChartMeta, Scope

ROW = 44
LABEL = 270
PLOT = (286.0, 560.0)
TOP = 10
OFFSET = (-8.0, 8.0)
LOOK = (("circle", BLUE, False), ("circle", ORANGE, True))


@dataclass(frozen=True)
class Question:
    """One question on a 0-10 scale and the register indicators that hold both groups' answers."""

    text_sv: str
    first_key: str
    second_key: str


@dataclass(frozen=True)
class Pair:
    """Both groups' published values of one question."""

    text: str
    cells: tuple[Cell, Cell]


def build(
    values: pl.DataFrame, scope: Scope, meta: ChartMeta, questions: Sequence[Question], *, source: str, synthetic: bool
) -> ChartCard | None:
    """The card `parvis`, or None when neither group has a row in the area.

    Args:
        values: `release.register_values`; the latest year that both groups have is drawn.
        questions: pairs of indicator keys, the first of pupils, the second of staff.
        source: source line. synthetic: whether the values are invented.
    """
    keys = [key for question in questions for key in (question.first_key, question.second_key)]
    rows = values.filter(
        (pl.col("area_code") == scope.area_code) & (pl.col("sex") == "all") & pl.col("indicator_key").is_in(keys)
    )
    firsts, seconds = ({q.first_key for q in questions}, {q.second_key for q in questions})
    years = [set(rows.filter(pl.col("indicator_key").is_in(list(part)))["year"].to_list()) for part in (firsts, seconds)]
    both = years[0] & years[1]
    if not both:
        return None
    year = max(both)
    by_key = {row["indicator_key"]: Cell(row["value"], n=row["n"], reason=row["reason"])
              for row in rows.filter(pl.col("year") == year).iter_rows(named=True)}  # fmt: skip
    none = Cell(None, reason="missing")
    pairs = [Pair(q.text_sv, (by_key.get(q.first_key, none), by_key.get(q.second_key, none))) for q in questions]
    seen = [pair for pair in pairs if all(cell.shown for cell in pair.cells)]
    words = {"area": scope.area_name, "year": year, "total": numbers.spelled(len(seen))}
    title = _title(seen, meta, words)
    subtitle = say(meta, "parvis.subtitle", **words)
    notes = tuple(lookup(meta.texts, "parvis.notes"))
    return ChartCard(
        chart_id="parvis",
        title=title,
        subtitle=subtitle,
        alt=complete_alt(meta, say(meta, "parvis.alt", **words, finding=title), synthetic=synthetic),
        spec=frame(title, subtitle, [_key(meta, synthetic=synthetic), _panel(pairs, meta)]),
        table=_table(pairs, meta),
        source=source,
        synthetic=synthetic,
        notes=notes,
    )


def _title(seen: list[Pair], meta: ChartMeta, words: dict[str, object]) -> str:
    if not seen:
        return say(meta, "parvis.title.hidden", **words)
    lower = sum((pair.cells[0].value or 0) < (pair.cells[1].value or 0) for pair in seen)
    return say(meta, "parvis.title.shown", **words, count=numbers.spelled(lower))


def _key(meta: ChartMeta, *, synthetic: bool) -> Spec:
    items = [
        KeyItem(say(meta, f"parvis.groups.{name}"), shape, colour, filled=filled)
        for name, (shape, colour, filled) in zip(("first", "second"), LOOK, strict=True)
    ]
    return key_view(items, synthetic=synthetic)


def _panel(pairs: list[Pair], meta: ChartMeta) -> Spec:
    dots: list[list[dict[str, float]]] = [[], []]
    links, names, words, counts, lines = [], [], [], [], []
    for place, pair in enumerate(pairs):
        y = place * ROW + ROW / 2
        text = wrap(pair.text, LABEL)
        names.append({"x": 0, "y": y - (len(text) - 1) * (TEXT_SIZE + 3) / 2, "text": text})
        lines.append({"x": PLOT[0], "x2": PLOT[1], "y": y})
        for k, cell in enumerate(pair.cells):
            group = say(meta, f"parvis.groups.{('first', 'second')[k]}")
            if cell.value is None:
                words.append({"x": PLOT[0] + 4, "y": y + 1.1 * OFFSET[k], "text": f"{group}: {meta.reasons[cell.reason]}"})
                continue
            dots[k].append({"x": cell.value, "y": y + OFFSET[k]})
            told = numbers.decimal(cell.value, 1)
            n = say(meta, "parvis.n", n=numbers.thousands(cell.n)) if cell.n is not None else ""
            counts.append({"x": float(WIDTH), "y": y + 1.1 * OFFSET[k], "text": f"{told} {n}".strip()})
        first, second = (cell.value for cell in pair.cells)
        if first is not None and second is not None:
            links.append({"x": first, "x2": second, "y": y + OFFSET[0], "y2": y + OFFSET[1]})
    axis = {
        "field": "x", "type": "quantitative", "scale": {"domain": [0, TOP], "range": list(PLOT), "nice": False},
        "axis": {"title": say(meta, "parvis.axis"), "values": [0, 2, 4, 6, 8, 10], "orient": "bottom", "titleAnchor": "start",
                 "domain": False, "ticks": False, "titlePadding": 6},
    }  # fmt: skip
    layers = [
        layer({"type": "rule", "stroke": LINE_GREY}, lines, x=px("x"), x2={"field": "x2"}, y=px("y")),
        layer(
            {"type": "rule", "stroke": MUTED, "strokeWidth": 2}, links, x=axis, x2={"field": "x2"}, y=px("y"), y2={"field": "y2"}
        ),
    ]
    for k, (shape, colour, filled) in enumerate(LOOK):
        mark = {"type": "point", "shape": shape, "size": 110, "stroke": colour, "strokeWidth": 2, "opacity": 1}
        layers.append(layer({**mark, "fill": colour if filled else "white"}, dots[k], x=axis, y=px("y")))
    layers += [
        text_layer(names, px("x"), px("y"), fill=INK, lineHeight=TEXT_SIZE + 3),
        text_layer(words, px("x"), px("y"), fill=MUTED, fontStyle="italic"),
        text_layer(counts, px("x"), px("y"), align="right", fill=MUTED),
    ]
    return view(layers, height=len(pairs) * ROW)


def _table(pairs: list[Pair], meta: ChartMeta) -> pl.DataFrame:
    def told(cell: Cell) -> str:
        return numbers.decimal(cell.value, 1) if cell.value is not None else str(meta.reasons[cell.reason])

    head = lookup(meta.texts, "parvis.columns")
    return pl.DataFrame(
        [
            {
                head["question"]: pair.text,
                head["first"]: told(pair.cells[0]),
                head["first_n"]: numbers.thousands(pair.cells[0].n) if pair.cells[0].n is not None else "",
                head["second"]: told(pair.cells[1]),
                head["second_n"]: numbers.thousands(pair.cells[1].n) if pair.cells[1].n is not None else "",
            }
            for pair in pairs
        ]
    )
