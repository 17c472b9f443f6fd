"""How a table without a stable interface (Brå, Socialstyrelsen) is read: the mapping file as a model. Pure.

A mapping is YAML: who publishes the numbers, which sheet and headers hold them, and what the table's own words mean. It lies
beside the data file in the inbox (`bra_2024.xlsx` with `bra_2024.xlsx.yml`) or in `assets/catalogue/registers/imports/`. How to
write one: docs/registers.md.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from assets.catalogue.models import Strict
from assets.methods.errors import PipelineError
from assets.registers.models import RegisterSource

Reason = Literal["missing", "masked_at_source", "not_applicable", "no_pupils"]
Sex = Literal["all", "girl", "boy"]
OWN_SOURCES = ("kolada", "skolverket", "skolenkaten", "scb")


class TableFile(Strict):
    """Where the table stands. `sheet`: for xlsx (default the first). `delimiter` and `encoding`: for CSV."""

    sheet: str | None = None
    delimiter: str = Field(default=";", min_length=1, max_length=1)
    encoding: Literal["utf-8", "cp1252"] = "utf-8"
    must_contain: tuple[str, ...] = Field(min_length=1)


class AreaRule(Strict):
    """The area column. `names`: the table's name -> our code, beside the usual names. `others`: rows of other areas."""

    column: str
    by: Literal["code", "name"]
    names: dict[str, str] = Field(default_factory=dict)
    others: Literal["ignore", "stop"] = "ignore"


class YearRule(Strict):
    """The year: in a column, the same for the whole file, or in the headers of the value columns (a pattern with one group)."""

    column: str | None = None
    value: int | None = Field(default=None, ge=1900, le=2100)
    headers: str | None = None

    @model_validator(mode="after")
    def _one(self) -> YearRule:
        if sum(given is not None for given in (self.column, self.value, self.headers)) != 1:
            raise ValueError("ange ett av column, value och headers")
        if self.headers is not None and re.compile(self.headers).groups != 1:
            raise ValueError("headers ska ha precis en grupp, till exempel ^(20\\d\\d)$")
        return self


class SexRule(Strict):
    """Sex: a column with its words -> ours, or the same for the whole file."""

    column: str | None = None
    codes: dict[str, Sex] = Field(default_factory=dict)
    value: Sex | None = None

    @model_validator(mode="after")
    def _one(self) -> SexRule:
        if (self.column is None) == (self.value is None) or bool(self.column) != bool(self.codes):
            raise ValueError("ange antingen column med codes, eller value")
        return self


class ValueRule(Strict):
    """The value column (none when the years stand in the headers), and what isn't a number: the table's mark -> reason.

    `count` and `population` in place of `column`: what a rate or share is made of, in the unit of the indicator.
    """

    column: str | None = None
    count: str | None = None
    population: str | None = None
    missing_marks: dict[str, Reason] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one(self) -> ValueRule:
        if (self.count is None) != (self.population is None):
            raise ValueError("ange både count och population, eller ingen av dem")
        if self.column is not None and self.count is not None:
            raise ValueError("ange antingen column, eller count och population")
        return self


class TableMapping(RegisterSource):
    """A mapping file: a register source and the layout of its table.

    `unit_column`: a column whose cell must equal the indicator's `unit_text`. `where` of an indicator: header -> cell.
    """

    file: TableFile
    area: AreaRule
    year: YearRule
    sex: SexRule
    value: ValueRule
    unit_column: str | None = None

    @field_validator("source")
    @classmethod
    def _not_ours(cls, source: str) -> str:
        if source in OWN_SOURCES:
            raise ValueError("namnet är upptaget av en källa som har en egen läsare")
        return source

    @model_validator(mode="after")
    def _complete(self) -> TableMapping:
        if (self.value.column is None and self.value.count is None) != (self.year.headers is not None):
            raise ValueError("value.column (eller value.count) ska anges, utom när åren står i rubrikerna")
        if len(self.indicators) > 1 and any(not i.where for i in self.indicators):
            raise ValueError("med flera indikatorer ska var och en ha where")
        if self.unit_column and any(i.unit_text is None for i in self.indicators):
            raise ValueError("unit_column kräver unit_text för varje indikator")
        return self

    @property
    def headers(self) -> tuple[str, ...]:
        """Headers that the table must have."""
        named = [self.area.column, self.year.column, self.sex.column, self.unit_column]
        named += [self.value.column, self.value.count, self.value.population]
        named += [header for i in self.indicators for header in i.where]
        return tuple(dict.fromkeys(h for h in named if h))


def read_mapping(text: str, file_name: str) -> TableMapping:
    """Read and check a mapping file.

    Raises:
        PipelineError: `bad_mapping`, with every problem and its key.
    """
    try:
        parsed: Any = yaml.safe_load(text)
        return TableMapping.model_validate(parsed)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problems = [f"rad {mark.line + 1} är inte giltig YAML" if mark else "filen är inte giltig YAML"]
        cause: Exception = error
    except ValidationError as error:
        problems = [f"{'.'.join(str(p) for p in d['loc']) or 'filen'}: {_swedish(d['type'], d['msg'])}" for d in error.errors()]
        cause = error
    raise PipelineError(
        "bad_mapping",
        file_name,
        "en mappningsfil utan fel",
        f"{len(problems)} fel: " + " | ".join(problems),
        "Rätta raderna ovan; hur en mappningsfil ser ut står i docs/registers.md.",
    ) from cause


def _swedish(kind: str, message: str) -> str:
    words = {
        "missing": "saknas",
        "extra_forbidden": "känns inte igen",
        "string_type": "ska vara text (sätt citattecken om den ser ut som ett tal)",
        "int_type": "ska vara ett heltal",
        "literal_error": "har ett värde som inte är tillåtet",
        "string_pattern_mismatch": "får bara ha små bokstäver a–z, siffror och _",
    }
    return words.get(kind, message.removeprefix("Value error, "))
