"""Base weights, collapsing by order, trimming and the errors of impossible weightings."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assets.methods.calibration import Bounds, calibrate, poststratify, rake
from assets.methods.design import Sample, Stage, SurveyDesign, draw_up
from assets.methods.errors import PipelineError
from assets.methods.weights import CellRule, cell_weights, kish_deff, trim

RULE = CellRule(("municipality", "klass", "sex"), ("sex", "klass"))


def persons(*cells: tuple[str, str, str, int]) -> pl.DataFrame:
    rows = [(m, k, s) for m, k, s, n in cells for _ in range(n)]
    return pl.DataFrame(rows, schema=["municipality", "klass", "sex"], orient="row")


def pupils(*cells: tuple[str, str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(list(cells), schema=["municipality", "klass", "sex", "enrolled"], orient="row")


def sample(weights: list[float], **columns: list[object]) -> Sample:
    frame = pl.DataFrame({"w": weights} | columns).with_row_index("id")
    return draw_up(frame, SurveyDesign((Stage(),), "w"))


def test_weight_is_enrolled_over_respondents():
    who = persons(("A", "1", "girl", 8), ("A", "1", "boy", 10))
    got, cells = cell_weights(who, pupils(("A", "1", "girl", 10), ("A", "1", "boy", 10)), RULE)
    assert got.group_by("sex").agg(pl.col("base_weight").first()).sort("sex")["base_weight"].to_list() == [1.0, 1.25]
    assert cells["note"].to_list() == ["ok", "ok"]
    assert got["base_weight"].sum() == pytest.approx(20)
    assert got.select("municipality", "klass", "sex").equals(who)


def test_small_cells_collapse_by_the_written_order():
    who = persons(
        ("A", "1", "girl", 2), ("A", "1", "boy", 10), ("A", "2", "girl", 8), ("A", "2", "boy", 9), ("B", "3", "girl", 6)
    )
    roll = pupils(
        ("A", "1", "girl", 10), ("A", "1", "boy", 12), ("A", "2", "girl", 10), ("A", "2", "boy", 9), ("B", "3", "girl", 6)
    )
    got, cells = cell_weights(who, roll, RULE)
    first = got.filter(pl.col("klass") == "1")
    assert first["base_weight"].unique().to_list() == [22 / 12]
    assert first["cell_level"].unique().to_list() == [1]
    second = got.filter(pl.col("klass") == "2")
    assert sorted(second["base_weight"].unique()) == [1.0, 1.25]
    assert cells.filter(pl.col("cell_level") == 1)["sex"].to_list() == [None]
    assert got["base_weight"].sum() == pytest.approx(roll["enrolled"].sum())


def test_a_class_without_answers_is_carried_by_its_municipality():
    who = persons(("A", "1", "girl", 8), ("A", "1", "boy", 8), ("B", "9", "boy", 6))
    roll = pupils(("A", "1", "girl", 8), ("A", "1", "boy", 8), ("A", "2", "girl", 8), ("A", "2", "boy", 8), ("B", "9", "boy", 6))
    got, cells = cell_weights(who, roll, RULE)
    assert got.filter(pl.col("municipality") == "A")["base_weight"].unique().to_list() == [2.0]
    assert cells.filter(pl.col("municipality") == "A")["cell_level"].to_list() == [2]


def test_what_remains_awkward_is_noted():
    who = persons(("A", "1", "girl", 3), ("B", "1", "girl", 10), ("C", "1", "girl", 10))
    _, cells = cell_weights(who, pupils(("A", "1", "girl", 4), ("B", "1", "girl", 90), ("C", "1", "girl", 8)), RULE)
    assert cells["note"].to_list() == ["few_respondents", "large_factor", "more_answers_than_pupils"]


@pytest.mark.parametrize(
    ("who", "roll", "code", "named"),
    [
        (persons(("A", "1", "girl", 9)), pupils(("A", "1", "girl", 9), ("B", "1", "girl", 9)), "cell_without_respondents", "=B"),
        (persons(("A", "1", "girl", 9)), pupils(("B", "1", "girl", 0)), "respondents_without_pupils", "=A"),
        (persons(("A", "1", None, 9)), pupils(("A", "1", "girl", 9)), "cell_key_missing", "tomma"),
    ],
)
def test_impossible_cells_are_refused_by_name(who, roll, code, named):
    with pytest.raises(PipelineError, match=named) as caught:
        cell_weights(who, roll, RULE)
    assert caught.value.code == code


def test_trimming_keeps_the_sum():
    got = trim(sample([1.0, 1.0, 1.0, 2.7, 6.0]), upper=3.0)
    assert sorted(got.weight) == pytest.approx([1.0 + 2.7 / 3] * 3 + [3.0, 3.0])
    assert got.weight.sum() == pytest.approx(11.7)
    with pytest.raises(PipelineError, match="medelvikten"):
        trim(sample([1.0, 5.0]), upper=2.0)
    assert kish_deff(np.array([1.0, 1.0, 0.0])) == 1.0
    assert np.isnan(kish_deff(np.zeros(2)))


MARGIN = pl.DataFrame({"sex": ["boy", "girl"], "N": [60, 40]})


def _raking_failures():
    two = {"sex": ["girl", "boy", "girl", "boy"], "mun": ["A", "A", "B", "B"]}
    yield "margin_without_respondents", "sex=boy", {"sex": ["girl"] * 4, "mun": ["A"] * 4}, [MARGIN]
    yield "respondents_without_margin", "sex=saknas", {"sex": ["girl", "boy", None, "boy"], "mun": ["A"] * 4}, [MARGIN]
    zero = pl.DataFrame({"sex": ["boy", "girl"], "N": [60, 0]})
    yield "respondents_without_margin", "sex=girl", two, [zero]
    other = pl.DataFrame({"mun": ["A", "B"], "N": [50, 60]})
    yield "margins_disagree", "olika summor", two, [MARGIN, other]
    doubled = pl.concat([MARGIN, MARGIN])
    yield "margin_duplicated", "dubbletter", two, [doubled]
    apart = {"sex": ["girl", "girl", "boy", "boy"], "mun": ["A", "A", "B", "B"]}
    yield "not_converged", "ingen lösning", apart, [MARGIN, pl.DataFrame({"mun": ["A", "B"], "N": [50, 50]})]


@pytest.mark.parametrize(("code", "said", "columns", "margins"), list(_raking_failures()))
def test_impossible_margins_are_refused_by_name(code, said, columns, margins):
    with pytest.raises(PipelineError, match=said) as caught:
        rake(sample([1.0] * 4, **columns), margins)
    assert caught.value.code == code


def test_missing_is_a_group_when_the_margin_has_it():
    margin = pl.DataFrame({"sex": ["boy", "girl", None], "N": [20, 20, 10]})
    got = poststratify(sample([1.0] * 4, sex=["girl", "boy", None, "boy"]), margin)
    assert got.weight.sum() == pytest.approx(50)
    assert sorted(got.weight) == pytest.approx([10, 10, 10, 20])


def test_unreachable_totals_are_refused():
    four = sample([1.0] * 4, x=[1.0, 2.0, 3.0, 4.0])
    x = np.column_stack([np.ones(4), four.column("x")])
    assert calibrate(four, x, np.array([4.0, 11.0])).weight @ x == pytest.approx([4.0, 11.0])
    with pytest.raises(PipelineError, match="ingen lösning"):
        calibrate(four, x, np.array([4.0, 40.0]), "raking")
    with pytest.raises(PipelineError, match="ingen lösning"):
        calibrate(four, x, np.array([4.0, 11.0]), "logit", Bounds(0.9, 1.1))
    with pytest.raises(PipelineError, match="tomma"):
        calibrate(four, np.full((4, 1), np.nan), np.array([4.0]))
    with pytest.raises(ValueError, match="bounds need"):
        Bounds(1.2, 3)


def test_cells_that_all_collapse_keep_their_empty_keys():
    who = persons(("A", "1", "girl", 2), ("A", "2", "boy", 4))
    got, cells = cell_weights(who, pupils(("A", "8", "girl", 6), ("A", "9", "boy", 6)), RULE)
    assert got["base_weight"].unique().to_list() == [2.0]
    assert cells.select("municipality", "klass", "sex").row(0) == ("A", None, None)
