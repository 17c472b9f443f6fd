"""What is told of a bug: kinds and places, never the text that a library wrote around a value."""

from __future__ import annotations

import logging
import sys

import dagster as dg
import polars as pl
import pytest

from assets.failures import as_failure
from assets.methods.errors import PipelineError
from pipelines.silent_errors import LOGGER, VARIABLE, hide_messages

SECRET = "KANARIE-5512"


@pytest.fixture
def lines(monkeypatch, caplog):
    """Let something fail as Dagster would tell about it; what the logger says."""
    monkeypatch.setenv(VARIABLE, "1")
    hide_messages()
    hide_messages()

    def fail(action) -> str:
        caplog.clear()
        try:
            action()
        except (ValueError, dg.Failure):
            with caplog.at_level(logging.ERROR, logger=LOGGER):
                logging.getLogger(LOGGER).error("Error ID %s", "123", exc_info=sys.exc_info())
        return caplog.text

    return fail


def test_a_bug_is_told_by_kind_and_place_also_its_cause(lines):
    def wrapped() -> None:
        try:
            pl.Series([SECRET]).cast(pl.Int32)
        except pl.exceptions.PolarsError as error:
            raise ValueError(SECRET) from error

    said = lines(wrapped)
    assert "Error ID 123" in said
    assert "builtins.ValueError" in said
    assert "InvalidOperationError" in said
    assert "test_silent_errors.py" in said
    assert SECRET not in said


def test_a_persons_mistake_is_told_elsewhere(lines):
    def mistake() -> None:
        with as_failure():
            raise PipelineError("c", "fil.csv", "det", "något annat", "Gör om.")

    assert lines(mistake) == ""


def test_a_failed_run_keeps_its_sentence_and_no_value(monkeypatch):
    monkeypatch.setenv(VARIABLE, "1")
    hide_messages()

    @dg.op
    def mistake() -> None:
        with as_failure():
            raise PipelineError("c", "fil.csv", "det", "något annat", "Gör om.")

    @dg.op
    def bug() -> None:
        raise ValueError(SECRET)

    @dg.job
    def both() -> None:
        mistake()
        bug()

    result = both.execute_in_process(raise_on_error=False)
    told = {e.step_key: e.step_failure_data for e in result.all_events if e.is_step_failure}
    assert told["mistake"].user_failure_data.description == "fil.csv: väntade det, fick något annat. Gör om."
    assert told["mistake"].error.to_string() == "fil.csv: väntade det, fick något annat. Gör om.", "no English"
    assert SECRET not in repr(told["bug"])
    assert "masked" in told["bug"].error.message
