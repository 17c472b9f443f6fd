"""A small form of each kind, and ways to fill it."""

from __future__ import annotations

import io
from collections.abc import Mapping

from assets.forms.types import Choice, Field, FormDefinition, FormKind, Item, Section

MUNICIPALITIES = {"0127": "Botkyrka", "0160": "Täby", "0180": "Stockholm"}
EXISTS = (Choice("yes", "Finns"), Choice("no", "Finns inte"), Choice("dont_know", "Vet inte"))
GROUPS = (Choice("girls", "Flickor"), Choice("boys", "Pojkar"), Choice("npf", "Unga med npf, autism eller adhd"))
ROLES = (Choice("skola", "Skola"), Choice("socialtjanst", "Socialtjänst"))


def head(*more: Field, role: bool = True) -> tuple[Field, ...]:
    """Head fields of a form."""
    places = tuple(Choice(code, name) for code, name in MUNICIPALITIES.items())
    first = (
        Field("municipality_code", "Kommun", "choice", places, required=True),
        Field("round", "Omgång", "text", guidance="Året, till exempel 2026.", required=True, max_length=6),
        Field("answered_on", "Datum", "date", required=True),
    )
    roles = (Field("role", "Din roll", "choice", ROLES, "Den verksamhet du svarar för.", required=True),) if role else ()
    return (*first, *roles, *more)


def activities(version: str = "2026.2") -> FormDefinition:
    """An inventory with two sections, each with free rows or fields that only some items have."""
    fields = (
        Field("exists", "Finns aktiviteten?", "choice", EXISTS, "Välj ett svar.", required=True),
        Field("groups_not_reached", "Nås inte", "choices", GROUPS, "Skriv x för varje grupp."),
        Field("funding_end", "Pengarna tar slut", "date"),
        Field("pupils", "Antal barn", "whole_number", low=0, high=5000),
        Field("comment", "Kommentar", "text", guidance="Inga personuppgifter.", max_length=200),
    )
    leisure = Section(
        "leisure",
        "Fritid",
        "Det som finns på fritiden.",
        fields,
        (Item("open_house", "Öppen fritidsgård", "Minst två kvällar i veckan."), Item("sport", "Idrott för alla")),
        free_rows=2,
    )
    school = Section(
        "school", "Skola: 7–9", "Det som finns i skolan.", fields[:2], (Item("mentor", "Mentor", fields=("exists",)),)
    )
    return FormDefinition("activities", version, "Aktiviteter som främjar", "Vad finns i kommunen?", head(), (leisure, school))


def readiness() -> FormDefinition:
    """Three statements under one condition."""
    levels = tuple(Choice(str(n), label) for n, label in enumerate(("Inte alls", "Delvis", "Till stor del", "Helt")))
    fields = (Field("level", "Nivå", "choice", (*levels, Choice("dont_know", "Vet inte")), required=True),)
    items = tuple(Item(f"plan_{n}", f"Påstående {n}") for n in (1, 2, 3))
    section = Section("plan", "Plan", "Hur väl stämmer det?", fields, items)
    return FormDefinition("readiness", "1", "Förutsättningar", "Var och en svarar för sig.", head(), (section,))


def decisions() -> FormDefinition:
    """Decisions of a workshop, rows without names."""
    fields = (
        Field("factor", "Faktor", "choice", (Choice("bullying", "Mobbning"), Choice("other", "Annat")), required=True),
        Field("priority", "Prioritet", "whole_number", low=1, high=9),
        *(Field(n, n, "text") for n in ("reason", "owner", "first_step", "follow_up_indicator")),
        Field("follow_up_on", "Följs upp", "date"),
    )
    earlier = (
        Field("earlier_decision_id", "Tidigare beslut", "text"),
        Field("earlier_status", "Hur gick det?", "choice", (Choice("done", "Klart"), Choice("dropped", "Avbrutet"))),
    )
    section = Section("decisions", "Beslut", "Det ni bestämmer.", fields, (), free_rows=4)
    before = Section("earlier", "Tidigare", "Hur gick det?", earlier, (), free_rows=2)
    more = (
        Field("wave", "Mättillfälle", "whole_number", low=2000, high=2100),
        Field("sectors", "Verksamheter", "choices", GROUPS),
        Field("participants", "Deltagare", "whole_number", low=1, high=500),
    )
    return FormDefinition("decisions", "1", "Beslut", "Fylls i under workshoppen.", head(*more, role=False), (section, before))


def definitions() -> Mapping[FormKind, FormDefinition]:
    """All three."""
    return {one.kind: one for one in (activities(), readiness(), decisions())}


def filled(content: bytes, cells: Mapping[tuple[str, str], object]) -> bytes:
    """A workbook with values written in (sheet, cell), as a person does it in a spreadsheet program."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content))
    for (sheet, cell), value in cells.items():
        book[sheet][cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
