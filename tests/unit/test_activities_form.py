"""The form about activities: each activity once, only the palette's own questions, codes that the rest of the code knows."""

from __future__ import annotations

from assets.catalogue.prevention import load_activities
from assets.catalogue.prevention_models import CONTENT_CRITERIA
from assets.forms.activities_form import activities_form


def sections():
    return {s.id: s for s in activities_form().sections}


def test_every_activity_stands_once_in_the_summary_and_once_in_a_detail_section():
    ids = [a.id for a in load_activities().activities]
    assert [i.id for i in sections()["summary"].items] == ids
    detail = [i.id for s in activities_form().sections if s.id.startswith("detail_") for i in s.items]
    assert sorted(detail) == sorted(ids)
    assert activities_form().sections[0].id == "summary"


def test_only_the_criteria_that_the_palette_asks_are_asked():
    for section in sections().values():
        names = {f.name for f in section.fields}
        for item in section.items:
            assert set(item.fields) <= names, item.id
            if section.id != "summary":
                asked = tuple(f for f in item.fields if f in CONTENT_CRITERIA)
                assert asked == load_activities().criteria_of[item.id]


def test_an_activity_says_which_factors_it_counts_for():
    outreach = next(i for i in sections()["summary"].items if i.id == "outreach")
    assert outreach.guidance.count(";") == 3


def test_programmes_are_offered_where_they_belong_and_another_can_always_be_named():
    def offered(section):
        return [c.code for f in sections()[section].fields if f.name == "programmes" for c in f.choices]

    assert "cope" in offered("detail_family")
    assert "liten_och_trygg" in offered("detail_school")
    assert "vill_du" in offered("detail_school")
    assert "mvp_fritid" in offered("detail_leisure")
    assert offered("detail_neighbourhood") == []
    assert all(offered(s)[-1] == "other" for s in ("detail_family", "detail_school", "detail_leisure"))


def test_the_head_begins_as_every_form_does_and_own_activities_have_free_rows():
    assert [f.name for f in activities_form().head] == ["municipality_code", "round", "answered_on", "role"]
    assert sections()["own"].items == ()
    assert sections()["own"].free_rows == 6


def test_labels_are_unique_within_a_choice_and_a_section():
    for section in sections().values():
        for field in section.fields:
            labels = [c.label for c in field.choices]
            assert len(labels) == len(set(labels)), field.name
        assert len({f.label for f in section.fields}) == len(section.fields)
