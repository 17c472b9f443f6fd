"""The simulator's assumptions about age, drinks, drugs and ages at first use; numbers and reasons stand in the YAML file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

SUBSTANCE_FILE = Path(__file__).parent / "substance_parameters.yml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _whole(shares: tuple[float, ...]) -> tuple[float, ...]:
    if abs(sum(shares) - 1) > 1e-9:
        raise ValueError(f"shares sum to {sum(shares)}")
    return shares


class Debut(_Strict):
    """Age at first use: mean and standard deviation in years."""

    mean: float
    sd: float


class Drink(_Strict):
    """How often a drink is drunk, and how much at a time."""

    often: tuple[float, ...]
    girls: float
    amount_item: str
    amount: tuple[float, ...]

    _sums = field_validator("often", "amount")(_whole)


class TickedBoxes(_Strict):
    """Boxes of one question: how often each is ticked, the one that stands in when none is, and those nobody ticks."""

    shares: dict[str, float]
    otherwise: str = Field(alias="else")
    never: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """All boxes."""
        return (*self.shares, self.otherwise, *self.never)


class YesNo(_Strict):
    """A question with the answers 1 and 2: which one is yes, and its share."""

    yes_code: int
    share: float
    girls: float


class Conversion(_Strict):
    """What an amount of a drink is: strength (share of volume) and centilitres per answer."""

    strength: float
    centilitres: tuple[float, ...]


class Volume(_Strict):
    """The most that a serious pupil drinks, times a year per answer, and the conversion per drink."""

    most: int
    times: dict[int, int]
    drinks: dict[str, Conversion]


class SubstanceParameters(_Strict):
    """Everything in substance_parameters.yml."""

    age: dict[str, tuple[float, ...]]
    youngest: int
    debut: dict[str, Debut]
    by_heavy_drinking: dict[int, float]
    drinks: dict[str, Drink]
    boxes: dict[str, TickedBoxes]
    gambling: dict[str, YesNo]
    dont_know: dict[str, float]
    planted: dict[str, float]
    volume: Volume

    @property
    def drink_items(self) -> tuple[str, ...]:
        """The questions about drinks: how often and how much."""
        return (*self.drinks, *(drink.amount_item for drink in self.drinks.values()))

    @property
    def items(self) -> frozenset[str]:
        """The questions that are drawn from these assumptions."""
        boxes = {key for group in self.boxes.values() for key in group.keys}
        return frozenset({"F1", *self.debut, *self.drink_items, *boxes, *self.gambling})


@lru_cache(maxsize=1)
def load_substance_parameters() -> SubstanceParameters:
    """Read and check the file. Raises pydantic.ValidationError when it is wrong (it ships with the package)."""
    with SUBSTANCE_FILE.open(encoding="utf-8") as file:
        return SubstanceParameters.model_validate(yaml.safe_load(file))
