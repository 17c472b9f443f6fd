"""Chart 14, förutsättningstrappa: are we ready? Seven rows, the level of every rater as a tick and the median as a dot.

The levels are ordinal: nothing is averaged, the axis carries words, and no line joins the conditions into a shape.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from assets.catalogue.readiness_models import ReadinessFile
from assets.charts import numbers
from assets.charts.findings import complete_alt, lookup, say
from assets.charts.key import KeyItem, key_view
from assets.charts.theme import (
    BLUE,
    INK,
    LINE_GREY,
    MUTED,
    OTHER_GREY,
    TEXT_SIZE,
    WIDTH,
    Spec,
    boxed_text,
    frame,
    layer,
    px,
    text_layer,
    view,
    wrap,
)
from assets.charts.types import ChartCard, ChartMeta, Scope

CHART_ID = "forutsattningstrappa"
ROW, HEAD = 52.0, 46.0
LABEL = 232.0
PLOT = (296.0, 536.0)
LEVELS = 4
TICK_STEP, TICK_ROOM = 6.0, 62.0
"""Ticks of one level lie so far apart (px), closer when they'd reach the next level's."""
PARTLY = 2
_Row = Mapping[str, Any]


def build(released: pl.DataFrame, scope: Scope, meta: ChartMeta, file: ReadinessFile, *, round_: str = "") -> ChartCard | None:
    """The card `forutsattningstrappa`, or None when the area has no row.

    Args:
        released: `release.readiness`. file: the instrument, for the words.
        round_: which round; when empty the newest that anybody in the municipality has answered.
    """
    chosen, ordered = conditions_of(released, scope, file, round_)
    if not chosen:
        return None
    shown = [(label, row) for label, row in ordered if row["reason"] == "ok"]
    title = _title(meta, scope, ordered, shown)
    subtitle = _subtitle(meta, chosen, [row for _, row in shown])
    spread = _spread_sentence(meta, shown)
    alt = say(meta, f"{CHART_ID}.alt", area=scope.area_name, round=chosen, finding=f"{title}.", spread=spread)
    return ChartCard(
        chart_id=CHART_ID,
        title=title,
        subtitle=subtitle,
        alt=complete_alt(meta, alt, synthetic=meta.synthetic),
        spec=frame(title, subtitle, [_key(meta), _panel(ordered, meta, file)]),
        table=_table(ordered, meta, file),
        source=say(meta, f"{CHART_ID}.source"),
        synthetic=meta.synthetic,
        notes=tuple(lookup(meta.texts, f"{CHART_ID}.notes")),
    )


def conditions_of(
    released: pl.DataFrame, scope: Scope, file: ReadinessFile, round_: str = ""
) -> tuple[str, list[tuple[str, _Row]]]:
    """The round that is shown, and each condition's name and released row in the instrument's order; ("", []) without any row.

    Args:
        released, file, round_: as in `build`.
    """
    own = released.filter((pl.col("area_code") == scope.area_code) & (pl.col("edition") == scope.edition))
    if own.is_empty():
        return "", []
    answered = own.filter(pl.col("reason") != "not_inventoried")
    chosen = round_ or max((own if answered.is_empty() else answered)["round"].to_list())
    rows = {row["condition"]: row for row in own.filter(pl.col("round") == chosen).iter_rows(named=True)}
    return chosen, [(condition.label_sv, rows.get(condition.id, {"reason": "not_inventoried"})) for condition in file.conditions]


def level_words(level: float, meta: ChartMeta, file: ReadinessFile) -> str:
    """`finns delvis`; midway between two levels `mellan ”har börjat” och ”finns delvis”`."""
    words, whole = file.level_words_sv, int(level)
    if level == whole:
        return words[whole]
    return say(meta, f"{CHART_ID}.between", low=words[whole], high=words[whole + 1])


def _title(meta: ChartMeta, scope: Scope, ordered: Sequence[tuple[str, _Row]], shown: Sequence[tuple[str, _Row]]) -> str:
    if not shown:
        reasons = {str(row["reason"]) for _, row in ordered}
        reason = "too_few_raters" if "too_few_raters" in reasons else "not_inventoried"
        return say(meta, f"{CHART_ID}.title.hidden", area=scope.area_name, reason=say(meta, f"{CHART_ID}.reasons.{reason}"))
    count = sum(row["median"] >= PARTLY for _, row in shown)
    whole = len(shown) == len(ordered)
    kind = "none" if not count else "part" if not whole else "all" if count == len(shown) else "shown"
    words = {"count": numbers.spelled(count), "total": numbers.spelled(len(shown))}
    return say(meta, f"{CHART_ID}.title.{kind}", area=scope.area_name, **words)


def _subtitle(meta: ChartMeta, chosen: str, shown: Sequence[_Row]) -> str:
    if not shown:
        return say(meta, f"{CHART_ID}.subtitle_no_n", round=chosen)
    counts = sorted(row["n_raters"] for row in shown)
    n = str(counts[0]) if counts[0] == counts[-1] else f"{counts[0]}{numbers.DASH}{counts[-1]}"
    return say(meta, f"{CHART_ID}.subtitle", round=chosen, n=n)


def _spread_sentence(meta: ChartMeta, shown: Sequence[tuple[str, _Row]]) -> str:
    widths = {label: row["q3"] - row["q1"] for label, row in shown}
    widest = max(widths.values(), default=0)
    if widest == 0:
        return ""
    return say(
        meta, f"{CHART_ID}.alt_spread", names=numbers.words([numbers.lower_first(n) for n in widths if widths[n] == widest])
    )


def _x(level: float) -> float:
    return round(PLOT[0] + level * (PLOT[1] - PLOT[0]) / (LEVELS - 1), 1)


def ticks(levels: str) -> list[float]:
    """Where (px) each rater's tick stands: side by side around the level, always at the same places for the same levels."""
    given = [int(level) for level in levels.split(";")]
    found = []
    for level in range(LEVELS):
        count = given.count(level)
        step = min(TICK_STEP, TICK_ROOM / max(count, 1))
        found += [round(_x(level) + (place - (count - 1) / 2) * step, 1) for place in range(count)]
    return found


def _key(meta: ChartMeta) -> Spec:
    items = [
        KeyItem(say(meta, f"{CHART_ID}.key.median"), "circle", BLUE),
        KeyItem(say(meta, f"{CHART_ID}.key.middle"), "line", OTHER_GREY, thick=7),
        KeyItem(say(meta, f"{CHART_ID}.key.rater"), "tick", INK, thick=2),
    ]
    return key_view(items, synthetic=meta.synthetic)


def _panel(ordered: Sequence[tuple[str, _Row]], meta: ChartMeta, file: ReadinessFile) -> Spec:
    names, dots, middles, marks, hidden, texts, notes = [], [], [], [], [], [], []
    for place, (label, row) in enumerate(ordered):
        y = HEAD + place * ROW + ROW / 2
        lines = wrap(label, LABEL)
        names.append({"x": 0, "y": y - (len(lines) - 1) * (TEXT_SIZE + 3) / 2, "text": lines})
        if row["reason"] != "ok":
            hidden.append({"x": sum(PLOT) / 2, "y": y, "text": say(meta, f"{CHART_ID}.reasons.{row['reason']}")})
            continue
        dots.append({"x": _x(row["median"]), "y": y - 7})
        if row["q3"] > row["q1"]:
            middles.append({"x": _x(row["q1"]), "x2": _x(row["q3"]), "y": y - 7})
        marks += [{"x": x, "y": y + 6, "y2": y + 18} for x in ticks(row["levels"])]
        texts.append({"x": float(WIDTH), "y": y - 9, "text": _answers(row["n_raters"], meta)})
        notes.append({"x": float(WIDTH), "y": y + 10, "text": say(meta, f"{CHART_ID}.change.{row['change']}")})
    height = HEAD + len(ordered) * ROW
    grid = [{"x": _x(level), "y": HEAD - 4, "y2": height} for level in range(LEVELS)]
    heads = []
    for level, words in enumerate(file.level_words_sv):
        lines = wrap(words, 76)
        heads.append({"x": _x(level), "y": HEAD - 14 - (len(lines) - 1) * (TEXT_SIZE + 2), "text": lines})
    separators = [{"x": 0, "x2": float(WIDTH), "y": HEAD + place * ROW} for place in range(len(ordered))]
    standing = {"x": px("x"), "y": px("y"), "y2": {"field": "y2"}}
    lying = {"x": px("x"), "x2": {"field": "x2"}, "y": px("y")}
    point = {"type": "point", "shape": "circle", "size": 130, "fill": BLUE, "stroke": BLUE, "strokeWidth": 2, "opacity": 1}
    layers = [
        layer({"type": "rule", "stroke": LINE_GREY}, separators, **lying),
        layer({"type": "rule", "stroke": LINE_GREY}, grid, **standing),
        text_layer(heads, px("x"), px("y"), align="center", fill=MUTED, lineHeight=TEXT_SIZE + 2),
        text_layer(names, px("x"), px("y"), lineHeight=TEXT_SIZE + 3),
        layer({"type": "rule", "stroke": OTHER_GREY, "strokeWidth": 7}, middles, **lying),
        layer({"type": "rule", "stroke": INK, "strokeWidth": 2}, marks, **standing),
        layer(point, dots, x=px("x"), y=px("y")),
        *boxed_text(hidden),
        text_layer(texts, px("x"), px("y"), align="right"),
        text_layer(notes, px("x"), px("y"), align="right", fill=MUTED),
    ]
    return view(layers, height=height)


def _answers(count: int, meta: ChartMeta) -> str:
    return say(meta, f"{CHART_ID}.answers.{'one' if count == 1 else 'several'}", n=count)


def _table(ordered: Sequence[tuple[str, _Row]], meta: ChartMeta, file: ReadinessFile) -> pl.DataFrame:
    head = lookup(meta.texts, f"{CHART_ID}.columns")
    return pl.DataFrame([{head["condition"]: label} | _cells(row, head, meta, file) for label, row in ordered])


def _cells(row: _Row, head: Mapping[str, str], meta: ChartMeta, file: ReadinessFile) -> dict[str, str]:
    if row["reason"] != "ok":
        reason = say(meta, f"{CHART_ID}.reasons.{row['reason']}")
        return {title: reason for name, title in head.items() if name != "condition"}
    told = {name: level_words(row[name], meta, file) for name in ("median", "q1", "q3", "lowest", "highest")}
    return {
        head["median"]: told["median"],
        head["middle"]: _span(told["q1"], told["q3"], meta),
        head["ends"]: _span(told["lowest"], told["highest"], meta),
        head["raters"]: numbers.thousands(row["n_raters"]),
        head["dont_know"]: numbers.percent(row["dont_know_pct"]),
        head["change"]: say(meta, f"{CHART_ID}.change.{row['change']}"),
        head["roles"]: _roles(json.loads(row["role_medians"]), meta, file),
    }


def _span(low: str, high: str, meta: ChartMeta) -> str:
    return low if low == high else say(meta, f"{CHART_ID}.span", low=low, high=high)


def _roles(medians: Mapping[str, float], meta: ChartMeta, file: ReadinessFile) -> str:
    labels = {role.id: numbers.lower_first(role.label_sv) for role in file.roles}
    parts = [f"{labels.get(role, file.other_role_sv)}: {level_words(level, meta, file)}" for role, level in medians.items()]
    return "; ".join(parts)
