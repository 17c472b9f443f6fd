"""Read the rule for the suggested order from `prevention/priority.yml`; once per process."""

from __future__ import annotations

from functools import lru_cache

from assets.catalogue.load import ROOT
from assets.catalogue.priority_models import PriorityFile
from assets.catalogue.reader import Reader
from assets.methods.errors import PipelineError

FILE = "prevention/priority.yml"


@lru_cache(maxsize=1)
def load_priority() -> PriorityFile:
    """The rule and its weights.

    Raises:
        PipelineError: code `catalogue`; the message lists every problem with file and key.
    """
    read = Reader(ROOT)
    found = read.model(PriorityFile, FILE)
    if found is None:
        problems = f"{len(read.problems)} fel: {' | '.join(read.problems)}"
        raise PipelineError("catalogue", "assets/catalogue", "en katalog utan fel", problems, "Rätta raderna ovan och kör igen.")
    return found
