"""Pydantic models of the words of the form about activities (`prevention/activity_form.yml`)."""

from __future__ import annotations

from pydantic import Field, field_validator

from assets.catalogue.models import Strict
from assets.catalogue.prevention_models import Named, Text

FIELDS = (
    *("exists", "funding", "funding_end", "reach", "groups_not_reached", "programmes", "comment"),
    *("name", "factor", "arena", "level", "age_bands", "owner"),
)


class Question(Strict):
    """How a field is asked."""

    label_sv: Text
    guidance_sv: str = ""


class HeadWords(Strict):
    """The four fields that every form begins with."""

    municipality_code: Question
    round: Question
    answered_on: Question
    role: Question


class SectionWords(Strict):
    """Title and introduction of a section; the detail sections have the title of their part of the catalogue."""

    title_sv: str = ""
    intro_sv: Text


class SectionsWords(Strict):
    """The kinds of sections."""

    summary: SectionWords
    detail: SectionWords
    own: SectionWords


class ActivityFormFile(Strict):
    """`prevention/activity_form.yml`."""

    title_sv: Text
    intro_sv: Text
    head: HeadWords
    roles: tuple[Named, ...] = Field(min_length=1)
    answers: tuple[Named, ...] = Field(min_length=1)
    fundings: tuple[Named, ...] = Field(min_length=1)
    reaches: tuple[Named, ...] = Field(min_length=1)
    groups: tuple[Named, ...] = Field(min_length=1)
    fields: dict[str, Question]
    sections: SectionsWords
    counts_for_sv: Text
    own_rows: int = Field(ge=1, le=20)

    @field_validator("fields")
    @classmethod
    def _all_asked(cls, fields: dict[str, Question]) -> dict[str, Question]:
        if set(fields) != set(FIELDS):
            raise ValueError(f"fields ska ha precis nycklarna {', '.join(FIELDS)}")
        return fields
