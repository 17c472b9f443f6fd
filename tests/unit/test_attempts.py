"""Back-off: what a sensor does after its run has failed, while one is under way, and with a hundred files at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import RUN_KEY_TAG

from pipelines.approval_jobs import approvals_sensor
from pipelines.attempts import LARGEST_ATTEMPT, LAST_STEP, Memory, remembered
from pipelines.jobs import build_crossing_jobs
from pipelines.operation_settings import FILE
from pipelines.resources import Store
from pipelines.sensors import inbox_sensor

STILL = 1_000_000_000


@dg.op(config_schema={"av": dg.Field(str, default_value="")})
def bundles() -> None:
    """Where the name is typed."""


@dg.config_mapping(config_schema={"av": dg.Field(str, default_value="")})
def launch(val: dict[str, str]) -> dict[str, object]:
    """The flat form of the real job."""
    return {"ops": {"bundles": {"config": val}}}


@dg.job(config=launch)
def everything() -> None:
    """Stands in for the job that the sensor asks for."""
    bundles()


@dg.op(name=LAST_STEP)
def tells() -> None:
    """Stands in for the step that says what was stopped."""
    raise dg.Failure("1 sak stoppades", allow_retries=False)


@dg.op
def breaks() -> None:
    """A step that can't do its work."""
    raise dg.Failure("disken är full", allow_retries=False)


@dg.job
def red() -> None:
    """Does its work and says what was stopped in it."""
    tells()


@dg.job
def broken() -> None:
    """Doesn't do all of its work."""
    breaks()
    tells()


class Page:
    """An installation with its instance: ticks of a sensor, and the runs that the daemon would make of its requests."""

    def __init__(self, root: Path, instance: dg.DagsterInstance, sensor: dg.SensorDefinition = inbox_sensor) -> None:
        self.store, self.instance, self.sensor = Store(data_dir=str(root)), instance, sensor
        self.store.paths.make()
        self.cursor: str | None = None
        self.requests: list[dg.RunRequest] = []

    def drop(self, name: str, content: bytes = b"a", folder: str = "surveys") -> Path:
        """Put a file in a folder, last changed long ago."""
        path = getattr(self.store.paths, folder) / name
        path.write_bytes(content)
        os.utime(path, ns=(STILL, STILL))
        return path

    def tick(self) -> str | dg.RunRequest:
        """One tick: the reason or the request."""
        context = dg.build_sensor_context(self.instance, cursor=self.cursor, resources={"store": self.store})
        result = self.sensor(context)
        self.cursor = context.cursor
        if isinstance(result, dg.SkipReason):
            return result.skip_message or ""
        (request,) = result.run_requests
        self.requests.append(request)
        return request

    def run(self, request: dg.RunRequest, status: dg.DagsterRunStatus) -> dg.DagsterRun:
        """The run that the daemon makes of a request."""
        tags = {**request.tags, RUN_KEY_TAG: request.run_key}
        return self.instance.create_run_for_job(everything, tags=tags, run_config=dict(request.run_config), status=status)


@pytest.fixture
def page(tmp_path) -> Iterator[Page]:
    """An empty installation."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield Page(tmp_path, instance)


def test_a_hundred_dropped_files_ask_for_one_run_on_a_real_instance(tmp_path):
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        page = Page(tmp_path / "data", instance)
        for number in range(100):
            folder = ("surveys", "registers", "forms")[number % 3]
            page.drop(f"{number:03}.xlsx", str(number).encode(), folder)
        page.tick()
        made = page.run(page.tick(), dg.DagsterRunStatus.STARTED)
        for _ in range(5):
            assert made.run_id[:8] in page.tick()
        page.drop("sen.sav", b"sen")
        assert "tas med efteråt" in page.tick()
        instance.delete_run(made.run_id)
        page.run(page.requests[0], dg.DagsterRunStatus.SUCCESS)
        assert page.tick() == "Väntar tills filerna är färdigkopierade: sen.sav."
        page.run(page.tick(), dg.DagsterRunStatus.SUCCESS)
        assert page.tick() == "Inget nytt i inkorgen sedan förra körningen."
        assert len({request.run_key for request in page.requests}) == len(page.requests) == 2


def test_a_failed_run_is_asked_for_again_after_one_two_and_four_ticks_and_then_no_more(page):
    page.drop("a.sav")
    page.tick()
    waits, told = [], ""
    for attempt in range(1, LARGEST_ATTEMPT + 1):
        skipped = 0
        while isinstance(told := page.tick(), str):
            assert skipped < 10, told
            assert "Nytt försök om" in told or skipped == 0
            skipped += 1
        waits.append(skipped)
        assert told.run_key.endswith(f"-{attempt}")
        page.run(told, dg.DagsterRunStatus.FAILURE)
    assert waits == [0, 1, 2, 4]
    for _ in range(20):
        told = page.tick()
    assert told.startswith("Körningen av everything har misslyckats 4 gånger med samma innehåll och startas inte igen. Läs")
    page.drop("b.sav", b"b")
    assert page.tick().startswith("Väntar tills")
    assert page.tick().run_key.endswith("-1"), "new content starts from the beginning"


def test_a_run_that_succeeds_the_second_time_settles_it(page):
    page.drop("a.sav")
    page.tick()
    page.run(page.tick(), dg.DagsterRunStatus.FAILURE)
    page.tick()
    page.run(page.tick(), dg.DagsterRunStatus.SUCCESS)
    assert page.tick() == "Inget nytt i inkorgen sedan förra körningen."
    assert remembered(page.cursor).attempt == 0


def test_a_person_who_runs_it_again_settles_it(page):
    page.drop("a.sav")
    page.tick()
    page.run(page.tick(), dg.DagsterRunStatus.FAILURE)
    page.tick()
    page.instance.create_run_for_job(everything, status=dg.DagsterRunStatus.SUCCESS)
    assert page.tick() == "Inget nytt i inkorgen sedan förra körningen."


def test_a_run_that_somebody_stopped_is_not_started_again(page):
    page.drop("a.sav")
    page.tick()
    page.run(page.tick(), dg.DagsterRunStatus.CANCELED)
    assert "avbröts av någon" in page.tick()
    assert "avbröts av någon" in page.tick()
    assert len(page.requests) == 1


@pytest.mark.parametrize(("job", "said"), [(red, "Inget nytt i inkorgen"), (broken, "Nytt försök om 1 omgång")])
def test_a_run_that_is_red_only_to_tell_what_was_stopped_is_not_tried_again(page, job, said):
    page.drop("a.sav")
    page.tick()
    ran = job.execute_in_process(instance=page.instance, tags={RUN_KEY_TAG: page.tick().run_key}, raise_on_error=False)
    assert not ran.success
    assert said in page.tick()


def test_the_step_that_tells_is_the_last_one_of_the_real_jobs():
    assert all(LAST_STEP in {node.name for node in job.nodes} for job in build_crossing_jobs(dg.Definitions))


def test_a_run_that_a_person_started_is_waited_for(page):
    page.drop("a.sav")
    run = page.instance.create_run_for_job(everything, status=dg.DagsterRunStatus.STARTING)
    assert run.run_id[:8] in page.tick()
    page.instance.delete_run(run.run_id)
    page.tick()
    assert isinstance(page.tick(), dg.RunRequest)


def test_what_the_command_line_has_run_already_starts_nothing(page, tmp_path):
    path = page.drop("a.sav")
    from assets.intake.receive import archive_copy, file_hash

    archive_copy(path, page.store.paths.archive, file_hash(path))
    assert page.tick() == "Inget nytt i inkorgen sedan förra körningen."
    page.drop("b.sav", b"b")
    page.tick()
    assert isinstance(page.tick(), dg.RunRequest)


def test_an_automatic_run_is_made_in_the_name_of_the_settings_else_of_the_last_launch(page):
    page.drop("a.sav")
    page.tick()
    first = page.tick()
    assert first.run_config == {}
    named = {"av": "Anna Andersson"}
    page.run(dg.RunRequest(run_key="x", run_config=named), dg.DagsterRunStatus.SUCCESS)
    page.drop("b.sav", b"b")
    page.tick()
    assert page.tick().run_config == named
    place = page.store.paths.root / FILE
    place.parent.mkdir()
    place.write_text("version: 1\nav: Åsa Ek\n", encoding="utf-8")
    page.drop("c.sav", b"c")
    place.write_text("losenord: x\n", encoding="utf-8")
    assert "drift/drift.yml" in page.tick()
    place.write_text("version: 1\nav: Åsa Ek\n", encoding="utf-8")
    page.tick()
    assert page.tick().run_config["av"] == "Åsa Ek"


def test_approvals_are_tried_again_and_the_same_file_may_come_twice(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        page = Page(tmp_path, instance, approvals_sensor)
        page.drop("a.yml", folder="approvals_inbox")
        page.tick()
        page.run(page.tick(), dg.DagsterRunStatus.FAILURE)
        assert "Nytt försök om 1 omgång" in page.tick()
        page.run(page.tick(), dg.DagsterRunStatus.SUCCESS)
        (page.store.paths.approvals_inbox / "a.yml").unlink()
        assert page.tick() == "Inga godkännanden ligger i inbox/godkannanden."
        page.drop("a.yml", folder="approvals_inbox")
        page.tick()
        page.tick()
    assert len({request.run_key for request in page.requests}) == 3


def test_a_cursor_from_before_attempts_is_the_folders_own():
    assert remembered('{"state": {}, "done": [], "settled": true}') == Memory(folder='{"state": {}, "done": [], "settled": true}')
    assert remembered(Memory("x", "k", 2, 1).dumped()) == Memory("x", "k", 2, 1)
