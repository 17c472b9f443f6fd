"""Personal data in deliveries and how long deliveries are kept: `hygiene.yml` as a model."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from pydantic import Field

from assets.catalogue.load import catalogue_yaml
from assets.catalogue.models import Strict
from assets.methods.personal_columns import ColumnRules

FILE = "hygiene.yml"
ColumnKind = Literal["personnummer", "email", "phone", "name", "free_text"]


class PersonalColumns(Strict):
    """When a column is said to hold personal data; see `ColumnRules`. `kinds_sv`: what each kind is called."""

    long_characters: int = Field(gt=0)
    long_words: int = Field(gt=0)
    long_texts: int = Field(gt=0)
    long_texts_known: int = Field(gt=0)
    long_unique_pct: int = Field(gt=0, le=100)
    check_digit_pct: int = Field(gt=0, le=100)
    name_texts: int = Field(gt=0)
    name_pct: int = Field(gt=0, le=100)
    headers: dict[str, ColumnKind]
    kinds_sv: dict[ColumnKind, str]

    def rules(self) -> ColumnRules:
        """The numbers, as the search takes them."""
        return ColumnRules(**self.model_dump(exclude={"kinds_sv"}))


class Retention(Strict):
    """`years`: how long after the survey a delivery is kept. `decided_by`: who said so."""

    years: int = Field(gt=0)
    decided_by: str


class History(Strict):
    """How much is kept to compare runs by: released numbers of the latest `runs`, at most `megabytes`, the oldest go first.

    `dagster_runs`: how many of Dagster's own runs are kept; a pass of the chain is some fifteen.
    """

    runs: int = Field(gt=0)
    megabytes: int = Field(gt=0)
    dagster_runs: int = Field(default=100, gt=0)


class HygieneFile(Strict):
    """The whole file."""

    personal_columns: PersonalColumns
    retention: Retention
    history: History


@lru_cache(maxsize=1)
def load_hygiene() -> HygieneFile:
    """The rules that ship with the package."""
    return HygieneFile.model_validate(catalogue_yaml(FILE))
