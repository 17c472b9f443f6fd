"""Models of `estimates.yml`: estimates that stand beside the direct ones."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from assets.catalogue.models import Strict


class SmallAreas(Strict):
    """Which groups are small, and how they are supported.

    Attributes:
        small_below: a municipality's grade is small below so many respondents, and when their number is hidden.
        least_areas: municipalities with a shown share that a model needs.
        most_waves: waves that are pooled at most, the latest ones.
        labels: source of an estimate -> what readers are told it is.
    """

    small_below: int = Field(ge=20)
    least_areas: int = Field(ge=5)
    most_waves: int = Field(ge=2)
    confidence_level: float = Field(gt=0.5, lt=1)
    labels: dict[Literal["pooled", "model_supported", "synthetic"], str] = Field(min_length=3)


class Compared(Strict):
    """How municipalities are set beside each other: rank sets and funnel."""

    joint: Literal["bonferroni", "independent"]
    confidence_level: float = Field(gt=0.5, lt=1)
    least_areas: int = Field(ge=5)
    winsorise: float = Field(ge=0, lt=0.5)


class NonResponseWeights(Strict):
    """Weights for non-response: whether they are used, and their limits."""

    in_use: bool
    least_respondents: int = Field(ge=2)
    most_factor: float = Field(gt=1)
    trim_above: float = Field(gt=1)
    shown_from: int = Field(ge=50)


class EstimateFile(Strict):
    """`estimates.yml`."""

    small_areas: SmallAreas
    compared: Compared
    weights: NonResponseWeights
