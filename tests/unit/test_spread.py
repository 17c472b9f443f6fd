"""One run per municipality on another launcher: what is sent, what is sent again, and which settings choose it."""

from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest
import yaml
from dagster._core.events import DagsterEvent, StepFailureData
from dagster._core.launcher import LaunchRunContext, RunLauncher

from assets.methods.errors import PipelineError
from assets.slices import MUNICIPALITIES, WAVES, bundle_range
from pipelines import run, spread
from pipelines.definitions import defs
from pipelines.instance_settings import VARIABLE
from pipelines.resources import ReleaseReader, RunChoices
from pipelines.warehouse import TableName, Warehouse

SCALE = Path(spread.__file__).with_name("scale")
JOB = "publish_bundles"
THREE = MUNICIPALITIES[:3]
DIES, FAILS, WORKS, NOBODY = "dies", "fails", "works", "nobody takes it"


class Workers(RunLauncher):
    """Workers that do with each municipality's runs what a test says, one after another."""

    def __init__(self, does: dict[str, list[str]]) -> None:
        super().__init__()
        self.does, self.launched = does, []

    def launch_run(self, context: LaunchRunContext) -> None:
        told = context.dagster_run
        code = told.tags[spread.FIRST].split("|")[0]
        self.launched.append(told)
        turn = sum(one.tags[spread.FIRST] == told.tags[spread.FIRST] for one in self.launched) - 1
        does = self.does.get(code, [WORKS])
        self._end(told, does[min(turn, len(does) - 1)])

    def _end(self, told: dg.DagsterRun, how: str) -> None:
        if how == WORKS:
            done = DagsterEvent(event_type_value=dg.DagsterEventType.RUN_SUCCESS.value, job_name=told.job_name)
            self._instance.report_dagster_event(done, told.run_id)
        elif how != NOBODY:
            if how == FAILS:
                failure = DagsterEvent(
                    event_type_value=dg.DagsterEventType.STEP_FAILURE.value,
                    job_name=told.job_name,
                    step_key="reports__municipality_bundle",
                    event_specific_data=StepFailureData(error=None, user_failure_data=None),
                )
                self._instance.report_dagster_event(failure, told.run_id)
            self._instance.report_run_failed(told)

    def terminate(self, run_id: str) -> bool:
        return False


@pytest.fixture
def spread_over(monkeypatch):
    """Run the job over three municipalities with such workers; the result and the runs that were launched."""
    monkeypatch.setattr(spread, "POLL_SECONDS", 0.0)

    def ran(**does: list[str]) -> tuple[spread.SpreadResult, list[dg.DagsterRun]]:
        workers = Workers({code.removeprefix("k"): how for code, how in does.items()})
        with dg.DagsterInstance.ephemeral() as instance:
            instance._run_launcher = workers
            workers.register_instance(instance)
            tags = {**bundle_range(WAVES[-1], (THREE[0], THREE[-1])), "did/korning": "p"}
            config = {"resources": {"choices": {"config": RunChoices(workers=1).model_dump()}}}
            return spread.run_spread(defs.resolve_job_def(JOB), instance, tags, config), workers.launched

    return ran


def test_every_municipality_is_a_run_of_its_own_on_the_bundles_queue(spread_over):
    result, launched = spread_over()
    assert result.success
    assert [one.tags[spread.FIRST] for one in launched] == [f"{code}|{WAVES[-1]}" for code in THREE]
    assert all(one.tags[spread.FIRST] == one.tags[spread.LAST] for one in launched)
    assert all(one.tags["dagster-celery/queue"] == "paket" and one.tags["did/korning"] == "p" for one in launched)
    assert {one.job_code_origin.repository_origin.code_pointer.module for one in launched} == {"pipelines.definitions"}


def test_a_run_whose_worker_died_is_sent_again(spread_over):
    result, launched = spread_over(**{f"k{THREE[1]}": [DIES, WORKS]})
    assert result.success
    assert [one.tags[spread.FIRST][:4] for one in launched] == [*THREE, THREE[1]]
    assert len(result.runs) == len(THREE)


def test_a_municipality_that_kills_every_worker_is_given_up(spread_over):
    result, launched = spread_over(**{f"k{THREE[1]}": [DIES]})
    assert not result.success
    assert len(launched) == len(THREE) - 1 + spread.ATTEMPTS
    assert result.dagster_run.tags[spread.FIRST][:4] == THREE[1]


def test_a_run_that_failed_by_itself_is_not_sent_again(spread_over):
    result, launched = spread_over(**{f"k{THREE[0]}": [FAILS]})
    assert not result.success
    assert len(launched) == len(THREE)


def test_without_workers_the_run_says_so(spread_over, monkeypatch):
    monkeypatch.setattr(spread, "STALLED_SECONDS", -1.0)
    with pytest.raises(PipelineError, match="Starta arbetarna") as error:
        spread_over(**{f"k{THREE[2]}": [NOBODY]})
    assert error.value.code == "workers_gone"


def test_only_the_instances_launcher_decides(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    with dg.DagsterInstance.from_config(str(run.instance_home(tmp_path))) as usual:
        assert not spread.spreads(usual, JOB)
    with dg.DagsterInstance.ephemeral() as instance:
        assert not spread.spreads(instance, JOB)
        instance._run_launcher = Workers({})
        assert spread.spreads(instance, JOB)
        assert not spread.spreads(instance, "build_indices"), "the warehouse has one writer"


def test_the_settings_of_an_instance_are_chosen_by_a_variable(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(SCALE / "dagster.yaml"))
    monkeypatch.setenv("DAGSTER_HOME", "")
    assert (run.instance_home(tmp_path) / "dagster.yaml").read_bytes() == (SCALE / "dagster.yaml").read_bytes()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "saknas.yaml"))
    with pytest.raises(PipelineError, match=r"saknas\.yaml, som inte finns"):
        run.instance_home(tmp_path)


def test_workers_and_senders_are_set_alike():
    sender = yaml.safe_load((SCALE / "dagster.yaml").read_text(encoding="utf-8"))
    worker = yaml.safe_load((SCALE / "worker.yaml").read_text(encoding="utf-8"))["execution"]["config"]
    launcher = sender["run_launcher"]["config"]
    assert {name: worker[name] for name in ("broker", "backend", "include")} == {
        name: launcher[name] for name in ("broker", "backend", "include")
    }
    assert launcher["config_source"].items() <= worker["config_source"].items()
    assert launcher["config_source"]["task_acks_late"], "else a dead worker's run is lost"
    assert sender["run_monitoring"] == {"enabled": False}, "with it Dagster ignores a run that the broker gives to another worker"
    assert sender["storage"]["postgres"]["postgres_db"]["password"] == {"env": "DID_PG_PASSWORD"}


def test_readers_of_the_release_never_write(tmp_path):
    writer = Warehouse(tmp_path / "warehouse.duckdb")
    writer.replace(TableName("release", "funnel"), pl.DataFrame({"n": [1]}), None)
    reader = ReleaseReader(data_dir=str(tmp_path))
    assert reader.read("funnel")["n"].to_list() == [1]
    with reader._warehouse.connect() as con, pytest.raises(duckdb.InvalidInputException, match="read-only"):
        con.execute("create table release.other as select 1")
