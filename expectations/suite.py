"""The form of a suite file. Reading one does not import Great Expectations."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

SUITES = Path(__file__).parent / "suites"
ROWS = "rows"
"""The view that is the table itself (the columns that rules need)."""
Severity = Literal["critical", "warning", "info"]


class Rule(BaseModel):
    """One rule a person can read: an id that never changes, Swedish texts, and the expectation behind it.

    `view` names what is judged (`rows`, or counts made from the table by `views.py`). `columns` names one column, several,
    or a named group that the caller fills (`$items`); the rule holds when the expectation holds for every one of them. `kwargs`
    may hold `$name` values that the caller fills. `reference`: the rule compares with something that may be lacking (the last
    wave, a register's year); without it the rule is not tried, and that is no fault. `needs`: a `$name` that the caller fills; a
    survey where it is empty has nothing that the rule is about.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    severity: Severity
    expectation: str
    view: str = ROWS
    reference: bool = False
    needs: str = ""
    columns: tuple[str, ...] | str = ()
    kwargs: dict[str, Any] = Field(default_factory=dict)
    text_sv: str
    why_sv: str
    remedy_sv: str

    @model_validator(mode="after")
    def _judgeable(self) -> Rule:
        if self.reference and self.severity == "critical":
            raise ValueError(f"{self.id}: a critical rule cannot depend on a reference that may be lacking")
        if "mostly" in self.kwargs:
            raise ValueError(f"{self.id}: a tolerance for the whole table is thinned out by large deliveries; judge per delivery")
        return self


class Suite(BaseModel):
    """All rules of one table. `unit`: the columns whose values name what is broken (a delivery and wave, a year).

    `optional`: the table may well be empty (nobody has filled in a form yet); then its rules have nothing to be tried on, and
    that is no fault.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    unit: tuple[str, ...] = ()
    optional: bool = False
    rules: tuple[Rule, ...] = Field(min_length=1)


def suite_tables() -> tuple[str, ...]:
    """All tables that have a suite, sorted."""
    return tuple(sorted(path.stem.replace("__", "/") for path in SUITES.glob("*.yml")))


@lru_cache(maxsize=32)
def load_suite(table: str) -> Suite:
    """The suite of a table named `layer/table`. The first rule must be about rows: most rules pass on an empty table."""
    with (SUITES / f"{table.replace('/', '__')}.yml").open(encoding="utf-8") as file:
        content = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # in C: all suites are read at each start
    suite = Suite.model_validate(content)
    if suite.rules[0].expectation != "ExpectTableRowCountToBeBetween" or suite.rules[0].view != ROWS:
        raise ValueError(f"{table}: the first rule must count rows")
    return suite
