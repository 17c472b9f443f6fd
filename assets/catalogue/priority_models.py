"""Pydantic model of the rule for the suggested order of factors. The rule is data: published, adjustable, tried for stability."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from assets.catalogue.models import Strict

CRITERIA = ("size", "certainty", "change", "malleability", "coverage", "local")
_Part = Annotated[float, Field(ge=0, le=1)]


class Malleability(Strict):
    """How much has been tried to change a factor (0-1) and why we say so."""

    points: _Part
    reason_sv: str = Field(min_length=1)


class PriorityFile(Strict):
    """The rule.

    Args:
        weights: of the six criteria, on any scale. size_full_at: share of pupils (per cent) that gives full points for size.
        change_points: trend verdict -> points; a verdict that isn't here is an unknown criterion.
        local: municipality code -> factor -> points set by the municipality.
        least_known_weight: least part of the weights that known criteria must carry for a place.
        weight_change: how much each weight is changed both ways. draws, seed: random weights and values tried as well.
        stable_from: least part of the tries in which a factor is, or isn't, among the `top`. place_interval: part of the tries
            that lies between the places given.
    """

    version: str = Field(min_length=1)
    title_sv: str = Field(min_length=1)
    weights: dict[str, Annotated[float, Field(ge=0)]]
    criteria_sv: dict[str, str]
    size_full_at: float = Field(gt=0, le=100)
    change_points: dict[str, _Part]
    malleability: dict[str, Malleability]
    local: dict[str, dict[str, _Part]]
    least_known_weight: float = Field(gt=0, le=1)
    weight_change: float = Field(gt=0, lt=1)
    draws: int = Field(ge=1, le=10_000)
    seed: int
    top: int = Field(ge=1)
    stable_from: float = Field(gt=0.5, le=1)
    place_interval: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _all_criteria(self) -> PriorityFile:
        for name, held in (("weights", self.weights), ("criteria_sv", self.criteria_sv)):
            if tuple(held) != CRITERIA:
                raise ValueError(f"{name}: ange {', '.join(CRITERIA)} i den ordningen")
        if not sum(self.weights.values()):
            raise ValueError("weights: minst en vikt ska vara större än noll")
        return self
