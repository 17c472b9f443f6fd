"""How wide the columns of a printed table are, by the type's own widths, so that no number or interval is broken. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from assets.bundle.types import Table
from assets.charts.theme import text_width

TYPE_SIZE, LEAST_SIZE = 8.0, 6.0
"""Points."""
ROOM, GUTTER, STRIP_WIDTH = 61.6, 1.0, 9.6
"""In em of the usual type: the page's 174 mm, the space between two columns, what a small picture takes (`common.typ`)."""
LONGEST_HEADING, BROKEN_HEADING = 9.0, 5.5
"""Em of a heading's word that ask for room; a longer word is broken with a hyphen, and no short one (`common.typ`)."""
WORDS_AMONG_NUMBERS = 2.4
"""A column of numbers asks for no more than this beyond its longest word; the reason for a missing number may be broken."""
_INTERVAL = r"\([−+]?\d[^()]*\)"
_WHOLE, _BROKEN = (re.compile(pattern) for pattern in (rf"[−+]?\d[^()]{{0,9}}{_INTERVAL}|[^ ]+", rf"{_INTERVAL}|[^ ]+"))
"""What a cell is broken between: words, with a number and its interval as one word or the interval alone as one."""
CHOICES = ((_WHOLE, LONGEST_HEADING), (_WHOLE, BROKEN_HEADING), (_BROKEN, LONGEST_HEADING), (_BROKEN, BROKEN_HEADING))


def table_layout(table: Table) -> tuple[list[float] | None, float]:
    """Shares of the page's width by what the columns hold (None when the table is narrow), and the size of its type in points.

    A column first gets room for its longest word; what is left goes to the columns with longer texts. Of the ways to break the
    headings' words and the numbers before their intervals, that with the fewest lines is taken. When none has room, the type
    gets smaller.
    """
    columns = [[cell if isinstance(cell, str) else None for cell in column] for column in zip(*table.rows, strict=True)]
    columns = columns or [[] for _ in table.columns]
    headings = [text_width(name, 1.0, bold=True) + GUTTER for name in table.columns]
    best: tuple[int, list[float]] | None = None
    least: list[float] = []
    for parts, longest in CHOICES:
        needs, more = _column_needs(table, columns, parts, longest)
        whole = [need + extra for need, extra in zip(needs, more, strict=True)]
        if sum(map(max, whole, headings)) <= ROOM:
            return None, TYPE_SIZE
        least = needs
        if sum(needs) > ROOM:
            continue
        widths = _shared(_shared(needs, more), [max(0.0, head - one) for head, one in zip(headings, whole, strict=True)])
        lines = _lines(columns, widths, parts)
        if best is None or lines < best[0]:
            best = lines, widths
    if best is None:
        return [round(width, 2) for width in least], round(max(LEAST_SIZE, TYPE_SIZE * ROOM / sum(least)), 2)
    return [round(width, 2) for width in best[1]], TYPE_SIZE


def _shared(widths: list[float], wanted: list[float]) -> list[float]:
    """The widths with as much of what is wanted as the room that is left holds, in proportion."""
    part = min(1.0, max(0.0, ROOM - sum(widths)) / max(sum(wanted), GUTTER))
    return [width + part * more for width, more in zip(widths, wanted, strict=True)]


def _column_needs(
    table: Table, columns: list[list[str | None]], parts: re.Pattern[str], longest_heading: float
) -> tuple[list[float], list[float]]:
    """By column, in em: its longest word, and how much more its longest text would take."""
    needs, more = [], []
    for place, (name, texts) in enumerate(zip(table.columns, columns, strict=True)):
        words = [
            _width(word) if text else STRIP_WIDTH for text in set(texts) if text != "" for word in parts.findall(text or "x")
        ]
        heading = [min(text_width(word, 1.0, bold=True), longest_heading) for word in name.split(" ")]
        needs.append(max([*words, *heading], default=0) + GUTTER)
        extra = max([_width(text) for text in set(texts) if text], default=0.0) + GUTTER - needs[-1]
        more.append(max(0.0, min(extra, WORDS_AMONG_NUMBERS) if place in table.numeric else extra))
    return needs, more


def _lines(columns: list[list[str | None]], widths: list[float], parts: re.Pattern[str]) -> int:
    """Lines of all rows, each as high as its highest cell."""
    rooms = [width - GUTTER for width in widths]
    return sum(
        max(_lines_of(text, room, parts) if text else 1 for text, room in zip(row, rooms, strict=True))
        for row in zip(*columns, strict=True)
    )


def _lines_of(text: str, room: float, parts: re.Pattern[str]) -> int:
    if _width(text) <= room:
        return 1
    lines, filled = 1, 0.0
    for word in map(_width, parts.findall(text)):
        wider = filled + _width(" ") + word if filled else word
        if filled and wider > room:
            lines, filled = lines + 1, word
        else:
            filled = wider
    return lines


@lru_cache(maxsize=8192)
def _width(text: str) -> float:
    return text_width(text, 1.0)
