"""Draw the presentation: a deck of plain slides -> the bytes of an editable PPTX file. Pure, the same bytes for the same deck."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from io import BytesIO
from itertools import pairwise
from typing import Any

from assets.bundle.slide_types import ChartPart, Deck, Part, Slide, TablePart, TextPart
from assets.bundle.slides import DeckWriter
from assets.bundle.slides_native import add_chart
from assets.bundle.slides_package import FONT, LANGUAGE, own_template, same_bytes
from assets.bundle.types import ReportContent, ReportMeta
from assets.bundle.words import Context
from assets.charts.theme import BLUE, INK, MUTED, ORANGE, text_width, wrap
from assets.charts.types import ReleaseFrames

FILE = "3_presentation/presentation.pptx"
EMU = 914_400
POINTS = 72
WIDTH, HEIGHT = 13.333, 7.5
LEFT, INNER = 0.6, 12.13
TITLE_TOP, TITLE_HEIGHT = 0.35, 1.25
TOP, BOTTOM = 1.65, 6.8
GAP = 0.35
FOOT_SIZE, LEAST_FOOT, FOOT_WIDTH = 12, 10, 11.2
LEAST_TEXT, MOST_TEXT = TextPart("", ()).sizes
LEAST_HEADING, MOST_HEADING_LINES = 16, 2
"""Points of a chart's heading that would take more lines than that in the usual size."""
TITLE_SIZES = (28, 26, 24, 22, 20, 18, 16, 14)
LINE = 1.18
INDENT = 0.28
SLACK = 1.02
"""`wrap` takes letters for about 2.5 per cent wider than they are; without this, text that has room would be left out, and with
more than that a long text runs over the source line."""
HEADING = 0.5
CELL_MARGIN = 0.05
BETWEEN = 6
DRAWING = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
Box = tuple[float, float, float, float]


def slide_files(frames: ReleaseFrames, content: ReportContent, meta: ReportMeta) -> dict[str, bytes]:
    """The presentation of one bundle, by its path in the bundle."""
    deck = DeckWriter(Context(frames, content.scope, meta), content).deck()
    return {FILE: draw(deck, meta.released)}


def draw(deck: Deck, released: date) -> bytes:
    """The deck as a PPTX file. `released`: the only date in it."""
    made = own_template(_emu(WIDTH), _emu(HEIGHT), _place)
    _properties(made, deck, released)
    _first_slide(made, deck)
    for slide in deck.slides:
        _slide(made, slide, deck)
    saved = BytesIO()
    made.save(saved)
    return same_bytes(saved.getvalue(), released)


def _properties(made: Any, deck: Deck, released: date) -> None:
    known = made.core_properties
    known.title, known.subject, known.language = deck.title, deck.subject, LANGUAGE
    known.author = known.last_modified_by = "Data i dialog"
    known.keywords = known.comments = known.category = ""
    known.created = known.modified = datetime(released.year, released.month, released.day, tzinfo=UTC).replace(tzinfo=None)
    known.revision = 1


def _place(shape: Any) -> None:
    """Where a placeholder of the master or a layout stands, and how its text looks."""
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN

    kind = shape._element.ph.get("type", "body")
    boxes: dict[str, Box] = {
        "title": (LEFT, TITLE_TOP, INNER, TITLE_HEIGHT),
        "ctrTitle": (LEFT, 1.7, INNER, 1.6),
        "subTitle": (LEFT, 3.5, INNER, 2.6),
        "body": (LEFT, TOP, INNER, BOTTOM - TOP),
        "ftr": (LEFT, 7.02, FOOT_WIDTH, 0.36),
        "sldNum": (12.0, 7.02, 0.73, 0.36),
    }
    if kind not in boxes:
        return
    shape.left, shape.top, shape.width, shape.height = (_emu(value) for value in boxes[kind])
    frame = shape.text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.vertical_anchor = MSO_ANCHOR.BOTTOM if kind == "ctrTitle" else MSO_ANCHOR.TOP
    for paragraph in frame.paragraphs:
        paragraph.alignment = PP_ALIGN.RIGHT if kind == "sldNum" else PP_ALIGN.LEFT


def _first_slide(made: Any, deck: Deck) -> None:
    slide = made.slides.add_slide(made.slide_layouts[0])
    _write(slide.shapes.title.text_frame, [deck.title], size=_title_size(deck.title, most=44, height=1.6), bold=True, colour=BLUE)
    under = slide.placeholders[1].text_frame
    _write(under, deck.subtitle, size=26)
    for run in under.paragraphs[0].runs:
        run.font.bold = True
    _finish(slide, deck, deck.first_notes)


def _slide(made: Any, slide: Slide, deck: Deck) -> None:
    drawn = made.slides.add_slide(made.slide_layouts[1])
    title = drawn.shapes.title.text_frame
    _write(title, [slide.title], size=_title_size(slide.title), bold=True, colour=BLUE)
    foot = wrap(slide.foot, INNER * POINTS, FOOT_SIZE) if slide.foot else []
    bottom = BOTTOM - len(foot) * FOOT_SIZE * LINE / POINTS
    widths = slide.widths or tuple(1 / len(slide.parts) for _ in slide.parts)
    room = INNER - GAP * (len(slide.parts) - 1)
    left, top = LEFT, _top(slide)
    placed = []
    for share in widths:
        placed.append((left, top, room * share, bottom - top))
        left += room * share + GAP
    size = min((_text_size(p, box) for p, box in zip(slide.parts, placed, strict=True) if isinstance(p, TextPart)), default=0)
    charts = [part for part in slide.parts if isinstance(part, ChartPart)]
    for part, box in zip(slide.parts, placed, strict=True):
        _part(drawn, part, box, size, charts)
    if slide.below:
        _below(drawn, slide.below, bottom)
    if foot:
        _text_box(
            drawn, (LEFT, bottom + 0.05, INNER, BOTTOM - bottom), [slide.foot], "Källa och läsning", size=FOOT_SIZE, colour=MUTED
        )
    _finish(drawn, deck, slide.notes)


def _top(slide: Slide) -> float:
    """Where the parts begin: charts whose headings say what they found get the room that a title of one line leaves."""
    if not all(isinstance(part, ChartPart) for part in slide.parts) or len(slide.parts) == 1:
        return TOP
    size = _title_size(slide.title)
    lines = len(wrap(slide.title, INNER * POINTS, size, bold=True))
    return min(TOP, TITLE_TOP + lines * size * LINE / POINTS + GAP)


def _part(slide: Any, part: Part, box: Box, size: int, charts: list[ChartPart]) -> None:
    if isinstance(part, ChartPart):
        _chart(slide, part, box, charts)
    elif isinstance(part, TablePart):
        _table(slide, part, box)
    else:
        _text(slide, part, box, size)


def _below(slide: Any, part: TextPart, bottom: float) -> None:
    """Text under the table, when all of it has room."""
    table = next(shape for shape in slide.shapes if shape.has_table)
    top = (table.top + sum(row.height for row in table.table.rows)) / EMU + GAP
    box = (LEFT, top, INNER, bottom - top)
    size, kept = fitting(part.items, INNER - INDENT, bottom - top, part.sizes)
    if kept == len(part.items):
        _text(slide, part, box, size)


def _below_heading(part: TextPart, box: Box) -> Box:
    left, top, width, height = box
    return (left, top + HEADING, width, height - HEADING) if part.heading else box


def _text_size(part: TextPart, box: Box) -> int:
    _, _, width, height = _below_heading(part, box)
    return fitting(part.items, width - INDENT, height, part.sizes)[0]


def _text(slide: Any, part: TextPart, box: Box, size: int) -> None:
    left, top, width, height = box
    if part.heading:
        _text_box(slide, (left, top, width, HEADING - 0.1), [part.heading], part.heading, size=max(22, part.sizes[0]), bold=True)
    left, top, width, height = _below_heading(part, box)
    items = shortened(part, width - INDENT, height)
    shape = _text_box(slide, (left, top, width, height), items, part.heading or "Text", size=size)
    for place, paragraph in enumerate(shape.text_frame.paragraphs):
        _bullet(paragraph, place if part.numbered else None)


def shortened(part: TextPart, width: float, height: float) -> tuple[str, ...]:
    """All items, or at the smallest size those that fit together with the words that there is more."""
    size, kept = fitting(part.items, width, height, part.sizes)
    if kept == len(part.items):
        return part.items
    while kept > 1 and _heights((*part.items[:kept], part.more), width, size)[-1] > height:
        kept -= 1
    return (*part.items[:kept], part.more)


def fitting(
    items: tuple[str, ...], width: float, height: float, sizes: tuple[int, int] = (LEAST_TEXT, MOST_TEXT)
) -> tuple[int, int]:
    """The largest size at which all items fit in a box (inches), and how many fit; at the smallest size the last ones may not."""
    least, most = sizes
    for size in range(most, least - 1, -2):
        if _heights(items, width, size)[-1:] <= [height]:
            return size, len(items)
    heights = _heights(items, width, least)
    return least, max(1, sum(end <= height for end in heights))


def _heights(items: tuple[str, ...], width: float, size: float) -> list[float]:
    """Where each item ends, in inches from the top."""
    ends, at = [], 0.0
    for item in items:
        at += len(wrap(item, width * POINTS * SLACK, size)) * size * LINE / POINTS + BETWEEN / POINTS
        ends.append(at)
    return ends


def _bullet(paragraph: Any, place: int | None) -> None:
    """A real list mark, so that a screen reader says that it is a list."""
    from pptx.oxml import parse_xml

    look = paragraph._p.get_or_add_pPr()
    look.set("marL", str(_emu(INDENT if place is None else 0.45)))
    look.set("indent", str(-_emu(INDENT if place is None else 0.45)))
    mark = '<a:buChar {} char="•"/>' if place is None else '<a:buAutoNum {} type="arabicPeriod"/>'
    look.append(parse_xml(mark.format(DRAWING)))


def _chart(slide: Any, part: ChartPart, box: Box, charts: list[ChartPart]) -> None:
    left, top, width, height = box
    if part.heading:
        size, room = _heading_room(charts, width)
        _text_box(slide, (left, top, width, room), [part.heading], part.heading, size=size, bold=True)
        top, height = top + room, height - room
    marks = " ".join(part.marks)
    if marks:
        room = len(wrap(marks, width * POINTS, FOOT_SIZE + 2)) * (FOOT_SIZE + 2) * LINE / POINTS + 0.05
        height -= room
        _text_box(slide, (left, top + height, width, room), [marks], "Märken och ändringar", size=FOOT_SIZE + 2, colour=INK)
    edges = (_emu(left), _emu(top), _emu(width), _emu(height))
    frame = add_chart(slide.shapes, part, edges, charts)
    _describe(frame, f"Diagram {part.id}", part.alt)


def _heading_room(charts: list[ChartPart], width: float) -> tuple[int, float]:
    """Points and inches of the headings of charts side by side, the same for all so that the charts begin level."""
    for size in (max(LEAST_TEXT, *(part.label_size for part in charts)), LEAST_HEADING):
        lines = max(len(wrap(part.heading, width * POINTS, size, bold=True)) for part in charts)
        if lines <= MOST_HEADING_LINES:
            break
    return size, lines * size * LINE / POINTS + 0.05


def _table(slide: Any, part: TablePart, box: Box) -> None:
    """A table with as many rows as there is room for, by how many lines each will take."""
    left, top, width, height = box
    widths = [width * share / sum(part.widths) for share in part.widths]
    heights, kept = [_row_height(part.columns, widths, part.head, bold=True)], []
    for texts in part.rows:
        heights.append(_row_height(texts, widths, part.size))
        if sum(heights) > height:
            heights.pop()
            break
        kept.append(texts)
    frame = slide.shapes.add_table(len(kept) + 1, len(widths), _emu(left), _emu(top), _emu(width), _emu(sum(heights)))
    for place, wide in enumerate(widths):
        frame.table.columns[place].width = _emu(wide)
    for row, texts in enumerate((part.columns, *kept)):
        frame.table.rows[row].height = _emu(heights[row])
        for column, text in enumerate(texts):
            cell = frame.table.cell(row, column)
            cell.margin_top = cell.margin_bottom = _emu(CELL_MARGIN)
            head = row == 0
            _write(
                cell.text_frame,
                [text],
                size=part.head if head else part.size,
                bold=head,
                colour="#ffffff" if head else INK,
                after=0,
            )
    _describe(frame, f"Tabell {part.id}", part.alt)


def table_pages(part: TablePart, height: float) -> tuple[TablePart, ...]:
    """A table cut into tables no higher than `height` inches at full width, each with the heading row and about as many rows.

    A row is never cut, and none is left out.
    """
    widths = [INNER * share / sum(part.widths) for share in part.widths]
    room = height - _row_height(part.columns, widths, part.head, bold=True)
    tall = [_row_height(row, widths, part.size) for row in part.rows]
    ends, used = [], 0.0
    for place, one in enumerate(tall):
        if place and used + one > room:
            ends.append(place)
            used = 0.0
        used += one
    most = -(-len(tall) // (len(ends) + 1))
    even = range(most, len(tall), most)
    if all(sum(tall[start : start + most]) <= room for start in range(0, len(tall), most)):
        ends = list(even)
    cuts = [0, *ends, len(tall)]
    return tuple(replace(part, rows=part.rows[start:end]) for start, end in pairwise(cuts))


def _row_height(texts: tuple[str, ...], widths: list[float], size: float, *, bold: bool = False) -> float:
    lines = max(len(wrap(text, (wide - 0.2) * POINTS, size, bold=bold)) for text, wide in zip(texts, widths, strict=True))
    return lines * size * LINE / POINTS + 2 * CELL_MARGIN


def _describe(frame: Any, name: str, alt: str) -> None:
    known = frame._element._nvXxPr.cNvPr
    known.set("name", name)
    known.set("descr", alt)


def _finish(slide: Any, deck: Deck, notes: tuple[str, ...]) -> None:
    """Footer, slide number and speaker notes."""
    for shape in slide.slide_layout.placeholders:
        kind = shape._element.ph.get("type")
        if kind in ("ftr", "sldNum"):
            slide.shapes._spTree.append(copy.deepcopy(shape._element))
    for number, element in enumerate(slide.shapes._spTree.xpath("./p:sp/p:nvSpPr/p:cNvPr | ./p:graphicFrame//p:cNvPr"), start=2):
        element.set("id", str(number))
    foot = next(shape for shape in slide.placeholders if shape._element.ph.get("type") == "ftr")
    size = FOOT_SIZE if text_width(f"{deck.warning} {deck.footer}", FOOT_SIZE, bold=True) < FOOT_WIDTH * POINTS else LEAST_FOOT
    _write(foot.text_frame, [deck.footer if not deck.warning else ""], size=size, colour=MUTED)
    if deck.warning:
        line = foot.text_frame.paragraphs[0]
        _run(line, deck.warning, size=size, bold=True, colour=ORANGE)
        _run(line, f" · {deck.footer}", size=size, bold=False, colour=MUTED)
    _write(slide.notes_slide.notes_text_frame, notes, size=None)


def _text_box(slide: Any, box: Box, texts: Any, name: str, *, size: float, bold: bool = False, colour: str = INK) -> Any:
    shape = slide.shapes.add_textbox(*(_emu(value) for value in box))
    shape.name = name[:60]
    frame = shape.text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    _write(frame, texts, size=size, bold=bold, colour=colour)
    return shape


def _write(frame: Any, texts: Any, *, size: float | None, bold: bool = False, colour: str = INK, after: float = BETWEEN) -> None:
    """A paragraph per text, each as one run with our font and Swedish as its language."""
    frame.clear()
    for place, text in enumerate(texts):
        made = copy.deepcopy(_paragraph(size, bold, colour, after))
        made.r_lst[0].text = text
        if place == 0:
            frame._txBody.replace(frame._txBody.p_lst[0], made)
        else:
            frame._txBody.append(made)


@lru_cache(maxsize=64)
def _paragraph(size: float | None, bold: bool, colour: str, after: float) -> Any:
    """An element to copy: python-pptx takes a step per property, and a deck has hundreds of paragraphs of a dozen looks."""
    from pptx.enum.text import PP_ALIGN
    from pptx.oxml import parse_xml
    from pptx.text.text import _Paragraph
    from pptx.util import Pt

    paragraph = _Paragraph(parse_xml(f"<a:p {DRAWING}/>"), None)
    paragraph.space_after, paragraph.alignment = Pt(after), PP_ALIGN.LEFT
    _run(paragraph, "", size=size, bold=bold, colour=colour)
    return paragraph._p


def _run(paragraph: Any, text: str, *, size: float | None, bold: bool, colour: str) -> None:
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    run = paragraph.add_run()
    run.text = text
    run.font._element.set("lang", LANGUAGE)
    if size is not None:
        run.font.size, run.font.bold, run.font.name = Pt(size), bold, FONT
        run.font.color.rgb = RGBColor.from_string(colour.lstrip("#").upper())


def _title_size(title: str, *, most: int = TITLE_SIZES[0], height: float = TITLE_HEIGHT) -> int:
    """The largest size at which a title fits its place."""
    for size in (*range(most, TITLE_SIZES[0], -4), *TITLE_SIZES):
        if len(wrap(title, INNER * POINTS, size, bold=True)) * size * LINE / POINTS <= height:
            widest = max(text_width(word, size, bold=True) for word in title.split(" "))
            if widest <= INNER * POINTS:
                return size
    return TITLE_SIZES[-1]


def _emu(inches: float) -> int:
    return round(inches * EMU)
