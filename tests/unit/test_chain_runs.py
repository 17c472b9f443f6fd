"""Which partitions a step of the chain runs."""

import polars as pl
import pytest

from assets.methods.errors import PipelineError
from assets.slices import WAVES, range_tags
from pipelines import chain
from pipelines.paths import Paths
from pipelines.stale import WHOLE, mark_done, stale
from pipelines.warehouse import TableName, Warehouse
from tests.support.form_frames import GOOD_FORMS


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


def test_earlier_waves_than_asked_for_are_left_and_still_wait(tmp_path):
    paths, newest = Paths(tmp_path), chain.Choice(since=2020)
    paths.make()
    assert chain.runs(paths, "build_indices", newest) == [range_tags("2020", "2024")]
    assert chain.runs(paths, "check_surveys", chain.Choice(since=2020, everything=True)) == [range_tags("2020", "2024")]
    chain.finished(paths, "build_indices", newest)
    assert chain.runs(paths, "build_indices", newest) == []
    assert chain.runs(paths, "build_indices", chain.Choice()) == [range_tags("2016", "2018")]


def test_a_new_form_makes_only_the_forms_stale(tmp_path):
    paths = Paths(tmp_path)
    paths.make()
    warehouse = Warehouse(paths.warehouse)
    answers = pl.DataFrame({"wave": [2024], "answer": [1]})
    warehouse.replace(TableName("validated", "survey_responses"), answers, None)
    stages = {
        "registers": [WHOLE],
        "released_registers": [WHOLE],
        "forms": [WHOLE],
        "surveys": list(WAVES),
        "estimates": list(WAVES),
    }
    for stage, waves in stages.items():
        mark_done(paths, stage, waves)
    for table, frame in GOOD_FORMS.items():
        warehouse.replace(TableName(*table.split("/")), frame()["rows"], None)
    assert {stage for stage, waves in stages.items() if stale(paths, stage, waves)} == {"forms"}
    mark_done(paths, "forms", [WHOLE])
    (paths.forms / "ny.json").write_text("{}", encoding="utf-8")
    assert chain.runs(paths, "ingest_forms", chain.Choice()) == [{}]
    assert not [stage for stage, waves in stages.items() if stage != "forms" and stale(paths, stage, waves)]


def test_registers_that_one_job_has_taken_in_are_not_taken_in_again_by_the_next(tmp_path):
    """`ingest` takes them in and releases nothing; `everything` after it has only the release left to make."""
    paths, choice = Paths(tmp_path), chain.Choice()
    paths.make()
    warehouse = Warehouse(paths.warehouse)

    def waits() -> list[str]:
        return [job for job in ("ingest_registers", "release_registers") if chain.runs(paths, job, choice)]

    def take_in(value: int) -> None:
        for _ in chain.pending(paths, "ingest_registers", choice):
            for table in (("raw", "register_rows"), ("validated", "register_values")):
                warehouse.replace(TableName(*table), pl.DataFrame({"year": [2024], "value": [value]}), None)

    assert waits() == ["ingest_registers", "release_registers"]
    take_in(1)
    assert waits() == ["release_registers"]
    for _ in chain.pending(paths, "release_registers", choice):
        warehouse.replace(TableName("release", "register_values"), pl.DataFrame({"year": [2024]}), None)
    assert waits() == []
    (paths.registers / "ny.csv").write_text("a", encoding="utf-8")
    assert waits() == ["ingest_registers"]
    take_in(2)
    assert waits() == ["release_registers"]


@pytest.mark.parametrize(("stale", "expected"), [([], []), ([0], [{}])])
def test_what_is_made_from_forms_runs_once_without_waves_and_only_when_something_has_changed(
    monkeypatch, tmp_path, stale, expected
):
    monkeypatch.setattr(chain, "stale", lambda *_: stale)
    assert chain.runs(Paths(tmp_path), "build_prevention", chain.Choice()) == expected
    assert chain.runs(Paths(tmp_path), "build_prevention", chain.Choice(everything=True)) == [{}]


@pytest.mark.parametrize(
    ("waits", "expected"),
    [
        (0, ["build_indices", "audit_release", "publish_bundles"]),
        (3, [*("build_indices", "audit_release", "build_indices", "build_prevention", "audit_release"), "publish_bundles"]),
    ],
)
def test_after_an_audit_that_repairs_the_release_is_made_and_audited_once_more(monkeypatch, tmp_path, waits, expected):
    monkeypatch.setattr(chain, "repair_waits", lambda _: waits)
    monkeypatch.setattr(chain, "passed", lambda _: True)
    assert list(chain.in_order(Paths(tmp_path), ["build_indices", "audit_release", "publish_bundles"])) == expected


@pytest.mark.parametrize(("waits", "runs"), [(3, 4), (0, 1)])
def test_nothing_follows_an_audit_that_has_not_passed(monkeypatch, tmp_path, waits, runs):
    """Whether a repair was not enough, or there was none to wait for."""
    monkeypatch.setattr(chain, "repair_waits", lambda _: waits)
    jobs = chain.in_order(Paths(tmp_path), ["audit_release", "publish_bundles"])
    taken = [next(jobs) for _ in range(runs)]
    assert taken == ["audit_release", "build_indices", "build_prevention", "audit_release"][:runs]
    with pytest.raises(PipelineError, match="Inga rapporter skrivs"):
        next(jobs)
