"""Charts 12-14 for a projector: what is done, what to speak of first, how ready we are. Text of 24 px, as in `projector.py`.

The state of a cell, the points and the medians are the finding; what isn't known, the spread and the intervals the uncertainty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assets.bundle.slide_charts import ends, number
from assets.charts import numbers
from assets.charts.tackningsmatris import EMPTY, FILLS, KNOWN, NONE, NOT_INVENTORIED, Place
from assets.charts.theme import BLUE, INK, LINE_GREY, MUTED, OTHER_GREY, wrap
from assets.kit.projector import HEIGHT, SIZE, WIDTH, Layers, Row, line_at, text_at

COUNTS = ("n_activities", "n_yes", "n_no", "n_dont_know", "n_disagreed", "n_not_inventoried", "n_own")
UNKNOWN = ("n_dont_know", "n_disagreed", "n_not_inventoried")
MATRIX_LEFT, GAP, PAD, STEP = 256, 6, 10, 25
FIELD = (90.0, 830.0, 36.0, 376.0)
"""Left, right, top and bottom of the prioritisation field."""
STAIRS = (600.0, 1010.0)
"""Where the lowest and the highest level of a condition stand."""
STAIRS_HEAD, NAMES = 62, 560
LEVELS = 4
DOT, POINT, LEGEND = 11, 17, 870
"""Radius of a median and of a numbered point (px), and where the numbers' names begin."""
HALO = 'paint-order="stroke" stroke="#fff" stroke-width="6" stroke-linejoin="round"'
"""A white edge, so that words can be read where they lie over lines."""


def matrix_chart(rows: Sequence[Row], words: Mapping[str, str], *, by: str) -> str:
    """A cell per row (arena) and factor: its state in words with the answer, how much isn't known with the uncertainty.

    Args:
        rows: the table of chart 12 by column key. words: of cells (`matrix` in `board.yml`). by: key of the column with the rows.
    """
    factors, lines = list(dict.fromkeys(row["factor"] for row in rows)), list(dict.fromkeys(row[by] for row in rows))
    across = (WIDTH - MATRIX_LEFT) / len(factors)
    heads = [wrap(name.replace("–", "– "), across - GAP - PAD, SIZE, bold=True) for name in factors]
    top = max(map(len, heads)) * STEP + 8
    tall = (HEIGHT - top) / len(lines)
    layers = Layers()
    for column, parts in enumerate(heads):
        _lines(layers.axis, MATRIX_LEFT + column * across, SIZE - 4, parts, weight="bold")
    for place, name in enumerate(lines):
        parts = wrap(name, MATRIX_LEFT - PAD, SIZE)
        _lines(layers.axis, 0, top + place * tall + tall / 2 + 8 - (len(parts) - 1) * STEP / 2, parts)
    for row in rows:
        x, y = MATRIX_LEFT + factors.index(row["factor"]) * across, top + lines.index(row[by]) * tall
        _cell(layers, row, words, (x, y, across - GAP, tall - GAP))
    return layers.svg()


def _cell(layers: Layers, row: Row, words: Mapping[str, str], box: tuple[float, float, float, float]) -> None:
    counts = {name: int(number(row[name]) or 0) for name in COUNTS}
    state = Place("", "", counts, "", tested=False).state
    x, y, wide, tall = box
    layers.axis.append(_rect(x, y, wide, tall, "none", LINE_GREY))
    if state == EMPTY:
        layers.axis.append(text_at(x + PAD, y + tall / 2 + 8, words[EMPTY], colour=MUTED))
        return
    dash = ' stroke-dasharray="8 6"' if state == NOT_INVENTORIED else ""
    layers.finding.append(_rect(x, y, wide, tall, FILLS[state], MUTED, dash))
    ink = "#fff" if state == KNOWN else INK
    said = words["own_only" if state == KNOWN and not counts["n_activities"] else state]
    unknown = sum(counts[name] for name in UNKNOWN) if state in (KNOWN, NONE) else 0
    middle = y + tall / 2 + 6
    told = said.format(yes=counts["n_yes"], total=counts["n_activities"])
    layers.finding.append(text_at(x + PAD, y + SIZE if unknown else middle, told, weight="bold", colour=ink))
    if unknown:
        more = words["unknown_one" if unknown == 1 else "unknown"].format(count=unknown)
        layers.over.append(text_at(x + PAD, y + SIZE + STEP, more, colour=ink))


def field_chart(rows: Sequence[Row], words: Mapping[str, Any]) -> str:
    """Need against known activities: numbered points with the answer, intervals with the uncertainty, names beside.

    Args:
        rows: the table of chart 13 by column key, those that are drawn. words: `prioriteringsfalt` of the chart texts.
    """
    left, right, top, bottom = FIELD
    ordered = sorted(rows, key=lambda row: numbers.swedish(row["factor"]))  # the suggested order would give the answer away
    spans = [(number(row["need"].removeprefix("+")) or 0.0, *ends(row["need_interval"])) for row in ordered]
    reach = max(10, 5 * int(-(-(max((abs(v) for span in spans for v in span if v is not None), default=0) + 0.5) // 5)))

    def px(points: float) -> float:
        return left + (points + reach) * (right - left) / (2 * reach)

    def py(percent: float) -> float:
        return bottom - percent / 100 * (bottom - top)

    layers = Layers()
    _field_axes(layers, words, reach)
    _names(layers, [row["factor"] for row in ordered])
    points: list[tuple[float, float]] = []
    for place, (row, (need, low, high)) in enumerate(zip(ordered, spans, strict=True), start=1):
        known, most = number(row["coverage"]) or 0.0, number(row["coverage_interval"])
        x, y = _apart(px(need), py(known), points)
        points.append((x, y))
        layers.interval.append(line_at(px(need if low is None else low), y, px(need if high is None else high), y, BLUE, 4))
        if most is not None and most > known:
            layers.interval.append(line_at(x, y, x, py(most), BLUE, 4))
        layers.finding.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{POINT}" fill="{BLUE}" stroke="#fff" stroke-width="2"/>')
        layers.finding.append(text_at(x, y + 8, str(place), anchor="middle", weight="bold", colour="#fff"))
    return layers.svg()


def _apart(x: float, y: float, points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The nearest height where the point doesn't lie on another; its need stays exact."""
    _, _, top, bottom = FIELD
    tries = [y + sign * step * 4 for step in range(60) for sign in (-1, 1)]
    free = [
        one for one in tries if top <= one <= bottom and all((x - a) ** 2 + (one - b) ** 2 >= (2 * POINT) ** 2 for a, b in points)
    ]
    return x, next(iter(free), y)


def _names(layers: Layers, names: Sequence[str]) -> None:
    """The numbers' names at the right of the field."""
    y = FIELD[2] + 20
    for place, name in enumerate(names, start=1):
        layers.axis.append(text_at(LEGEND, y, str(place), weight="bold"))
        parts = wrap(name, WIDTH - LEGEND - 34, SIZE)
        _lines(layers.axis, LEGEND + 34, y, parts)
        y += len(parts) * STEP + 10


def _field_axes(layers: Layers, words: Mapping[str, Any], reach: int) -> None:
    left, right, top, bottom = FIELD
    middle, half = (left + right) / 2, (top + bottom) / 2
    layers.axis += [line_at(left, y, right, y, OTHER_GREY, 2) for y in (top, half, bottom)]
    layers.axis += [line_at(x, top, x, bottom, OTHER_GREY, 2) for x in (left, right)]
    layers.axis.append(line_at(middle, top, middle, bottom, MUTED, 3, dash="10 8"))
    step = 5 if reach <= 15 else 10
    for value in range(-reach + reach % step, reach + 1, step):
        x = left + (value + reach) * (right - left) / (2 * reach)
        layers.axis.append(text_at(x, bottom + 28, numbers.signed(value), anchor="middle", colour=MUTED))
    for percent in range(0, 101, 50):
        y = bottom - percent / 100 * (bottom - top)
        layers.axis.append(text_at(left - 12, y + 8, numbers.percent(percent), anchor="end", colour=MUTED))
    layers.axis += [
        text_at(0, 22, words["axis"]["coverage"]),
        text_at(left, bottom + 58, words["ends"]["less"]),
        text_at(right, bottom + 58, words["ends"]["more"], anchor="end"),
        text_at(left, bottom + 88, words["axis"]["need"]),
    ]
    _questions(layers, words["questions"]["coverage"])


def _questions(layers: Layers, told: Mapping[str, str]) -> None:
    """A question in the corner of each field."""
    left, right, top, bottom = FIELD
    for key, x, anchor in (("less", left + 10, "start"), ("more", right - 10, "end")):
        for half in ("high", "low"):
            parts = wrap(told[f"{key}_{half}"], (right - left) / 2 - 20, SIZE)
            y = top + 28 if half == "high" else bottom - 12 - (len(parts) - 1) * STEP
            for place, part in enumerate(parts):
                layers.axis.append(text_at(x, y + place * STEP, part, anchor=anchor, colour=MUTED))


def stairs_chart(
    rows: Sequence[tuple[str, Mapping[str, Any]]], levels: Sequence[str], reasons: Mapping[str, str], answers: Mapping[str, str]
) -> str:
    """A row per condition: the median with the answer, every rater's tick and the middle half with the uncertainty.

    Args:
        rows: name and released row (`forutsattningstrappa.conditions_of`). levels: words of the four levels.
        reasons: in words, by code. answers: `{n} svar` for `one` and `several`.
    """
    tall = (HEIGHT - STAIRS_HEAD) / len(rows)
    layers = Layers()
    for level, words in enumerate(levels):
        parts = wrap(words, 132, SIZE)
        _lines(layers.axis, _level(level), STAIRS_HEAD - 16 - (len(parts) - 1) * STEP, parts, anchor="middle")
        layers.axis.append(line_at(_level(level), STAIRS_HEAD - 4, _level(level), HEIGHT, LINE_GREY, 2))
    for place, (name, row) in enumerate(rows):
        middle = STAIRS_HEAD + (place + 0.5) * tall
        parts = wrap(name, NAMES, SIZE)
        layers.axis.append(line_at(0, STAIRS_HEAD + place * tall, WIDTH, STAIRS_HEAD + place * tall, LINE_GREY, 1))
        _lines(layers.axis, 0, middle + 8 - (len(parts) - 1) * STEP / 2, parts)
        if row["reason"] != "ok":
            layers.finding.append(
                text_at(_level(0) - 16, middle + 8, reasons[row["reason"]]).replace("<text", f"<text {HALO}", 1)
            )
            continue
        count = row["n_raters"]
        layers.finding.append(
            text_at(WIDTH, middle + 8, answers["one" if count == 1 else "several"].format(n=count), anchor="end")
        )
        _condition(layers, row, middle)
    return layers.svg()


def _condition(layers: Layers, row: Mapping[str, Any], middle: float) -> None:
    y = middle - 8
    if row["q3"] > row["q1"]:
        layers.interval.append(line_at(_level(row["q1"]), y, _level(row["q3"]), y, OTHER_GREY, 14))
    given = [int(level) for level in row["levels"].split(";")]
    for level in range(LEVELS):
        count = given.count(level)
        step = min(10.0, 110 / max(count, 1))
        for tick in range(count):
            x = _level(level) + (tick - (count - 1) / 2) * step
            layers.interval.append(line_at(x, middle + 9, x, middle + 25, INK, 3))
    layers.finding.append(
        f'<circle cx="{_level(row["median"]):.1f}" cy="{y:.1f}" r="{DOT + 1}" fill="{BLUE}" stroke="#fff" stroke-width="2"/>'
    )


def _level(level: float) -> float:
    return STAIRS[0] + level * (STAIRS[1] - STAIRS[0]) / (LEVELS - 1)


def _lines(into: list[str], x: float, y: float, parts: Sequence[str], *, anchor: str = "start", weight: str = "normal") -> None:
    """Lines of a name under each other."""
    for place, part in enumerate(parts):
        into.append(text_at(x, y + place * STEP, part, anchor=anchor, weight=weight))


def _rect(x: float, y: float, wide: float, tall: float, fill: str, edge: str, more: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}"'
    return f'<rect {place} fill="{fill}" stroke="{edge}" stroke-width="2"{more}/>'
