"""Pydantic models of the preconditions (pillar 3): seven conditions, their anchored statements, who rates, what is published.

The frame is the seven conditions of Folkhälsopiloten (Länsstyrelsen Stockholm); the statements are the project's own.
"""

from __future__ import annotations

from functools import cached_property

from pydantic import Field, model_validator

from assets.catalogue.models import Strict

LEVELS = 4
_ID = r"^[a-z][a-z0-9_]*$"
_Text = Field(min_length=1)


class Role(Strict):
    """Who rates: a code that the answers hold, and its Swedish name."""

    id: str = Field(pattern=_ID)
    label_sv: str = _Text


class Statement(Strict):
    """One statement with four anchored levels, 0 to 3, each saying what can be seen at that level."""

    id: str = Field(pattern=_ID)
    text_sv: str = _Text
    levels_sv: tuple[str, str, str, str]


class Condition(Strict):
    """One of the seven conditions."""

    id: str = Field(pattern=_ID)
    label_sv: str = _Text
    question_sv: str = _Text
    statements: tuple[Statement, ...] = Field(min_length=3, max_length=6)


class Reference(Strict):
    """A published number for the county to read beside a condition: a count of so many, or an interval of per cents."""

    id: str = Field(pattern=_ID)
    condition: str
    statement: str | None = None
    text_sv: str = _Text
    count: int | None = Field(default=None, ge=0)
    of: int | None = Field(default=None, ge=1)
    percent_low: int | None = Field(default=None, ge=0, le=100)
    percent_high: int | None = Field(default=None, ge=0, le=100)
    place_sv: str = _Text

    @model_validator(mode="after")
    def _one_kind_of_number(self) -> Reference:
        counted = self.count is not None and self.of is not None
        shares = self.percent_low is not None and self.percent_high is not None
        if counted == shares:
            raise ValueError(f"{self.id}: ange count och of, eller percent_low och percent_high")
        return self


class ReadinessFile(Strict):
    """The whole instrument. `answered_share`: least part of a condition's statements that a rater has to have given a level."""

    version: str = _Text
    frame_sv: str = _Text
    frame_url: str = _Text
    minimum_raters_per_role: int = Field(ge=3)
    answered_share: float = Field(gt=0, le=1)
    level_labels_sv: tuple[str, str, str, str]
    level_words_sv: tuple[str, str, str, str]
    dont_know_sv: str = _Text
    other_role_sv: str = _Text
    roles: tuple[Role, ...] = Field(min_length=1)
    conditions: tuple[Condition, ...] = Field(min_length=7, max_length=7)
    references_note_sv: str = _Text
    references: tuple[Reference, ...]
    reference_source_sv: str = _Text

    @cached_property
    def condition_ids(self) -> tuple[str, ...]:
        """The seven conditions in the instrument's order."""
        return tuple(condition.id for condition in self.conditions)

    @cached_property
    def role_ids(self) -> tuple[str, ...]:
        """The roles in the form's order."""
        return tuple(role.id for role in self.roles)

    @cached_property
    def statements(self) -> dict[str, tuple[str, ...]]:
        """Condition id -> ids of its statements."""
        return {condition.id: tuple(s.id for s in condition.statements) for condition in self.conditions}

    def references_of(self, condition: str) -> tuple[Reference, ...]:
        """What is published about the county that touches a condition."""
        return tuple(reference for reference in self.references if reference.condition == condition)

    @model_validator(mode="after")
    def _ids_and_links(self) -> ReadinessFile:
        problems = []
        for what, ids in (
            ("roles", self.role_ids),
            ("conditions", self.condition_ids),
            ("statements", tuple(s for part in self.statements.values() for s in part)),
            ("references", tuple(r.id for r in self.references)),
        ):
            doubled = sorted({i for i in ids if ids.count(i) > 1})
            problems += [f"{what}: {i} står två gånger" for i in doubled]
        for reference in self.references:
            inside = self.statements.get(reference.condition, ())
            if reference.condition not in self.statements or (reference.statement and reference.statement not in inside):
                problems.append(f"references: {reference.id} hör inte till något påstående")
        if problems:
            raise ValueError("; ".join(problems))
        return self
