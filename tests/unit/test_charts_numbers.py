"""Swedish numbers in charts and the sentences chosen from verdicts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.charts import findings, numbers
from assets.charts.cells import Cell
from assets.charts.numbers import MINUS, NBSP
from assets.charts.rows import axis_top
from tests.support.sample_release import sample_indices


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(0, 0, "0"), (12, 0, "12"), (1234567, 0, f"1{NBSP}234{NBSP}567"), (12.25, 1, "12,3"), (-0.04, 1, "0,0"),
     (-3, 0, f"{MINUS}3"),
     (2.5, 0, "3"), (0.05, 1, "0,1"), (99.95, 1, "100,0")],
)  # fmt: skip
def test_decimal(value, decimals, text):
    assert numbers.decimal(value, decimals) == text


def test_percent_and_intervals():
    assert numbers.percent(12) == f"12{NBSP}%"
    assert numbers.percent_interval(9, 16) == f"9–16{NBSP}%"
    assert numbers.percent_interval(9, 9) == f"9{NBSP}%"
    assert numbers.signed_interval(-2, 5) == f"{MINUS}2\u00a0till\u00a0+5"
    assert numbers.signed(0) == "0"
    assert numbers.points(-1) == f"{MINUS}1{NBSP}procentenhet"
    assert numbers.points(3) == f"+3{NBSP}procentenheter"


def test_years_and_words():
    assert numbers.years([2024]) == "2024"
    assert numbers.years([2018, 2016]) == "2016 och 2018"
    assert numbers.years([2016, 2018, 2020]) == "2016–2020"
    assert numbers.years([2016, 2018, 2024]) == "2016, 2018 och 2024"
    assert numbers.years([]) == ""
    assert numbers.words(["a", "b", "c"]) == "a, b och c"
    assert numbers.spelled(1) == "en"
    assert numbers.spelled(1, neuter=True) == "ett"
    assert numbers.spelled(13) == "13"


@settings(max_examples=50)
@given(st.integers(-(10**9), 10**9), st.integers(0, 3))
def test_a_written_number_can_be_read_back(tenths, decimals):
    value = tenths / 10**decimals
    text = numbers.decimal(value, decimals).replace(NBSP, "").replace(MINUS, "-").replace(",", ".")
    assert float(text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (Cell(None, reason="suppressed"), "hidden"),
        (Cell(5, 2, 8, 100, "ok", "higher"), "higher"),
        (Cell(-5, -8, -2, 100, "ok", "lower"), "lower"),
        (Cell(2, 1, 3, 100, "ok", "higher"), "higher_small"),
        (Cell(-1, -2, 0, 9000, "ok", "lower"), "lower_small"),
        (Cell(1, -2, 2, 100, "ok", "unclear"), "small"),
        (Cell(0, -3, 3, 100, "ok", "unclear"), "unclear"),
        (Cell(4, -2, 9, 100, "ok", "unclear"), "unclear"),
        (Cell(4, 1, 9, 100, "ok", None), "higher"),
        (Cell(4, 0, 9, 100, "ok", None), "unclear"),
        (Cell(4, None, None, 100, "ok", None), "unclear"),
    ],
)
def test_verdict(cell, found):
    assert findings.verdict(cell) == found


def test_a_protective_factor_is_never_named_without_its_group():
    indices = sample_indices()
    text = findings.grouped_names([indices["wellbeing"], indices["acting_out"], indices["parenting"]])
    assert text == "låg skyddsnivå (välbefinnande) och förhöjd risk (utagerande och brister i föräldraskap)"


@settings(max_examples=50)
@given(st.lists(st.floats(0, 100), max_size=8))
def test_a_percent_axis_covers_every_value(values):
    top = axis_top(values)
    assert max([15.0, *values]) <= top <= 100
    assert top % 5 == 0


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [(53.25, 1, 53.3), (33.65, 1, 33.7), (-0.5, 0, -1.0), (2.5, 0, 3.0), (-0.04, 1, 0.0), (7.0, 2, 7.0)],
)
def test_what_is_drawn_is_the_number_that_is_said(value, decimals, expected):
    assert numbers.rounded(value, decimals) == expected
    assert numbers.decimal(numbers.rounded(value, decimals), decimals) == numbers.decimal(value, decimals)
