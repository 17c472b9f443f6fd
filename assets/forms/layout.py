"""How a form's sections become rows and columns: the same for the workbook, the offline page and the readers. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from assets.forms.types import Field, FormDefinition, Section

GUIDE_SHEET = "Så fyller du i"
ABOUT_SHEET = "Om formuläret"
LIST_SHEET = "Listor"
MARK = "did"
"""Begins the hidden texts by which the readers know a sheet: `did:about`, `did:section:<id>`."""
ABOUT_MARK = f"{MARK}:about"
SECTION_MARK = f"{MARK}:section:"
CHOSEN = "x"
"""What a person writes in the column of one of several choices."""
NAME_FIELD = "name"
"""The field of an own row's name, where a section has both named items and free rows."""
NAME_LENGTH = 120
LONGEST_SHEET_NAME = 31
KIND_WORDS = {"activities": "aktiviteter", "readiness": "forutsattningar", "decisions": "beslut"}
"""What a form is called in file names."""


@dataclass(frozen=True)
class Column:
    """A column of a section's table. `choice`: the code whose column it is, of a field that takes several."""

    field: Field
    label: str
    choice: str = ""

    @property
    def key(self) -> str:
        """The machine's name of the column."""
        return f"{self.field.name}={self.choice}" if self.choice else self.field.name


@dataclass(frozen=True)
class Row:
    """A row of a section's table. `free`: one that the form doesn't name. `asked`: names of the fields asked here."""

    id: str
    label: str
    guidance: str
    asked: frozenset[str]
    free: bool = False


def columns(section: Section) -> tuple[Column, ...]:
    """The answer columns: one per field, and one per choice of a field that takes several."""
    found = []
    for field in section.fields:
        if field.kind == "choices":
            found += [Column(field, f"{field.label}: {choice.label}", choice.code) for choice in field.choices]
        else:
            found.append(Column(field, field.label))
    return tuple(found)


def rows(section: Section) -> tuple[Row, ...]:
    """The items in order, then the free rows."""
    every = frozenset(field.name for field in section.fields)
    named = [Row(i.id, i.label, i.guidance, frozenset(i.fields) or every) for i in section.items]
    free = [Row(f"{section.id}+{n}", f"{n}", "", every, True) for n in range(1, section.free_rows + 1)]
    return (*named, *free)


def own_names(section: Section) -> bool:
    """Whether a person names the free rows: they stand below named items, and no field of the section asks for a name."""
    return bool(section.free_rows and section.items) and NAME_FIELD not in {field.name for field in section.fields}


def name_field() -> Field:
    """The question about an own row's name."""
    return Field(NAME_FIELD, "Namn på egen rad", "text", max_length=NAME_LENGTH)


def free_number(section: Section, item_id: str) -> int | None:
    """Which free row an id is (`<section>+3` is 3), also beyond those that the form prints; None for anything else."""
    start, _, number = item_id.rpartition("+")
    return int(number) if start == section.id and number.isdigit() and 0 < int(number) <= 999 and section.free_rows else None


def choice_label(field: Field, code: str) -> str:
    """The words of a code. Raises KeyError for a code that the field lacks."""
    return {choice.code: choice.label for choice in field.choices}[code]


def sheet_names(definition: FormDefinition) -> dict[str, str]:
    """Section id -> the name of its sheet: its title without what Excel refuses, at most 31 characters, unique."""
    taken, names = {GUIDE_SHEET.casefold(), ABOUT_SHEET.casefold(), LIST_SHEET.casefold()}, {}
    for section in definition.sections:
        plain = _sheet_name(section.title) or section.id[:LONGEST_SHEET_NAME]
        name, number = plain, 2
        while name.casefold() in taken:
            name = f"{plain[: LONGEST_SHEET_NAME - 3].strip()} {number}"
            number += 1
        taken.add(name.casefold())
        names[section.id] = name
    return names


def _sheet_name(title: str) -> str:
    """A title without what Excel refuses in the name of a sheet, cut after a whole word."""
    words = "".join(" " if c in "[]:*?/\\'" else c for c in title).split()
    whole = len(words)
    while len(words) > 1 and len(" ".join(words)) > LONGEST_SHEET_NAME:
        words.pop()
    while 1 < len(words) < whole and words[-1] in {"och", "till", "i", "för", "med", "av", "på"}:
        words.pop()
    return " ".join(words)[:LONGEST_SHEET_NAME].strip(" ,")


def form_file_stem(definition: FormDefinition, municipality: tuple[str, str] | None, round_: str, role: str = "") -> str:
    """`2026_0127_aktiviteter_skola`: the name of a form's files without ending."""
    code = municipality[0] if municipality else ""
    return "_".join(part for part in (round_, code, KIND_WORDS[definition.kind], role) if part)
