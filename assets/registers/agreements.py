"""Which register values measure the same thing in two sources (`catalogue/agreements.yml`)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import model_validator

from assets.catalogue.models import Strict

FILE = Path(__file__).parents[1] / "catalogue" / "agreements.yml"


class Measure(Strict):
    """A register indicator in its source."""

    source: str
    indicator_key: str


class Agreement(Strict):
    """A question's mean in one source and the share of its two better answers in another."""

    mean: Measure
    share: Measure


class AgreementFile(Strict):
    """All pairs; `worth`: what the question's four answers are worth in the mean, the best first."""

    agreements: tuple[Agreement, ...]
    worth: tuple[float, float, float, float]

    @model_validator(mode="after")
    def _once(self) -> AgreementFile:
        pairs = [(a.mean, a.share) for a in self.agreements]
        if len(set(pairs)) < len(pairs):
            raise ValueError("samma par står två gånger")
        return self


@lru_cache(maxsize=1)
def load_agreements() -> AgreementFile:
    """The pairs that ship with the catalogue. Raises pydantic's ValidationError for a file that does not hold."""
    return AgreementFile.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
