"""Chart 9, platsintervall: which places in the order could a municipality have? A rule from the first to the last, never a dot.

For the county's pages only. The municipalities are in alphabetical order: an order by value would be the league table that the
intervals speak against.
"""

from __future__ import annotations

import polars as pl

from assets.charts import numbers
from assets.charts.cells import Cell
from assets.charts.findings import complete_alt, grade_name, lookup, say
from assets.charts.key import KeyItem, key_view
from assets.charts.places import short_reason
from assets.charts.theme import BLUE, COUNTY_GREY, LINE_GREY, MUTED, WIDTH, Spec, frame, layer, px, text_layer, text_width, view
from assets.charts.types import ChartCard, ChartMeta, Scope

ROW = 20.0
PLOT_RIGHT = 520.0
Row = dict[str, object]


def build(ranks: pl.DataFrame, scope: Scope, meta: ChartMeta, *, grade: str, index_key: str) -> ChartCard | None:
    """The card `platsintervall_<index>_<grade>`, or None when too few municipalities can be compared.

    Args:
        ranks: `release.rank_sets`.
    """
    own = (
        (pl.col("edition") == scope.edition) & (pl.col("wave") == scope.wave) & (pl.col("grade") == grade)
        & (pl.col("index_key") == index_key)
    )  # fmt: skip
    rows = sorted(ranks.filter(own).iter_rows(named=True), key=lambda row: numbers.swedish(str(row["area_name"])))
    shown = [row for row in rows if row["best_rank"] is not None]
    if not shown:
        return None
    index, total = meta.indices[index_key], int(shown[0]["ranked"])
    unknown = sum(bool(row["undecided"]) for row in shown)
    words = {"factor": index.label_sv, "group": index.focus_band_label_sv, "grade": grade_name(meta, grade), "year": scope.wave,
             "total": numbers.spelled(len(shown)), "unknown": numbers.spelled(unknown),
             "county": meta.comparison_label}  # fmt: skip
    kind = "all" if unknown == len(shown) else "some" if unknown else "none"
    title, subtitle = say(meta, f"platsintervall.title.{kind}", **words), say(meta, "platsintervall.subtitle", **words)
    alt = say(meta, "platsintervall.alt", **words, finding=title)
    return ChartCard(
        chart_id=f"platsintervall_{index_key}_{grade}",
        title=title,
        subtitle=subtitle,
        alt=complete_alt(meta, alt, synthetic=meta.synthetic),
        spec=frame(title, subtitle, [_key(meta), _panel(rows, total, meta, index.focus_band_label_sv)]),
        table=_table(rows, meta),
        source=meta.survey_source,
        synthetic=meta.synthetic,
        notes=tuple(lookup(meta.texts, "platsintervall.notes")),
    )


def _key(meta: ChartMeta) -> Spec:
    items = [
        KeyItem(say(meta, "platsintervall.key.narrow"), "line", BLUE, thick=7),
        KeyItem(say(meta, "platsintervall.key.undecided"), "line", COUNTY_GREY, thick=2),
    ]
    return key_view(items, synthetic=meta.synthetic)


def _panel(rows: list[Row], total: int, meta: ChartMeta, group: str) -> Spec:
    left = min(200.0, max(text_width(str(row["area_name"])) for row in rows) + 14)
    bars: dict[bool, list[dict[str, float]]] = {True: [], False: []}
    names, words, lines = [], [], []
    for place, row in enumerate(rows):
        y = place * ROW + ROW / 2
        names.append({"x": 0, "y": y, "text": str(row["area_name"])})
        lines.append({"x": left, "x2": PLOT_RIGHT, "y": y})
        if row["best_rank"] is not None:
            bars[bool(row["undecided"])].append({"x": row["best_rank"], "x2": row["worst_rank"], "y": y})
        words.append({"x": float(WIDTH), "y": y, "text": places_text(row, meta)})
    axis = {
        "field": "x", "type": "quantitative",
        "scale": {"domain": [1, max(2, total)], "range": [left + 8, PLOT_RIGHT - 8], "nice": False},
        "axis": {"title": say(meta, "platsintervall.axis", group=group), "values": _ticks(total), "orient": "bottom",
                 "titleAnchor": "start", "titlePadding": 6, "domain": False, "ticks": False},
    }  # fmt: skip
    ends = {"x": axis, "x2": {"field": "x2"}, "y": px("y")}
    layers = [
        layer({"type": "rule", "stroke": LINE_GREY}, lines, x=px("x"), x2={"field": "x2"}, y=px("y")),
        layer({"type": "rule", "stroke": COUNTY_GREY, "strokeWidth": 2}, bars[True], **ends),
        layer({"type": "rule", "stroke": BLUE, "strokeWidth": 7}, bars[False], **ends),
        text_layer(names, px("x"), px("y")),
        text_layer(words, px("x"), px("y"), align="right", fill=MUTED),
    ]
    return view(layers, height=len(rows) * ROW)


def _ticks(total: int) -> list[int]:
    return sorted({1, *range(5, total - 2, 5), total})


def places_text(row: Row, meta: ChartMeta) -> str:
    """`plats 3–9`, that the place can't be told, or the reason."""
    if row["best_rank"] is None:
        return short_reason(Cell(None, reason=str(row["reason"])), meta)
    if row["undecided"]:
        return say(meta, "platsintervall.undecided")
    return say(meta, "platsintervall.places", best=row["best_rank"], worst=row["worst_rank"])


def _table(rows: list[Row], meta: ChartMeta) -> pl.DataFrame:
    head = {key: say(meta, f"platsintervall.columns.{key}") for key in ("area", "best", "worst", "ranked", "told")}
    return pl.DataFrame(
        [
            {
                head["area"]: str(row["area_name"]),
                head["best"]: "" if row["best_rank"] is None else str(row["best_rank"]),
                head["worst"]: "" if row["worst_rank"] is None else str(row["worst_rank"]),
                head["ranked"]: "" if row["best_rank"] is None else str(row["ranked"]),
                head["told"]: places_text(row, meta),
            }
            for row in rows
        ]
    )
