"""From a user's mistake to what the Dagster UI shows: one sentence, no traceback, no retry."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from assets.methods.errors import PipelineError


def failure(error: PipelineError) -> dg.Failure:
    """The error as a Dagster failure with its parts as metadata."""
    parts = {"kod": error.code, "var": error.where, "väntat": error.expected, "kom": error.got, "gör så här": error.hint}
    return dg.Failure(description=str(error), metadata=parts, allow_retries=False)


@contextmanager
def as_failure() -> Iterator[None]:
    """Turn a `PipelineError` inside the block into a `dagster.Failure`; anything else is a bug and keeps its traceback."""
    try:
        yield
    except PipelineError as error:
        raise failure(error) from None
