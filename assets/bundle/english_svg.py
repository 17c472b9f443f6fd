"""A chart's drawn picture with its words in English, without drawing it anew. Pure.

Both cards are made by the same builder from the same numbers, so their specifications have the same layout, and every text has
been broken to the room it has. Places differ only where they follow from a text's own width (the key, boxed words): there the
English text may stand in the Swedish one's place when it is hardly wider.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape, unescape
from typing import Any

from assets.bundle.english_notation import SPEC_TEXTS, Notation
from assets.charts.theme import text_width
from assets.charts.types import ChartCard

SLACK = 14.0
"""Px that a text whose place follows from its width may be wider than the one it replaces: the key has 16 px between entries."""
_NODE = re.compile(r">([^<>]+)<")
_HEAD = re.compile(r'lang="sv"(.*?)<title>.*?</title><desc>.*?</desc>', re.DOTALL)


class _Apart(Exception):
    """The two specifications have different layouts, or a text doesn't fit."""


def english_picture(
    card: ChartCard, swedish: ChartCard | None, svg: str, notation: Notation, draw: Callable[[ChartCard], str]
) -> str:
    """The English card's picture: the Swedish one with its words exchanged when they fit, else drawn."""
    words = exchanged(swedish.spec, card.spec) if swedish and _HEAD.search(svg) else None
    drawn = _translated(svg, words, notation) if words is not None else None
    return _headed(draw(card) if drawn is None else drawn, card)


def exchanged(swedish: Mapping[str, Any], english: Mapping[str, Any]) -> dict[str, str] | None:
    """Swedish -> English for every drawn line but the title (which stands as a heading on a page); None when they don't fit."""
    found: dict[str, str] = {}
    try:
        for first, second in _pairs(_drawn(swedish), _drawn(english)):
            if found.setdefault(first, second) != second:
                return None
    except _Apart:
        return None
    return found


def _drawn(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in spec.items() if name not in ("title", "config")}


def _pairs(first: Any, second: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Texts in the same place of both specifications.

    Raises:
        _Apart: the two differ in more than texts and in places that follow from them.
    """
    if isinstance(first, dict) and isinstance(second, dict):
        if first.keys() != second.keys():
            raise _Apart
        for name in first:
            yield from _rows(first[name], second[name]) if name == "values" else _pairs(first[name], second[name], name)
    elif isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        if len(first) != len(second):
            raise _Apart
        for one, other in zip(first, second, strict=True):
            yield from _pairs(one, other, key)
    elif key in SPEC_TEXTS and isinstance(first, str) and isinstance(second, str):
        yield first, second
    elif first != second and key != "labelExpr":
        raise _Apart


def _rows(first: Any, second: Any) -> Iterator[tuple[str, str]]:
    """Texts of a layer's data (or an axis's ticks). A row in another place must have a text that is hardly wider."""
    if len(first) != len(second):
        raise _Apart
    for one, other in zip(first, second, strict=True):
        if not isinstance(one, dict):
            yield from _pairs(one, other)
            continue
        old, new = _lines(one), _lines(other)
        if len(new) > len(old) or one.keys() != other.keys():
            raise _Apart
        moved = any(one[name] != other[name] for name in one if name != "text")
        if moved and _width(new) > _width(old) + SLACK:
            raise _Apart
        yield from zip(old, [*new, *[""] * (len(old) - len(new))], strict=True)


def _width(lines: list[str]) -> float:
    return max(map(text_width, lines), default=0.0)


def _lines(row: Mapping[str, Any]) -> list[str]:
    text = row.get("text", [])
    return [text] if isinstance(text, str) else list(text)


def _translated(svg: str, words: Mapping[str, str], notation: Notation) -> str:
    def node(found: re.Match[str]) -> str:
        text = unescape(found[1])
        return f">{escape(words.get(text, notation(text)), quote=False)}<"

    return _NODE.sub(node, svg)


def _headed(svg: str, card: ChartCard) -> str:
    """The picture with the English title and description on its root."""
    head = f"<title>{escape(card.title)}</title><desc>{escape(card.alt)}</desc>"
    return _HEAD.sub(lambda found: f'lang="en"{found[1]}{head}', svg, count=1)
