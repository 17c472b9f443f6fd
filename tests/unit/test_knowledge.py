"""The knowledge base: the table as it was, links that lead somewhere, sentences that claim no more than the rows do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assets.catalogue.knowledge import load_knowledge
from assets.catalogue.knowledge_models import problems_with_knowledge, work_of
from assets.catalogue.load import load_catalogue
from assets.methods.errors import PipelineError
from assets.methods.knowledge import evidence_in_three_lines, factor_evidence, factors_of_outcome, sources_of
from pipelines.cli import main
from pipelines.knowledge import knowledge_lines

BASE = load_knowledge()


def test_the_table_has_the_rows_and_kinds_of_the_source():
    assert len(BASE.evidence) == 296
    kinds = [row.kind for row in BASE.evidence]
    assert (kinds.count("risk"), kinds.count("protective")) == (221, 75)
    assert sum(row.suspect for row in BASE.evidence) == 134
    assert len({row.factor for row in BASE.evidence}) == 80
    points = [row.star_point for row in BASE.evidence]
    assert {point: points.count(point) for point in set(points)} == {
        "Psyk. ohälsa": 68, "Missbruk/ANDTS": 68, "Kriminalitet": 60, "Våld": 49, "Utanförskap": 37, "Fys. ohälsa": 14,
    }  # fmt: skip
    assert len(BASE.interventions) == 14


def test_every_index_is_in_the_crosswalk_and_every_named_indicator_is_an_outcome_of_the_survey():
    catalogue = load_catalogue()
    assert set(BASE.crosswalk.factors) == {index.key for index in catalogue.indices}
    named = {key for outcome in BASE.crosswalk.outcomes for key in outcome.indicators}
    assert named <= set(catalogue.factors.phrases)


def test_links_that_lead_nowhere_are_told():
    walk = BASE.crosswalk
    wrong = walk.model_copy(update={"interventions": walk.interventions[1:], "outcomes": walk.outcomes[1:]})
    said = " | ".join(problems_with_knowledge(replace(BASE, crosswalk=wrong)))
    assert "inte exakt de i interventions.csv" in said
    assert "utfallet missbruk/ANDTS saknas" in said
    assert list(problems_with_knowledge(BASE)) == []


def test_a_dragged_reference_is_one_work():
    assert work_of("A report. https://doi.org/10.1/abc.004") == work_of("A report. https://doi.org/10.1/abc.017")
    rows = [row for row in BASE.evidence if row.factor == "Impulsivitet"]
    spellings = {text for row in rows for text in row.sources}
    assert len(sources_of(rows)) < len(spellings)


def test_rows_and_outcomes_of_parenting_by_hand():
    found = factor_evidence(BASE, "parenting")
    # 6 + 1 rows for the relation, 6 for the strategies, 2 for supervision.
    assert len(found.rows) == sum(one.rows for one in found.studied) == 15
    assert [one.rows for one in found.studied] == sorted((one.rows for one in found.studied), reverse=True)
    assert {one.id for one, _ in found.interventions} >= {"triple_p", "abc"}
    assert found.status_sv == "förslag, ska bekräftas av länsstyrelsen"


def test_three_lines_say_that_rows_are_no_effect_size():
    for index in load_catalogue().indices:
        lines = evidence_in_three_lines(factor_evidence(BASE, index.key), BASE, index.label_sv)
        assert len(lines) == 3
        assert "inte hur starkt sambandet är" in lines[1]
        assert all(line.endswith(".") and "{" not in line for line in lines), lines


def test_a_factor_without_evidence_says_so():
    lines = evidence_in_three_lines(factor_evidence(BASE, "wellbeing"), BASE, "Välbefinnande")
    assert lines[0].startswith("Kunskapsbasen har ingen faktor som motsvarar välbefinnande")
    assert lines[2] == "Kunskapsbasen har ingen insats som vi kopplar till välbefinnande."


def test_from_an_outcome_back_to_the_factors():
    assert "school_distress" in factors_of_outcome(BASE, "skolfrånvaro")
    assert factors_of_outcome(BASE, "finns inte") == ()


def test_the_command_takes_key_or_name_and_lists_without(capsys):
    assert knowledge_lines("Parenting") == knowledge_lines(load_catalogue().index("parenting").label_sv)
    assert any("[hänvisningen behöver kontrolleras]" in line for line in knowledge_lines("parenting"))
    assert len(knowledge_lines(None)) == 7
    with pytest.raises(PipelineError, match="någon av parenting"):
        knowledge_lines("finns inte")
    assert main(["kunskap", "wellbeing"]) == 0
    assert "Källa: Magnus Johansson" in capsys.readouterr().out
