"""Notices: what a failed run says in `meddelanden`, for a person's mistake, a bug, a broken rule and a run that just died."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

import dagster as dg
import pytest

from assets.failures import as_failure
from assets.methods.errors import PipelineError
from pipelines.console import SilentProgress
from pipelines.failure_notices import failure_notices, give_notice
from pipelines.jobs import child_failed
from pipelines.mail import Mail
from pipelines.notices import Cause, Notice, notice_of, notice_text, write_notice
from pipelines.operation_settings import FILE
from pipelines.paths import Paths
from pipelines.recorder import PASS
from pipelines.resources import Store
from pipelines.run import run_everything
from pipelines.silent_errors import KEPT, VARIABLE, hide_messages
from tests.support.smtp_server import Mailbox, smtp_server

SECRET = "KANARIE-8841"
MISTAKE = PipelineError("bad", "Botkyrka.sav", "en fil med kolumnen skola", "en fil utan", "Lägg filen på nytt.")
WHEN = datetime(2026, 11, 23, 7, 5, 9)  # noqa: DTZ001 - a clock on a wall


@dg.op
def mistaken() -> None:
    """A person's mistake."""
    with as_failure():
        raise MISTAKE


@dg.op
def broken() -> None:
    """A bug whose message holds a value."""
    raise ValueError(SECRET)


@dg.asset
def table() -> None:
    """Something that a rule is about."""


@dg.asset_check(asset=table, blocking=True, name="halt")
def stopping_rule() -> dg.AssetCheckResult:
    """A rule that doesn't hold."""
    return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.ERROR)


@dg.asset(deps=[table])
def after_table() -> None:
    """What the rule stops."""


@pytest.fixture
def instance(tmp_path, monkeypatch) -> Iterator[dg.DagsterInstance]:
    """An instance with its home in the folder, and bugs masked as in the program."""
    monkeypatch.setenv(VARIABLE, "1")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    hide_messages()
    with dg.DagsterInstance.ephemeral() as one:
        yield one


def failed_run(instance: dg.DagsterInstance, op: dg.OpDefinition, **tags: str) -> dg.DagsterRun:
    """A run of a job with that op alone."""

    @dg.job(name="jobbet", tags=tags)
    def job() -> None:
        op()

    result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    return result.dagster_run


def told(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """The run's notice."""
    return notice_text(notice_of(instance, run), WHEN)


def test_a_mistake_is_told_in_its_own_sentence_with_what_to_do(instance):
    area = {"dagster/asset_partition_range_start": "0127|2024", "dagster/asset_partition_range_end": "0127|2024"}
    run = failed_run(instance, mistaken, **area)
    assert told(instance, run) == (
        "MEDDELANDE FRÅN DATA I DIALOG\n\n"
        "Tid:      2026-11-23 07:05\nJobb:     jobbet\n"
        f"Körning:  {run.run_id}\n\n"
        "Vad som har stannat\n  jobbet, steget mistaken\n  Gäller: kommun 0127, mättillfälle 2024\n\n"
        "Varför\n  Botkyrka.sav: väntade en fil med kolumnen skola, fick en fil utan.\n\n"
        "Gör så här\n  Lägg filen på nytt.\n\n"
        "Körningen finns i Dagster under Runs. Det som är utgivet är orört.\n"
    )


def test_a_bug_is_told_by_kind_and_place_without_its_message(instance, tmp_path, caplog):
    with caplog.at_level(logging.CRITICAL):
        text = told(instance, failed_run(instance, broken))
    assert "Ett fel i programmet, inte i dina filer." in text
    assert "builtins.ValueError" in text
    assert "test_notices.py" in text
    assert "in broken" in text
    assert SECRET not in text
    kept = list((tmp_path / "dagster" / KEPT).iterdir())
    assert len(kept) == 1
    assert SECRET not in kept[0].read_text(encoding="utf-8")


def test_a_failed_step_that_started_a_run_tells_what_stopped_that_run(instance):
    child = failed_run(instance, mistaken)

    @dg.op(name="surveys")
    def parent() -> None:
        raise child_failed("check_surveys", child.run_id)

    notice = notice_of(instance, failed_run(instance, parent))
    assert [(cause.step, cause.do) for cause in notice.causes] == [("mistaken", "Lägg filen på nytt.")]


def test_a_stopping_rule_is_named(instance):
    defs = dg.Definitions(assets=[table, after_table], asset_checks=[stopping_rule])
    job = defs.resolve_implicit_global_asset_job_def()
    run = job.execute_in_process(instance=instance, raise_on_error=False).dagster_run
    text = told(instance, run)
    assert "Stoppande kontroller höll inte" in text
    assert "- table: halt" in text
    assert "Ett fel i programmet" not in text


def test_a_run_that_died_without_a_word_says_so(instance):
    @dg.job
    def jobbet() -> None:
        pass

    run = instance.create_run_for_job(jobbet, status=dg.DagsterRunStatus.FAILURE)
    assert "slutade utan att hinna säga varför" in told(instance, run)
    assert "Starta jobbet igen." in told(instance, run)


def test_two_notices_in_a_second_get_a_file_each(tmp_path):
    names = [write_notice(Paths(tmp_path), "everything", "text\n", WHEN).name for _ in range(2)]
    assert names == ["2026-11-23T070509-everything.txt", "2026-11-23T070509-everything-2.txt"]


def test_a_notice_without_partitions_or_places_leaves_those_lines_out():
    text = notice_text(Notice("jobbet", "id", (Cause("jobbet", "steg", "", "Varför.", ""),)), WHEN)
    assert "Gäller" not in text
    assert "Gör så här" not in text
    assert "sköter programmet" not in text


def test_the_sensor_writes_the_file_and_a_mail_that_cannot_go_is_told_in_it(instance, tmp_path):
    home = tmp_path / "data"
    (home / FILE).parent.mkdir(parents=True)
    run = failed_run(instance, mistaken)
    event = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)[-1].dagster_event
    context = dg.build_run_status_sensor_context("failure_notices", event, instance, run).for_run_failure()

    def text(port: int) -> str:
        with_mail = f"version: 1\nepost: {{pa: true, server: 127.0.0.1, port: {port}, starttls: false, fran: a@b, till: [c@d]}}\n"
        (home / FILE).write_text(with_mail, encoding="utf-8")
        skipped = failure_notices(context, store=Store(data_dir=str(home)), mail=Mail(data_dir=str(home)))
        assert skipped.skip_message.startswith(f"Meddelandet ligger i {home}")
        return max((home / "meddelanden").iterdir(), key=lambda p: p.stat().st_mtime_ns).read_text(encoding="utf-8")

    with smtp_server(Mailbox()) as box:
        assert text(box.port).endswith("E-post är skickad till 1 mottagare.\n")
    assert len(box.messages) == 1
    assert "E-post skickades inte." in text(box.port)


def test_a_part_of_a_run_gets_no_notice_of_its_own(instance, tmp_path):
    run = failed_run(instance, mistaken, **{PASS: "the whole"})
    event = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)[-1].dagster_event
    context = dg.build_run_status_sensor_context("failure_notices", event, instance, run).for_run_failure()
    skipped = failure_notices(context, store=Store(data_dir=str(tmp_path)), mail=Mail(data_dir=str(tmp_path)))
    assert skipped.skip_message.startswith("Körningen är en del av en annan")
    assert not Paths(tmp_path).notices.exists()


def test_a_folder_that_cannot_be_written_stops_nothing(instance, tmp_path):
    paths = Paths(tmp_path / "data")
    paths.root.mkdir()
    paths.notices.write_text("en fil i vägen", encoding="utf-8")
    (said,) = give_notice(paths, instance, failed_run(instance, mistaken), Mail(data_dir=str(paths.root)).tell)
    assert said.startswith("Meddelandet kunde inte skrivas.")


def test_a_run_from_the_command_line_leaves_the_same_notice(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.run.STEPS", (("read_surveys", "Inkorgen"),))
    paths = Paths(tmp_path)
    paths.make()
    (paths.surveys / "a.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    (paths.codebooks / "fel.yml").write_text("id: [", encoding="utf-8")
    with pytest.raises(PipelineError):
        run_everything(tmp_path, SilentProgress())
    (notice,) = paths.notices.iterdir()
    text = notice.read_text(encoding="utf-8")
    assert notice.name.endswith("-read_surveys.txt")
    assert "fel.yml" in text
    assert "Gör så här" in text
