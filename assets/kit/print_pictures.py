"""Pictures of the printed kit: the charts of the cards, and the same axes without a value to guess on. Pure.

A blank is the board's own drawing without its layers of findings and intervals, so its scale is the chart's. Charts 12-14 are
drawn elsewhere and have no layers: of those the blank is built from the names of their rows and the ends of their axes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape, unescape
from typing import Any

from assets.bundle.html import without_title
from assets.charts.theme import INK, LINE_GREY, text_width
from assets.charts.types import ChartCard
from assets.kit.board_types import BoardCard, BoardContent, BoardPicture
from assets.kit.projector import SIZE

Draw = Callable[[ChartCard], str]
_LAYERS = re.compile(r'<g class="(?:finding|interval)">.*?</g>', re.DOTALL)
_VIEW_BOX = re.compile(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"')
_GROUP = re.compile(r'<text x="0\.0" y="([\d.]+)"[^>]*font-weight="bold"[^>]*>([^<]*)</text>')
_WHOLE_NUMBER = re.compile(r">[+−-]?(\d+)</text>")
PRINTED_GREY = "#8c8c8c"
LEAST_REACH = 10
"""Percentage points on either side of the county where no axis is drawn."""
FIELD = (90.0, 50.0, 1170.0, 690.0)
"""Left, top, right and bottom of the empty field, in a drawing of 1220 x 800."""


@dataclass(frozen=True)
class PrintedPicture:
    """A chart as it stands on a card. `notes`: beside the chart; `remarks`: on the card's back."""

    picture: BoardPicture
    source: str
    notes: tuple[str, ...]
    remarks: tuple[str, ...]


def printed_pictures(
    content: BoardContent, cards: Mapping[str, Sequence[ChartCard]], draw: Draw, most: Mapping[str, int]
) -> dict[str, tuple[PrintedPicture, ...]]:
    """By card the pictures that have room on paper.

    Args:
        cards: finished charts by card. One that the board shows already is not drawn again: it gives its source and remarks.
        most: by card how many have room.
    """
    found = {card.id: _of_card(card, cards.get(card.id, ()), draw, content.source) for card in content.cards}
    return {
        key: tuple(one for n, one in enumerate(drawn) if n == 0 or _has_numbers(one))[: most[key]] for key, drawn in found.items()
    }


def _has_numbers(printed: PrintedPicture) -> bool:
    """A further picture that could place nothing is no use on a wall."""
    return any(character.isdigit() for row in printed.picture.rows for text in row[1:] for character in text)


def _of_card(card: BoardCard, given: Sequence[ChartCard], draw: Draw, source: str) -> tuple[PrintedPicture, ...]:
    if card.pictures and card.pictures[0].layered:
        return tuple(PrintedPicture(one, source, one.notes, ()) for one in card.pictures)
    pictures = card.pictures or tuple(_drawn(one, draw) for one in given)
    told: list[tuple[str, tuple[str, ...]]] = [(one.source, one.notes) for one in given] or [(source, ())] * len(pictures)
    return tuple(
        PrintedPicture(replace(one, svg=without_title(one.svg)), where, (), notes)
        for one, (where, notes) in zip(pictures, told, strict=True)
    )


def _drawn(card: ChartCard, draw: Draw) -> BoardPicture:
    rows = tuple(tuple("" if value is None else str(value) for value in row) for row in card.table.rows())
    return BoardPicture(card.subtitle, card.title, draw(card), card.alt, tuple(card.table.columns), rows, layered=False)


def ratio(svg: str) -> float:
    """Width by height."""
    found = _VIEW_BOX.search(svg)
    return round(float(found[1]) / float(found[2]), 4) if found else 1.0


def without_values(picture: BoardPicture) -> str:
    """The axes and names of a layered picture alone, the lines dark enough for any printer."""
    return _GROUP.sub(_on_white, _LAYERS.sub("", picture.svg).replace(LINE_GREY, PRINTED_GREY))


def _on_white(group: re.Match[str]) -> str:
    """A group's heading reaches into the plot, so the lines are covered behind it."""
    width = text_width(unescape(group[2]), SIZE, bold=True) + 8
    return f'<rect x="0" y="{float(group[1]) - SIZE:g}" width="{width:g}" height="{SIZE + 8}" fill="#fff"/>{group[0]}'


def reach_of(picture: BoardPicture | None) -> int:
    """How far the axis of chart 13 goes on either side of the county: its tick labels are the drawing's only whole numbers."""
    found = [int(number) for number in _WHOLE_NUMBER.findall(picture.svg)] if picture else []
    return max(found, default=LEAST_REACH)


def empty_field(reach: int, words: Mapping[str, Any]) -> str:
    """Chart 13 without its factors.

    Args:
        reach: percentage points to either side. words: `prioriteringsfalt` of the chart texts.
    """
    left, top, right, bottom = FIELD
    middle, half = (left + right) / 2, (top + bottom) / 2
    questions, ends = words["questions"]["coverage"], words["ends"]
    parts = [_line(left, top, right, top), _line(left, bottom, right, bottom), _line(left, half, right, half)]
    parts += [_line(left, top, left, bottom), _line(right, top, right, bottom), _line(middle, top, middle, bottom, dash="10 8")]
    step = 5 if reach <= 15 else 10
    for value in range(-reach + reach % step, reach + 1, step):
        x = middle + (right - left) / 2 * value / reach
        sign = "−" if value < 0 else "+" if value > 0 else ""
        parts.append(_text(x, bottom + 28, f"{sign}{abs(value)}", "middle"))
    for quarter in range(5):
        parts.append(_text(left - 10, bottom - (bottom - top) * quarter / 4 + 8, f"{25 * quarter}\u00a0%", "end"))
    parts += [_text(left, bottom + 62, ends["less"]), _text(right, bottom + 62, ends["more"], "end")]
    parts += [_text(right, bottom + 98, words["axis"]["need"], "end"), _text(0, top - 20, words["axis"]["coverage"])]
    places = {"less_high": (left, top + 32), "more_high": (middle, top + 32),
              "less_low": (left, bottom - 16), "more_low": (middle, bottom - 16)}  # fmt: skip
    parts += [_text(x + 14, y, questions[key]) for key, (x, y) in places.items()]
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1220 800"'
    return f'{head} font-family="Liberation Sans, Arial, Helvetica, sans-serif" font-size="24">{"".join(parts)}</svg>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}">{escape(text)}</text>'


def _line(x: float, y: float, x2: float, y2: float, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    place = f'x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {place} stroke="{PRINTED_GREY}" stroke-width="3"{dashes}/>'
