"""After a backup has been put back, the next run finds nothing new, and the ledger goes on where it was."""

from __future__ import annotations

import pytest

from assets.ledger import store
from assets.ledger.difference import difference
from assets.ledger.types import DONE, Bundle, Input
from pipelines.backup import make_backup
from pipelines.console import SilentProgress
from pipelines.restore import restore
from pipelines.run import run_everything
from tests.pipeline.conftest import PUBLISHED, Installation
from tests.pipeline.test_chain import tree
from tests.pipeline.test_only_what_changed import jobs_run

ALWAYS = {"read_surveys", "publish_bundles", "publish_kits", "publish_overview", "show_status"}
"""Jobs that look for what is new and say how things stand; they do nothing else when nothing is."""


@pytest.fixture(scope="module")
def again(small_demo, tmp_path_factory) -> Installation:
    """The small demo backed up, put back in another folder and run once more."""
    folder = tmp_path_factory.mktemp("aterstalld")
    made = make_backup(small_demo.root, folder / "kopia.didkopia")
    restore(made.path, folder / "data")
    return Installation(folder / "data", run_everything(folder / "data", SilentProgress(), municipalities=PUBLISHED))


def test_a_restored_folder_has_nothing_new_and_the_same_bundles(again, small_demo):
    assert {job for job, *_ in jobs_run(again.root)} == ALWAYS
    assert again.summary.bundles_unchanged == again.summary.bundles_written > 0
    assert tree(again.paths.reports) == tree(small_demo.paths.reports)


def test_the_ledger_has_both_runs_and_no_number_between_them(again):
    runs = store.runs(again.paths)
    assert [(run.number, run.outcome, run.job) for run in runs] == [(2, DONE, "did kor"), (1, DONE, "did kor")]
    assert ALWAYS == {one.job for one in runs[0].dagster_runs} < {one.job for one in runs[1].dagster_runs}
    checks = store.checks(again.paths, runs[1].key)
    assert sum(check.evaluations for check in checks) > 100
    assert {check.severity for check in checks} <= {"ERROR", "WARN"}
    assert {one.kind for one in store.listed(again.paths, Input, runs[1].inputs_id)} == {"enkät", "formulär", "register"}
    assert len(store.listed(again.paths, Bundle, runs[1].bundles_id)) == len(list(again.paths.reports.glob("*/*/*_intyg")))
    found = difference(again.paths, 1, 2)
    assert (found.tables, found.inputs, found.definitions, found.bundles) == ((), (), (), ())
