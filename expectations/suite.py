"""The form of a suite file. Reading one does not import Great Expectations."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

SUITES = Path(__file__).parent / "suites"


class Rule(BaseModel):
    """One rule a person can read: an id that never changes, a Swedish text, and the expectation behind it.

    `survey`: the one whose questions the rule is about (none: any). `columns` names one column, several, or a named group that
    the caller fills (`$items`); the rule holds when the expectation holds for every one of them. `kwargs` may hold `$name` values
    that the caller fills.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    survey: str | None = None
    severity: Literal["critical", "warning"]
    expectation: str
    columns: tuple[str, ...] | str = ()
    kwargs: dict[str, Any] = Field(default_factory=dict)
    text_sv: str
    remedy_sv: str


class Suite(BaseModel):
    """All rules of one table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    rules: tuple[Rule, ...]


@lru_cache(maxsize=16)
def load_suite(table: str, survey: str | None = None) -> Suite:
    """The suite of a table named `layer/table`, without the rules about another survey's questions (None: all rules).

    The first rule must be about rows: most rules pass on an empty table.
    """
    with (SUITES / f"{table.replace('/', '__')}.yml").open(encoding="utf-8") as file:
        suite = Suite.model_validate(yaml.safe_load(file))
    if survey is not None:
        suite = suite.model_copy(update={"rules": tuple(r for r in suite.rules if r.survey in (None, survey))})
    if suite.rules[0].expectation != "ExpectTableRowCountToBeBetween":
        raise ValueError(f"{table}: the first rule must count rows")
    return suite
