"""The benchmark's clock counts each stage once, however stages lie inside each other."""

from __future__ import annotations

import time

from benchmarks import loading


def test_time_of_a_stage_inside_another_is_its_own(monkeypatch):
    ticks = iter([0.0, 1.0, 4.0, 4.5, 6.5, 10.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    monkeypatch.setattr(loading, "_all_cpu", iter([0.0, 1.0, 2.0, 2.0, 3.0, 7.0]).__next__)
    clock = loading.Clock()
    with clock.stage("outer"):
        assert clock.wrap("inner", lambda n: n + 1)(1) == 2
        with clock.stage("inner"):
            pass
    assert clock.wall == {"inner": 5.0, "outer": 5.0}
    assert clock.cpu == {"inner": 2.0, "outer": 5.0}


def test_what_is_done_for_the_expectations_or_the_pages_is_theirs(monkeypatch):
    ticks = iter([0.0, 1.0, 4.0, 6.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    monkeypatch.setattr(loading, "_all_cpu", lambda: 0.0)
    clock = loading.Clock()
    with clock.stage(loading.EXPECTATIONS):
        clock.wrap("read tables", lambda: None)()
    assert clock.wall == {loading.EXPECTATIONS: 6.0}
