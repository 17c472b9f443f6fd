"""Read the knowledge base (`prevention/evidence.csv`, `interventions.csv`, `crosswalk.yml`); once per process."""

from __future__ import annotations

from functools import lru_cache

from assets.catalogue.knowledge_models import CrosswalkFile, EvidenceRow, Intervention, Knowledge, problems_with_knowledge
from assets.catalogue.load import ROOT
from assets.catalogue.reader import Reader
from assets.methods.errors import PipelineError


@lru_cache(maxsize=1)
def load_knowledge() -> Knowledge:
    """Evidence, interventions and the crosswalk.

    Raises:
        PipelineError: code `catalogue`; the message lists every problem with file and key.
    """
    read = Reader(ROOT)
    walk = read.model(CrosswalkFile, "prevention/crosswalk.yml")
    evidence = read.table(EvidenceRow, "prevention/evidence.csv")
    interventions = read.table(Intervention, "prevention/interventions.csv")
    if walk is not None and not read.problems:
        knowledge = Knowledge(evidence, interventions, walk)
        read.problems += problems_with_knowledge(knowledge)
        if not read.problems:
            return knowledge
    problems = f"{len(read.problems)} fel: {' | '.join(read.problems)}"
    raise PipelineError("catalogue", "assets/catalogue", "en katalog utan fel", problems, "Rätta raderna ovan och kör igen.")
