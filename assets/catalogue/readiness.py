"""Read the preconditions' instrument from `prevention/readiness.yml`; once per process."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

from assets.catalogue.load import ROOT
from assets.catalogue.reader import Reader
from assets.catalogue.readiness_models import ReadinessFile
from assets.catalogue.round_models import RoundFile
from assets.methods.errors import PipelineError

FILE = "prevention/readiness.yml"
ROUNDS = "prevention/rounds.yml"
M = TypeVar("M", ReadinessFile, RoundFile)


@lru_cache(maxsize=1)
def load_readiness() -> ReadinessFile:
    """The conditions, statements, roles and references.

    Raises:
        PipelineError: code `catalogue`; the message lists every problem with file and key.
    """
    return _read(ReadinessFile, FILE)


@lru_cache(maxsize=1)
def load_rounds() -> RoundFile:
    """When the rounds close. Raises PipelineError `catalogue`, as `load_readiness`."""
    return _read(RoundFile, ROUNDS)


def _read(model: type[M], file: str) -> M:
    read = Reader(ROOT)
    found = read.model(model, file)
    if found is None:
        problems = f"{len(read.problems)} fel: {' | '.join(read.problems)}"
        raise PipelineError("catalogue", "assets/catalogue", "en katalog utan fel", problems, "Rätta raderna ovan och kör igen.")
    return found
