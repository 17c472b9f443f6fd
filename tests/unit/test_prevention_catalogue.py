"""The catalogue of activities: nothing of the palette lost in the merge, every reference known, and no claim without a source."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from assets.catalogue.load import load_catalogue
from assets.catalogue.prevention import load_activities, read_activities
from assets.catalogue.prevention_models import CONTENT_CRITERIA
from assets.methods.errors import PipelineError

CATALOGUE = Path(__file__).resolve().parents[2] / "assets" / "catalogue"


def test_all_of_the_palette_is_there_once():
    found = load_activities()
    codes = [code for a in found.activities for code in a.source_codes]
    assert len(found.activities) == 27
    assert Counter(code[:2] for code in codes) == {"FB": 13, "SK": 7, "FR": 9, "NS": 6}
    assert len(codes) == len(set(codes))
    statements = [code for s in found.statements for code in s.sources]
    assert len(statements) == len(set(statements)) == 243
    assert len(found.indepth_file.questions) == 227


def test_factors_of_an_activity_are_those_of_its_codes():
    prefix = {f.source_code: f.key for f in load_activities().activity_file.protective_factors}
    for activity in load_activities().activities:
        assert activity.factors == tuple(prefix[code[:2]] for code in activity.source_codes), activity.id


def test_dimensions_keep_the_counts_of_the_palette():
    counts = Counter()
    for s in load_activities().statements:
        counts[s.criterion] += len(s.sources)
    assert counts == {
        "goals": 39, "offered": 34, "programme": 34, "participation": 33, "follow_up_reach": 26, "long_term_funding": 24,
        "cooperation": 19, "follow_up_results": 19, "adaptation": 6, "coordinator": 3, "competence": 3, "other": 3,
    }  # fmt: skip


def test_a_law_without_a_name_in_the_source_is_marked_as_our_reading():
    attendance = load_activities().activity_by_id["attendance"]
    assert attendance.legal_basis == "duty"
    assert {law.provision_sv for law in attendance.laws if not law.law_from_source} == {
        "7 kap. 19 a §", "7 kap. 22 §", "8 kap. 12 a §", "29 kap. 19 §"
    }  # fmt: skip
    for activity in load_activities().activities:
        assert bool(activity.laws) or activity.legal_basis in ("none", "general"), activity.id


def test_every_index_has_a_reasoned_proposal():
    found = load_activities()
    assert set(found.activities_of_index) == {i.key for i in load_catalogue().indices}
    assert "förslag" in found.index_factors.status_sv
    for links in found.index_factors.indices:
        reached = {f for x in links.activities for f in found.activity_by_id[x.activity].factors}
        assert {x.factor for x in links.factors} <= reached, links.index


def test_programmes_claim_only_what_a_source_says():
    file = load_activities().programme_file
    for programme in file.programmes:
        assert programme.evaluation.source is None or programme.evaluation.source in programme.sources, programme.id
    by_id = load_activities().programme_by_id
    assert by_id["liten_och_trygg"].owner_sv == "Brottsoffermyndigheten"
    assert by_id["mvp"].evaluation.status == "tested_positive"
    assert by_id["winst"].owner_sv == ""
    assert by_id["winst"].evaluation.status == "unknown"


def test_criteria_are_those_the_palette_asks():
    found = load_activities()
    assert found.criteria_of["open_preschool"] == ("goals", "participation", "follow_up_reach", "long_term_funding")
    assert "competence" in found.criteria_of["family_counselling"]
    assert {c for asked in found.criteria_of.values() for c in asked} == set(CONTENT_CRITERIA)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("activities", "arenas: [preschool]", "arenas: [moon]", "moon är okänt"),
        ("statements", "activity: library", "activity: libary", "libary är okänt"),
        ("programmes", "sources: [palette]", "sources: [hearsay]", "hearsay är okänt"),
        ("index_factors", "activity: attendance", "activity: absence", "absence är okänt"),
        ("indepth", "id: FB01-F02", "id: FB01-F01", "står 2 gånger"),
        ("activities", "link_state: ok", "link_state: no_usable_target", "url ska finnas"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told(tmp_path, file, old, new, said):
    shutil.copytree(CATALOGUE / "prevention", tmp_path / "prevention")
    path = tmp_path / "prevention" / f"{file}.yml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PipelineError, match=said):
        read_activities(tmp_path)
