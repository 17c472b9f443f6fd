"""Native charts with python-pptx: bars and lines with intervals as error bars, Swedish text, a workbook of the drawn values only.

python-pptx has no error bars, so they are put in as XML with their lengths as literals: the workbook holds nothing but the
categories and the values that the chart shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assets.bundle.slide_types import ChartPart, Series
from assets.charts.theme import INK, LINE_GREY, MUTED, text_width

if TYPE_CHECKING:
    from pptx.chart.chart import Chart

LABEL_SIZE, NARROW_LABEL_SIZE = 14, 12
MOST_STEPS, NARROW_STEPS = 5, 3
NARROW = 7 * 914_400
PALE = 0.45
ONE_ROW = 0.75
"""How much of the width a legend may fill before it is taken to need a row for each name."""
_POINT = 12_700
_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_NS = f'xmlns:c="{_CHART}" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
Scale = tuple[float, float, float]


def add_chart(shapes: Any, part: ChartPart, box: tuple[int, int, int, int], beside: Sequence[ChartPart] = ()) -> Any:
    """Draw the chart in a box (left, top, width, height in EMU). Returns the graphic frame.

    `beside`: charts on the same slide, which get the same scale so that they can be compared.
    """
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE

    data = CategoryChartData(number_format=part.number_format)
    data.categories = part.categories
    for series in part.series:
        data.add_series(series.name, series.values)
    kind = XL_CHART_TYPE.BAR_CLUSTERED if part.kind == "bar" else XL_CHART_TYPE.LINE_MARKERS
    frame = shapes.add_chart(kind, *box, data)
    narrow = box[2] < NARROW
    axis = scale((part, *beside), NARROW_STEPS if narrow and part.kind == "bar" else MOST_STEPS)
    _dress(frame.chart, part, axis, box, part.label_size or (NARROW_LABEL_SIZE if narrow else LABEL_SIZE))
    return frame


def _dress(chart: Chart, part: ChartPart, axis: Scale, box: tuple[int, int, int, int], size: float) -> None:
    chart.has_title = False
    chart.font.size, chart.font.name, chart.font.color.rgb = _pt(size), "Arial", _rgb(INK)
    lone = len(part.series) == 1
    chart.has_legend = not lone
    if not lone:
        from pptx.enum.chart import XL_LEGEND_POSITION

        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
        chart.legend.font.size = _pt(size)
    _axes(chart, part, axis, size)
    for drawn, series in zip(chart.plots[0].series, part.series, strict=True):
        (_bar_look if part.kind == "bar" else _line_look)(drawn, series)
        _error_bars(drawn, series, line=part.kind == "line")
    if part.kind == "bar":
        _room_for_labels(chart, part, box, size)
        chart.plots[0].gap_width, chart.plots[0].overlap = (60 if lone else 45), 0
        if not any(value is not None for series in part.series for value in series.low):
            _value_labels(chart, part, size + 2)


def _axes(chart: Chart, part: ChartPart, axis: Scale, size: float) -> None:
    from pptx.enum.chart import XL_TICK_LABEL_POSITION, XL_TICK_MARK

    names, values = chart.category_axis, chart.value_axis
    values.minimum_scale, values.maximum_scale, values.major_unit = axis
    values.has_major_gridlines = True
    values.major_gridlines.format.line.color.rgb = _rgb(LINE_GREY)
    values.format.line.fill.background()
    values.tick_labels.number_format, values.tick_labels.number_format_is_linked = part.number_format, False
    values.tick_labels.font.size, values.tick_labels.font.color.rgb = _pt(size), _rgb(MUTED)
    values.has_title = True
    values.axis_title.text_frame.text = part.axis
    run = values.axis_title.text_frame.paragraphs[0].runs[0]
    run.font.size, run.font.bold, run.font.color.rgb = _pt(size), False, _rgb(MUTED)
    names.tick_label_position, names.major_tick_mark = XL_TICK_LABEL_POSITION.LOW, XL_TICK_MARK.NONE
    names.tick_labels.font.size = _pt(size)
    names.format.line.color.rgb = _rgb(MUTED)
    if part.kind == "bar":
        names.reverse_order = True
        values.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
    _every_label(names, values)


def _every_label(names: Any, values: Any) -> None:
    """No category is left out for lack of room, and no label is turned."""
    from pptx.oxml import parse_xml

    skip = parse_xml(f'<c:tickLblSkip {_NS} val="1"/>')
    last = names._element.find(f"{{{_CHART}}}noMultiLvlLbl")
    names._element.append(skip) if last is None else last.addprevious(skip)
    for axis in (names, values):
        body = axis._element.txPr.bodyPr
        body.set("rot", "0")
        body.set("vert", "horz")


def _room_for_labels(chart: Chart, part: ChartPart, box: tuple[int, int, int, int], size: float) -> None:
    """Give the categories of lying bars the width their longest line needs (at most half), so that none is broken."""
    from pptx.oxml import parse_xml

    widest = max(text_width(line, size) for name in part.categories for line in name.split("\n"))
    width, height = box[2] / _POINT, box[3] / _POINT
    left = min(0.55, (widest + 14) / width)
    names = [text_width(series.name, size) + 30 for series in part.series]
    rows = (len(names) if sum(names) > ONE_ROW * width else 1) if chart.has_legend else 0
    top = (12 + rows * 1.3 * size) / height
    below = max(50, 3.4 * size) / height
    layout = parse_xml(
        f'<c:layout {_NS}><c:manualLayout><c:layoutTarget val="inner"/><c:xMode val="edge"/><c:yMode val="edge"/>'
        f'<c:x val="{left:.4f}"/><c:y val="{top:.4f}"/><c:w val="{0.95 - left:.4f}"/><c:h val="{1 - top - below:.4f}"/>'
        "</c:manualLayout></c:layout>"
    )
    area = chart._chartSpace.chart.plotArea
    for old in area.findall(f"{{{_CHART}}}layout"):
        area.remove(old)
    area.insert(0, layout)


def scale(parts: Sequence[ChartPart], steps: int = MOST_STEPS) -> Scale:
    """Ends and step of the value axis: whole steps around zero, every value and interval of all the charts."""
    ends = [
        v
        for part in parts
        for series in part.series
        for row in (series.values, series.low, series.high)
        for v in row
        if v is not None
    ]
    ends += [end for part in parts for end in part.reach]
    most, least = max([*ends, 0.0]), min([*ends, 0.0])
    width = most - least
    step = next(
        (s for s in (2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0) if width / s <= steps), 10000.0
    )
    return -step * -(least // step), step * -(-most // step) or step, step


def _bar_look(drawn: Any, series: Series) -> None:
    drawn.invert_if_negative = False
    drawn.format.fill.solid()
    drawn.format.fill.fore_color.rgb = _rgb(pale(series.colour))
    drawn.format.line.color.rgb, drawn.format.line.width = _rgb(series.colour), _pt(1.5)
    for place in sorted(series.hollow):
        look = drawn.points[place].format
        look.fill.solid()
        look.fill.fore_color.rgb = _rgb("FFFFFF")
        look.line.color.rgb, look.line.width = _rgb(series.colour), _pt(2)


def pale(colour: str) -> str:
    """The colour mixed with white, so that the interval can be seen through the whole bar."""
    parts = (int(colour.lstrip("#")[place : place + 2], 16) for place in (0, 2, 4))
    return "".join(f"{round(part + (255 - part) * PALE):02X}" for part in parts)


def _line_look(drawn: Any, series: Series) -> None:
    from pptx.enum.chart import XL_MARKER_STYLE

    drawn.smooth = False
    drawn.format.line.color.rgb, drawn.format.line.width = _rgb(series.colour), _pt(2.5)
    drawn.marker.style, drawn.marker.size = XL_MARKER_STYLE.CIRCLE, 9
    drawn.marker.format.fill.solid()
    drawn.marker.format.fill.fore_color.rgb = _rgb(series.colour)
    drawn.marker.format.line.color.rgb = _rgb("FFFFFF")


def _error_bars(drawn: Any, series: Series, *, line: bool) -> None:
    """The interval through each value. Lengths are the distances from the value to the ends."""
    from pptx.oxml import parse_xml

    if not any(end is not None for end in series.low):
        return
    plus, minus = [], []
    for value, low, high in zip(series.values, series.low, series.high, strict=True):
        known = value is not None and low is not None and high is not None
        plus.append(max(high - value, 0.0) if known else 0.0)
        minus.append(max(value - low, 0.0) if known else 0.0)
    direction = '<c:errDir val="y"/>' if line else ""
    ink = series.colour if line else "000000"
    drawn_bars = parse_xml(
        f'<c:errBars {_NS}>{direction}<c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="0"/>'
        f"<c:plus>{_literal(plus)}</c:plus><c:minus>{_literal(minus)}</c:minus>"
        f'<c:spPr><a:ln w="22225"><a:solidFill><a:srgbClr val="{ink}"/></a:solidFill></a:ln></c:spPr></c:errBars>'
    )
    element = drawn._element
    element.insert(element.index(element.cat), drawn_bars)


def _literal(lengths: list[float]) -> str:
    points = "".join(f'<c:pt idx="{place}"><c:v>{length:g}</c:v></c:pt>' for place, length in enumerate(lengths))
    return f'<c:numLit><c:formatCode>General</c:formatCode><c:ptCount val="{len(lengths)}"/>{points}</c:numLit>'


def _value_labels(chart: Chart, part: ChartPart, size: float) -> None:
    from pptx.enum.chart import XL_LABEL_POSITION

    plot = chart.plots[0]
    plot.has_data_labels = True
    labels = plot.data_labels
    labels.show_value, labels.position = True, XL_LABEL_POSITION.OUTSIDE_END
    labels.number_format, labels.number_format_is_linked = part.number_format, False
    labels.font.size = _pt(size)


def _pt(size: float) -> Any:
    from pptx.util import Pt

    return Pt(size)


def _rgb(colour: str) -> Any:
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(colour.lstrip("#").upper())
