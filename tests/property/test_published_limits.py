"""No published interval is without width, and what an attacker reads out of its limits is true."""

from __future__ import annotations

from math import exp, log

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.audit import AuditRules, EditionRules
from assets.audit.world import share_window
from assets.methods.disclosure_rounding import half_away
from assets.methods.interval_limits import kept_apart

RULES = AuditRules({"intern": EditionRules(10, 20, 30, 10, 5, 1, 4, 9)}, "intern")
SHARES = st.floats(0.0005, 0.9995)
SPREADS = st.floats(1e-4, 1.0)


def on_logit_scale(share: float, spread: float) -> list[float]:
    """Per cent: a share and the limits that lie as far from it on the logit scale."""
    middle = log(share / (1 - share))
    return [100 / (1 + exp(-(middle + step))) for step in (0.0, -spread, spread)]


def told(low: float, high: float, step: float, least: float | None, most: float | None) -> tuple[float, float]:
    frame = pl.DataFrame({"low": [low], "high": [high]})
    bounds = (pl.lit(bound, dtype=pl.Float64) for bound in (least, most))
    return frame.select(kept_apart(pl.lit(step), *bounds)).row(0)


@settings(deadline=None)
@given(SHARES, SPREADS)
def test_a_share_keeps_a_width_within_the_scale_and_around_its_number(share: float, spread: float) -> None:
    value, *ends = (float(half_away(number, 0)) for number in on_logit_scale(share, spread))
    low, high = told(*ends, 1.0, 0.0, 100.0)
    assert 0 <= low < high <= 100
    assert low <= min(value, *ends)
    assert high >= max(value, *ends)
    if ends[0] < ends[1]:
        assert [low, high] == ends, "an interval that has a width is told as it is"


@settings(deadline=None)
@given(st.floats(-5, 5), st.floats(1e-6, 0.05))
def test_a_difference_may_pass_zero(middle: float, spread: float) -> None:
    ends = [float(half_away(middle + sign * spread, 2)) for sign in (-1, 1)]
    low, high = told(*ends, 0.01, None, None)
    assert low < high
    assert low <= ends[0] <= ends[1] <= high


@settings(deadline=None)
@given(SHARES, SPREADS)
def test_an_attacker_who_reads_the_limits_concludes_what_is_true(share: float, spread: float) -> None:
    value, *ends = (float(half_away(number, 0)) for number in on_logit_scale(share, spread))
    low, high = told(*ends, 1.0, 0.0, 100.0)
    least, most = share_window(RULES, "intern", value, low, high, exact=True)
    assert least <= share <= most


def test_null_limits_stay_null() -> None:
    frame = pl.DataFrame({"low": [None, 3.0], "high": [None, 3.0]}, schema=dict.fromkeys(("low", "high"), pl.Float64))
    assert frame.select(kept_apart(pl.lit(1.0), pl.lit(0.0), pl.lit(100.0))).rows() == [(None, None), (2.0, 4.0)]
