"""What the quality report is made of: facts about a delivery, and the content of its page. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from assets.bundle.types import Section

ItemState = Literal["ok", "more", "less", "gone", "absent", "new", "back"]
StatusKind = Literal["accepted", "partly", "stopped", "replaced", "nobody", "unjudged"]
Severity = Literal["stop", "warning", "info"]


class Counts(NamedTuple):
    """Rows of one question: all, without the column, routed past (996), don't know (998), no answer (999)."""

    rows: int
    absent: int
    routed: int
    dont_know: int
    unanswered: int

    @property
    def asked(self) -> int:
        """Rows whose delivery has the column."""
        return self.rows - self.absent

    @property
    def answered(self) -> int:
        """Rows with anything but an empty cell; a column without any is as good as no column."""
        return self.asked - self.unanswered


@dataclass(frozen=True)
class ItemQuality:
    """One question of a delivery. Shares are whole per cent of its rows; None under the floor, without the column, and where
    the question has no "don't know" or leads nobody past.

    `history`: wave -> share without an answer, oldest first, the delivery's own wave last. `change`: percentage points since the
    wave before, of the shown shares.
    """

    item: str
    label: str
    arena: str
    unanswered: int | None
    dont_know: int | None
    routed: int | None
    history: tuple[tuple[int, int | None], ...]
    change: int | None
    state: ItemState


@dataclass(frozen=True)
class Place:
    """A municipality in a delivery, beside the municipality's last accepted delivery. Exact counts; the content rounds them.

    `items`, `previous_items`: questions with a column; `gone`, `added`: questions asked both times whose column left or came.
    `same_structure`: whether both files have the same fingerprint, None without an earlier file.
    """

    code: str
    name: str
    status: str
    rows: int
    items: int
    previous_wave: int | None = None
    previous_rows: int = 0
    previous_items: int = 0
    gone: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    same_structure: bool | None = None


@dataclass(frozen=True)
class RuleText:
    """What a rule says to a person."""

    text: str
    why: str
    remedy: str


@dataclass(frozen=True)
class RuleResult:
    """A rule tried on a delivery: `severity` critical, warning or info; `status` holds, broken or not_evaluated.

    A rule isn't evaluated when it crashed or when there is nothing to judge, such as no earlier wave to compare with.
    """

    table: str
    rule: str
    severity: str
    status: str
    columns: tuple[str, ...]
    said: RuleText


@dataclass(frozen=True)
class ScreenResult:
    """One plausibility rule (or `any`, `removed`) on a delivery's rows. Exact counts; the content rounds them."""

    rule: str
    screened: int
    flagged: int
    removed: int


@dataclass(frozen=True)
class DeliveryFacts:
    """All that is known of one delivery x wave. Counts are exact here and rounded in the content; no row value anywhere.

    `rules`, `screen`: None when the tables they come from aren't there. `newer`: id of the delivery that took its place.
    """

    delivery_id: str
    wave: int
    file_name: str
    sha256: str
    file_format: str
    encoding: str
    delimiter: str
    decimal_mark: str
    sheets: int | None
    fingerprint: str
    received: date | None
    codebook: str
    declared: bool
    matched_pct: int
    sidecar_reason: str
    sidecar_municipality: str
    notes: tuple[str, ...]
    unknown_columns: tuple[str, ...]
    missing_items: tuple[str, ...]
    status: StatusKind
    replaced_by: str
    newer: str
    replaces: tuple[str, ...]
    rows_received: int
    rows_outside: int
    rows_superseded: int
    rows_stopped: int
    rows_kept: int
    duplicate_rows: int | None
    repeated_ids: int | None
    places: tuple[Place, ...]
    items: tuple[ItemQuality, ...]
    critical_broken: int
    warnings_broken: int
    rules_tried: int
    rules: tuple[RuleResult, ...] | None
    screen: tuple[ScreenResult, ...] | None


@dataclass(frozen=True)
class RejectedFile:
    """A file that was set aside; `stored`: its name in `inbox/avvisade`, empty when it no longer lies there."""

    file_name: str
    sentence: str
    stored: str


@dataclass(frozen=True)
class Problem:
    """Something to do or to know: what, why it matters, what to do, and what it touches (a line each)."""

    severity: Severity
    text: str
    why: str = ""
    todo: str = ""
    touches: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeliveryPage:
    """The content of one page, before it is HTML or Markdown. `path`: relative to the folder of all pages."""

    delivery_id: str
    wave: int
    file_name: str
    title: str
    lead: str
    places: str
    status: StatusKind
    word: str
    sentence: str
    received: str
    newer_path: str
    problems: tuple[Problem, ...]
    sections: tuple[Section, ...]
    path: str

    def count(self, severity: Severity) -> int:
        """How many problems of a severity."""
        return sum(problem.severity == severity for problem in self.problems)


@dataclass(frozen=True)
class IndexPage:
    """All deliveries, latest wave first, and what could not be used."""

    sentence: str
    rejected: tuple[RejectedFile, ...]
    notes: tuple[str, ...]
    waves: Mapping[int, tuple[DeliveryPage, ...]]
