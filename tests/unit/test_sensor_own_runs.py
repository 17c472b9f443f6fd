"""The inbox sensor and runs that somebody else started, or that are red only to say that a delivery was stopped."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import RUN_KEY_TAG

from assets.intake.receive import archive_copy, file_hash
from pipelines.attempts import LAST_STEP
from pipelines.resources import Store
from pipelines.sensors import NOTHING_NEW, inbox_sensor

RED = dg.Failure("en leverans stoppades", allow_retries=False)


def everything(failing: str = "") -> dg.JobDefinition:
    """Stands in for the job: its two last steps, one of which may fail."""

    @dg.op(out=dg.Out(dg.Nothing))
    def bundles() -> None:
        if failing == "bundles":
            raise RED

    @dg.op(name=LAST_STEP, ins={"after": dg.In(dg.Nothing)})
    def outcome() -> None:
        if failing == LAST_STEP:
            raise RED

    @dg.job(name="everything")
    def job() -> None:
        outcome(bundles())

    return job


class Watched:
    """An installation with one file in the inbox that the sensor has seen, but not yet asked a run for."""

    def __init__(self, root: Path, instance: dg.DagsterInstance) -> None:
        self.store, self.instance = Store(data_dir=str(root)), instance
        self.store.paths.make()
        self.file = self.store.paths.surveys / "a.sav"
        self.file.write_bytes(b"a")
        self.cursor: str | None = None
        assert isinstance(self.tick(), str)

    def tick(self) -> str | dg.RunRequest:
        """One tick: the reason or the request."""
        context = dg.build_sensor_context(self.instance, cursor=self.cursor, resources={"store": self.store})
        result = inbox_sensor(context)
        self.cursor = context.cursor
        return (result.skip_message or "") if isinstance(result, dg.SkipReason) else result.run_requests[0]

    def run(self, failing: str = "", tags: dict[str, str] | None = None) -> None:
        """A run that has read the file, ended as it does."""
        archive_copy(self.file, self.store.paths.archive, file_hash(self.file))
        everything(failing).execute_in_process(instance=self.instance, raise_on_error=False, tags=tags or {})


@pytest.fixture
def watched(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield Watched(tmp_path, instance)


@pytest.mark.parametrize("failing", ["", LAST_STEP])
def test_what_somebody_has_run_from_the_launchpad_is_not_run_again(watched, failing):
    watched.run(failing)
    assert watched.tick() == NOTHING_NEW
    assert watched.tick() == NOTHING_NEW
    (watched.store.paths.surveys / "b.sav").write_bytes(b"b")
    assert isinstance(watched.tick(), str)
    assert isinstance(watched.tick(), dg.RunRequest), "a file that no run has read"


def test_a_run_that_failed_in_its_work_does_not_count_as_having_read_the_inbox(watched):
    watched.run("bundles")
    assert isinstance(watched.tick(), dg.RunRequest)


def test_a_file_that_is_read_after_the_last_whole_run_is_news(watched):
    everything().execute_in_process(instance=watched.instance)
    archive_copy(watched.file, watched.store.paths.archive, file_hash(watched.file))
    assert isinstance(watched.tick(), dg.RunRequest)


@pytest.mark.parametrize(("failing", "again"), [(LAST_STEP, False), ("bundles", True)])
def test_a_run_that_is_red_for_a_stopped_delivery_only_is_not_tried_again(watched, failing, again):
    asked = watched.tick()
    watched.run(failing, {RUN_KEY_TAG: asked.run_key})
    told = [watched.tick() for _ in range(4)]
    assert any(isinstance(one, dg.RunRequest) for one in told) is again
