"""A profile: one survey with its areas, calendar and texts, run by the same pipeline. Pure: `load.py` reads the files.

`assets/catalogue/` itself is the base profile; a folder below `profiles/` holds what another profile has of its own
(docs/adr/0013-profiles.md).
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from assets.catalogue.base_profile import BASE_PROFILE
from assets.catalogue.models import Strict

Layer = Literal["validated", "release", "reports"]
DesignColumn = Literal["weight", "stratum", "psu"]


class County(Strict):
    """The area that contains all municipalities. Its code begins every municipality's code."""

    code: str = Field(pattern=r"^[0-9A-Z]{2}$")
    name: str


class City(Strict):
    """The municipality whose city districts are areas of their own; `name` tells it from the county of the same name."""

    code: str
    name: str


class Grade(Strict):
    """A year group: key in the tables, label for people, and the register values with its pupils and schools, if any."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label_sv: str
    label_en: str
    pupils: str | None = None
    schools: str | None = None


class Profile(Strict):
    """What the pipeline asks about a survey that neither questions nor codebooks say.

    `reach`: the last layer that the profile's chain builds. `registers`: whether register files belong to it.
    `design_columns`: sampling weight, stratum and PSU that the deliveries bring along, as columns of the harmonised table.
    `blank_is_not_asked`: a question without a single answer from an area in a wave was not asked there (a source that can't
    tell "not asked" from "not answered"). `area_word_sv`: what one area is called in a sentence.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    survey: str
    title_sv: str
    title_en: str
    language: Literal["sv", "en"]
    county: County | None = None
    city: City | None = None
    area_levels: tuple[Literal["county", "municipality", "district"], ...]
    area_word_sv: str
    grades: tuple[Grade, ...] = Field(min_length=1)
    reach: Layer
    registers: bool
    design_columns: tuple[DesignColumn, ...] = ()
    blank_is_not_asked: bool = False

    @model_validator(mode="after")
    def _areas(self) -> Profile:
        if ("county" in self.area_levels) != (self.county is not None):
            raise ValueError("area_levels har county precis när county är angivet")
        if ("district" in self.area_levels) != (self.city is not None):
            raise ValueError("area_levels har district precis när city är angivet")
        return self

    @cached_property
    def grade_keys(self) -> tuple[str, ...]:
        """Keys of the grades, in order."""
        return tuple(g.key for g in self.grades)

    @property
    def is_base(self) -> bool:
        """Whether this is the profile that lies in `assets/catalogue/` itself."""
        return self.id == BASE_PROFILE
