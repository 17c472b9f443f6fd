"""The simulator's assumptions about the questions outside the indices; numbers and reasons stand in `item_parameters.yml`."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from assets.demo.parameters import DrunkRecently as Counts

ITEM_PARAMETERS_FILE = Path(__file__).parent / "item_parameters.yml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MoreItem(_Strict):
    """Ordered logit of a question: answers are numbered from 1 in the order of `shares`."""

    shares: tuple[float, ...]
    per_sd: dict[str, float] = {}
    tendency: dict[str, float] = {}
    given: dict[str, dict[int, float]] = {}
    gy2: float = 0.0
    girls: float = 0.0
    wave: float = 0.0
    municipality: float = 0.0

    @model_validator(mode="after")
    def _sums_to_one(self) -> MoreItem:
        if abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(f"shares sum to {sum(self.shares)}")
        return self


class Crimes(_Strict):
    """Questions that differ only in how many did it at all."""

    ever: dict[str, float]
    later: tuple[float, ...]
    per_sd: dict[str, float]
    tendency: dict[str, float]
    girls: float

    def items(self) -> dict[str, MoreItem]:
        """Each as an ordered logit."""
        rest = {"per_sd": self.per_sd, "tendency": self.tendency, "girls": self.girls}
        return {k: MoreItem(shares=(1 - ever, *(ever * part for part in self.later)), **rest) for k, ever in self.ever.items()}


class Boxes(_Strict):
    """A question with boxes: who ticks any, by another answer, and how often each box."""

    by: str
    share: dict[int, float]
    none: str
    boxes: dict[str, float]


class AskedOfSome(_Strict):
    """In one wave a question was asked only of those with some answers to another."""

    wave: int
    item: str
    codes: tuple[int, ...]


class ItemParameters(_Strict):
    """Everything in item_parameters.yml."""

    items: dict[str, MoreItem]
    crimes: Crimes
    bullied: Boxes
    gambled: dict[int, tuple[str, ...]]
    drugs_recently: Counts
    asked_of_some: dict[str, AskedOfSome]
    dont_know: dict[str, float]

    @cached_property
    def ordered(self) -> dict[str, MoreItem]:
        """All ordered logits, the crimes among them, in the order of drawing."""
        return self.items | self.crimes.items()

    @property
    def tendencies(self) -> tuple[str, ...]:
        """Names of what a pupil has beside the traits."""
        return tuple(sorted({name for item in self.ordered.values() for name in item.tendency}))


@lru_cache(maxsize=1)
def load_item_parameters() -> ItemParameters:
    """Read and check item_parameters.yml. Raises pydantic.ValidationError when it is wrong (it ships with the package)."""
    with ITEM_PARAMETERS_FILE.open(encoding="utf-8") as file:
        return ItemParameters.model_validate(yaml.safe_load(file))
