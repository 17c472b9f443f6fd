"""What the workshop board holds before it is a page: plain data, already published and rounded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from assets.charts.types import ChartCard


@dataclass(frozen=True)
class BoardPicture:
    """One chart in one variant (a grade, or a factor in a grade).

    Args:
        label: the variant in words (`Årskurs 9`).
        finding: the chart's finding in a sentence, told when the chart is revealed.
        svg: the picture. `layered`: it has the groups `finding` and `interval`, which are hidden until they are revealed;
            another picture is hidden whole until then.
        columns, rows: the table behind the picture, as texts.
        notes: reasons behind marks, and breaks.
    """

    label: str
    finding: str
    svg: str
    alt: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    layered: bool = True
    notes: tuple[str, ...] = ()


def picture_of(card: ChartCard, label: str, svg: str, notes: tuple[str, ...] = (), *, layered: bool = True) -> BoardPicture:
    """A drawing with the words and the table of its card."""
    rows = tuple(tuple("" if value is None else str(value) for value in row) for row in card.table.rows())
    return BoardPicture(label, card.title, svg, card.alt, tuple(card.table.columns), rows, layered, notes)


@dataclass(frozen=True)
class BoardCard:
    """One of the six charts: what to guess, the pictures, and what to say about it. Without pictures `missing` says why."""

    id: str
    title: str
    guess: str
    reading: tuple[str, ...]
    not_said: str
    questions: tuple[str, ...]
    pictures: tuple[BoardPicture, ...] = ()
    missing: str = ""


@dataclass(frozen=True)
class AgendaItem:
    """A part of the workshop. `view`: the board's view that belongs to it, or empty."""

    id: str
    title: str
    minutes: int
    guidance: str
    view: str = ""


@dataclass(frozen=True)
class EarlierDecision:
    """What was decided at an earlier workshop, as the release tells it."""

    id: str
    priority: str
    owner: str
    first_step: str
    follow_up: str


@dataclass(frozen=True)
class BoardContent:
    """A whole board. `version`: of the kit; `released`: the date of the release that its numbers come from."""

    area_code: str
    area_name: str
    wave: int
    edition: str
    version: str
    released: date
    synthetic: bool
    source: str
    cards: tuple[BoardCard, ...]
    factors: tuple[tuple[str, str], ...]
    agenda: tuple[AgendaItem, ...]
    earlier: tuple[EarlierDecision, ...] = ()
