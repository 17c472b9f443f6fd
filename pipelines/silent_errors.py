"""A bug's traceback without its message: libraries quote values in theirs, and a value may be a pupil's answer.

Dagster masks what our code raises in everything that it stores and shows, and hands the error itself to a logger; here that
logger is made to say the kinds of error and the places in the code, never the text. A `dagster.Failure` is made of our own
sentences and is shown as before.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterator

import dagster as dg

VARIABLE = "DAGSTER_REDACT_USER_CODE_ERRORS"
LOGGER = "dagster.redacted_errors"


class _WithoutMessages(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], dg.Failure):
            return False  # a person's mistake, told in a sentence elsewhere
        if record.exc_info and record.exc_info[1]:
            record.msg, record.args = "\n".join([record.getMessage(), *_places(record.exc_info[1])]), ()
            record.exc_info = record.exc_text = None
        return True


def hide_messages() -> None:
    """Turn it on for this process and those it starts; somebody who has set the variable otherwise decides."""
    os.environ.setdefault(VARIABLE, "1")
    logger = logging.getLogger(LOGGER)
    if not any(isinstance(one, _WithoutMessages) for one in logger.filters):
        logger.addFilter(_WithoutMessages())


def _places(error: BaseException) -> Iterator[str]:
    """The error and what caused it: kind, then file, line and function of each step, as in a traceback."""
    seen: BaseException | None = error
    while seen is not None:
        yield f"{type(seen).__module__}.{type(seen).__qualname__}"
        for frame in traceback.extract_tb(seen.__traceback__):
            yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
        seen = seen.__cause__ or seen.__context__
