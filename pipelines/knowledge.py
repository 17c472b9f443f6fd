"""What `did kunskap` prints: one factor of the knowledge base, or the list of them."""

from __future__ import annotations

from assets.catalogue.knowledge import load_knowledge
from assets.catalogue.knowledge_models import Knowledge
from assets.catalogue.load import load_catalogue
from assets.methods.errors import PipelineError, count_sv
from assets.methods.knowledge import FactorEvidence, evidence_in_three_lines, factor_evidence


def knowledge_lines(name: str | None) -> list[str]:
    """The lines about a factor (its key or Swedish name), or all factors when no name is given.

    Raises:
        PipelineError: code `unknown_factor`.
    """
    knowledge = load_knowledge()
    catalogue = load_catalogue()
    labels = {key: catalogue.index(key).label_sv for key in knowledge.crosswalk.factors if key in catalogue.index_file.keys}
    if not name:
        return [f"{key}: {label}" for key, label in labels.items()]
    key = next((key for key, label in labels.items() if name.casefold() in (key, label.casefold())), None)
    if key is None:
        known = ", ".join(labels) or "ingen i den här profilen"
        raise PipelineError(
            "unknown_factor", "Faktorn", f"någon av {known}", name[:40], "Kör did kunskap utan namn för hela listan."
        )
    return factor_lines(factor_evidence(knowledge, key), knowledge, labels[key])


def factor_lines(found: FactorEvidence, knowledge: Knowledge, label: str) -> list[str]:
    """Evidence in three lines, then outcomes, sources and interventions."""
    walk = knowledge.crosswalk
    lines = [label, "", *evidence_in_three_lines(found, knowledge, label), "", f"Koppling ({walk.status_sv}): {found.reason_sv}"]
    if found.studied:
        lines += ["", "Studerade utfall:"]
    for one in found.studied:
        number = count_sv(one.rows, "rad", "rader")
        lines.append(f"  {one.outcome or walk.no_outcome_sv}, som {walk.kind_words_sv[one.kind]}: {number}")
    if found.interventions:
        lines += ["", "Insatser:"]
    lines += [f"  {one.name_sv}. {link.reason_sv}" for one, link in found.interventions]
    if found.sources:
        lines += ["", "Källor:"]
    lines += [f"  {s.text}{f' [{walk.suspect_sv}]' if s.suspect else ''}" for s in found.sources]
    return [*lines, "", f"Källa: {walk.source_sv}"]
