"""Pydantic models of the indicators (shares of pupils) and 0-100 indices of a survey: what `indicators/*.yml` may hold.

Pure. The rules are data: which answers count as yes, who is in the denominator, what a missing answer means. The arithmetic is
in `assets/methods/indicators.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from assets.catalogue.models import Arena, Strict, Survey

Topic = Literal[
    "tobak",
    "alkohol",
    "narkotika",
    "spel",
    "skola",
    "mobbning",
    "fritid",
    "kompisar",
    "foraldrar",
    "brott",
    "utsatthet",
    "halsa",
    "trygghet",
    "individ",
]


class AtLeast(Strict):
    """Answers to a count question: this number or more."""

    minimum: int = Field(ge=0)


class Rule(Strict):
    """A statement about answers: `any_of` the items has one of its codes, `all_of` have, or `count_of` at least `at_least` have.

    Each maps an item to its codes (or, for a count question, to the least number). With `answered_at_least` a no needs only
    that many parts answered, instead of all that could make it a yes: with many parts, demanding all would take away most of
    those who say no, and none of those who say yes.
    """

    any_of: dict[str, tuple[int, ...] | AtLeast] = Field(default_factory=dict)
    all_of: dict[str, tuple[int, ...] | AtLeast] = Field(default_factory=dict)
    count_of: dict[str, tuple[int, ...] | AtLeast] = Field(default_factory=dict)
    at_least: int | None = None
    answered_at_least: int | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Rule:
        if sum(map(bool, (self.any_of, self.all_of, self.count_of))) != 1:
            raise ValueError("ange exakt ett av any_of, all_of och count_of")
        if bool(self.count_of) != (self.at_least is not None):
            raise ValueError("count_of och at_least hör ihop")
        if self.at_least is not None and not 1 <= self.at_least <= len(self.count_of):
            raise ValueError(f"at_least ska vara 1 till {len(self.count_of)}")
        if self.answered_at_least is not None and not 1 <= self.answered_at_least <= len(self.conditions):
            raise ValueError(f"answered_at_least ska vara 1 till {len(self.conditions)}")
        return self

    @property
    def conditions(self) -> dict[str, tuple[int, ...] | AtLeast]:
        """Item -> the answers that make its part true."""
        return self.any_of or self.all_of or self.count_of

    @property
    def needed(self) -> int:
        """How many parts have to be true."""
        return len(self.all_of) if self.all_of else (self.at_least or 1)


class Alternative(Strict):
    """Another way to make the same indicator or index, by name: only the fields that differ."""

    text_sv: str
    as_no: tuple[int, ...] | None = None
    whole_base: bool = False
    every_part: bool = False
    reverse: tuple[str, ...] | None = None


class Indicator(Strict):
    """A share of pupils.

    Attributes:
        id: the city's name of its own variable (`dik36`), or a name of ours (`source: egen`).
        numerator: when a pupil is in the numerator.
        base: who is asked about at all (None: everybody); `base_sv` says it in words, `base_en` in a file in English.
        as_no: kinds of missing (996, 998) that count as no, because the pupil was not asked for that reason or doesn't know.
        first_wave, last_wave: the waves in which the number means the same thing.
        sensitive: about crime, drugs, health or sexual acts.
        good: whether a high share is wanted.
        nested_in, excludes: other indicators that a yes to this one makes a yes, or a no, although no common question says so.
            (What the questions and routing say is found by `assets/methods/indicator_links.py`.)
    """

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    title_sv: str
    title_en: str
    topic: Topic
    arena: Arena
    source: Literal["stockholms_stad", "egen"] = "stockholms_stad"
    numerator: Rule
    base: Rule | None = None
    base_sv: str = "elever som besvarat frågan"
    base_en: str | None = None
    as_no: tuple[Literal[996, 998], ...] = ()
    first_wave: int | None = None
    last_wave: int | None = None
    sensitive: bool = False
    good: bool = False
    nested_in: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    note_sv: str | None = None
    alternatives: dict[str, Alternative] = Field(default_factory=dict)

    @property
    def base_text(self) -> str:
        """Who is in the denominator, in the language of the file."""
        return self.base_en or self.base_sv

    @property
    def items(self) -> tuple[str, ...]:
        """The questions behind it, base included."""
        return tuple(dict.fromkeys([*self.numerator.conditions, *(self.base.conditions if self.base else ())]))

    def variant(self, name: str | None) -> Indicator:
        """This indicator made in the named other way (None: as it is). Raises KeyError for a name it doesn't have."""
        if name is None:
            return self
        other = self.alternatives[name]
        changes: dict[str, object] = {} if other.as_no is None else {"as_no": other.as_no}
        changes |= {"base": None} if other.whole_base else {}
        changes |= {"numerator": self.numerator.model_copy(update={"answered_at_least": None})} if other.every_part else {}
        return self.model_copy(update=changes)


class PompItem(Strict):
    """A question in a 0-100 index: rescaled from its lowest to its highest code, turned round with `reverse`; or `values`."""

    item: str
    reverse: bool = False
    values: dict[int, float] = Field(default_factory=dict)


class PompIndex(Strict):
    """A 0-100 index: the mean of rescaled items ("per cent of maximum possible"), none below `minimum_answered` items."""

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    title_sv: str
    title_en: str
    topic: Topic
    arena: Arena
    high_is: Literal["good", "bad"]
    items: tuple[PompItem, ...]
    minimum_answered: int
    sensitive: bool = False
    note_sv: str | None = None
    alternatives: dict[str, Alternative] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _minimum(self) -> PompIndex:
        if not 1 <= self.minimum_answered <= len(self.items):
            raise ValueError(f"{self.id}: minimum_answered ska vara 1 till {len(self.items)}")
        return self

    def variant(self, name: str | None) -> PompIndex:
        """This index with the named other set of reversed items (None: as it is). Raises KeyError for an unknown name."""
        if name is None:
            return self
        reverse = self.alternatives[name].reverse or ()
        return self.model_copy(
            update={"items": tuple(i.model_copy(update={"reverse": i.item in reverse}) for i in self.items)},
        )


class IndicatorFile(Strict):
    """All indicators and 0-100 indices of a survey.

    `most_not_asked_pct`: an area's number is not published when more of its respondents (per cent) never got the question.
    `language`: of the texts that stand in release tables, the profile's.
    """

    survey: str
    language: Literal["sv", "en"] = "sv"
    source_sv: str
    most_not_asked_pct: int = Field(default=10, ge=0, le=100)
    indicators: tuple[Indicator, ...]
    indices: tuple[PompIndex, ...]

    @model_validator(mode="after")
    def _ids(self) -> IndicatorFile:
        ids = [x.id for x in (*self.indicators, *self.indices)]
        doubled = sorted({i for i in ids if ids.count(i) > 1})
        if doubled:
            raise ValueError(f"står två gånger: {', '.join(doubled)}")
        other = [i.id for i in self.indicators if (self.language == "en") != (i.base_en is not None)]
        if other:
            raise ValueError(f"base_en hör till indikatorer på engelska (language: en), och de måste ha det: {', '.join(other)}")
        return self

    @cached_property
    def by_id(self) -> dict[str, Indicator]:
        """Indicators by id."""
        return {i.id: i for i in self.indicators}

    @cached_property
    def index_by_id(self) -> dict[str, PompIndex]:
        """0-100 indices by id."""
        return {i.id: i for i in self.indices}


def problems_with_items(file: IndicatorFile, survey: Survey) -> Iterator[str]:
    """What in the definitions doesn't fit the survey's questions and answers, in Swedish."""
    if file.survey != survey.id:
        yield f"survey är {file.survey}"
    for indicator in file.indicators:
        for rule in (indicator.numerator, indicator.base):
            for item, wanted in rule.conditions.items() if rule else ():
                yield from (f"{indicator.id}: {text}" for text in _condition_problems(item, wanted, survey))
        yield from (f"{indicator.id}: {text}" for text in _kind_problems(indicator, survey))
        if unknown := sorted({*indicator.nested_in, *indicator.excludes} - set(file.by_id)):
            yield f"{indicator.id}: hänvisar till {', '.join(unknown)} som inte finns"
    for index in file.indices:
        for part in index.items:
            if part.item not in survey.by_key:
                yield f"{index.id}: okänd fråga {part.item}"
            elif unknown := sorted(set(part.values) - set(survey.answers(part.item)) - set(survey.missing_kinds)):
                yield f"{index.id}: {part.item} har inga svarskoder {unknown}"
        asked = {part.item for part in index.items}
        for name, other in index.alternatives.items():
            if gone := sorted(set(other.reverse or ()) - asked):
                yield f"{index.id}: {name} vänder {', '.join(gone)} som inte ingår"


def _condition_problems(item: str, wanted: tuple[int, ...] | AtLeast, survey: Survey) -> Iterator[str]:
    if item not in survey.by_key:
        yield f"okänd fråga {item}"
    elif isinstance(wanted, AtLeast) != (survey.by_key[item].type == "count"):
        yield f"{item}: minimum hör till frågor om antal, koder till andra"
    elif isinstance(wanted, tuple) and (unknown := sorted(set(wanted) - set(survey.answers(item)))):
        yield f"{item} har inga svarskoder {unknown}"


def _kind_problems(indicator: Indicator, survey: Survey) -> Iterable[str]:
    known = [survey.by_key[item] for item in indicator.numerator.conditions if item in survey.by_key]
    if 998 in indicator.as_no and not any(item.dont_know for item in known):
        yield "as_no 998, men ingen av frågorna har Vet inte"
    if 996 in indicator.as_no and not any(item.routed_by for item in known):
        yield "as_no 996, men ingen av frågorna är en följdfråga"
