"""Pydantic model of `pilots.yml`: named groups of municipalities that are followed from first delivery to follow-up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from assets.catalogue.models import Strict

Produced = Literal["forms", "bundles", "kits"]
_Code = Annotated[str, StringConstraints(pattern=r"^\d{4}$")]


class Pilot(Strict):
    """One pilot. `municipalities`: codes. `produces`: what is made for them when a command is limited to the pilot."""

    id: str = Field(pattern=r"^[a-z0-9_-]+$")
    title_sv: str = Field(min_length=1)
    note_sv: str = ""
    municipalities: tuple[_Code, ...] = Field(min_length=1)
    produces: tuple[Produced, ...] = ("forms", "bundles", "kits")

    @model_validator(mode="after")
    def _once(self) -> Pilot:
        if len(set(self.municipalities)) < len(self.municipalities):
            raise ValueError("municipalities: en kommun står två gånger")
        return self


class PilotFile(Strict):
    """`pilots.yml`."""

    pilots: tuple[Pilot, ...]

    @model_validator(mode="after")
    def _named(self) -> PilotFile:
        if len({pilot.id for pilot in self.pilots}) < len(self.pilots):
            raise ValueError("pilots: ett id står två gånger")
        return self
