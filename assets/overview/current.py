"""The overview as everything lies now, and its page written; without Dagster, for the command line too."""

from __future__ import annotations

from pathlib import Path

from assets.catalogue.load import load_catalogue
from assets.overview.gather import gather
from assets.overview.table import status_overview
from assets.overview.texts import overview_texts, rule_says
from assets.overview.types import Facts, Overview
from assets.overview.write import tell_beside, write_overview
from pipelines.paths import Paths


def overview_now(paths: Paths) -> tuple[Facts, Overview]:
    """The overview as everything lies now.

    Raises:
        PipelineError: as `gather`.
    """
    catalogue = load_catalogue()
    facts = gather(paths, catalogue)
    return facts, status_overview(facts, catalogue, overview_texts(), rule_says)


def write_now(paths: Paths) -> tuple[Overview, Path]:
    """Write the overview as everything lies now, and what set-aside files touch beside them; the overview and its page.

    Raises:
        PipelineError: as `gather`, or the page can't be written.
    """
    texts = overview_texts()
    facts, overview = overview_now(paths)
    page = write_overview(paths.quality, overview, texts)
    for file, told in zip(facts.files, overview.files, strict=True):
        if file.stored:
            tell_beside(paths.rejected, file, told.touches, texts)
    return overview, page
