"""When a trend may be stated: three comparable waves, no break between, no scatter around the line."""

from __future__ import annotations

import math

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.errors import PipelineError
from assets.methods.trend_table import SCHEMA, trend_table
from assets.methods.trends import (
    TrendRule,
    cochran_armitage,
    comparable_waves,
    logit_slope,
    mann_kendall,
    sen_slope,
    share_variance,
    trend,
    weighted_line,
)

WAVES = [2016, 2018, 2020, 2022, 2024]
RISING = [0.10, 0.13, 0.16, 0.19, 0.22]
SURE = [0.01] * 5


def test_waves_since_the_last_break_are_comparable():
    assert comparable_waves(WAVES, []) == (2016, 2018, 2020, 2022, 2024)
    assert comparable_waves(WAVES, [2010, 2020]) == (2020, 2022, 2024)
    assert comparable_waves(WAVES, [2026]) == tuple(WAVES)
    assert comparable_waves(WAVES, [2024], last=2022) == (2016, 2018, 2020, 2022)
    assert comparable_waves([], [2020]) == ()


def test_a_steady_rise_is_an_increase_per_two_years():
    found = trend(WAVES, RISING, SURE)
    assert (found.verdict, found.reason) == ("increase", "ok")
    assert found.slope == pytest.approx(0.03)
    assert found.low < 0.03 < found.high
    assert trend(WAVES, RISING[::-1], SURE).verdict == "decrease"


@pytest.mark.parametrize("breaks", [[2022], [2018, 2024]])
def test_no_slope_under_three_comparable_waves(breaks):
    found = trend(WAVES, RISING, SURE, breaks)
    assert (found.verdict, found.reason, found.slope, found.p_value) == ("cannot_tell", "too_few_waves", None, None)


def test_true_years_are_used_when_a_wave_is_missing():
    found = trend(WAVES, [0.10, None, 0.16, 0.19, 0.22], [0.01, None, 0.01, 0.01, 0.01])
    assert found.slope == pytest.approx(0.03)
    assert found.waves == (2016, 2020, 2022, 2024)


@pytest.mark.parametrize(
    ("estimates", "rule", "verdict", "reason"),
    [
        ([0.10, 0.30, 0.10, 0.30, 0.10], TrendRule(), "not_linear", "not_linear"),
        ([0.10, 0.101, 0.099, 0.10, 0.102], TrendRule(), "cannot_tell", "too_uncertain"),
        (RISING, TrendRule(minimum_change=0.2), "cannot_tell", "too_small"),
        (RISING, TrendRule(least_waves=6), "cannot_tell", "too_few_waves"),
        ([None] * 5, TrendRule(), "cannot_tell", "no_estimate"),
    ],
)
def test_verdicts(estimates, rule, verdict, reason):
    found = trend(WAVES, estimates, SURE, rule=rule)
    assert (found.verdict, found.reason) == (verdict, reason)


def test_a_wave_of_standard_error_zero_is_left_out():
    assert trend(WAVES[:3], RISING[:3], [0.01, 0.0, 0.01]).reason == "too_few_waves"


def test_a_wave_must_stand_once():
    with pytest.raises(PipelineError, match="per mättillfälle"):
        trend([2020, 2020], [0.1, 0.2], [0.1, 0.1])


def test_series_without_anything_to_estimate():
    assert all(math.isnan(v) for v in cochran_armitage([2020, 2022], [0, 0], [9, 9]))
    assert all(math.isnan(v) for v in logit_slope([2020, 2022], [9, 9], [9, 9]))
    assert all(math.isnan(v) for v in logit_slope([2020, 2022], [0, 9], [9, 9]))
    assert math.isnan(sen_slope([2020], [0.1]))
    assert math.isnan(weighted_line([2020], [0.1], [0.1]).slope)
    assert math.isnan(weighted_line([2020, 2022], [0.1, 0.2], [0.1, 0.1]).q_p)
    constant = mann_kendall([2020, 2022, 2024], [0.1, 0.1, 0.1])
    assert (constant.s, constant.variance) == (0, 0)
    assert math.isnan(constant.p_normal)
    assert math.isnan(mann_kendall([2018, 2020, 2022], [0.1, 0.1, 0.2]).p_exact)
    assert share_variance(0, 10) == pytest.approx(0.05 * 0.95 / 10)


def test_many_series_become_a_table_with_a_verdict_each():
    rows = pl.DataFrame(
        [
            {"area_code": area, "index_key": index, "wave": wave, "estimate": 100 * value, "se": 1.0}
            for area, values in (("0127", RISING), ("0180", [0.1] * 5))
            for index in ("acting_out", "parenting")
            for wave, value in zip(WAVES, values, strict=True)
        ]
    )
    rule = load_catalogue().statistics.trend.rule()
    got = trend_table(rows.sample(fraction=1.0, shuffle=True, seed=4), ["area_code", "index_key"], rule, {"parenting": [2022]})
    assert got.columns == ["area_code", "index_key", *SCHEMA]
    assert got["verdict"].to_list() == ["increase", "cannot_tell", "cannot_tell", "cannot_tell"]
    assert got["reason"].to_list() == ["ok", "too_few_waves", "too_uncertain", "too_few_waves"]
    assert got["slope"].to_list() == [pytest.approx(3.0), None, pytest.approx(0.0), None]
    assert got["n_waves"].to_list() == [5, 2, 5, 2]
    assert got["first_wave"].to_list() == [2016, 2022, 2016, 2022]
    assert got["low"].is_nan().any() is False
