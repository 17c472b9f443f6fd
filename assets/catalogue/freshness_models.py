"""Pydantic model of `freshness.yml`: what should have come by when."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from assets.catalogue.models import Strict


class ExpectedRound(Strict):
    """A survey wave and the day by which every municipality's delivery should be there."""

    wave: int
    due: date


class ExpectedRegister(Strict):
    """A register that is fetched, and how many months old its newest vintage may be."""

    source: Literal["kolada", "scb"]
    title_sv: str = Field(min_length=1)
    months: int = Field(ge=1, le=120)


class FreshnessFile(Strict):
    """`freshness.yml`."""

    deliveries: tuple[ExpectedRound, ...] = ()
    registers: tuple[ExpectedRegister, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> FreshnessFile:
        waves, sources = [one.wave for one in self.deliveries], [one.source for one in self.registers]
        if len(set(waves)) < len(waves) or len(set(sources)) < len(sources):
            raise ValueError("ett mättillfälle eller ett register står två gånger")
        return self
