"""Which partitions a step of the chain runs."""

import pytest

from assets.slices import range_tags
from pipelines import chain
from pipelines.paths import Paths


@pytest.mark.parametrize(
    ("job", "stale", "expected"),
    [
        ("build_indices", [], []),
        ("build_indices", [2018], [("2018", "2018")]),
        ("build_indices", [2016, 2022], [("2016", "2022")]),
        ("check_surveys", [2016, 2020], [("2016", "2024")]),
    ],
)
def test_a_step_runs_once_over_all_waves_that_are_touched(monkeypatch, tmp_path, job, stale, expected):
    monkeypatch.setattr(chain, "stale", lambda *_: stale)
    assert chain.runs(Paths(tmp_path), job, chain.Choice()) == [range_tags(*ends) for ends in expected]


@pytest.mark.parametrize(("stale", "expected"), [([], []), ([0], [{}])])
def test_what_is_made_from_forms_runs_once_without_waves_and_only_when_something_has_changed(
    monkeypatch, tmp_path, stale, expected
):
    monkeypatch.setattr(chain, "stale", lambda *_: stale)
    assert chain.runs(Paths(tmp_path), "build_prevention", chain.Choice()) == expected
    assert chain.runs(Paths(tmp_path), "build_prevention", chain.Choice(everything=True)) == [{}]
