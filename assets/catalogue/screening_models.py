"""Pydantic models of the plausibility screen: which answers are signs of an unserious questionnaire, and when it is left out.

A rule raises a flag; the written removal rule says how many flags remove a pupil's answers. A rule whose questions were not asked
of a pupil is not tried for that pupil, so it counts against nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, model_validator

from assets.catalogue.indicator_models import AtLeast, Rule
from assets.catalogue.models import Strict, Survey


class _Flag(Strict):
    """What all rules have. `text_sv`: what the flag means, for readers; `why`: the reason behind it."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    text_sv: str = Field(min_length=1)
    why: str = Field(min_length=1)


class MissingShare(_Flag):
    """At least this share of the questions that were put to the pupil is left without an answer; no items means all of them."""

    kind: Literal["missing_share"]
    items: tuple[str, ...] = ()
    at_least: float = Field(gt=0, le=1)

    @property
    def used(self) -> tuple[str, ...]:
        """The columns the rule reads, apart from "all questions"."""
        return self.items


class _Block(_Flag):
    items: tuple[str, ...] = Field(min_length=2)
    reversed: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _reversed_inside(self) -> _Block:
        # Without an item that is worded the other way the same answer everywhere may be what the pupil means.
        if not set(self.reversed) < set(self.items):
            raise ValueError(f"{self.id}: reversed ska vara några av frågorna i items")
        return self

    @property
    def used(self) -> tuple[str, ...]:
        """The columns the rule reads."""
        return self.items


class LongString(_Block):
    """The same answer on at least `length` questions in a row (None: the whole block)."""

    kind: Literal["long_string"]
    length: int | None = Field(default=None, ge=2)

    @property
    def needed_length(self) -> int:
        """How long the run has to be."""
        return self.length or len(self.items)


class NoSpread(_Block):
    """All answers in the block are the same (standard deviation within the pupil 0), with at least so many answers."""

    kind: Literal["no_spread"]
    answered_at_least: int = Field(ge=2)


class Case(Strict):
    """Statements that can't all be true of a serious pupil. Items in `may_lack` may be absent, no others."""

    all_true: tuple[Rule, ...] = Field(min_length=1)
    may_lack: tuple[str, ...] = ()

    @cached_property
    def items(self) -> tuple[str, ...]:
        """The questions of its statements."""
        return tuple(dict.fromkeys(item for rule in self.all_true for item in rule.conditions))


class Statements(_Flag):
    """Any of the cases is true."""

    kind: Literal["statements"]
    cases: tuple[Case, ...] = Field(min_length=1)

    @property
    def used(self) -> tuple[str, ...]:
        """The columns the rule reads."""
        return tuple(dict.fromkeys(item for case in self.cases for item in case.items))


class OutOfRange(_Flag):
    """A number below `below` or above `above`, or above the limit of the answer to `limit_item` (no limit given: none)."""

    kind: Literal["out_of_range"]
    items: tuple[str, ...] = Field(min_length=1)
    below: int | None = None
    above: int | None = None
    limit_item: str | None = None
    limits: dict[int, int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _some_limit(self) -> OutOfRange:
        if bool(self.limit_item) != bool(self.limits):
            raise ValueError(f"{self.id}: limit_item och limits hör ihop")
        if self.below is None and self.above is None and not self.limits:
            raise ValueError(f"{self.id}: ange below, above eller limits")
        return self

    @property
    def used(self) -> tuple[str, ...]:
        """The columns the rule reads."""
        return (*self.items, *((self.limit_item,) if self.limit_item else ()))


class TooFast(_Flag):
    """The questionnaire took less than this share of the median time of the same delivery, wave and grade."""

    kind: Literal["too_fast"]
    column: str
    share_of_median: float = Field(gt=0, lt=1)

    @property
    def used(self) -> tuple[str, ...]:
        """The columns the rule reads."""
        return (self.column,)


ScreenRule = Annotated[
    MissingShare | LongString | NoSpread | Statements | OutOfRange | TooFast,
    Field(discriminator="kind"),
]


class Removal(Strict):
    """The written removal rule. `active: false` keeps everybody; the flags are counted all the same."""

    active: bool
    remove_at: int = Field(ge=1)
    decided: date
    decided_by_sv: str = Field(min_length=1)
    text_sv: str = Field(min_length=1)


class LaterItem(Strict):
    """A column that a rule can use as soon as a delivery's codebook brings it; until then the rule is not tried."""

    key: str
    text_sv: str = Field(min_length=1)


class ScreeningFile(Strict):
    """The screen of one survey.

    `sensitivity_indicators`: indicators whose county shares are shown with and without removal, beside the indices.
    `municipality_pct_from`: least number of respondents in a grade for a municipality's share of removed to be shown.
    """

    version: int = Field(ge=1)
    survey: str
    removal: Removal
    rules: tuple[ScreenRule, ...] = Field(min_length=1)
    later_items: tuple[LaterItem, ...] = ()
    sensitivity_indicators: tuple[str, ...] = ()
    municipality_pct_from: int = Field(ge=500)

    @classmethod
    def none(cls, survey: str) -> ScreeningFile:
        """No screen: a survey without rules leaves nobody out."""
        nobody = Removal(active=False, remove_at=1, decided=date(2026, 1, 1), decided_by_sv="ingen", text_sv="Ingen prövning.")
        return cls.model_construct(
            version=1,
            survey=survey,
            removal=nobody,
            rules=(),
            later_items=(),
            sensitivity_indicators=(),
            municipality_pct_from=500,
        )

    @model_validator(mode="after")
    def _ids(self) -> ScreeningFile:
        ids = [rule.id for rule in self.rules]
        doubled = sorted({i for i in ids if ids.count(i) > 1} | ({"any", "removed"} & set(ids)))
        if doubled:
            raise ValueError(f"står två gånger eller är upptaget: {', '.join(doubled)}")
        if self.removal.remove_at > len(ids):
            raise ValueError("remove_at är fler än reglerna")
        return self


def problems_with_screening(file: ScreeningFile, survey: Survey, indicators: set[str]) -> Iterator[str]:
    """What in the rules doesn't fit the survey's questions and answers, in Swedish."""
    if file.survey != survey.id:
        yield f"survey är {file.survey}"
    later = {item.key for item in file.later_items}
    known = {*survey.by_key, *(measure.key for measure in survey.measures)}
    yield from (f"{key}: finns redan i enkäten och ska inte stå i later_items" for key in sorted(later & known))
    for rule in file.rules:
        yield from (f"{rule.id}: okänd fråga {key}" for key in rule.used if key not in known | later)
        if isinstance(rule, Statements):
            conditions = [pair for case in rule.cases for part in case.all_true for pair in part.conditions.items()]
            yield from (f"{rule.id}: {text}" for item, wanted in conditions for text in _wrong_codes(item, wanted, survey))
    unknown = sorted(set(file.sensitivity_indicators) - indicators)
    yield from (f"sensitivity_indicators: okänd indikator {key}" for key in unknown)


def _wrong_codes(item: str, wanted: tuple[int, ...] | AtLeast, survey: Survey) -> Iterator[str]:
    if item in survey.by_key and isinstance(wanted, tuple) and (gone := sorted(set(wanted) - set(survey.answers(item)))):
        yield f"{item} har inga svarskoder {gone}"
