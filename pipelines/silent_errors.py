"""A bug's traceback without its message: libraries quote values in theirs, and a value may be a pupil's answer.

Dagster masks what our code raises in everything that it stores and shows, and hands the error itself to a logger; here that
logger is made to say the kinds of error and the places in the code, never the text. A `dagster.Failure` is made of our own
sentences, so it is shown as it is: without Dagster's name of it before, and without the English line after it that it is masked.
"""

from __future__ import annotations

import logging
import os
import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import dagster as dg
from dagster._utils import error as dagster_error
from dagster._utils.error import ExceptionInfo, SerializableErrorInfo

VARIABLE = "DAGSTER_REDACT_USER_CODE_ERRORS"
LOGGER = "dagster.redacted_errors"
ERROR_ID = re.compile(r"[Ee]rror ID ([0-9a-f-]{36})")
KEPT = "fel"
"""Folder below DAGSTER_HOME with the places of each bug, by its id."""


class _WithoutMessages(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], dg.Failure):
            return False  # a person's mistake, told in a sentence elsewhere
        if record.exc_info and record.exc_info[1]:
            said, places = record.getMessage(), list(_places(record.exc_info[1]))
            _keep(said, places)
            record.msg, record.args = "\n".join([said, *places]), ()
            record.exc_info = record.exc_text = None
        return True


def hide_messages() -> None:
    """Turn it on for this process and those it starts; somebody who has set the variable otherwise decides."""
    os.environ.setdefault(VARIABLE, "1")
    logger = logging.getLogger(LOGGER)
    if not any(isinstance(one, _WithoutMessages) for one in logger.filters):
        logger.addFilter(_WithoutMessages())
        masked = dagster_error._generate_partly_redacted_framework_error_message
        dagster_error._generate_partly_redacted_framework_error_message = partial(_in_own_words, masked)


def _in_own_words(
    masked: Callable[[ExceptionInfo, str], SerializableErrorInfo], raised: ExceptionInfo, error_id: str
) -> SerializableErrorInfo:
    """What Dagster stores and shows of an error: our own sentence alone, anything else as `masked` has it."""
    error = raised[1]
    if isinstance(error, dg.Failure) and error.description:
        return SerializableErrorInfo(message=error.description, stack=[], cls_name=type(error).__name__)
    return masked(raised, error_id)


def _keep(said: str, places: Sequence[str]) -> None:
    """Keep the places by the error's id below DAGSTER_HOME, so that a notice can name them: what Dagster stores has lost them."""
    found, home = ERROR_ID.search(said), os.environ.get("DAGSTER_HOME")
    if found is None or not home:
        return
    with suppress(OSError):  # the logger has told them already
        folder = Path(home) / KEPT
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{found[1]}.txt").write_text("\n".join(places) + "\n", encoding="utf-8")


def kept_places(said: str) -> tuple[str, ...]:
    """Kinds and places of the bug that a masked message names the id of; none when they weren't kept."""
    found, home = ERROR_ID.search(said), os.environ.get("DAGSTER_HOME")
    if found is None or not home:
        return ()
    try:
        return tuple((Path(home) / KEPT / f"{found[1]}.txt").read_text(encoding="utf-8").splitlines())
    except OSError:
        return ()


def _places(error: BaseException) -> Iterator[str]:
    """The error and what caused it: kind, then file, line and function of each step, as in a traceback."""
    seen: BaseException | None = error
    while seen is not None:
        yield f"{type(seen).__module__}.{type(seen).__qualname__}"
        for frame in traceback.extract_tb(seen.__traceback__):
            yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
        seen = seen.__cause__ or seen.__context__
