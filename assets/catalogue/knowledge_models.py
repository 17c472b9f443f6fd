"""Pydantic models of the knowledge base: evidence rows, interventions, and the crosswalk from our indices to both.

A row says that an overview has studied a factor beside an outcome: how often something is studied, never how strong it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from assets.catalogue.models import Strict

Kind = Literal["risk", "protective"]
_LAST_NUMBER = re.compile(r"\d+$")


class EvidenceRow(Strict):
    """One row of the evidence table. `row`: its number in the source. `suspect`: the reference's last number was dragged."""

    row: int
    factor: str = Field(min_length=1)
    outcome: str
    kind: Kind
    star_point: str
    context: str
    source1: str
    source2: str
    source3: str
    suspect: bool

    @property
    def sources(self) -> tuple[str, ...]:
        """The references that are given."""
        return tuple(text for text in (self.source1, self.source2, self.source3) if text)


class Intervention(Strict):
    """A named intervention and how it has been tried."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name_sv: str = Field(min_length=1)
    group_sv: str = Field(min_length=1)
    evidence: Literal["tested", "less_studied"]


class FactorLink(Strict):
    """Which of the table's factors an index answers to, and why."""

    evidence: tuple[str, ...]
    reason_sv: str = Field(min_length=1)


class Outcome(Strict):
    """An outcome of the table and the survey's indicators that measure something like it."""

    name: str = Field(min_length=1)
    indicators: tuple[str, ...]


class InterventionLink(Strict):
    """Which indices an intervention is about, by our reading."""

    id: str
    factors: tuple[str, ...] = Field(min_length=1)
    reason_sv: str = Field(min_length=1)


class RowWords(Strict):
    """`1 rad`, `{n} rader`."""

    one: str
    several: str


class Sentences(Strict):
    """Templates of the evidence in three lines."""

    studied: str
    not_studied: str
    meaning: str
    suspect: str
    interventions: str
    no_interventions: str
    row: RowWords


class CrosswalkFile(Strict):
    """Links between indices, evidence, outcomes and interventions, all of one status (proposed)."""

    version: str
    status_sv: str = Field(min_length=1)
    source_sv: str = Field(min_length=1)
    factors: dict[str, FactorLink]
    outcomes: tuple[Outcome, ...]
    interventions: tuple[InterventionLink, ...]
    evidence_words_sv: dict[Literal["tested", "less_studied"], str]
    kind_words_sv: dict[Kind, str]
    no_outcome_sv: str = Field(min_length=1)
    suspect_sv: str = Field(min_length=1)
    sentences_sv: Sentences


@dataclass(frozen=True)
class Knowledge:
    """The whole knowledge base."""

    evidence: tuple[EvidenceRow, ...]
    interventions: tuple[Intervention, ...]
    crosswalk: CrosswalkFile


def work_of(source: str) -> str:
    """A reference without its last number, so that a reference that was dragged over rows is one work and not many."""
    return _LAST_NUMBER.sub("", source.strip())


def problems_with_knowledge(knowledge: Knowledge) -> Iterator[str]:
    """Links that lead nowhere, in Swedish."""
    walk = knowledge.crosswalk
    factors = {row.factor for row in knowledge.evidence}
    outcomes = {row.outcome for row in knowledge.evidence if row.outcome}
    for key, link in walk.factors.items():
        yield from (f"crosswalk.yml: {key}: okänd faktor {name}" for name in link.evidence if name not in factors)
    named = [outcome.name for outcome in walk.outcomes]
    yield from (f"crosswalk.yml: utfallet {name} finns inte i evidence.csv" for name in named if name not in outcomes)
    yield from (f"crosswalk.yml: utfallet {name} saknas" for name in sorted(outcomes - set(named)))
    ids = [one.id for one in knowledge.interventions]
    linked = [link.id for link in walk.interventions]
    if sorted(ids) != sorted(linked):
        yield "crosswalk.yml: interventions är inte exakt de i interventions.csv"
    for link in walk.interventions:
        yield from (f"crosswalk.yml: {link.id}: okänt index {key}" for key in link.factors if key not in walk.factors)
