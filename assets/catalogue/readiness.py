"""Read the preconditions' instrument from `prevention/readiness.yml`; once per process."""

from __future__ import annotations

from functools import lru_cache

from assets.catalogue.load import ROOT
from assets.catalogue.reader import Reader
from assets.catalogue.readiness_models import ReadinessFile
from assets.methods.errors import PipelineError

FILE = "prevention/readiness.yml"


@lru_cache(maxsize=1)
def load_readiness() -> ReadinessFile:
    """The conditions, statements, roles and references.

    Raises:
        PipelineError: code `catalogue`; the message lists every problem with file and key.
    """
    read = Reader(ROOT)
    found = read.model(ReadinessFile, FILE)
    if found is None:
        problems = f"{len(read.problems)} fel: {' | '.join(read.problems)}"
        raise PipelineError("catalogue", "assets/catalogue", "en katalog utan fel", problems, "Rätta raderna ovan och kör igen.")
    return found
