"""What the knowledge base says about one factor: how often it is studied beside which outcomes, the sources, interventions.

The number of rows is how often something has been studied. It is no effect size, and no sentence here says that it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from assets.catalogue.knowledge_models import EvidenceRow, Intervention, InterventionLink, Knowledge, work_of

NAMED_OUTCOMES = 3


@dataclass(frozen=True)
class Studied:
    """How many rows of a kind study one outcome; `outcome` is empty where the source leaves it out."""

    outcome: str
    kind: str
    rows: int
    indicators: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """One work. `suspect`: a row that cites it had its reference's last number dragged, so `text` must be checked."""

    text: str
    rows: int
    suspect: bool


@dataclass(frozen=True)
class FactorEvidence:
    """Everything about one factor. `names`: as the evidence table calls it. `works`: different sources."""

    key: str
    names: tuple[str, ...]
    rows: tuple[EvidenceRow, ...]
    studied: tuple[Studied, ...]
    sources: tuple[Source, ...]
    interventions: tuple[tuple[Intervention, InterventionLink], ...]
    reason_sv: str
    status_sv: str

    @property
    def suspect_rows(self) -> int:
        """Rows whose reference must be checked."""
        return sum(row.suspect for row in self.rows)


def factor_evidence(knowledge: Knowledge, key: str) -> FactorEvidence:
    """What is known about an index. Raises KeyError when the crosswalk doesn't have it."""
    walk = knowledge.crosswalk
    link = walk.factors[key]
    rows = tuple(row for row in knowledge.evidence if row.factor in link.evidence)
    by_id = {one.id: one for one in knowledge.interventions}
    return FactorEvidence(
        key=key,
        names=link.evidence,
        rows=rows,
        studied=studied_outcomes(knowledge, rows),
        sources=sources_of(rows),
        interventions=tuple((by_id[one.id], one) for one in walk.interventions if key in one.factors),
        reason_sv=link.reason_sv,
        status_sv=walk.status_sv,
    )


def studied_outcomes(knowledge: Knowledge, rows: Sequence[EvidenceRow]) -> tuple[Studied, ...]:
    """Outcomes and kinds with their numbers of rows, the most studied first, then by name."""
    indicators = {outcome.name: outcome.indicators for outcome in knowledge.crosswalk.outcomes}
    counts = Counter((row.outcome, row.kind) for row in rows)
    found = [Studied(outcome, kind, n, indicators.get(outcome, ())) for (outcome, kind), n in counts.items()]
    return tuple(sorted(found, key=lambda one: (-one.rows, one.outcome, one.kind)))


def sources_of(rows: Sequence[EvidenceRow]) -> tuple[Source, ...]:
    """The works behind the rows, each once; a dragged reference is one work, shown with its least number (dragging adds).

    Only a reference that ends with a number can have been dragged, so a row's other references aren't suspect.
    """
    texts: dict[str, list[str]] = {}
    suspect: set[str] = set()
    for row in rows:
        for source in row.sources:
            work = work_of(source)
            texts.setdefault(work, []).append(source)
            if row.suspect and source[-1].isdigit():
                suspect.add(work)
    return tuple(Source(min(held), len(held), work in suspect) for work, held in sorted(texts.items()))


def factors_of_outcome(knowledge: Knowledge, outcome: str) -> tuple[str, ...]:
    """Index keys whose evidence studies an outcome, in the crosswalk's order."""
    named = {row.factor for row in knowledge.evidence if row.outcome == outcome}
    return tuple(key for key, link in knowledge.crosswalk.factors.items() if named & set(link.evidence))


def evidence_in_three_lines(found: FactorEvidence, knowledge: Knowledge, label: str) -> tuple[str, str, str]:
    """Three Swedish sentences: what is studied, what the number means, what has been tried.

    Args:
        label: the index's Swedish name, as it begins a sentence.
    """
    words = knowledge.crosswalk.sentences_sv
    lower = label[:1].lower() + label[1:]
    if not found.rows:
        first = words.not_studied.format(factor=lower)
    else:
        outcomes = _most_studied(found, knowledge.crosswalk.no_outcome_sv)
        names = _listed([f"”{name}”" for name in found.names])
        first = words.studied.format(factor=label, names=names, rows=_rows(len(found.rows), knowledge), outcomes=outcomes)
    second = words.suspect.format(meaning=words.meaning, suspect=found.suspect_rows) if found.suspect_rows else words.meaning
    if found.interventions:
        told = [f"{one.name_sv} ({knowledge.crosswalk.evidence_words_sv[one.evidence]})" for one, _ in found.interventions]
        third = words.interventions.format(names="; ".join(told), status=found.status_sv)
    else:
        third = words.no_interventions.format(factor=lower)
    return first, second, third


def _most_studied(found: FactorEvidence, no_outcome: str) -> str:
    counts: Counter[str] = Counter()
    for one in found.studied:
        counts[one.outcome or no_outcome] += one.rows
    most = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:NAMED_OUTCOMES]
    return _listed([f"{outcome} ({n})" for outcome, n in most])


def _rows(count: int, knowledge: Knowledge) -> str:
    words = knowledge.crosswalk.sentences_sv.row
    return words.one if count == 1 else words.several.format(n=count)


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} och {items[-1]}"
