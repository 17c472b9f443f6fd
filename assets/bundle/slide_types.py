"""What a slide is before it is drawn: plain data that `slides.py` fills and `slides_pptx.py` draws with python-pptx."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Series:
    """One row of bars or one line. None is a gap; `low` and `high` are the ends of the interval beside each value.

    `colour` is hexadecimal without `#`. `hollow`: places drawn as outlines only (a difference that can't be told).
    """

    name: str
    values: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    colour: str
    hollow: frozenset[int] = frozenset()


@dataclass(frozen=True)
class ChartPart:
    """A native chart. `kind`: `bar` (lying) or `line`. `marks`: what stands below in words, such as why a value is hidden.

    `label_size`: points of all its text, or 0 for the report's slides' own. `reach`: ends that the value axis has even when no
    value is that far, as on a slide without values.
    """

    id: str
    kind: str
    heading: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    number_format: str
    axis: str
    alt: str
    marks: tuple[str, ...] = ()
    label_size: float = 0
    reach: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class TextPart:
    """A column of text: a heading (may be empty) and its items. `numbered`: questions in order.

    `more`: what stands instead of the items that there is no room for. `sizes`: the smallest and the largest size in points.
    """

    heading: str
    items: tuple[str, ...]
    numbered: bool = False
    more: str = ""
    sizes: tuple[int, int] = (18, 24)


@dataclass(frozen=True)
class TablePart:
    """A table with a heading row. `widths`: relative widths of the columns. `size`, `head`: points of the text."""

    id: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    alt: str
    size: int = 18
    head: int = 16


Part = ChartPart | TextPart | TablePart


@dataclass(frozen=True)
class Slide:
    """One slide. `parts` stand beside each other with the relative `widths`; `foot` is a small line below them.

    `below`: text under a table that leaves room for it.
    """

    id: str
    title: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    foot: str = ""
    widths: tuple[float, ...] = ()
    below: TextPart | None = None


@dataclass(frozen=True)
class Deck:
    """A presentation: what stands on its first slide, in its footer and in its properties, and the slides after the first."""

    title: str
    subtitle: tuple[str, ...]
    first_notes: tuple[str, ...]
    footer: str
    warning: str
    subject: str
    slides: tuple[Slide, ...]
