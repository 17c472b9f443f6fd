"""The form for the preconditions: one section per condition, one anchored statement per row, no free text.

Raters are anonymous: the head asks for the municipality, the round, the day and the role, and nothing else.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from assets.catalogue.readiness import load_readiness
from assets.catalogue.readiness_models import Condition, ReadinessFile, Statement
from assets.forms.types import Choice, Field, FormDefinition, Item, Section

LEVEL = "level"
DONT_KNOW = "dont_know"
_TITLE = "Kommunens förutsättningar för förebyggande arbete"
_INTRO = (
    "Svara utifrån det du själv ser i kommunen. Du svarar utan namn, och svaren visas bara tillsammans med andras: minst tre "
    "svar krävs. Det finns inga rätta svar, och olika svar är ett resultat i sig. Välj ”Vet inte” när du inte vet."
)


@lru_cache(maxsize=1)
def readiness_form() -> FormDefinition:
    """The form as the catalogue defines it. Raises PipelineError `catalogue` when the catalogue has errors."""
    file = load_readiness()
    return FormDefinition(
        kind="readiness",
        version=_version(file),
        title=_TITLE,
        intro=_INTRO,
        head=_head(file),
        sections=tuple(_section(condition, file) for condition in file.conditions),
    )


def _version(file: ReadinessFile) -> str:
    """The catalogue's own version with a sum of what is asked, so that no changed wording keeps an old version."""
    asked = file.model_dump_json(include={"roles", "conditions", "level_labels_sv", "dont_know_sv"})
    return f"{file.version}-{hashlib.sha256(asked.encode()).hexdigest()[:8]}"


def _head(file: ReadinessFile) -> tuple[Field, ...]:
    roles = tuple(Choice(role.id, role.label_sv) for role in file.roles)
    return (
        Field("municipality_code", "Kommunkod", "text", guidance="Fyra siffror, till exempel 0127.", required=True, max_length=4),
        Field(
            "round", "Omgång", "text", guidance="Året, till exempel 2026. Samordnaren säger vilken.", required=True, max_length=6
        ),
        Field("answered_on", "Dag du svarade", "date", required=True),
        Field("role", "Din roll", "choice", roles, guidance="Den roll som du svarar utifrån.", required=True),
    )


def _section(condition: Condition, file: ReadinessFile) -> Section:
    levels = [Choice(str(level), label) for level, label in enumerate(file.level_labels_sv)]
    answer = Field(
        LEVEL,
        "Nivå",
        "choice",
        (*levels, Choice(DONT_KNOW, file.dont_know_sv)),
        guidance="Välj den högsta nivå där beskrivningen stämmer. Beskrivningarna står vid varje påstående.",
    )
    items = tuple(_item(statement) for statement in condition.statements)
    return Section(condition.id, condition.label_sv, condition.question_sv, (answer,), items)


def _item(statement: Statement) -> Item:
    anchors = "\n".join(f"{level}: {text}" for level, text in enumerate(statement.levels_sv))
    return Item(statement.id, statement.text_sv, anchors)
