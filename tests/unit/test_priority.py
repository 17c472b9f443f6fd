"""The suggested order: the rule's criteria by hand, unknowns in the open, ties and single factors."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from assets.catalogue.load import load_catalogue
from assets.catalogue.priority import load_priority
from assets.catalogue.priority_models import CRITERIA, PriorityFile
from assets.methods.priority import SCHEMA, UNKNOWN, Judged, criteria, ordered, priority_order
from tests.support.readiness_sample import factor_overview_rows

RULE = load_priority()


def changed(**fields: object) -> PriorityFile:
    return PriorityFile.model_validate(RULE.model_dump() | fields)


def judged(name: str, *values: float | None) -> Judged:
    return Judged(name, tuple(UNKNOWN if v is None else (v, v, v) for v in values))


def test_the_rule_names_every_index_of_the_survey_and_all_six_criteria():
    assert set(RULE.malleability) == {index.key for index in load_catalogue().indices}
    assert tuple(RULE.weights) == tuple(RULE.criteria_sv) == CRITERIA
    with pytest.raises(ValidationError, match="ange size"):
        changed(weights={"size": 1})
    with pytest.raises(ValidationError, match="större än noll"):
        changed(weights=dict.fromkeys(CRITERIA, 0))


def test_criteria_by_hand():
    row = factor_overview_rows().row(0, named=True) | {"trend_verdict": "increase"}
    size, certainty, change, malleability, coverage, local = criteria([row], RULE, "0127")
    assert size == pytest.approx((14 / 30, 6 / 30, 14 / 30))
    assert certainty == (1.0, 1.0, 1.0)  # the interval 1 to 7 lies above zero
    assert change[0] == 1.0
    assert malleability[0] == 0.75
    assert coverage == pytest.approx((0.7, 0.5, 0.7))
    assert local == UNKNOWN
    half = criteria([row | {"diff_county": 1.0, "diff_low": -1.0, "diff_high": 3.0}], RULE, "0127")[1]
    assert half[0] == 0.75


def test_the_municipalitys_own_weight_counts_when_it_is_set():
    row = factor_overview_rows().row(0, named=True)
    rule = changed(local={"0127": {"acting_out": 1.0}})
    assert criteria([row], rule, "0127")[5][0] == 1.0
    assert criteria([row], rule, "0180")[5] == UNKNOWN


def test_what_cannot_be_told_or_was_never_inventoried_is_unknown():
    row = factor_overview_rows().row(0, named=True)
    assert criteria([row], RULE, "0127")[2] == UNKNOWN
    assert criteria([row | {"reason_coverage": "not_inventoried"}], RULE, "0127")[4] == UNKNOWN


def test_the_grade_with_the_highest_points_counts():
    low, high = (factor_overview_rows().row(0, named=True) | {"share_focus": share} for share in (6.0, 15.0))
    assert criteria([low, high], RULE, "0127")[0][0] == 0.5
    assert criteria([low | {"share_focus": None}, high], RULE, "0127")[0][0] == 0.5


def test_points_are_the_weighted_mean_of_what_is_known():
    rows = ordered([judged("a", 1, 0.5, None, 0, 1, None)], RULE)
    assert rows[0]["points"] == round(100 * (25 * 1 + 20 * 0.5 + 15 * 0 + 15 * 1) / 75, 1)
    assert rows[0]["change_points"] is None


def test_ties_share_a_place_and_the_next_place_is_skipped():
    rows = ordered([judged("a", *[0.5] * 6), judged("b", *[0.9] * 6), judged("c", *[0.5] * 6), judged("d", *[0.1] * 6)], RULE)
    assert [(row["factor"], row["place"]) for row in rows] == [("b", 1), ("a", 2), ("c", 2), ("d", 4)]


def test_a_single_factor_is_first_and_stable():
    (row,) = ordered([judged("a", *[0.2] * 6)], RULE)
    assert (row["place"], row["place_low"], row["place_high"], row["share_top3"], row["stable"]) == (1, 1, 1, 1.0, True)


def test_factors_of_which_too_little_is_known_have_no_place():
    rows = ordered([judged("a", *[None] * 6), judged("b", None, None, None, 0.5, 0.5, None)], RULE)
    assert {row["reason"] for row in rows} == {"too_little_known"}
    assert all("place" not in row for row in rows)
    assert ordered([], RULE) == []


def test_the_table_lists_every_factor_once_in_order():
    table = priority_order(factor_overview_rows(), RULE)
    assert dict(table.schema) == SCHEMA
    assert table.height == 7
    shown = table.filter(table["reason"] == "ok")
    assert shown["place"].to_list() == sorted(shown["place"].to_list())
    assert table.filter(table["reason"] == "too_little_known")["factor"].to_list() == ["wellbeing"]
    assert all(low <= place <= high for low, place, high in shown.select("place_low", "place", "place_high").iter_rows())
    assert priority_order(factor_overview_rows().clear(), RULE).is_empty()


def test_the_same_input_gives_the_same_places():
    assert priority_order(factor_overview_rows(), RULE).equals(priority_order(factor_overview_rows(), RULE))
