"""What a form asks and what a filled form holds, whichever file it came in.

A form is head fields (which municipality, which round, which role) and sections. A section is a table: its items are the rows,
its fields the columns. The workbook, the offline page and the readers are all drawn from one `FormDefinition`; what they
give back is one `FilledForm`. An unanswered field is absent from a filled form, never an empty text and never a "no".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

FormKind = Literal["activities", "readiness", "decisions"]
FieldKind = Literal["choice", "choices", "text", "date", "whole_number"]
SourceFormat = Literal["xlsx", "html", "board", "predecessor_xlsx"]

FILE_FORMAT = "did-formular"
"""The value of `format` in a JSON file that one of our pages saved, and of the cell `Format` in a workbook."""
FILE_FORMAT_VERSION = "1.0"
ROUND_PATTERN = r"^20\d{2}(-[1-9])?$"
"""A round: a year, or a year and which of its rounds (`2026`, `2026-2`). Rounds sort as texts."""


@dataclass(frozen=True)
class Choice:
    """One of a field's answers: the code that is kept and the Swedish words that are shown (and written in a cell)."""

    code: str
    label: str


@dataclass(frozen=True)
class Field:
    """A question. `choices`: several codes may be given, kept in the choices' order with `;` between them.

    Args:
        name: snake_case, unique within its section. low, high: bounds of a whole number. max_length: of a text, in characters.
    """

    name: str
    label: str
    kind: FieldKind
    choices: tuple[Choice, ...] = ()
    guidance: str = ""
    required: bool = False
    low: int | None = None
    high: int | None = None
    max_length: int = 500


@dataclass(frozen=True)
class Item:
    """A row of a section. `fields`: names of the section's fields that are asked of this item; empty means all of them."""

    id: str
    label: str
    guidance: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A table of a form. `free_rows`: so many empty rows (ids `<section>+1`, `<section>+2`, …) for what the form doesn't name."""

    id: str
    title: str
    intro: str
    fields: tuple[Field, ...]
    items: tuple[Item, ...]
    free_rows: int = 0


@dataclass(frozen=True)
class FormDefinition:
    """A form. `version` changes whenever an item or a field does; of an older version's file the ids that are known are read.

    `head` always begins with the fields `municipality_code`, `round`, `answered_on` and, unless the kind is decisions, `role`.
    """

    kind: FormKind
    version: str
    title: str
    intro: str
    head: tuple[Field, ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class FormAnswer:
    """One answered field. `value`: the choice's code (several: `;` between), an ISO date, digits, or the text as written.

    `place` tells a person where it stands ("bladet Fritid, cell D7"; "rad 7 i Fritid").
    """

    section: str
    item_id: str
    field: str
    value: str
    place: str


@dataclass(frozen=True)
class FilledForm:
    """What one file held. `role`: a code, empty for decisions. `held_back`: places whose free text held personal data.

    The text of such a place is in no answer: it is left out before anything is stored. `notes`: sentences to the steward.
    """

    kind: FormKind
    version: str
    municipality_code: str
    round: str
    answered_on: date
    role: str
    source_format: SourceFormat
    head: Mapping[str, str]
    answers: tuple[FormAnswer, ...]
    held_back: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
