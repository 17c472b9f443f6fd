"""Decided behaviour for awkward input: `data/rasch/edge_cases.json`, index Parenting."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from assets.methods.errors import PipelineError
from assets.methods.rasch import IndexSpec, reversed_thresholds, score
from tests.oracle.rasch_reference import DATA, patterns_frame, published_specs

CASES: dict[str, dict[str, Any]] = {
    case["name"]: case for case in json.loads((DATA / "rasch" / "edge_cases.json").read_text(encoding="utf-8"))["cases"]
}
PATTERN_CASES = [name for name, case in CASES.items() if "responses" in case]
LIST_CASES = [name for name, case in CASES.items() if "responses_list" in case]
OTHERS = {
    "column_order",
    "missing_column",
    "empty_table",
    "duplicate_ids",
    "reversed_thresholds",
    "sign_of_protective",
    "single_respondent",
}


def _parenting(min_answered: int = 5) -> IndexSpec:
    return published_specs(min_answered)["Parenting"]


def test_every_case_is_tested() -> None:
    assert {*PATTERN_CASES, *LIST_CASES, *OTHERS} == set(CASES)


@pytest.mark.parametrize("name", PATTERN_CASES)
def test_pattern(name: str) -> None:
    case = CASES[name]
    spec = _parenting(case.get("min_answered", 5))
    row = score(patterns_frame(spec, [case["responses"]]), [spec]).row(0, named=True)
    expect = case["expect"]
    if expect["theta"] is None:
        assert row["Parenting"] is None
        assert row["Parenting_se"] is None
    else:
        assert row["Parenting"] == pytest.approx(expect["theta"], abs=1e-9)
    assert row["Parenting_n"] == expect.get("n_answered", 6)


@pytest.mark.parametrize("name", LIST_CASES)
def test_typed_answers(name: str) -> None:
    case = CASES[name]
    spec = _parenting()
    answers = [float("nan") if answer == "NaN" else answer for answer in case["responses_list"]]
    frame = pl.DataFrame({item.key: [answer] for item, answer in zip(spec.items, answers, strict=True)})
    expect = case["expect"]
    if not expect.get("error"):
        row = score(frame, [spec]).row(0, named=True)
        assert row["Parenting"] == pytest.approx(expect["theta"], abs=1e-9)
        assert row["Parenting_n"] == expect["n_answered"]
        return
    bad = next(item for item, answer in zip(spec.items, answers, strict=True) if answer not in range(item.max_score + 1))
    with pytest.raises(PipelineError) as caught:
        score(frame, [spec])
    assert bad.key in str(caught.value)
    assert "1 rader" in str(caught.value)
    assert "998" not in str(caught.value)


def test_column_order_is_irrelevant() -> None:
    spec = _parenting()
    frame = patterns_frame(spec, ["213210", "321110", "012.11"])
    turned = frame.select(reversed(frame.columns))
    assert score(turned, [spec])["Parenting"].to_list() == score(frame, [spec])["Parenting"].to_list()


def test_missing_column_is_an_error_unless_not_asked() -> None:
    spec = _parenting()
    frame = patterns_frame(spec, ["213210", "321110"]).drop("F58")
    with pytest.raises(PipelineError, match="F58"):
        score(frame, [spec])
    got = score(frame, [spec], not_asked={"F58"})
    assert got["Parenting_n"].to_list() == [5, 5]
    assert got["Parenting"].null_count() == 0


def test_empty_table_keeps_its_schema() -> None:
    spec = _parenting()
    full, empty = (score(patterns_frame(spec, patterns), [spec]) for patterns in (["213210"], []))
    assert empty.height == 0
    assert empty.schema == full.schema


def test_duplicate_ids_keep_rows_and_order() -> None:
    spec = _parenting()
    frame = patterns_frame(spec, ["213210", "000000", "213210"]).with_columns(id=pl.Series([7, 7, 3]))
    got = score(frame, [spec])
    assert got["id"].to_list() == [7, 7, 3]
    assert got["Parenting"][0] == got["Parenting"][2] != got["Parenting"][1]


def test_reversed_thresholds_are_scored_and_flagged() -> None:
    specs = published_specs()
    assert {key: reversed_thresholds(spec) for key, spec in specs.items() if reversed_thresholds(spec)} == {
        "Community": ("f101g",)
    }
    community = specs["Community"]
    assert score(patterns_frame(community, ["333323"]), [community])["Community"].null_count() == 0


def test_sign_of_protective() -> None:
    spec = published_specs()["SkolaPositiv"]
    risk = IndexSpec(spec.key, "risk", spec.items)
    frame = patterns_frame(spec, ["000000000", "111111111", "223333333"])
    protective, theta = (score(frame, [one])["SkolaPositiv"] for one in (spec, risk))
    assert protective.to_list() == [-value for value in theta]


def test_single_respondent_equals_the_same_row_in_a_large_table() -> None:
    spec = _parenting()
    many = ["213210", "3.1111", "000000", "332233"] * 500
    alone = score(patterns_frame(spec, ["3.1111"]), [spec])
    assert alone.row(0) == score(patterns_frame(spec, many), [spec]).row(1)
