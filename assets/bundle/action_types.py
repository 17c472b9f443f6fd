"""What the pages on action are told (activities, preconditions, knowledge, the rule for the order) and what one page holds."""

from __future__ import annotations

from dataclasses import dataclass

from assets.bundle.types import Table
from assets.catalogue.knowledge_models import Knowledge
from assets.catalogue.prevention import ActivityCatalogue
from assets.catalogue.priority_models import PriorityFile
from assets.catalogue.readiness_models import ReadinessFile


@dataclass(frozen=True)
class PreventionDefinitions:
    """The prevention catalogue, read once."""

    activities: ActivityCatalogue
    readiness: ReadinessFile
    knowledge: Knowledge
    priority: PriorityFile


@dataclass(frozen=True)
class FactorPage:
    """One factor on one page. Tables that have nothing to show are None, and a sentence says why.

    `stated`: what is told of the activities, word -> names. `gaps`: fragile, blind, groups that aren't reached, legal duties.
    `sources`: works behind the evidence, and whether the reference must be checked.
    """

    id: str
    title: str
    about: str
    level: Table
    affected: tuple[str, ...]
    activities: Table | None
    activities_said: str
    stated: tuple[tuple[str, str], ...]
    gaps: tuple[str, ...]
    readiness: Table | None
    readiness_said: str
    evidence: tuple[str, ...]
    sources: tuple[tuple[str, bool], ...]
    registers: Table | None
    registers_said: str
