"""Charts for a projector: text of 24 px and more at 1280 x 720, drawn in layers so that a room can guess before it sees.

The report's own pictures have text of 14 px in 700 px and can't be read from four metres. These are drawn from the table that
stands beside the chart in the report (`assets.bundle.slide_charts.rows_of`), so nothing is shown that isn't published.
Layers: names and axis are always there, `finding` holds marks and values, `interval` the uncertainty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from assets.bundle.slide_charts import ends, number
from assets.charts import numbers
from assets.charts.rows import axis_top
from assets.charts.theme import BLUE, COUNTY_GREY, INK, LINE_GREY, ORANGE, wrap

WIDTH, HEIGHT = 1220, 470
SIZE = 24
LEFT, RIGHT = 430, 950
"""Where the plot of a chart in rows begins and ends."""
LEGEND, AXIS, GROUP, LEAST_GAP = 40, 40, 34, 30
TREND_LEFT, TREND_RIGHT = 90, 900
APART = (-8, 8)
"""The two marks of a row stand a little apart, or equal shares would hide each other."""

Row = Mapping[str, str]


@dataclass(frozen=True)
class Mark:
    """How one line or one kind of dot is drawn, and the columns of the table that hold it."""

    name: str
    value: str
    interval: str
    colour: str
    shape: str
    width: float = 5


@dataclass
class Layers:
    """SVG texts by when they are shown: `axis` always, `finding` with the answer, the others with the uncertainty."""

    axis: list[str] = field(default_factory=list)
    finding: list[str] = field(default_factory=list)
    interval: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)

    def svg(self) -> str:
        parts = [f"<g>{''.join(self.axis)}</g>"]
        # The interval lies under the marks, or a thick line would hide them.
        parts.append(f'<g class="interval">{"".join(self.interval)}</g>')
        parts.append(f'<g class="finding">{"".join(self.finding)}</g>')
        if self.over:
            parts.append(f'<g class="interval">{"".join(self.over)}</g>')
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" focusable="false"'
        return f'{head} font-family="Liberation Sans, Arial, Helvetica, sans-serif" font-size="{SIZE}">{"".join(parts)}</svg>'


def row_chart(groups: Sequence[tuple[str, Sequence[Row]]], marks: Sequence[Mark], *, name: str, aside: str) -> str:
    """Dots with intervals, a row per factor.

    Args:
        groups: heading and rows of each panel; risk and protection never share one.
        marks: what is drawn in each row.
        name: column with the row's name. aside: column whose text stands at the right when the chart is revealed.
    """
    rows = [row for _, held in groups for row in held]
    top = axis_top(_drawn(rows, marks))
    room = HEIGHT - LEGEND - AXIS - GROUP * len(groups)
    step = room / max(len(rows), 1)
    layers = Layers()
    _legend(layers, marks)
    _percent_axis(layers, top, HEIGHT - AXIS)
    y = float(LEGEND)
    for heading, held in groups:
        layers.axis.append(text_at(0, y + GROUP - 9, heading, weight="bold"))
        y += GROUP
        for row in held:
            middle = y + step / 2
            _row(layers, row, marks, top, middle, name=name, aside=aside)
            y += step
    return layers.svg()


def _row(layers: Layers, row: Row, marks: Sequence[Mark], top: float, y: float, *, name: str, aside: str) -> None:
    layers.axis += [line_at(LEFT, y, RIGHT, y, LINE_GREY, 2), text_at(LEFT - 16, y + 8, row[name], anchor="end")]

    def place(percent: float) -> float:
        return LEFT + (RIGHT - LEFT) * percent / top

    for mark, aside_px in zip(marks, APART, strict=True):
        value, (low, high) = number(row[mark.value]), ends(row[mark.interval])
        if value is None:
            continue
        if low is not None and high is not None:
            layers.interval.append(line_at(place(low), y + aside_px, place(high), y + aside_px, mark.colour, mark.width))
        layers.finding.append(_dot(place(value), y + aside_px, mark))
    layers.finding.append(text_at(RIGHT + 20, y + 8, row[aside], weight="bold"))


def trend_chart(rows: Sequence[Row], marks: Sequence[Mark], breaks: Sequence[int]) -> str:
    """Lines over the waves on a true time axis, with the reason's mark where the last mark has no value.

    Args:
        breaks: the years from which the series isn't comparable with what was before: the line is cut.
    """
    years = [int(row["year"]) for row in rows]
    top = axis_top(_drawn(rows, marks))
    head, bottom = LEGEND + 10, HEIGHT - AXIS - 6

    def px(year: float) -> float:
        span = max(years[-1] - years[0], 1)
        return TREND_LEFT + 40 + (TREND_RIGHT - TREND_LEFT - 80) * (year - years[0]) / span

    def py(percent: float) -> float:
        return bottom - (bottom - head) * percent / top

    layers = Layers()
    _legend(layers, marks)
    for tick in _ticks(top):
        layers.axis += [line_at(TREND_LEFT, py(tick), TREND_RIGHT, py(tick), LINE_GREY, 2)]
        layers.axis += [text_at(TREND_LEFT - 12, py(tick) + 8, numbers.percent(tick), anchor="end")]
    layers.axis += [text_at(px(year), HEIGHT - 10, str(year), anchor="middle") for year in years]
    for year in (one for one in breaks if one > years[0]):
        x = (px(year) + px(max([y for y in years if y < year], default=year))) / 2
        layers.axis.append(line_at(x, head, x, bottom, ORANGE, 3, dash="10 8"))
    labels: list[tuple[float, str, str]] = []
    for mark in marks:
        _trend_line(layers, rows, mark, breaks, px, py)
        last = number(rows[-1][mark.value])
        if last is not None:
            labels.append((py(last), f"{mark.name} {rows[-1][mark.value]}", mark.colour))
    for row in rows:
        if number(row[marks[-1].value]) is None:
            layers.finding.append(text_at(px(int(row["year"])), bottom - 12, short_reason(row[marks[-1].value]), anchor="middle"))
    _end_labels(layers, labels)
    return layers.svg()


def _trend_line(
    layers: Layers,
    rows: Sequence[Row],
    mark: Mark,
    breaks: Sequence[int],
    px: Callable[[float], float],
    py: Callable[[float], float],
) -> None:
    before: tuple[float, float] | None = None
    for row in rows:
        year, value, (low, high) = int(row["year"]), number(row[mark.value]), ends(row[mark.interval])
        if value is None or year in breaks:
            before = None
        if value is None:
            continue
        here = (px(year), py(value))
        if before:
            layers.finding.append(line_at(*before, *here, mark.colour, mark.width))
        if low is not None and high is not None:
            layers.interval.append(line_at(here[0], py(low), here[0], py(high), mark.colour, mark.width + 3))
        layers.finding.append(_dot(*here, mark))
        before = here


def _end_labels(layers: Layers, labels: list[tuple[float, str, str]]) -> None:
    """Names at the right ends of the lines, pushed apart when they would overlap."""
    free = 0.0
    for y, text, colour in sorted(labels):
        place = max(y, free)
        parts = wrap(text, WIDTH - TREND_RIGHT - 20, SIZE, bold=True)
        for n, part in enumerate(parts):
            layers.finding.append(text_at(TREND_RIGHT + 10, place + 8 + LEAST_GAP * n, part, weight="bold", colour=colour))
        free = place + LEAST_GAP * len(parts)


def _drawn(rows: Sequence[Row], marks: Sequence[Mark]) -> list[float]:
    found = [end for row in rows for mark in marks for end in (number(row[mark.value]), *ends(row[mark.interval]))]
    return [value for value in found if value is not None] or [10.0]


def _ticks(top: float) -> range:
    return range(0, int(top) + 1, 5 if top <= 30 else 10)


def _percent_axis(layers: Layers, top: float, y: float) -> None:
    for tick in _ticks(top):
        x = LEFT + (RIGHT - LEFT) * tick / top
        layers.axis += [line_at(x, LEGEND, x, y, LINE_GREY, 2), text_at(x, y + 28, numbers.percent(tick), anchor="middle")]


def _legend(layers: Layers, marks: Sequence[Mark]) -> None:
    x = 20.0
    for mark in reversed(marks):
        layers.axis += [_dot(x, 18, mark), text_at(x + 22, 26, mark.name)]
        x += 60 + 14.0 * len(mark.name)


def short_reason(text: str) -> str:
    """A reason as its mark alone (`[c]`); a reason without a mark as it is."""
    return text[text.rindex("[") :] if text.endswith("]") else text


def text_at(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal", colour: str = INK) -> str:
    look = f'text-anchor="{anchor}" font-weight="{weight}" fill="{colour}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(text)}</text>'


def line_at(x: float, y: float, x2: float, y2: float, colour: str, width: float, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    place = f'x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {place} stroke="{colour}" stroke-width="{width:g}"{dashes}/>'


def _dot(x: float, y: float, mark: Mark) -> str:
    edge = f'fill="{mark.colour}" stroke="#fff" stroke-width="2"'
    if mark.shape == "diamond":
        return f'<path d="M{x:.1f} {y - 11:.1f}l11 11l-11 11l-11 -11z" {edge}/>'
    if mark.shape == "square":
        return f'<rect x="{x - 9:.1f}" y="{y - 9:.1f}" width="18" height="18" {edge}/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="10" {edge}/>'


def area_marks(area: str, county: str) -> tuple[Mark, Mark]:
    """The county and the municipality, which is drawn last and so lies on top."""
    county_mark = Mark(county, "county", "county_interval", COUNTY_GREY, "diamond", 4)
    return county_mark, Mark(area, "own", "interval", BLUE, "circle", 7)


def sex_marks(girl: str, boy: str) -> tuple[Mark, Mark]:
    """Boys and girls, told apart by shape and colour."""
    return Mark(boy, "boy", "boy_interval", ORANGE, "square"), Mark(girl, "girl", "girl_interval", BLUE, "circle")
